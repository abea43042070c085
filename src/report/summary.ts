// A run's record → the job summary; the pull-request comment has the same content. First what happened, then what needs
// attention, then the changes, then further information. Pure.

import { type Conclusion, conclude } from './conclude.ts'
import type { RunRecord } from './record.ts'
import { alert, message, name, paragraph } from './summary/blocks.ts'
import { changeHeader, knownOf, renderChanges, renderDigests, userRows } from './summary/changes.ts'
import { renderFacts } from './summary/facts.ts'
import {
  derivedRows,
  findingHtml,
  heldBackHtml,
  renderAsides,
  renderAttention,
  unmanagedRows,
} from './summary/findings.ts'
import { holderHeaders, holderRows, renderHolders } from './summary/holders.ts'
import { bullets, type List, type ListName, type Lists, type Room, rows, shortenLists } from './summary/lists.ts'
import { code, prose } from './text.ts'

/** Where a report is shown. */
export interface Medium extends Room {
  /** Further notes for the reader, as blocks. */
  readonly notes: readonly string[]
}

/** GitHub rejects a summary over 1,048,576 bytes, and other commands of the same step may add to it. */
const MAX_SUMMARY = 700_000

export function renderSummary(record: RunRecord): string {
  const whole = 'the report file (output <code>report-file</code>) lists them all'
  return renderReport(record, { bytes: MAX_SUMMARY, whole, notes: [] })
}

/** Headings start at the second level, because GitHub adds a title above. */
export function renderReport(record: RunRecord, { notes, whole, bytes: limit }: Medium): string {
  const lists = listsOf(record)
  // The size of the text around the lists is only known once it is rendered.
  for (let bytes = limit; ; ) {
    const report = renderWithin(record, { notes, lists: shortenLists(lists, { bytes, whole }) })
    const excess = Buffer.byteLength(report) - limit
    if (excess <= 0 || bytes === 0) return report
    bytes = Math.max(0, bytes - Math.max(excess, Math.ceil(limit / 100)))
  }
}

function renderWithin(record: RunRecord, { notes, lists }: Pick<Medium, 'notes'> & { readonly lists: Lists }): string {
  const conclusion = conclude(record)
  const blocks = [
    `## Auth0 permissions: ${headingOf(record, conclusion)}`,
    lead(record, conclusion),
    alert('NOTE', notes),
    ...renderAttention(record, lists),
    ...renderChanges(record, lists),
    ...renderHolders(record, lists),
    ...renderDigests(record),
    ...renderAsides(record, lists),
    renderFacts(record, conclusion),
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n\n`
}

function listsOf(record: RunRecord): Readonly<Record<ListName, List>> {
  const { errors, failures, warnings, notices, advice, plan, outcomes } = record
  const known = knownOf(record)
  return {
    errors: bullets(errors.map(findingHtml)),
    failures: bullets(failures.map(findingHtml)),
    untouched: bullets(plan === undefined ? outcomes.map(({ user }) => name(user)) : []),
    heldBack: bullets(plan?.heldBack.map(held => heldBackHtml(held, known)) ?? []),
    changes: rows([changeHeader(record)], plan ? userRows(plan.users, known) : []),
    warnings: bullets(warnings.map(findingHtml)),
    permissions: rows(holderHeaders(record), plan ? holderRows(plan, known) : []),
    notices: bullets(notices.map(findingHtml)),
    unmanaged: rows(['User, and the lines that would list what they have'], unmanagedRows(record, known)),
    advice: bullets(advice.map(message)),
    derived: rows(['User, and what they have through roles'], derivedRows(record, known)),
  }
}

const RESULT_WORDS: Readonly<Record<Conclusion['result'], string>> = {
  unchanged: 'nothing to change',
  planned: 'changes planned',
  applied: 'changes applied',
  partial: 'partly done',
  failed: 'failed',
}

function headingOf({ mode, stopped, cancelled, exported }: RunRecord, { result, changed }: Conclusion): string {
  if (cancelled) return 'cancelled'
  if (exported !== undefined) return 'manifest exported'
  if (stopped === 'refused' && result === 'failed') return 'refused'
  if (mode === 'plan' && result === 'partial') {
    return changed ? 'changes planned, but some users failed' : 'nothing to change, but some users failed'
  }
  return mode === 'validate' && result === 'unchanged' ? 'the manifest is valid' : RESULT_WORDS[result]
}

function lead(record: RunRecord, { sentence }: Conclusion): string {
  const { tenant, stopped, drift, saved, approval, plan } = record
  return paragraph([
    `<strong>${prose(sentence)}</strong>`,
    tenant === undefined ? '' : `Tenant: ${name(tenant)}.`,
    drift ? `The step fails because ${code('fail-on-changes')} is set and the plan is not empty.` : '',
    saved && stopped === undefined ? `The plan is the saved one in ${code('plan-file')}.` : '',
    approval === undefined || stopped !== undefined ? '' : APPROVALS[approval],
    plan?.restores === undefined ? '' : 'It is an undo plan: it reverses an earlier apply.',
  ])
}

const APPROVALS: Readonly<Record<NonNullable<RunRecord['approval']>, string>> = {
  approved: 'It is the approved plan: its digest is the one in <code>approved-plan</code>.',
  empty: 'It is empty, so there was nothing to approve; <code>approved-plan</code> has the digest of another plan.',
  other: '',
}
