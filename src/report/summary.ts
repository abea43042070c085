// A run's record → what people read in the job summary; the pull-request comment has the same content. Markdown has the
// headings and alerts alone; everything else is HTML blocks, where text from outside has no force (see text.ts). Pure.

import { type Grant, grantOf, type Permission } from '../plan/grants.ts'
import type { HeldBack, Holders, Operation, Plan, UserOutcome, UserPlan } from '../plan/plan.ts'
import { type Conclusion, conclude, counted, emailsOf, type Finding, grouped, type RunRecord } from './record.ts'
import { aboutText, clip, code, link, prose, userText } from './text.ts'

/** GitHub shows nothing of a summary over 1,048,576 bytes, and other commands of the same step may add to it. */
const SUMMARY_LIMIT = 700_000
/** What is longer is folded. */
const FOLD_AFTER = 20
/** Of one user, so that one with a thousand permissions does not fill the page. */
const MOST_LINES = 25
/** Auth0 has names of up to 280 characters. */
const LONGEST_NAME = 300
const LONGEST_MESSAGE = 2_000
const MOST_FILES = 10

/** Where a report is shown. */
export interface Medium {
  /** In bytes of UTF-8, which are never fewer than the characters that GitHub counts. */
  readonly limit: number
  /** Where the reader finds what is cut, as HTML. */
  readonly whole: string
  readonly foldFacts: boolean
  /** Sentences of our own that the reader needs where this is shown. */
  readonly notes: readonly string[]
}

const SUMMARY: Medium = {
  limit: SUMMARY_LIMIT,
  whole: 'the report file (output <code>report-file</code>) has all of them',
  foldFacts: false,
  notes: [],
}

export function renderSummary(record: Readonly<RunRecord>): string {
  return renderReport(record, SUMMARY)
}

/** Headings start at the second level: GitHub has a title of its own above. */
export function renderReport(record: Readonly<RunRecord>, medium: Medium): string {
  const lists = listsOf(record)
  // Lists get what the frame around them leaves, and how much that is shows when it is rendered.
  for (let room = medium.limit; ; ) {
    const report = renderWithin(record, medium, shortenLists(lists, room, medium.whole))
    const excess = Buffer.byteLength(report) - medium.limit
    if (excess <= 0 || room === 0) return report
    room = Math.max(0, room - Math.max(excess, Math.ceil(medium.limit / 100)))
  }
}

function renderWithin(record: Readonly<RunRecord>, medium: Medium, lists: Lists): string {
  const conclusion = conclude(record)
  return [
    `## Auth0 permissions: ${headingOf(record, conclusion)}`,
    lead(record, conclusion),
    ...alert('NOTE', paragraphs(medium.notes)),
    ...attention(record, lists),
    ...changes(record, lists),
    ...asides(record, lists),
    ...facts(record, conclusion, medium),
    '',
  ].join('\n\n')
}

const RESULT_WORDS: Readonly<Record<Conclusion['result'], string>> = {
  unchanged: 'nothing to change',
  planned: 'changes planned',
  applied: 'changes applied',
  partial: 'partly done',
  failed: 'failed',
}

function headingOf(
  { mode, stopped, cancelled, exported }: Readonly<RunRecord>,
  { result, changed }: Conclusion,
): string {
  if (cancelled) return 'cancelled'
  if (exported !== undefined) return 'manifest exported'
  if (stopped === 'refused' && result === 'failed') return 'refused'
  if (mode === 'plan' && result === 'partial') {
    return changed ? 'changes planned, not for all users' : 'nothing to change, but not all users are known'
  }
  return mode === 'validate' && result === 'unchanged' ? 'the manifest is valid' : RESULT_WORDS[result]
}

