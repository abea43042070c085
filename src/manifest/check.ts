// Everything that is wrong with a manifest, as remarks about places in the data: its form by the schema, and the meaning
// of all that can be understood. One mistake never hides another. Pure.

import { advise, nearest } from '../access/nearest.ts'
import { capitalize, quote } from '../access/quote.ts'
import type { Document } from './document.ts'
import { checkForm } from './form.ts'
import { type Mention, type Remark, remarkOn } from './problem.ts'
import {
  type Contents,
  entriesOf,
  expiriesOf,
  fieldOf,
  identifierOf,
  isMapping,
  itemsOf,
  mentionIn,
  mentionOf,
  type Names,
  nameOf,
  parseExpiry,
  permissionListsOf,
  readContents,
  textOf,
  type UserEntry,
  userKey,
} from './read.ts'
import { checkCatalogue, isKnownRole, MISPLACED_ROLE } from './roles.ts'
import { isPlainText } from './scalars.ts'

/** Permission names by API identifier. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>

/** What is wrong with the documents by themselves. */
export function* checkManifest(documents: readonly Document[], contents: Contents): Generator<Remark> {
  yield* checkKeys(documents)
  for (const document of documents) yield* checkForm(document, documents)
  yield* checkTenants(documents)
  yield* checkDefinitions(documents, 'apis')
  yield* checkDefinitions(documents, 'bundles')
  yield* checkUsers(contents)
  yield* checkApiKeys(contents)
  yield* checkExpiries(contents)
  yield* checkPermissions(contents, ownCatalogue(contents))
  yield* checkCatalogue(contents)
}

/** What is wrong with the documents for a tenant that has these APIs. */
export function* checkNames(documents: readonly Document[], catalogue: Catalogue): Generator<Remark> {
  const contents = readContents(documents)
  yield* checkIdentifiers(contents, catalogue)
  yield* checkPermissions(contents, catalogue)
}

function* checkKeys(documents: readonly Document[]): Generator<Remark> {
  for (const { file, keyMistakes } of documents) {
    for (const { duplicate, offset } of keyMistakes) {
      const message = () =>
        duplicate === undefined
          ? 'An alias cannot be a key here; write the key out.'
          : `Duplicate key ${quote(duplicate)}; merge both entries.`
      yield { file, path: [], on: 'key', offset, message }
    }
  }
}

/** All files are for one tenant. */
function* checkTenants(documents: readonly Document[]): Generator<Remark> {
  let first: { readonly file: string; readonly tenant: string } | undefined
  for (const { file, content } of documents) {
    const tenant = textOf(fieldOf(content, 'tenant'))
    if (tenant === undefined) continue
    const other = first ?? { file, tenant }
    first = other
    if (hostOf(tenant) === hostOf(other.tenant)) continue
    const message = () =>
      `This file is for the tenant ${quote(tenant)}, but ${other.file} is for ${quote(other.tenant)}; a run manages one tenant.`
    yield { file, path: ['tenant'], on: 'value', message }
  }
}

/** A manifest that names its tenant is for no other. */
export function checkTenant(documents: readonly Document[], host: string): readonly Remark[] {
  return documents.flatMap(({ file, content }) => {
    const tenant = textOf(fieldOf(content, 'tenant'))
    if (tenant === undefined || hostOf(tenant) === hostOf(host)) return []
    const message = () =>
      `This manifest is for the tenant ${quote(tenant)}, but the input domain is ${quote(host)}; correct one of them.`
    return [{ file, path: ['tenant'], on: 'value' as const, message }]
  })
}

function hostOf(domain: string): string {
  return domain
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
}

/** All files share these names, so one that is in two of them must be the same in both. */
function* checkDefinitions(documents: readonly Document[], kind: 'apis' | 'bundles'): Generator<Remark> {
  const first = new Map<string, { readonly file: string; readonly definition: unknown; form?: string }>()
  for (const { file, content } of documents) {
    for (const [name, definition] of entriesOf(fieldOf(content, kind))) {
      const mention: Mention = { file, path: [kind, name], on: 'key' }
      if (name === '__proto__')
        yield { ...mention, message: () => 'The name "__proto__" is not allowed; choose another.' }
      const other = first.get(name)
      if (other === undefined) {
        first.set(name, { file, definition })
        continue
      }
      other.form ??= canonical(other.definition)
      if (other.form === canonical(definition)) continue
      const what = kind === 'apis' ? 'API alias' : 'bundle'
      const message = () =>
        `The ${what} ${quote(name)} is defined differently in ${other.file}; make both the same, or rename one.`
      yield { ...mention, message }
    }
  }
}

