// Finds all mistakes of a manifest, as remarks about places in the data: its form, by the schema, and the meaning of
// everything that can be read. One mistake never hides another. Pure.

import { coreOf, suggest } from '../access/nearest.ts'
import { capitalize, clip, quote, shortList } from '../access/quote.ts'
import { findRoles, isRoleId, type Roles } from '../access/roles.ts'
import { scalar } from '../access/yaml.ts'
import { checkAmount } from './desired.ts'
import { checkExpiries } from './expiry.ts'
import { checkForm } from './form.ts'
import { type Mention, mentionWithin, type Remark } from './problem.ts'
import {
  type Contents,
  checkNamesIn,
  type Document,
  identifierOf,
  listsOf,
  mentionOf,
  type Names,
  type UserEntry,
  userIdentity,
} from './read.ts'
import { fieldOf, textOf } from './scalars.ts'
import { brokenRule, roleName } from './schema.ts'

/** How many ids to list for roles with the same name. */
const MAX_IDS = 5

/** Permission names by API identifier. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>

/** Mistakes that can be found without the tenant. */
export function* checkManifest(documents: readonly Document[], contents: Contents): Generator<Remark> {
  for (const { keyMistakes } of documents) yield* keyMistakes
  for (const document of documents) yield* checkForm(document, documents)
  yield* checkTenants(documents)
  yield* checkDefinitions(contents)
  yield* checkUsers(contents)
  yield* checkApiKeys(contents)
  yield* checkExpiries(contents)
  yield* checkPermissions(contents, ownCatalogue(contents))
  yield* checkCatalogue(contents)
  yield* checkAmount(contents)
}

/** All files must be for one tenant. */
function* checkTenants(documents: readonly Document[]): Generator<Remark> {
  const [first] = tenantsIn(documents)
  if (first === undefined) return
  for (const { tenant, ...mention } of otherTenants(documents, first.tenant)) {
    const message = () =>
      `This file is for the tenant ${quote(tenant)}, but ${first.file} is for ${quote(first.tenant)}; use one tenant per run.`
    yield { ...mention, message }
  }
}

type NamedTenant = Mention & { readonly tenant: string }

/** The tenants that files name, unless it is this one. */
export function otherTenants(documents: readonly Document[], host: string): readonly NamedTenant[] {
  return tenantsIn(documents).filter(({ tenant }) => coreOf(tenant) !== coreOf(host))
}

function tenantsIn(documents: readonly Document[]): readonly NamedTenant[] {
  return documents.flatMap(({ file, content }) => {
    const tenant = textOf(fieldOf(content, 'tenant'))
    return tenant === undefined ? [] : [{ tenant, file, path: ['tenant'], on: 'value' }]
  })
}

/** A definition whose name all files share. */
interface Definition extends Mention {
  readonly what: string
  readonly name: string
  /** Equal for equal contents, whatever the order of keys and items. */
  readonly form: () => string
}

function* definitionsOf({ apis, bundles }: Contents): Generator<Definition> {
  for (const { alias, identifier, catalogue, file } of apis) {
    const form = () => JSON.stringify([identifier, catalogue && sortedJson([...catalogue])])
    yield { what: 'API alias', name: alias, form, file, path: ['apis', alias], on: 'key' }
  }
  for (const { name, lists, file } of bundles) {
    const form = () => sortedJson(lists.map(({ key, items }) => [key, sortedJson(items)]))
    yield { what: 'bundle', name, form, file, path: ['bundles', name], on: 'key' }
  }
}

function sortedJson(values: readonly unknown[]): string {
  return JSON.stringify(values.map(value => JSON.stringify(value)).sort())
}

/** A definition in two files must be the same in both. */
function* checkDefinitions(contents: Contents): Generator<Remark> {
  for (const { name, file, path, on } of definitionsOf(contents)) {
    if (name !== '__proto__') continue
    yield { file, path, on, message: () => 'The name "__proto__" is not allowed; choose another.' }
  }
  for (const [, [first, ...others]] of Map.groupBy(definitionsOf(contents), ({ what, name }) => `${what} ${name}`)) {
    const known = others.length > 0 ? first?.form() : undefined
    for (const { what, name, form, file, path, on } of others) {
      if (form() === known) continue
      const message = () =>
        `The ${what} ${quote(name)} is defined differently in ${first?.file}; make both the same, or rename one.`
      yield { file, path, on, message }
    }
  }
}

function* checkUsers(contents: Contents): Generator<Remark> {
  const first = new Map<string, number>()
  for (const user of contents.users) {
    yield* checkDuplicate(user, first)
    yield* checkNamesIn(
      user.lists.filter(({ of }) => of === 'bundle'),
      name => explainBundle(name, contents.names),
    )
  }
}

/** @param first indexes of users, by file and identity */
function* checkDuplicate(user: UserEntry, first: Map<string, number>): Generator<Remark> {
  const { identity, file } = user
  if (identity === undefined) return
  const key = `${file} ${userIdentity(identity)}`
  const index = first.get(key)
  if (index === undefined) {
    first.set(key, user.index)
    return
  }
  const message = () =>
    `Duplicate user ${quote(identity.id ?? identity.email)}, first at users[${index}]; combine the entries.`
  yield { ...mentionWithin(user, [identity.id === undefined ? 'email' : 'id']), message }
}