function lead({ tenant, stopped, drift, approval, plan }: Readonly<RunRecord>, { sentence }: Conclusion): string {
  const lines = [
    `<strong>${prose(sentence)}</strong>`,
    tenant === undefined ? '' : `Tenant: ${name(tenant)}.`,
    drift ? 'The step fails because <code>fail-on-changes</code> is set and the plan is not empty.' : '',
    approval === undefined || approval === 'other' || stopped !== undefined ? '' : APPROVALS[approval],
    plan?.restores === undefined ? '' : 'It is an undo plan: it takes back what an earlier apply did.',
  ]
  return `<p>${lines.filter(line => line !== '').join('<br>\n')}</p>`
}

const APPROVALS: Readonly<Record<'approved' | 'saved', string>> = {
  approved: 'The plan is the approved one: its digest is the one in <code>approved-plan</code>.',
  saved: 'The plan is the saved one in <code>plan-file</code>.',
}

// Lists: every one of them can be too long for its medium.

/**
 * Percent of the room that a list is sure of. What some do not use goes to the others, in this order: what a person must
 * look at and removals are cut last.
 */
const SHARES = {
  errors: 14,
  failures: 14,
  untouched: 4,
  heldBack: 4,
  revocations: 20,
  warnings: 8,
  grants: 16,
  permissions: 8,
  notices: 4,
  unmanaged: 4,
  advice: 2,
  derived: 2,
} as const

type ListName = keyof typeof SHARES

/** Entries of HTML, and the one that stands for those that are cut. */
interface List {
  readonly entries: readonly string[]
  readonly gap: (text: string) => string
}

/** As much of a list as fits. */
interface Shown {
  /** Empty where there is nothing to list. */
  readonly html: string
  /** How many entries are left out. */
  readonly cut: number
}

type Lists = Readonly<Record<ListName, Shown>>

function listsOf(record: Readonly<RunRecord>): Readonly<Record<ListName, List>> {
  const { errors, failures, warnings, notices, advice, plan, outcomes, unmanaged, derived } = record
  const emails = emailsOf(record)
  const known: Known = {
    emails,
    left: new Set(record.left),
    outcomes: isWritten(record) ? new Map(record.outcomes.map(outcome => [outcome.user, outcome])) : undefined,
  }
  return {
    errors: bullets(errors.map(findingText)),
    failures: bullets(failures.map(findingText)),
    untouched: bullets(plan === undefined ? outcomes.map(({ user }) => name(user)) : []),
    heldBack: bullets((plan?.heldBack ?? []).map(held => heldBackText(held, emails))),
    warnings: bullets(warnings.map(findingText)),
    notices: bullets(notices.map(findingText)),
    advice: bullets(advice.map(message)),
    revocations: rows(1, userRows(plan, REVOKE, known)),
    grants: rows(1, userRows(plan, GRANT, known)),
    permissions: rows(2, holderRows(plan, known)),
    unmanaged: rows(1, heldRows(unmanaged, emails, permissionText)),
    derived: rows(1, heldRows(derived, emails, derivedText)),
  }
}

function bullets(texts: readonly string[]): List {
  return { entries: texts.map(text => `<li>${text}</li>`), gap: text => `<li>${text}</li>` }
}

function rows(columns: 1 | 2, entries: readonly string[]): List {
  const span = columns === 1 ? '' : ` colspan="${columns}"`
  return { entries, gap: text => `<tr><td${span}>${text}</td></tr>` }
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
}

function shortenLists(lists: Readonly<Record<ListName, List>>, room: number, whole: string): Lists {
  const names = Object.keys(SHARES) as readonly ListName[]
  const sizes = Object.fromEntries(names.map(list => [list, sizeOf(lists[list].entries)])) as Record<ListName, number>
  const sure = (list: ListName) => Math.min(sizes[list], Math.floor((room * SHARES[list]) / 100))
  let spare = room - names.reduce((sum, list) => sum + sure(list), 0)
  const shortened = names.map(list => {
    const more = Math.min(sizes[list] - sure(list), spare)
    spare -= more
    return [list, shorten(lists[list], sizes[list], sure(list) + more, whole)]
  })
  return Object.fromEntries(shortened) as Lists
}

