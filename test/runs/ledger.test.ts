// The ledger, against an embedded tenant and an embedded GitHub.

import { describe, expect, it } from 'vitest'
import {
  acme,
  countRequests,
  errorsOf,
  give,
  grantsNamed,
  heldBy,
  MANIFEST,
  ORDERS,
  runAgainst,
  take,
  WITH_ROLES,
  wants,
  warningsOf,
} from '../e2e/acme.ts'
import { acmeRepository, manifestOf, type Permissions, type Repository } from '../e2e/repository.ts'
import type { TenantOptions } from '../servers/tenant/tenant.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const asks = (email: string, ...names: readonly string[]) => ({ email, ...grantsNamed(names) })
const grace = (id: string, email = 'grace@acme.com', emailVerified = true) => ({ id, email, emailVerified })

const users = ['auth0|1', 'auth0|2', 'auth0|3'].map(id => ({ id }))

async function start(options: TenantOptions = { users }) {
  const tenant = await acme({ ...WITH_ROLES, ...options })
  const repository = await acmeRepository(tenant)
  return { tenant, repository, held: (user: string) => heldBy(tenant, user) }
}

const NO_LEDGER = expect.stringMatching(/^There is no ledger yet/)
const writes = ({ method, path }: { readonly method: string; readonly path: string }) =>
  method !== 'GET' && path.includes('/users/')

it('tests begin with the state after a first apply', async () => {
  const people = [wants('auth0|2', 'write:orders', 'read:orders', 'Support'), wants('auth0|1', 'Support')]
  const left = ({ tenant, repository }: Awaited<ReturnType<typeof start>>) => [
    people.map(({ id }) => heldBy(tenant, id)),
    repository.github
      .file(repository.ledgerBranch, 'ledger.json')
      ?.replaceAll(repository.head(), 'HEAD')
      .replace(new URL(tenant.domain).host, 'HOST')
      .replace(/"at":"[^"]*"/, '"at":"NOW"'),
  ]
  const [begun, applied] = [await start(), await start()]
  begun.repository.begin(people)
  await applied.repository.apply(people)
  expect(left(begun)).toEqual(left(applied))
})

describe('revoke: managed, the default', () => {
  it('revokes what the manifest granted and no longer lists, and keeps what was granted by hand', async () => {
    const { tenant, repository, held } = await start({
      users: [{ id: 'auth0|1', direct: direct('refund:orders'), roles: ['Owner'] }, { id: 'auth0|2' }],
    })
    repository.begin([
      wants('auth0|1', 'read:orders', 'write:orders', 'Support', 'Auditor'),
      wants('auth0|2', 'read:orders', 'Support'),
    ])
    give(tenant, 'auth0|2', 'write:orders', 'Auditor')
    const run = await repository.apply([wants('auth0|1', 'read:orders', 'Support')])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '0', revocations: '4', users: '1' })
    expect(held('auth0|1')).toEqual(['Owner', 'Support', 'read:orders', 'refund:orders'])
    expect(held('auth0|2')).toEqual(['Auditor', 'write:orders'])
    expect(repository.managed()).toEqual({ 'auth0|1': ['Support', 'read:orders'] })
  })

  it('adopts existing grants that the manifest lists', async () => {
    const { repository, held } = await start({
      users: [{ id: 'auth0|1', direct: direct('read:orders', 'write:orders'), roles: ['Support', 'Auditor'] }],
    })
    const first = await repository.apply([wants('auth0|1', 'read:orders', 'Support')])
    expect(first.outputs).toMatchObject({ result: 'unchanged' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['Support', 'read:orders'] })
    await repository.apply([wants('auth0|1')])
    expect(held('auth0|1')).toEqual(['Auditor', 'write:orders'])
  })

  it('does not treat a grant as managed after it was revoked and granted again by hand', async () => {
    const { tenant, repository, held } = await start()
    const [kept, again] = [
      ['read:orders', 'Support'],
      ['write:orders', 'Auditor'],
    ]
    await repository.apply([wants('auth0|1', ...kept, ...again)], { revoke: 'never' })
    await repository.apply([wants('auth0|1', ...kept)], { revoke: 'never' })
    take(tenant, 'auth0|1', ...again)
    await repository.apply([wants('auth0|1', ...kept)], { revoke: 'never' })
    give(tenant, 'auth0|1', ...again)
    const run = await repository.apply([wants('auth0|1', ...kept)])
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(held('auth0|1')).toEqual([...kept, ...again].sort())
  })

  it('has nothing left to do for a removed user who no longer exists in the tenant', async () => {
    const { tenant, repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders', 'Support')])
    tenant.removeUser('auth0|2')
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(run.annotations).toMatchObject([{ kind: 'notice', message: expect.stringContaining('auth0|2') }])
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'] })
    const after = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(after.annotations).toEqual([])
  })

  it('has nothing left to do for removed users whose ids the tenant refuses, and forgets them', async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    const malformed = ['5f7c8ec7c33c6c004bbafe82', 'auth0%7C5f7c8ec7', 'grace@acme.com', '..']
    repository.tamper(text => {
      const ledger = JSON.parse(text)
      const added = malformed.map(id => ({ id, listed: ['id'], managed: { [ORDERS]: ['read:orders'] } }))
      return JSON.stringify({ ...ledger, users: [...ledger.users, ...added] })
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.exitCode, run.log).toBe(0)
    expect(run.annotations.map(({ kind, message }) => `${kind}: ${message}`).sort()).toEqual(
      malformed
        .map(
          id => `notice: ${id} was removed from the manifest and has an id that Auth0 refuses, so nothing is revoked.`,
        )
        .sort(),
    )
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'] })
    const after = await repository.run(repository.head())
    expect(after.annotations).toEqual([])
  })
})

