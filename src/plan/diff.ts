// Desired × managed × live → Plan. Only direct grants count as live; role-derived ones are shown, never changed. Pure.

import {
  accessOf,
  compareText,
  type Grant,
  isNamed,
  listAccess,
  type Named,
  NO_GRANTS,
  nameOfRole,
  packAccess,
  packAll,
  type RoleNames,
  rolesAmong,
  sortGrants,
} from '../access/grants.ts'
import type { UserState } from '../live/survey.ts'
import type { HoldBack } from './hold-back.ts'
import type { Held, Holders, Operation, Plan, Source, UserPlan, Why } from './plan.ts'

/** Details of an operation, for display. */
type Notes = Pick<Operation, 'expires' | 'reason' | 'why'>

export interface DiffOptions {
  readonly tenant: string
  readonly source: Source
  readonly users: readonly UserState[]
  /**
   * `never`: only grant; `managed`: revoke live grants that are managed and no longer desired; `all`: revoke every
   * live grant of a listed user that is not desired, on the APIs and among the roles that the manifest names.
   */
  readonly revoke: 'never' | 'managed' | 'all'
  readonly named: Named
  /** The roles that were read, by id; empty if no role is named. */
  readonly roleNames: RoleNames
  readonly holdBack: HoldBack
}

export function diff({ tenant, source, users, revoke, named, roleNames, holdBack }: DiffOptions): Plan {
  const isOurs: Record<DiffOptions['revoke'], IsOurs> = {
    never: () => false,
    managed: ({ managed }, grant) => managed.has(grant),
    all: ({ listed }, grant) => listed && isNamed(grant, named),
  }
  const sorted = users.toSorted((a, b) => compareText(a.id, b.id))
  const planned = sorted.map(user => {
    const { surplus, heldBack } = surplusOf(user, { isOurs: isOurs[revoke], holdBack })
    const held = [...heldBack].map(([grant, entry]) => ({ user: user.id, ...accessOf(grant, roleNames), entry }))
    return { plan: planUser(user, { surplus, roleNames }), heldBack: held }
  })
  const plans = planned.map(({ plan }) => plan).filter(({ grant, revoke }) => grant.length + revoke.length > 0)
  return {
    format: 2,
    tenant,
    source,
    users: plans,
    heldBack: planned.flatMap(({ heldBack }) => heldBack),
    found: sorted.flatMap(user => foundOf(user, roleNames)),
    holders: countHolders(plans, { users, roleNames }),
  }
}

interface Surplus {
  readonly surplus: readonly Grant[]
  /** The entries that may still ask for a grant, by grant. */
  readonly heldBack: ReadonlyMap<Grant, string>
}

/** The live grants that are not desired and are ours to revoke, now or later. */
function surplusOf(
  user: UserState,
  { isOurs, holdBack }: { readonly isOurs: IsOurs; readonly holdBack: HoldBack },
): Surplus {
  const live = user.live?.direct ?? NO_GRANTS
  const ours = sortGrants([...live].filter(grant => !user.desired.has(grant) && isOurs(user, grant)))
  const heldBack = new Map<Grant, string>()
  for (const grant of ours) {
    const entry = holdBack(user.id, grant)
    if (entry !== undefined) heldBack.set(grant, entry)
  }
  return { surplus: ours.filter(grant => !heldBack.has(grant)), heldBack }
}

/** Desired grants that the tenant already has but that are not managed: applying the plan makes them managed. */
function foundOf({ id, listed, desired, managed, live }: UserState, names: RoleNames): readonly Held[] {
  if (!listed || live === undefined) return []
  const found = [...live.direct].filter(grant => desired.has(grant) && !managed.has(grant))
  return listAccess(found, names).map(access => ({ user: id, ...access }))
}

/** Whether a live grant that is not desired is ours to revoke. */
type IsOurs = (user: UserState, grant: Grant) => boolean

interface Changes {
  readonly surplus: readonly Grant[]
  readonly roleNames: RoleNames
}

function planUser(user: UserState, { surplus, roleNames }: Changes): UserPlan {
  const { id, desired, live } = user
  const wanted = new Set(desired.keys())
  const terms = new Map<Grant, Notes>([
    ...desired,
    ...surplus.map(grant => [grant, { why: whyOf(user, grant) }] as const),
  ])
  const revokedRoles = rolesAmong(surplus)
  const operations = (grants: Iterable<Grant>): readonly Operation[] =>
    sortGrants(grants).map(grant => {
      const giving = (live?.derived.get(grant) ?? []).filter(({ role }) => !revokedRoles.has(role))
      const roles = giving.map(nameOfRole)
      return { ...accessOf(grant, roleNames), roles, ...notesOf(terms.get(grant)) }
    })
  if (live === undefined) return { user: id, grant: operations(wanted), revoke: [] }
  return {
    user: id,
    grant: operations(wanted.difference(live.direct)),
    revoke: operations(surplus),
    before: listAccess(live.direct, roleNames),
  }
}

function whyOf({ listed, managed, expired }: UserState, grant: Grant): Why {
  if (!listed) return 'user removed'
  if (expired?.has(grant)) return 'expired'
  return managed.has(grant) ? 'line removed' : 'not listed'
}

function notesOf({ expires, reason, why }: Notes = {}): Notes {
  return { ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }), ...(why && { why }) }
}

interface HolderOptions {
  readonly users: readonly UserState[]
  readonly roleNames: RoleNames
}

function countHolders(plans: readonly UserPlan[], { users, roleNames }: HolderOptions): readonly Holders[] {
  const holders = new Map<Grant, { before: number; after: number }>()
  const count = (operations: readonly Operation[], by: 1 | -1) => {
    for (const grant of operations.map(packAccess)) {
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
  return [...holders]
    .sort(([a], [b]) => compareText(a, b))
    .map(([grant, counts]) => ({ ...accessOf(grant, roleNames), ...counts }))
}

/** Live grants of listed users that are not desired, and that the plan neither revokes nor holds back. */
export function unmanagedOf(
  plan: Pick<Plan, 'users' | 'heldBack'>,
  { users, roleNames }: HolderOptions,
): readonly Held[] {
  const revoked = new Map(plan.users.map(({ user, revoke }) => [user, packAll(revoke)]))
  const heldBack = new Map(
    [...Map.groupBy(plan.heldBack, ({ user }) => user)].map(([user, all]) => [user, packAll(all)]),
  )
  return users.flatMap(({ id, listed, desired, live }) => {
    if (!listed || live === undefined) return []
    const unmanaged = [...live.direct].filter(
      grant => !desired.has(grant) && !revoked.get(id)?.has(grant) && !heldBack.get(id)?.has(grant),
    )
    return listAccess(unmanaged, roleNames).map(access => ({ user: id, ...access }))
  })
}