/** Of a list that is too long, the head and a shorter tail. */
function shorten({ entries, gap }: List, size: number, room: number, whole: string): Shown {
  if (size <= room) return { html: entries.join('\n'), cut: 0 }
  const head = countFitting(entries, room * 0.75)
  const tail = countFitting(entries.toReversed(), room * 0.25)
  const cut = entries.length - head - tail
  const text = `… ${grouped(cut)} of ${grouped(entries.length)} are cut here; ${whole}.`
  const shown = [...entries.slice(0, head), gap(text), ...entries.slice(entries.length - tail)]
  return { html: shown.join('\n'), cut }
}

/** How many of the first entries fit; not all of them do. */
function countFitting(entries: readonly string[], room: number): number {
  let size = 0
  return entries.findIndex(entry => {
    size += sizeOf([entry])
    return size > room
  })
}

/** With what the end of a line and an alert's mark before it take. */
function sizeOf(entries: readonly string[]): number {
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 3, 0)
}

// What a person must look at

function attention(record: Readonly<RunRecord>, lists: Lists): readonly string[] {
  const { errors, failures, warnings, plan, outcomes } = record
  const untouched = plan === undefined ? outcomes : []
  const heldBack = plan?.heldBack ?? []
  const both = errors.length > 0 && failures.length > 0
  const alerts = [
    ...alert('CAUTION', [
      ...listed(ERROR_TITLES[record.stopped ?? 'error'], errors, lists.errors, both),
      ...listed('Users that failed', failures, lists.failures, both),
      ...listed('Users that were not attempted', untouched, lists.untouched, true),
    ]),
    ...alert('WARNING', [
      ...revocationsInShort(record),
      ...listed('Revocations held back', heldBack, lists.heldBack, true),
      ...listed('Warnings', warnings, lists.warnings, heldBack.length > 0),
    ]),
  ]
  return alerts.length === 0 ? [] : ['### Look at this first', ...alerts]
}

const ERROR_TITLES: Readonly<Record<NonNullable<RunRecord['stopped']>, string>> = {
  inputs: 'Inputs that cannot be used',
  manifest: 'Mistakes in the manifest',
  refused: 'Reasons for the refusal',
  error: 'Errors',
}

/** A fold says what is cut in it, as nobody looks for that inside. */
function counting(title: string, items: readonly unknown[], { cut }: Shown): string {
  return `${title} (${grouped(items.length)}${cut === 0 ? '' : `; ${grouped(cut)} cut here`})`
}

function cutting(title: string, { cut }: Shown): string {
  return cut === 0 ? title : `${title} (${grouped(cut)} cut here)`
}

function findingText(finding: Finding): string {
  const { place } = finding
  const where = place === undefined ? '' : `${name(`${place.file}:${place.line}:${place.column}`)}<br>`
  return `${where}${aboutText(finding, name)}${message(finding.message)}`
}

function heldBackText({ user, entry, ...permission }: HeldBack, emails: ReadonlyMap<string, string>): string {
  const who = userText({ user, email: emails.get(user) }, name)
  return `${who} keeps ${permissionText(permission)}, because ${name(entry)} cannot be identified`
}

function revocationsInShort(record: Readonly<RunRecord>): readonly string[] {
  const { planned, done, users } = amountOf(record, REVOKE)
  if (planned === 0) return []
  const from = `${counted(planned, 'grant')} ${isWritten(record) ? 'revoked' : 'would be revoked'}, from ${counted(users, 'user')}`
  const text = done === planned ? from : `${grouped(done)} of ${counted(planned, 'planned revocation')} done`
  return [`<p><strong>− ${text}</strong></p>`]
}

/** A list, folded where it is long; its title can be left out where the list says it all. */
function listed(title: string, items: readonly unknown[], entries: Shown, titled = false): readonly string[] {
  if (items.length === 0) return []
  const strong = `<strong>${counting(title, items, entries)}</strong>`
  const list = `<ul>\n${entries.html}\n</ul>`
  if (items.length > FOLD_AFTER) return [fold(strong, list)]
  return titled ? [`<p>${strong}</p>`, list] : [list]
}

