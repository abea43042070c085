// What the tenant returns about users and roles. Pure.

import type { Grant, Grants, Role } from './grants.ts'

/** What a user holds now. */
export interface Live {
  /** Permissions, and those of the roles that were read. */
  readonly direct: Grants
  /** Permissions that come through roles; a grant may be in both. */
  readonly derived: ReadonlyMap<Grant, readonly Role[]>
  /** The number of the user's roles besides those in `direct`; undefined if unknown. */
  readonly otherRoles?: number
}

/** A user of the tenant with a certain address. */
export interface Candidate {
  readonly id: string
  readonly verified: boolean
  readonly connections: readonly string[]
}

/** The users who hold a role, from the first request. */
export interface Members {
  readonly role: string
  /** Ids. */
  readonly users: ReadonlySet<string>
  /** The number of requests that read the others. */
  readonly more: number
  readonly total: number
}
