// A plan is sorted, serialisable data: for each user what to grant and what to revoke, with the before-state that it was
// computed from. Renderers read it and `apply` executes it. Pure.

import type { Permission } from './grants.ts'

/** One permission to grant or to revoke. */
export interface Operation extends Permission {
  /** Names of the roles through which the user holds the same permission, whatever becomes of the grant. */
  readonly roles: readonly string[]
  /** As the manifest says it, for showing. */
  readonly expires?: string
  readonly reason?: string
}

/** A user with at least one operation. */
export interface UserPlan {
  readonly user: string
  readonly grant: readonly Operation[]
  readonly revoke: readonly Operation[]
  /** The grants that were live; absent where the run assigns without reading. */
  readonly before?: readonly Permission[]
}

/** How many of the listed users hold a grant that the plan touches. */
export interface Holders extends Permission {
  readonly before: number
  readonly after: number
}

export interface Plan {
  readonly format: 1
  readonly tenant: string
  /** Sorted by id. */
  readonly users: readonly UserPlan[]
  /** Sorted by API and permission; empty where the run assigns without reading. */
  readonly holders: readonly Holders[]
}

/** What became of a user of the plan. */
export interface UserOutcome {
  readonly user: string
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly granted: readonly Operation[]
  readonly revoked: readonly Operation[]
  /** Why not all of it was done, a message an operation. */
  readonly errors: readonly string[]
}

export interface Counts {
  readonly grants: number
  readonly revocations: number
}

export function countOperations(users: readonly UserPlan[]): Counts {
  return users.reduce(
    (counts, user) => ({
      grants: counts.grants + user.grant.length,
      revocations: counts.revocations + user.revoke.length,
    }),
    { grants: 0, revocations: 0 },
  )
}