/** GitHub's own box with a word and a sign for it; elsewhere a quotation. */
function alert(kind: 'CAUTION' | 'WARNING' | 'NOTE', blocks: readonly string[]): readonly string[] {
  if (blocks.length === 0) return []
  return [[`[!${kind}]`, ...blocks].join('\n').replaceAll(/^/gm, '> ')]
}

// What changes

/** Whether outcomes are to be told: of a plan that was shown or refused there are none. */
function isWritten({ mode, stopped }: Readonly<RunRecord>): boolean {
  return mode === 'apply' && stopped !== 'refused'
}

function changes(record: Readonly<RunRecord>, lists: Lists): readonly string[] {
  const { plan } = record
  if (plan === undefined || plan.users.length === 0) return []
  return [
    ...operationSection(record, REVOKE, lists.revocations),
    ...operationSection(record, GRANT, lists.grants),
    ...section(`By permission${isWritten(record) && !isComplete(record) ? ', as planned' : ''}`, {
      headers: ['Permission', `Holders, of ${countedUsers(record)}`],
      rows: lists.permissions,
      length: plan.holders.length,
      title: counted(plan.holders.length, 'permission'),
    }),
    ...digestText(record),
  ]
}

function operationSection(record: Readonly<RunRecord>, kind: Kind, rows: Shown): readonly string[] {
  const { planned, done, users } = amountOf(record, kind)
  const counts = done === planned ? grouped(planned) : `${grouped(done)} of ${grouped(planned)} done`
  const verb = done === planned ? kind.verb[isWritten(record) ? 'done' : 'planned'] : kind.verb.open
  return section(`${kind.heading} (${counts})`, {
    headers: [`User, and what they ${verb}`],
    rows,
    length: users,
    title: `${counted(users, 'user')} ${verb} permissions`,
  })
}

interface Amount {
  /** Operations of a kind. */
  readonly planned: number
  /** As many as planned, where it is not to be told what was done. */
  readonly done: number
  /** Who has any. */
  readonly users: number
}

function amountOf(record: Readonly<RunRecord>, kind: Kind): Amount {
  const concerned = (record.plan?.users ?? []).filter(user => isConcerned(user, kind))
  const planned = concerned.reduce((sum, user) => sum + user[kind.operations].length, 0)
  const done = record.outcomes.reduce((sum, outcome) => sum + outcome[kind.outcome].length, 0)
  return { planned, done: isWritten(record) ? done : planned, users: concerned.length }
}

function isConcerned(user: UserPlan, { operations }: Kind): boolean {
  return user[operations].length > 0
}

function isComplete({ plan, outcomes }: Readonly<RunRecord>): boolean {
  return outcomes.length === plan?.users.length && outcomes.every(({ status }) => status === 'done')
}

/** Those among whom holders are counted: nothing is known of a listed user who was not read. */
function countedUsers({ read, users }: Readonly<RunRecord>): string {
  return read < users ? `${counted(read, 'user')} read` : counted(users, 'listed user')
}

function digestText(record: Readonly<RunRecord>): readonly string[] {
  const { digest, undoDigest } = record
  return [
    ...(digest === undefined ? [] : [`<p>${digestWords(record)}:<br>\n${name(digest)}</p>`]),
    ...(undoDigest === undefined
      ? []
      : [
          `<p>To undo this apply, set <code>plan-file</code> to the undo plan and <code>approved-plan</code> to its digest:<br>\n${name(undoDigest)}</p>`,
        ]),
  ]
}

/** Approval helps a plan that was only planned, and one that is refused for the lack of it alone. */
function digestWords(record: Readonly<RunRecord>): string {
  const { stopped, approval, errors } = record
  if (isWritten(record)) return 'The digest of the plan'
  const helpless = stopped === 'refused' && (approval !== 'other' || errors.length > 1)
  return helpless
    ? 'The digest of the refused plan'
    : 'To apply this plan and no other, set <code>approved-plan</code> to its digest'
}

