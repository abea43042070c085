// Desired × managed × live → Plan. Only direct grants count as live; role-derived ones are shown, never changed. Pure.

import {
  accessOf,
  compareText,
  type Grant,
  type Grants,
  isNamed,
  listAccess,
  type Named,
  NO_GRANTS,
  nameOfRole,
  packAccess,
  type RoleNames,
  rolesAmong,
  sortGrants,
} from '../access/grants.ts'
import type { UserState } from '../live/survey.ts'
import type { Revoke } from '../runner/inputs.ts'
import type { HoldBack } from './hold-back.ts'
import type { Held, Holders, Operation, Plan, Source, UserPlan, Why } from './plan.ts'

/** Details of an operation, for display. */
type Notes = Pick<Operation, 'expires' | 'reason' | 'why'>

/** What is ours to revoke, if it is not desired. */
interface Ours {
  /**
   * `never`: nothing; `managed`: what is managed; `all`: every live grant of a listed user, on the APIs and among the
   * roles that the manifest names.
   */
  readonly revoke: Revoke
  readonly named: Named
}

export interface DiffOptions extends Ours {
  readonly tenant: string
  readonly source: Source
  readonly users: readonly UserState[]
  /** The roles that were read, by id; empty if no role is named. */
  readonly roleNames: RoleNames
  readonly holdBack: HoldBack
}

export function diff({ tenant, source, users, revoke, named, roleNames, holdBack }: DiffOptions): Plan {
  const isOurs = ownership({ revoke, named })
  const sorted = users.toSorted((a, b) => compareText(a.id, b.id))
  const planned = sorted.map(user => {
    const { surplus, heldBack } = surplusOf(user, { isOurs, holdBack })
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

function ownership({ revoke, named }: Ours): IsOurs {
  switch (revoke) {
    case 'never':
      return () => false
    case 'managed':
      return ({ managed }, grant) => managed.has(grant)
    case 'all':
      return ({ listed }, grant) => listed && isNamed(grant, named)
  }
}

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

interface Reading {
  readonly users: readonly UserState[]
  readonly roleNames: RoleNames
}

/** Empty if the run assigns without reading. */
function countHolders(plans: readonly UserPlan[], { users, roleNames }: Reading): readonly Holders[] {
  const listed = new Map<string, Grants>()
  for (const user of users) {
    if (user.live === undefined) return []
    if (user.listed) listed.set(user.id, user.live.direct)
  }
  const changes = plans.filter(({ user }) => listed.has(user))
  const gained = countGrants(changes.flatMap(({ grant }) => grant.map(packAccess)))
  const lost = countGrants(changes.flatMap(({ revoke }) => revoke.map(packAccess)))
  const touched = new Set([...gained.keys(), ...lost.keys()])
  const held = countGrants([...listed.values()].flatMap(direct => [...touched.intersection(direct)]))
  return sortGrants(touched).map(grant => {
    const before = held.get(grant) ?? 0
    const after = before + (gained.get(grant) ?? 0) - (lost.get(grant) ?? 0)
    return { ...accessOf(grant, roleNames), before, after }
  })
}

function countGrants(grants: readonly Grant[]): ReadonlyMap<Grant, number> {
  const counts = new Map<Grant, number>()
  for (const grant of grants) counts.set(grant, (counts.get(grant) ?? 0) + 1)
  return counts
}

/** Live grants of listed users that are neither desired nor ours to revoke. */
export function unmanagedOf(
  users: readonly UserState[],
  { roleNames, ...ours }: Ours & Pick<Reading, 'roleNames'>,
): readonly Held[] {
  const isOurs = ownership(ours)
  return users.flatMap(user => {
    const { id, listed, desired, live } = user
    if (!listed || live === undefined) return []
    const unmanaged = [...live.direct].filter(grant => !desired.has(grant) && !isOurs(user, grant))
    return listAccess(unmanaged, roleNames).map(access => ({ user: id, ...access }))
  })
}
