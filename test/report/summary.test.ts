import { describe, expect, it } from 'vitest'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { renderSummary } from '../../src/report/summary.ts'

const HOSTILE =
  'a|b`c<img src=x onerror=alert(1)>\n\n# @team [x](http://y) ::error::z ##[stop-commands] \u202e\u001b[31m'
const operation = { api: HOSTILE, permission: HOSTILE, roles: [HOSTILE], expires: HOSTILE, reason: HOSTILE }
const finding = { message: HOSTILE, place: { file: HOSTILE, line: 1, column: 2 } }

function render(known: Partial<RunRecord>): string {
  return renderSummary({ ...newRecord(), mode: 'plan', ...known })
}

describe('hostile text', () => {
  const summary = render({
    tenant: HOSTILE,
    files: [HOSTILE],
    errors: [finding],
    warnings: [finding],
    notices: [finding],
    failures: [{ ...finding, user: HOSTILE }],
    plan: {
      format: 1,
      tenant: HOSTILE,
      users: [{ user: HOSTILE, grant: [operation], revoke: [operation] }],
      holders: [{ ...operation, before: 1, after: 1 }],
    },
  })

  it('leaves the headings to us', () => {
    expect(summary.match(/^#+ .*$/gm)).toEqual([
      '## Auth0 permissions: partly done',
      '### Look at this first',
      '### Planned changes',
      '### Facts',
    ])
  })

  it('becomes no markup, mention, link or command', () => {
    const withoutCode = summary.replace(/<code>[^<]*<\/code>/g, '')
    const tags = new Set(withoutCode.match(/<\/?[a-z]+/g)?.map(tag => tag.replace(/[</]/g, '')))
    expect([...tags].sort()).toEqual([
      'details',
      'li',
      'p',
      'summary',
      'table',
      'tbody',
      'td',
      'th',
      'thead',
      'tr',
      'ul',
    ])
    expect(withoutCode).not.toMatch(/@|http|::|##\[|\[x\]|`/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(summary).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  it('ends no block of HTML', () => {
    for (const block of summary.split('\n\n')) {
      expect(block.startsWith('<') || block.startsWith('#') || block === '').toBe(true)
    }
  })
})

describe('a long list', () => {
  const users = Array.from({ length: 20_000 }, (_, index) => ({
    user: `auth0|${'x'.repeat(100)}${index}`,
    grant: [{ api: 'https://orders.acme.com/', permission: 'read:orders', roles: [] }],
    revoke: [],
  }))
  const summary = render({ plan: { format: 1, tenant: 't', users, holders: [] }, users: 20_000 })

  it('is folded, and cut so that GitHub shows the summary', () => {
    expect(summary).toContain('<details><summary>By user (20000)')
    expect(Buffer.byteLength(summary)).toBeLessThan(1_048_576)
  })

  it('says how much is cut, and where the whole is', () => {
    const shown = summary.match(/<tr><td><code>auth0/g)?.length ?? 0
    expect(summary).toContain(`${20_000 - shown} more are cut here`)
    expect(summary).toContain('report-file')
  })
})

describe('the changes', () => {
  it('tell grants from revocations by sign and column, and what roles have to do with them', () => {
    const both = { api: 'a:', permission: 'x', roles: ['Lead'] }
    const plan = {
      format: 1,
      tenant: 't',
      users: [{ user: 'u', grant: [both], revoke: [{ ...both, permission: 'y' }] }],
      holders: [{ api: 'a:', permission: 'x', before: 0, after: 1 }],
    } as const
    const summary = render({ plan, users: 1 })
    expect(summary).toContain(
      '<td>+ <code>x</code> on <code>a:</code> (already effective through role <code>Lead</code>)</td>',
    )
    expect(summary).toContain(
      '<td>− <code>y</code> on <code>a:</code> (still effective through role <code>Lead</code>)</td>',
    )
    expect(summary).toContain('<td>0 → 1</td>')
  })
})