interface Kind {
  readonly operations: 'grant' | 'revoke'
  readonly outcome: 'granted' | 'revoked'
  readonly heading: string
  readonly sign: string
  /** Of a plan, of what was done, and of what was to be done and is not all done. */
  readonly verb: Readonly<Record<'planned' | 'done' | 'open', string>>
  readonly effective: string
}

const GRANT: Kind = {
  operations: 'grant',
  outcome: 'granted',
  heading: '+ Grants',
  sign: '+ grant',
  verb: { planned: 'would gain', done: 'gain', open: 'were to gain' },
  effective: 'already effective',
}

const REVOKE: Kind = {
  operations: 'revoke',
  outcome: 'revoked',
  heading: '− Revocations',
  sign: '− revoke',
  verb: { planned: 'would lose', done: 'lose', open: 'were to lose' },
  effective: 'still effective',
}

/** What is known of the plan's users beyond the plan, by id. */
interface Known {
  readonly emails: ReadonlyMap<string, string>
  /** Who has left the manifest. */
  readonly left: ReadonlySet<string>
  /** undefined where there are none to tell */
  readonly outcomes: ReadonlyMap<string, UserOutcome> | undefined
}

/** What is not done comes first. */
function userRows(plan: Plan | undefined, kind: Kind, known: Known): readonly string[] {
  const users = (plan?.users ?? []).filter(user => isConcerned(user, kind))
  const {
    failed = [],
    'not attempted': untouched = [],
    done = [],
  } = Object.groupBy(users, ({ user }) => fateOf(known.outcomes?.get(user), kind))
  return [...failed, ...untouched, ...done].map(user => userRow(user, kind, known))
}

function userRow({ user, ...plan }: UserPlan, kind: Kind, { emails, left, outcomes }: Known): string {
  const fate = outcomes === undefined ? '' : `${fateText(fateOf(outcomes.get(user), kind))}: `
  const who = userText({ user, email: emails.get(user) }, name)
  const operations = userLines(plan[kind.operations], operation => operationText(operation, kind))
  return row([`${fate}${who}${left.has(user) ? ', who has left the manifest' : ''}<br>${operations}`])
}

/** What became of a user's operations of one kind; those of the other may have ended otherwise. */
function fateOf(outcome: UserOutcome | undefined, kind: Kind): UserOutcome['status'] {
  if (outcome === undefined) return 'not attempted'
  return outcome.status === 'failed' && outcome[kind.outcome].length > 0 ? 'done' : outcome.status
}

function fateText(fate: UserOutcome['status']): string {
  return fate === 'done' ? fate : `<strong>${fate}</strong>`
}

function operationText(operation: Operation, { sign, effective }: Kind): string {
  return `${sign} ${permissionText(operation)}${operationNotes(operation, effective, name)}`
}

/**
 * What there is to know about an operation beyond its name, in brackets, or nothing.
 * @param show makes the names and reasons in it harmless where they are shown
 */
