// Live grants → the text of a manifest that asks for exactly these. It is printed here and not by the YAML library, as
// lists should stand on one line and names without quotes wherever no reader of YAML can take them for something else.
// Pure.

import {
  accessOf,
  compareText,
  type Grant,
  type Grants,
  isPermission,
  listAccess,
  type Permission,
  type RoleNames,
  rolesAmong,
} from '../access/grants.ts'
import { quote } from '../access/quote.ts'
import { ActionError } from '../errors.ts'
import { isRoleId } from './roles.ts'
import { isPlainScalar, scalar } from './scalar.ts'
import { apiDefinition, permissionItem, roleItem, userEntry } from './schema.ts'

export interface ExportedUser {
  readonly id: string
  /** The address that the user was asked for by, for people who read the manifest. */
  readonly email?: string | undefined
  /** Never empty; roles by their ids. */
  readonly direct: Grants
}

/** A user's grants, as the manifest lists them. */
interface Entry extends Pick<ExportedUser, 'id' | 'email'> {
  readonly permissions: readonly Permission[]
  /** References, sorted. */
  readonly roles: readonly string[]
}

export interface ExportOptions {
  /** The tenant's host. */
  readonly tenant: string
  /** Each of them once, in any order. */
  readonly users: readonly ExportedUser[]
  /** Of all roles of the tenant, so that no name is written that two of them share. */
  readonly roleNames: RoleNames
}

/** Aliases by API identifier. */
type Aliases = ReadonlyMap<string, string>

/** A set of permissions that users share. */
interface Bundle {
  readonly name: string
  readonly permissions: readonly Permission[]
}

/** By what `setKey` makes of the permissions. */
type Bundles = ReadonlyMap<string, Bundle>

const HEADER = `# The direct permissions and roles that users had in the tenant when this file was exported.
# Users without any are left out.`
const LONGEST_LINE = 120

/**
 * The text is the same whatever the order of users and grants.
 * @throws ActionError that names each user, API, permission and role that no manifest can express
 */
export function exportManifest({ tenant, users, roleNames }: ExportOptions): string {
  const sorted = users.toSorted((a, b) => compareText(a.id, b.id))
  refuseUnwritable(sorted)
  const references = referTo(roleNames)
  const entries = sorted.map(({ id, email, direct }) => ({
    id,
    email,
    permissions: listAccess(direct).filter(isPermission),
    roles: Array.from(rolesAmong(direct), role => references.get(role) ?? role).sort(compareText),
  }))
  const aliases = nameApis(entries)
  const bundles = nameBundles(entries, aliases)
  const userSection = entries.flatMap(entry => userLines(entry, bundles, aliases))
  const lines = [
    HEADER,
    'version: 1',
    `tenant: ${scalar(tenant)}`,
    ...section('apis', apiLines(aliases)),
    ...section('bundles', bundleLines(bundles, aliases)),
    ...(userSection.length === 0 ? ['', 'users: []'] : section('users', userSection)),
  ]
  return `${lines.join('\n')}\n`
}

/** How a manifest refers to roles, by id: by name, unless a name does not tell which role is meant. */
function referTo(names: RoleNames): ReadonlyMap<string, string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const name of names.values()) (seen.has(name) ? shared : seen).add(name)
  const isClear = (name: string) =>
    !(shared.has(name) || isRoleId(name) || names.has(name)) && roleItem.shape.name.safeParse(name).success
  return new Map(Array.from(names, ([id, name]) => [id, isClear(name) ? name : id]))
}

