import { describe, expect, it } from 'vitest'
import type { Plan, UserPlan } from '../../src/plan/plan.ts'
import { grouped } from '../../src/report/conclude.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { elementsOf, type HtmlNode, nodesOf, parseMarkdown, textOf } from '../preview/markdown.ts'
import { RUNS } from '../preview/runs.ts'

const MEBIBYTE = 1_048_576
const SOURCE = { commit: 'c0ffee', files: ['m.yml'], at: '2026-11-03T00:00:00.000Z', users: 1 }

function run(name: string): RunRecord {
  const record = RUNS[name]
  if (record === undefined) throw new Error(`no run ${name}`)
  return record
}

function record(known: Partial<RunRecord>): RunRecord {
  return { ...newRecord(), mode: 'plan', tenant: 't', ...known }
}

function planOf(users: readonly UserPlan[], known: Partial<Plan> = {}): Plan {
  return { format: 2, tenant: 't', source: SOURCE, users, heldBack: [], found: [], holders: [], ...known }
}

function planRecord(users: readonly UserPlan[], known: Partial<RunRecord> = {}): RunRecord {
  return record({ plan: planOf(users), users: users.length, ...known })
}

const trees = new Map<RunRecord, HtmlNode>()

/** Parsed once, because some are large. */
function treeOf(known: RunRecord): HtmlNode {
  const tree = trees.get(known) ?? parseMarkdown(renderSummary(known))
  trees.set(known, tree)
  return tree
}

/** Each heading, with everything below it until the next. */
function sectionsOf(known: RunRecord): ReadonlyMap<string, string> {
  const sections = new Map<string, string>()
  let heading = ''
  for (const node of treeOf(known).children ?? []) {
    if (/^h\d$/.test(node.tagName ?? '')) heading = textOf(node)
    sections.set(heading, `${sections.get(heading) ?? ''}${node.tagName === 'h2' ? '' : textOf(node)}\n`)
  }
  return sections
}

function expectInOrder(text: string, parts: readonly string[]): void {
  const places = parts.map(part => text.indexOf(part))
  expect(places, text).not.toContain(-1)
  expect(places, text).toEqual([...places].sort((a, b) => a - b))
}

describe('every typical run', () => {
  it.each(Object.keys(RUNS))('(%s) has its headings in order, the title first', name => {
    const headings = [...nodesOf(treeOf(run(name)))].filter(node => /^h\d$/.test(node.tagName ?? ''))
    const [title, ...others] = headings
    expect(title?.tagName).toBe('h2')
    expect(textOf(title ?? { type: 'none' })).toMatch(/^Auth0 permissions: /)
    for (const each of others) expect(each.tagName).toBe('h3')
    expect(new Set(headings.map(textOf)).size).toBe(headings.length)
  })

  it.each(Object.keys(RUNS))('(%s) has a header row in each table, and the same number of cells in every row', name => {
    const tables = elementsOf(treeOf(run(name)), 'table')
    expect(tables.length).toBeGreaterThan(0)
    for (const table of tables) {
      const headers = elementsOf(table, 'th')
      expect(headers.length).toBeGreaterThan(0)
      for (const header of headers) expect(textOf(header)).toMatch(/\w/)
      const rows = elementsOf(table, 'tbody').flatMap(body => elementsOf(body, 'tr'))
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) {
        const cells = elementsOf(row, 'td').map(cell => Number(cell.properties?.colSpan ?? 1))
        expect(cells.reduce((sum, span) => sum + span, 0)).toBe(headers.length)
      }
    }
  })

  it.each(Object.keys(RUNS))('(%s) does not rely on a picture or an emoji', name => {
    const tree = treeOf(run(name))
    expect(elementsOf(tree, 'img')).toEqual([])
    expect(textOf(tree)).not.toMatch(/\p{Emoji_Presentation}|\ufe0f/u)
  })

  it.each(Object.keys(RUNS))('(%s) shows each operation with a sign and a word', name => {
    const { plan } = run(name)
    const [changes] = elementsOf(treeOf(run(name)), 'table')
    const text = textOf(changes ?? { type: 'none' })
    expect(text.includes('− revoke ')).toBe(plan?.users.some(({ revoke }) => revoke.length > 0) ?? false)
    expect(text.includes('+ grant ')).toBe(plan?.users.some(({ grant }) => grant.length > 0) ?? false)
  })

  it.each(Object.keys(RUNS))('(%s) fits into a GitHub summary', name => {
    expect(Buffer.byteLength(renderSummary(run(name)))).toBeLessThan(MEBIBYTE)
  })
})

