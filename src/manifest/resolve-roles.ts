// Replaces a manifest's references to roles with the tenant's role ids. Pure.

import { type Grant, type Grants, roleGrantOf, type Terms } from '../access/grants.ts'
import { findRoles, type Roles } from '../access/roles.ts'
import type { ListedUser } from './desired.ts'
import { endOf } from './expiry.ts'

/** The result of resolving references. */
interface Resolution {
  /** Grants by role id, by the grants of references that are not ids. */
  readonly ids: ReadonlyMap<Grant, Grant>
  readonly named: ReadonlySet<string>
}

/** Unknown or ambiguous references stay as written. */
export function resolveReferences(references: Iterable<string>, roles: Roles): Resolution {
  const ids = new Map<Grant, Grant>()
  const named = new Set<string>()
  for (const reference of references) {
    const [id = reference, ...others] = findRoles(reference, roles)
    const resolved = others.length === 0 ? id : reference
    named.add(resolved)
    if (resolved !== reference) ids.set(roleGrantOf(reference), roleGrantOf(resolved))
  }
  return { ids, named }
}

/**
 * Merges references to the same role: the later expiry counts, and a grant that is desired has not expired.
 */
export function replaceGrants(user: ListedUser, ids: ReadonlyMap<Grant, Grant>): ListedUser {
  const grants = new Map<Grant, Terms>()
  for (const [reference, terms] of user.grants) {
    const grant = ids.get(reference) ?? reference
    const other = grants.get(grant)
    if (other === undefined || endOf(terms.expires) > endOf(other.expires)) grants.set(grant, terms)
  }
  if (user.expired === undefined) return { ...user, grants }
  const expired: Grants = new Set(Array.from(user.expired, reference => ids.get(reference) ?? reference))
  return { ...user, grants, expired: expired.difference(new Set(grants.keys())) }
}
