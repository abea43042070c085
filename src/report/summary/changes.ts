// The changes: a row for each user, with losses before gains. Pure.

import { type Access, isPermission, packAccess, packAll } from '../../access/grants.ts'
import type { Operation, Plan, UserOutcome, UserPlan, Why } from '../../plan/plan.ts'
import { counted, grouped } from '../conclude.ts'
import { emailsOf, type NamedApi, type RunRecord } from '../record.ts'
import { code, userText } from '../text.ts'
import { FOLD_AFTER, fold, name, paragraph, row, table } from './blocks.ts'
import { cutting, type Lists } from './lists.ts'

/** Longer lists are shortened, so that a user with a thousand permissions does not fill the page. */
const MAX_USER_LINES = 25

/** Facts beyond the plan. */
export interface Known {
  /** The addresses that list users, by id. */
  readonly emails: ReadonlyMap<string, string>
  /** Users who were removed from the manifest. */
  readonly removed: ReadonlySet<string>
  /** By user; undefined if nothing was to be written. */
  readonly outcomes: ReadonlyMap<string, UserOutcome> | undefined
  /** The manifest's names for APIs, by identifier. */
  readonly aliases: ReadonlyMap<string, string>
}

export function knownOf(record: RunRecord): Known {
  const { removed, outcomes, apis } = record
  return {
    emails: emailsOf(record),
    removed: new Set(removed),
    outcomes: isWritten(record) ? new Map(outcomes.map(outcome => [outcome.user, outcome])) : undefined,
    aliases: new Map(apis.flatMap(({ identifier, alias }) => (alias === undefined ? [] : [[identifier, alias]]))),
  }
}

/** Whether to show outcomes: a plan that was only computed or refused has none. */
export function isWritten({ mode, stopped }: RunRecord): boolean {
  return mode === 'apply' && stopped !== 'refused'
}

export function renderChanges(record: RunRecord, lists: Lists): readonly string[] {
  const { plan } = record
  const users = plan?.users ?? []
  if (users.length === 0) return []
  const { changes, permissions } = lists
  const changeTable = table([headerOf(record)], changes.html)
  const title = counted(changes.length, 'user')
  const hasRoles = plan?.holders.some(access => !isPermission(access)) === true
  const header = hasRoles ? 'Permission or role' : 'Permission'
  const holders = table([header, `Holders, of ${countedUsers(record)}`], permissions.html)
  const holdersTitle = `By ${header.toLowerCase()}${isWritten(record) && !isComplete(record) ? ', as planned' : ''}`
  // For one user or a long list, it adds little to the table above.
  const isFolded = users.length === 1 || permissions.length > FOLD_AFTER
  return [
    '### Changes',
    changes.length > FOLD_AFTER ? fold(cutting(title, changes), changeTable) : changeTable,
    ...paragraph([...apiLines(record), ...tokenLines(record)]),
    ...(permissions.length === 0
      ? []
      : isFolded
        ? [fold(cutting(`${holdersTitle} (${grouped(permissions.length)})`, permissions), holders)]
        : [`### ${holdersTitle}`, holders]),
  ]
}

function headerOf(record: RunRecord): string {
  return isWritten(record)
    ? 'User, and what they lose (−) and gain (+)'
    : 'User, and what they would lose (−) and gain (+)'
}

function isComplete({ plan, outcomes }: RunRecord): boolean {
  return outcomes.length === plan?.users.length && outcomes.every(({ status }) => status === 'done')
}

/** The users among whom holders are counted; a user who was not read cannot be counted. */
function countedUsers({ read, users }: RunRecord): string {
  return read < users ? `${counted(read, 'user')} read` : counted(users, 'listed user')
}

/** The APIs of which a user loses or gains a permission. */
function touchedApis({ apis, plan }: RunRecord, kinds: readonly Kind[]): readonly NamedApi[] {
  const users = plan?.users ?? []
  const touched = new Set(
    users.flatMap(user => kinds.flatMap(({ operations }) => user[operations].map(({ api }) => api))),
  )
  return apis.filter(({ identifier }) => touched.has(identifier))
}

function apiLines(record: RunRecord): readonly string[] {
  const named = touchedApis(record, KINDS).flatMap(({ identifier, alias }) =>
    alias === undefined ? [] : [`${name(alias)} is ${name(identifier)}`],
  )
  return named.length === 0 ? [] : [`${named.join('; ')}.`]
}