describe('the title says', () => {
  it.each([
    ['empty', 'nothing to change'],
    ['first grants', 'changes planned'],
    ['failures', 'partly done'],
    ['missing user', 'changes planned, but some users failed'],
    ['refused guard', 'refused'],
    ['approved', 'changes applied'],
    ['cancelled', 'cancelled'],
  ])('for %s: %s', (name, words) => {
    expect(renderSummary(run(name))).toMatch(new RegExp(`^## Auth0 permissions: ${words}\n`))
  })

  it('that nothing would change, but users failed', () => {
    const summary = renderSummary(record({ users: 2, failures: [{ user: 'u', message: 'no' }] }))
    expect(summary).toContain('## Auth0 permissions: nothing to change, but some users failed\n')
  })

  it('that a manifest is valid, and that one was exported', () => {
    expect(renderSummary(record({ mode: 'validate', tenant: undefined }))).toContain(': the manifest is valid\n')
    const exported = renderSummary(record({ mode: 'export', exported: { path: 'm.yml', grants: 2, leftOut: 0 } }))
    expect(exported).toContain('## Auth0 permissions: manifest exported\n')
    expect(exported).toContain('<code>m.yml</code> lists')
  })
})

describe('the order of sections', () => {
  it('is: the result, findings, changes, permissions, the digest, everything else, facts', () => {
    expect([...sectionsOf(run('mixed')).keys()]).toEqual([
      'Auth0 permissions: changes planned',
      'Changes',
      'By permission',
    ])
    expectInOrder(textOf(treeOf(run('mixed'))), [
      '3 users would change',
      '[!WARNING]',
      'RBAC is off',
      'User, and what they would lose (−) and gain (+)',
      'Holders among 12 listed users',
      'set approved-plan to its digest',
      '3 direct grants that the manifest does not list (2 users)',
      'About this run: plan',
    ])
  })

  it('has failures before revocations, and both before warnings', () => {
    expectInOrder(textOf(treeOf(run('failures'))), [
      '[!CAUTION]',
      'The tenant has no user',
      'Revoking permissions from auth0|65a1f0c2d4e6f80b1c3d5e71 failed',
      '[!WARNING]',
      '− 1 of 2 planned revocations done',
      'RBAC is off for https://billing.acme.com/',
    ])
  })

  it('has the reasons for a refusal first, and still the plan', () => {
    const text = textOf(treeOf(run('refused guard')))
    expectInOrder(text, [
      '[!CAUTION]',
      'exceeds the 20 that max-revocations allows',
      '[!WARNING]',
      '− 48 grants would be revoked, from 24 users',
      'User, and what they would lose (−) and gain (+)',
    ])
    expect(text).not.toContain('not attempted')
  })

  it('has no alert if there are no findings', () => {
    expect([...sectionsOf(run('empty')).keys()]).toEqual(['Auth0 permissions: nothing to change'])
    expect(textOf(treeOf(run('empty')))).not.toContain('[!')
  })

  it('names both lists if errors and failed users come together', () => {
    const text = renderSummary(record({ errors: [{ message: 'e' }], failures: [{ user: 'u', message: 'f' }] }))
    expectInOrder(text, ['<strong>Errors (1)</strong>', '<li>e</li>', '<strong>Failed users (1)</strong>'])
    expect(text).toContain('<li><code>u</code>: f</li>')
  })
})

