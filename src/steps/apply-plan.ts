// Judges a plan, and does it: recorded in the ledger from before the first write to after the last.

import { listedAs, type Survey } from '../live/survey.ts'
import { apply } from '../plan/apply.ts'
import { digestOf } from '../plan/digest.ts'
import { checkApproval, checkLimit, checkRevocations } from '../plan/guard.ts'
import { type Plan, type UserOutcome, undoOf } from '../plan/plan.ts'
import { writeSaved } from '../plan/saved.ts'
import { unfinishedOf } from '../report/conclude.ts'
import { logPlan, logProgress, saveFile } from '../report/report.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { Planning } from './compute-plan.ts'
import { type Context, locateUsers, refuse, warn } from './context.ts'
import type { Memory } from './recall.ts'
import { beginRecording, computeEnding, endRecording } from './record-apply.ts'

/** Shows the plan, saves it, and tells why it may not be done. */
export function judgePlan(
  { inputs, record, task }: Context,
  { plan, digest, survey }: Planning,
  { doubt }: Memory,
): void {
  const { mode, maxRevocations: limit, approvedPlan, failOnChanges } = inputs
  logPlan(record)
  const readable = plan.users.every(({ before }) => before !== undefined)
  if (readable && task.saved === undefined) record.planFile = saveFile('plan', () => writeSaved(plan))
  refuse(record, checkLimit(plan))
  if (doubt !== undefined && approvedPlan !== digest) refuse(record, [doubt.refusal])
  const disapproval = checkApproval(plan, digest, approvedPlan)
  refuse(record, disapproval)
  if (disapproval.length > 0) record.approval = 'other'
  else if (approvedPlan !== undefined) record.approval = approvedPlan === digest ? 'approved' : 'empty'
  const live = survey.states.reduce((sum, state) => sum + (state.live?.direct.size ?? 0), 0)
  const tooMany = checkRevocations(plan, { limit, live })
  if (mode === 'apply') refuse(record, tooMany)
  else warn(record, tooMany)
  record.drift = mode === 'plan' && failOnChanges && plan.users.length > 0
}

export async function applyPlan(context: Context, planning: Planning, memory: Memory): Promise<void> {
  const { record } = context
  const { plan, survey } = planning
  // A digest that was checked by now.
  if (memory.doubt !== undefined) warn(record, [memory.doubt.acceptance])
  const recording = await beginRecording(context, memory, planning)
  if (recording === undefined) return
  try {
    await write(context, plan, survey)
  } finally {
    const ending = computeEnding(memory, planning, record.outcomes)
    const undo = undoOf(plan, record.outcomes, recording.branch === undefined ? [] : ending.restores)
    // Before GitHub is asked, which may take longer than the runner leaves a cancelled run.
    record.undoPlanFile = saveFile('undo-plan', () => writeSaved(undo))
    record.undoDigest = digestOf(undo)
    await endRecording(context, memory, { planning, recording, ending })
  }
}

async function write({ tenant, record, task, cancelled }: Context, plan: Plan, surveyed: Survey): Promise<void> {
  const progress = logProgress('Changing users', plan.users.length, record.traffic)
  await apply(plan, tenant, {
    width: MOST_IN_FLIGHT,
    onOutcome: outcome => {
      record.outcomes.push(outcome)
      if (outcome.status !== 'not attempted') progress.step()
    },
  }).finally(progress.end)
  const listings = new Map(surveyed.states.map(user => [user.id, listedAs(user)]))
  const failed = record.outcomes.filter(({ status, interrupted }) => status === 'failed' && !interrupted)
  const failures = failed.map(outcome => ({
    user: outcome.user,
    message: failureText(outcome),
    ...listings.get(outcome.user),
  }))
  record.failures.push(...locateUsers(task.files.documents, failures))
  record.errors.push(...unfinishedOf(record.outcomes, cancelled.aborted))
}

function failureText({ errors, uncertain = [] }: UserOutcome): string {
  const what = uncertain.map(kind => (kind === 'grant' ? 'grants' : 'revocations')).join(' and ')
  return what === '' ? errors.join(' ') : `${errors.join(' ')} The ${what} may have been done all the same.`
}