function explainBundle(name: string, names: Names): Remark['message'] | undefined {
  if (names.bundles.has(name)) return undefined
  const advice = () =>
    isKnownRole(name, names) ? MISPLACED_ROLE : (suggest(name, names.bundles.keys()) ?? 'Define it under bundles.')
  return () => `There is no bundle ${quote(name)}. ${advice()}`
}

function* checkApiKeys(contents: Contents): Generator<Remark> {
  const { names } = contents
  for (const list of listsOf(contents, 'permission')) {
    const { key } = list
    if (identifierOf(key, names) !== undefined) continue
    yield { ...mentionOf(list), message: () => `There is no API alias ${quote(key)}. ${adviseAlias(key, names)}` }
  }
}

function adviseAlias(key: string, names: Names): string {
  if (isKnownRole(key, names)) return MISPLACED_ROLE
  if (key === 'roles') return "Permissions and bundles cannot contain roles; list them under a user's roles."
  const alias = scalar(clip(key))
  const advice = `add the alias (apis: {${alias}: <identifier>}), or use the API's identifier as the key.`
  const suggestion = suggest(key, names.apis.keys())
  return suggestion === undefined ? capitalize(advice) : `${suggestion} If not, ${advice}`
}

/** The manifest's own catalogue of permission names; an API without a list is not in it. */
function ownCatalogue({ apis }: Contents): Catalogue {
  const listed = apis.filter(({ catalogue }) => catalogue !== undefined)
  const byApi = Map.groupBy(listed, ({ identifier }) => identifier)
  const namesIn = (group: typeof listed) => group.flatMap(({ catalogue = new Set() }) => [...catalogue])
  return new Map(Array.from(byApi, ([api, group]) => [api, new Set(namesIn(group))]))
}

export function* checkPermissions(contents: Contents, catalogue: Catalogue): Generator<Remark> {
  const { names } = contents
  yield* checkNamesIn(listsOf(contents, 'permission'), (permission, { key }) => {
    const api = identifierOf(key, names)
    const known = api === undefined ? undefined : catalogue.get(api)
    if (known === undefined || known.has(permission)) return undefined
    const advice = () =>
      isKnownRole(permission, names)
        ? MISPLACED_ROLE
        : (suggest(permission, known) ?? 'Correct the name, or add the permission to the API.')
    return () => `The API ${quote(api)} has no permission ${quote(permission)}. ${advice()}`
  })
}

/** An alias is reported where it is defined, an identifier wherever it is used. */
export function* checkIdentifiers(contents: Contents, catalogue: Catalogue): Generator<Remark> {
  const { apis, names } = contents
  for (const { identifier, file, path, on } of apis) {
    if (!catalogue.has(identifier)) yield { file, path, on, message: explainApi(identifier, catalogue) }
  }
  for (const list of listsOf(contents, 'permission')) {
    const identifier = identifierOf(list.key, names)
    if (identifier === undefined || names.apis.has(list.key) || catalogue.has(identifier)) continue
    yield { ...mentionOf(list), message: explainApi(identifier, catalogue) }
  }
}

function explainApi(identifier: string, known: Catalogue): Remark['message'] {
  const advice = () => suggest(identifier, known.keys()) ?? 'Correct the identifier, or create the API.'
  return () => `The tenant has no API ${quote(identifier)}. ${advice()}`
}

/** Whether this is a role, according to the manifest. */
function isKnownRole(reference: string, { roles }: Names): boolean {
  return isRoleId(reference) || roles?.has(reference) === true
}

const MISPLACED_ROLE = "That is a role; list it under a user's roles."

/** Users' roles that are not in the catalogue, if there is one. */
function* checkCatalogue(contents: Contents): Generator<Remark> {
  const { names } = contents
  const known = names.roles
  if (known === undefined) return
  yield* checkNamesIn(listsOf(contents, 'role'), role => {
    if (isKnownRole(role, names)) return undefined
    const advice = () =>
      adviseRole(role, names) ?? suggest(role, known) ?? 'Correct the name, or add it to the catalogue.'
    return () => `The catalogue under roles has no role ${quote(role)}. ${advice()}`
  })
}

/** References that are unknown or ambiguous in a tenant with these roles. */
export function* checkReferences(contents: Contents, roles: Roles): Generator<Remark> {
  // Suggests only names that a manifest can contain.
  const known = [...roles.ids.keys()].filter(name => brokenRule(roleName, name) === undefined)
  const explain = (role: string) => {
    const found = findRoles(role, roles)
    if (found.length === 1) return undefined
    const advice = () =>
      adviseRole(role, contents.names) ?? suggest(role, known) ?? 'Correct the name, or create the role.'
    return () =>
      found.length === 0
        ? `The tenant has no role ${quote(role)}. ${advice()}`
        : `The tenant has ${found.length} roles ${quote(role)}: ${shortList(found.toSorted(), MAX_IDS)}. List the intended one by its id.`
  }
  for (const { role, file, path, on } of contents.roles) {
    const message = explain(role)
    if (message !== undefined) yield { file, path, on, message }
  }
  yield* checkNamesIn(listsOf(contents, 'role'), explain)
}

function adviseRole(role: string, { bundles }: Names): string | undefined {
  if (bundles.has(role)) return "That is a bundle; list it under the user's bundles."
  return isRoleId(role) ? 'Correct the id, or list the role by its name.' : undefined
}
