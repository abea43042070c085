// Parsed documents → types, so that no later code sees data of unknown type. Reads everything that it can, and skips values
// with an unexpected form, which form.ts reports. Pure.

import type { Document } from './document.ts'
import type { Mention, Path } from './problem.ts'
import { entriesOf, fieldOf, isMapping, type Mapping, textOf, writtenOf } from './scalars.ts'

/** The tenant that a file names. */
interface NamedTenant {
  readonly file: string
  readonly tenant: string
}

/** The definition of an alias. */
interface Api extends Mention {
  readonly alias: string
  readonly identifier: string
  /** The API's permission names, according to the manifest. */
  readonly catalogue: ReadonlySet<string> | undefined
}

interface Bundle {
  readonly file: string
  readonly name: string
  readonly lists: readonly PermissionList[]
}

/** Terms as written; `expires` may be invalid. */
export interface WrittenTerms {
  readonly expires: string | undefined
  readonly reason: string | undefined
}

/** A name with terms. */
interface Termed extends WrittenTerms {
  readonly name: string | undefined
}

/** An item of a list of names: a name, or a name with terms; undefined for anything else, so that indexes stay right. */
export type Item = string | Termed | undefined

/** A list of permissions under an API's key. It is no Mention, because there are many lists and few have mistakes. */
export interface PermissionList {
  readonly key: string
  readonly items: readonly Item[]
  readonly file: string
  /** The path of the mapping that has the key. */
  readonly within: Path
}

/** A role in a catalogue. */
interface CatalogueRole extends Mention {
  readonly role: string
}

export type Identity =
  | { readonly id: string; readonly email?: never; readonly connection?: never }
  /** The address as written. */
  | { readonly id?: never; readonly email: string; readonly connection: string | undefined }

/** A user's entry. */
export interface UserEntry extends Mention, WrittenTerms {
  readonly index: number
  /** As written; it may be an invalid id or address. */
  readonly identity: Identity | undefined
  readonly lists: readonly PermissionList[]
  readonly bundles: readonly Item[]
  readonly roles: readonly Item[]
}

/** The contents of all files, in order, with every definition of a name. */
export interface Contents {
  readonly tenants: readonly NamedTenant[]
  readonly apis: readonly Api[]
  readonly bundles: readonly Bundle[]
  /** The roles of the catalogues. */
  readonly roles: readonly CatalogueRole[]
  readonly users: readonly UserEntry[]
  readonly names: Names
}

/** The names that all files share; the first definition counts. */
export interface Names {
  readonly apis: ReadonlyMap<string, Api>
  readonly bundles: ReadonlyMap<string, Bundle>
  /** The tenant's role names, according to the manifest; undefined without a catalogue. */
  readonly roles: ReadonlySet<string> | undefined
}

export function readContents(documents: readonly Document[]): Contents {
  const apis = [...apisOf(documents)]
  const bundles = [...bundlesOf(documents)]
  const roles = [...catalogueRolesOf(documents)]
  const hasRoles = documents.some(({ content }) => Array.isArray(fieldOf(content, 'roles')))
  const names = {
    apis: firstOf(apis, ({ alias }) => alias),
    bundles: firstOf(bundles, ({ name }) => name),
    roles: hasRoles ? new Set(roles.map(({ role }) => role)) : undefined,
  }
  return { tenants: readTenants(documents), apis, bundles, roles, users: [...usersOf(documents)], names }
}

export function readTenants(documents: readonly Document[]): readonly NamedTenant[] {
  return documents.flatMap(({ file, content }) => {
    const tenant = textOf(fieldOf(content, 'tenant'))
    return tenant === undefined ? [] : [{ file, tenant }]
  })
}

function firstOf<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T> {
  const first = new Map<string, T>()
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item)
  return first
}