describe('the changes', () => {
  const user: UserPlan = {
    user: 'u',
    grant: [{ api: 'a:', permission: 'x', roles: ['Lead'], expires: '2026-12-31', reason: 'why' }],
    revoke: [{ api: 'a:', permission: 'y', roles: ['Lead'] }],
  }

  it('show roles, terms and reasons, with losses first', () => {
    expect(renderSummary(planRecord([user]))).toContain(
      '<tr><td><code>u</code><br>− revoke <code>y</code> on <code>a:</code> (still effective through role <code>Lead</code>)<br>+ grant <code>x</code> on <code>a:</code> (already effective through role <code>Lead</code>; until <code>2026-12-31</code>; reason: <code>why</code>)</td></tr>',
    )
  })

  it.each([
    ['line removed', ' (removed from the manifest)'],
    ['expired', ' (expired)'],
    ['not listed', ' (not in the manifest)'],
    ['user removed', ''],
  ] as const)('say why a grant is revoked: %s', (why, words) => {
    const revoke = [{ api: 'a:', permission: 'y', roles: [], why }]
    expect(renderSummary(planRecord([{ user: 'u', grant: [], revoke }]))).toContain(
      `<br>− revoke <code>y</code> on <code>a:</code>${words}</td>`,
    )
  })

  it.each([
    ['done', [...user.grant], [...user.revoke], '<code>u</code>, done<br>− ', '<br>+ grant'],
    ['failed', [...user.grant], [], '<code>u</code><br><strong>failed</strong>: − ', '<br>done: + grant'],
    ['failed', [], [...user.revoke], '<code>u</code><br>done: − ', '<br><strong>failed</strong>: + grant'],
    ['failed', [], [], '<code>u</code>, <strong>failed</strong><br>− ', '<br>+ grant'],
    ['not attempted', [], [], '<code>u</code>, <strong>not attempted</strong><br>− ', '<br>+ grant'],
  ] as const)('say what happened to them: %s', (status, granted, revoked, revoke, grant) => {
    const outcomes = [{ user: 'u', status, granted, revoked, errors: [] }]
    const summary = renderSummary(planRecord([user], { mode: 'apply', outcomes }))
    expect(summary).toContain(`<tr><td>${revoke}revoke`)
    expect(summary).toContain(grant)
  })

  it('name APIs as the manifest does, with each identifier once, and say how long tokens remain valid', () => {
    const apis = [
      { identifier: 'a:', alias: 'orders', tokenLifetime: 86_400 },
      { identifier: 'b:', alias: 'unused', tokenLifetime: 60 },
    ]
    const summary = renderSummary(planRecord([user], { apis }))
    expect(summary).toContain('− revoke <code>y</code> on <code>orders</code>')
    expect(summary).toContain('<p><code>orders</code> is <code>a:</code>.<br>\nAccess tokens issued before')
    expect(summary).toContain('until they expire: 24 hours for <code>orders</code>.')
    expect(summary).not.toContain('unused')
  })

  it('name at most twenty APIs, because a plan may concern any number', () => {
    const names = Array.from({ length: 100 }, (_, index) => `a:${index}`)
    const revoke = names.map(api => ({ api, permission: 'x', roles: [] }))
    const apis = names.map((identifier, index) => ({ identifier, alias: `alias-${index}`, tokenLifetime: 60 }))
    const text = textOf(treeOf(planRecord([{ ...user, revoke }], { apis })))
    expect(text).toContain('alias-19 is a:19 and 80 more.')
    expect(text).toContain('60 seconds for alias-19 and 80 more.')
  })

  it('do not mention tokens if nothing is revoked or their lifetime is unknown', () => {
    const apis = [{ identifier: 'a:', alias: undefined, tokenLifetime: 86_400 }]
    expect(renderSummary(planRecord([{ ...user, revoke: [] }], { apis }))).not.toContain('Access tokens')
    const unknown = [{ identifier: 'a:', alias: undefined, tokenLifetime: undefined }]
    expect(renderSummary(planRecord([user], { apis: unknown }))).not.toContain('Access tokens')
  })

  it.each([
    [1, '1 second'],
    [119, '119 seconds'],
    [600, '10 minutes'],
    [610, '11 minutes'],
    [7_199, '120 minutes'],
    [7_200, '2 hours'],
    [9_000, '3 hours'],
    [11_000, '4 hours'],
    [2_592_000, '720 hours'],
  ])('give the lifetime of tokens in a suitable unit: %i is %s', (tokenLifetime, text) => {
    const apis = [{ identifier: 'a:', alias: undefined, tokenLifetime }]
    expect(renderSummary(planRecord([user], { apis }))).toContain(`until they expire: ${text} for <code>a:</code>.`)
  })

  it('also name a user by the listed address', () => {
    const emails = [{ user: 'u', email: 'grace@acme.com' }]
    const who = '<code>grace@acme.com</code> (<code>u</code>)'
    const unmanaged = [{ user: 'u', api: 'a:', permission: 'z' }]
    const derived = [{ user: 'u', api: 'a:', permission: 'z', roles: ['Lead'] }]
    const failures = [{ user: 'u', email: 'grace@acme.com', message: 'no' }]
    const summary = renderSummary(planRecord([user], { emails, unmanaged, derived, failures }))
    for (const what of ['<br>− revoke', '<br><code>&quot;a:&quot;: [z]</code>', '<br><code>z</code> on']) {
      expect(summary).toContain(`<td>${who}${what}`)
    }
    expect(summary).toContain(`<li>${who}: no</li>`)
  })

  it('say who was removed from the manifest', () => {
    const lost = { api: 'a', permission: 'p', roles: [] }
    const users = ['auth0|gone', 'auth0|here'].map(user => ({ user, grant: [], revoke: [lost], before: [lost] }))
    const summary = renderSummary(planRecord(users, { removed: ['auth0|gone'] }))
    expect(summary).toContain('<code>auth0|gone</code>, removed from the manifest<br>')
    expect(summary).toContain('<code>auth0|here</code><br>')
  })

  it.each([
    ['all is done', ['done', 'done', 'done'], 'abc'],
    ['one failed', ['done', 'failed', 'done'], 'bac'],
    ['one failed and one was not attempted', ['done', 'not attempted', 'failed'], 'cba'],
  ] as const)('start with what was not done: %s', (_, states, order) => {
    const revoke = [{ api: 'a:', permission: 'y', roles: [] }]
    const users = ['a', 'b', 'c'].map(user => ({ user, grant: [], revoke }))
    const outcomes = states.map((status, index) => ({
      user: 'abc'.charAt(index),
      status,
      granted: [],
      revoked: status === 'done' ? revoke : [],
      errors: [],
    }))
    const summary = renderSummary(planRecord(users, { mode: 'apply', outcomes }))
    expect(summary).toContain('User, and what they lose (−) and gain (+)')
    expect([...summary.matchAll(/<tr><td><code>([abc])<\/code>/g)].map(([, user]) => user).join('')).toBe(order)
  })

  it('list users who lose something before those who only gain', () => {
    const users = ['a', 'b'].map(name => ({ ...user, user: name, ...(name === 'a' && { revoke: [] }) }))
    expectInOrder(renderSummary(planRecord(users)), ['<tr><td><code>b</code>', '<tr><td><code>a</code>'])
  })

  it('say which may have taken effect although they failed', () => {
    const outcome = { user: 'u', status: 'failed', granted: [], revoked: [], errors: ['no'] } as const
    const summary = renderSummary(
      planRecord([user], { mode: 'apply', outcomes: [{ ...outcome, uncertain: ['grant'] }] }),
    )
    expect(summary).toContain('<br><strong>failed</strong>, but may have taken effect: + grant')
    expect(summary).toContain('<br><strong>failed</strong>: − revoke')
    const uncertain = { api: 'a:', permission: 'x', roles: [], uncertain: true } as const
    expect(renderSummary(planRecord([{ user: 'u', grant: [], revoke: [uncertain] }]))).toContain(
      '− revoke <code>x</code> on <code>a:</code> (there may be nothing to undo)',
    )
  })

  it('treat a user without an outcome as not attempted', () => {
    const summary = renderSummary(planRecord([user], { mode: 'apply', stopped: 'error' }))
    expect(summary).toContain('<code>u</code>, <strong>not attempted</strong><br>')
  })

  it('count holders among the listed users, decreasing counts first', () => {
    const text = sectionsOf(run('mixed')).get('By permission') ?? ''
    expectInOrder(text, [
      'Holders among 12 listed users',
      'read:orders on orders9 → 9 (1 more, 1 fewer)',
      'refund:orders on orders2 → 1 (1 fewer)',
      'write:invoices on billing1 → 2 (1 more)',
      'write:orders on orders3 → 4 (1 more)',
    ])
  })

  it.each([
    ['a removed user is not counted', ['gone'], '2 → 2 (1 more, 1 fewer)'],
    ['a saved plan was already partially applied', [], '5 → 2 (3 fewer)'],
  ])('count holders if %s', (_, removed, expected) => {
    const operation = { api: 'a:', permission: 'p', roles: [] }
    const users: readonly UserPlan[] = [
      { user: 'gains', grant: [operation], revoke: [] },
      { user: 'loses', grant: [], revoke: [operation] },
      { user: 'gone', grant: [], revoke: [operation] },
    ]
    const [before = 0, after = 0] = (expected.match(/\d+/g) ?? []).map(Number)
    const holders = [{ api: 'a:', permission: 'p', before, after }]
    const plan = planOf(users, { holders })
    expect(sectionsOf(planRecord(users, { removed, plan })).get('By permission')).toContain(expected)
  })

  it('count holders among the users who were read, and as planned if not everything was done', () => {
    expect(sectionsOf(run('approved')).get('By permission')).toContain('Holders among 3 users read')
    expect([...sectionsOf(run('failures')).keys()]).toContain('By permission, as planned')
    expect([...sectionsOf(run('cancelled')).keys()]).toContain('By permission, as planned')
    const stopped = { ...run('approved'), outcomes: run('approved').outcomes.slice(1) }
    expect([...sectionsOf(stopped).keys()]).toContain('By permission, as planned')
  })

  it('show 25 lines per user, from the start and the end', () => {
    const grant = Array.from({ length: 30 }, (_, index) => ({ api: 'a:', permission: `p${index}.`, roles: [] }))
    const summary = renderSummary(planRecord([{ user: 'u', grant, revoke: [] }]))
    expect(summary.match(/\+ grant /g)).toHaveLength(25)
    expectInOrder(summary, ['p0.', 'p19.', '… 5 more for this user', 'p25.', 'p29.'])
    const whole = renderSummary(planRecord([{ user: 'u', grant: grant.slice(0, 25), revoke: [] }]))
    expect(whole).not.toContain('more for this user')
  })

  it('count the revocations that were done', () => {
    expect(renderSummary(run('approved'))).toContain('<strong>− 2 grants revoked, from 2 users</strong>')
    expect(renderSummary(run('cancelled'))).toContain('<strong>− 1 of 2 planned revocations done</strong>')
  })
})

