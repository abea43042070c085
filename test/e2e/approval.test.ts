// Saved plans, approved digests and undo plans, on the built action.

import { describe, expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { acme, BILLING, countRequests, errorsOf, MANIFEST, ORDERS, runAgainst } from './acme.ts'
import type { ActionRun } from './action.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const USERS = [
  { id: 'auth0|1', permissions: { [ORDERS]: ['read:orders', 'write:orders'] } },
  { id: 'auth0|2', permissions: { [ORDERS]: ['read:orders'] } },
  { id: 'auth0|3', permissions: { [ORDERS]: [] } },
]

/** Two users who lack something, and one who has too much. */
function start(): Promise<Tenant> {
  return acme({
    users: [
      { id: 'auth0|1', direct: direct('read:orders', 'refund:orders') },
      { id: 'auth0|2' },
      { id: 'auth0|3', direct: direct('write:orders') },
    ],
  })
}

function plan(tenant: Tenant, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, { users: USERS, inputs: { mode: 'plan', revoke: 'all', ...inputs } })
}

function applySaved(tenant: Tenant, saved: string, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, { files: { 'plan.json': saved }, inputs: { 'plan-file': 'plan.json', ...inputs } })
}

function grantsOf(tenant: Tenant): readonly (readonly string[])[] {
  return ['auth0|1', 'auth0|2', 'auth0|3'].map(user =>
    tenant
      .grantsOf(user)
      .map(({ permission }) => permission)
      .sort(),
  )
}

const BEFORE = [['read:orders', 'refund:orders'], [], ['write:orders']]
const AFTER = [['read:orders', 'write:orders'], ['read:orders'], []]

describe('an approved digest', () => {
  it('lets exactly this plan through', async () => {
    const tenant = await start()
    const { outputs } = await plan(tenant)
    expect(outputs['plan-digest']).toMatch(/^sha256:[0-9a-f]{64}$/)
    const run = await runAgainst(tenant, {
      users: USERS,
      inputs: { revoke: 'all', 'approved-plan': outputs['plan-digest'] ?? '' },
    })
    expect(run.outputs).toMatchObject({ result: 'applied', 'plan-digest': outputs['plan-digest'] })
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('is the same for a manifest that is only written otherwise', async () => {
    const tenant = await start()
    const { outputs } = await plan(tenant)
    const manifest = `# comment\nusers:\n${[...USERS]
      .reverse()
      .map(({ id, permissions }) => `- {id: '${id}', permissions: ${JSON.stringify(permissions)}}\n`)
      .join('\n')}`
    const other = await runAgainst(tenant, { manifest, inputs: { mode: 'plan', revoke: 'all' } })
    expect(other.outputs['plan-digest']).toBe(outputs['plan-digest'])
  })

  it.each<[string, (tenant: Tenant) => void]>([
    ['has one operation more', tenant => tenant.grant('auth0|2', ...direct('refund:orders'))],
    [
      'has another operation in the place of one',
      tenant => {
        tenant.revoke('auth0|3', ...direct('write:orders'))
        tenant.grant('auth0|3', ...direct('refund:orders'))
      },
    ],
  ])('refuses a plan that %s, and shows what it found', async (_, change) => {
    const tenant = await start()
    const { outputs } = await plan(tenant)
    change(tenant)
    const before = grantsOf(tenant)
    const run = await runAgainst(tenant, {
      users: USERS,
      inputs: { revoke: 'all', 'approved-plan': outputs['plan-digest'] ?? '' },
    })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('not the one that was approved')])
    expect(run.log).toContain('- revoke refund:orders')
    expect(run.summary).toContain('To apply this plan and no other, set <code>approved-plan</code> to its digest')
    expect(run.summary).toContain('refund:orders')
    expect(countRequests(tenant)).not.toHaveProperty('POST /users/{id}/permissions')
    expect(grantsOf(tenant)).toEqual(before)
  })

  it('does not matter to an empty plan', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|2', direct: direct('read:orders') }] })
    const run = await runAgainst(tenant, {
      users: [{ id: 'auth0|2', permissions: { [ORDERS]: ['read:orders'] } }],
      inputs: { 'approved-plan': `sha256:${'0'.repeat(64)}` },
    })
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
  })
})

