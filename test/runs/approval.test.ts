// Saved plans, approved digests and undo plans.

import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/plan/digest.ts'
import type { Plan } from '../../src/plan/plan.ts'
import {
  acme,
  BILLING,
  countRequests,
  errorsOf,
  give,
  heldBy,
  MANIFEST,
  ORDERS,
  runAgainst,
  take,
  WITH_ROLES,
  wants,
} from '../e2e/acme.ts'
import type { ActionRun } from '../e2e/action.ts'
import { acmeRepository, manifestOf } from '../e2e/repository.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const USERS = [
  wants('auth0|1', 'read:orders', 'write:orders', 'Support', 'Auditor'),
  wants('auth0|2', 'read:orders'),
  wants('auth0|3'),
]

/** Two users who are missing something, and two who have too much. */
function start(): Promise<Tenant> {
  return acme({
    ...WITH_ROLES,
    users: [
      { id: 'auth0|1', direct: direct('read:orders', 'refund:orders'), roles: ['Auditor'] },
      { id: 'auth0|2' },
      { id: 'auth0|3', direct: direct('write:orders'), roles: ['Support'] },
      { id: 'auth0|4', direct: direct('write:orders') },
    ],
  })
}

function plan(tenant: Tenant, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, { users: USERS, inputs: { mode: 'plan', revoke: 'all', ...inputs } })
}

let example: Promise<ActionRun> | undefined

/** The plan file for a new tenant, without another run: plans of new tenants differ only in the tenant's name. */
async function savedPlan({ domain }: Tenant): Promise<{ readonly saved: string; readonly digest: string }> {
  example ??= start().then(plan)
  const { plan: text } = await example
  const { tenant } = JSON.parse(text)
  const saved = seal(JSON.parse(text.replaceAll(tenant, new URL(domain).host)))
  return { saved, digest: JSON.parse(saved).digest }
}

/** Whoever writes a plan file can also write its digest. */
function seal({ digest: _, ...plan }: Record<string, unknown>): string {
  return JSON.stringify({ digest: digestOf(plan as unknown as Plan), ...plan }, undefined, 2)
}

function applySaved(tenant: Tenant, saved: string, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, {
    files: { [MANIFEST]: JSON.stringify({ users: USERS }), 'plan.json': saved },
    inputs: { revoke: 'all', 'plan-file': 'plan.json', ...inputs },
  })
}

function grantsOf(tenant: Tenant): readonly (readonly string[])[] {
  return ['auth0|1', 'auth0|2', 'auth0|3'].map(user => heldBy(tenant, user))
}

const BEFORE = [['Auditor', 'read:orders', 'refund:orders'], [], ['Support', 'write:orders']]
const AFTER = [['Auditor', 'Support', 'read:orders', 'write:orders'], ['read:orders'], []]

describe('an approved digest', () => {
  it('allows exactly this plan', async () => {
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

  it('is the same for a manifest that only differs in notation', async () => {
    const tenant = await start()
    const { outputs } = await plan(tenant)
    const manifest = `# comment\nusers:\n${[...USERS]
      .reverse()
      .map(({ roles = [], ...user }) => `- ${JSON.stringify({ roles: [...roles].reverse(), ...user })}\n`)
      .join('\n')}`
    const other = await runAgainst(tenant, { manifest, inputs: { mode: 'plan', revoke: 'all' } })
    expect(other.outputs['plan-digest']).toBe(outputs['plan-digest'])
  })

  it.each<[string, (tenant: Tenant) => void, string]>([
    ['has one more operation', tenant => give(tenant, 'auth0|2', 'Support'), 'the role Support'],
    [
      'has one operation replaced by another',
      tenant => {
        take(tenant, 'auth0|3', 'write:orders')
        give(tenant, 'auth0|3', 'refund:orders')
      },
      'refund:orders',
    ],
  ])('refuses a plan that %s, and shows the plan', async (_, change, found) => {
    const tenant = await start()
    const { digest } = await savedPlan(tenant)
    change(tenant)
    const before = grantsOf(tenant)
    const run = await runAgainst(tenant, {
      users: USERS,
      inputs: { revoke: 'all', 'approved-plan': digest },
    })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('not the one that was approved')])
    expect(run.log).toContain(`- revoke ${found}`)
    expect(run.summary).toContain('To apply this plan and no other, set <code>approved-plan</code> to its digest')
    expect(run.summary.replaceAll(/<[^>]*>/g, '')).toContain(found)
    expect(grantsOf(tenant)).toEqual(before)
  })

  it('is irrelevant to an empty plan', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|2', direct: direct('read:orders') }] })
    const run = await runAgainst(tenant, {
      users: [{ id: 'auth0|2', permissions: { [ORDERS]: ['read:orders'] } }],
      inputs: { 'approved-plan': `sha256:${'0'.repeat(64)}` },
    })
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
  })
})

