// What the tenant says of a user. Pure.

import type { Grant, Grants } from './grants.ts'

/** What a user holds now. */
export interface Live {
  readonly direct: Grants
  /** Permissions that come through roles, with the roles' names; a grant may be in both. */
  readonly derived: ReadonlyMap<Grant, readonly string[]>
  /** How many permissions the user holds, by whatever way. */
  readonly size: number
}

/** A user whom the tenant has under an address. */
export interface Candidate {
  readonly id: string
  readonly verified: boolean
  readonly connections: readonly string[]
}
