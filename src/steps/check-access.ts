// What this run may do: by the token's scopes, by the event that started it, and by the APIs that the tenant has.

import { partsOf } from '../access/grants.ts'
import { TenantError } from '../errors.ts'
import { checkNames } from '../manifest/check.ts'
import { locateRemarks } from '../manifest/locate.ts'
import { checkPlanNames, checkScopes, NEEDED_SCOPES, type Refusal, warnOfApis } from '../plan/guard.ts'
import type { Exists, Plan } from '../plan/plan.ts'
import type { Finding } from '../report/record.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { Apis, Tenant } from '../tenant/tenant.ts'
import type { Context, Task } from './context.ts'
import type { Memory } from './recall.ts'

export interface Access {
  readonly readApis: boolean
  readonly readUsers: boolean
  /** The token may write and not read, and the run only grants: it assigns what is desired, whatever is there. */
  readonly assignOnly: boolean
  readonly refused: boolean
}

export async function checkAccess({ inputs, task, session, journal }: Context): Promise<Access> {
  /** undefined if the token does not say */
  const scopes = await session.scopes()
  const has = (scope: string) => scopes === undefined || scopes.has(scope)
  const assignOnly = has('update:users') && !has('read:users') && canAssignOnly(inputs, task)
  const refusals = checkScopes(scopes, NEEDED_SCOPES[assignOnly ? 'assign' : inputs.mode])
  journal.refuse(refusals)
  return {
    readApis: has('read:resource_servers'),
    readUsers: has('read:users'),
    assignOnly,
    refused: refusals.length > 0,
  }
}

function canAssignOnly({ mode, revoke }: PlanInputs, task: Task): boolean {
  if (mode !== 'apply' || revoke !== 'never' || task.saved !== undefined) return false
  return task.files.manifest.users.every(user => user.id !== undefined)
}

export interface CheckApisOptions {
  readonly context: Context
  readonly memory: Pick<Memory, 'ledger'>
}

export interface ApiCheck {
  /** Whether the tenant still has a permission. */
  readonly exists: Exists
  readonly refused: boolean
}

/** Without a token that may read them, all names are taken to exist. */
export const UNCHECKED_APIS: ApiCheck = { exists: () => true, refused: false }

/** Checks the names that this run grants, and finds out which of those that it may revoke still exist. */
export async function checkApis({ context, memory }: CheckApisOptions): Promise<ApiCheck> {
  const { task, tenant, journal } = context
  const granted = task.saved?.users.flatMap(({ grant }) => grant) ?? []
  const named = task.saved === undefined ? task.files.manifest.apis : new Set(granted.map(({ api }) => api))
  const asked = named.union(revocableApis(context, memory))
  const apis = await tenant.apis([...asked])
  const { aliases } = task.files.manifest
  journal.noteApis(
    [...apis.values()].map(({ identifier, tokenLifetime }) => ({
      identifier,
      alias: aliases.get(identifier),
      tokenLifetime,
    })),
  )
  const refusals =
    task.saved === undefined ? await checkManifestNames(context, apis) : checkSavedNames(task.saved, apis)
  journal.refuse(refusals)
  journal.warn(warnOfApis([...apis.values()].filter(({ identifier }) => named.has(identifier))))
  return {
    exists: ({ api, permission }) => !asked.has(api) || apis.get(api)?.permissions.has(permission) === true,
    refused: refusals.length > 0,
  }
}

/** An undo plan does as much as still can be done. */
function checkSavedNames({ users, restores }: Plan, apis: Apis): readonly Refusal[] {
  if (restores !== undefined) return []
  return checkPlanNames(
    users.flatMap(({ grant }) => grant),
    apis,
  )
}

/** APIs of which this run may revoke permissions, whether the manifest names them or not. */
function revocableApis({ inputs, task }: Context, { ledger }: Pick<Memory, 'ledger'>): ReadonlySet<string> {
  if (task.saved !== undefined) return new Set(task.saved.users.flatMap(({ revoke }) => revoke.map(({ api }) => api)))
  if (inputs.revoke !== 'managed') return new Set()
  return new Set([...ledger.users.values()].flatMap(({ managed }) => [...managed].map(grant => partsOf(grant).api)))
}

async function checkManifestNames({ task, tenant }: Context, apis: Apis): Promise<readonly Finding[]> {
  const { documents, manifest } = task.files
  const others = manifest.apis.isSubsetOf(new Set(apis.keys())) ? [] : await listIdentifiers(tenant)
  const catalogue = new Map([
    ...others.map((identifier): [string, ReadonlySet<string>] => [identifier, new Set()]),
    ...[...apis].map(([identifier, { permissions }]): [string, ReadonlySet<string>] => [identifier, permissions]),
  ])
  return locateRemarks(documents, checkNames(documents, catalogue))
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
