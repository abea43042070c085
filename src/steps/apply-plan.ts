// Judges a plan, and does it: recorded in the ledger from before the first write to after the last.

import { ActionError, NotSentError } from '../errors.ts'
import { apply } from '../plan/apply.ts'
import { checkApproval, checkLimit, checkRevocations } from '../plan/guard.ts'
import { type Plan, undoOf } from '../plan/plan.ts'
import { writeSaved } from '../plan/saved.ts'
import { counted, unfinishedOf } from '../report/record.ts'
import { logPlan, logProgress, saveFile } from '../report/report.ts'
import { listingOf, type Survey } from '../survey.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { Planning } from './compute-plan.ts'
import { type Context, locateUsers, notice, refuse, warn } from './context.ts'
import { commitOf, ledgerAdvice, type Memory } from './recall.ts'

/** Shows the plan, saves it, and tells why it may not be done. */
export function judgePlan({ inputs, record, task }: Context, { plan, digest }: Planning): void {
  const { mode, maxRevocations, approvedPlan, failOnChanges } = inputs
  logPlan(record)
  const readable = plan.users.every(({ before }) => before !== undefined)
  if (readable && task.kind === 'manifest') record.planFile = saveFile('plan', writeSaved(plan))
  refuse(record, checkLimit(plan))
  const disapproval = checkApproval(plan, digest, approvedPlan)
  refuse(record, disapproval)
  if (disapproval.length > 0) record.approval = 'other'
  else if (approvedPlan !== undefined && record.stopped === undefined) record.approval = 'approved'
  const tooMany = checkRevocations(plan, maxRevocations)
  if (mode === 'apply') refuse(record, tooMany)
  else warn(record, tooMany)
  record.drift = mode === 'plan' && failOnChanges && plan.users.length > 0
}

export async function applyPlan(context: Context, planning: Planning, memory: Memory): Promise<void> {
  const { record } = context
  const { plan, survey } = planning
  const entry = await begin(context, memory, planning)
  if (record.stopped !== undefined) return
  if (entry !== undefined && record.ledger !== undefined) {
    record.ledger = { ...record.ledger, deployment: context.workflow.deploymentsUrl }
  }
  try {
    await write(context, plan, survey)
  } finally {
    record.undoPlanFile = saveFile('undo-plan', writeSaved(undoOf(plan, record.outcomes, entry)))
    if (entry !== undefined) await end(context, memory, entry)
  }
}

/** @returns the entry of this apply in the ledger, where there is one */
async function begin(context: Context, { ledger }: Memory, { plan, digest }: Planning): Promise<number | undefined> {
  const { inputs, record } = context
  const commit = commitOf(context)
  if (ledger === undefined) return undefined
  try {
    if (commit === '') throw new ActionError('The plan does not say which commit it was computed from.')
    const { files, at } = plan.source
    const note = { manifest: files, at, digest, ...(plan.undoes && { undoes: plan.undoes }) }
    return await ledger.begin(commit, note)
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const message = `${error.message} ${ledgerAdvice(error)}`.trim()
    if (inputs.revoke === 'managed' || inputs.scope === 'changed') {
      refuse(record, [`The apply could not be recorded in the ledger before its first write. ${message}`])
    } else notice(record, [`This apply is not recorded in the ledger. ${message}`])
    return undefined
  }
}

/** Success is what later runs build on, so it is said only where everybody has what the manifest asks for. */
async function end(context: Context, { ledger, history }: Memory, entry: number): Promise<void> {
  const { record, task } = context
  const { outcomes, failures } = record
  const newest = history.attempts[0] ?? history.base
  const stale = task.kind === 'saved' && newest !== undefined && newest.id !== task.plan.source.entry
  if (stale) {
    warn(record, [
      'Since this plan was computed, another apply went to the tenant; what it did to other users is not looked at here, so the ledger does not count this apply as complete. Run mode: apply without plan-file.',
    ])
  }
  const converged = !stale && failures.length === 0 && outcomes.every(({ status }) => status === 'done')
  const grants = outcomes.reduce((sum, { granted }) => sum + granted.length, 0)
  const revocations = outcomes.reduce((sum, { revoked }) => sum + revoked.length, 0)
  const description = `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} done`
  try {
    await ledger?.end(entry, converged, description)
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    warn(record, [
      `The ledger does not know how this apply ended, and counts it as one that did not finish. ${error.message}`,
    ])
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
  const listings = new Map(surveyed.states.map(user => [user.id, listingOf(user)]))
  const failed = record.outcomes.filter(({ status, interrupted }) => status === 'failed' && !interrupted)
  const failures = failed.map(({ user, errors }) => ({ user, message: errors.join(' '), ...listings.get(user) }))
  record.failures.push(...locateUsers(task.kind === 'saved' ? [] : task.files.documents, failures))
  record.errors.push(...unfinishedOf(record.outcomes, cancelled.aborted))
}