describe('who an entry means', () => {
  it('is the same user, first listed by address and then by id', async () => {
    const { repository, held } = await start({ users: [grace('auth0|1')] })
    await repository.apply([asks('Grace@acme.com', 'read:orders', 'write:orders')])
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ revocations: '1', 'users-failed': '0' })
    expect(held('auth0|1')).toEqual(['read:orders'])
  })

  it('is the user with the address as written or in lower case; the ledger ignores case', async () => {
    const { tenant, repository, held } = await start({ users: [grace('waad|1', 'Grace@Acme.com')] })
    const first = await repository.apply([asks('Grace@Acme.com', 'read:orders')])
    expect(first.outputs).toMatchObject({ result: 'applied', requests: '6' })
    expect(first.summary).toContain('<code>Grace@Acme.com</code>')
    expect(repository.ledger()?.users).toMatchObject([{ id: 'waad|1', listed: [{ email: 'grace@acme.com' }] }])
    // Only the case of the entry has changed, so nobody is looked up.
    const unchanged = await repository.apply([asks('grace@Acme.com', 'read:orders')], { scope: 'changed' })
    expect(unchanged.outputs).toMatchObject({ result: 'unchanged', requests: '2' })
    const planned = await repository.apply([asks('Grace@Acme.com', 'write:orders')], { mode: 'plan' })
    const files = { [MANIFEST]: manifestOf([asks('Grace@Acme.com', 'write:orders')]), 'plan.json': planned.plan }
    const saved = await repository.run(repository.head(), { files, inputs: { 'plan-file': 'plan.json' } })
    expect(saved.outputs, saved.log).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect(held('waad|1')).toEqual(['write:orders'])

    tenant.addUser(grace('auth0|2'))
    const twin = await repository.apply([asks('Grace@Acme.com', 'read:orders')])
    expect(errorsOf(twin)).toEqual([
      expect.stringContaining('waad|1 (waad); auth0|2 (Username-Password-Authentication)'),
    ])
    expect([held('waad|1'), held('auth0|2')]).toEqual([['write:orders'], []])
  })

  it.each<readonly [string, NonNullable<TenantOptions['users']>]>([
    ['no user has', [{ id: 'auth0|1' }]],
    ['is unverified', [grace('auth0|1', 'grace@acme.com', false)]],
    ['two users have', [grace('auth0|1'), grace('auth0|9')]],
  ])(
    'is unknown for an address that %s: a user no longer listed by id keeps what the entry requests',
    async (_, people) => {
      const { repository, held } = await start({ users: people })
      repository.begin([wants('auth0|1', 'read:orders', 'write:orders', 'Support', 'Auditor')])
      const run = await repository.apply([asks('grace@acme.com', 'read:orders', 'Support')])
      expect(run.outputs).toMatchObject({ revocations: '2', 'users-failed': '1' })
      expect(held('auth0|1')).toEqual(['Support', 'read:orders'])
      expect(warningsOf(run).join()).toMatch(
        /2 revocations are held back, because grace@acme\.com cannot be identified/,
      )
      expect(run.summary).toContain('Revocations held back')
      const [entry, user] = ['grace@acme.com', 'auth0|1']
      expect(run.report).toMatchObject({
        plan: {
          heldBack: [
            { user, role: 'rol_support', name: 'Support', entry },
            { user, permission: 'read:orders', entry },
          ],
        },
      })
      const later = await repository.apply([])
      expect(later.outputs).toMatchObject({ result: 'applied', revocations: '2' })
      expect(held('auth0|1')).toEqual([])
    },
  )

  it('is unknown while the tenant fails: nobody loses what the entry requests', async () => {
    const { tenant, repository, held } = await start({ users: [{ id: 'auth0|1' }, { id: 'auth0|2' }] })
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders', 'write:orders')])
    const when = ({ path }: { readonly path: string }) => path.includes('users-by-email')
    tenant.fault({ kind: 'status', status: 400, body: {}, when, times: Number.POSITIVE_INFINITY })
    const run = await repository.apply([asks('grace@acme.com', 'read:orders')])
    expect(run.outputs).toMatchObject({ revocations: '1', 'users-failed': '1' })
    expect([held('auth0|1'), held('auth0|2')]).toEqual([['read:orders'], ['read:orders']])
  })

  it.each([
    ['unverified', { ...grace('auth0|9', 'grace@acme.com', false) }, {}],
    ['in another connection', grace('auth0|9'), { connection: 'corp' }],
  ])(
    'may still mean anybody if a stranger has the address %s: nobody loses what the entry lists',
    async (_, stranger, more) => {
      const { repository, held } = await start({ users: [...users, stranger] })
      repository.begin([wants('auth0|1', 'read:orders', 'write:orders')])
      const run = await repository.apply([{ ...asks('grace@acme.com', 'read:orders'), ...more }])
      expect(run.outputs, run.log).toMatchObject({ revocations: '1', 'users-failed': '1' })
      expect(held('auth0|1')).toEqual(['read:orders'])
    },
  )

  it('cannot be a user without the address, whose revocations are not held back', async () => {
    const { repository, held } = await start({ users: [...users, grace('auth0|8'), grace('auth0|9')] })
    repository.begin([wants('auth0|1', 'read:orders')])
    const run = await repository.apply([asks('grace@acme.com', 'read:orders')])
    expect(run.outputs).toMatchObject({ revocations: '1', 'users-failed': '1' })
    expect(held('auth0|1')).toEqual([])
  })

  it('is an error if an address now belongs to another user: neither user is changed', async () => {
    const { tenant, repository, held } = await start({ users: [grace('auth0|1')] })
    await repository.apply([asks('grace@acme.com', 'read:orders', 'write:orders', 'Support')])
    tenant.setEmail('auth0|1', 'gone@acme.com', true)
    tenant.addUser({ ...grace('auth0|2'), direct: direct('refund:orders'), roles: ['Owner'] })
    const run = await repository.apply([asks('grace@acme.com', 'read:orders')])
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/referred to auth0\|1 before and refers to auth0\|2 now.*by id/),
    ])
    expect(held('auth0|1')).toEqual(['Support', 'read:orders', 'write:orders'])
    expect(held('auth0|2')).toEqual(['Owner', 'refund:orders'])
    const corrected = await repository.apply([wants('auth0|2', 'read:orders', 'Support')])
    expect(corrected.exitCode).toBe(0)
    expect(held('auth0|1')).toEqual([])
    expect(held('auth0|2')).toEqual(['Owner', 'Support', 'read:orders', 'refund:orders'])
  })

  it('is remembered if the address was taken over and the entry removed: the former user loses access', async () => {
    const { tenant, repository, held } = await start({ users: [grace('auth0|1')] })
    await repository.apply([asks('grace@acme.com', 'read:orders')])
    tenant.setEmail('auth0|1', 'gone@acme.com', true)
    tenant.addUser({ ...grace('auth0|2'), direct: direct('read:orders') })
    const run = await repository.apply([])
    expect(run.exitCode).toBe(0)
    expect([held('auth0|1'), held('auth0|2')]).toEqual([[], ['read:orders']])
  })

  it('is remembered if the address changed and the entry was removed', async () => {
    const { tenant, repository, held } = await start({ users: [grace('auth0|1')] })
    await repository.apply([asks('grace@acme.com', 'read:orders')])
    tenant.setEmail('auth0|1', 'hopper@acme.com', true)
    const run = await repository.apply([])
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held('auth0|1')).toEqual([])
    expect(repository.managed()).toEqual({})
  })

  it('became ambiguous: after the entry is corrected or removed, later runs succeed', async () => {
    const { tenant, repository, held } = await start({ users: [grace('auth0|1'), ...users.slice(1)] })
    await repository.apply([asks('grace@acme.com', 'read:orders'), wants('auth0|2', 'read:orders')])
    tenant.addUser(grace('auth0|9'))
    const ambiguous = await repository.apply([asks('grace@acme.com', 'read:orders')])
    expect(ambiguous.outputs).toMatchObject({ 'users-failed': '1', result: 'partial' })
    // The address may mean two users, neither of which is auth0|2.
    expect([held('auth0|1'), held('auth0|2')]).toEqual([['read:orders'], []])
    const corrected = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(corrected.outputs).toMatchObject({ result: 'unchanged', 'users-failed': '0' })
    const removed = await repository.apply([])
    expect(removed.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held('auth0|1')).toEqual([])
  })

  it('is remembered while the address cannot be identified, however many runs that takes', async () => {
    const { tenant, repository, held } = await start({
      users: [grace('auth0|1'), grace('auth0|2', 'ada@acme.com', false)],
    })
    await repository.apply([asks('grace@acme.com', 'read:orders')])
    tenant.setEmail('auth0|1', 'hopper@acme.com', true)
    tenant.setEmail('auth0|2', 'grace@acme.com', false)
    // The same person, now also listed by another address, and with fewer permissions.
    const people = [asks('grace@acme.com', 'read:orders'), asks('hopper@acme.com')]
    for (let run = 0; run < 3; run++) {
      await repository.apply(people)
      expect(held('auth0|1')).toEqual(['read:orders'])
    }
  })

  it('is one user if listed in two ways', async () => {
    const { repository, held } = await start({ users: [grace('auth0|1')] })
    await repository.apply([asks('grace@acme.com', 'read:orders'), wants('auth0|1', 'write:orders')])
    expect(repository.ledger()?.users).toMatchObject([{ listed: [{ email: 'grace@acme.com' }, 'id'] }])
    const run = await repository.apply([asks('grace@acme.com', 'read:orders')], { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held('auth0|1')).toEqual(['read:orders'])
  })
})

