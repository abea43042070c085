// Sets of grants and their algebra. A grant is one permission of one API, assigned directly; as a text it can live in
// native sets, whose union, difference and intersection are the whole arithmetic of a plan. Pure.

declare const grant: unique symbol

/** One `(API identifier, permission name)`, packed so that equal grants are equal values. */
export type Grant = string & { readonly [grant]: never }

export type Grants = ReadonlySet<Grant>

export const NO_GRANTS: Grants = new Set()

/** A grant's two parts, as plans and reports show them. */
export interface Permission {
  readonly api: string
  readonly permission: string
}

/** What the manifest says about a grant beyond its name. */
export interface Terms {
  readonly expires?: string
  readonly reason?: string
}

// Neither part can hold a NUL: the manifest's names have no control characters, and Auth0's are URLs and scope names.
const SEPARATOR = '\0'

export function grantOf(api: string, permission: string): Grant {
  return `${api}${SEPARATOR}${permission}` as Grant
}

export function partsOf(grant: Grant): Permission {
  const at = grant.indexOf(SEPARATOR)
  return { api: grant.slice(0, at), permission: grant.slice(at + 1) }
}

/** By code units, so that the order is the same on every machine: by API, then by permission name. */
export function sortedPermissions(grants: Iterable<Grant>): readonly Permission[] {
  return [...grants].sort(compareText).map(partsOf)
}

/** Sorted lists of permission names by API identifier, sorted too. */
export function groupByApi(grants: Iterable<Grant>): Readonly<Record<string, readonly string[]>> {
  const groups = new Map<string, string[]>()
  for (const { api, permission } of sortedPermissions(grants)) {
    const names = groups.get(api)
    if (names === undefined) groups.set(api, [permission])
    else names.push(permission)
  }
  return Object.fromEntries(groups)
}

/** Order by UTF-16 code units; `localeCompare` would make a plan depend on the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
