// What the token's scopes allow this run to do.

import { rolesAmong } from '../access/grants.ts'
import { checkScopes, neededScopes, type RoleUse } from '../plan/guard.ts'
import { rolesOf, type Step } from '../plan/plan.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { Task } from './context.ts'
import type { RecalledContext } from './recall.ts'

export interface AccessCheck {
  readonly readApis: boolean
  /** False if no role is named, because roles are not read then. */
  readonly readRoles: boolean
  /** The token can write but not read, and the run only grants: it assigns desired grants without reading live ones. */
  readonly assignOnly: boolean
  /** Whether the token can read enough for a plan. */
  readonly mayPlan: boolean
  readonly refused: boolean
}

export async function checkAccess(context: RecalledContext): Promise<AccessCheck> {
  const { inputs, task, session, journal } = context
  /** undefined if the token does not list its scopes */
  const scopes = await session.scopes()
  const has = (scope: string) => scopes === undefined || scopes.has(scope)
  const assignOnly = has('update:users') && !has('read:users') && canAssignOnly(inputs, task)
  const roles = roleUseOf(context, assignOnly)
  const refusals = checkScopes(scopes, neededScopes(assignOnly ? 'assign' : inputs.mode, roles))
  journal.refuse(refusals)
  const canReadRoles = has('read:roles') && (assignOnly || has('read:role_members'))
  return {
    readApis: has('read:resource_servers'),
    readRoles: roles !== undefined && has('read:roles'),
    assignOnly,
    mayPlan: (has('read:users') || assignOnly) && (roles === undefined || canReadRoles),
    refused: refusals.length > 0,
  }
}

function canAssignOnly({ mode, revoke }: PlanInputs, task: Task): boolean {
  if (mode !== 'apply' || revoke !== 'never' || task.saved !== undefined) return false
  return task.files.manifest.users.every(user => user.id !== undefined)
}

/** @returns undefined if the run does not need roles */
function roleUseOf({ inputs, task, memory }: RecalledContext, assignOnly: boolean): RoleUse | undefined {
  const { saved, files } = task
  if (saved !== undefined && rolesOf(saved).size > 0) {
    const names = (step: Step) => saved.users.some(user => user[step].some(({ role }) => role !== undefined))
    return { assigns: names('grant'), removes: names('revoke') }
  }
  const { roles, users } = files.manifest
  // A run that reads no users does not need their managed grants.
  const isManaged = !assignOnly && [...memory.ledger.users.values()].some(({ managed }) => rolesAmong(managed).size > 0)
  if (roles.size === 0 && !isManaged) return undefined
  if (saved !== undefined) return { assigns: false, removes: false }
  const assigns = users.some(({ grants }) => rolesAmong(grants.keys()).size > 0)
  return { assigns, removes: inputs.revoke === 'managed' || (inputs.revoke === 'all' && roles.size > 0) }
}
