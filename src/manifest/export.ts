// Live grants → the text of a manifest that asks for exactly these. It is not written by the YAML library, so that short
// lists are on one line, and names have no quotes unless a YAML parser needs them. Pure.

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
import { scalar } from '../access/yaml.ts'
import { ActionError } from '../errors.ts'
import { type Aliases, type Bundles, nameApis, nameBundles, setKey } from './export-names.ts'
import { isRoleId } from './roles.ts'
import { identifier, permissionName, roleName, userId } from './schema.ts'

export interface ExportedUser {
  readonly id: string
  /** The address in the input `users`, written as a comment. */
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
  /** Each user once, in any order. */
  readonly users: readonly ExportedUser[]
  /** Names of all roles of the tenant, so that a name that two roles share is not written. */
  readonly roleNames: RoleNames
}

const HEADER = `# The direct permissions and roles that users had in the tenant when this file was exported.
# Users without any are left out.`
const MAX_LINE = 120

/** @param options of users whom `refuseUnwritable` does not refuse */
export function writeManifest({ tenant, users, roleNames }: ExportOptions): string {
  const sorted = sortUsers(users)
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

function sortUsers(users: readonly ExportedUser[]): readonly ExportedUser[] {
  return users.toSorted((a, b) => compareText(a.id, b.id))
}

/** References to roles, by id: the name, unless it is ambiguous or not allowed in a manifest. */
function referTo(names: RoleNames): ReadonlyMap<string, string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const name of names.values()) (seen.has(name) ? shared : seen).add(name)
  const isClear = (name: string) =>
    !(shared.has(name) || isRoleId(name) || names.has(name)) && roleName.safeParse(name).success
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
  if (line.length <= MAX_LINE) return [line]
  const indent = key.slice(0, key.search(/\S/))
  return [key, ...scalars.map(name => `${indent}  - ${name}`)]
}

const MAX_REFUSALS = 20

/**
 * Refuses to leave anything out, because the manifest would look complete.
 * @throws ActionError that names each user, API, permission and role that no manifest can express
 */
export function refuseUnwritable(users: readonly ExportedUser[]): void {
  const sorted = sortUsers(users)
  const holders = new Map<Grant, string>()
  for (const { id, direct } of sorted) for (const grant of direct) if (!holders.has(grant)) holders.set(grant, id)
  const refusals = [...sorted.flatMap(refuseUser), ...[...holders].sort(byGrant).flatMap(refuseGrant)]
  if (refusals.length === 0) return
  const more = refusals.length > MAX_REFUSALS ? [`${refusals.length - MAX_REFUSALS} more are not shown.`] : []
  throw new ActionError([...refusals.slice(0, MAX_REFUSALS), ...more].join('\n'))
}

function byGrant([a]: readonly [Grant, string], [b]: readonly [Grant, string]): number {
  return compareText(a, b)
}

function refuseUser({ id }: ExportedUser): readonly string[] {
  const [reason] = userId.safeParse(id).error?.issues ?? []
  if (reason === undefined) return []
  return [`The user ${quote(id)} cannot be written into a manifest: ${reason.message}. Leave this user out.`]
}

function refuseGrant([grant, user]: readonly [Grant, string]): readonly string[] {
  const access = accessOf(grant)
  const forms = isPermission(access)
    ? {
        apis: identifier.safeParse(access.api),
        lists: permissionName.safeParse(access.permission),
      }
    : { roles: roleName.safeParse(access.role) }
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