describe('approval', () => {
  it('is offered with the digest before, and reported after', () => {
    const digest = run('mixed').digest
    expect(renderSummary(run('mixed'))).toContain(
      `set <code>approved-plan</code> to its digest:<br>\n<code>${digest}</code>`,
    )
    expect(renderSummary(run('approved'))).toContain('its digest is the one in <code>approved-plan</code>.')
    expect(renderSummary({ ...run('approved'), saved: true })).toContain('saved one in <code>plan-file</code>.')
    expect(renderSummary({ ...run('approved'), stopped: 'refused' })).not.toContain('It is the approved plan')
  })

  it('is not reported for an empty plan with another approved digest, and the plan’s digest is shown', () => {
    const summary = renderSummary({ ...run('empty'), mode: 'apply', approval: 'empty' })
    expect(summary).toContain('It is empty, so there was nothing to approve;')
    expect(summary).not.toContain('approved plan')
    expect(summary).toContain(`<code>${run('empty').digest}</code>`)
    expect(renderSummary(run('empty'))).toContain('The digest of the empty plan:')
  })

  it.each([
    ['for other reasons', undefined, 1, false],
    ['for a missing approval and other reasons', 'other', 2, false],
    ['only for a missing approval', 'other', 1, true],
  ] as const)(
    'is offered for a plan that is refused %s only if it helps: %s %i %s',
    (_, approval, reasons, offered) => {
      const errors = Array.from({ length: reasons }, () => ({ message: 'no' }))
      const summary = renderSummary({ ...run('refused guard'), approval, errors })
      expect(summary.includes('set <code>approved-plan</code> to its digest')).toBe(offered)
      expect(summary.includes('<p>The digest of the refused plan:<br>')).toBe(!offered)
    },
  )

  it('is in the introduction, as are undoing and drift', () => {
    const plan = planOf([], { restores: [] })
    expect(renderSummary(record({ plan }))).toContain('It is an undo plan: it reverses an earlier apply.')
    expect(renderSummary(record({ drift: true }))).toContain('<code>fail-on-changes</code> is set')
    expect(renderSummary(record({}))).not.toMatch(/undo plan|fail-on-changes/)
  })
})

