// A run's record → its result, its counts, and the sentences about them. Log, summary and outputs all use these, so that
// they agree. Pure.

import { countOperations, type UserOutcome } from '../plan/plan.ts'
import type { Exported, Finding, RunRecord } from './record.ts'

type Result = 'unchanged' | 'planned' | 'applied' | 'partial' | 'failed'

/** The values of the outputs. */
export interface Conclusion {
  readonly result: Result
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

interface Totals extends Omit<Conclusion, 'result' | 'sentence'> {
  /** The number of changed users who were removed from the manifest. */
  readonly removed: number
}

export function conclude(record: RunRecord): Conclusion {
  const { removed, ...totals } = computeTotals(record)
  const result = resultOf(record, totals)
  return { result, ...totals, sentence: sentenceOf(record, { result, removed, ...totals }) }
}

/** What was done in mode `apply`, otherwise what is planned. */
function computeTotals({ mode, plan, outcomes, users, removed, failures, traffic }: RunRecord): Totals {
  const done = outcomes.map(({ user, granted, revoked }) => ({ user, grant: granted, revoke: revoked }))
  const changed = (mode === 'apply' ? done : (plan?.users ?? [])).filter(
    ({ grant, revoke }) => grant.length + revoke.length > 0,
  )
  const gone = new Set(removed)
  return {
    changed: changed.length > 0,
    ...countOperations(changed),
    users,
    usersChanged: changed.length,
    removed: changed.filter(({ user }) => gone.has(user)).length,
    usersFailed: shortfallsOf(outcomes, failures.length).reduce((sum, { count }) => sum + count, 0),
    requests: traffic.requests,
  }
}

function resultOf(
  { mode, stopped, users }: RunRecord,
  { changed, usersFailed }: Pick<Totals, 'changed' | 'usersFailed'>,
): Result {
  if (stopped !== undefined) return changed && mode === 'apply' ? 'partial' : 'failed'
  if (usersFailed > 0) return usersFailed < users || changed ? 'partial' : 'failed'
  if (!changed) return 'unchanged'
  return mode === 'apply' ? 'applied' : 'planned'
}

function sentenceOf(record: RunRecord, { result, ...totals }: Totals & Pick<Conclusion, 'result'>): string {
  const { mode, stopped, errors, failures, outcomes } = record
  if (record.cancelled) return `Cancelled: ${doneSoFar(mode, totals)}.`
  switch (stopped) {
    case 'inputs':
      return `${counted(errors.length, 'input problem')}; no request was sent.`
    case 'manifest':
      return `The manifest has ${counted(errors.length, 'mistake')}; nothing was written.`
    case 'refused':
      return `Refused for ${counted(errors.length, 'reason')}; nothing was written.`
    case 'error':
      return `Failed: ${doneSoFar(mode, totals)}.`
    case undefined:
  }
  if (record.exported !== undefined) return exportedText(record.exported, totals)
  if (result === 'unchanged') return unchangedText(record)
  const shortfalls = shortfallsText(shortfallsOf(outcomes, failures.length))
  return `${[...shortfalls, changeText(mode, totals), ...heldBackText(record)].join('; ')}.`
}

function exportedText({ path, grants, roles, leftOut }: Exported, { users }: Totals): string {
  const held = [counted(grants - (roles ?? 0), 'direct permission'), ...(roles ? [counted(roles, 'role')] : [])].join(
    ' and ',
  )
  const listed = users === 0 ? 'no users' : `${counted(users, 'user')} with ${held}`
  const what = roles === undefined ? 'direct permissions' : 'direct permissions or roles'
  const rest = leftOut === 0 ? '' : `; ${counted(leftOut, 'user')} without ${what} ${was(leftOut)} left out`
  return `Exported: ${path} lists ${listed}${rest}.`
}

/** Listed users are counted as matching only if they were read. */
function unchangedText(record: RunRecord): string {
  const { mode, users, read, saved, scope } = record
  if (mode === 'validate') return `The manifest is valid; it lists ${counted(users, 'user')}.`
  const heldBack = heldBackText(record)
  const parts = (text: string) => `Unchanged: ${[text, ...heldBack].join('; ')}.`
  if (saved) return parts('nothing in the saved plan is left to do')
  if (users === 0) return parts('the manifest lists no users')
  if (read === 0) {
    return parts(scope === 'changed' ? 'no listed user was changed since the last apply' : 'there is nothing to do')
  }
  if (read < users)
    return parts(`the ${counted(read, 'listed user')} that ${was(read)} read ${match(read)} the manifest`)
  return parts(
    users === 1 ? 'the listed user matches the manifest' : `all ${grouped(users)} listed users match the manifest`,
  )
}

/** Gives no total, because removed users change too but are not listed. */
function changeText(mode: RunRecord['mode'], { grants, revocations, usersChanged, removed }: Totals): string {
  const verb = mode === 'apply' ? 'changed' : 'would change'
  if (usersChanged === 0) return `nothing ${verb}`
  const gone = removed === usersChanged ? 'removed from the manifest' : `${grouped(removed)} removed from the manifest`
  return `${counted(usersChanged, 'user')} ${verb}${removed === 0 ? '' : ` (${gone})`}: ${operationsText({ grants, revocations })}`
}

function operationsText({ grants, revocations }: Pick<Totals, 'grants' | 'revocations'>): string {
  const parts = [grants > 0 && counted(grants, 'grant'), revocations > 0 && counted(revocations, 'revocation')]
  return parts.filter(part => part !== false).join(' and ')
}

function heldBackText({ plan }: RunRecord): readonly string[] {
  const count = plan?.heldBack.length ?? 0
  return count === 0 ? [] : [`${counted(count, 'revocation')} ${count === 1 ? 'is' : 'are'} held back`]
}

function doneSoFar(mode: RunRecord['mode'], totals: Totals): string {
  if (mode !== 'apply' || !totals.changed) return 'nothing was written'
  return `before that, ${changeText(mode, totals)}`
}

/** Why `fail-on-changes` fails the step, with what would change. */
export function driftOf({ drift, plan }: RunRecord): readonly Finding[] {
  if (!drift || plan === undefined) return []
  const { users } = plan
  const shown = users.slice(0, MAX_DRIFT_EXAMPLES).map(({ user }) => user)
  const more = users.length > shown.length ? `, and ${grouped(users.length - shown.length)} more` : ''
  const change = `${counted(users.length, 'user')} would change (${operationsText(countOperations(users))})`
  const message = `The step fails because fail-on-changes is set and the plan is not empty: ${change}: ${shown.join(', ')}${more}.`
  return [{ message }]
}

const MAX_DRIFT_EXAMPLES = 3

/** One sentence about all users who were not finished because the run ended; their ids are in the outcomes. */
export function unfinishedOf(outcomes: readonly UserOutcome[], cancelled: boolean): readonly Finding[] {
  const shortfalls = shortfallsText(shortfallsOf(outcomes, 0))
  if (shortfalls.length === 0) return []
  const why = cancelled
    ? 'because the run was cancelled. Run it again: it finishes the rest.'
    : 'because an earlier failure affected every user. The next run finishes the rest.'
  return [{ message: `${shortfalls.join('; ')} ${why}` }]
}

interface Shortfall {
  readonly count: number
  readonly what: string
}

/** How many users were not fully updated, by what happened to them. @param failed the number of users with a failure */
function shortfallsOf(outcomes: readonly UserOutcome[], failed: number): readonly Shortfall[] {
  const partial = outcomes.filter(({ interrupted }) => interrupted).length
  const untouched = outcomes.filter(({ status }) => status === 'not attempted').length
  return [
    { count: failed, what: 'failed' },
    { count: partial, what: `${was(partial)} partially changed` },
    { count: untouched, what: `${was(untouched)} not attempted` },
  ].filter(({ count }) => count > 0)
}

/** Empty, or one text such as `2 users failed and 1 was not attempted`. */
function shortfallsText([first, ...others]: readonly Shortfall[]): readonly string[] {
  if (first === undefined) return []
  const parts = [
    `${counted(first.count, 'user')} ${first.what}`,
    ...others.map(({ count, what }) => `${grouped(count)} ${what}`),
  ]
  const last = parts.pop()
  return [parts.length === 0 ? String(last) : `${parts.join(', ')} and ${last}`]
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were'
}

function match(count: number): string {
  return count === 1 ? 'matches' : 'match'
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A number with thousands separators, such as `12,400`, independent of the locale. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
