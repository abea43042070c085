// Facts about the run, folded into one line. Pure.

import { type Conclusion, counted, grouped } from '../conclude.ts'
import type { LedgerFacts, RunRecord } from '../record.ts'
import { code, link } from '../text.ts'
import { fold, name, row, table } from './blocks.ts'

const MAX_FILES = 10

export function renderFacts(record: RunRecord, { requests }: Conclusion): readonly string[] {
  const { mode, stopped, commit, ledger, traffic, duration } = record
  if (stopped === 'inputs' || mode === undefined) return []
  const isOnline = mode !== 'validate'
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Mode', modeText(record)],
    ['Manifest', record.files.length === 0 ? undefined : filesText(record.files)],
    ['Commit', commit && shortCommit(commit)],
    ['Listed users', listedText(record, isOnline)],
    ['Ledger', ledger && name(ledger.branch)],
    ['Previous apply', ledger && previousText(ledger)],
    ['Files with plans', outputsText(record)],
    ['Requests to the tenant', isOnline ? grouped(requests) : undefined],
    ['Waited for the rate limit', isOnline ? time(traffic.waited) : undefined],
    ['Duration', time(duration)],
  ]
  const rows = facts.flatMap(([fact, value]) => (value ? [row([fact, value])] : []))
  const sent = isOnline ? `, ${counted(requests, 'request')} to the tenant` : ''
  return [fold(`About this run: ${code(mode)}${sent}, ${time(duration)}`, table(['Fact', 'Value'], rows.join('\n')))]
}

function previousText({ commit, run }: LedgerFacts): string | undefined {
  const parts = [commit && `commit ${shortCommit(commit)}`, run && link(run, 'workflow run')].filter(Boolean)
  return parts.length === 0 ? undefined : parts.join(', ')
}

function listedText({ users, read }: RunRecord, isOnline: boolean): string {
  return isOnline ? `${grouped(users)}, ${grouped(read)} read` : grouped(users)
}

function modeText({ mode, revoke, scope }: RunRecord): string {
  const inputs = Object.entries({ revoke, scope }).flatMap(([input, value]) =>
    value ? [code(`${input}: ${value}`)] : [],
  )
  return [code(String(mode)), ...inputs].join(', ')
}

/** As `code`, and long enough to be unique. */
export function shortCommit(commit: string): string {
  return code(commit.slice(0, 12))
}

function filesText(files: readonly string[]): string {
  const shown = files.slice(0, MAX_FILES).map(name)
  const more = files.length - shown.length
  return [...shown, ...(more === 0 ? [] : [`and ${grouped(more)} more`])].join('<br>')
}

function outputsText({ planFile, undoPlanFile }: RunRecord): string | undefined {
  const outputs = [planFile && code('plan-file'), undoPlanFile && code('undo-plan-file')].filter(Boolean)
  return outputs.length === 0 ? undefined : `${outputs.length === 1 ? 'output' : 'outputs'} ${outputs.join(' and ')}`
}

function time(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}