describe('folds', () => {
  const users = (count: number): readonly UserPlan[] =>
    Array.from({ length: count }, (_, index) => ({
      user: `u${index}`,
      grant: [{ api: 'a:', permission: 'x', roles: [] }],
      revoke: [],
    }))

  it.each([
    [20, 1],
    [21, 2],
  ])('for %i users: %i', (count, folds) => {
    const tree = treeOf(planRecord(users(count)))
    expect(elementsOf(tree, 'details')).toHaveLength(folds)
    for (const summary of elementsOf(tree, 'summary'))
      expect(textOf(summary)).toMatch(/^(21 users|About this run: plan, 0 requests to the tenant, 0\.0 s)$/)
  })

  it.each(['errors', 'warnings', 'notices'] as const)('contain long lists of %s, with their number', kind => {
    const findings = Array.from({ length: 21 }, (_, index) => ({ message: `number ${index}.` }))
    const tree = treeOf(record({ [kind]: findings }))
    expect(elementsOf(tree, 'summary').map(textOf)[0]).toBe(`${kind[0]?.toUpperCase()}${kind.slice(1)} (21)`)
    expect(elementsOf(tree, 'li')).toHaveLength(21)
  })

  it('contain additional information, with its number', () => {
    expect(elementsOf(treeOf(run('mixed')), 'summary').map(textOf)).toEqual([
      '3 direct grants that the manifest does not list (2 users)',
      'Advice (1)',
      '2 permissions that users have through roles',
      'About this run: plan, 14 requests to the tenant, 1.8 s',
    ])
    const text = textOf(treeOf(run('mixed')))
    expect(text).toContain('auth0|65a1f0c2d4e6f80b1c3d5e72billing: [read:invoices, write:invoices]')
    expect(text).toContain('read:orders on orders, through Order Reader, Support Lead')
    expect(text).toContain('through the role Order Reader, Support Lead;')
  })

  it.each([
    [
      'managed',
      "paste the line under the user's permissions, or add roles to the user; to revoke them, use revoke: all.",
    ],
    [
      'all',
      'The manifest does not name these APIs or roles, so the grants are kept. To include them, name the API under apis or the role under roles.',
    ],
  ] as const)('say with revoke: %s why grants stay unmanaged', (revoke, words) => {
    expect(textOf(treeOf({ ...run('mixed'), revoke }))).toContain(words)
  })
})

