// Sets of grants and their algebra. A grant is a permission of an API or a role, assigned directly; as a text it can live
// in native sets, whose union, difference and intersection are the whole arithmetic of a plan. Pure.

declare const grant: unique symbol

/** A permission or a role, packed so that equal grants are equal values. */
export type Grant = string & { readonly [grant]: never }

export type Grants = ReadonlySet<Grant>

export const NO_GRANTS: Grants = new Set()

/** A permission's two parts, as plans and reports show them. */
export interface Permission {
  readonly api: string
  readonly permission: string
  readonly role?: never
}

/** A role, as plans and reports show it. */
export interface Role {
  readonly api?: never
  readonly role: string
  /** For people; a role can be renamed and stays the same. */
  readonly name?: string
}

/** A grant, unpacked: what it is a grant of. */
export type Access = Permission | Role

export const KINDS = ['permission', 'role'] as const
export type Kind = (typeof KINDS)[number]

/** The names of roles by id, where they are known. */
export type RoleNames = ReadonlyMap<string, string>

/** What the manifest says about a grant beyond its name. */
export interface Terms {
  readonly expires?: string
  readonly reason?: string
}

// No part can hold a NUL: the manifest's names have no control characters, and Auth0's are URLs, scope names and ids.
// Before it stands an API, which every permission has and no role.
const SEPARATOR = '\0'

export function grantOf(api: string, permission: string): Grant {
  return `${api}${SEPARATOR}${permission}` as Grant
}

/** @param role its id; in a manifest that has not met the tenant yet, whatever the manifest calls it */
export function roleGrantOf(role: string): Grant {
  return `${SEPARATOR}${role}` as Grant
}

export function packAccess(access: Access): Grant {
  return access.role === undefined ? grantOf(access.api, access.permission) : roleGrantOf(access.role)
}

export function packAll(accesses: Iterable<Access>): Grants {
  return new Set(Array.from(accesses, packAccess))
}

export function accessOf(grant: Grant, names?: RoleNames): Access {
  const at = grant.indexOf(SEPARATOR)
  const [api, rest] = [grant.slice(0, at), grant.slice(at + 1)]
  if (at > 0) return { api, permission: rest }
  const name = names?.get(rest)
  return { role: rest, ...(name !== undefined && { name }) }
}

export function kindOf(grant: Grant): Kind {
  return grant.startsWith(SEPARATOR) ? 'role' : 'permission'
}

/** The ids of the roles among grants. */
export function rolesAmong(grants: Iterable<Grant>): ReadonlySet<string> {
  const roles = new Set<string>()
  for (const grant of grants) if (kindOf(grant) === 'role') roles.add(grant.slice(1))
  return roles
}

/** By code units, so that the order is the same on every machine: roles by id, then permissions by API and name. */
export function sortGrants(grants: Iterable<Grant>): readonly Grant[] {
  return [...grants].sort(compareText)
}

/** In the order of `sortGrants`. */
export function listAccess(grants: Iterable<Grant>, names?: RoleNames): readonly Access[] {
  return sortGrants(grants).map(grant => accessOf(grant, names))
}

/** What a manifest names, whoever has it. */
export interface Named {
  /** Identifiers. */
  readonly apis: ReadonlySet<string>
  /** Ids. */
  readonly roles: ReadonlySet<string>
}

/** Whether a grant is on an API, or a role, that the manifest names. */
export function isNamed(grant: Grant, { apis, roles }: Named): boolean {
  const access = accessOf(grant)
  return isPermission(access) ? apis.has(access.api) : roles.has(access.role)
}

/** Sorted lists of permission names by API identifier, sorted too. */
export function groupByApi(grants: Iterable<Grant>): Readonly<Record<string, readonly string[]>> {
  const groups = new Map<string, string[]>()
  for (const { api, permission } of listAccess(grants).filter(isPermission)) {
    const names = groups.get(api)
    if (names === undefined) groups.set(api, [permission])
    else names.push(permission)
  }
  return Object.fromEntries(groups)
}

export function isPermission<T extends Access>(access: T): access is T & Permission {
  return access.role === undefined
}

/** In a sentence: `read:orders on https://orders.acme.com/`, or `the role Support`. */
export function accessText(access: Access): string {
  return isPermission(access) ? `${access.permission} on ${access.api}` : `the role ${access.name ?? access.role}`
}

/** Order by UTF-16 code units; `localeCompare` would make a plan depend on the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