export function operationNotes(
  { roles, expires, reason }: Operation,
  effective: string,
  show: (text: string) => string,
): string {
  const notes = [
    roles.length === 0 ? '' : `${effective} through role ${roles.map(show).join(', ')}`,
    expires === undefined ? '' : `until ${show(expires)}`,
    reason === undefined ? '' : `reason: ${show(reason)}`,
  ].filter(note => note !== '')
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`
}

function permissionText({ api, permission }: Permission): string {
  return `${name(permission)} on ${name(api)}`
}

/** Permissions that anybody loses come first. */
function holderRows(plan: Plan | undefined, { left }: Known): readonly string[] {
  const users = (plan?.users ?? []).filter(({ user }) => !left.has(user))
  const gains = countByGrant(users.flatMap(({ grant }) => grant))
  const losses = countByGrant(users.flatMap(({ revoke }) => revoke))
  const changes = (plan?.holders ?? []).map(holders => ({ holders, change: changeOf(holders, gains, losses) }))
  const { first = [], then = [] } = Object.groupBy(changes, ({ change }) => (change.fewer > 0 ? 'first' : 'then'))
  return [...first, ...then].map(({ holders, change }) =>
    row([permissionText(holders), `${grouped(holders.before)} → ${grouped(holders.after)} (${changeText(change)})`]),
  )
}

function countByGrant(operations: readonly Operation[]): ReadonlyMap<Grant, number> {
  const counts = new Map<Grant, number>()
  for (const { api, permission } of operations) {
    const grant = grantOf(api, permission)
    counts.set(grant, (counts.get(grant) ?? 0) + 1)
  }
  return counts
}

/** How many gain and how many lose a permission. */
interface Change {
  readonly more: number
  readonly fewer: number
}

/** By the operations; of a saved plan some may be done already, and then before and after alone are known. */
function changeOf(
  { api, permission, before, after }: Holders,
  gains: ReadonlyMap<Grant, number>,
  losses: ReadonlyMap<Grant, number>,
): Change {
  const grant = grantOf(api, permission)
  const change = { more: gains.get(grant) ?? 0, fewer: losses.get(grant) ?? 0 }
  if (change.more - change.fewer === after - before) return change
  return { more: Math.max(0, after - before), fewer: Math.max(0, before - after) }
}

function changeText({ more, fewer }: Change): string {
  const parts = [more === 0 ? '' : `${grouped(more)} more`, fewer === 0 ? '' : `${grouped(fewer)} fewer`]
  return parts.filter(part => part !== '').join(', ') || 'as many'
}

// What is good to know

function asides(record: Readonly<RunRecord>, lists: Lists): readonly string[] {
  const { notices, advice, unmanaged, derived } = record
  const blocks = [
    ...listed('Notices', notices, lists.notices),
    ...folded(
      cutting(
        `${counted(unmanaged.length, 'unmanaged direct grant')} of ${counted(byUser(unmanaged).size, 'listed user')}`,
        lists.unmanaged,
      ),
      unmanaged,
      [`<p>${unmanagedText(record)}</p>`, table(['User, and what they hold directly'], lists.unmanaged.html)],
    ),
    ...folded(counting('Advice', advice, lists.advice), advice, [`<ul>\n${lists.advice.html}\n</ul>`]),
    ...folded(
      cutting(`${counted(derived.length, 'permission')} held through roles, never touched`, lists.derived),
      derived,
      [table(['User, and what they hold through roles'], lists.derived.html)],
    ),
  ]
  return blocks.length === 0 ? [] : ['### Good to know', ...blocks]
}

function unmanagedText({ revoke }: Readonly<RunRecord>): string {
  return revoke === 'all'
    ? 'They are on APIs that the manifest does not name, so they stay; add such an API under <code>apis</code> to include it.'
    : 'The manifest does not ask for them, and they stay: list them to keep them on purpose, or revoke them with <code>revoke: all</code>.'
}

function folded(title: string, items: readonly unknown[], blocks: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [fold(title, blocks.join('\n'))]
}

interface Held extends Permission {
  readonly user: string
}

function heldRows<T extends Held>(
  items: readonly T[],
  emails: ReadonlyMap<string, string>,
  text: (item: T) => string,
): readonly string[] {
  return [...byUser(items)].map(([user, held]) =>
    row([`${userText({ user, email: emails.get(user) }, name)}<br>${userLines(held, text)}`]),
  )
}

function derivedText(held: RunRecord['derived'][number]): string {
  return `${permissionText(held)}, through ${held.roles.map(name).join(', ')}`
}

function byUser<T extends Held>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(items, item => item.user)
}

// Facts

function facts(record: Readonly<RunRecord>, { requests }: Conclusion, { foldFacts }: Medium): readonly string[] {
  const { mode, stopped, commit, ledger, traffic, duration } = record
  if (stopped === 'inputs') return []
  const online = mode !== 'validate' && mode !== undefined
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Mode', modeText(record)],
    ['Manifest', record.files.length === 0 ? undefined : filesText(record.files)],
    ['Commit', commit && shortCommit(commit)],
    ['Listed users', listedText(record, online)],
    ['Ledger', ledger && name(ledger.branch)],
    ['Previous apply', ledger && previousText(ledger)],
    ['Files with plans', outputsText(record)],
    ['Requests to the tenant', online ? grouped(requests) : undefined],
    ['Waited for the rate limit', online ? time(traffic.waited) : undefined],
    ['Duration', time(duration)],
  ]
  const rows = facts.flatMap(([fact, value]) => (value === undefined || value === '' ? [] : [row([fact, value])]))
  const block = table(['Fact', 'Value'], rows.join('\n'))
  return ['### Facts', foldFacts ? fold('About this run', block) : block]
}

function previousText({ commit, run }: NonNullable<RunRecord['ledger']>): string | undefined {
  const parts = [commit && `commit ${shortCommit(commit)}`, run && link(run, 'workflow run')].filter(Boolean)
  return parts.length === 0 ? undefined : parts.join(', ')
}

function listedText({ users, read }: Readonly<RunRecord>, online: boolean): string {
  return online ? `${grouped(users)}, of whom ${grouped(read)} were read` : grouped(users)
}

function modeText({ mode, revoke, scope }: Readonly<RunRecord>): string | undefined {
  if (mode === undefined) return undefined
  const inputs = Object.entries({ revoke, scope }).flatMap(([input, value]) =>
    value ? [code(`${input}: ${value}`)] : [],
  )
  return [code(mode), ...inputs].join(', ')
}

/** As GitHub shows it, and long enough to be found. */
export function shortCommit(commit: string): string {
  return code(commit.slice(0, 12))
}

function filesText(files: readonly string[]): string {
  const shown = files.slice(0, MOST_FILES).map(name)
  const more = files.length - shown.length
  return [...shown, ...(more === 0 ? [] : [`and ${grouped(more)} more`])].join('<br>')
}

function outputsText({ planFile, undoPlanFile }: Readonly<RunRecord>): string | undefined {
  const outputs = [planFile && code('plan-file'), undoPlanFile && code('undo-plan-file')].filter(Boolean)
  return outputs.length === 0 ? undefined : `${outputs.length === 1 ? 'output' : 'outputs'} ${outputs.join(' and ')}`
}

function time(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

// Building blocks

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.map(text => `<p>${text}</p>`)
}

interface Section {
  readonly headers: readonly string[]
  readonly rows: Shown
  readonly length: number
  /** What is said in the place of a long table, until it is unfolded. */
  readonly title: string
}

function section(heading: string, { headers, rows, length, title }: Section): readonly string[] {
  if (length === 0) return []
  const block = table(headers, rows.html)
  return [`### ${heading}`, length > FOLD_AFTER ? fold(cutting(title, rows), block) : block]
}

function table(headers: readonly string[], rows: string): string {
  const head = headers.map(header => `<th align="left">${header}</th>`).join('')
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows}\n</tbody>\n</table>`
}

function fold(title: string, block: string): string {
  return `<details><summary>${title}</summary>\n${block}\n</details>`
}

/** What belongs to a user, a line each; only what is shown is rendered. */
function userLines<T>(items: readonly T[], line: (item: T) => string): string {
  if (items.length <= MOST_LINES) return items.map(line).join('<br>')
  const tail = Math.floor(MOST_LINES / 5)
  const head = MOST_LINES - tail
  const cut = `… ${grouped(items.length - head - tail)} more of this user`
  return [...items.slice(0, head).map(line), cut, ...items.slice(-tail).map(line)].join('<br>')
}

/** A name, an id, a path: always as a whole and literally, unless it is absurdly long. */
function name(text: string): string {
  return code(clip(text, LONGEST_NAME))
}

function message(text: string): string {
  return prose(clip(text, LONGEST_MESSAGE))
}