describe('the ledger', () => {
  it('is committed before the first write and after the last, with what was done, the run and its commit', async () => {
    const { tenant, repository } = await start()
    let before: ReturnType<typeof repository.ledger>
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: request => {
        if (writes(request)) before ??= repository.ledger()
        return false
      },
    })
    await repository.apply([wants('auth0|1', 'read:orders', 'Support')])
    const entry = { id: 'auth0|1', listed: ['id'], managed: { [ORDERS]: ['read:orders'] }, roles: ['rol_support'] }
    expect(before).toMatchObject({ applying: true, users: [{ ...entry, unfinished: true }] })
    expect(repository.ledger()).toMatchObject({
      tenant: new URL(tenant.domain).host,
      commit: repository.head(),
      branch: 'main',
      latest: { run: 'https://github.com/acme/permissions/actions/runs/77', commit: repository.head() },
      applying: false,
      files: [MANIFEST],
      users: [entry],
    })
    const [end, begin] = repository.github.history(repository.ledgerBranch)
    expect(begin?.message).toBe(
      `Begin 2 grants and 0 revocations for 1 user\n\nRun: https://github.com/acme/permissions/actions/runs/77\nCommit: ${repository.head()}\n\n[skip ci]`,
    )
    expect(end?.message).toMatch(/^End 2 grants and 0 revocations for 1 user\n/)
    expect(begin?.parents).toEqual([])
  })

  it('gets no commit for an apply that changes neither the tenant nor what is managed', async () => {
    const { repository } = await start()
    await repository.apply([wants('auth0|1', 'read:orders', 'Support')])
    const log = repository.ledgerLog()
    const run = await repository.apply([wants('auth0|1', 'read:orders', 'Support')])
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(repository.ledgerLog()).toEqual(log)
  })

  it('is not written by a plan', async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    const log = repository.ledgerLog()
    const run = await repository.apply([wants('auth0|1')], { mode: 'plan' }, { contents: 'read' })
    expect(run.outputs).toMatchObject({ result: 'planned', revocations: '1' })
    expect(repository.ledgerLog()).toEqual(log)
  })

  it('marks users who failed, and remembers what was attempted', async () => {
    const { tenant, repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'refund:orders'), wants('auth0|3', 'Owner')])
    const failing = ['/users/auth0%7C2/roles', '/users/auth0%7C3/permissions']
    tenant.fault({
      kind: 'status',
      status: 400,
      body: {},
      when: ({ method, path }) => method === 'POST' && failing.some(end => path.endsWith(end)),
      times: failing.length,
    })
    const partial = await repository.apply([
      wants('auth0|1', 'read:orders', 'write:orders'),
      wants('auth0|2', 'read:orders', 'Support'),
      wants('auth0|3', 'read:orders', 'Support'),
    ])
    expect(partial.exitCode).toBe(1)
    expect(partial.outputs).toMatchObject({ result: 'partial', grants: '3', revocations: '0', 'users-failed': '2' })
    const errors = (...patterns: readonly RegExp[]) => patterns.map(each => expect.stringMatching(each))
    const [READ, SUPPORT] = [{ permission: 'read:orders' }, { role: 'rol_support', name: 'Support' }]
    expect(partial.report.outcomes).toMatchObject([
      { user: 'auth0|1', status: 'done' },
      // What a failed role or permission was meant to replace is not revoked.
      {
        user: 'auth0|2',
        status: 'failed',
        granted: [READ],
        revoked: [],
        errors: errors(/^Assigning roles/, /^No permission was revoked/),
      },
      {
        user: 'auth0|3',
        status: 'failed',
        granted: [SUPPORT],
        revoked: [],
        errors: errors(/^Granting permissions/, /^No role was removed/),
      },
    ])
    expect(partial.summary).toMatch(
      /auth0\|2.*failed<\/strong>: \+ grant the role <code>Support.*<br>done: \+ grant <code>read:/,
    )
    expect(partial.summary).toMatch(
      /auth0\|3.*done: \+ grant the role <code>Support.*failed<\/strong>: \+ grant <code>read:/,
    )
    expect(held('auth0|2')).toEqual(['read:orders', 'refund:orders'])
    expect(held('auth0|3')).toEqual(['Owner', 'Support'])
    const managed = { [ORDERS]: ['read:orders'] }
    expect(repository.ledger()?.users).toMatchObject([
      { id: 'auth0|1', managed: { [ORDERS]: ['read:orders', 'write:orders'] } },
      {
        id: 'auth0|2',
        managed: { [ORDERS]: ['read:orders', 'refund:orders'] },
        roles: ['rol_support'],
        unfinished: true,
      },
      { id: 'auth0|3', managed, roles: ['rol_owner', 'rol_support'], unfinished: true },
    ])
    const again = await repository.run(repository.head(), { inputs: { scope: 'changed' } })
    expect(again.outputs).toMatchObject({ grants: '2', revocations: '2', 'users-changed': '2' })
    const back = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(back.outputs).toMatchObject({ result: 'applied', revocations: '5' })
    expect([held('auth0|1'), held('auth0|2'), held('auth0|3')]).toEqual([['read:orders'], [], []])
  })

  it('is kept by revoke: never and all, including what is managed for removed users', async () => {
    const { tenant, repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders', 'Support'), wants('auth0|2', 'read:orders', 'Support')])
    const more = [wants('auth0|1', 'read:orders', 'write:orders', 'Support', 'Auditor')]
    const never = await repository.apply(more, { revoke: 'never' })
    expect(never.outputs).toMatchObject({ grants: '2', revocations: '0' })
    give(tenant, 'auth0|1', 'refund:orders', 'Owner')
    const less = [wants('auth0|1', 'write:orders', 'Auditor')]
    const catalogue = ['Support', 'Auditor', 'Owner']
    const commit = repository.commit(JSON.stringify({ roles: catalogue, users: less }))
    const all = await repository.run(commit, { inputs: { revoke: 'all' } })
    expect(all.outputs).toMatchObject({ grants: '0', revocations: '4' })
    expect(held('auth0|1')).toEqual(['Auditor', 'write:orders'])
    expect(repository.managed()).toEqual({
      'auth0|1': ['Auditor', 'write:orders'],
      'auth0|2': ['Support', 'read:orders'],
    })
    const run = await repository.apply(less)
    expect(run.outputs).toMatchObject({ revocations: '2' })
    expect(held('auth0|2')).toEqual([])
  })

  it('is reported in a warning if it is missing', async () => {
    const { repository } = await start()
    const plan = await repository.apply([wants('auth0|1', 'read:orders')], { mode: 'plan' })
    expect(warningsOf(plan)).toEqual([NO_LEDGER])
    const first = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(warningsOf(first)).toEqual([NO_LEDGER])
    const second = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(warningsOf(second)).toEqual([])
    repository.github.deleteBranch(repository.ledgerBranch)
    const deleted = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(warningsOf(deleted)).toEqual([NO_LEDGER])
  })

  it('is the same for a custom domain of the tenant', async () => {
    const { tenant, repository } = await start()
    await repository.apply([wants('auth0|1', 'read:orders')], { audience: 'https://acme.eu.auth0.com/api/v2/' })
    expect(repository.github.tip('auth0-permissions/acme.eu.auth0.com')).toBeDefined()
    expect(tenant.grantsOf('auth0|1')).toEqual(direct('read:orders'))
  })

  it('works with a GitHub Enterprise Server', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant, { prefix: '/api/v3' })
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied' })
  })

  it.each([
    ['is not JSON', () => 'users: []'],
    ['is of another tenant', (text: string) => text.replace(/"tenant": "[^"]*"/, '"tenant": "other.eu.auth0.com"')],
    ['lists a user twice', (text: string) => text.replace(/(\{"id":"auth0\|1".*\})\n/, '$1,\n$1\n')],
    ['has an unknown key', (text: string) => text.replace('"format": 1', '"format": 1, "more": true')],
  ])('that %s is refused, and not overwritten', async (_, change) => {
    const { repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    repository.tamper(change)
    const log = repository.ledgerLog()
    const run = await repository.apply([wants('auth0|1')])
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/needs the ledger.*not one that this action wrote.*Revert the commit/),
    ])
    const all = await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')], { revoke: 'all' })
    expect(all.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(warningsOf(all)).toEqual([expect.stringContaining('This apply is not recorded in the ledger')])
    expect(repository.ledgerLog()).toEqual(log)
    expect(held('auth0|1')).toEqual(['read:orders', 'write:orders'])
  })
})

