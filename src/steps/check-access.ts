// What this run may do: by the token's scopes, by the event that started it, and by the APIs that the tenant has.

import type { PlanInputs } from '../inputs.ts'
import { checkNames } from '../manifest/check.ts'
import { locateRemarks } from '../manifest/locate.ts'
import { checkPlanNames, checkScopes, NEEDED_SCOPES, warnOfApis } from '../plan/guard.ts'
import { type Context, refuse, type Task, warn } from './context.ts'

export interface Access {
  readonly readApis: boolean
  readonly readUsers: boolean
  /** The token may write and not read, and the run only grants: it assigns what is desired, whatever is there. */
  readonly assignOnly: boolean
}

/** @param scopes undefined where the token does not tell */
export function checkAccess({ inputs, task, record }: Context, scopes: ReadonlySet<string> | undefined): Access {
  const has = (scope: string) => scopes === undefined || scopes.has(scope)
  const assignOnly = has('update:users') && !has('read:users') && canAssignOnly(inputs, task)
  refuse(record, checkScopes(scopes, NEEDED_SCOPES[assignOnly ? 'assign' : inputs.mode]))
  return { readApis: has('read:resource_servers'), readUsers: has('read:users'), assignOnly }
}

function canAssignOnly({ mode, revoke }: PlanInputs, task: Task): boolean {
  if (mode !== 'apply' || revoke !== 'never' || task.saved !== undefined) return false
  return task.files.manifest.users.every(user => user.id !== undefined)
}

export async function checkApis({ task, tenant, record }: Context): Promise<void> {
  if (task.saved !== undefined) {
    const granted = task.saved.users.flatMap(({ grant }) => grant)
    const apis = await tenant.apis([...new Set(granted.map(({ api }) => api))])
    refuse(record, checkPlanNames(granted, apis))
    warn(record, warnOfApis(apis.values()))
    return
  }
  const { documents, manifest } = task.files
  const apis = await tenant.apis([...manifest.apis])
  const unknown = checkNames(documents, new Map([...apis].map(([identifier, api]) => [identifier, api.permissions])))
  if (unknown.length > 0) record.stopped = 'refused'
  record.errors.push(...locateRemarks(documents, unknown))
  warn(record, warnOfApis(apis.values()))
}