describe('a saved plan', () => {
  it('is applied exactly, and only its users are read', async () => {
    const tenant = await start()
    const { plan: saved } = await plan(tenant)
    const planned = countRequests(tenant)
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '3', revocations: '3', users: '3' })
    expect(grantsOf(tenant)).toEqual(AFTER)
    const reads = 'GET /users/{id}/permissions'
    expect((countRequests(tenant)[reads] ?? 0) - (planned[reads] ?? 0)).toBe(3)
  })

  it('is identical for the same state, except for its timestamp', async () => {
    const tenant = await start()
    const [first, second] = [await plan(tenant), await plan(tenant)]
    const withoutClock = (text: string) => text.replace(/"at": "[^"]*"/, '')
    expect(withoutClock(second.plan)).toBe(withoutClock(first.plan))
  })

  it('fails for users who have changed since, and is applied to the others', async () => {
    const tenant = await start()
    const { saved } = await savedPlan(tenant)
    tenant.grant('auth0|2', { api: BILLING, permission: 'read:invoices' })
    give(tenant, 'auth0|3', 'Auditor')
    // Neither the plan nor the manifest names this role.
    give(tenant, 'auth0|1', 'Owner')
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '2', 'users-changed': '1' })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/auth0\|2 has changed since.*read:invoices/),
      expect.stringMatching(/auth0\|3 has changed since.* the role Auditor, the role Support, write:orders on/),
    ])
    expect(grantsOf(tenant)).toEqual([
      ['Auditor', 'Owner', ...(AFTER[0] ?? []).slice(1)],
      ['read:invoices'],
      ['Auditor', 'Support', 'write:orders'],
    ])
  })

  it('reports a user who has no grants now, and one who was deleted', async () => {
    const tenant = await start()
    const { saved } = await savedPlan(tenant)
    take(tenant, 'auth0|1', 'read:orders', 'refund:orders', 'Auditor')
    tenant.removeUser('auth0|3')
    const run = await applySaved(tenant, saved)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '2', 'users-changed': '1' })
    expect(errorsOf(run).join('\n')).toMatch(/auth0\|1 has changed .* Current direct grants: none/)
    expect(errorsOf(run).join('\n')).toContain('no user auth0|3')
  })

  it('whose run fails before its users are read lists every user as not attempted', async () => {
    const tenant = await start()
    const { saved } = await savedPlan(tenant)
    const run = await applySaved(tenant, saved, { 'client-secret': 'another-secret' })
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(run.report).toMatchObject({
      outcomes: ['auth0|1', 'auth0|2', 'auth0|3'].map(user => ({ user, status: 'not attempted' })),
    })
  })

  it('of another tenant is refused before any request', async () => {
    const { saved } = await savedPlan(await start())
    const tenant = await start()
    const run = await applySaved(tenant, saved)
    expect(errorsOf(run)).toEqual([expect.stringContaining('it is a plan for the tenant 127.0.0.1:')])
    expect(tenant.requests).toEqual([])
  })

  it('changes nothing when it is applied again', async () => {
    const tenant = await start()
    const { saved } = await savedPlan(tenant)
    await applySaved(tenant, saved)
    const again = await applySaved(tenant, saved)
    expect(again.outputs).toMatchObject({ result: 'unchanged', 'users-failed': '0' })
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('that was partially applied is finished with the same approval', async () => {
    const tenant = await start()
    const { saved, digest } = await savedPlan(tenant)
    give(tenant, 'auth0|2', 'read:orders')
    take(tenant, 'auth0|3', 'Support')
    // An approver sees the role's name in the tenant, not the one in the file.
    const renamed = saved.replaceAll('"name": "Support"', '"name": "Harmless"')
    const run = await applySaved(tenant, renamed, { 'approved-plan': digest })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2', 'users-changed': '2' })
    expect(run.summary).toContain('+ grant the role <code>Support</code>')
    expect(run.log + run.summary).not.toContain('Harmless')
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('is still subject to its approved digest and to max-revocations', async () => {
    const tenant = await start()
    const { saved, digest } = await savedPlan(tenant)
    const wrong = await applySaved(tenant, saved, { 'approved-plan': `sha256:${'1'.repeat(64)}` })
    expect(errorsOf(wrong)).toEqual([expect.stringContaining('not the one that was approved')])
    const tooMany = await applySaved(tenant, saved, { 'max-revocations': '1' })
    expect(errorsOf(tooMany)).toEqual([expect.stringContaining('revocations (3)')])
    expect(grantsOf(tenant)).toEqual(BEFORE)
    const right = await applySaved(tenant, saved, { 'approved-plan': digest })
    expect(right.outputs).toMatchObject({ result: 'applied' })
  })

  it.each([
    [
      'an operation was added',
      (plan: string) => plan.replace('"permission": "write:orders"', '"permission": "refund:orders"'),
      'changed after it was written',
    ],
    [
      'it is for another tenant',
      (plan: string) => plan.replaceAll('127.0.0.1', '127.0.0.2'),
      'changed after|another|tenant',
    ],
    ['it is not a plan', () => '{}', 'not a plan'],
  ])('is refused before any request if %s', async (_, change, expected) => {
    const tenant = await start()
    const { saved } = await savedPlan(tenant)
    const planned = tenant.requests.length
    const run = await applySaved(tenant, change(saved))
    expect(errorsOf(run).join()).toMatch(new RegExp(`plan-file.*(${expected})`))
    expect(run.outputs).toMatchObject({ result: 'failed' })
    expect(tenant.requests).toHaveLength(planned)
  })
})

describe('an undo plan', () => {
  it('restores the state before the apply', async () => {
    const tenant = await start()
    const forward = await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' } })
    expect(grantsOf(tenant)).toEqual(AFTER)
    const refused = await applySaved(tenant, forward.undoPlan)
    expect(errorsOf(refused).join()).toContain('plan-file is an undo plan')
    expect(grantsOf(tenant)).toEqual(AFTER)
    const approved = { 'approved-plan': forward.outputs['undo-plan-digest'] ?? '' }
    const back = await applySaved(tenant, forward.undoPlan, approved)
    expect(back.outputs).toMatchObject({ result: 'applied', grants: '3', revocations: '3' })
    expect(grantsOf(tenant)).toEqual(BEFORE)
  })

  it('is also written by an apply that failed halfway, and reverts what was done', async () => {
    const tenant = await acme({ ...WITH_ROLES, users: [{ id: 'auth0|1' }, { id: 'auth0|2' }] })
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
  it('fails the step only if the plan is not empty', async () => {
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

describe('a saved plan that nobody approved', () => {
  async function saved(change: (plan: string) => string, manifest: readonly unknown[], inputs = {}) {
    const tenant = await start()
    const planned = await savedPlan(tenant)
    const forged = JSON.parse(change(planned.saved))
    const run = await runAgainst(tenant, {
      files: { [MANIFEST]: JSON.stringify({ users: manifest }), 'plan.json': seal(forged) },
      inputs: { revoke: 'all', 'plan-file': 'plan.json', ...inputs },
    })
    return { run, tenant }
  }

  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const yesterday = new Date(Date.now() - 86_400_000).toISOString()
  const expiring = (expires: string) => ({
    id: 'auth0|2',
    permissions: { [ORDERS]: [{ name: 'read:orders', expires }] },
  })

  it.each<[string, (plan: string) => string, readonly unknown[], object, RegExp, RegExp?]>([
    [
      'grants what the manifest does not request',
      text => {
        const { users, ...plan } = JSON.parse(text)
        const grant = [{ role: 'rol_owner' }, { api: ORDERS, permission: 'refund:orders' }]
        users[1].grant = grant.map(access => ({ ...access, roles: [] }))
        return JSON.stringify({ users, ...plan })
      },
      USERS,
      {},
      /grants refund:orders on .* to auth0\|2, which the manifest does not grant/,
      /grants the role Owner to auth0\|2, which the manifest does not grant/,
    ],
    [
      'grants to a user who was removed since',
      text => text,
      [USERS[0], USERS[2]],
      {},
      /grants read:orders .* to auth0\|2/,
    ],
    ['grants what has expired since', text => text, [USERS[0], expiring(yesterday), USERS[2]], {}, /to auth0\|2/],
    [
      'revokes what the manifest now requests',
      text => text,
      [...USERS.slice(0, 2), wants('auth0|3', 'write:orders', 'Support')],
      {},
      /revokes write:orders .* from auth0\|3, which the manifest grants/,
      /revokes the role Support from auth0\|3, which the manifest grants/,
    ],
    [
      'revokes something, with revoke: never',
      text => text,
      USERS,
      { revoke: 'never' },
      /contains revocations \(3\), but the input revoke is set to never/,
    ],
    [
      'revokes from a user who is not listed',
      text => text.replaceAll('auth0|3', 'auth0|4'),
      USERS,
      {},
      /revokes write:orders .* from auth0\|4, who is not in the manifest/,
    ],
  ])('%s is refused, and nothing is written', async (_, change, manifest, inputs, words, more = words) => {
    const { run, tenant } = await saved(change, manifest, inputs)
    expect(errorsOf(run).join('\n')).toMatch(words)
    expect(errorsOf(run).join('\n')).toMatch(more)
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(grantsOf(tenant)).toEqual(BEFORE)
  })

  it('is applied if the manifest still requests all of it', async () => {
    const { run, tenant } = await saved(text => text, [USERS[0], expiring(tomorrow), USERS[2]])
    expect(run.outputs, run.log).toMatchObject({ result: 'applied' })
    expect(grantsOf(tenant)).toEqual(AFTER)
  })

  it('for a user who is listed by address is checked by looking up the address', async () => {
    const tenant = await acme({
      users: [
        { id: 'auth0|1', email: 'grace@acme.com' },
        { id: 'auth0|2', email: 'mallory@acme.com' },
      ],
    })
    const users = [{ email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }]
    const planned = await runAgainst(tenant, { users, inputs: { mode: 'plan' } })
    const forged = seal(JSON.parse(planned.plan.replaceAll('auth0|1', 'auth0|2')))
    const files = (text: string) => ({ [MANIFEST]: JSON.stringify({ users }), 'plan.json': text })
    const inputs = { 'plan-file': 'plan.json' }
    const refused = await runAgainst(tenant, { files: files(forged), inputs })
    expect(errorsOf(refused).join()).toMatch(/grants read:orders .* to auth0\|2, which the manifest does not grant/)
    expect(grantsOf2(tenant)).toEqual([0, 0])
    const applied = await runAgainst(tenant, { files: files(planned.plan), inputs })
    expect(applied.outputs, applied.log).toMatchObject({ result: 'applied', grants: '1' })
    expect(grantsOf2(tenant)).toEqual([1, 0])
  })

  function grantsOf2(tenant: Tenant): readonly number[] {
    return ['auth0|1', 'auth0|2'].map(user => tenant.grantsOf(user).length)
  }
})

describe('an empty approval', () => {
  it('is an error before any request, not "no approval"', async () => {
    const tenant = await start()
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'approved-plan': '' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^Input approved-plan: it is empty/)])
    expect(tenant.requests).toEqual([])
  })
})

it('a saved plan from a custom domain belongs to its tenant', async () => {
  const tenant = await start()
  const audience = 'https://acme.eu.auth0.com/api/v2/'
  const { plan: saved } = await plan(tenant, { audience })
  const run = await applySaved(tenant, saved, { audience })
  expect(run.outputs, run.log).toMatchObject({ result: 'applied' })
})

describe('the ledger and saved plans', () => {
  async function repositoryWith() {
    const tenant = await acme({ ...WITH_ROLES, users: ['auth0|1', 'auth0|2', 'auth0|3'].map(id => ({ id })) })
    return { tenant, repository: await acmeRepository(tenant) }
  }

  it('a saved plan adopts existing grants once it is applied', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|2', 'read:orders', 'write:orders', 'Support', 'Auditor')
    const people = [wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders', 'Support')]
    const planned = await repository.apply(people, { mode: 'plan' })
    const files = { [MANIFEST]: manifestOf(people), 'plan.json': planned.plan }
    const run = await repository.run(repository.head(), { files, inputs: { 'plan-file': 'plan.json' } })
    expect(run.outputs, run.log).toMatchObject({ result: 'applied', grants: '1' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'], 'auth0|2': ['Support', 'read:orders'] })
    await repository.apply([wants('auth0|1', 'read:orders')])
    expect(grantsOf(tenant)).toEqual([['read:orders'], ['Auditor', 'write:orders'], []])
  })

  it('an undo plan restores what was managed, so that the same manifest is applied again and a reverted one changes nothing', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|3', 'read:orders', 'Support')
    const first = [wants('auth0|1', 'read:orders', 'write:orders', 'Support')]
    repository.begin(first)
    const second = [
      wants('auth0|1', 'read:orders'),
      wants('auth0|2', 'read:orders', 'Auditor'),
      wants('auth0|3', 'read:orders', 'Support'),
    ]
    const forward = await repository.apply(second)
    const after = grantsOf(tenant)
    const before = repository.managed()
    expect(forward.summary).toContain(forward.outputs['undo-plan-digest'])
    const undo = () =>
      repository.run(repository.head(), {
        files: { [MANIFEST]: manifestOf(second), 'undo.json': forward.undoPlan },
        inputs: { 'plan-file': 'undo.json', 'approved-plan': forward.outputs['undo-plan-digest'] ?? '' },
      })
    const back = await undo()
    expect(back.outputs, back.log).toMatchObject({ result: 'applied', grants: '2', revocations: '2' })
    expect(grantsOf(tenant)).toEqual([['Support', 'read:orders', 'write:orders'], [], ['Support', 'read:orders']])
    expect(repository.managed()).toEqual({ 'auth0|1': ['Support', 'read:orders', 'write:orders'] })
    const again = await repository.run(repository.head(), { inputs: { scope: 'changed' } })
    expect(again.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2' })
    expect([grantsOf(tenant), repository.managed()]).toEqual([after, before])
    const twice = await undo()
    expect(twice.outputs, 'approving is an act for one run, and may be done again').toMatchObject({ result: 'applied' })
    const reverted = await repository.apply(first)
    expect(reverted.outputs).toMatchObject({ result: 'unchanged' })
    expect(grantsOf(tenant)[2]).toEqual(['Support', 'read:orders'])
  })

  it('an undo plan restores grants made by hand without making them managed', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|1', 'refund:orders', 'Owner')
    const people = [wants('auth0|1', 'read:orders'), wants('auth0|2', 'Owner')]
    repository.begin(people)
    const forward = await repository.run(repository.head(), { inputs: { revoke: 'all' } })
    expect(forward.outputs).toMatchObject({ revocations: '2' })
    const back = await repository.run(repository.head(), {
      files: { [MANIFEST]: manifestOf(people), 'undo.json': forward.undoPlan },
      inputs: { 'plan-file': 'undo.json', 'approved-plan': forward.outputs['undo-plan-digest'] ?? '' },
    })
    expect(back.outputs, back.log).toMatchObject({ result: 'applied', grants: '2' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'], 'auth0|2': ['Owner'] })
    await repository.run(repository.head())
    expect(grantsOf(tenant)[0]).toEqual(['Owner', 'read:orders', 'refund:orders'])
  })

  const undoing = (run: ActionRun, users: readonly unknown[]) => ({
    files: { [MANIFEST]: manifestOf(users), 'undo.json': run.undoPlan },
    inputs: { 'plan-file': 'undo.json', 'approved-plan': run.outputs['undo-plan-digest'] ?? '' },
  })

  it('an undo plan of an earlier apply keeps what later ones made managed', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|1', 'read:orders', 'Owner')
    const both = (...names: readonly string[]) => [wants('auth0|1', ...names), wants('auth0|2', 'write:orders')]
    const first = await repository.apply(both('read:orders'))
    const second = both('read:orders', 'write:orders', 'Support', 'Owner')
    await repository.apply(second)
    const back = await repository.run(repository.head(), undoing(first, second))
    expect(back.outputs, back.log).toMatchObject({ result: 'applied', revocations: '1' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['Owner', 'Support', 'write:orders'] })
    await repository.apply([])
    expect(grantsOf(tenant)).toEqual([['read:orders'], [], []])
  })

  it('an undo plan that fails halfway does not make grants made by hand managed, nor does undoing it', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|1', 'refund:orders')
    repository.begin([wants('auth0|2')])
    const people = [wants('auth0|1', 'write:orders')]
    const forward = await repository.apply(people, { revoke: 'all' })
    tenant.fault({ kind: 'status', status: 400, body: {}, when: ({ method }) => method === 'DELETE', times: 1 })
    const half = await repository.run(repository.head(), undoing(forward, people))
    expect(half.outputs, half.log).toMatchObject({ result: 'partial', grants: '1', revocations: '0' })
    expect(repository.managed()['auth0|1']).toEqual(['write:orders'])
    const again = await repository.run(repository.head(), undoing(forward, people))
    expect(again.outputs, again.log).toMatchObject({ result: 'applied', revocations: '1' })
    const redone = await repository.run(repository.head(), undoing(again, people))
    expect(redone.outputs, redone.log).toMatchObject({ result: 'applied', grants: '1' })
    await repository.apply([])
    expect(grantsOf(tenant)[0]).toEqual(['refund:orders'])
  })

  it('an undo plan keeps managed what a later apply granted after this one had revoked it', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|1', 'refund:orders')
    repository.begin([wants('auth0|2')])
    const forward = await repository.apply([wants('auth0|1')], { revoke: 'all' })
    const later = [wants('auth0|1', 'refund:orders')]
    await repository.apply(later)
    const back = await repository.run(repository.head(), undoing(forward, later))
    expect(back.outputs, back.log).toMatchObject({ result: 'unchanged' })
    expect(repository.managed()['auth0|1']).toEqual(['refund:orders'])
  })

  it('an undo plan of an apply that was not recorded does not make grants made by hand managed', async () => {
    const { tenant, repository } = await repositoryWith()
    give(tenant, 'auth0|1', 'refund:orders')
    repository.begin([wants('auth0|1', 'read:orders')])
    const people = [wants('auth0|1', 'read:orders')]
    const forward = await repository.apply(people, { revoke: 'all' }, { contents: 'read' })
    expect(forward.outputs, forward.log).toMatchObject({ result: 'applied', revocations: '1' })
    const back = await repository.run(repository.head(), undoing(forward, people))
    expect(back.outputs, back.log).toMatchObject({ result: 'applied', grants: '1' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'] })
  })

  it('an undo plan cannot grant to a user who was deleted since: the user failed, and the others are done', async () => {
    const { tenant, repository } = await repositoryWith()
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'Support')])
    const removal = await repository.apply([])
    tenant.removeUser('auth0|1')
    const back = await repository.run(repository.head(), undoing(removal, []))
    expect(back.outputs, back.log).toMatchObject({ result: 'partial', grants: '1', 'users-failed': '1' })
    expect(errorsOf(back)).toEqual([expect.stringMatching(/^auth0\|1 no longer exists in the tenant/)])
    expect(repository.managed()).toEqual({ 'auth0|2': ['Support'] })
  })

  it('a saved plan has nothing left to revoke from a user who was deleted since', async () => {
    const { tenant, repository } = await repositoryWith()
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'Support')])
    const planned = await repository.apply([], { mode: 'plan' })
    tenant.removeUser('auth0|1')
    const files = { [MANIFEST]: manifestOf([]), 'plan.json': planned.plan }
    const run = await repository.run(repository.head(), { files, inputs: { 'plan-file': 'plan.json' } })
    expect(run.outputs, run.log).toMatchObject({ result: 'applied', revocations: '1', 'users-failed': '0' })
    expect(repository.managed()).toEqual({})
  })

  it('a saved plan whose only user has changed since failed', async () => {
    const { tenant, repository } = await repositoryWith()
    const people = [wants('auth0|1', 'read:orders')]
    const planned = await repository.apply(people, { mode: 'plan' })
    give(tenant, 'auth0|1', 'write:orders')
    const files = { [MANIFEST]: manifestOf(people), 'plan.json': planned.plan }
    const run = await repository.run(repository.head(), { files, inputs: { 'plan-file': 'plan.json' } })
    expect(run.outputs, run.log).toMatchObject({ result: 'failed', 'users-failed': '1', changed: 'false' })
  })

  it('a user who has changed since a plan was saved is reported at the line that lists the user', async () => {
    const { tenant, repository } = await repositoryWith()
    const people = [wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')]
    const planned = await repository.apply(people, { mode: 'plan' })
    give(tenant, 'auth0|2', 'write:orders')
    const files = { [MANIFEST]: manifestOf(people), 'plan.json': planned.plan }
    const run = await repository.run(repository.head(), { files, inputs: { 'plan-file': 'plan.json' } })
    expect(run.outputs).toMatchObject({ result: 'partial', grants: '1' })
    const [failure] = run.annotations.filter(({ kind }) => kind === 'error')
    expect(failure).toMatchObject({ file: MANIFEST, line: 12, message: expect.stringMatching(/^auth0\|2 has changed/) })
  })

  it('an undo plan restores which users were not finished, so that scope: changed reads them', async () => {
    const { tenant, repository } = await repositoryWith()
    const people = [wants('auth0|1', 'read:orders')]
    tenant.fault({ kind: 'status', status: 400, body: {}, when: ({ method }) => method === 'POST', times: 1 })
    await repository.apply(people)
    expect(grantsOf(tenant)[0]).toEqual([])
    const removal = await repository.apply([])
    await repository.run(repository.head(), {
      files: { [MANIFEST]: manifestOf([]), 'undo.json': removal.undoPlan },
      inputs: { 'plan-file': 'undo.json', 'approved-plan': removal.outputs['undo-plan-digest'] ?? '' },
    })
    const again = await repository.apply(people, { scope: 'changed' })
    expect(again.outputs, again.log).toMatchObject({ result: 'applied', grants: '1' })
  })

  it('a saved plan does not revoke what a newer, unidentified entry may request', async () => {
    const { tenant, repository } = await repositoryWith()
    repository.begin([wants('auth0|1', 'read:orders')])
    const planned = await repository.apply([], { mode: 'plan' })
    const newer = [{ email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }]
    const commit = repository.commit(manifestOf(newer))
    const files = { [MANIFEST]: manifestOf(newer), 'plan.json': planned.plan }
    const run = await repository.run(commit, { files, inputs: { 'plan-file': 'plan.json' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/from auth0\|1, which the entry grace@acme\.com may grant/)])
    expect(grantsOf(tenant)[0]).toEqual(['read:orders'])
  })
})
