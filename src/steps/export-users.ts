// Writes a manifest with the users' direct grants. If a user cannot be read, no manifest is written, because nobody would
// notice that the user is missing from it.

import { accessSync, constants, lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { NO_GRANTS, type RoleNames, rolesAmong } from '../access/grants.ts'
import { ActionError, errorOf, InputError, TenantError } from '../errors.ts'
import { type Subject, survey } from '../live/survey.ts'
import { type ExportedUser, exportManifest } from '../manifest/manifest.ts'
import { checkScopes, neededScopes, ROLE_SCOPES } from '../plan/guard.ts'
import { FOREIGN_WORKSPACE, pathInWorkspace } from '../runner/glob.ts'
import type { ExportInputs } from '../runner/inputs.ts'
import { isWithin } from '../runner/paths.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { TenantContext } from './context.ts'

export async function exportUsers(context: TenantContext<ExportInputs>): Promise<void> {
  const { inputs, tenant, session, workflow, journal } = context
  const path = freePath(inputs, workflow)
  const scopes = await session.scopes()
  const refusals = checkScopes(scopes, neededScopes('export', undefined))
  journal.refuse(refusals)
  if (refusals.length > 0) return

  const found = inputs.query === undefined ? [] : await tenant.searchUsers(inputs.query)
  if (inputs.query !== undefined && found.length === 0) journal.warn([NOBODY_FOUND])
  const names = [...new Set([...inputs.users, ...found])]
  const roleNames = names.length === 0 ? undefined : await readRoleNames(context, scopes)
  const holdings = await readHoldings(context, { names, roles: new Set(roleNames?.keys()) })
  if (holdings === undefined) return

  const users = holdings.filter(({ direct }) => direct.size > 0)
  const written = exportManifest({ tenant: inputs.domain.host, users, roleNames: roleNames ?? new Map() })
  if (written.refusals !== undefined) {
    journal.refuse(written.refusals)
    return
  }
  writeNew(path, written.text)
  const grants = users.reduce((sum, { direct }) => sum + direct.size, 0)
  const roles = users.reduce((sum, { direct }) => sum + rolesAmong(direct).size, 0)
  journal.noteExport({
    users: users.length,
    exported: {
      path: relative(workflow.workspace, path).split(sep).join('/'),
      grants,
      ...(roleNames && { roles }),
      leftOut: holdings.length - users.length,
    },
  })
}

const NOBODY_FOUND = 'Input query: the search found no users. Check its fields and values.'

/** @returns undefined if the token may not read roles, which is a warning */
async function readRoleNames(
  { tenant, journal }: TenantContext<ExportInputs>,
  scopes: ReadonlySet<string> | undefined,
): Promise<RoleNames | undefined> {
  const missing = checkScopes(scopes, ROLE_SCOPES.export)
  const leaveOut = (why: string) => journal.warn([`Roles are left out of the manifest. ${why}`])
  for (const refusal of missing) leaveOut(refusal)
  if (missing.length > 0) return undefined
  try {
    return await tenant.roles()
  } catch (error) {
    // A token that does not list its scopes may lack these.
    if (!(error instanceof TenantError) || error.details.errorCode !== 'insufficient_scope') throw error
    leaveOut(error.message)
    return undefined
  }
}

/** @returns undefined unless every user could be read */
async function readHoldings(
  { tenant, width, heartbeat, journal }: TenantContext<ExportInputs>,
  { names, roles }: { readonly names: readonly string[]; readonly roles: ReadonlySet<string> },
): Promise<readonly ExportedUser[] | undefined> {
  const subjects = names.map(subjectOf)
  const surveyed = await survey(subjects, {
    reader: tenant,
    width,
    readPermissions: true,
    roles,
    managedOf: () => NO_GRANTS,
    alsoListed: () => [],
    startProgress: heartbeat.startProgress,
  })
  journal.noteUsers({ read: surveyed.states.length })
  const failures = [...surveyed.failures, ...surveyed.missing]
  journal.failUsers(failures)
  journal.warn(surveyed.warnings)
  if (failures.length > 0) {
    journal.refuse(['Not every user could be read, so no manifest was written.'])
    return undefined
  }
  return surveyed.states.map(({ id, email, live }) => ({ id, email, direct: new Set(live?.direct) }))
}

/** @throws InputError before anything is read, if the path cannot be written */
function freePath({ manifest }: ExportInputs, { workspace }: Workflow): string {
  const [pattern = ''] = manifest
  const path = resolve(workspace, pattern)
  const reject = (message: string) => new InputError([{ input: 'manifest', message: `Input manifest: ${message}` }])
  const foreign = pathInWorkspace(pattern, workspace)
  if (foreign !== undefined) throw reject(`${FOREIGN_WORKSPACE}: ${foreign}.`)
  if (/[\\/]$/.test(pattern)) throw reject(`${pattern} is a folder; mode export writes a file, so add its name.`)
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw new ActionError('it already exists, and mode export never changes a file')
    }
    const [folder, root] = [realpathSync(existingFolder(path)), realpathSync(workspace)]
    if (isWithin(path, workspace) && folder !== root && !isWithin(folder, root)) {
      throw new ActionError('a symbolic link in its path points outside the workspace')
    }
    accessSync(folder, constants.W_OK)
    return path
  } catch (error) {
    throw reject(`${pattern} cannot be written: ${errorOf(error).message}.`)
  }
}

/** The innermost existing folder of a path. */
function existingFolder(path: string): string {
  const folder = dirname(path)
  return lstatSync(folder, { throwIfNoEntry: false }) === undefined ? existingFolder(folder) : folder
}

/** @throws ActionError */
function writeNew(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { flag: 'wx' })
  } catch (cause) {
    throw new ActionError(`The manifest could not be written: ${errorOf(cause).message}.`, { cause })
  }
}

/** Auth0's ids contain a bar, and addresses do not. */
function subjectOf(name: string): Subject {
  const identity = name.includes('@') && !name.includes('|') ? { email: name, connection: undefined } : { id: name }
  return { ...identity, listed: true, grants: new Map() }
}
