// Which roles of the tenant this run is about: what the manifest and a saved plan call them, and what the ledger has.

import { type Role, type RoleNames, rolesAmong } from '../access/grants.ts'
import { displayNames, indexRoles } from '../access/roles.ts'
import { checkRoles as checkManifestRoles, locateRemarks, resolveRoles } from '../manifest/manifest.ts'
import { checkPlanRoles, type Refusal } from '../plan/guard.ts'
import { nameRoles, type Plan, rolesOf } from '../plan/plan.ts'
import type { Context, Task } from './context.ts'
import type { Memory } from './recall.ts'

export interface CheckRolesOptions {
  readonly context: Context
  readonly memory: Pick<Memory, 'ledger'>
}

export interface RoleCheck {
  /** The manifest has the ids of roles instead of their names, and a saved plan the names of today. */
  readonly task: Task
  /** The roles that this run is about, as far as they exist. */
  readonly names: RoleNames
  /** Whether the tenant still has a role. */
  readonly exists: (role: Role) => boolean
  readonly refused: boolean
}

/** Nothing is asked about roles if none is named. */
export function withoutRoles({ task }: Pick<Context, 'task'>): RoleCheck {
  return { task, names: new Map(), exists: () => true, refused: false }
}

export async function checkRoles({ context, memory }: CheckRolesOptions): Promise<RoleCheck> {
  const { task, tenant, journal } = context
  const { documents, manifest } = task.files
  const roles = indexRoles(await tenant.roles())
  const names = displayNames(roles)
  const saved = task.saved && nameRoles(task.saved, names)
  const resolved = { files: { ...task.files, manifest: resolveRoles(manifest, roles) }, saved }
  const problems =
    saved === undefined
      ? locateRemarks(documents, checkManifestRoles(documents, roles))
      : checkSavedRoles(saved, roles.names)
  journal.refuse(problems)
  const concerned = rolesConcerned(resolved, memory)
  return {
    task: resolved,
    names: new Map([...names].filter(([role]) => concerned.has(role))),
    exists: ({ role }) => roles.names.has(role),
    refused: problems.length > 0,
  }
}

/** An undo plan does as much as still can be done. */
function checkSavedRoles({ users, restores }: Plan, names: RoleNames): readonly Refusal[] {
  if (restores !== undefined) return []
  return checkPlanRoles(
    users.flatMap(({ grant }) => grant.filter(access => access.role !== undefined)),
    names,
  )
}

/** Ids. Whatever is managed of anybody is read of everybody, so that a plan does not depend on whom it is for. */
function rolesConcerned({ files, saved }: Task, { ledger }: Pick<Memory, 'ledger'>): ReadonlySet<string> {
  const managed = [...ledger.users.values()].flatMap(user => [...rolesAmong(user.managed)])
  return new Set([...files.manifest.roles, ...managed, ...(saved === undefined ? [] : rolesOf(saved))])
}
