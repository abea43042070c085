// A plan is sorted, serializable data: for each user what to grant and what to revoke, with the before-state that it was
// computed from. Renderers read it and `apply` executes it. Pure.

import {
  type Access,
  compareText,
  KINDS,
  type Kind,
  kindOfAccess,
  listAccess,
  nameOfRole,
  packAccess,
  packAll,
  type RoleNames,
  rolesAmong,
} from '../access/grants.ts'
import type { Listing } from '../ledger/ledger.ts'
import type { UserEmail } from '../live/survey.ts'

/** One permission or role to grant or to revoke. */
export type Operation = Access & OperationNotes

interface OperationNotes {
  /** Names of the roles through which the user also has the permission, with or without this operation. */
  readonly roles: readonly string[]
  /** As written in the manifest, for display. */
  readonly expires?: string
  readonly reason?: string
  /** Only in a revocation, for display: why the grant is not desired. */
  readonly why?: Why
  /** Only in an undo plan: the apply may not have done the opposite, so there may be nothing to undo. */
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
  /** The grants that were live; absent if the run assigns without reading. */
  readonly before?: readonly Access[]
}

/** How many of the listed users hold a grant that the plan touches. */
export type Holders = Access & {
  readonly before: number
  readonly after: number
}

/** A grant that a user holds. */
export type Held = Access & {
  readonly user: string
}

/** A revocation that is not done while an entry may still ask for the grant. */
export type HeldBack = Held & {
  /** The entry that cannot be identified, as the manifest lists it. */
  readonly entry: string
}

/** The manifest that a plan was computed from. */
export interface Source {
  /** Empty outside Git. */
  readonly commit: string
  readonly files: readonly string[]
  /** The time at which `expires` was evaluated, ISO 8601. */
  readonly at: string
  /** The number of users listed. */
  readonly users: number
}

/** A user's ledger entry before and after an apply, changed or not; null if there was or is none. */
export interface Restored {
  readonly user: string
  readonly before: RestoredEntry | null
  readonly after: RestoredEntry | null
}

export interface RestoredEntry {
  readonly listed: readonly Listing[]
  readonly managed: readonly Access[]
  /** Whether the user's latest apply failed or did not finish. */
  readonly unfinished?: true
}

export interface Plan {
  readonly format: 2
  readonly tenant: string
  readonly source: Source
  /** Sorted by id. */
  readonly users: readonly UserPlan[]
  /** Sorted by user, then as grants are. */
  readonly heldBack: readonly HeldBack[]
  /** Desired grants that the plan found in place but unmanaged; sorted by user, then as grants are. */
  readonly found: readonly Held[]
  /** The addresses that list users of the plan. */
  readonly addresses?: readonly UserEmail[]
  /** Sorted as grants are; empty if the run assigns without reading. */
  readonly holders: readonly Holders[]
  /** Only in an undo plan: the entries of users whom the apply changed, in the tenant or in the ledger. */
  readonly restores?: readonly Restored[]
}

/** Whether the tenant has a permission or a role, if it was read. */
export type Exists = (access: Access) => boolean

/** An operation on a permission that was removed from its API, or on a role that was deleted. */
export type Obsolete = Held & {
  readonly step: Step
}

/**
 * A plan without revocations of permissions and roles that no longer exist, because Auth0 would refuse the whole request.
 * An undo plan also leaves out grants of them; any other plan that grants them is refused.
 */
