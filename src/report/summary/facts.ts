// Facts about the run, folded into one line. Pure.

import { type Conclusion, counted, grouped } from '../conclude.ts'
import type { RunRecord } from '../record.ts'
import { code, link } from '../text.ts'
import { fold, name, row, table } from './blocks.ts'

const MAX_FILES = 10

export function renderFacts(record: RunRecord, { requests }: Conclusion): string {
  const { mode, stopped, revoke, scope, commit, files, users, read, ledger, traffic, duration } = record
  if (stopped === 'inputs' || mode === undefined) return ''
  const isOnline = mode !== 'validate'
  const inputs = [mode, revoke && `revoke: ${revoke}`, scope && `scope: ${scope}`]
  const plans = [record.planFile && code('plan-file'), record.undoPlanFile && code('undo-plan-file')].filter(Boolean)
  const previous = [
    ledger?.commit && `commit ${shortCommit(ledger.commit)}`,
    ledger?.run && link(ledger.run, 'workflow run'),
  ]
  const facts = {
    Mode: inputs.flatMap(input => (input ? [code(input)] : [])).join(', '),
    Manifest: filesText(files),
    Commit: commit && shortCommit(commit),
    'Listed users': `${grouped(users)}${isOnline ? `, ${grouped(read)} read` : ''}`,
    Ledger: ledger && name(ledger.branch),
    'Previous apply': previous.filter(Boolean).join(', '),
    'Plan files': plans.length > 0 && `${plans.length === 1 ? 'output' : 'outputs'} ${plans.join(' and ')}`,
    'Requests to the tenant': isOnline && grouped(requests),
    'Waited for the rate limit': isOnline && time(traffic.waited),
    Duration: time(duration),
  }
  const rows = Object.entries(facts).flatMap(([fact, value]) => (value ? [row([fact, value])] : []))
  const sent = isOnline ? `, ${counted(requests, 'request')} to the tenant` : ''
  return fold(`About this run: ${code(mode)}${sent}, ${time(duration)}`, table(['Fact', 'Value'], rows.join('\n')))
}

/** As `code`, and long enough to be unique. */
export function shortCommit(commit: string): string {
  return code(commit.slice(0, 12))
}

function filesText(files: readonly string[]): string {
  const more = files.length - MAX_FILES
  return [...files.slice(0, MAX_FILES).map(name), ...(more > 0 ? [`and ${grouped(more)} more`] : [])].join('<br>')
}

function time(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 100) / 10
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}
