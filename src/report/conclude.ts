// A run's record → its result, its counts, and the sentences about them. Log, summary and outputs all use these, so that
// they agree. Pure.

import { countOperations, type UserOutcome, type UserPlan } from '../plan/plan.ts'
import type { Exported, Finding, RunRecord } from './record.ts'

/** The values of the outputs. */
export interface Conclusion {
  readonly result: 'unchanged' | 'planned' | 'applied' | 'partial' | 'failed'
  readonly changed: boolean
  readonly grants: number
  readonly revocations: number
  /** Listed users. */
  readonly users: number
  /** All users who change, including removed users. */
  readonly usersChanged: number
  readonly usersFailed: number
  readonly requests: number
  /** One sentence that says what happened. */
  readonly sentence: string
}

export function conclude(record: RunRecord): Conclusion {
  const { users, outcomes, failures, traffic } = record
  const changes = changesOf(record)
  const totals = {
    changed: changes.length > 0,
    ...countOperations(changes),
    users,
    usersChanged: changes.length,
    usersFailed: shortfallsOf(outcomes, failures.length).reduce((sum, { count }) => sum + count, 0),
    requests: traffic.requests,
  }
  const result = resultOf(record, totals)
  return { result, ...totals, sentence: sentenceOf(record, result) }
}

/** What was done in mode `apply`, otherwise what is planned. */
function changesOf({ mode, plan, outcomes }: RunRecord): readonly UserPlan[] {
  const done = outcomes.map(({ user, granted, revoked }) => ({ user, grant: granted, revoke: revoked }))
  const users = mode === 'apply' ? done : (plan?.users ?? [])
  return users.filter(({ grant, revoke }) => grant.length + revoke.length > 0)
}

function resultOf(
  { mode, stopped, saved, users, read, removed, outcomes }: RunRecord,
  { changed, usersFailed }: Pick<Conclusion, 'changed' | 'usersFailed'>,
): Conclusion['result'] {
  if (stopped !== undefined) return changed && mode === 'apply' ? 'partial' : 'failed'
  const unfinished = outcomes.filter(({ status }) => status !== 'done').length
  // A saved plan's users are read before it is known whether they have changed.
  const isPartial = changed || usersFailed < users || (!saved && unfinished < read + removed.length)
  if (usersFailed > 0) return isPartial ? 'partial' : 'failed'
  if (!changed) return 'unchanged'
  return mode === 'apply' ? 'applied' : 'planned'
}

function sentenceOf(record: RunRecord, result: Conclusion['result']): string {
  const { mode, cancelled, stopped, errors, exported, users, failures, outcomes } = record
  if (cancelled) return `Cancelled ${progressText(record)}.`
  if (stopped === 'error') return `Failed ${progressText(record)}.`
  if (stopped === 'inputs') return `${counted(errors.length, 'input problem')}; no request was sent.`
  if (stopped === 'manifest') return `The manifest has ${counted(errors.length, 'mistake')}; nothing was written.`
  if (stopped === 'refused') return `Refused for ${counted(errors.length, 'reason')}; nothing was written.`
  if (exported !== undefined) return exportedText(exported, users)
  if (result === 'unchanged' && mode === 'validate') return `The manifest is valid; it lists ${counted(users, 'user')}.`
  const what =
    result === 'unchanged'
      ? [`Unchanged: ${unchangedText(record)}`]
      : [shortfallsText(outcomes, failures.length), changeText(record)]
  return `${[...what, heldBackText(record)].filter(Boolean).join('; ')}.`
}

function exportedText({ path, grants, roles, leftOut }: Exported, users: number): string {
  const held = [counted(grants - (roles ?? 0), 'direct permission'), roles ? counted(roles, 'role') : '']
  const listed = users === 0 ? 'no users' : `${counted(users, 'user')} with ${joined(held)}`
  const what = roles === undefined ? 'direct permissions' : 'direct permissions or roles'
  const rest = leftOut === 0 ? '' : `; ${counted(leftOut, 'user')} without ${what} ${was(leftOut)} left out`
  return `Exported: ${path} lists ${listed}${rest}.`
}

