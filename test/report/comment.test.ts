import { describe, expect, it } from 'vitest'
import { type CommentOptions, markerOf, readStamp, renderComment } from '../../src/report/comment.ts'
import { grouped } from '../../src/report/conclude.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { elementsOf, nodesOf, parseMarkdown, textOf } from '../preview/markdown.ts'
import { RUNS } from '../preview/runs.ts'

const LIMIT = 65_536
const RUN_URL = 'https://github.com/a/b/actions/runs/1'

function commentOf(record: RunRecord, options: Partial<CommentOptions> = {}): string {
  return renderComment(record, { runUrl: undefined, replaces: false, ...options })
}

function run(name: string): RunRecord {
  const record = RUNS[name]
  if (record === undefined) throw new Error(`no run ${name}`)
  return record
}

describe('every typical run', () => {
  it.each(Object.keys(RUNS))('(%s) begins with the marker of the comment', name => {
    const comment = commentOf(run(name))
    const marker = markerOf(run(name).tenant ?? '')
    expect(comment.startsWith(`${marker}\n`)).toBe(true)
    expect(comment.split(marker)).toHaveLength(2)
  })

  it.each(Object.keys(RUNS))('(%s) fits into a GitHub comment', name => {
    const comment = commentOf(run(name), { runUrl: RUN_URL, replaces: true })
    expect(comment.length).toBeLessThan(LIMIT)
    expect(Buffer.byteLength(comment)).toBeLessThan(LIMIT)
  })

  it.each(Object.keys(RUNS))('(%s) has its headings in order', name => {
    const nodes = [...nodesOf(parseMarkdown(commentOf(run(name))))]
    const [title, ...others] = nodes.flatMap(({ tagName = '' }) => (/^h\d$/.test(tagName) ? [tagName] : []))
    expect(title).toBe('h2')
    for (const other of others) expect(other).toBe('h3')
  })
})

describe('a plan', () => {
  it('has the same content as the summary, with its facts folded', () => {
    const comment = commentOf(run('mixed'), { replaces: true })
    for (const part of [
      'RBAC is off for',
      '− revoke',
      '+ grant',
      '2 → 1 (1 fewer)',
      '3 direct grants that the manifest does not list (2 users)',
    ]) {
      expect(comment).toContain(part)
    }
    expect(elementsOf(parseMarkdown(comment), 'summary').map(textOf).at(-1)).toMatch(/^About this run/)
    expect(comment).not.toContain('out of date')
  })
})

describe('an earlier plan', () => {
  const words = (record: RunRecord) => textOf(parseMarkdown(commentOf(record, { replaces: true })))

  it('is marked as out of date if nothing would change now', () => {
    expect(words(run('empty'))).toContain('Auth0 permissions: nothing to change')
    expect(words(run('empty'))).toContain(
      'The plan that this comment showed earlier is out of date: nothing would change now.',
    )
  })

  it('is marked as out of date if there is no plan', () => {
    const record: RunRecord = { ...newRecord(), mode: 'plan', stopped: 'manifest', errors: [{ message: 'no' }] }
    expect(words(record)).toContain('The plan that this comment showed earlier is out of date; this run has no plan.')
  })

  it('is not mentioned if there was none', () => {
    const planless: RunRecord = { ...newRecord(), mode: 'plan', stopped: 'manifest', errors: [{ message: 'no' }] }
    for (const record of [run('empty'), planless]) expect(commentOf(record)).not.toContain('out of date')
  })
})

describe('the origin of a comment', () => {
  const origin = (commit: string | undefined, runUrl: string | undefined) =>
    commentOf({ ...run('empty'), commit }, { runUrl })
      .split('\n\n')
      .at(-2)
  const COMMIT = '4f1c0a92be7d5d3c'

  it.each([
    [
      COMMIT,
      RUN_URL,
      '<p>Written for commit <code>4f1c0a92be7d</code> by <a href="https://github.com/a/b/actions/runs/1">this workflow run</a>.</p>',
    ],
    [COMMIT, undefined, '<p>Written for commit <code>4f1c0a92be7d</code>.</p>'],
    [undefined, RUN_URL, '<p>Written by <a href="https://github.com/a/b/actions/runs/1">this workflow run</a>.</p>'],
  ])('is shown if it is known: %s %s', (commit, runUrl, expected) => {
    expect(origin(commit, runUrl)).toBe(expected)
  })

  it.each([undefined, ''])('is omitted if nothing is known: %s', commit => {
    expect(commentOf({ ...run('empty'), commit })).not.toContain('Written')
  })
})

describe('a plan of 5,000 changed users', () => {
  const comment = commentOf(run('large'), { runUrl: RUN_URL })

  it('uses the available space', () => {
    expect(Buffer.byteLength(comment)).toBeGreaterThan(0.85 * LIMIT)
  })

  it('shows users who lose something first, and says how many users are not shown and where to find them', () => {
    const rows = comment.match(/<tr><td><code>auth0.*<\/tr>/g) ?? []
    expect(rows.length).toBeGreaterThan(100)
    expect(rows.filter(row => row.includes('− revoke')).length).toBeGreaterThan(0.7 * rows.length)
    const cut = grouped(5_000 - rows.length)
    expect(comment).toContain(
      `… ${cut} of 5,000 not shown here; the <a href="${RUN_URL}">job summary</a> shows more, and the report file (output <code>report-file</code>) lists them all.`,
    )
    expect(elementsOf(parseMarkdown(comment), 'summary').map(textOf)).toEqual([
      `5,000 users (${cut} not shown)`,
      'About this run: plan, 12,402 requests to the tenant, 4 min 31 s',
    ])
  })

  it('names the job summary if the address of the run is not known', () => {
    expect(commentOf(run('large'))).toContain(' not shown here; the job summary shows more, and')
  })
})

describe('the limit', () => {
  it('is kept for hostile text of any length', () => {
    const absurd = '\u{e0001}"&'.repeat(3_000)
    const finding = { message: absurd, place: { file: absurd, line: 1, column: 1 } }
    const comment = commentOf(
      {
        ...run('large'),
        tenant: absurd,
        commit: absurd,
        emails: (run('large').plan?.users ?? []).map(({ user }) => ({ user, email: absurd })),
        files: Array.from({ length: 50 }, () => absurd),
        digest: absurd,
        ledger: { branch: absurd, commit: absurd, run: absurd, at: absurd, head: absurd },
        undoDigest: absurd,
        errors: Array.from({ length: 50 }, () => finding),
      },
      { runUrl: absurd, replaces: true },
    )
    expect(Buffer.byteLength(comment)).toBeLessThan(LIMIT)
  })
})

it('a comment names the run that wrote it, and one without a run counts as the oldest', () => {
  const runUrl = 'https://github.com/acme/access/actions/runs/77'
  const body = renderComment({ ...newRecord(), mode: 'plan', commit: 'c0ffee' }, { runUrl, replaces: false })
  expect(readStamp(body)).toEqual({ commit: 'c0ffee', run: 77 })
  expect(readStamp('<!-- auth0-permissions: t -->')).toEqual({ commit: '', run: 0 })
})
