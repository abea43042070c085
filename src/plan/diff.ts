// Desired × managed × live → Plan. Only direct grants count as live; what a role gives is shown, and never touched. Pure.

import {
  compareText,
  type Grant,
  grantOf,
  NO_GRANTS,
  type Permission,
  partsOf,
  sortedPermissions,
} from '../access/grants.ts'
import type { UserState } from '../live/user-state.ts'
import type { HoldBack } from './hold-back.ts'
import type { Held, HeldBack, Holders, Operation, Plan, Source, UserPlan, Why } from './plan.ts'

/** What is shown of an operation. */
type Notes = Pick<Operation, 'expires' | 'reason' | 'why'>

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
  readonly holdBack: HoldBack
}

export function diff({ tenant, source, users, revoke, apis, holdBack }: DiffOptions): Plan {
  const isOurs: Record<DiffOptions['revoke'], IsOurs> = {
    never: () => false,
    managed: ({ managed }, grant) => managed.has(grant),
    all: ({ listed }, grant) => listed && apis.has(partsOf(grant).api),
  }
  const sorted = users.toSorted((a, b) => compareText(a.id, b.id))
  const planned = sorted.map(user => {
    const surplus = surplusOf(user, isOurs[revoke], holdBack)
    return { plan: planUser(user, surplus.revoke), heldBack: surplus.heldBack }
  })
  const plans = planned.map(({ plan }) => plan).filter(({ grant, revoke }) => grant.length + revoke.length > 0)
  return {
    format: 2,
    tenant,
    source,
    users: plans,
    heldBack: planned.flatMap(({ heldBack }) => heldBack),
    found: sorted.flatMap(foundOf),
    holders: countHolders(plans, users),
  }
}

interface Surplus {
  readonly revoke: readonly Grant[]
  readonly heldBack: readonly HeldBack[]
}

/** The live grants that nobody desires any more and that are ours to revoke, now or later. */
function surplusOf(user: UserState, isOurs: IsOurs, holdBack: HoldBack): Surplus {
  const live = user.live?.direct ?? NO_GRANTS
  const surplus = [...live].filter(grant => !user.desired.has(grant) && isOurs(user, grant)).sort(compareText)
  const heldBack = surplus.flatMap(grant => {
    const entry = holdBack(user.id, grant)
    return entry === undefined ? [] : [{ user: user.id, ...partsOf(grant), entry }]
  })
  return { revoke: surplus.filter(grant => holdBack(user.id, grant) === undefined), heldBack }
}

/** What the manifest asks for and the tenant has already: applying the plan makes it managed. */
function foundOf({ id, listed, desired, managed, live }: UserState): readonly Held[] {
  if (!listed || live === undefined) return []
  const found = [...live.direct].filter(grant => desired.has(grant) && !managed.has(grant))
  return sortedPermissions(found).map(permission => ({ user: id, ...permission }))
}

/** Whether a live grant that is not desired is ours to revoke. */
type IsOurs = (user: UserState, grant: Grant) => boolean

function planUser(user: UserState, surplus: readonly Grant[]): UserPlan {
  const { id, desired, live } = user
  const wanted = new Set(desired.keys())
  if (live === undefined) return { user: id, grant: operations(wanted, new Map(), desired), revoke: [] }
  return {
    user: id,
    grant: operations(wanted.difference(live.direct), live.derived, desired),
    revoke: operations(surplus, live.derived, new Map(surplus.map(grant => [grant, { why: whyOf(user, grant) }]))),
    before: sortedPermissions(live.direct),
  }
}

function whyOf({ listed, managed, expired }: UserState, grant: Grant): Why {
  if (!listed) return 'user removed'
  if (expired?.has(grant)) return 'expired'
  return managed.has(grant) ? 'line removed' : 'not listed'
}

function operations(
  grants: Iterable<Grant>,
  derived: ReadonlyMap<Grant, readonly string[]>,
  terms: ReadonlyMap<Grant, Notes>,
): readonly Operation[] {
  return [...grants]
    .sort(compareText)
    .map(grant => ({ ...partsOf(grant), roles: derived.get(grant) ?? [], ...termsOf(terms.get(grant)) }))
}

function termsOf({ expires, reason, why }: Notes = {}): Notes {
  return { ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }), ...(why && { why }) }
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

/** Grants of listed users that nobody desires and that the plan leaves alone, now and later. */
export function unmanagedOf(users: readonly UserState[], plan: Plan): readonly Held[] {
  const revoked = new Map(plan.users.map(({ user, revoke }) => [user, new Set(revoke.map(grantFrom))]))
  const held = new Set(plan.heldBack.map(each => `${each.user}\0${grantFrom(each)}`))
  return users.flatMap(({ id, listed, desired, live }) => {
    if (!listed || live === undefined) return []
    const left = [...live.direct].filter(
      grant => !desired.has(grant) && !revoked.get(id)?.has(grant) && !held.has(`${id}\0${grant}`),
    )
    return sortedPermissions(left).map(permission => ({ user: id, ...permission }))
  })
}

function grantFrom({ api, permission }: Permission): Grant {
  return grantOf(api, permission)
}
