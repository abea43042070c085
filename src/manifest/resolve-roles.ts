// A manifest meets the tenant: what it calls roles becomes their ids. Pure.

import { type Grant, type Grants, roleGrantOf, type Terms } from '../access/grants.ts'
import { findRoles, type Roles } from '../access/roles.ts'
import type { ListedUser } from './desired.ts'
import { endOf } from './expiry.ts'

/** What references become. */
interface Resolution {
  /** The grants of ids by those of references that are none. */
  readonly ids: ReadonlyMap<Grant, Grant>
  readonly named: ReadonlySet<string>
}

/** What is unknown, or means several roles, stays as written. */
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
 * References that mean one role become one: the longer expiry counts, and what is desired has not expired.
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
