// The changes: a row for each user, with losses before gains. Pure.

import { type Access, isPermission, nameOfRole, packAccess, packAll } from '../../access/grants.ts'
import { shortList } from '../../access/quote.ts'
import type { Operation, Plan, UserOutcome, UserPlan, Why } from '../../plan/plan.ts'
import { counted, grouped } from '../conclude.ts'
import { emailsOf, type RunRecord } from '../record.ts'
import { code, userText } from '../text.ts'
import { FOLD_AFTER, fold, name, paragraph, row } from './blocks.ts'
import { type Lists, titleWithCut } from './lists.ts'

/** Longer lists are shortened, so that a user with a thousand permissions does not fill the page. */
const MAX_USER_LINES = 25
/** The APIs whose names or token lifetimes are listed below the changes. */
const MAX_APIS = 20

/** Facts beyond the plan. */
export type Known = ReturnType<typeof knownOf>

export function knownOf(record: RunRecord) {
  const { removed, outcomes, apis } = record
  return {
    /** The addresses that list users, by id. */
    emails: emailsOf(record),
    removed: new Set(removed),
    /** By user; undefined if nothing was to be written. */
    outcomes: isWritten(record) ? new Map(outcomes.map(outcome => [outcome.user, outcome])) : undefined,
    /** The manifest's names for APIs, by identifier. */
    aliases: new Map(apis.flatMap(({ identifier, alias }) => (alias === undefined ? [] : [[identifier, alias]]))),
  }
}

/** Whether to show outcomes: a plan that was only computed or refused has none. */
export function isWritten({ mode, stopped }: RunRecord): boolean {
  return mode === 'apply' && stopped !== 'refused'
}

export function renderChanges(record: RunRecord, { changes }: Lists): readonly string[] {
  const { plan } = record
  if (plan === undefined || changes.length === 0) return []
  const title = counted(changes.length, 'user')
  return [
    '### Changes',
    changes.length > FOLD_AFTER ? fold(titleWithCut(title, changes), changes.block) : changes.block,
    paragraph(apiLines(plan, record)),
  ]
}

export function changeHeader(record: RunRecord): string {
  return `User, and what they ${isWritten(record) ? '' : 'would '}lose (−) and gain (+)`
}

/** Says which names the manifest has for the APIs, and how long access tokens may contain what was revoked. */
function apiLines({ users }: Plan, { apis }: RunRecord): readonly string[] {
  const losing = new Set(users.flatMap(({ revoke }) => revoke.map(({ api }) => api)))
  const gaining = new Set(users.flatMap(({ grant }) => grant.map(({ api }) => api)))
  const names = apis.flatMap(({ identifier, alias }) =>
    alias !== undefined && (losing.has(identifier) || gaining.has(identifier))
      ? [`${name(alias)} is ${name(identifier)}`]
      : [],
  )
  const lifetimes = apis.flatMap(({ identifier, alias, tokenLifetime }) =>
    tokenLifetime !== undefined && losing.has(identifier)
      ? [`${lifetimeText(tokenLifetime)} for ${name(alias ?? identifier)}`]
      : [],
  )
  return [
    names.length === 0 ? '' : `${shortList(names, MAX_APIS)}.`,
    lifetimes.length === 0
      ? ''
      : `Access tokens issued before a revocation may contain the permission until they expire: ${shortList(lifetimes, MAX_APIS)}.`,
  ]
}

/** Rounded up, so that nobody relies on a permission being gone too early. */
function lifetimeText(seconds: number): string {
  if (seconds < 120) return counted(seconds, 'second')
  if (seconds < 7_200) return counted(Math.ceil(seconds / 60), 'minute')
  return counted(Math.ceil(seconds / 3_600), 'hour')
}

const CHANGE_KINDS = [
  { step: 'revoke', done: 'revoked', sign: '− revoke', effective: 'still effective' },
  { step: 'grant', done: 'granted', sign: '+ grant', effective: 'already effective' },
] as const

/** Users who were not fully updated come first, then those who lose something. */
export function userRows(users: readonly UserPlan[], known: Known): readonly string[] {
  const rank = (user: UserPlan) => {
    const statuses = new Set(changesOf(user, known).map(({ status }) => status))
    if (statuses.has('failed')) return 0
    if (statuses.has('not attempted')) return 1
    return user.revoke.length > 0 ? 2 : 3
  }
  return users.toSorted((a, b) => rank(a) - rank(b)).map(user => userRow(user, known))
}

