// A plan is sorted, serialisable data: for each user what to grant and what to revoke, with the before-state that it was
// computed from. Renderers read it and `apply` executes it. Pure.

import { compareText, type Grants, grantOf, type Permission, partsOf, sortedPermissions } from '../access/grants.ts'
import type { UserEmail } from '../live/user-state.ts'

/** One permission to grant or to revoke. */
export interface Operation extends Permission {
  /** Names of the roles through which the user holds the same permission, whatever becomes of the grant. */
  readonly roles: readonly string[]
  /** As the manifest says it, for showing. */
  readonly expires?: string
  readonly reason?: string
  /** Of a revocation, for showing: what is not desired about the grant. */
  readonly why?: Why
  /** Only of an undo plan: nobody knows whether the apply did the opposite, so there may be nothing to undo. */
  readonly uncertain?: true
}

export const WHY = ['user removed', 'line removed', 'expired', 'not listed'] as const
/** `not listed`: the manifest never asked for it. */
export type Why = (typeof WHY)[number]

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

/** A grant that a user holds. */
export interface Held extends Permission {
  readonly user: string
}

/** A revocation that is not done as long as an entry may still ask for the grant. */
export interface HeldBack extends Held {
  /** The entry that cannot be identified, as the manifest lists it. */
  readonly entry: string
}

/** The manifest that a plan was computed from. */
export interface Source {
  /** Empty outside of Git. */
  readonly commit: string
  readonly files: readonly string[]
  /** The clock by which `expires` was read, ISO 8601. */
  readonly at: string
  /** How many users it lists. */
  readonly users: number
}

/** What was managed of a user before an apply; null if the ledger did not know the user. */
export interface Restored {
  readonly user: string
  readonly entry: {
    readonly listed: readonly ('id' | { readonly email: string; readonly connection?: string })[]
    readonly managed: readonly Permission[]
    /** Whether the user's latest apply did not end well. */
    readonly unfinished?: true
  } | null
}

export interface Plan {
  readonly format: 2
  readonly tenant: string
  readonly source: Source
  /** Sorted by id. */
  readonly users: readonly UserPlan[]
  /** Sorted by user, API and permission. */
  readonly heldBack: readonly HeldBack[]
  /** What the manifest asks for and the plan found in place, unmanaged so far; sorted likewise. */
  readonly found: readonly Held[]
  /** The addresses that list users of the plan. */
  readonly addresses?: readonly UserEmail[]
  /** Sorted by API and permission; empty where the run assigns without reading. */
  readonly holders: readonly Holders[]
  /** Only of an undo plan: what is managed once it is applied, for every user whose ledger entry the apply changed. */
  readonly restores?: readonly Restored[]
}

/** Whether the tenant has a permission, as far as it was read. */
export type Exists = (permission: Permission) => boolean

/** An operation on a permission that was removed from its API. */
export interface Obsolete extends Held {
  readonly kind: 'grant' | 'revoke'
}

/**
 * A plan without revocations of permissions that no longer exist: Auth0 would refuse them, and with them all others of
 * the same request. What an undo plan grants back is left out likewise; any other plan that grants it is refused.
 */
export function withoutObsolete(
  plan: Plan,
  exists: Exists,
): { readonly plan: Plan; readonly obsolete: readonly Obsolete[] } {
  const obsolete: Obsolete[] = []
  const existing = (operations: readonly Operation[], { kind, user }: Pick<Obsolete, 'kind' | 'user'>) =>
    operations.filter(operation => {
      if (exists(operation)) return true
      obsolete.push({ kind, user, api: operation.api, permission: operation.permission })
      return false
    })
  const users = plan.users.map(userPlan => {
    const { user, grant, revoke } = userPlan
    const granted = plan.restores === undefined ? grant : existing(grant, { kind: 'grant', user })
    return { ...userPlan, grant: granted, revoke: existing(revoke, { kind: 'revoke', user }) }
  })
  return {
    plan: {
      ...plan,
      users: users.filter(({ grant, revoke }) => grant.length + revoke.length > 0),
      holders: plan.holders.filter(exists),
    },
    obsolete,
  }
}

