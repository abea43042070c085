// A run's record → the comment on a pull request, one for each tenant: the job summary's content, shortened. Pure.

import { clip } from '../access/quote.ts'
import type { RunRecord } from './record.ts'
import { shortCommit } from './summary/facts.ts'
import { renderReport } from './summary.ts'
import { link } from './text.ts'

/** GitHub accepts 65,536 characters; this leaves room for the text around the report. */
const MAX_REPORT = 62_000

const MAX_HOST = 253

export interface CommentOptions {
  readonly runUrl: string | undefined
  readonly replaces: boolean
}

/** Fewer than 65,536 characters and bytes; begins with the tenant's marker. */
export function renderComment(record: RunRecord, { runUrl, replaces }: CommentOptions): string {
  const { tenant = '', commit } = record
  const summary = runUrl === undefined ? 'job summary' : link(runUrl, 'job summary')
  const report = renderReport(record, {
    bytes: MAX_REPORT,
    whole: `the ${summary} shows more, and the report file (output <code>report-file</code>) lists them all`,
    notes: replaces ? [outdatedNote(record)] : [],
  })
  const origin = [
    commit ? `for commit ${shortCommit(commit)}` : '',
    runUrl === undefined ? '' : `by ${link(runUrl, 'this workflow run')}`,
  ].filter(Boolean)
  return [
    `${markerOf(tenant)}\n${stampOf(commit, runUrl)}`,
    report.trimEnd(),
    ...(origin.length === 0 ? [] : [`<p>Written ${origin.join(' ')}.</p>`]),
    '',
  ].join('\n\n')
}

/** The run that wrote a comment, to decide which of two comments is newer. */
export interface Stamp {
  /** Empty if unknown. */
  readonly commit: string
  /** The id of the workflow run; later runs have higher ids. 0 if unknown. */
  readonly run: number
}

/** An invisible HTML comment for `readStamp`. */
function stampOf(commit = '', runUrl = ''): string {
  const [run = '0'] = /\d+$/.exec(runUrl) ?? []
  return `<!-- commit ${/^[0-9a-f]+$/.test(commit) ? commit : ''} run ${run} -->`
}

export function readStamp(body: string): Stamp {
  const [, commit = '', run = '0'] = /^<!-- commit ([0-9a-f]*) run (\d+) -->$/m.exec(body) ?? []
  return { commit, run: Number(run) }
}

/** An earlier plan must not be mistaken for what would happen now. */
function outdatedNote({ plan }: RunRecord): string {
  const words = 'The plan that this comment showed earlier is out of date'
  if (plan === undefined) return `<p>${words}; this run has no plan.</p>`
  return plan.users.length > 0 ? '' : `<p>${words}: nothing would change now.</p>`
}

/**
 * An invisible HTML comment that identifies the comment about this tenant. HTML ends a comment at `-->` or `--!>`, so
 * adjacent hyphens are encoded, and so is every character that a host cannot have.
 */
export function markerOf(tenant: string): string {
  const safe = clip(tenant, MAX_HOST).replace(
    /[^A-Za-z0-9.:-]|(?<=-)-/gu,
    character => `%${character.codePointAt(0)?.toString(16)};`,
  )
  return `<!-- auth0-permissions: ${safe} -->`
}
