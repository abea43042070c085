// Checks that return refusals or warnings. The run reports all of them together before anything is written. Pure.

import {
  type Access,
  accessText,
  compareText,
  type Grant,
  isNamed,
  isPermission,
  KINDS,
  type Kind,
  kindOfAccess,
  type Named,
  packAccess,
  type Role,
  type RoleNames,
} from '../access/grants.ts'
import { capitalize, shortList } from '../access/quote.ts'
import type { UserState } from '../live/survey.ts'
import type { RevocationLimit, Revoke } from '../runner/inputs.ts'
import type { WorkflowEvent } from '../runner/workflow.ts'
import type { HoldBack } from './hold-back.ts'
import { countOperations, type Obsolete, type Plan, type Step, type UserPlan } from './plan.ts'

/** Why nothing may be written, and what to change. */
export type Refusal = string

/** Something to look at that does not stop the run. */
export type Warning = string

/** Auth0's limits on direct permissions and roles per user. */
export const MAX_HELD: Readonly<Record<Kind, number>> = { permission: 1000, role: 50 }

/** The Management API scopes that each mode requires. */
export const NEEDED_SCOPES = {
  plan: ['read:users', 'read:resource_servers'],
  apply: ['read:users', 'read:resource_servers', 'update:users'],
  /** `apply` with `revoke: never` and a token that may not read users. */
  assign: ['update:users'],
  export: ['read:users'],
} as const

