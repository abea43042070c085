// The steps of a run, in order. Problems that need no request are found first. A manifest that is not merged must not
// cause any request to the tenant, not even a read. Names are checked before users are read, because that takes few
// requests. The plan is shown before it is checked, and all its problems are reported together, before the first write.

import { prepareEnvironment } from './runner/environment.ts'
import { type Inputs, type PlanInputs, readInputs } from './runner/inputs.ts'
import { readWorkflow, type Workflow } from './runner/workflow.ts'
import { applyPlan, checkPlan } from './steps/apply-plan.ts'
import { checkAccess } from './steps/check-access.ts'
import { checkApis, UNCHECKED_APIS } from './steps/check-apis.ts'
import { checkRoles, withoutRoles } from './steps/check-roles.ts'
import { publishComment } from './steps/comment.ts'
import { computePlan } from './steps/compute-plan.ts'
import { type Context, type RunContext, usersOf } from './steps/context.ts'
import { exportUsers } from './steps/export-users.ts'
import { readFiles } from './steps/read-files.ts'
import { readSavedPlan } from './steps/read-saved.ts'
import { recall } from './steps/recall.ts'
import { supervise } from './steps/supervise.ts'
import { withTenant } from './steps/with-tenant.ts'

/** @param cancelled aborted with a NotSentError */
export async function run(cancelled: AbortSignal): Promise<void> {
  const { journal, folder, signal, attempt, endWork, endRun } = supervise(cancelled)
  const workflow = await attempt(readWorkflow)
  const inputs = workflow && (await attempt(() => readSettings(workflow)))
  const context = workflow && inputs && { inputs, workflow, journal, folder, cancelled: signal }
  if (context) await attempt(() => work(context))
  endWork()
  if (context) await attempt(() => publishComment({ context, record: journal.entries() }))
  endRun(workflow?.runUrl)
}

function readSettings(workflow: Workflow): Inputs {
  const inputs = readInputs(workflow)
  if (inputs.mode !== 'validate') prepareEnvironment(process.env)
  return inputs
}

async function work(context: RunContext): Promise<void> {
  const { inputs, journal } = context
  journal.begin(inputs)
  switch (inputs.mode) {
    case 'validate':
      await readFiles(context)
      return
    case 'export':
      await withTenant({ ...context, inputs }, exportUsers)
      return
    default:
      await planAndApply({ ...context, inputs })
  }
}

async function planAndApply(context: RunContext<PlanInputs>): Promise<void> {
  const saved = readSavedPlan(context)
  const files = await readFiles(context)
  if (files === undefined) return
  const task = { files, saved }
  try {
    await withTenant(context, connected => planAndApplyTask({ ...connected, task }))
  } catch (error) {
    context.journal.abandon(usersOf(task))
    throw error
  }
}

async function planAndApplyTask(context: Context): Promise<void> {
  const memory = await recall(context)
  if (memory === undefined) return

  const recalled = { ...context, memory }
  const access = await checkAccess(recalled)
  const apis = access.readApis ? await checkApis(recalled) : UNCHECKED_APIS
  const roles = access.readRoles ? await checkRoles(recalled) : withoutRoles(recalled)
  if (!access.mayPlan) return

  const checked = { ...recalled, access, apis, roles, task: roles.task }
  const planning = await computePlan(checked)
  const planned = { ...checked, planning }
  const planCheck = checkPlan(planned)
  const isRefused = [access, apis, roles, planning, planCheck].some(({ refused }) => refused)
  if (isRefused || context.inputs.mode === 'plan') return

  await applyPlan(planned)
}