describe('the lines that would list unmanaged roles', () => {
  it.each([
    ['a name', { role: 'rol_a', name: 'Support Team' }, '["Support Team"]'],
    ['the id if the name is unknown', { role: 'rol_a' }, '[rol_a]'],
    ['the id if the name is another id', { role: 'rol_a', name: 'rol_b' }, '[rol_a]'],
    ['the id if the name has odd characters', { role: 'rol_a', name: 'Support!' }, '[rol_a]'],
  ])('have %s', (_, role, list) => {
    const summary = renderSummary(planRecord([], { unmanaged: [{ user: 'u', ...role }] }))
    expect(textOf(parseMarkdown(summary))).toContain(`roles: ${list}`)
  })
})

describe('facts', () => {
  it('are the mode, the manifest, the ledger, requests and times', () => {
    const rows = elementsOf(treeOf(run('approved')), 'table').at(-1)
    const facts = elementsOf(rows ?? { type: 'none' }, 'tr').map(row => (row.children ?? []).map(textOf).join(': '))
    expect(facts).toEqual([
      'Fact: Value',
      'Mode: apply, revoke: managed, scope: changed',
      'Manifest: .github/auth0-permissions.yml',
      'Commit: 4f1c0a92be7d',
      'Listed users: 10,000, 3 read',
      'Ledger: auth0-permissions/acme.eu.auth0.com',
      'Previous apply: commit be7d5d3c8e6f, workflow run',
      'Plan files: outputs plan-file and undo-plan-file',
      'Requests to the tenant: 9',
      'Waited for the rate limit: 0.0 s',
      'Duration: 1.8 s',
    ])
  })

  it.each([
    [0, '0.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min 0 s'],
    [119_999, '1 min 59 s'],
  ])('give a duration of %i ms as %s', (duration, text) => {
    expect(textOf(treeOf(record({ mode: 'validate', duration })))).toContain(`About this run: validate, ${text}`)
  })

  it('are omitted if the inputs are invalid', () => {
    const unusable = record({ mode: undefined, tenant: undefined, stopped: 'inputs', errors: [{ message: 'no' }] })
    expect(textOf(treeOf(unusable))).not.toContain('About this run')
    expect(textOf(treeOf(record({ mode: undefined })))).not.toContain('About this run')
  })

  it('omit what a run does not have', () => {
    const text = textOf(treeOf(record({ mode: 'validate', tenant: undefined, users: 3, duration: 12 })))
    expect(text.replaceAll('\n', ' ')).toMatch(
      /About this run: validate, 0\.0 s *Fact *Value *Mode *validate *Listed users *3 *Duration *0\.0 s *$/,
    )
  })

  it('show long durations in minutes, and at most ten files', () => {
    const files = Array.from({ length: 12 }, (_, index) => `f${index}.yml`)
    const text = textOf(treeOf(record({ files, duration: 271_300 })))
    expect(text).toContain('4 min 31 s')
    expect(text).toContain('f9.ymland 2 more')
    expect(text).not.toContain('f10.yml')
  })
})

