// The story of a run, top to bottom. Whatever happens on the way is told.

import { ActionError, errorOf, InputError, NotSentError } from './errors.ts'
import { newRecord, type RunRecord } from './report/record.ts'
import { logHeartbeat, logLine, publish } from './report/report.ts'
import type { Circumstances } from './report/report-file.ts'
import { prepareEnvironment } from './runner/environment.ts'
import { type Inputs, type PlanInputs, readInputs, type TenantInputs } from './runner/inputs.ts'
import { mask } from './runner/secrets.ts'
import { readWorkflow, type Workflow } from './runner/workflow.ts'
import { applyPlan, judgePlan } from './steps/apply-plan.ts'
import { checkAccess, checkApis } from './steps/check-access.ts'
import { publishComment } from './steps/comment.ts'
import { computePlan } from './steps/compute-plan.ts'
import { type Context, type Task, untouchedUsers, warn } from './steps/context.ts'
import { exportUsers } from './steps/export-users.ts'
import { readFiles } from './steps/read-files.ts'
import { readSavedPlan } from './steps/read-saved.ts'
import { recall } from './steps/recall.ts'
import type { Tenant } from './tenant/tenant.ts'
import type { Session } from './tenant/token.ts'

/** @param cancelled its reason is a NotSentError */
export async function run(cancelled: AbortSignal): Promise<void> {
  const started = new Date()
  const from = performance.now()
  const record = newRecord()
  const crashed = new AbortController()
  // Thrown where nobody awaits it, as in a library's callback: the run ends in good order all the same.
  const stopOnCrash = (error: unknown) => {
    tellFailure(record, error)
    crashed.abort(new NotSentError('An unexpected error stopped the run.'))
  }
  process.on('uncaughtException', stopOnCrash)
  const stopped = AbortSignal.any([cancelled, crashed.signal])

  const workflow = await telling(record, async () => readWorkflow())
  const inputs = workflow && (await telling(record, async () => readSetting(workflow)))
  if (workflow && inputs) await telling(record, () => story(inputs, record, workflow, stopped))
  // A signal that came too late to leave anything undone is no news.
  const undone = record.stopped !== undefined || record.outcomes.some(({ status }) => status !== 'done')
  record.cancelled = cancelled.aborted && undone
  record.duration = Math.round(performance.now() - from)
  if (workflow && inputs) await telling(record, () => publishComment(inputs, workflow, record, stopped))
  publishSafely(record, { run: workflow?.runUrl, started })
  process.off('uncaughtException', stopOnCrash)
  // Whatever is still under way, such as a request to GitHub that nobody waits for, must not keep the runner waiting.
  if (stopped.aborted) process.exit()
}

function readSetting(workflow: Workflow): Inputs {
  const inputs = readInputs(workflow)
  if (inputs.mode !== 'validate') prepareEnvironment(process.env)
  return inputs
}

/** A record that cannot be published leaves at least the outputs, and why. */
function publishSafely(record: RunRecord, circumstances: Circumstances): void {
  try {
    publish(record, circumstances)
  } catch (error) {
    const remains = { ...newRecord(), mode: record.mode, outcomes: record.outcomes }
    tellFailure(remains, error)
    publish(remains, circumstances)
  }
}

async function story(inputs: Inputs, record: RunRecord, workflow: Workflow, cancelled: AbortSignal): Promise<void> {
  record.mode = inputs.mode
  record.tenant = inputs.domain?.host
  switch (inputs.mode) {
    case 'validate':
      await readFiles(inputs, workflow, record)
      return
    case 'export':
      await withTenant(inputs, record, cancelled, (tenant, session) =>
        exportUsers({ inputs, tenant, session, workflow, record }),
      )
      return
    default:
      await planAndApply(inputs, record, workflow, cancelled)
  }
}

async function planAndApply(
  inputs: PlanInputs,
  record: RunRecord,
  workflow: Workflow,
  cancelled: AbortSignal,
): Promise<void> {
  record.revoke = inputs.revoke
  record.scope = inputs.scope
  const task = await readTask(inputs, workflow, record)
  if (record.stopped !== undefined) return

  const work = async (tenant: Tenant, session: Session) => {
    const context: Context = { inputs, workflow, record, tenant, task, cancelled }
    // Whatever is not merged must not reach the tenant, not even by a read.
    const memory = await recall(context)
    if (memory === undefined) return

    const access = checkAccess(context, await session.scopes())
    const exists = access.readApis ? await checkApis(context, memory) : () => true
    if (!access.readUsers && !access.assignOnly) return

    const planning = await computePlan(context, memory, { ...access, exists })
    judgePlan(context, planning, memory)
    if (record.stopped !== undefined || inputs.mode === 'plan') return

    await applyPlan(context, planning, memory)
  }
  try {
    await withTenant(inputs, record, cancelled, work)
  } catch (error) {
    if (record.plan === undefined) record.outcomes.push(...untouchedUsers(task))
    throw error
  }
}

async function readTask(inputs: PlanInputs, workflow: Workflow, record: RunRecord): Promise<Task> {
  const { planFile } = inputs
  const saved = planFile === undefined ? undefined : readSavedPlan(planFile, inputs, workflow, record)
  return { files: await readFiles(inputs, workflow, record), saved }
}

async function withTenant(
  inputs: TenantInputs,
  record: RunRecord,
  signal: AbortSignal,
  use: (tenant: Tenant, session: Session) => Promise<void>,
): Promise<void> {
  const { connect } = await import('./tenant/connect.ts')
  const { tenant, session, traffic, close } = connect(inputs, signal, mask)
  record.traffic = traffic
  const endHeartbeat = logHeartbeat(traffic)
  try {
    await use(tenant, session)
  } finally {
    endHeartbeat()
    if (traffic.blind) warn(record, [BLIND])
    await close()
  }
}

/** undefined where it failed; what failed is told. */
async function telling<T>(record: RunRecord, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    tellFailure(record, error)
    return undefined
  }
}

function tellFailure(record: RunRecord, error: unknown): void {
  if (error instanceof InputError) {
    record.stopped = 'inputs'
    record.errors.push(...error.problems)
    return
  }
  record.stopped = 'error'
  if (error instanceof ActionError) {
    const { message } = error.cause instanceof ActionError ? error.cause : error
    record.errors.push({ message })
    return
  }
  const defect = errorOf(error)
  record.errors.push({ message: `This is a defect of the action itself; please report it: ${defect.message}` })
  for (const line of (defect.stack ?? '').split('\n')) logLine(line)
}

const BLIND =
  "The tenant's answers have no rate-limit headers, so at most 10 requests a second were sent; set requests-per-second if you know the limit is lower."