describe('a saved plan', () => {
  it('is done as it is, without the manifest, by reading its users alone', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    const planned = countRequests(tenant)
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2', users: '3' })
    expect(grantsOf(tenant)).toEqual(AFTER)
    const reads = 'GET /users/{id}/permissions'
    expect((countRequests(tenant)[reads] ?? 0) - (planned[reads] ?? 0)).toBe(3)
  })

  it('is the same to the byte for the same state, but for its clock', async () => {
    const tenant = await start()
    const [first, second] = [await plan(tenant), await plan(tenant)]
    const withoutClock = (text: string) => text.replace(/"at": "[^"]*"/, '')
    expect(withoutClock(second.plan)).toBe(withoutClock(first.plan))
  })

  it('refuses the one user who has changed since, and does the others', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    tenant.grant('auth0|2', { api: BILLING, permission: 'read:invoices' })
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', 'users-changed': '2' })
    expect(errorsOf(run).join()).toMatch(/auth0\|2 has changed since.*read:invoices/)
    expect(grantsOf(tenant)).toEqual([AFTER[0], ['read:invoices'], AFTER[2]])
  })

  it('names a user who holds nothing any more, and one who is gone', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    tenant.revoke('auth0|1', ...direct('read:orders', 'refund:orders'))
    tenant.removeUser('auth0|3')
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '2', 'users-changed': '1' })
    expect(errorsOf(run).join('\n')).toMatch(/auth0\|1 has changed .* holds nothing directly/)
    expect(errorsOf(run).join('\n')).toContain('no user auth0|3')
  })

  it('that is stopped before it is read again names every user as not attempted', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    const run = await applySaved(tenant, saved, { 'client-secret': 'another-secret' })
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(run.report).toMatchObject({
      outcomes: ['auth0|1', 'auth0|2', 'auth0|3'].map(user => ({ user, status: 'not attempted' })),
    })
  })

  it('of another tenant is refused before any request', async () => {
    const { plan: saved } = await plan(await start())
    const tenant = await start()
    const run = await applySaved(tenant, saved)
    expect(errorsOf(run)).toEqual([expect.stringContaining('it is a plan for the tenant 127.0.0.1:')])
    expect(tenant.requests).toEqual([])
  })

  it('changes nothing when it is applied again', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    await applySaved(tenant, saved)
    const again = await applySaved(tenant, saved)
    expect(again.outputs).toMatchObject({ result: 'unchanged', 'users-failed': '0' })
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('that was done in part is finished under the same approval', async () => {
    const tenant = await start()
    const { plan: saved, outputs } = await plan(tenant)
    tenant.grant('auth0|2', ...direct('read:orders'))
    const run = await applySaved(tenant, saved, { 'approved-plan': outputs['plan-digest'] ?? '' })
    expect(run.outputs).toMatchObject({ result: 'applied', 'users-changed': '2' })
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('keeps its approved digest, and the ceiling on revocations', async () => {
    const tenant = await start()
    const { plan: saved, outputs } = await plan(tenant)
    const wrong = await applySaved(tenant, saved, { 'approved-plan': `sha256:${'1'.repeat(64)}` })
    expect(errorsOf(wrong)).toEqual([expect.stringContaining('not the one that was approved')])
    const tooMany = await applySaved(tenant, saved, { 'max-revocations': '1' })
    expect(errorsOf(tooMany)).toEqual([expect.stringContaining('revokes 2')])
    expect(grantsOf(tenant)).toEqual(BEFORE)
    const right = await applySaved(tenant, saved, { 'approved-plan': outputs['plan-digest'] ?? '' })
    expect(right.outputs).toMatchObject({ result: 'applied' })
  })

  it.each([
    [
      'an operation was added',
      (plan: string) => plan.replace('"permission": "write:orders"', '"permission": "refund:orders"'),
      'changed since it was written',
    ],
    [
      'it is for another tenant',
      (plan: string) => plan.replaceAll('127.0.0.1', '127.0.0.2'),
      'changed since|another|tenant',
    ],
    ['it is no plan', () => '{}', 'not a plan'],
  ])('is refused before any request where %s', async (_, change, expected) => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    const planned = tenant.requests.length
    const run = await applySaved(tenant, change(saved))
    expect(errorsOf(run).join()).toMatch(new RegExp(`plan-file.*(${expected})`))
    expect(run.outputs).toMatchObject({ result: 'failed' })
    expect(tenant.requests).toHaveLength(planned)
  })
})

describe('an undo plan', () => {
  it('restores the snapshot from before the apply', async () => {
    const tenant = await start()
    const forward = await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' } })
    expect(grantsOf(tenant)).toEqual(AFTER)
    const back = await applySaved(tenant, forward.undoPlan)
    expect(back.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2' })
    expect(grantsOf(tenant)).toEqual(BEFORE)
  })

  it('is written by an apply that was refused halfway too, for what was done', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }, { id: 'auth0|2' }] })
    tenant.fault({
      kind: 'status',
      status: 400,
      body: {},
      when: ({ method, path }) => method === 'POST' && path.includes('%7C2'),
    })
    const run = await runAgainst(tenant, { users: USERS.slice(0, 2) })
    expect(run.outputs).toMatchObject({ result: 'partial' })
    expect(JSON.parse(run.undoPlan).users.map(({ user }: { user: string }) => user)).toEqual(['auth0|1'])
  })
})

describe('drift', () => {
  it('fails the step where the plan is not empty, and only there', async () => {
    const tenant = await start()
    const drifted = await plan(tenant, { 'fail-on-changes': 'true' })
    expect([drifted.exitCode, drifted.outputs.result]).toEqual([1, 'planned'])
    await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' } })
    expect(errorsOf(drifted)).toEqual([expect.stringContaining('fail-on-changes is set')])
    const settled = await plan(tenant, { 'fail-on-changes': 'true' })
    expect([settled.exitCode, settled.outputs.result]).toEqual([0, 'unchanged'])
  })
})

describe('a listed user who does not exist', () => {
  it('is a warning with missing-users: warn', async () => {
    const tenant = await start()
    const run = await runAgainst(tenant, {
      users: [...USERS, { id: 'auth0|nobody', permissions: {} }, { email: 'nobody@acme.com', permissions: {} }],
      inputs: { 'missing-users': 'warn' },
    })
    expect(run.exitCode).toBe(0)
    const warnings = run.annotations.filter(({ kind }) => kind === 'warning')
    expect(warnings).toMatchObject([
      { file: MANIFEST, message: expect.stringContaining('nobody@acme.com') },
      { file: MANIFEST, message: expect.stringContaining('auth0|nobody') },
    ])
    expect(run.outputs).toMatchObject({ result: 'applied', 'users-failed': '0' })
  })
})
