// What every step of a run is handed, and how a step tells what it found.

import type { UserFinding } from '../live/survey.ts'
import type { Manifest } from '../manifest/desired.ts'
import type { Document } from '../manifest/document.ts'
import { locate } from '../manifest/locate.ts'
import type { Plan, UserOutcome } from '../plan/plan.ts'
import type { Finding, RunRecord, UserFailure } from '../report/record.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { Tenant } from '../tenant/tenant.ts'

export interface Context {
  readonly inputs: PlanInputs
  readonly workflow: Workflow
  readonly record: RunRecord
  readonly tenant: Tenant
  readonly task: Task
  readonly cancelled: AbortSignal
}

/** What a plan comes from: the manifest alone, or a plan that was saved earlier and that the manifest must allow. */
export interface Task {
  readonly files: ManifestFiles
  readonly saved: Plan | undefined
}

export interface ManifestFiles {
  readonly documents: readonly Document[]
  readonly manifest: Manifest
  /** The clock by which `expires` was read. */
  readonly at: Date
}

export function refuse(record: RunRecord, messages: readonly string[]): void {
  if (messages.length > 0) record.stopped = 'refused'
  record.errors.push(...messages.map(findingOf))
}

/** What goes wrong after the first write. */
export function fail(record: RunRecord, message: string): void {
  record.stopped = 'error'
  record.errors.push({ message })
}

export function warn(record: RunRecord, messages: readonly string[]): void {
  record.warnings.push(...messages.map(findingOf))
}

export function notice(record: RunRecord, messages: readonly string[]): void {
  record.notices.push(...messages.map(findingOf))
}

function findingOf(message: string): Finding {
  return { message }
}

/** Sentences about users, at the lines that list them. */
export function locateUsers(documents: readonly Document[], findings: readonly UserFinding[]): readonly UserFailure[] {
  const mentions = findings.flatMap(({ mention }) => mention ?? [])
  const places = new Map(locate(documents, mentions))
  return findings.map(({ mention, ...finding }) => {
    const place = mention && places.get(mention)
    return { ...finding, ...(place && { place }) }
  })
}

/** Of a run that ends before it has a plan: nobody was attempted. */
export function untouchedUsers(task: Task): readonly UserOutcome[] {
  const users =
    task.saved?.users.map(({ user }) => user) ?? task.files.manifest.users.map(({ id, email }) => id ?? email)
  return users.map(user => ({ user, status: 'not attempted', granted: [], revoked: [], errors: [] }))
}
