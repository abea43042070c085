// What may not happen, as checks over data: each gives the refusals that it finds, and the run shows all of them
// together before anything is written. Pure.

import { compareText, type Grant, grantOf, type Permission, partsOf } from '../access/grants.ts'
import type { UserState } from '../live/user-state.ts'
import type { RevocationLimit } from '../runner/inputs.ts'
import type { WorkflowEvent } from '../runner/workflow.ts'
import type { HoldBack } from './hold-back.ts'
import { countOperations, type Obsolete, type Plan } from './plan.ts'

/** Why nothing may be written, and what to change. */
export type Refusal = string

/** What a person should look at, though it stops nothing. */
export type Warning = string

/** Auth0's limit of direct permissions a user. */
export const MAX_DIRECT_PERMISSIONS = 1000

/** The Management API's scopes that a mode cannot do without. */
export const NEEDED_SCOPES = {
  plan: ['read:users', 'read:resource_servers'],
  apply: ['read:users', 'read:resource_servers', 'update:users'],
  /** `apply` with `revoke: never` and a token that may not read users. */
  assign: ['update:users'],
  export: ['read:users'],
} as const

/** An unmerged manifest is never applied. */
export function checkEvent({ name, ref }: WorkflowEvent): readonly Refusal[] {
  if (!/^(pull_request|merge_group)/.test(name) && !/^refs\/(pull|heads\/gh-readonly-queue)\//.test(ref)) return []
  return [
    `Mode apply is refused on the event ${name}: it is for a pull request or a merge queue, even once that is merged, and only a merged manifest is applied. Use mode: plan here, and apply with "on: push" to the default branch, because merging is a push.`,
  ]
}

/** @param scopes undefined where the token does not tell; Auth0 will then refuse what is not allowed */
export function checkScopes(scopes: ReadonlySet<string> | undefined, needed: readonly string[]): readonly Refusal[] {
  const missing = scopes === undefined ? [] : needed.filter(scope => !scopes.has(scope))
  if (missing.length === 0) return []
  return [
    `The token lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${missing.join(', ')}. In Auth0, authorize the application for ${missing.length === 1 ? 'it' : 'them'} under Applications → APIs → Auth0 Management API.`,
  ]
}

export function checkLimit(plan: Plan): readonly Refusal[] {
  return plan.users.flatMap(({ user, before, grant, revoke }) => {
    const after = (before?.length ?? 0) + grant.length - revoke.length
    if (after <= MAX_DIRECT_PERMISSIONS || grant.length === 0) return []
    return [
      `${user} would have ${after} direct permissions; Auth0 allows ${MAX_DIRECT_PERMISSIONS}. Give some of them through a role.`,
    ]
  })
}

export interface RevocationOptions {
  readonly limit: RevocationLimit
  /** How many grants the users who were read have. */
  readonly live: number
}

export function checkRevocations(plan: Plan, { limit, live }: RevocationOptions): readonly Refusal[] {
  const { count = 0, percent } = limit
  const { revocations } = countOperations(plan.users)
  const most = percent === undefined ? count : Math.max(count, 1, Math.floor((live * percent) / 100))
  if (revocations <= most) return []
  const share = `${percent}% of ${live} live grants`
  const larger = limit.count === undefined ? share : `the larger of ${count} and ${share}`
  return [
    `The plan revokes ${revocations} grants, more than the ${most} that max-revocations allows${percent === undefined ? '' : ` (${larger})`}. If intended, raise max-revocations to ${revocations} for this run.`,
  ]
}

export function warnOfHeldBack({ heldBack }: Plan): readonly Warning[] {
  if (heldBack.length === 0) return []
  const entries = new Set(heldBack.map(({ entry }) => entry))
  return [
    `${heldBack.length === 1 ? '1 revocation is' : `${heldBack.length} revocations are`} held back, because ${shortList(entries)} cannot be identified and may still ask for the same. Correct the entry; a later run does the rest.`,
  ]
}

function shortList(names: Iterable<string>): string {
  const [first, second, third, ...others] = names
  const shown = [first, second, third].filter(name => name !== undefined).join(', ')
  return others.length === 0 ? shown : `${shown} and ${others.length} more`
}

/** A sentence for each permission that is left out of a plan. */
export function describeObsolete(obsolete: readonly Obsolete[], kind: Obsolete['kind']): readonly Warning[] {
  const users = new Map<Grant, string[]>()
  for (const { api, permission, user } of obsolete.filter(each => each.kind === kind)) {
    const grant = grantOf(api, permission)
    users.set(grant, [...(users.get(grant) ?? []), user])
  }
  return [...users].map(([grant, holders]) => {
    const { api, permission } = partsOf(grant)
    const what = `${permission} on ${api} no longer exists in the tenant`
    return kind === 'revoke'
      ? `${what}, so it is left out of what is revoked from ${shortList(holders)}. If it is added to the API again, the next run revokes it.`
      : `${what}, so it is not granted back to ${shortList(holders)}. If it is needed, add it to the API and list it in the manifest.`
  })
}

/** What a person approved is done, or nothing. @param approved undefined where nobody asked for approval */
export function checkApproval(plan: Plan, digest: string, approved: string | undefined): readonly Refusal[] {
  if (approved === undefined || approved === digest || plan.users.length === 0) return []
  return [
    `The plan is not the one that was approved: its digest is ${digest}, and approved-plan is ${approved}. Either the manifest or the tenant has changed since; look at this plan, and approve it if it is right.`,
  ]
}

/** Whatever the plan says, `revoke: never` only grants. */
export function checkNever(plan: Plan, revoke: 'never' | 'managed' | 'all'): readonly Refusal[] {
  const { revocations } = countOperations(plan.users)
  if (revoke !== 'never' || revocations === 0) return []
  return [
    `The plan in plan-file revokes ${revocations} grants, and revoke: never revokes nothing. Set revoke to what the plan was made with.`,
  ]
}

export interface SavedPlanOptions {
  /** The plan's users, by id. */
  readonly states: ReadonlyMap<string, Pick<UserState, 'listed' | 'desired' | 'managed'>>
  readonly revoke: 'never' | 'managed' | 'all'
  /** Identifiers of the APIs that the manifest names. */
  readonly apis: ReadonlySet<string>
  readonly holdBack: HoldBack
}

const UNKNOWN_USER = { listed: false, desired: new Map<Grant, unknown>(), managed: new Set<Grant>() }

/** A saved plan that nobody approved can do nothing that the manifest at the run's commit does not ask for. */
export function checkSavedPlan(
  { users, restores }: Plan,
  { states, revoke, apis, holdBack }: SavedPlanOptions,
): readonly Refusal[] {
  const why = (user: string, { api, permission }: Permission, kind: 'grant' | 'revoke'): string | undefined => {
    const { listed, desired, managed } = states.get(user) ?? UNKNOWN_USER
    const grant = grantOf(api, permission)
    const what = `${permission} on ${api}`
    if (kind === 'grant') {
      return desired.has(grant) ? undefined : `grants ${what} to ${user}, which the manifest does not ask for`
    }
    if (desired.has(grant)) return `revokes ${what} from ${user}, which the manifest asks for`
    const entry = holdBack(user, grant)
    if (entry !== undefined) return `revokes ${what} from ${user}, which the entry ${entry} may ask for`
    if (revoke === 'managed' && !managed.has(grant)) return `revokes ${what} from ${user}, which is not managed`
    if (revoke === 'all' && !listed) return `revokes ${what} from ${user}, whom the manifest does not list`
    if (revoke === 'all' && !apis.has(api))
      return `revokes ${what} from ${user}, and the manifest does not name that API`
    return undefined
  }
  const reasons = users.flatMap(({ user, grant, revoke }) => [
    ...grant.map(operation => why(user, operation, 'grant')),
    ...revoke.map(operation => why(user, operation, 'revoke')),
  ])
  const undo = restores === undefined ? [] : ['is an undo plan']
  const unasked = [...undo, ...reasons.filter(reason => reason !== undefined)]
  return unasked.map(
    reason =>
      `The plan in plan-file ${reason}. Make a new plan; or, if somebody has looked at this one, set approved-plan to its digest.`,
  )
}

/** A saved plan has no line to point at, so everything that is wrong with its names is a refusal. */
export function checkPlanNames(
  granted: readonly Permission[],
  apis: ReadonlyMap<string, { readonly permissions: ReadonlySet<string> }>,
): readonly Refusal[] {
  const refusals = granted.map(({ api, permission }) => {
    const known = apis.get(api)?.permissions
    if (known === undefined) return `The tenant has no API ${api}, which the plan in plan-file names. Make a new plan.`
    return known.has(permission)
      ? ''
      : `The API ${api} has no permission ${permission}, which the plan in plan-file grants. Make a new plan.`
  })
  return [...new Set(refusals)].filter(refusal => refusal !== '')
}

/** As much of an API as decides whether its permissions have any effect. */
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
        `RBAC is off for ${identifier}: Auth0 does not look at its permissions, so users notice no difference until "Enable RBAC" is on in the API's settings.`,
      ]
    }
    if (!permissionsInToken) {
      return [
        `Access tokens for ${identifier} carry no permissions: users notice no difference in an API that reads the "permissions" claim until "Add Permissions in the Access Token" is on.`,
      ]
    }
    return []
  })
}