describe('a ledger', () => {
  const LEDGER = { branch: 'auth0-permissions/t', commit: undefined, run: undefined, at: undefined, head: undefined }
  const factsOf = (ledger: RunRecord['ledger']) => textOf(treeOf(record({ ledger })))

  it('without a previous apply is shown with its branch', () => {
    expect(factsOf(LEDGER)).toContain('auth0-permissions/t')
    expect(factsOf(LEDGER)).not.toContain('Previous apply')
  })

  it.each([
    [{ commit: 'c0ffee' }, 'commit c0ffee'],
    [{ run: 'https://github.com/acme/access/actions/runs/1' }, 'workflow run'],
  ])('is shown with what is known of the previous apply: %j', (known, expected) => {
    expect(factsOf({ ...LEDGER, ...known })).toContain(`Previous apply${expected}\n`)
  })
})

describe('the remaining steps after an apply', () => {
  it('include revocations that were held back, with the entry that may still request the grants', () => {
    const text = textOf(treeOf(run('held back')))
    expect(text).toContain('Revocations held back (2)')
    expect(text).toContain(
      'grace@acme.com (auth0|65a1f0c2d4e6f80b1c3d5e72) keeps write:invoices on billing, because margaret@acme.com in connection acme-okta cannot be identified',
    )
    expect(text).toContain('samlp|acme-okta|margaret@acme.com keeps read:orders on orders, because')
  })

  it('include undoing it, with the digest of the undo plan', () => {
    expect(renderSummary(run('held back'))).toContain(
      `set <code>plan-file</code> to the undo plan and <code>approved-plan</code> to its digest:<br>\n<code>${run('held back').undoDigest}</code>`,
    )
    expect(renderSummary({ ...run('held back'), undoDigest: undefined })).not.toContain('To undo this apply')
  })
})