function userRow(user: UserPlan, known: Known): string {
  const changes = changesOf(user, known)
  const statuses = new Set(changes.map(statusText))
  const isMixed = statuses.size > 1
  const removed = known.removed.has(user.user) ? 'removed from the manifest' : ''
  const who = [userHtml(user.user, known), removed, ...(isMixed ? [] : statuses)].filter(Boolean).join(', ')
  const lineOf = (change: Change) => {
    const { operation, kind } = change
    const prefix = isMixed ? `${statusText(change)}: ` : ''
    const notes = operationNotes(operation, { effective: kind.effective, show: name })
    return `${prefix}${kind.sign} ${accessHtml(operation, known)}${notes}`
  }
  return row([`${who}<br>${userLines(changes, lineOf)}`])
}

interface Change {
  readonly kind: (typeof CHANGE_KINDS)[number]
  readonly operation: Operation
  /** What happened to it; undefined if nothing was to be written. */
  readonly status: UserOutcome['status'] | undefined
  /** It failed, but may have taken effect although no response arrived. */
  readonly isUncertain: boolean
}

function changesOf(user: UserPlan, { outcomes }: Known): readonly Change[] {
  const outcome = outcomes?.get(user.user)
  return CHANGE_KINDS.flatMap(kind => {
    const done = packAll(outcome?.[kind.done] ?? [])
    return user[kind.step].map(operation => {
      const isDone = outcome?.status === 'failed' && done.has(packAccess(operation))
      const status = outcomes && (isDone ? 'done' : (outcome?.status ?? 'not attempted'))
      const isUncertain = status === 'failed' && outcome?.uncertain?.includes(kind.step) === true
      return { kind, operation, status, isUncertain }
    })
  })
}

function statusText({ status, isUncertain }: Change): string {
  if (status === undefined || status === 'done') return status ?? ''
  return `<strong>${status}</strong>${isUncertain ? ', but may have taken effect' : ''}`
}

export interface NoteOptions {
  /** The effect of a role that also gives the permission, such as `still effective`. */
  readonly effective: string
  /** Makes names and reasons harmless for display. */
  readonly show: (text: string) => string
}

/** An operation's notes in parentheses; empty if it has none. */
export function operationNotes(
  { roles, expires, reason, why, uncertain }: Operation,
  { effective, show }: NoteOptions,
): string {
  const notes = [
    why === undefined ? '' : WHY_WORDS[why],
    roles.length === 0 ? '' : `${effective} through role ${roles.map(show).join(', ')}`,
    expires === undefined ? '' : `until ${show(expires)}`,
    reason === undefined ? '' : `reason: ${show(reason)}`,
    uncertain ? 'there may be nothing to undo' : '',
  ].filter(Boolean)
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`
}

/** Empty for a removed user, because the row already says so. */
const WHY_WORDS: Readonly<Record<Why, string>> = {
  'user removed': '',
  'line removed': 'removed from the manifest',
  expired: 'expired',
  'not listed': 'not in the manifest',
}

export function userHtml(user: string, { emails }: Known): string {
  return userText({ user, email: emails.get(user) }, name)
}

/** A permission by the manifest's name for the API, if it has one; or a role. */
export function accessHtml(access: Access, { aliases }: Known): string {
  return isPermission(access)
    ? `${name(access.permission)} on ${name(aliases.get(access.api) ?? access.api)}`
    : `the role ${name(nameOfRole(access))}`
}

/** One user's items, one line each; only lines that are shown are rendered. */
export function userLines<T>(items: readonly T[], lineOf: (item: T) => string): string {
  if (items.length <= MAX_USER_LINES) return items.map(lineOf).join('<br>')
  const tail = Math.floor(MAX_USER_LINES / 5)
  const head = MAX_USER_LINES - tail
  const cut = `… ${grouped(items.length - head - tail)} more for this user`
  return [...items.slice(0, head).map(lineOf), cut, ...items.slice(-tail).map(lineOf)].join('<br>')
}

/** The inputs that apply the plan, or undo it. */
export function renderDigests(record: RunRecord): readonly string[] {
  const { plan, digest, undoDigest } = record
  // Applying such a plan changes neither the tenant nor the ledger.
  const isIdle = plan === undefined || plan.users.length + plan.found.length === 0
  const undoWords = `To undo this apply, set ${code('plan-file')} to the undo plan and ${code('approved-plan')} to its digest:`
  return [
    digest === undefined ? '' : paragraph([`${digestWords(record)}:`, name(digest)]),
    undoDigest === undefined || isIdle ? '' : paragraph([undoWords, name(undoDigest)]),
  ]
}

/** Approval helps only if the plan was not refused, or was refused only because it was not approved. */
function digestWords(record: RunRecord): string {
  const { stopped, approval, errors, plan } = record
  if (isWritten(record)) return 'The digest of the plan'
  if (plan?.users.length === 0) return 'The digest of the empty plan'
  const hasOtherReason = stopped === 'refused' && (approval !== 'other' || errors.length > 1)
  return hasOtherReason
    ? 'The digest of the refused plan'
    : `To apply this plan and no other, set ${code('approved-plan')} to its digest`
}
