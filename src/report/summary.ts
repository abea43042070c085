// A run's record → the job summary. Markdown has the headings alone; everything else is HTML blocks, where text from
// outside has no force (see text.ts). Pure.

import type { Permission } from '../plan/grants.ts'
import type { Operation, UserOutcome, UserPlan } from '../plan/plan.ts'
import { type Conclusion, conclude, counted, type Finding, type RunRecord, type UserFailure } from './record.ts'
import { code, prose } from './text.ts'

/** GitHub shows nothing of a summary over 1,048,576 bytes; this leaves room for the frame and for other steps' text. */
const LIST_BUDGET = 200_000
/** Longer lists are folded. */
const FOLD_AFTER = 20

export function renderSummary(record: Readonly<RunRecord>): string {
  const conclusion = conclude(record)
  return [
    `## Auth0 permissions: ${headingOf(record, conclusion)}`,
    `<p>${prose(conclusion.sentence)}</p>`,
    ...attention(record),
    ...changes(record),
    ...facts(record, conclusion),
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

function headingOf({ mode, cancelled }: Readonly<RunRecord>, { result }: Conclusion): string {
  if (cancelled) return 'cancelled'
  return mode === 'validate' && result === 'unchanged' ? 'the manifest is valid' : RESULT_WORDS[result]
}

/** What a person must look at, first. */
function attention({ errors, failures, warnings, notices }: Readonly<RunRecord>): readonly string[] {
  const lists = [
    findingList('Errors', errors),
    findingList('Users that failed', failures),
    findingList('Warnings', warnings),
    findingList('Notices', notices),
  ].flat()
  return lists.length === 0 ? [] : ['### Look at this first', ...lists]
}

function findingList(title: string, findings: readonly (Finding & Partial<UserFailure>)[]): readonly string[] {
  if (findings.length === 0) return []
  const items = findings.map(({ place, user, message }) => {
    const where = place === undefined ? '' : `${code(`${place.file}:${place.line}:${place.column}`)} `
    const who = user === undefined || message.includes(user) ? '' : `${code(user)}: `
    return `<li>${where}${who}${prose(message)}</li>`
  })
  return [foldable(`${title} (${findings.length})`, items, list => `<ul>\n${list}\n</ul>`)]
}

function changes({ mode, plan, stopped, outcomes }: Readonly<RunRecord>): readonly string[] {
  if (plan === undefined || plan.users.length === 0) return []
  const statuses = new Map(outcomes.map(outcome => [outcome.user, outcome]))
  const written = mode === 'apply' && stopped !== 'refused'
  const byUser = plan.users.map(user => userRow(user, written ? statusOf(statuses.get(user.user)) : 'planned'))
  const byPermission = plan.holders.map(
    holders => `<tr><td>${permissionCell(holders)}</td><td>${holders.before} → ${holders.after}</td></tr>`,
  )
  return [
    written ? '### Changes' : '### Planned changes',
    foldable(`By user (${byUser.length})`, byUser, table(['User', '+ grant', '− revoke', 'Status'])),
    ...(byPermission.length === 0
      ? []
      : [
          foldable(
            `By permission (${byPermission.length})`,
            byPermission,
            table(['Permission', 'Holders among the listed users, before → after']),
          ),
        ]),
  ]
}

function userRow({ user, grant, revoke }: UserPlan, status: string): string {
  const cells = [
    code(user),
    grant.map(operation => operationLine('+', operation, 'already effective')).join('<br>'),
    revoke.map(operation => operationLine('−', operation, 'still effective')).join('<br>'),
    status,
  ]
  return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
}

function operationLine(sign: string, operation: Operation, effective: string): string {
  return `${sign} ${permissionCell(operation)}${operationNotes(operation, effective, code)}`
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

function permissionCell({ api, permission }: Permission): string {
  return `${code(permission)} on ${code(api)}`
}

function statusOf(outcome: UserOutcome | undefined): string {
  return outcome?.status ?? 'not attempted'
}

function facts(record: Readonly<RunRecord>, { requests, users }: Conclusion): readonly string[] {
  const { mode, revoke, tenant, files, derived, traffic, duration } = record
  const rows: readonly (readonly [string, string])[] = [
    ['Tenant', tenant === undefined ? '' : code(tenant)],
    ['Mode', mode === undefined ? '' : `${mode}${revoke === undefined ? '' : `, revoke: ${revoke}`}`],
    ['Manifest', files.map(code).join(', ')],
    ['Listed users', String(users)],
    ['Held through roles, never touched', derived.length === 0 ? '' : counted(derived.length, 'permission')],
    ['Requests to the tenant', String(requests)],
    ['Waited for the rate limit', `${seconds(traffic.waited)} s`],
    ['Duration', `${seconds(duration)} s`],
  ]
  const shown = rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`)
  return ['### Facts', table(['Fact', 'Value'])(shown.join('\n'))]
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1)
}

function table(headers: readonly string[]): (rows: string) => string {
  const head = headers.map(header => `<th>${header}</th>`).join('')
  return rows => `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows}\n</tbody>\n</table>`
}

/** As many items as the budget allows; what is cut is counted, and the report file has it. */
function foldable(title: string, items: readonly string[], frame: (items: string) => string): string {
  let size = 0
  const shown = items.filter(item => {
    size += Buffer.byteLength(item)
    return size <= LIST_BUDGET
  })
  const cut =
    shown.length === items.length
      ? ''
      : `\n<p>${items.length - shown.length} more are cut here; the report file (output <code>report-file</code>) has all of them.</p>`
  const open = items.length <= FOLD_AFTER ? ' open' : ''
  return `<details${open}><summary>${title}</summary>\n${frame(shown.join('\n'))}${cut}\n</details>`
}