function* apisOf(documents: readonly Document[]): Generator<Api> {
  for (const { file, content } of documents) {
    for (const [alias, definition] of entriesOf(fieldOf(content, 'apis'))) {
      const short = writtenOf(definition)
      const identifier = short ?? writtenOf(fieldOf(definition, 'identifier'))
      if (identifier === undefined) continue
      const path = short === undefined ? ['apis', alias, 'identifier'] : ['apis', alias]
      const catalogue = fieldOf(definition, 'permissions')
      yield {
        alias,
        identifier,
        catalogue: Array.isArray(catalogue) ? new Set(catalogue.flatMap(name => textOf(name) ?? [])) : undefined,
        file,
        path,
        on: 'value',
      }
    }
  }
}

function* bundlesOf(documents: readonly Document[]): Generator<Bundle> {
  for (const { file, content } of documents) {
    for (const [name, lists] of entriesOf(fieldOf(content, 'bundles'))) {
      yield { file, name, lists: listsIn(lists, file, ['bundles', name]) }
    }
  }
}

function* catalogueRolesOf(documents: readonly Document[]): Generator<CatalogueRole> {
  for (const { file, content } of documents) {
    for (const [index, name] of listIn(content, 'roles').entries()) {
      const role = textOf(name)
      if (role !== undefined) yield { role, file, path: ['roles', index], on: 'value' }
    }
  }
}

function* usersOf(documents: readonly Document[]): Generator<UserEntry> {
  for (const { file, content } of documents) {
    for (const [index, entry] of listIn(content, 'users').entries()) {
      if (!isMapping(entry)) continue
      yield {
        index,
        identity: readIdentity(entry),
        lists: listsIn(fieldOf(entry, 'permissions'), file, ['users', index, 'permissions']),
        bundles: listIn(entry, 'bundles').map(readItem),
        roles: listIn(entry, 'roles').map(readItem),
        expires: readExpires(entry),
        reason: textOf(entry.get('reason')),
        file,
        path: ['users', index],
        on: 'value',
      }
    }
  }
}

function readIdentity(entry: unknown): Identity | undefined {
  const id = textOf(fieldOf(entry, 'id'))
  if (id !== undefined) return { id }
  const email = textOf(fieldOf(entry, 'email'))
  return email === undefined ? undefined : { email, connection: textOf(fieldOf(entry, 'connection')) }
}

/** Equal for two entries that list the same user by the same id, or by the same address in any letter case. */
export function userIdentity(user: Identity): string {
  return JSON.stringify(user.id === undefined ? [user.email.toLowerCase(), user.connection ?? ''] : [user.id])
}

function listsIn(lists: unknown, file: string, within: Path): readonly PermissionList[] {
  return Array.from(entriesOf(lists), ([key, items]) => ({
    key,
    items: Array.isArray(items) ? items.map(readItem) : [],
    file,
    within,
  }))
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key)
  return Array.isArray(list) ? list : []
}

function readItem(item: unknown): Item {
  if (!isMapping(item)) return textOf(item)
  return { name: textOf(item.get('name')), expires: readExpires(item), reason: textOf(item.get('reason')) }
}

/** A date needs no quotes. */
function readExpires(node: Mapping): string | undefined {
  const expires = node.get('expires')
  return expires === '' ? expires : writtenOf(expires)
}

export function nameOf(item: Item): string | undefined {
  return typeof item === 'object' ? item.name : item
}

/** The path from an item's list to its name. */
export function pathToName(index: number, item: Item): Path {
  return typeof item === 'object' ? [index, 'name'] : [index]
}

/** The key of a list. */
export function mentionOf({ key, file, within }: PermissionList): Mention {
  return { file, path: [...within, key], on: 'key' }
}

/** An item of a list, or a value in it. */
export function mentionIn({ key, file, within }: PermissionList, path: Path): Mention {
  return { file, path: [...within, key, ...path], on: 'value' }
}

/** Every list of permissions in bundles and users. */
export function* permissionListsOf({ bundles, users }: Contents): Generator<PermissionList> {
  for (const { lists } of bundles) yield* lists
  for (const { lists } of users) yield* lists
}

/** The identifier for a key under `permissions`: that of the alias, or the key itself if it can be an identifier. */
export function identifierOf(key: string, { apis }: Names): string | undefined {
  return apis.get(key)?.identifier ?? (/[:/]/.test(key) ? key : undefined)
}
