// Finds all mistakes of a manifest, as remarks about places in the data: its form, by the schema, and the meaning of
// everything that can be read. One mistake never hides another. Pure.

import { advise, nearest } from '../access/nearest.ts'
import { capitalize, clip, quote } from '../access/quote.ts'
import { scalar } from '../access/yaml.ts'
import type { Document } from './document.ts'
import { checkExpiries } from './expiry.ts'
import { checkForm } from './form.ts'
import { type Mention, type Remark, remarkOn } from './problem.ts'
import {
  type Contents,
  type Item,
  identifierOf,
  mentionIn,
  mentionOf,
  type Names,
  nameOf,
  type PermissionList,
  pathToName,
  permissionListsOf,
  type UserEntry,
  userIdentity,
} from './read.ts'
import { checkCatalogue, isKnownRole, MISPLACED_ROLE } from './roles.ts'

/** Permission names by API identifier. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>

/** Mistakes that can be found without the tenant. */
export function* checkManifest(documents: readonly Document[], contents: Contents): Generator<Remark> {
  yield* checkKeys(documents)
  for (const document of documents) yield* checkForm(document, documents)
  yield* checkTenants(contents)
  yield* checkDefinitions(contents)
  yield* checkUsers(contents)
  yield* checkApiKeys(contents)
  yield* checkExpiries(contents)
  yield* checkPermissions(contents, ownCatalogue(contents))
  yield* checkCatalogue(contents)
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

/** All files must be for one tenant. */
function* checkTenants({ tenants }: Contents): Generator<Remark> {
  const [first] = tenants
  for (const { file, tenant } of tenants) {
    if (first === undefined || hostOf(tenant) === hostOf(first.tenant)) continue
    const message = () =>
      `This file is for the tenant ${quote(tenant)}, but ${first.file} is for ${quote(first.tenant)}; use one tenant per run.`
    yield { file, path: ['tenant'], on: 'value', message }
  }
}

/** All files must be for the tenant of the input domain. */
export function checkHost(tenants: Contents['tenants'], host: string): readonly Remark[] {
  return tenants
    .filter(({ tenant }) => hostOf(tenant) !== hostOf(host))
    .map(({ file, tenant }) => {
      const message = () =>
        `This manifest is for the tenant ${quote(tenant)}, but the input domain is ${quote(host)}; correct one of them.`
      return { file, path: ['tenant'], on: 'value', message }
    })
}

function hostOf(domain: string): string {
  return domain
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
}

/** A definition whose name all files share. */
interface Definition {
  readonly key: 'apis' | 'bundles'
  readonly name: string
  readonly file: string
  /** Equal for equal contents, whatever the order of keys and items. */
  readonly form: () => string
}

function* definitionsOf({ apis, bundles }: Contents): Generator<Definition> {
  for (const { alias, identifier, catalogue, file } of apis) {
    const form = () => JSON.stringify([identifier, catalogue && [...catalogue].sort()])
    yield { key: 'apis', name: alias, file, form }
  }
  for (const { name, lists, file } of bundles) {
    yield { key: 'bundles', name, file, form: () => JSON.stringify(lists.map(formOfList).sort()) }
  }
}

function formOfList({ key, items }: PermissionList): string {
  return JSON.stringify([key, items.map(formOfItem).sort()])
}

function formOfItem(item: Item): string {
  return JSON.stringify(typeof item === 'object' ? [item.name, item.expires, item.reason] : [item])
}

/** A definition in two files must be the same in both. */
function* checkDefinitions(contents: Contents): Generator<Remark> {
  const first = new Map<string, Definition & { known?: string }>()
  for (const definition of definitionsOf(contents)) {
    const { key, name, file } = definition
    const mention: Mention = { file, path: [key, name], on: 'key' }
    if (name === '__proto__') {
      yield { ...mention, message: () => 'The name "__proto__" is not allowed; choose another.' }
    }
    const other = first.get(`${key} ${name}`)
    if (other === undefined) {
      first.set(`${key} ${name}`, { ...definition })
      continue
    }
    other.known ??= other.form()
    if (other.known === definition.form()) continue
    const what = key === 'apis' ? 'API alias' : 'bundle'
    const message = () =>
      `The ${what} ${quote(name)} is defined differently in ${other.file}; make both the same, or rename one.`
    yield { ...mention, message }
  }
}

function* checkUsers(contents: Contents): Generator<Remark> {
  let [file, seen] = ['', new Map<string, number>()]
  for (const user of contents.users) {
    if (user.file !== file) [file, seen] = [user.file, new Map()]
    yield* checkDuplicate(user, seen)
    yield* checkBundles(user, contents)
  }
}

/** @param seen indexes of the users of this file, by identity */
function* checkDuplicate(user: UserEntry, seen: Map<string, number>): Generator<Remark> {
  const { identity } = user
  if (identity === undefined) return
  const key = userIdentity(identity)
  const first = seen.get(key)
  if (first === undefined) {
    seen.set(key, user.index)
    return
  }
  const message = () =>
    `Duplicate user ${quote(identity.id ?? identity.email)}, first at users[${first}]; combine the entries.`
  yield remarkOn(user, [identity.id === undefined ? 'email' : 'id'], message)
}

function* checkBundles(user: UserEntry, { names }: Contents): Generator<Remark> {
  for (const [index, bundle] of user.bundles.entries()) {
    const name = nameOf(bundle)
    if (name === undefined || names.bundles.has(name)) continue
    const advice = () =>
      isKnownRole(name, names) ? MISPLACED_ROLE : advise(name, names.bundles.keys(), 'Define it under bundles.')
    yield remarkOn(
      user,
      ['bundles', ...pathToName(index, bundle)],
      () => `There is no bundle ${quote(name)}. ${advice()}`,
    )
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
  if (key === 'roles') return 'Permissions and bundles contain no roles; list them under roles of a user.'
  const alias = scalar(clip(key))
  const advice = `add the alias (apis: {${alias}: <identifier>}), or use the API's identifier as the key.`
  const near = nearest(key, names.apis.keys())
  return near === undefined ? capitalize(advice) : `Did you mean ${quote(near)}? If not, ${advice}`
}

/** The manifest's own catalogue of permission names; an API without a list is not in it. */
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

export function* checkPermissions(contents: Contents, catalogue: Catalogue): Generator<Remark> {
  for (const list of permissionListsOf(contents)) {
    const api = identifierOf(list.key, contents.names)
    const known = api === undefined ? undefined : catalogue.get(api)
    if (known === undefined) continue
    for (const [index, item] of list.items.entries()) {
      const permission = nameOf(item)
      if (permission === undefined || known.has(permission)) continue
      const mention = mentionIn(list, pathToName(index, item))
      const advice = () =>
        isKnownRole(permission, contents.names)
          ? MISPLACED_ROLE
          : advise(permission, known, 'Correct the name, or add the permission to the API.')
      yield { ...mention, message: () => `The API ${quote(api)} has no permission ${quote(permission)}. ${advice()}` }
    }
  }
}

/** An alias is reported where it is defined, an identifier wherever it is used. */
export function* checkIdentifiers({ apis, names, ...contents }: Contents, catalogue: Catalogue): Generator<Remark> {
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
