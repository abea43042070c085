// What the steps of a run are given.

import type { Manifest } from '../manifest/desired.ts'
import type { Document } from '../manifest/document.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunFolder } from '../report/files.ts'
import type { Heartbeat } from '../report/heartbeat.ts'
import type { Journal } from '../report/journal.ts'
import type { Inputs, PlanInputs, TenantInputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { Tenant } from '../tenant/tenant.ts'
import type { Session } from '../tenant/token.ts'

/** What there is before the tenant is connected. */
export interface RunContext<I extends Inputs = Inputs> {
  readonly inputs: I
  readonly workflow: Workflow
  readonly journal: Journal
  readonly folder: RunFolder
  /** Its reason is a NotSentError. */
  readonly cancelled: AbortSignal
}

export interface TenantContext<I extends TenantInputs> extends RunContext<I> {
  readonly tenant: Tenant
  readonly session: Session
  readonly heartbeat: Heartbeat
}

export interface Context extends TenantContext<PlanInputs> {
  readonly task: Task
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

/** Whom a task is about: ids, or addresses of which the id is not known. */
export function usersOf({ saved, files }: Task): readonly string[] {
  return saved?.users.map(({ user }) => user) ?? files.manifest.users.map(({ id, email }) => id ?? email)
}
