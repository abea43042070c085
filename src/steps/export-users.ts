// Writes the manifest that describes what users hold today: of all users who hold something, or of nobody, because a
// manifest that leaves one of them out would be taken for the whole.

import { accessSync, constants, lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { NO_GRANTS } from '../access/grants.ts'
import { ActionError, errorOf, InputError } from '../errors.ts'
import { type Subject, survey } from '../live/survey.ts'
import { type ExportedUser, exportManifest } from '../manifest/export.ts'
import { isWithin } from '../manifest/load.ts'
import { checkScopes, NEEDED_SCOPES } from '../plan/guard.ts'
import { FOREIGN_WORKSPACE, pathInWorkspace } from '../runner/glob.ts'
import type { ExportInputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { TenantContext } from './context.ts'

export async function exportUsers(context: TenantContext<ExportInputs>): Promise<void> {
  const { inputs, tenant, session, workflow, journal } = context
  const path = freePath(inputs, workflow)
  const refusals = checkScopes(await session.scopes(), NEEDED_SCOPES.export)
  journal.refuse(refusals)
  if (refusals.length > 0) return

  const found = inputs.query === undefined ? [] : await tenant.searchUsers(inputs.query)
  if (inputs.query !== undefined && found.length === 0) journal.warn([NOBODY_FOUND])
  const names = [...new Set([...inputs.users, ...found])]
  const holdings = await readHoldings(context, names)
  if (holdings === undefined) return

  const users = holdings.filter(({ direct }) => direct.size > 0)
  writeNew(path, exportManifest({ tenant: inputs.domain.host, users }))
  const grants = users.reduce((sum, { direct }) => sum + direct.size, 0)
  journal.noteExport({
    users: users.length,
    exported: {
      path: relative(workflow.workspace, path).split(sep).join('/'),
      grants,
      leftOut: holdings.length - users.length,
    },
  })
}

const NOBODY_FOUND = 'Input query: the search finds no users. Check its fields and values.'

/** @returns undefined unless every user could be read */
async function readHoldings(
  { tenant, heartbeat, journal }: TenantContext<ExportInputs>,
  names: readonly string[],
): Promise<readonly ExportedUser[] | undefined> {
  const subjects = names.map(subjectOf)
  const progress = heartbeat.follow('Reading users', subjects.length)
  const surveyed = await survey(subjects, tenant, {
    width: MOST_IN_FLIGHT,
    readPermissions: true,
    managedOf: () => NO_GRANTS,
    alsoListed: () => [],
    onUser: progress.step,
  }).finally(progress.end)
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

/** @throws InputError before anything is read, if nothing can be written to the path */
function freePath({ manifest }: ExportInputs, { workspace }: Workflow): string {
  const [pattern = ''] = manifest
  const path = resolve(workspace, pattern)
  const reject = (message: string) => new InputError([{ input: 'manifest', message: `Input manifest: ${message}` }])
  const foreign = pathInWorkspace(pattern, workspace)
  if (foreign !== undefined) throw reject(`${FOREIGN_WORKSPACE}: ${foreign}.`)
  if (/[\\/]$/.test(pattern)) throw reject(`${pattern} is a folder; mode export writes a file, so add its name.`)
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw new ActionError('it exists already, and mode export changes no file')
    }
    const [folder, root] = [realpathSync(existingFolder(path)), realpathSync(workspace)]
    if (isWithin(path, workspace) && folder !== root && !isWithin(folder, root)) {
      throw new ActionError('a link leads out of the workspace')
    }
    accessSync(folder, constants.W_OK)
    return path
  } catch (error) {
    throw reject(`${pattern} cannot be written: ${errorOf(error).message}.`)
  }
}

/** The innermost folder of a path that is there. */
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

/** Auth0's ids have a bar between the connection's strategy and its own id, and an address has none. */
function subjectOf(name: string): Subject {
  const identity = name.includes('@') && !name.includes('|') ? { email: name, connection: undefined } : { id: name }
  return { ...identity, listed: true, grants: new Map() }
}