it('a branch without the ledger’s file is refused, and not overwritten', async () => {
  const { repository } = await start()
  repository.github.commit({ 'README.md': 'hello' }, { branch: repository.ledgerBranch, parents: [] })
  const run = await repository.apply([wants('auth0|1', 'read:orders')])
  expect(errorsOf(run)).toEqual([expect.stringContaining('it has no file ledger.json')])
  expect(repository.ledgerLog()).toHaveLength(1)
})

describe('a job that may not', () => {
  const denials: readonly (readonly [string, Permissions, RegExp])[] = [
    ['write contents', { contents: 'read' }, /contents: write/],
    ['read contents', { contents: 'none' }, /contents: write/],
  ]
  it.each(denials)('%s is refused before anything is written, with the lines to add', async (_, permissions, words) => {
    const { tenant, repository, held } = await start()
    const run = await repository.apply([wants('auth0|1', 'read:orders')], {}, permissions)
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toMatch(words)
    expect(held('auth0|1')).toEqual([])
    expect(tenant.requests.filter(writes)).toEqual([])
  })

  it.each(['never', 'all'])(
    'write contents succeeds with revoke: %s, and warns that nothing is recorded',
    async revoke => {
      const { repository, held } = await start()
      const run = await repository.apply([wants('auth0|1', 'read:orders')], { revoke }, { contents: 'read' })
      expect(run.outputs).toMatchObject({ result: 'applied' })
      expect(warningsOf(run)).toEqual([NO_LEDGER, expect.stringMatching(/not recorded in the ledger.*contents: write/)])
      expect(held('auth0|1')).toEqual(['read:orders'])
    },
  )

  it('write contents is refused with scope: changed', async () => {
    const { repository, held } = await start()
    const inputs = { revoke: 'never', scope: 'changed' }
    const run = await repository.apply([wants('auth0|1', 'read:orders')], inputs, { contents: 'read' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('could not be recorded in the ledger before its first')])
    expect(held('auth0|1')).toEqual([])
  })

  it('create the branch because of a ruleset is refused with the rule’s message', async () => {
    const { repository, held } = await start()
    repository.github.addRuleset({ refs: ['auth0-permissions/**'], rules: ['creation'] })
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(errorsOf(run).join()).toMatch(/Cannot create ref due to creations being restricted/)
    expect(held('auth0|1')).toEqual([])
  })

  it('use the ledger (without a token, or outside GitHub) is refused with the reason', async () => {
    const { tenant, repository, held } = await start()
    const none = await repository.apply([wants('auth0|1', 'read:orders')], { 'github-token': '' })
    expect(errorsOf(none).join()).toContain('github-token is empty')
    const outside = await runAgainst(tenant, {
      users: [wants('auth0|1', 'read:orders')],
      inputs: { revoke: 'managed' },
    })
    expect(errorsOf(outside)).toEqual([expect.stringContaining('GITHUB_REPOSITORY is not set')])
    expect(held('auth0|1')).toEqual([])
  })
})

