// Shows a plan, checks it, and applies it. The ledger is written before the first change and after the last.

import { listedAs, type Survey } from '../live/survey.ts'
import { apply } from '../plan/apply.ts'
import { digestOf } from '../plan/digest.ts'
import { checkApproval, checkLimit, checkRevocations, type OtherRoles } from '../plan/guard.ts'
import type { UserOutcome } from '../plan/plan.ts'
import { writeSaved } from '../plan/saved.ts'
import { undoOf } from '../plan/undo.ts'
import { unfinishedOf } from '../report/conclude.ts'
import { logPlan } from '../report/log.ts'
import type { PlannedContext } from './compute-plan.ts'
import { locateUsers } from './locate-users.ts'
import { beginRecording, computeEnding, endRecording, restoresOf } from './record-apply.ts'

export interface PlanCheck {
  readonly refused: boolean
}

/** Shows the plan, saves it, and reports every reason not to apply it. */
export function checkPlan({ inputs, memory, planning, journal, task, folder }: PlannedContext): PlanCheck {
  const { plan, digest, survey } = planning
  const { mode, maxRevocations: limit, approvedPlan, failOnChanges } = inputs
  logPlan(plan, { digest, emails: survey.emails })
  const readable = plan.users.every(({ before }) => before !== undefined)
  if (readable && task.saved === undefined) journal.notePlanFile(folder.save('plan', () => writeSaved(plan)))
  const disapproval = checkApproval(plan, { digest, approved: approvedPlan })
  if (disapproval.length > 0) journal.noteApproval('other')
  else if (approvedPlan !== undefined) journal.noteApproval(approvedPlan === digest ? 'approved' : 'empty')
  const live = survey.states.reduce((sum, state) => sum + (state.live?.direct.size ?? 0), 0)
  const tooMany = checkRevocations(plan, { limit, live })
  const isDoubted = memory.doubt !== undefined && approvedPlan !== digest
  const refusals = [
    ...checkLimit(plan, otherRolesOf(survey)),
    ...(isDoubted ? [memory.doubt.refusal] : []),
    ...disapproval,
    ...(mode === 'apply' ? tooMany : []),
  ]
  journal.refuse(refusals)
  if (mode !== 'apply') journal.warn(tooMany)
  if (mode === 'plan' && failOnChanges && plan.users.length > 0) journal.noteDrift()
  return { refused: refusals.length > 0 }
}

/** The number of roles that each user holds and the plan does not involve. */
function otherRolesOf({ states }: Survey): OtherRoles {
  return new Map(states.flatMap(({ id, live }) => (live?.otherRoles === undefined ? [] : [[id, live.otherRoles]])))
}

export async function applyPlan(context: PlannedContext): Promise<void> {
  const { memory, planning, journal, folder } = context
  // Without the approved digest, the run was refused earlier.
  if (memory.doubt !== undefined) journal.warn([memory.doubt.acceptance])
  const recording = await beginRecording(context)
  if (recording === undefined) return
  const outcomes: UserOutcome[] = []
  try {
    await write(context, outcome => {
      outcomes.push(outcome)
      journal.noteOutcome(outcome)
    })
    reportOutcomes(context, outcomes)
  } finally {
    const ending = computeEnding(context, outcomes)
    const undo = undoOf(planning.plan, { outcomes, restores: restoresOf(context, { recording, ending }) })
    // Before the ledger is written, which may take longer than the runner gives a cancelled run.
    journal.noteUndo({ undoPlanFile: folder.save('undo-plan', () => writeSaved(undo)), undoDigest: digestOf(undo) })
    await endRecording({ context, recording, ending, outcomes })
  }
}

async function write(
  { tenant, width, heartbeat, planning: { plan, survey } }: PlannedContext,
  onOutcome: (outcome: UserOutcome) => void,
): Promise<void> {
  const progress = heartbeat.startProgress('Changing users', plan.users.length)
  await apply(plan, {
    writer: tenant,
    width,
    otherRoles: otherRolesOf(survey),
    onOutcome: outcome => {
      onOutcome(outcome)
      if (outcome.status !== 'not attempted') progress.step()
    },
  }).finally(progress.end)
}

function reportOutcomes(
  { task, journal, cancelled, planning: { survey } }: PlannedContext,
  outcomes: readonly UserOutcome[],
): void {
  const listings = new Map(survey.states.map(user => [user.id, listedAs(user)]))
  const failures = outcomes
    .filter(({ status, interrupted }) => status === 'failed' && !interrupted)
    .map(outcome => ({ user: outcome.user, message: failureText(outcome), ...listings.get(outcome.user) }))
  journal.failUsers(locateUsers(task.files.documents, failures))
  journal.noteUnfinished(unfinishedOf(outcomes, cancelled.aborted))
}

function failureText({ errors, uncertain = [] }: UserOutcome): string {
  const what = uncertain.map(kind => (kind === 'grant' ? 'grants' : 'revocations')).join(' and ')
  return what === '' ? errors.join(' ') : `${errors.join(' ')} The ${what} may have taken effect anyway.`
}
