import { describe, expect, it } from 'vitest'
import { markerOf, renderComment } from '../../src/report/comment.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { elementsOf, nodesOf, parseMarkdown, textOf } from '../preview/markdown.ts'
import { RUNS } from '../preview/runs.ts'

const LIMIT = 65_536

function run(name: string): RunRecord {
  const record = RUNS[name]
  if (record === undefined) throw new Error(`no run ${name}`)
  return record
}

describe('every typical run', () => {
  it.each(Object.keys(RUNS))('(%s) begins with what its comment is recognised by', name => {
    const comment = renderComment(run(name))
    const marker = markerOf(run(name).tenant ?? '')
    expect(comment.startsWith(`${marker}\n`)).toBe(true)
    expect(comment.split(marker)).toHaveLength(2)
  })

  it.each(Object.keys(RUNS))('(%s) is taken by GitHub', name => {
    const comment = renderComment(run(name), { runUrl: 'https://github.com/a/b/actions/runs/1', commit: 'c' })
    expect(comment.length).toBeLessThan(LIMIT)
    expect(Buffer.byteLength(comment)).toBeLessThan(LIMIT)
  })

  it.each(Object.keys(RUNS))('(%s) has its headings in order', name => {
    const nodes = [...nodesOf(parseMarkdown(renderComment(run(name))))]
    const [title, ...others] = nodes.flatMap(({ tagName = '' }) => (/^h\d$/.test(tagName) ? [tagName] : []))
    expect(title).toBe('h2')
    expect(new Set(others)).toEqual(new Set(['h3']))
  })
})

describe('a plan', () => {
  it('has the same content as the summary, and its facts folded', () => {
    const comment = renderComment(run('mixed'))
    for (const part of ['RBAC is off for', '− revoke', '+ grant', '2 → 1 (1 fewer)', '3 unmanaged direct grants']) {
      expect(comment).toContain(part)
    }
    expect(elementsOf(parseMarkdown(comment), 'summary').map(textOf).at(-1)).toBe('About this run')
    expect(comment).not.toContain('outdated')
  })
})

describe('an earlier plan', () => {
  const words = (record: RunRecord) => textOf(parseMarkdown(renderComment(record)))

  it('is outdated when nothing would change any more', () => {
    expect(words(run('empty'))).toContain('Auth0 permissions: nothing to change')
    expect(words(run('empty'))).toContain(
      'Nothing would change any more: a plan that this comment showed before is outdated.',
    )
  })

  it('is outdated when there is no plan', () => {
    const record: RunRecord = { ...newRecord(), mode: 'plan', stopped: 'manifest', errors: [{ message: 'no' }] }
    expect(words(record)).toContain('A plan that this comment showed before is outdated; this run made none.')
  })
})

describe('its origin', () => {
  const origin = (options: Parameters<typeof renderComment>[1]) =>
    renderComment(run('empty'), options).split('\n\n').at(-2)

  it.each([
    [
      { runUrl: 'https://github.com/a/b/actions/runs/1', commit: '4f1c0a92be7d5d3c' },
      '<p>Written for commit <code>4f1c0a92be7d</code> by <a href="https://github.com/a/b/actions/runs/1">this workflow run</a>.</p>',
    ],
    [{ commit: '4f1c0a92be7d5d3c' }, '<p>Written for commit <code>4f1c0a92be7d</code>.</p>'],
    [
      { runUrl: 'https://github.com/a/b/actions/runs/1' },
      '<p>Written by <a href="https://github.com/a/b/actions/runs/1">this workflow run</a>.</p>',
    ],
  ])('is told as far as it is known: %j', (options, expected) => {
    expect(origin(options)).toBe(expected)
  })

  it('is left out where nothing is known', () => {
    expect(renderComment(run('empty'))).not.toContain('Written')
  })
})

describe('a plan of 5,000 changed users', () => {
  const comment = renderComment(run('large'), { runUrl: 'https://github.com/a/b/actions/runs/1', commit: 'c' })

  it('uses the room that there is', () => {
    expect(Buffer.byteLength(comment)).toBeGreaterThan(0.85 * LIMIT)
  })

  it('shows more removals than additions, and of both how many are cut and where they are', () => {
    const [removals = 0, additions = 0] = [/− revoke /g, /\+ grant /g].map(sign => comment.match(sign)?.length)
    expect(removals).toBeGreaterThan(2 * additions)
    expect(additions).toBeGreaterThan(20)
    expect(comment).toContain(
      `… ${1250 - removals} of 1250 are cut here; the job summary has more, and the report file (output <code>report-file</code>) has all of them.`,
    )
    expect(comment).toContain(`… ${5000 - additions / 2} of 5000 are cut here;`)
  })
})

describe('the limit', () => {
  it('holds for hostile text as long as it comes', () => {
    const absurd = '\u{e0001}"&'.repeat(3_000)
    const finding = { message: absurd, place: { file: absurd, line: 1, column: 1 } }
    const comment = renderComment(
      {
        ...run('large'),
        tenant: absurd,
        files: Array.from({ length: 50 }, () => absurd),
        digest: absurd,
        ledger: { base: absurd, attempts: 1, deployment: absurd },
        errors: Array.from({ length: 50 }, () => finding),
      },
      { runUrl: absurd, commit: absurd },
    )
    expect(Buffer.byteLength(comment)).toBeLessThan(LIMIT)
  })
})
