// What this run may do: by the token's scopes, by the event that started it, and by the APIs that the tenant has.

import { partsOf } from '../access/grants.ts'
import { TenantError } from '../errors.ts'
import { checkNames } from '../manifest/check.ts'
import { locateRemarks } from '../manifest/locate.ts'
import { checkPlanNames, checkScopes, NEEDED_SCOPES, warnOfApis } from '../plan/guard.ts'
import type { Exists } from '../plan/plan.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { Apis, Tenant } from '../tenant/tenant.ts'
import { type Context, refuse, type Task, warn } from './context.ts'
import type { Memory } from './recall.ts'

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

/** Checks the names that this run grants, and finds out which of those that it may revoke still exist. */
export async function checkApis(context: Context, memory: Memory): Promise<Exists> {
  const { task, tenant, record } = context
  const granted = task.saved?.users.flatMap(({ grant }) => grant) ?? []
  const named = task.saved === undefined ? task.files.manifest.apis : new Set(granted.map(({ api }) => api))
  const asked = named.union(revocableApis(context, memory))
  const apis = await tenant.apis([...asked])
  const { aliases } = task.files.manifest
  record.apis = [...apis.values()].map(({ identifier, tokenLifetime }) => ({
    identifier,
    alias: aliases.get(identifier),
    tokenLifetime,
  }))
  if (task.saved === undefined) await checkManifestNames(context, apis)
  // An undo plan does as much as still can be done.
  else if (task.saved.restores === undefined) refuse(record, checkPlanNames(granted, apis))
  warn(record, warnOfApis([...apis.values()].filter(({ identifier }) => named.has(identifier))))
  return ({ api, permission }) => !asked.has(api) || apis.get(api)?.permissions.has(permission) === true
}

/** APIs of which this run may revoke permissions, whether the manifest names them or not. */
function revocableApis({ inputs, task }: Context, { ledger }: Memory): ReadonlySet<string> {
  if (task.saved !== undefined) return new Set(task.saved.users.flatMap(({ revoke }) => revoke.map(({ api }) => api)))
  if (inputs.revoke !== 'managed') return new Set()
  return new Set([...ledger.users.values()].flatMap(({ managed }) => [...managed].map(grant => partsOf(grant).api)))
}

async function checkManifestNames({ task, tenant, record }: Context, apis: Apis): Promise<void> {
  const { documents, manifest } = task.files
  const others = manifest.apis.isSubsetOf(new Set(apis.keys())) ? [] : await listIdentifiers(tenant)
  const catalogue = new Map([
    ...others.map((identifier): [string, ReadonlySet<string>] => [identifier, new Set()]),
    ...[...apis].map(([identifier, { permissions }]): [string, ReadonlySet<string>] => [identifier, permissions]),
  ])
  const unknown = locateRemarks(documents, checkNames(documents, catalogue))
  if (unknown.length > 0) record.stopped = 'refused'
  record.errors.push(...unknown)
}

/** For a suggestion only: the run is refused, whether the APIs can be listed or not. */
async function listIdentifiers(tenant: Tenant): Promise<readonly string[]> {
  try {
    return await tenant.identifiers()
  } catch (error) {
    if (error instanceof TenantError) return []
    throw error
  }
}