describe('concurrent runs', () => {
  it('do not both write: a run whose branch moved before its first write writes nothing', async () => {
    const { tenant, repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    let moved = false
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: () => {
        if (!moved) repository.tamper(text => `${text}\n`)
        moved = true
        return false
      },
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    expect(errorsOf(run)).toEqual([expect.stringMatching(/Another run updated .* before its first write/)])
    expect(held('auth0|1')).toEqual(['read:orders'])
  })

  it('are merged: a run whose branch moved before its end merges the ledgers, marks its users, and fails', async () => {
    const { tenant, repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|3', 'read:orders', 'Support')])
    let moved = false
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: request => {
        if (writes(request) && !moved) {
          moved = true
          repository.tamper(text => {
            const ledger = JSON.parse(text)
            const other = { id: 'auth0|7', listed: ['id'], managed: {}, roles: ['rol_owner'] }
            const latest = { ...ledger.latest, run: 'https://github.com/acme/permissions/actions/runs/88' }
            return JSON.stringify({ ...ledger, latest, users: [...ledger.users, other] })
          })
        }
        return false
      },
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders', 'Support')])
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'partial', grants: '2', revocations: '2' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('actions/runs/88 updated the ledger')])
    expect(repository.ledger()?.users).toMatchObject([
      { id: 'auth0|1', managed: { [ORDERS]: ['read:orders'] } },
      { id: 'auth0|2', managed: { [ORDERS]: ['read:orders'] }, roles: ['rol_support'], unfinished: true },
      { id: 'auth0|3', managed: { [ORDERS]: ['read:orders'] }, roles: ['rol_support'], unfinished: true },
      { id: 'auth0|7', managed: {}, roles: ['rol_owner'] },
    ])
    expect(held('auth0|2')).toEqual(['Support', 'read:orders'])
  })

  it.each<[string, (repository: Repository) => void, RegExp, boolean]>([
    [
      'deleted the branch: the ledger is written again, with its users marked',
      ({ github, ledgerBranch }) => github.deleteBranch(ledgerBranch),
      /^Somebody deleted the ledger's branch/,
      true,
    ],
    [
      'ran outside a workflow: the ledgers are merged',
      ({ tamper }) => tamper(text => text.replace(/"run":"[^"]*"/, '"run":""')),
      /^Another run updated the ledger's branch/,
      true,
    ],
    [
      'broke the ledger: what was done is not recorded',
      ({ tamper }) => tamper(() => 'users: []'),
      /^Somebody changed the ledger on the branch .* What this run did is not recorded there\. Revert/,
      false,
    ],
  ])('are reported if the other run %s', async (_, change, expected, isMarked) => {
    const { tenant, repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    let changed = false
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: request => {
        if (writes(request) && !changed) {
          changed = true
          change(repository)
        }
        return false
      },
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    expect(errorsOf(run)).toEqual([expect.stringMatching(expected)])
    expect(run.outputs).toMatchObject({ result: 'partial', grants: '1' })
    expect(held('auth0|1')).toEqual(['read:orders', 'write:orders'])
    const text = repository.github.file(repository.ledgerBranch, 'ledger.json') ?? ''
    expect(text.includes('"unfinished":true')).toBe(isMarked)
  })

  it('are reported if they update the branch before each attempt to merge', async () => {
    const { repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    let moves = 0
    // The first move of this run's own is the commit before its first write.
    const stop = repository.github.onRequest(({ method }) => {
      if (method === 'PATCH' && ++moves > 1) repository.tamper(text => `${text}\n`)
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    stop()
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^Other runs updated .* 5 times while .* not recorded/)])
    expect(run.outputs).toMatchObject({ result: 'partial', grants: '1' })
    expect(held('auth0|1')).toEqual(['read:orders', 'write:orders'])
    expect(repository.ledger()?.users).toMatchObject([{ id: 'auth0|1', unfinished: true }])
    expect((await repository.run(repository.head(), { run: { runId: 78 } })).outputs).toMatchObject({
      result: 'unchanged',
    })
  })

  it('are reported if the other run is outside a workflow and has not ended', async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    repository.tamper(text =>
      text.replace('"applying": false', '"applying": true').replace(/"run":"[^"]*"/, '"run":""'),
    )
    const run = await repository.run(repository.head())
    const notEnded = [expect.stringMatching(/^The apply of a run outside GitHub, .* has not ended/)]
    expect(warningsOf(run)).toEqual(notEnded)
    const outside = { inputs: { mode: 'plan' }, env: { GITHUB_RUN_ID: undefined } }
    repository.tamper(text =>
      text.replace('"applying": false', '"applying": true').replace(/"run":"[^"]*"/, '"run":""'),
    )
    expect(warningsOf(await repository.run(repository.head(), outside))).toEqual(notEnded)
  })

  it('are reported if an earlier run has not ended, unless this is another attempt of it', async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    repository.tamper(text => text.replace('"applying": false', '"applying": true'))
    const attempt = await repository.run(repository.head(), { inputs: { mode: 'plan' } })
    expect(warningsOf(attempt)).toEqual([])
    const other = await repository.run(repository.head(), { run: { runId: 78 } })
    expect(warningsOf(other)).toEqual([expect.stringMatching(/actions\/runs\/77.* has not ended/)])
  })
})

