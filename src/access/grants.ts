// Grants, and sets of them. A grant is a permission of an API or a role, assigned directly. It is packed into a string, so
// that native sets compute a plan with union, difference and intersection. Pure.

declare const grant: unique symbol

/** A permission or a role, packed so that equal grants are equal values. */
export type Grant = string & { readonly [grant]: never }

export type Grants = ReadonlySet<Grant>

export const NO_GRANTS: Grants = new Set()

/** A permission, as plans and reports show it. */
export interface Permission {
  readonly api: string
  readonly permission: string
  readonly role?: never
}

/** A role, as plans and reports show it. */
export interface Role {
  readonly api?: never
  readonly role: string
  /** For display; a renamed role is still the same role. */
  readonly name?: string
}

/** An unpacked grant: the permission or role that it assigns. */
export type Access = Permission | Role

export const KINDS = ['permission', 'role'] as const
export type Kind = (typeof KINDS)[number]

/** Names of roles by id, if known. */
export type RoleNames = ReadonlyMap<string, string>

/** What the manifest says about a grant besides its name. */
export interface Terms {
  readonly expires?: string
  readonly reason?: string
}

// No part can contain a NUL: names in the manifest have no control characters, and Auth0's are URLs, scope names and ids.
// Before it is the API, which is empty for a role.
const SEPARATOR = '\0'

export function grantOf(api: string, permission: string): Grant {
  return `${api}${SEPARATOR}${permission}` as Grant
}

/** @param role its id; in a manifest whose roles are not yet resolved, the name or id in the manifest */
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
  const roles = Iterator.from(grants).filter(grant => kindOf(grant) === 'role')
  return new Set(roles.map(grant => grant.slice(1)))
}

/** Roles by id, then permissions by API and name; by code units, so that the order is the same on every machine. */
export function sortGrants(grants: Iterable<Grant>): readonly Grant[] {
  return [...grants].sort(compareText)
}

/** In the order of `sortGrants`. */
export function listAccess(grants: Iterable<Grant>, names?: RoleNames): readonly Access[] {
  return sortGrants(grants).map(grant => accessOf(grant, names))
}

/** The identifiers of APIs and the ids of roles that a manifest names. */
export interface Named {
  readonly apis: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
}

/** Whether a grant is on an API, or a role, that the manifest names. */
export function isNamed(grant: Grant, { apis, roles }: Named): boolean {
  const access = accessOf(grant)
  return isPermission(access) ? apis.has(access.api) : roles.has(access.role)
}

/** Sorted lists of permission names by API identifier, sorted too. */
export function groupByApi(grants: Iterable<Grant>): Readonly<Record<string, readonly string[]>> {
  const groups = Map.groupBy(listAccess(grants).filter(isPermission), ({ api }) => api)
  return Object.fromEntries(Array.from(groups, ([api, list]) => [api, list.map(({ permission }) => permission)]))
}

export function isPermission<T extends Access>(access: T): access is T & Permission {
  return access.role === undefined
}

export function kindOfAccess(access: Access): Kind {
  return isPermission(access) ? 'permission' : 'role'
}

/** For a sentence: `read:orders on https://orders.acme.com/`, or `the role Support`. */
export function accessText(access: Access): string {
  return isPermission(access) ? `${access.permission} on ${access.api}` : `the role ${nameOfRole(access)}`
}

/** Its id if its name is unknown. */
export function nameOfRole({ role, name = role }: Role): string {
  return name
}

/** Compares UTF-16 code units, because `localeCompare` would make a plan depend on the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
