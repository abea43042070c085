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
import { indexRoles, isRoleId } from '../access/roles.ts'
import { scalar } from '../access/yaml.ts'
import { type Aliases, type Bundles, nameApis, nameBundles, setKey } from './export-names.ts'
import { brokenRule, identifier, permissionName, roleName, userId } from './schema.ts'

export interface ExportedUser {
  readonly id: string
  /** The address in the input `users`, written as a comment. */
  readonly email?: string | undefined
  /** Never empty; roles by their ids. */
  readonly direct: Grants
}

interface Entry extends Pick<ExportedUser, 'id' | 'email'> {
  readonly permissions: readonly Permission[]
  /** References, sorted. */
  readonly roles: readonly string[]
  /** The bundle of exactly these permissions. */
  readonly bundle?: { readonly name: string } | undefined
}

interface PermissionBlock extends Pick<Entry, 'permissions'> {
  readonly indent: string
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

export type Written =
  | { readonly text: string; readonly refusals?: never }
  /** A sentence for each user, API, permission and role that no manifest can express; the others would look complete. */
  | { readonly text?: never; readonly refusals: readonly string[] }

export function writeManifest({ tenant, users, roleNames }: ExportOptions): Written {
  const sorted = users.toSorted((a, b) => compareText(a.id, b.id))
  const refusals = [...sorted.flatMap(refuseUser), ...firstHolders(sorted).flatMap(refuseGrant)]
  if (refusals.length > 0) return { refusals }
  const references = referTo(roleNames)
  const entries = sorted.map(({ id, email, direct }) => ({
    id,
    email,
    permissions: listAccess(direct).filter(isPermission),
    roles: Array.from(rolesAmong(direct), role => references.get(role) ?? role).sort(compareText),
  }))
  const aliases = nameApis(entries)
  const bundles = nameBundles(entries, aliases)
  const listed = entries.flatMap(user => userLines({ ...user, bundle: bundles.get(setKey(user.permissions)) }, aliases))
  const lines = [
    HEADER,
    'version: 1',
    `tenant: ${scalar(tenant)}`,
    ...section('apis', apiLines(aliases)),
    ...section('bundles', bundleLines(bundles, aliases)),
    ...(entries.length === 0 ? ['', 'users: []'] : section('users', listed)),
  ]
  return { text: `${lines.join('\n')}\n` }
}

/** References to roles, by id: the name, unless it is ambiguous or not allowed in a manifest. */
function referTo(names: RoleNames): ReadonlyMap<string, string> {
  const { ids } = indexRoles(names)
  const isClear = (name: string) =>
    ids.get(name)?.length === 1 && !isRoleId(name) && !names.has(name) && brokenRule(roleName, name) === undefined
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
    .flatMap(({ name, permissions }) => [
      `  ${scalar(name)}:`,
      ...permissionLines({ permissions, indent: '    ' }, aliases),
    ])
}

function userLines({ id, email, permissions, roles, bundle }: Entry, aliases: Aliases): readonly string[] {
  const head = [
    `  - id: ${scalar(id)}${email === undefined ? '' : ` # ${scalar(email)}`}`,
    ...(roles.length === 0 ? [] : listLines('    roles:', roles)),
  ]
  if (bundle !== undefined) return [...head, `    bundles: [${scalar(bundle.name)}]`]
  if (permissions.length === 0) return head
  return [...head, '    permissions:', ...permissionLines({ permissions, indent: '      ' }, aliases)]
}

function permissionLines({ permissions, indent }: PermissionBlock, aliases: Aliases): readonly string[] {
  return [...Map.groupBy(permissions, ({ api }) => String(aliases.get(api)))]
    .map(([alias, list]) => [alias, list.map(({ permission }) => permission)] as const)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([alias, names]) => listLines(`${indent}${scalar(alias)}:`, names))
}

/** @param key with its indentation and its colon */
function listLines(key: string, names: readonly string[]): readonly string[] {
  const scalars = names.map(scalar)
  const line = `${key} [${scalars.join(', ')}]`
  if (line.length <= MAX_LINE) return [line]
  const indent = key.slice(0, key.search(/\S/))
  return [key, ...scalars.map(name => `${indent}  - ${name}`)]
}

/** Each grant with the first user who holds it. */
function firstHolders(users: readonly ExportedUser[]): readonly (readonly [Grant, string])[] {
  const holders = new Map<Grant, string>()
  for (const { id, direct } of users) for (const grant of direct) if (!holders.has(grant)) holders.set(grant, id)
  return [...holders].sort(([a], [b]) => compareText(a, b))
}

function refuseUser({ id }: ExportedUser): readonly string[] {
  const rule = brokenRule(userId, id)
  if (rule === undefined) return []
  return [`The user ${quote(id)} cannot be written to a manifest: ${rule.message}. Exclude this user from the export.`]
}

function refuseGrant([grant, user]: readonly [Grant, string]): readonly string[] {
  const access = accessOf(grant)
  const broken = isPermission(access)
    ? { apis: brokenRule(identifier, access.api), lists: brokenRule(permissionName, access.permission) }
    : { roles: brokenRule(roleName, access.role) }
  const reasons = Object.entries(broken).flatMap(([place, rule]) => (rule ? `in ${place}, ${rule.message}` : []))
  if (reasons.length === 0) return []
  const what = isPermission(access)
    ? `permission ${quote(access.permission)} of the API ${quote(access.api)}`
    : `role ${quote(access.role)}`
  return [
    `The ${what}, which the user ${quote(user)} holds, cannot be written to a manifest: ${reasons.join('; ')}. Revoke it first, or exclude this user from the export.`,
  ]
}