describe('a plan of 5,000 changed users', () => {
  const summary = renderSummary(run('large'))
  const sections = sectionsOf(run('large'))

  it('stays below the mebibyte that GitHub shows', () => {
    expect(Buffer.byteLength(summary)).toBeLessThan(0.75 * MEBIBYTE)
    expect(Buffer.byteLength(summary)).toBeGreaterThan(0.5 * MEBIBYTE)
  })

  it('keeps every removal', () => {
    expect(summary.match(/− revoke /g)).toHaveLength(1250)
  })

  it('shows the first and last users, and says how many are not shown and where to find them', () => {
    const changes = sections.get('Changes') ?? ''
    const shown = changes.match(/auth0\|/g)?.length ?? 0
    expect(shown).toBeGreaterThan(1_250)
    const cut = grouped(5_000 - shown)
    expect(changes).toContain(`… ${cut} of 5,000 not shown here; the report file (output report-file) lists them all.`)
    expect(changes).toContain(`5,000 users (${cut} not shown)`)
    const [first, last] = [0, 4_999].map(index => run('large').plan?.users[index]?.user ?? '')
    expectInOrder(changes, [first ?? '', ' not shown here', last ?? ''])
    const [head = '', tail = ''] = changes.split(' not shown here')
    expect(head.length).toBeGreaterThan(2 * tail.length)
  })
})

describe('several lists that are too long together', () => {
  const operation = { api: 'a:', permission: 'x', roles: [] }
  const users = Array.from({ length: 20_000 }, (_, index) => ({
    user: `user number ${index}`,
    grant: [operation],
    revoke: [operation],
  }))
  const holders = users.map(({ user }) => ({ api: 'a:', permission: user, before: 1, after: 1 }))
  const errors = users.map(({ user }) => ({ message: `something is wrong with ${user}, whatever it may be` }))
  const long = planRecord(users, { errors, plan: planOf(users, { holders }) })

  it('each get a share of the space', () => {
    const folds = elementsOf(treeOf(long), 'details').map(textOf)
    for (const text of folds.slice(0, 3)) {
      expect(text.match(/user number/g)?.length).toBeGreaterThan(500)
      expect(text).toMatch(/\d of 20,000 not shown here/)
    }
  })

  it('say in the title of their section how many entries are not shown', () => {
    const titles = elementsOf(treeOf(long), 'summary').map(textOf)
    const cuts = elementsOf(treeOf(long), 'details').map(fold => /… ([\d,]+) of/.exec(textOf(fold))?.[1])
    expect(titles.slice(0, 3)).toEqual([
      `Errors (20,000; ${cuts[0]} not shown)`,
      `20,000 users (${cuts[1]} not shown)`,
      `By permission (20,000) (${cuts[2]} not shown)`,
    ])
  })

  it('have a full-width row in place of omitted rows', () => {
    const cut = elementsOf(treeOf(long), 'td').filter(cell => textOf(cell).includes('not shown here'))
    expect(cut.map(cell => cell.properties?.colSpan ?? 1)).toEqual([1, 2])
  })
})

describe('the limit', () => {
  it('is kept if every list and every text is extremely long', () => {
    const absurd = '\u{e0001}"&'.repeat(3_000)
    const operation = { api: absurd, permission: absurd, roles: [absurd], expires: absurd, reason: absurd }
    const many = <T>(item: T): T[] => Array.from({ length: 100 }, () => item)
    const finding = { message: absurd, place: { file: absurd, line: 1, column: 1 } }
    const summary = renderSummary(
      record({
        tenant: absurd,
        digest: absurd,
        undoDigest: absurd,
        ledger: { branch: absurd, commit: absurd, run: absurd, at: absurd, head: absurd },
        files: many(absurd),
        errors: many(finding),
        failures: many({ ...finding, user: absurd }),
        warnings: many(finding),
        notices: many(finding),
        advice: many(absurd),
        unmanaged: many({ user: absurd, ...operation }),
        derived: many({ user: absurd, ...operation }),
        plan: {
          format: 2,
          tenant: absurd,
          source: { ...SOURCE, commit: absurd },
          users: many({ user: absurd, grant: many(operation).slice(0, 5), revoke: many(operation).slice(0, 5) }),
          heldBack: many({ user: absurd, api: absurd, permission: absurd, entry: absurd }),
          found: [],
          holders: many({ ...operation, before: 1, after: 0 }),
        },
      }),
    )
    expect(Buffer.byteLength(summary)).toBeLessThan(MEBIBYTE)
    expect(summary.match(/ not shown here/g)?.length).toBeGreaterThanOrEqual(7)
  })
})
