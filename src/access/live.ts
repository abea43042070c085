// What the tenant says of a user. Pure.

import type { Grant, Grants, Role } from './grants.ts'

/** What a user holds now. */
export interface Live {
  /** Permissions, and the roles of those that were read. */
  readonly direct: Grants
  /** Permissions that come through roles; a grant may be in both. */
  readonly derived: ReadonlyMap<Grant, readonly Role[]>
  /** How many roles the user has besides those in `direct`; undefined if it is not known. */
  readonly otherRoles?: number
}

/** A user whom the tenant has under an address. */
export interface Candidate {
  readonly id: string
  readonly verified: boolean
  readonly connections: readonly string[]
}

/** The users who hold a role, as far as one request shows them. */
export interface Members {
  readonly role: string
  /** Ids. */
  readonly users: ReadonlySet<string>
  /** How many requests it takes to read the others. */
  readonly more: number
  readonly total: number
}