describe('an apply is refused before anything is written', () => {
  it('if its commit is older than the one that was applied', async () => {
    const { repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    const old = repository.head()
    await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    for (const inputs of [{}, { revoke: 'all' }, { revoke: 'never' }]) {
      const run = await repository.run(old, { inputs })
      expect(errorsOf(run)).toEqual([expect.stringMatching(/is older than .*revert the newer commit/)])
    }
    expect(held('auth0|1')).toEqual(['read:orders', 'write:orders'])
    const plan = await repository.run(old, { inputs: { mode: 'plan' } })
    expect(warningsOf(plan)).toEqual([expect.stringContaining('is older than')])
  })

  it('but not for a revert, which is a new commit', async () => {
    const { repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    await repository.apply([wants('auth0|1', 'write:orders')])
    await repository.apply([wants('auth0|1', 'read:orders')])
    expect(held('auth0|1')).toEqual(['read:orders'])
  })

  it('if its branch does not contain the commit that was applied', async () => {
    const { repository, held } = await start()
    const base = repository.commit(manifestOf([]))
    repository.begin([wants('auth0|1', 'read:orders')])
    repository.github.moveBranch('release', base)
    const commit = repository.commitFiles({ [MANIFEST]: manifestOf([wants('auth0|2', 'read:orders')]) }, 'release')
    const run = await repository.run(commit, {
      run: { ref: 'refs/heads/release' },
      env: { GITHUB_REF_PROTECTED: 'true' },
    })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/does not contain .* was applied from the branch main.*Merge main first/),
    ])
    expect(held('auth0|1')).toEqual(['read:orders'])
  })

  it('but not after a force-push that dropped the commit, which is a warning', async () => {
    const { repository, held } = await start()
    const base = repository.commit(manifestOf([]))
    repository.begin([wants('auth0|1', 'read:orders')])
    repository.github.moveBranch('main', base)
    const run = await repository.apply([wants('auth0|2', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect(warningsOf(run)).toEqual([
      expect.stringMatching(/no longer on the branch main, for example because of a force-push/),
    ])
    expect(held('auth0|1')).toEqual([])
    const back = await repository.run(base)
    expect(errorsOf(back)).toEqual([expect.stringContaining('is older than')])
  })

  it('if it does not read a file that an earlier apply read', async () => {
    const { repository, held } = await start()
    const files = {
      'a.yml': manifestOf([wants('auth0|1', 'read:orders')]),
      'b.yml': manifestOf([wants('auth0|2', 'read:orders')]),
    }
    const commit = repository.commitFiles(files)
    await repository.run(commit, { inputs: { manifest: 'a.yml' } })
    const beside = await repository.run(commit, { inputs: { manifest: 'b.yml' } })
    expect(errorsOf(beside)).toEqual([
      expect.stringMatching(
        /does not read a\.yml, which an earlier apply to this tenant read and which the commit still contains/,
      ),
    ])
    const never = await repository.run(commit, { inputs: { manifest: 'b.yml', revoke: 'never' } })
    expect(never.outputs).toMatchObject({ result: 'applied' })
    expect(repository.ledger()?.files).toEqual(['a.yml', 'b.yml'])
    expect(held('auth0|1')).toEqual(['read:orders'])
    const both = await repository.run(commit, { inputs: { manifest: 'a.yml\nb.yml' } })
    expect(both.outputs).toMatchObject({ result: 'unchanged', revocations: '0' })
  })

  it.each([
    ['plan', 'contents: read'],
    ['apply', 'contents: write'],
  ])('(and a %s too) if the token may not compare commits, with the permission to add', async (mode, permission) => {
    const { tenant, repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    const isComparison = ({ path }: { readonly path: string }) => path.includes('/compare/')
    repository.github.fault({ kind: 'status', status: 403, body: {}, when: isComparison, times: 10 })
    const run = await repository.apply([wants('auth0|2')], { mode, 'require-merged': 'false' })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^Could not check whether this run may follow/)])
    expect(errorsOf(run).join()).toContain(permission)
    expect(tenant.requests.filter(writes)).toEqual([])
  })

  it('but not if that file was moved', async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders', 'write:orders')])
    const moved = repository.commitFiles({ 'moved.yml': manifestOf([wants('auth0|1', 'read:orders')]) })
    const run = await repository.run(moved, { inputs: { manifest: 'moved.yml' } })
    expect(run.outputs).toMatchObject({ revocations: '1' })
    expect(repository.ledger()?.files).toEqual(['moved.yml'])
  })
})