function section(key: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${key}:`, ...lines]
}

function apiLines(aliases: Aliases): readonly string[] {
  return [...aliases]
    .sort(([, a], [, b]) => compareText(a, b))
    .map(([api, alias]) => `  ${scalar(alias)}: ${scalar(api)}`)
}

function bundleLines(bundles: Bundles, aliases: Aliases): readonly string[] {
  return [...bundles.values()]
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap(({ name, permissions }) => [`  ${scalar(name)}:`, ...permissionLines('    ', permissions, aliases)])
}

function userLines({ id, email, permissions, roles }: Entry, bundles: Bundles, aliases: Aliases): readonly string[] {
  const head = [
    `  - id: ${scalar(id)}${email === undefined ? '' : ` # ${scalar(email)}`}`,
    ...(roles.length === 0 ? [] : listLines('    roles:', roles)),
  ]
  const bundle = bundles.get(setKey(permissions))
  if (bundle !== undefined) return [...head, `    bundles: [${scalar(bundle.name)}]`]
  if (permissions.length === 0) return head
  return [...head, '    permissions:', ...permissionLines('      ', permissions, aliases)]
}

function permissionLines(indent: string, permissions: readonly Permission[], aliases: Aliases): readonly string[] {
  return [...Map.groupBy(permissions, ({ api }) => String(aliases.get(api)))]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([alias, list]) =>
      listLines(
        `${indent}${scalar(alias)}:`,
        list.map(({ permission }) => permission),
      ),
    )
}

/** @param key with its indentation and its colon */
function listLines(key: string, names: readonly string[]): readonly string[] {
  const scalars = names.map(scalar)
  const line = `${key} [${scalars.join(', ')}]`
  if (line.length <= LONGEST_LINE) return [line]
  const indent = key.slice(0, key.search(/\S/))
  return [key, ...scalars.map(name => `${indent}  - ${name}`)]
}

const MOST_TOLD = 20

/** A manifest that leaves something out would be taken for the whole. */
function refuseUnwritable(users: readonly ExportedUser[]): void {
  const holders = new Map<Grant, string>()
  for (const { id, direct } of users) for (const grant of direct) if (!holders.has(grant)) holders.set(grant, id)
  const refusals = [...users.flatMap(refuseUser), ...[...holders].sort(byGrant).flatMap(refuseGrant)]
  if (refusals.length === 0) return
  const more = refusals.length > MOST_TOLD ? [`There are ${refusals.length - MOST_TOLD} more like these.`] : []
  throw new ActionError([...refusals.slice(0, MOST_TOLD), ...more].join('\n'))
}

function byGrant([a]: readonly [Grant, string], [b]: readonly [Grant, string]): number {
  return compareText(a, b)
}

function refuseUser({ id }: ExportedUser): readonly string[] {
  const [reason] = userEntry.shape.id.safeParse(id).error?.issues ?? []
  if (reason === undefined) return []
  return [`The user ${quote(id)} cannot be written into a manifest: ${reason.message}. Leave this user out.`]
}

function refuseGrant([grant, user]: readonly [Grant, string]): readonly string[] {
  const access = accessOf(grant)
  const forms = isPermission(access)
    ? {
        apis: apiDefinition.shape.identifier.safeParse(access.api),
        lists: permissionItem.shape.name.safeParse(access.permission),
      }
    : { roles: roleItem.shape.name.safeParse(access.role) }
  const reasons = Object.entries(forms).flatMap(([place, { error }]) =>
    (error?.issues ?? []).map(({ message }) => `in ${place}, ${message}`),
  )
  if (reasons.length === 0) return []
  const what = isPermission(access)
    ? `permission ${quote(access.permission)} of the API ${quote(access.api)}`
    : `role ${quote(access.role)}`
  return [
    `The ${what}, which the user ${quote(user)} holds, cannot be written into a manifest: ${reasons.join('; ')}. Revoke it first, or leave this user out.`,
  ]
}

/** Auth0's own Management API: its host would give it the company's name. */
const MANAGEMENT_API = /^https:\/\/[^/]+\.auth0\.com\/api\/v2\/$/
/** `https://orders.acme.com/…`: what stands for the host, and the rest. */
const ADDRESS = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/is
/** Below the top level of a domain, nobody's own name: `acme.co.uk`. */
const PUBLIC_LABEL = /^(?:ac|co|com|edu|gov|net|org)$/
const GENERIC = /^(?:api|apis|https?|rest|urn|www)$/
const VERSION = /^v\d+(?:-\d+)*$/
const LONGEST_NAME = 40

function nameApis(entries: readonly Entry[]): Aliases {
  const identifiers = new Set(entries.flatMap(({ permissions }) => permissions.map(({ api }) => api)))
  const candidates = new Map([...identifiers].sort(compareText).map(api => [api, aliasesFor(api)]))
  // An alias that is the identifier of another API would be taken for it by people.
  return chooseNames(candidates, (alias, api) => alias === api || !identifiers.has(alias))
}

/** From the shortest to the longest. */
function aliasesFor(identifier: string): readonly string[] {
  if (MANAGEMENT_API.test(identifier)) return ['auth0-management']
  const { host, path } = wordsOf(identifier)
  const words = [...host, ...path]
  const version = words.filter(word => VERSION.test(word)).slice(-1)
  const telling = words.filter(isTelling)
  const shortest = [...host.filter(isTelling).slice(-1), ...path.filter(isTelling).slice(-1)]
  const base = shortest.length > 0 ? shortest : words.length > 0 ? words.slice(-1) : ['api']
  const names = [base, [...base, ...version], telling, words].filter(each => each.length > 0)
  return names.map(each => readable(slug(each.join('-'))))
}

function isTelling(word: string): boolean {
  return !GENERIC.test(word) && !VERSION.test(word)
}

/** A key that needs no quotes. */
function readable(alias: string): string {
  return isPlainScalar(alias) ? alias : `api-${alias}`
}

/** An identifier's words, each time from the most general to the most particular one. */
function wordsOf(identifier: string): { readonly host: readonly string[]; readonly path: readonly string[] } {
  const [, host, path = ''] = ADDRESS.exec(identifier) ?? []
  const slugs = (parts: readonly string[]) => parts.map(slug).filter(word => word !== '')
  return host === undefined
    ? { host: [], path: slugs(identifier.split(/[:/]/)) }
    : { host: slugs(labelsOf(host)), path: slugs(path.split('/')) }
}

function labelsOf(host: string): readonly string[] {
  const labels = host.replace(/:\d+$/, '').toLowerCase().split('.').reverse()
  const own = labels.slice(Math.min(1, labels.length - 1))
  return own.length > 1 && PUBLIC_LABEL.test(String(own[0])) ? own.slice(1) : own
}

/** Lower-case letters, digits and hyphens between them; empty where nothing of it is left. */
function slug(text: string): string {
  const dashed = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return dashed.replace(/^-/, '').slice(0, LONGEST_NAME).replace(/-$/, '')
}

/** A bundle for every set of two or more permissions that two or more users hold, whatever their roles. */
function nameBundles(entries: readonly Entry[], aliases: Aliases): Bundles {
  const shared = [...Map.groupBy(entries, ({ permissions }) => setKey(permissions))].flatMap(
    ([key, [first, ...others]]) =>
      first === undefined || first.permissions.length < 2 || others.length === 0
        ? []
        : [[key, first.permissions] as const],
  )
  const permissions = new Map(shared.sort(([a], [b]) => compareText(a, b)))
  const candidates = new Map([...permissions].map(([key, list]) => [key, bundleNamesFor(list, aliases)]))
  const known = new Set(aliases.values())
  const names = chooseNames(candidates, name => !known.has(name))
  return new Map([...permissions].map(([key, list]) => [key, { name: String(names.get(key)), permissions: list }]))
}

/** Equal for equal sets. @param permissions sorted */
function setKey(permissions: readonly Permission[]): string {
  return JSON.stringify(permissions.map(({ api, permission }) => [api, permission]))
}

/** One API: what may be done there, as `orders-read-write`. Several: which they are, as `billing-and-orders`. */
function bundleNamesFor(permissions: readonly Permission[], aliases: Aliases): readonly string[] {
  const apis = new Set(permissions.map(({ api }) => String(aliases.get(api))))
  const [alias = ''] = apis
  const names =
    apis.size > 1
      ? [[...apis].sort(compareText).join('-and-')]
      : [
          [alias, ...new Set(permissions.map(({ permission }) => verbOf(permission, alias)))].join('-'),
          `${alias}-bundle`,
        ]
  const short = names.filter(name => name.length <= LONGEST_NAME && !name.endsWith('-'))
  return short.length > 0 ? short : ['bundle']
}

/** `read` of `read:orders`, and of `orders:read` too. */
function verbOf(permission: string, alias: string): string {
  const words = permission.split(/[:./]/).map(slug)
  return words.find(word => word !== '' && word !== alias) ?? ''
}

/**
 * A name for each subject: the first of its candidates that no other subject wants, or a number behind the first where
 * every one is wanted twice.
 * @param candidates in the order in which numbers are given
 */
function chooseNames(
  candidates: ReadonlyMap<string, readonly string[]>,
  isFree: (name: string, subject: string) => boolean,
): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>()
  const taken = new Set<string>()
  const take = (name: string, subject: string): boolean => {
    if (taken.has(name) || !isFree(name, subject)) return false
    chosen.set(subject, name)
    taken.add(name)
    return true
  }
  const longest = [...candidates.values()].reduce((most, { length }) => Math.max(most, length), 0)
  for (let level = 0; level < longest; level++) {
    const open = [...candidates].filter(([subject]) => !chosen.has(subject))
    for (const [name, wanted] of Map.groupBy(open, ([, names]) => String(names[level] ?? names.at(-1)))) {
      const [only, ...rivals] = wanted
      if (only !== undefined && rivals.length === 0) take(name, only[0])
    }
  }
  const next = new Map<string, number>()
  for (const [subject, [first = '']] of candidates) {
    if (chosen.has(subject) || take(first, subject)) continue
    let number = next.get(first) ?? 2
    while (!take(`${first}-${number}`, subject)) number++
    next.set(first, number + 1)
  }
  return chosen
}
