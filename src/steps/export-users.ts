// Writes the manifest that describes what users hold today: of all users who hold something, or of nobody, because a
// manifest that leaves one of them out would be taken for the whole.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { InputError } from '../errors.ts'
import { exportManifest } from '../export.ts'
import type { ExportInputs } from '../inputs.ts'
import { NO_GRANTS } from '../plan/grants.ts'
import { checkScopes, NEEDED_SCOPES } from '../plan/guard.ts'
import type { RunRecord } from '../report/record.ts'
import { logProgress } from '../report/report.ts'
import { type Subject, survey } from '../survey.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { Session } from '../tenant/token.ts'
import type { Workflow } from '../workflow.ts'
import { refuse, warn } from './context.ts'

export interface ExportOptions {
  readonly inputs: ExportInputs
  readonly tenant: Tenant
  readonly session: Session
  readonly workflow: Workflow
  readonly record: RunRecord
}

export async function exportUsers({ inputs, tenant, session, workflow, record }: ExportOptions): Promise<void> {
  const path = freePath(inputs, workflow)
  refuse(record, checkScopes(await session.scopes(), NEEDED_SCOPES.export))
  if (record.stopped !== undefined) return

  const found = inputs.query === undefined ? [] : await tenant.searchUsers(inputs.query)
  if (inputs.query !== undefined && found.length === 0) warn(record, [NOBODY_FOUND])
  const subjects = [...new Set([...inputs.users, ...found])].map(subjectOf)
  const progress = logProgress('Reading users', subjects.length, record.traffic)
  const surveyed = await survey(subjects, tenant, {
    width: MOST_IN_FLIGHT,
    readPermissions: true,
    managedOf: () => NO_GRANTS,
    alsoListed: () => [],
    onUser: progress.step,
  }).finally(progress.end)
  record.read = surveyed.states.length
  record.failures.push(...surveyed.failures, ...surveyed.missing)
  record.warnings.push(...surveyed.warnings)
  if (record.failures.length > 0) {
    refuse(record, ['Not every user could be read, so no manifest was written.'])
    return
  }

  const states = surveyed.states.map(({ id, email, live }) => ({ id, email, direct: new Set(live?.direct) }))
  const users = states.filter(({ direct }) => direct.size > 0)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, exportManifest({ tenant: inputs.domain.host, users }), { flag: 'wx' })
  const grants = users.reduce((sum, { direct }) => sum + direct.size, 0)
  record.users = users.length
  record.exported = {
    path: relative(workflow.workspace, path).split(sep).join('/'),
    grants,
    leftOut: states.length - users.length,
  }
}

const NOBODY_FOUND = 'Input query: the search finds no users. Check its fields and values.'

/** @throws InputError before anything is read, where the path is taken */
function freePath({ manifest }: ExportInputs, { workspace }: Workflow): string {
  const [pattern = ''] = manifest
  const path = resolve(workspace, pattern)
  const reject = (message: string) => new InputError([{ input: 'manifest', message: `Input manifest: ${message}` }])
  if (existsSync(path)) throw reject(`${pattern} exists already; mode export writes a new file and changes none.`)
  return path
}

/** Auth0's ids have a bar between the connection's strategy and its own id, and an address has none. */
function subjectOf(name: string): Subject {
  const identity = name.includes('@') && !name.includes('|') ? { email: name, connection: undefined } : { id: name }
  return { ...identity, listed: true, grants: new Map() }
}
