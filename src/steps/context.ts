// What the steps of a run receive.

import type { Document, Manifest } from '../manifest/manifest.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunFolder } from '../report/files.ts'
import type { Heartbeat } from '../report/heartbeat.ts'
import type { Journal } from '../report/journal.ts'
import type { Inputs, PlanInputs, TenantInputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { Connection } from '../tenant/tenant.ts'

/** What is known before the run connects to the tenant. */
export interface RunContext<I extends Inputs = Inputs> {
  readonly inputs: I
  readonly workflow: Workflow
  readonly journal: Journal
  readonly folder: RunFolder
  /** Aborted with a NotSentError. */
  readonly cancelled: AbortSignal
}

export interface TenantContext<I extends TenantInputs>
  extends RunContext<I>,
    Pick<Connection, 'tenant' | 'session' | 'width'> {
  readonly heartbeat: Heartbeat
}

export interface Context extends TenantContext<PlanInputs> {
  readonly task: Task
}

/** What a plan is computed from: the manifest alone, or also a saved plan, which the manifest must allow. */
export interface Task {
  readonly files: ManifestFiles
  readonly saved: Plan | undefined
}

export interface ManifestFiles {
  readonly documents: readonly Document[]
  readonly manifest: Manifest
  /** The time at which `expires` was evaluated. */
  readonly at: Date
}

/** The task's users: ids, or addresses for users that the manifest lists by address. */
export function usersOf({ saved, files }: Task): readonly string[] {
  return saved?.users.map(({ user }) => user) ?? files.manifest.users.map(({ id, email }) => id ?? email)
}
