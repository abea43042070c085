// What may not happen, as checks over data: each gives the refusals that it finds, and the run shows all of them
// together before anything is written. Pure.

import { compareText, type Permission } from './grants.ts'
import { countOperations, type Plan } from './plan.ts'

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

export interface WorkflowEvent {
  /** Such as `push` or `pull_request`; empty outside a workflow. */
  readonly name: string
  /** Such as `refs/heads/main`; empty outside a workflow. */
  readonly ref: string
  readonly defaultBranch: string | undefined
}

/** An unmerged manifest is never applied. */
export function checkEvent({ name, ref }: WorkflowEvent): readonly Refusal[] {
  if (!name.startsWith('pull_request') && !ref.startsWith('refs/pull/')) return []
  return [
    `Mode apply is refused on the event ${name}: a manifest that is not merged is never applied. Use mode: plan here, and apply on pushes to the default branch.`,
  ]
}

export function warnOfRef({ ref, defaultBranch }: WorkflowEvent): readonly Warning[] {
  if (ref === '' || defaultBranch === undefined || ref === `refs/heads/${defaultBranch}`) return []
  return [`This run applies the manifest of ${ref}, which is not the default branch ${defaultBranch}.`]
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

export function checkRevocations(plan: Plan, maxRevocations: number): readonly Refusal[] {
  const { revocations } = countOperations(plan.users)
  if (revocations <= maxRevocations) return []
  return [
    `The plan revokes ${revocations} grants, more than the ${maxRevocations} that max-revocations allows. If that is meant, set max-revocations to ${revocations} for this run.`,
  ]
}

/** What a person approved is done, or nothing. @param approved undefined where nobody asked for approval */
export function checkApproval(plan: Plan, digest: string, approved: string | undefined): readonly Refusal[] {
  if (approved === undefined || approved === digest || plan.users.length === 0) return []
  return [
    `The plan is not the one that was approved: its digest is ${digest}, and approved-plan is ${approved}. Either the manifest or the tenant has changed since; look at this plan, and approve it if it is right.`,
  ]
}

/** A saved plan has no line to point at, so all that is wrong with its names is told as refusals. */
export function checkPlanNames(
  granted: readonly Permission[],
  apis: ReadonlyMap<string, { readonly permissions: ReadonlySet<string> }>,
): readonly Refusal[] {
  const refusals = granted.map(({ api, permission }) => {
    const known = apis.get(api)?.permissions
    if (known === undefined) return `The tenant has no API ${api}, which the plan names.`
    return known.has(permission) ? '' : `The API ${api} has no permission ${permission}, which the plan names.`
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
