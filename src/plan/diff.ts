// Desired × managed × live → Plan. Only direct grants count as live; what a role gives is shown, and never touched. Pure.

import { compareText, type Grant, type Grants, grantOf, type Permission, partsOf, sortedPermissions } from './grants.ts'
import type { Holders, Operation, Plan, Source, UserPlan } from './plan.ts'

/** What a user holds now. */
export interface Live {
  readonly direct: Grants
  /** Permissions that come through roles, with the roles' names; a grant may be in both. */
  readonly derived: ReadonlyMap<Grant, readonly string[]>
  /** How many permissions the user holds, by whatever way. */
  readonly size: number
}

/** What the manifest says about a grant beyond its name. */
export interface Terms {
  readonly expires?: string
  readonly reason?: string
}

export interface UserState {
  readonly id: string
  /** Off for a user who was listed earlier and has left the manifest. */
  readonly listed: boolean
  readonly desired: ReadonlyMap<Grant, Terms>
  /** What earlier revisions asked for. */
  readonly managed: Grants
  /** undefined where the run assigns without reading */
  readonly live: Live | undefined
}

export interface DiffOptions {
  readonly tenant: string
  readonly source: Source
  readonly users: readonly UserState[]
  /**
   * `never`: only grant; `managed`: revoke live grants that are managed and not desired any more; `all`: revoke every
   * live grant of a listed user that is not desired, on the APIs that the manifest names.
   */
  readonly revoke: 'never' | 'managed' | 'all'
  /** Identifiers of the APIs that the manifest names. */
  readonly apis: ReadonlySet<string>
}

export function diff({ tenant, source, users, revoke, apis }: DiffOptions): Plan {
  const isOurs: Record<DiffOptions['revoke'], IsOurs> = {
    never: () => false,
    managed: ({ managed }, grant) => managed.has(grant),
    all: ({ listed }, grant) => listed && apis.has(partsOf(grant).api),
  }
  const plans = users
    .map(user => planUser(user, isOurs[revoke]))
    .filter(plan => plan.grant.length + plan.revoke.length > 0)
    .sort((a, b) => compareText(a.user, b.user))
  return { format: 1, tenant, source, users: plans, holders: countHolders(plans, users) }
}

/** Whether a live grant that is not desired is ours to revoke. */
type IsOurs = (user: UserState, grant: Grant) => boolean

function planUser(user: UserState, isOurs: IsOurs): UserPlan {
  const { id, desired, live } = user
  const wanted = new Set(desired.keys())
  if (live === undefined) return { user: id, grant: operations(wanted, new Map(), desired), revoke: [] }
  const surplus = [...live.direct.difference(wanted)].filter(grant => isOurs(user, grant))
  return {
    user: id,
    grant: operations(wanted.difference(live.direct), live.derived, desired),
    revoke: operations(surplus, live.derived, new Map()),
    before: sortedPermissions(live.direct),
  }
}

function operations(
  grants: Iterable<Grant>,
  derived: ReadonlyMap<Grant, readonly string[]>,
  terms: ReadonlyMap<Grant, Terms>,
): readonly Operation[] {
  return [...grants]
    .sort(compareText)
    .map(grant => ({ ...partsOf(grant), roles: derived.get(grant) ?? [], ...termsOf(terms.get(grant)) }))
}

function termsOf({ expires, reason }: Terms = {}): Terms {
  return { ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }) }
}

function countHolders(plans: readonly UserPlan[], users: readonly UserState[]): readonly Holders[] {
  const holders = new Map<Grant, { before: number; after: number }>()
  const count = (operations: readonly Operation[], by: 1 | -1) => {
    for (const { api, permission } of operations) {
      const grant = grantOf(api, permission)
      const { before, after } = holders.get(grant) ?? { before: 0, after: 0 }
      holders.set(grant, { before, after: after + by })
    }
  }
  const listed = new Set(users.filter(user => user.listed).map(({ id }) => id))
  for (const { user, grant, revoke } of plans) {
    if (!listed.has(user)) continue
    count(grant, 1)
    count(revoke, -1)
  }
  for (const { listed, live } of users) {
    if (live === undefined) return []
    if (!listed) continue
    for (const grant of live.direct) {
      const found = holders.get(grant)
      if (found === undefined) continue
      found.before++
      found.after++
    }
  }
  return [...holders].sort(([a], [b]) => compareText(a, b)).map(([grant, counts]) => ({ ...partsOf(grant), ...counts }))
}

/** A grant that a listed user holds. */
export interface Held extends Permission {
  readonly user: string
}

/** Grants of listed users that nobody desires and the plan leaves alone. */
export function unmanagedOf(users: readonly UserState[], plan: Plan): readonly Held[] {
  const revoked = new Map(plan.users.map(({ user, revoke }) => [user, new Set(revoke.map(grantFrom))]))
  return users.flatMap(({ id, listed, desired, live }) => {
    if (!listed || live === undefined) return []
    const left = [...live.direct].filter(grant => !desired.has(grant) && !revoked.get(id)?.has(grant))
    return sortedPermissions(left).map(permission => ({ user: id, ...permission }))
  })
}

function grantFrom({ api, permission }: Permission): Grant {
  return grantOf(api, permission)
}