/** A revocation has no effect on tokens that were issued before it. */
function tokenLines(record: RunRecord): readonly string[] {
  const lifetimes = touchedApis(record, [REVOKE]).flatMap(({ identifier, alias, tokenLifetime }) =>
    tokenLifetime === undefined ? [] : [`${lifetimeText(tokenLifetime)} for ${name(alias ?? identifier)}`],
  )
  if (lifetimes.length === 0) return []
  return [
    `Access tokens issued before a revocation may contain the permission until they expire: ${lifetimes.join(', ')}.`,
  ]
}

function lifetimeText(seconds: number): string {
  if (seconds < 120) return counted(seconds, 'second')
  if (seconds < 7_200) return counted(Math.round(seconds / 60), 'minute')
  return counted(Math.round(seconds / 3_600), 'hour')
}

interface Kind {
  readonly operations: 'grant' | 'revoke'
  readonly outcome: 'granted' | 'revoked'
  readonly sign: string
  readonly effective: string
}

const GRANT: Kind = { operations: 'grant', outcome: 'granted', sign: '+ grant', effective: 'already effective' }
const REVOKE: Kind = { operations: 'revoke', outcome: 'revoked', sign: '− revoke', effective: 'still effective' }
const KINDS = [REVOKE, GRANT]

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
  const statuses = new Set(changes.flatMap(change => statusText(change) ?? []))
  const isMixed = statuses.size > 1
  const marks = [known.removed.has(user.user) ? 'removed from the manifest' : '', ...(isMixed ? [] : statuses)].filter(
    mark => mark !== '',
  )
  const who = [userText({ user: user.user, email: known.emails.get(user.user) }, name), ...marks].join(', ')
  const lineOf = (change: Change) => {
    const { operation, kind } = change
    const prefix = isMixed ? `${statusText(change)}: ` : ''
    const notes = operationNotes(operation, { effective: kind.effective, show: name })
    return `${prefix}${kind.sign} ${accessHtml(operation, known.aliases)}${notes}`
  }
  return row([`${who}<br>${userLines(changes, lineOf)}`])
}

interface Change {
  readonly kind: Kind
  readonly operation: Operation
  /** What happened to it; undefined if nothing was to be written. */
  readonly status: UserOutcome['status'] | undefined
  /** It failed, but may have been done although no response arrived. */
  readonly isUncertain: boolean
}

function changesOf(user: UserPlan, { outcomes }: Known): readonly Change[] {
  const outcome = outcomes?.get(user.user)
  return KINDS.flatMap(kind => {
    const done = packAll(outcome?.[kind.outcome] ?? [])
    return user[kind.operations].map(operation => {
      const isDone = outcome?.status === 'failed' && done.has(packAccess(operation))
      const status = outcomes && (isDone ? 'done' : (outcome?.status ?? 'not attempted'))
      const isUncertain = status === 'failed' && outcome?.uncertain?.includes(kind.operations) === true
      return { kind, operation, status, isUncertain }
    })
  })
}

function statusText({ status, isUncertain }: Change): string | undefined {
  if (status === undefined || status === 'done') return status
  return `<strong>${status}</strong>${isUncertain ? ', but may have been done' : ''}`
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
    uncertain ? 'the opposite may not have been done' : '',
  ].filter(note => note !== '')
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`
}

/** Empty for a removed user, because the row already says so. */
const WHY_WORDS: Readonly<Record<Why, string>> = {
  'user removed': '',
  'line removed': 'removed from the manifest',
  expired: 'expired',
  'not listed': 'not in the manifest',
}

/** A permission by the manifest's name for the API, if it has one; or a role. */
export function accessHtml(access: Access, aliases: Known['aliases']): string {
  return isPermission(access)
    ? `${name(access.permission)} on ${name(aliases.get(access.api) ?? access.api)}`
    : `the role ${name(access.name ?? access.role)}`
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
  return [
    ...(digest === undefined ? [] : paragraph([`${digestWords(record)}:`, name(digest)])),
    ...(undoDigest === undefined || isIdle(plan)
      ? []
      : paragraph([
          `To undo this apply, set ${code('plan-file')} to the undo plan and ${code('approved-plan')} to its digest:`,
          name(undoDigest),
        ])),
  ]
}

/** Whether applying the plan changes neither the tenant nor the ledger. */
function isIdle(plan: Plan | undefined): boolean {
  return plan === undefined || plan.users.length + plan.found.length === 0
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
