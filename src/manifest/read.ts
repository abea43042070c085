// Parsed documents → types, so that no later code sees data of unknown type. Reads everything that it can, and skips values
// with an unexpected form, which form.ts reports. Pure.

import type { Mention, Path, Remark } from './problem.ts'
import { entriesOf, fieldOf, listOf, Mapping, textOf, writtenOf } from './scalars.ts'

/** A file of the manifest, parsed. */
export interface Document {
  /** Relative to the workspace if it is within, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly content: unknown
  /** Mistakes that the content does not show, because each key occurs once in it. */
  readonly keyMistakes: readonly Remark[]
}

interface Api extends Mention {
  readonly alias: string
  readonly identifier: string
  /** The API's permission names, according to the manifest. */
  readonly catalogue: ReadonlySet<string> | undefined
}

interface Bundle {
  readonly file: string
  readonly name: string
  readonly lists: readonly NameList[]
}

/** Terms as written; `expires` may be invalid. */
export interface WrittenTerms {
  readonly expires: string | undefined
  readonly reason: string | undefined
}

/** An item of a list: a name, or a name with terms; undefined for anything else, so that indexes stay right. */
export type Item = string | (WrittenTerms & { readonly name: string | undefined }) | undefined

/** A list of names under a key. It is not a Mention, because there are many lists and few have mistakes. */
export interface NameList {
  readonly of: 'permission' | 'role' | 'bundle'
  /** For permissions, the API's key. */
  readonly key: string
  readonly items: readonly Item[]
  readonly file: string
  /** The path of the mapping that has the key. */
  readonly within: Path
}

export type Identity =
  | { readonly id: string; readonly email?: never; readonly connection?: never }
  /** The address as written. */
  | { readonly id?: never; readonly email: string; readonly connection: string | undefined }

export interface UserEntry extends Mention, WrittenTerms {
  readonly index: number
  /** As written; it may be an invalid id or address. */
  readonly identity: Identity | undefined
  readonly lists: readonly NameList[]
}

/** The contents of all files, in order, with every definition of a name. */
export interface Contents {
  readonly apis: readonly Api[]
  readonly bundles: readonly Bundle[]
  /** The roles of the catalogues. */
  readonly roles: readonly (Mention & { readonly role: string })[]
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
  const apis = documents.flatMap(document => [...apisOf(document)])
  const bundles = documents.flatMap(document => [...bundlesOf(document)])
  const roles = documents.flatMap(document => [...catalogueRolesOf(document)])
  const hasCatalogue = documents.some(({ content }) => Array.isArray(fieldOf(content, 'roles')))
  const names = {
    apis: firstOf(apis, ({ alias }) => alias),
    bundles: firstOf(bundles, ({ name }) => name),
    roles: hasCatalogue ? new Set(roles.map(({ role }) => role)) : undefined,
  }
  return { apis, bundles, roles, users: documents.flatMap(document => [...usersOf(document)]), names }
}

function firstOf<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T> {
  const first = new Map<string, T>()
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item)
  return first
}

function* apisOf({ file, content }: Document): Generator<Api> {
  for (const [alias, definition] of entriesOf(fieldOf(content, 'apis'))) {
    const short = writtenOf(definition)
    const identifier = short ?? writtenOf(fieldOf(definition, 'identifier'))
    if (identifier === undefined) continue
    const path = short === undefined ? ['apis', alias, 'identifier'] : ['apis', alias]
    const names = fieldOf(definition, 'permissions')
    const catalogue = Array.isArray(names) ? new Set(names.flatMap(name => textOf(name) ?? [])) : undefined
    yield { alias, identifier, catalogue, file, path, on: 'value' }
  }
}

function* bundlesOf({ file, content }: Document): Generator<Bundle> {
  for (const [name, lists] of entriesOf(fieldOf(content, 'bundles'))) {
    yield { file, name, lists: permissionsIn(lists, { file, path: ['bundles', name] }) }
  }
}

function* catalogueRolesOf({ file, content }: Document): Generator<Contents['roles'][number]> {
  for (const [index, name] of listOf(fieldOf(content, 'roles')).entries()) {
    const role = textOf(name)
    if (role !== undefined) yield { role, file, path: ['roles', index], on: 'value' }
  }
}

function* usersOf({ file, content }: Document): Generator<UserEntry> {
  for (const [index, entry] of listOf(fieldOf(content, 'users')).entries()) {
    if (!(entry instanceof Mapping)) continue
    const within = ['users', index]
    const lists: readonly NameList[] = [
      ...permissionsIn(entry.get('permissions'), { file, path: [...within, 'permissions'] }),
      { of: 'role', key: 'roles', items: itemsIn(entry.get('roles')), file, within },
      { of: 'bundle', key: 'bundles', items: itemsIn(entry.get('bundles')), file, within },
    ]
    yield { index, identity: readIdentity(entry), lists, ...readTerms(entry), file, path: within, on: 'value' }
  }
}

function readIdentity(entry: Mapping): Identity | undefined {
  const id = textOf(entry.get('id'))
  if (id !== undefined) return { id }
  const email = textOf(entry.get('email'))
  return email === undefined ? undefined : { email, connection: textOf(entry.get('connection')) }
}

/** Equal for two entries that list the same user by the same id, or by the same address in any letter case. */
export function userIdentity(user: Identity): string {
  return JSON.stringify(user.id === undefined ? [user.email.toLowerCase(), user.connection ?? ''] : [user.id])
}

function permissionsIn(lists: unknown, { file, path: within }: Pick<Mention, 'file' | 'path'>): readonly NameList[] {
  return Array.from(entriesOf(lists), ([key, list]) => ({ of: 'permission', key, items: itemsIn(list), file, within }))
}

function itemsIn(list: unknown): readonly Item[] {
  return listOf(list).map(item =>
    item instanceof Mapping ? { name: textOf(item.get('name')), ...readTerms(item) } : textOf(item),
  )
}

/** A date needs no quotes. */
function readTerms(node: Mapping): WrittenTerms {
  const expires = node.get('expires')
  return { expires: expires === '' ? expires : writtenOf(expires), reason: textOf(node.get('reason')) }
}

export function nameOf(item: Item): string | undefined {
  return typeof item === 'object' ? item.name : item
}

/** Every list of one kind, in bundles and users. */
export function* listsOf({ bundles, users }: Omit<Contents, 'roles'>, of: NameList['of']): Generator<NameList> {
  for (const { lists } of [...bundles, ...users]) yield* lists.filter(list => list.of === of)
}

/** The key of a list. */
export function mentionOf({ key, file, within }: NameList): Mention {
  return { file, path: [...within, key], on: 'key' }
}

/** An item of a list, or a value in it. */
export function mentionIn({ key, file, within }: NameList, path: Path): Mention {
  return { file, path: [...within, key, ...path], on: 'value' }
}

/** @param explain what is wrong with a name; undefined if nothing is */
export function* checkNamesIn(
  lists: Iterable<NameList>,
  explain: (name: string, list: NameList) => Remark['message'] | undefined,
): Generator<Remark> {
  for (const list of lists) {
    for (const [index, item] of list.items.entries()) {
      const name = nameOf(item)
      const message = name === undefined ? undefined : explain(name, list)
      if (message === undefined) continue
      yield { ...mentionIn(list, typeof item === 'object' ? [index, 'name'] : [index]), message }
    }
  }
}

/** The identifier for a key under `permissions`: that of the alias, or the key itself if it can be an identifier. */
export function identifierOf(key: string, { apis }: Names): string | undefined {
  return apis.get(key)?.identifier ?? (/[:/]/.test(key) ? key : undefined)
}