/** What became of a user of the plan. */
export interface UserOutcome {
  readonly user: string
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly granted: readonly Operation[]
  readonly revoked: readonly Operation[]
  /** Why not all of it was done, a message an operation. */
  readonly errors: readonly string[]
  /** Of one who failed: what may have been done without an answer. */
  readonly uncertain?: readonly ('grant' | 'revoke')[]
  /** Of one who failed: nothing was refused, but the run ended before all of it was sent. */
  readonly interrupted?: true
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

/**
 * A plan that takes back what was done of this one, as far as it is known what was there before. What may have been done
 * is part of it, as if it were: whoever applies it finds either of the two states, and both can be resumed from.
 */
export function undoOf(
  { tenant, source, users, holders }: Plan,
  outcomes: readonly UserOutcome[],
  restores: readonly Restored[],
): Plan {
  const planned = new Map(users.map(user => [user.user, user]))
  const undone = outcomes.flatMap(({ user, granted, revoked, uncertain = [] }) => {
    const userPlan = planned.get(user)
    if (userPlan?.before === undefined) return []
    const grant = uncertain.includes('revoke') ? userPlan.revoke.map(asUncertain) : revoked.map(withoutTerms)
    const revoke = uncertain.includes('grant') ? userPlan.grant.map(asUncertain) : granted.map(withoutTerms)
    if (grant.length + revoke.length === 0) return []
    return { user, grant, revoke, before: after(userPlan.before, revoke, grant) }
  })
  const complete = outcomes.length === users.length && outcomes.every(({ status }) => status === 'done')
  return {
    format: 2,
    tenant,
    source,
    users: undone.sort((a, b) => compareText(a.user, b.user)),
    heldBack: [],
    found: [],
    holders: complete ? holders.map(({ before, after, ...grant }) => ({ ...grant, before: after, after: before })) : [],
    restores,
  }
}

/** The manifest's terms end with what it asked for. */
function withoutTerms({ api, permission, roles }: Operation): Operation {
  return { api, permission, roles }
}

function asUncertain(operation: Operation): Operation {
  return { ...withoutTerms(operation), uncertain: true }
}

/** What is held once these are granted and revoked. */
function after(
  before: readonly Permission[],
  granted: readonly Permission[],
  revoked: readonly Permission[],
): readonly Permission[] {
  return sortedPermissions(setOf([...before, ...granted]).difference(setOf(revoked)))
}

export type Resumption =
  /** As much of it as is still to be done; undefined where nothing is left. */
  | { readonly kind: 'ready'; readonly left: UserPlan | undefined }
  /** Somebody else has changed the user since. */
  | { readonly kind: 'moved' }

export interface Present {
  readonly live: Grants
  readonly exists: Exists
}

/**
 * A saved plan's user, in the state of now: as it was when the plan was computed, or as an earlier run of this very plan
 * left it. What no longer exists makes no difference: whether a user still has it is up to the tenant.
 */
export function resume(saved: UserPlan, { live, exists }: Present): Resumption {
  const before = saved.before ?? []
  const none: readonly Operation[] = []
  const steps: readonly UserPlan[] = [
    saved,
    { ...saved, grant: none, before: after(before, saved.grant, none) },
    { ...saved, revoke: none, before: after(before, none, saved.revoke) },
    { ...saved, grant: none, revoke: none, before: after(before, saved.grant, saved.revoke) },
  ]
  const left = steps.find(step => {
    const differences = setOf(step.before ?? []).symmetricDifference(live)
    return ![...differences].some(grant => exists(partsOf(grant)))
  })
  if (left === undefined) return { kind: 'moved' }
  const isDone = left.grant.length + left.revoke.length === 0
  return { kind: 'ready', left: isDone ? undefined : { ...left, before: sortedPermissions(live) } }
}

export function setOf(permissions: readonly Permission[]): Grants {
  return new Set(permissions.map(({ api, permission }) => grantOf(api, permission)))
}