/** Listed users are counted as matching only if they were read. */
function unchangedText({ users, read, saved, scope, warnings }: RunRecord): string {
  if (saved) return 'the saved plan has nothing left to do'
  if (users === 0) return 'the manifest lists no users'
  if (read === 0) {
    // A warning about a user means that somebody was looked for.
    const isSkipped = scope === 'changed' && warnings.every(({ user }) => user === undefined)
    return isSkipped ? 'no listed user has changed since the last apply' : 'there is nothing to do'
  }
  if (read < users) {
    return `the ${counted(read, 'listed user')} who ${was(read)} read ${read === 1 ? 'matches' : 'match'} the manifest`
  }
  return users === 1 ? 'the listed user matches the manifest' : `all ${grouped(users)} listed users match the manifest`
}

/** Gives no total, because removed users change too but are not listed. */
function changeText(record: RunRecord): string {
  const verb = record.mode === 'apply' ? 'changed' : 'would change'
  const changes = changesOf(record)
  if (changes.length === 0) return `nothing ${verb}`
  const gone = new Set(record.removed)
  const removed = changes.filter(({ user }) => gone.has(user)).length
  const some = removed === changes.length ? '' : `${grouped(removed)} `
  const note = removed === 0 ? '' : ` (${some}removed from the manifest)`
  return `${counted(changes.length, 'user')} ${verb}${note}: ${operationsText(changes)}`
}

function operationsText(users: readonly UserPlan[]): string {
  const { grants, revocations } = countOperations(users)
  return joined([grants > 0 ? counted(grants, 'grant') : '', revocations > 0 ? counted(revocations, 'revocation') : ''])
}

function heldBackText({ plan }: RunRecord): string {
  const count = plan?.heldBack.length ?? 0
  return count === 0 ? '' : `${counted(count, 'revocation')} ${count === 1 ? 'is' : 'are'} held back`
}

/** How much was written before the run ended early. */
function progressText(record: RunRecord): string {
  const isChanged = record.mode === 'apply' && changesOf(record).length > 0
  if (isChanged) return `after ${changeText(record)}`
  const isUncertain = record.outcomes.some(({ uncertain }) => uncertain !== undefined)
  return isUncertain ? 'after a change that may have taken effect' : 'before anything was written'
}

const MAX_DRIFT_EXAMPLES = 3

/** Why `fail-on-changes` fails the step, with what would change. */
export function driftOf({ drift, plan }: RunRecord): readonly Finding[] {
  if (!drift || plan === undefined) return []
  const { users } = plan
  const shown = users.slice(0, MAX_DRIFT_EXAMPLES).map(({ user }) => user)
  const more = users.length > shown.length ? `, and ${grouped(users.length - shown.length)} more` : ''
  const change = `${counted(users.length, 'user')} would change (${operationsText(users)})`
  const message = `The step fails because fail-on-changes is set and the plan is not empty: ${change}: ${shown.join(', ')}${more}.`
  return [{ message }]
}

/** One sentence about all users who were not finished because the run ended; their ids are in the outcomes. */
export function unfinishedOf(outcomes: readonly UserOutcome[], cancelled: boolean): readonly Finding[] {
  const shortfalls = shortfallsText(outcomes, 0)
  if (shortfalls === '') return []
  const why = cancelled
    ? 'because the run was cancelled. Run it again to finish the rest.'
    : 'because an earlier failure affected every user. The next run finishes the rest.'
  return [{ message: `${shortfalls} ${why}` }]
}

/** How many users were not fully updated, by what happened to them. @param failed the number of users with a failure */
function shortfallsOf(outcomes: readonly UserOutcome[], failed: number) {
  const partial = outcomes.filter(({ interrupted }) => interrupted).length
  const untouched = outcomes.filter(({ status }) => status === 'not attempted').length
  return [
    { count: failed, what: 'failed' },
    { count: partial, what: `${was(partial)} partially changed` },
    { count: untouched, what: `${was(untouched)} not attempted` },
  ].filter(({ count }) => count > 0)
}

/** For example `2 users failed and 1 was not attempted`; empty if there are none. */
function shortfallsText(outcomes: readonly UserOutcome[], failed: number): string {
  const parts = shortfallsOf(outcomes, failed).map(
    ({ count, what }, index) => `${index === 0 ? counted(count, 'user') : grouped(count)} ${what}`,
  )
  return joined(parts)
}

/** `a, b and c`, without empty parts. */
function joined(parts: readonly string[]): string {
  const present = parts.filter(Boolean)
  return [present.slice(0, -1).join(', '), ...present.slice(-1)].filter(Boolean).join(' and ')
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were'
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A number with thousands separators, such as `12,400`, independent of the locale. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
