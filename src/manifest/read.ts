// Reads of a parsed manifest all that can be understood, whatever else is wrong with it: what has another form than
// expected is passed over, and check.ts tells about it. Pure.

import type { Document } from './document.ts'
import type { Mention, Path } from './problem.ts'
import { Mapping, Unquoted } from './scalars.ts'

/** What an alias stands for. */
interface Api extends Mention {
  readonly alias: string
  readonly identifier: string
  /** The names that the manifest says the API has. */
  readonly catalogue: ReadonlySet<string> | undefined
}

interface Bundle {
  readonly name: string
  readonly lists: readonly PermissionList[]
}

/** A list of permissions under the key of an API. There are many of them, and few are ever mentioned. */
export interface PermissionList {
  readonly key: string
  readonly items: readonly unknown[]
  readonly file: string
  /** Of the mapping that has the key. */
  readonly within: Path
}

/** A role in a catalogue. */
interface CatalogueRole extends Mention {
  readonly role: string
}

/** A user's entry. */
export interface UserEntry extends Mention {
  readonly index: number
  readonly entry: Mapping
  readonly lists: readonly PermissionList[]
}

/** All that the files hold together, in the order in which it is written, with every definition of a name. */
export interface Contents {
  readonly apis: readonly Api[]
  readonly bundles: readonly Bundle[]
  /** Of the catalogues. */
  readonly roles: readonly CatalogueRole[]
  readonly users: readonly UserEntry[]
  readonly names: Names
}

/** What all files share; the first definition of a name counts. */
export interface Names {
  readonly apis: ReadonlyMap<string, Api>
  readonly bundles: ReadonlyMap<string, Bundle>
  /** The names that the manifest says the tenant has; undefined without a catalogue. */
  readonly roles: ReadonlySet<string> | undefined
}

export function readContents(documents: readonly Document[]): Contents {
  const apis = [...apisOf(documents)]
  const bundles = [...bundlesOf(documents)]
  const catalogues = documents.map(({ content }) => fieldOf(content, 'roles')).filter(Array.isArray)
  const roles = [...catalogueRolesOf(documents)]
  const names = {
    apis: firstOf(apis, ({ alias }) => alias),
    bundles: firstOf(bundles, ({ name }) => name),
    roles: catalogues.length > 0 ? new Set(roles.map(({ role }) => role)) : undefined,
  }
  return { apis, bundles, roles, users: [...usersOf(documents)], names }
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
      yield { name, lists: listsIn(lists, file, ['bundles', name]) }
    }
  }
}

function* catalogueRolesOf(documents: readonly Document[]): Generator<CatalogueRole> {
  for (const { file, content } of documents) {
    for (const [index, name] of itemsOf(fieldOf(content, 'roles')).entries()) {
      const role = textOf(name)
      if (role !== undefined) yield { role, file, path: ['roles', index], on: 'value' }
    }
  }
}

function* usersOf(documents: readonly Document[]): Generator<UserEntry> {
  for (const { file, content } of documents) {
    for (const [index, entry] of itemsOf(fieldOf(content, 'users')).entries()) {
      if (!isMapping(entry)) continue
      const lists = listsIn(fieldOf(entry, 'permissions'), file, ['users', index, 'permissions'])
      yield { index, entry, lists, file, path: ['users', index], on: 'value' }
    }
  }
}

function listsIn(lists: unknown, file: string, within: Path): readonly PermissionList[] {
  return Array.from(entriesOf(lists), ([key, items]) => ({ key, items: itemsOf(items), file, within }))
}

/** The key of a list. */
export function mentionOf({ key, file, within }: PermissionList): Mention {
  return { file, path: [...within, key], on: 'key' }
}

/** An item of a list, or what is in it at a key. */
export function mentionIn({ key, file, within }: PermissionList, ...path: Path): Mention {
  return { file, path: [...within, key, ...path], on: 'value' }
}

/** Every list of permissions, of bundles and of users. */
export function* permissionListsOf({ bundles, users }: Contents): Generator<PermissionList> {
  for (const { lists } of bundles) yield* lists
  for (const { lists } of users) yield* lists
}