export function withoutObsolete(
  plan: Plan,
  exists: Exists,
): { readonly plan: Plan; readonly obsolete: readonly Obsolete[] } {
  const obsolete: Obsolete[] = []
  const existing = (operations: readonly Operation[], { step, user }: Pick<Obsolete, 'step' | 'user'>) =>
    operations.filter(operation => {
      if (exists(operation)) return true
      obsolete.push({ step, user, ...bareAccess(operation) })
      return false
    })
  const users = plan.users.map(userPlan => {
    const { user, grant, revoke } = userPlan
    const granted = plan.restores === undefined ? grant : existing(grant, { step: 'grant', user })
    return { ...userPlan, grant: granted, revoke: existing(revoke, { step: 'revoke', user }) }
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

/** The result for one user of the plan. */
export interface UserOutcome {
  readonly user: string
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly granted: readonly Operation[]
  readonly revoked: readonly Operation[]
  /** Why not everything was done: one message for each failed request. */
  readonly errors: readonly string[]
  /** Only for a failed user: what may have been done although no response arrived. */
  readonly uncertain?: readonly Step[]
  /** Only for a failed user: nothing was refused, but the run ended before every request was sent. */
  readonly interrupted?: true
}

export interface Counts {
  readonly grants: number
  readonly revocations: number
}

export function countOperations(users: readonly Pick<UserPlan, Step>[]): Counts {
  const count = (step: Step) => users.reduce((sum, user) => sum + user[step].length, 0)
  return { grants: count('grant'), revocations: count('revoke') }
}

/** Without notes. */
export function bareAccess(access: Access): Access {
  if (access.role === undefined) return { api: access.api, permission: access.permission }
  return { role: access.role, ...(access.name !== undefined && { name: access.name }) }
}

const STEPS = ['grant', 'revoke'] as const
export type Step = (typeof STEPS)[number]

/** A user's operations that one request contains: all of them are done, or none. */
export interface Batch {
  readonly step: Step
  readonly kind: Kind
  /** Never empty. */
  readonly operations: readonly Operation[]
}

/** At most four: grants and revocations, each of permissions and of roles. */
export function batchesOf(userPlan: Pick<UserPlan, Step>): readonly Batch[] {
  return STEPS.flatMap(step =>
    KINDS.map(kind => ({
      step,
      kind,
      operations: userPlan[step].filter(operation => kindOfAccess(operation) === kind),
    })),
  ).filter(({ operations }) => operations.length > 0)
}

/** In the order of a plan. */
export function operationsOf(batches: readonly Batch[]): Pick<UserPlan, Step> {
  const { grant = [], revoke = [] } = Object.groupBy(batches, ({ step }) => step)
  const sorted = (each: readonly Batch[]) =>
    each.flatMap(({ operations }) => operations).sort((a, b) => compareText(packAccess(a), packAccess(b)))
  return { grant: sorted(grant), revoke: sorted(revoke) }
}

/** A plan with its roles' current names; those in a file may be wrong. */
export function nameRoles(plan: Plan, names: RoleNames): Plan {
  const rename = <T extends Access>(access: T): T => {
    if (access.role === undefined) return access
    const { name: _, ...bare } = access
    const name = names.get(access.role)
    return { ...(bare as T), ...(name !== undefined && { name }) }
  }
  return {
    ...plan,
    users: plan.users.map(user => ({
      ...user,
      grant: user.grant.map(rename),
      revoke: user.revoke.map(rename),
      ...(user.before && { before: user.before.map(rename) }),
    })),
    heldBack: plan.heldBack.map(rename),
    found: plan.found.map(rename),
    holders: plan.holders.map(rename),
  }
}

/** Ids of the roles that a plan involves. */
export function rolesOf({ users }: Pick<Plan, 'users'>): ReadonlySet<string> {
  const held = users.flatMap(({ before = [], grant, revoke }) => [...before, ...grant, ...revoke])
  return rolesAmong(packAll(held))
}

/** What a user holds after these grants and revocations. */
export function stateAfter(
  before: readonly Access[],
  { grant, revoke }: Readonly<Record<Step, readonly Access[]>>,
): readonly Access[] {
  const all = [...before, ...grant]
  return listAccess(packAll(all).difference(packAll(revoke)), namesIn(all))
}

export function namesIn(accesses: readonly Access[]): RoleNames {
  const names = new Map<string, string>()
  for (const access of accesses) if (access.role !== undefined) names.set(access.role, nameOfRole(access))
  return names
}
