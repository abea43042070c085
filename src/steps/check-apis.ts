// Checks that the APIs and permissions of this run exist in the tenant.

import { type Access, accessOf, isPermission, type Permission } from '../access/grants.ts'
import { TenantError } from '../errors.ts'
import { checkNames, locateRemarks } from '../manifest/manifest.ts'
import { checkPlanNames, warnOfApis } from '../plan/guard.ts'
import type { Finding } from '../report/record.ts'
import type { Apis, Tenant } from '../tenant/tenant.ts'
import type { Context } from './context.ts'
import type { RecalledContext } from './recall.ts'

export interface ApiCheck {
  /** Whether the tenant still has a permission. */
  readonly exists: (permission: Permission) => boolean
  readonly refused: boolean
}

/** If the token cannot read APIs, every permission is assumed to exist. */
export const UNCHECKED_APIS: ApiCheck = { exists: () => true, refused: false }

/** Checks the names that this run grants, and finds out which of those that it may revoke still exist. */
export async function checkApis(context: RecalledContext): Promise<ApiCheck> {
  const { task, tenant, journal } = context
  const granted = (task.saved?.users ?? []).flatMap(({ grant }) => grant.filter(isPermission))
  const named = task.saved === undefined ? task.files.manifest.apis : new Set(granted.map(({ api }) => api))
  const checked = named.union(revocableApis(context))
  const apis = await tenant.apis([...checked])
  const { aliases } = task.files.manifest
  journal.noteApis(
    [...apis.values()].map(({ identifier, tokenLifetime }) => ({
      identifier,
      alias: aliases.get(identifier),
      tokenLifetime,
    })),
  )
  const refusals = task.saved === undefined ? await checkManifestNames(context, apis) : checkPlanNames(task.saved, apis)
  journal.refuse(refusals)
  journal.warn(warnOfApis([...apis.values()].filter(({ identifier }) => named.has(identifier))))
  return {
    exists: ({ api, permission }) => !checked.has(api) || apis.get(api)?.permissions.has(permission) === true,
    refused: refusals.length > 0,
  }
}

/** APIs whose permissions this run may revoke, whether or not the manifest names them. */
function revocableApis({ inputs, task, memory }: RecalledContext): ReadonlySet<string> {
  const { saved } = task
  if (saved !== undefined) return apisOf(saved.users.flatMap(({ revoke }) => revoke))
  if (inputs.revoke !== 'managed') return new Set()
  return new Set(
    [...memory.ledger.users.values()].flatMap(({ managed }) => [...apisOf([...managed].map(grant => accessOf(grant)))]),
  )
}

function apisOf(accesses: readonly Access[]): ReadonlySet<string> {
  return new Set(accesses.filter(isPermission).map(({ api }) => api))
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

/** Only for suggestions: the run is refused even if the APIs cannot be listed. */
async function listIdentifiers(tenant: Tenant): Promise<readonly string[]> {
  try {
    return await tenant.identifiers()
  } catch (error) {
    if (error instanceof TenantError) return []
    throw error
  }
}