/** The same text for the same content, whatever the order of keys and items. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (!isMapping(value)) return JSON.stringify(value)
  const members = Array.from(value, ([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.sort().join()}}`
}

function* checkUsers(contents: Contents): Generator<Remark> {
  let [file, seen] = ['', new Map<string, number>()]
  for (const user of contents.users) {
    if (user.file !== file) [file, seen] = [user.file, new Map()]
    yield* checkIdentity(user)
    const key = userKey(user.entry)
    const first = key === undefined ? undefined : seen.get(key)
    if (first !== undefined) {
      const field = fieldOf(user.entry, 'id') === undefined ? 'email' : 'id'
      const message = () =>
        `Duplicate user ${quote(fieldOf(user.entry, field))}, first at users[${first}]; combine the entries.`
      yield remarkOn(user, [field], message)
    } else if (key !== undefined) seen.set(key, user.index)
    yield* checkBundles(user, contents)
  }
}

function* checkIdentity(user: UserEntry): Generator<Remark> {
  const has = (field: string) => fieldOf(user.entry, field) !== undefined
  if (!has('id') && !has('email')) yield remarkOn(user, [], () => 'A user needs an id or an email; add one.')
  if (has('id') && has('email')) {
    yield remarkOn(user, ['email'], () => 'A user has an id or an email, not both; remove one.')
  }
  if (has('connection') && !has('email')) {
    const message = () => 'A connection narrows the look-up by email; remove it, or replace the id with an email.'
    yield remarkOn(user, ['connection'], message)
  }
}

function* checkBundles(user: UserEntry, { names }: Contents): Generator<Remark> {
  for (const [position, bundle] of itemsOf(fieldOf(user.entry, 'bundles')).entries()) {
    const name = nameOf(bundle)
    if (name === undefined || names.bundles.has(name)) continue
    const within = ['bundles', position, ...(isMapping(bundle) ? ['name'] : [])]
    const advice = () =>
      isKnownRole(name, names) ? MISPLACED_ROLE : advise(name, names.bundles.keys(), 'Define it under bundles.')
    yield remarkOn(user, within, () => `There is no bundle ${quote(name)}. ${advice()}`)
  }
}

function* checkApiKeys(contents: Contents): Generator<Remark> {
  const { names } = contents
  for (const list of permissionListsOf(contents)) {
    const { key } = list
    if (identifierOf(key, names) !== undefined) continue
    yield { ...mentionOf(list), message: () => `There is no API alias ${quote(key)}. ${adviseAlias(key, names)}` }
  }
}

function adviseAlias(key: string, names: Names): string {
  if (isKnownRole(key, names)) return MISPLACED_ROLE
  const alias = /^[A-Za-z][\w.-]*$/.test(key) && isPlainText(key) ? key : quote(key)
  const advice = `add the alias (apis: {${alias}: <identifier>}), or use the API's identifier as the key.`
  const near = nearest(key, names.apis.keys())
  return near === undefined ? capitalize(advice) : `Did you mean ${quote(near)}? If not, ${advice}`
}

function* checkExpiries(contents: Contents): Generator<Remark> {
  for (const { expires, file, path, on } of expiriesOf(contents)) {
    if (parseExpiry(expires) !== undefined) continue
    const message = () =>
      /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires)
        ? `${quote(expires)} has no time zone; add Z for UTC, or an offset such as +01:00.`
        : `${quote(expires)} is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.`
    yield { file, path, on, message }
  }
}

/** The names that the manifest itself says its APIs have; an API without such a list is not in it. */
function ownCatalogue({ apis }: Contents): Catalogue {
  const catalogue = new Map<string, Set<string>>()
  for (const api of apis) {
    if (api.catalogue === undefined) continue
    const names = catalogue.get(api.identifier) ?? new Set()
    catalogue.set(api.identifier, names)
    for (const name of api.catalogue) names.add(name)
  }
  return catalogue
}

function* checkPermissions(contents: Contents, catalogue: Catalogue): Generator<Remark> {
  for (const list of permissionListsOf(contents)) {
    const api = identifierOf(list.key, contents.names)
    const known = api === undefined ? undefined : catalogue.get(api)
    if (known === undefined) continue
    for (const [index, item] of list.items.entries()) {
      const permission = nameOf(item)
      if (permission === undefined || known.has(permission)) continue
      const mention = isMapping(item) ? mentionIn(list, index, 'name') : mentionIn(list, index)
      const advice = () =>
        isKnownRole(permission, contents.names)
          ? MISPLACED_ROLE
          : advise(permission, known, 'Correct the name, or add the permission to the API.')
      yield { ...mention, message: () => `The API ${quote(api)} has no permission ${quote(permission)}. ${advice()}` }
    }
  }
}

/** An alias is reported where it is defined, an identifier wherever it is used. */
function* checkIdentifiers({ apis, names, ...contents }: Contents, catalogue: Catalogue): Generator<Remark> {
  for (const { identifier, file, path, on } of apis) {
    if (!catalogue.has(identifier)) yield unknownApi(identifier, { file, path, on }, catalogue)
  }
  for (const list of permissionListsOf({ apis, names, ...contents })) {
    const identifier = identifierOf(list.key, names)
    if (identifier === undefined || names.apis.has(list.key) || catalogue.has(identifier)) continue
    yield unknownApi(identifier, mentionOf(list), catalogue)
  }
}

function unknownApi(identifier: string, mention: Mention, known: Catalogue): Remark {
  const advice = () => advise(identifier, known.keys(), 'Correct the identifier, or create the API.')
  return { ...mention, message: () => `The tenant has no API ${quote(identifier)}. ${advice()}` }
}