/**
 * An `expires`, and what ends then: a permission of a user or of a bundle, a user's bundle or role, or a user's whole
 * entry.
 */
export interface Expiry extends Mention {
  readonly expires: string
  readonly ends: Ends
}

export interface Ends {
  readonly user?: string | undefined
  readonly bundle?: string | undefined
  readonly role?: string | undefined
  readonly permission?: string | undefined
}

/** Every `expires` that is a scalar: of users, of their bundles and roles, and of permissions. */
export function* expiriesOf({ bundles, users }: Contents): Generator<Expiry> {
  for (const { name, lists } of bundles) yield* expiriesIn(lists, { bundle: name })
  for (const { entry, lists, file, path, on } of users) {
    const user = textOf(fieldOf(entry, 'id')) ?? textOf(fieldOf(entry, 'email'))
    yield* expiryOf(entry, { file, path, on }, { user })
    for (const [index, bundle] of itemsOf(fieldOf(entry, 'bundles')).entries()) {
      yield* expiryOf(bundle, { file, path: [...path, 'bundles', index], on }, { user, bundle: nameOf(bundle) })
    }
    for (const [index, role] of itemsOf(fieldOf(entry, 'roles')).entries()) {
      yield* expiryOf(role, { file, path: [...path, 'roles', index], on }, { user, role: nameOf(role) })
    }
    yield* expiriesIn(lists, { user })
  }
}

function* expiriesIn(lists: readonly PermissionList[], ends: Ends): Generator<Expiry> {
  for (const list of lists) {
    for (const [index, item] of list.items.entries()) {
      if (isMapping(item)) yield* expiryOf(item, mentionIn(list, index), { ...ends, permission: nameOf(item) })
    }
  }
}

function* expiryOf(node: unknown, { file, path, on }: Mention, ends: Ends): Generator<Expiry> {
  const expires = expiresOf(node)
  if (expires !== undefined) yield { expires, ends, file, path: [...path, 'expires'], on }
}

/** As written: a date needs no quotes. */
export function expiresOf(node: unknown): string | undefined {
  const expires = fieldOf(node, 'expires')
  return expires === '' ? expires : writtenOf(expires)
}

/** The identifier that a key under `permissions` means: an alias, or else itself where it can be one. */
export function identifierOf(key: string, { apis }: Names): string | undefined {
  return apis.get(key)?.identifier ?? (/[:/]/.test(key) ? key : undefined)
}

/** Who an entry means: two entries with the same key are the same user for sure. */
export function userKey(entry: unknown): string | undefined {
  const id = textOf(fieldOf(entry, 'id'))
  if (id !== undefined) return JSON.stringify([id])
  const email = textOf(fieldOf(entry, 'email'))
  return email && JSON.stringify([email.toLowerCase(), textOf(fieldOf(entry, 'connection')) ?? ''])
}

/** A name by itself, or with terms. */
export function nameOf(item: unknown): string | undefined {
  return textOf(item) ?? textOf(fieldOf(item, 'name'))
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

/**
 * When something expires, in milliseconds since 1970: the end of the day, in UTC, of a date; or an instant.
 * @returns undefined for what is neither, such as the 30th of February
 */
export function parseExpiry(text: string): number | undefined {
  const [, year, month, day] = DATE.exec(text) ?? INSTANT.exec(text) ?? []
  if (year === undefined) return undefined
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (midnight.toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined
  const instant = DATE.test(text) ? midnight.getTime() + 24 * 3600 * 1000 : Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

export function isMapping(value: unknown): value is Mapping {
  return value instanceof Mapping
}

/** What has a name of its own; a merge key is none. */
export function* entriesOf(value: unknown): Generator<readonly [string, unknown]> {
  if (!isMapping(value)) return
  for (const entry of value) if (entry[0] !== '<<') yield entry
}

export function fieldOf(value: unknown, key: string): unknown {
  return isMapping(value) ? value.get(key) : undefined
}

export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Text, or what only lacks quotes to be text. */
function writtenOf(value: unknown): string | undefined {
  return value instanceof Unquoted ? value.text : textOf(value)
}
