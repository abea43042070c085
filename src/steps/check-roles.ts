// Finds the tenant's roles that a run involves: those that the manifest, a saved plan or the ledger contains.

import { type Role, type RoleNames, rolesAmong } from '../access/grants.ts'
import { displayNames, indexRoles } from '../access/roles.ts'
import { checkRoles as checkManifestRoles, locateRemarks, resolveRoles } from '../manifest/manifest.ts'
import { checkPlanRoles } from '../plan/guard.ts'
import { nameRoles, rolesOf } from '../plan/plan.ts'
import type { Context, Task } from './context.ts'
import type { Memory, RecalledContext } from './recall.ts'

export interface RoleCheck {
  /** With role ids instead of names in the manifest, and current role names in a saved plan. */
  readonly task: Task
  /** The roles that this run involves and that exist. */
  readonly names: RoleNames
  /** Whether the tenant still has a role. */
  readonly exists: (role: Role) => boolean
  readonly refused: boolean
}

/** For a run that names no role: roles are not read. */
export function withoutRoles({ task }: Pick<Context, 'task'>): RoleCheck {
  return { task, names: new Map(), exists: () => true, refused: false }
}

export async function checkRoles({ task, memory, tenant, journal }: RecalledContext): Promise<RoleCheck> {
  const { documents, manifest } = task.files
  const roles = indexRoles(await tenant.roles())
  const names = displayNames(roles)
  const saved = task.saved && nameRoles(task.saved, names)
  const resolved = { files: { ...task.files, manifest: resolveRoles(manifest, roles) }, saved }
  const problems =
    saved === undefined
      ? locateRemarks(documents, checkManifestRoles(documents, roles))
      : checkPlanRoles(saved, roles.names)
  journal.refuse(problems)
  const involved = rolesInvolved(resolved, memory)
  return {
    task: resolved,
    names: new Map([...names].filter(([role]) => involved.has(role))),
    exists: ({ role }) => roles.names.has(role),
    refused: problems.length > 0,
  }
}

/** Role ids. A role that is managed for one user is read for all, so that a plan does not depend on who else is in it. */
function rolesInvolved({ files, saved }: Task, { ledger }: Pick<Memory, 'ledger'>): ReadonlySet<string> {
  const managed = [...ledger.users.values()].flatMap(user => [...rolesAmong(user.managed)])
  return new Set([...files.manifest.roles, ...managed, ...(saved === undefined ? [] : rolesOf(saved))])
}