/** The scopes that it also requires if the manifest, the ledger or a saved plan names a role. */
export const ROLE_SCOPES = {
  plan: ['read:roles', 'read:role_members'],
  apply: ['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
  assign: ['read:roles', 'create:role_members'],
  export: ['read:roles', 'read:role_members'],
} as const

/** What a run may do with roles. */
export interface RoleUse {
  readonly assigns: boolean
  readonly removes: boolean
}

/** @param roles undefined if none is named */
export function neededScopes(mode: keyof typeof NEEDED_SCOPES, roles: RoleUse | undefined): readonly string[] {
  if (roles === undefined) return NEEDED_SCOPES[mode]
  const unused = new Set([
    ...(roles.assigns ? [] : ['create:role_members']),
    ...(roles.removes ? [] : ['delete:role_members']),
  ])
  return [...NEEDED_SCOPES[mode], ...ROLE_SCOPES[mode].filter(scope => !unused.has(scope))]
}

/** An unmerged manifest is never applied. */
export function checkEvent({ name, ref }: WorkflowEvent): readonly Refusal[] {
  if (!/^(pull_request|merge_group)/.test(name) && !/^refs\/(pull|heads\/gh-readonly-queue)\//.test(ref)) return []
  return [
    `Mode apply is refused on the event ${name}, even after the merge: the run is for a pull request or a merge queue, and only a merged manifest is applied. Use mode: plan here, and mode: apply in a workflow with "on: push" for the default branch; merging triggers a push.`,
  ]
}

/** @param scopes undefined if the token does not list its scopes; Auth0 then refuses what is not allowed */
export function checkScopes(scopes: ReadonlySet<string> | undefined, needed: readonly string[]): readonly Refusal[] {
  const missing = scopes === undefined ? [] : needed.filter(scope => !scopes.has(scope))
  if (missing.length === 0) return []
  return [
    `The token lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${missing.join(', ')}. In Auth0, authorize the application for ${missing.length === 1 ? 'it' : 'them'} under Applications → APIs → Auth0 Management API.`,
  ]
}

/** By user: the number of roles that the plan does not involve; missing if unknown. */
export type OtherRoles = ReadonlyMap<string, number>

interface HeldOptions {
  readonly kind: Kind
  readonly otherRoles: OtherRoles
}

/** How many direct permissions or roles a user has, counting only those that were read. */
export function countHeld(
  { user, before = [], grant, revoke }: UserPlan,
  { kind, otherRoles }: HeldOptions,
): { readonly withGrants: number; readonly after: number; readonly granted: number } {
  const count = (accesses: readonly Access[]) => accesses.filter(access => kindOfAccess(access) === kind).length
  const granted = count(grant)
  const others = kind === 'role' ? (otherRoles.get(user) ?? 0) : 0
  const withGrants = count(before) + others + granted
  return { withGrants, after: withGrants - count(revoke), granted }
}

const LIMIT_WORDS: Readonly<Record<Kind, { readonly what: string; readonly advice: string }>> = {
  permission: { what: 'direct permissions', advice: 'Give some of them through a role.' },
  role: { what: 'roles', advice: 'Combine some of them into one role.' },
}

export function checkLimit(plan: Plan, otherRoles: OtherRoles): readonly Refusal[] {
  return plan.users.flatMap(userPlan =>
    KINDS.flatMap(kind => {
      const { after, granted } = countHeld(userPlan, { kind, otherRoles })
      if (after <= MAX_HELD[kind] || granted === 0) return []
      const { what, advice } = LIMIT_WORDS[kind]
      return [`${userPlan.user} would have ${after} ${what}; Auth0 allows ${MAX_HELD[kind]}. ${advice}`]
    }),
  )
}

export interface RevocationOptions {
  readonly limit: RevocationLimit
  /** The number of live grants of the users that were read. */
  readonly live: number
}

export function checkRevocations(plan: Plan, { limit, live }: RevocationOptions): readonly Refusal[] {
  const { count = 0, percent } = limit
  const { revocations } = countOperations(plan.users)
  const allowed = percent === undefined ? count : Math.max(count, 1, Math.floor((live * percent) / 100))
  if (revocations <= allowed) return []
  const share = `${percent}% of ${live} live grants`
  const larger = limit.count === undefined ? share : `the larger of ${count} and ${share}`
  return [
    `The number of revocations (${revocations}) exceeds the ${allowed} that max-revocations allows${percent === undefined ? '' : ` (${larger})`}. If intended, raise max-revocations to ${revocations} for this run.`,
  ]
}

export function warnOfHeldBack({ heldBack }: Plan): readonly Warning[] {
  if (heldBack.length === 0) return []
  const entries = new Set(heldBack.map(({ entry }) => entry))
  return [
    `${heldBack.length === 1 ? '1 revocation is' : `${heldBack.length} revocations are`} held back, because ${shortList(entries)} cannot be identified and may still list the same grants. Correct the manifest; a later run revokes the rest.`,
  ]
}

/** A sentence for each permission or role that is left out of a plan. */
export function describeObsolete(obsolete: readonly Obsolete[], step: Step): readonly Warning[] {
  const holders = Map.groupBy(
    obsolete.filter(each => each.step === step),
    packAccess,
  )
  return [...holders.values()].map(all => {
    const [first] = all as [Obsolete]
    const users = shortList(all.map(({ user }) => user))
    const gone = `${accessText(first)} no longer exists in the tenant, so it is not`
    // Deleting a role removes it from every user, and a new role has another id.
    if (!isPermission(first))
      return `${capitalize(gone)} ${step === 'grant' ? 'assigned again to' : 'removed from'} ${users}.`
    return step === 'revoke'
      ? `${gone} revoked from ${users}. If it is added to the API again, the next run revokes it.`
      : `${gone} granted again to ${users}. If it is needed, add it to the API and list it in the manifest.`
  })
}

export interface Approval {
  readonly digest: string
  /** undefined if the run requires no approval */
  readonly approved: string | undefined
}

/** Only the approved plan is applied. */
export function checkApproval(plan: Plan, { digest, approved }: Approval): readonly Refusal[] {
  if (approved === undefined || approved === digest || plan.users.length === 0) return []
  return [
    `The plan is not the one that was approved: its digest is ${digest}, but approved-plan is ${approved}. The manifest or the tenant has changed since; review this plan, and approve it if it is correct.`,
  ]
}

/** With `revoke: never`, a saved plan may only grant, too. */
export function checkNever(plan: Plan, revoke: Revoke): readonly Refusal[] {
  const { revocations } = countOperations(plan.users)
  if (revoke !== 'never' || revocations === 0) return []
  return [
    `The plan in plan-file contains revocations (${revocations}), but the input revoke is set to never. Set it to the value that was used to compute the plan.`,
  ]
}

export interface SavedPlanOptions {
  /** The plan's users, by id. */
  readonly states: ReadonlyMap<string, Pick<UserState, 'listed' | 'desired' | 'managed'>>
  readonly revoke: Revoke
  readonly named: Named
  readonly holdBack: HoldBack
}

const UNKNOWN_USER = { listed: false, desired: new Map<Grant, unknown>(), managed: new Set<Grant>() }

/** A saved plan that nobody approved can do nothing that the manifest at the run's commit does not ask for. */
export function checkSavedPlan(
  { users, restores }: Plan,
  { states, revoke, named, holdBack }: SavedPlanOptions,
): readonly Refusal[] {
  const whyNotGranted = (user: string, access: Access): string | undefined => {
    const { desired } = states.get(user) ?? UNKNOWN_USER
    if (desired.has(packAccess(access))) return undefined
    return `grants ${accessText(access)} to ${user}, which the manifest does not grant`
  }
  const whyNotRevoked = (user: string, access: Access): string | undefined => {
    const { listed, desired, managed } = states.get(user) ?? UNKNOWN_USER
    const grant = packAccess(access)
    const what = `revokes ${accessText(access)} from ${user}`
    if (desired.has(grant)) return `${what}, which the manifest grants`
    const entry = holdBack(user, grant)
    if (entry !== undefined) return `${what}, which the entry ${entry} may grant`
    if (revoke === 'managed' && !managed.has(grant)) return `${what}, which is not managed`
    if (revoke === 'all' && !listed) return `${what}, who is not in the manifest`
    if (revoke === 'all' && !isNamed(grant, named)) {
      return `${what}, and the manifest does not name that ${isPermission(access) ? 'API' : 'role'}`
    }
    return undefined
  }
  const reasons = users.flatMap(({ user, grant, revoke }) => [
    ...grant.map(operation => whyNotGranted(user, operation)),
    ...revoke.map(operation => whyNotRevoked(user, operation)),
  ])
  const undo = restores === undefined ? [] : ['is an undo plan']
  const problems = [...undo, ...reasons.filter(reason => reason !== undefined)]
  return problems.map(
    problem =>
      `The plan in plan-file ${problem}. Make a new plan; or review this one and set approved-plan to its digest.`,
  )
}

/** What a saved plan grants. An undo plan does what is still possible, so names that no longer exist do not stop it. */
function grantedBy({ users, restores }: Plan): readonly Access[] {
  return restores === undefined ? users.flatMap(({ grant }) => grant) : []
}

/** A saved plan has no lines to annotate, so its unknown names are refusals. */
export function checkPlanNames(
  plan: Plan,
  apis: ReadonlyMap<string, { readonly permissions: ReadonlySet<string> }>,
): readonly Refusal[] {
  const granted = grantedBy(plan).filter(isPermission)
  const refusals = granted.map(({ api, permission }) => {
    const known = apis.get(api)?.permissions
    if (known === undefined) return `The tenant has no API ${api}, which the plan in plan-file names. Make a new plan.`
    return known.has(permission)
      ? ''
      : `The API ${api} has no permission ${permission}, which the plan in plan-file grants. Make a new plan.`
  })
  return [...new Set(refusals)].filter(refusal => refusal !== '')
}

/** The same for the roles that it assigns. */
export function checkPlanRoles(plan: Plan, names: RoleNames): readonly Refusal[] {
  const unknown = grantedBy(plan).filter((access): access is Role => !isPermission(access) && !names.has(access.role))
  const shown = new Set(unknown.map(({ role, name }) => (name === undefined ? role : `${name} (${role})`)))
  return [...shown].map(role => `The tenant has no role ${role}, which the plan in plan-file assigns. Make a new plan.`)
}

/** The settings that decide whether an API's permissions have an effect. */
export interface ApiSettings {
  readonly identifier: string
  readonly rbac: boolean
  readonly permissionsInToken: boolean
}

export function warnOfApis(apis: Iterable<ApiSettings>): readonly Warning[] {
  const sorted = [...apis].sort((a, b) => compareText(a.identifier, b.identifier))
  return sorted.flatMap(({ identifier, rbac, permissionsInToken }) => {
    if (!rbac) {
      return [
        `RBAC is off for ${identifier}: Auth0 ignores its permissions, so changes have no effect until you turn on "Enable RBAC" in the API's settings.`,
      ]
    }
    if (!permissionsInToken) {
      return [
        `Access tokens for ${identifier} contain no permissions: changes have no effect in an API that reads the "permissions" claim until you turn on "Add Permissions in the Access Token" in its settings.`,
      ]
    }
    return []
  })
}