describe('scope: changed', () => {
  it('takes four requests for one changed line of 10,000, and five for a user who is listed by address', {
    timeout: 60_000,
  }, async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `auth0|${index}`)
    const { tenant, repository } = await start({
      users: [{ id: 'auth0|4321', direct: direct('read:orders') }, grace('auth0|grace')],
    })
    await repository.apply([wants('auth0|4321', 'read:orders'), asks('grace@acme.com')])
    // The ledger after an apply of all of them, without the time that it takes.
    repository.tamper(text => {
      const { users, ...ledger } = JSON.parse(text)
      const others = ids.filter(id => id !== 'auth0|4321')
      const applied = others.map(id => ({ id, listed: ['id'], managed: { [ORDERS]: ['read:orders'] } }))
      return JSON.stringify({ ...ledger, users: [...users, ...applied] })
    })
    const before = [...ids.map(id => wants(id, 'read:orders')), asks('grace@acme.com')]
    const seen = tenant.requests.length
    const after = before.map((user, index) =>
      index === 4_321 ? wants('auth0|4321', 'read:orders', 'write:orders') : user,
    )
    const byId = await repository.apply(after, { scope: 'changed' })
    expect(byId.outputs).toMatchObject({ result: 'applied', grants: '1', users: '10001', requests: '4' })
    const more = [...after.slice(0, -1), asks('grace@acme.com', 'read:orders')]
    const byAddress = await repository.apply(more, { scope: 'changed' })
    expect(byAddress.outputs).toMatchObject({ result: 'applied', grants: '1', requests: '5' })
    expect(tenant.requests.length - seen).toBe(9)
    expect(countRequests(tenant)['GET /users-by-email']).toBe(2)
  })

  it('reads every user until something has been applied', async () => {
    const { repository } = await start()
    const run = await repository.apply([wants('auth0|1', 'read:orders')], { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(run.annotations).toContainEqual(
      expect.objectContaining({ kind: 'notice', message: expect.stringContaining('every listed user is read') }),
    )
  })

  it('reads users again who could not be read, by id or by a remembered address', async () => {
    const { tenant, repository, held } = await start({ users: [...users, grace('auth0|9')] })
    const people = [wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders'), asks('grace@acme.com', 'Support')]
    await repository.apply(people)
    take(tenant, 'auth0|1', 'read:orders')
    take(tenant, 'auth0|9', 'Support')
    const when = ({ path }: { readonly path: string }) => path.includes('%7C1/') || path.includes('users-by-email')
    tenant.fault({ kind: 'status', status: 400, body: {}, when, times: 2 })
    const failed = await repository.run(repository.head())
    expect(failed.outputs).toMatchObject({ result: 'partial', 'users-failed': '2' })
    expect(repository.ledgerLog().at(-1)).toBe('Update the entries of 2 users')
    const next = await repository.run(repository.head(), { inputs: { scope: 'changed' } })
    expect(next.outputs, next.log).toMatchObject({ result: 'applied', grants: '2' })
    expect([held('auth0|1'), held('auth0|9')]).toEqual([['read:orders'], ['Support']])
  })

  it('looks an address up again that no user has any more', async () => {
    const { tenant, repository } = await start({ users: [...users, grace('auth0|9')] })
    const people = [wants('auth0|1', 'read:orders'), asks('grace@acme.com', 'Support')]
    await repository.apply(people)
    tenant.removeUser('auth0|9')
    for (const scope of ['all', 'changed', 'changed']) {
      const run = await repository.run(repository.head(), { inputs: { scope } })
      expect(run.outputs, run.log).toMatchObject({ 'users-failed': '1' })
    }
  })

  it('does not say that nobody has changed if a new user does not exist', async () => {
    const { repository } = await start()
    repository.begin([])
    const inputs = { scope: 'changed', 'missing-users': 'warn' }
    const run = await repository.apply([wants('auth0|9', 'read:orders')], inputs)
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(run.log).toContain('Unchanged: there is nothing to do.')
  })

  it('also applies what another, unchanged entry of the same user requests', async () => {
    const { repository, held } = await start({ users: [grace('auth0|1')] })
    repository.begin([wants('auth0|1', 'read:orders', 'Support')])
    const people = [wants('auth0|1', 'read:orders', 'Support'), asks('grace@acme.com', 'write:orders', 'Auditor')]
    const run = await repository.apply(people, { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '0' })
    expect(held('auth0|1')).toEqual(['Auditor', 'Support', 'read:orders', 'write:orders'])
    const again = await repository.run(repository.head(), { inputs: { scope: 'changed' } })
    // The token, the API and the roles.
    expect(again.outputs).toMatchObject({ result: 'unchanged', requests: '3' })
  })
})
