// Desired × live → Plan. Only direct grants count as live; what a role gives is shown, and never touched. Pure.

import { compareText, type Grant, type Grants, grantOf, partsOf, sortedPermissions } from './grants.ts'
import type { Holders, Operation, Plan, UserPlan } from './plan.ts'

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
  readonly desired: ReadonlyMap<Grant, Terms>
  /** undefined where the run assigns without reading */
  readonly live: Live | undefined
}

export interface DiffOptions {
  readonly tenant: string
  readonly users: readonly UserState[]
  /** `never`: only grant; `all`: revoke every live grant that is not desired, on the APIs that the manifest names. */
  readonly revoke: 'never' | 'all'
  /** Identifiers of the APIs that the manifest names. */
  readonly apis: ReadonlySet<string>
}

export function diff({ tenant, users, revoke, apis }: DiffOptions): Plan {
  const isOurs = (grant: Grant) => revoke === 'all' && apis.has(partsOf(grant).api)
  const plans = users
    .map(user => planUser(user, isOurs))
    .filter(plan => plan.grant.length + plan.revoke.length > 0)
    .sort((a, b) => compareText(a.user, b.user))
  return { format: 1, tenant, users: plans, holders: countHolders(plans, users) }
}

function planUser({ id, desired, live }: UserState, isOurs: (grant: Grant) => boolean): UserPlan {
  const wanted = new Set(desired.keys())
  if (live === undefined) return { user: id, grant: operations(wanted, new Map(), desired), revoke: [] }
  const surplus = [...live.direct.difference(wanted)].filter(isOurs)
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
  const changes = new Map<Grant, number>()
  const count = (operations: readonly Operation[], by: 1 | -1) => {
    for (const { api, permission } of operations) {
      const grant = grantOf(api, permission)
      changes.set(grant, (changes.get(grant) ?? 0) + by)
    }
  }
  for (const { grant, revoke } of plans) {
    count(grant, 1)
    count(revoke, -1)
  }
  const before = new Map<Grant, number>()
  for (const { live } of users) {
    if (live === undefined) return []
    for (const grant of live.direct) if (changes.has(grant)) before.set(grant, (before.get(grant) ?? 0) + 1)
  }
  return [...changes]
    .sort(([a], [b]) => compareText(a, b))
    .map(([grant, change]) => {
      const held = before.get(grant) ?? 0
      return { ...partsOf(grant), before: held, after: held + change }
    })
}
