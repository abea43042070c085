// The memory between runs, on the built action against an embedded tenant and an embedded GitHub.

import { describe, expect, it } from 'vitest'
import { acme, BILLING, countRequests, errorsOf, MANIFEST, ORDERS, runAgainst, warningsOf } from './acme.ts'
import { acmeRepository, manifestOf, type Permissions } from './repository.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const wants = (id: string, ...permissions: readonly string[]) => ({ id, permissions: { [ORDERS]: permissions } })

function held(tenant: Awaited<ReturnType<typeof acme>>, user: string): readonly string[] {
  return tenant
    .grantsOf(user)
    .map(({ permission }) => permission)
    .sort()
}

const users = ['auth0|1', 'auth0|2', 'auth0|3'].map(id => ({ id }))

describe('revoke: managed, the default', () => {
  it('takes away what the manifest gave and no longer gives, and leaves what people gave by hand', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: direct('refund:orders') }, { id: 'auth0|2' }] })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders', 'write:orders'), wants('auth0|2', 'read:orders')])
    tenant.grant('auth0|2', ...direct('write:orders'))
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '0', revocations: '2', users: '1' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders', 'refund:orders'])
    expect(held(tenant, 'auth0|2')).toEqual(['write:orders'])
    expect(run.summary).toContain('<code>auth0|2</code>, who has left the manifest')
    expect(run.summary).toContain('https://github.com/acme/permissions/deployments')
  })

  it('takes what it finds in place for its own, where the manifest asks for it', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: direct('read:orders', 'write:orders') }] })
    const repository = await acmeRepository(tenant)
    const first = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(first.outputs).toMatchObject({ result: 'unchanged' })
    await repository.apply([wants('auth0|1')])
    expect(held(tenant, 'auth0|1')).toEqual(['write:orders'])
  })

  it('knows what expired since as its own', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const expires = new Date(Date.now() + 1_500).toISOString()
    const manifest = [{ id: 'auth0|1', permissions: { [ORDERS]: [{ name: 'read:orders', expires }] } }]
    await repository.apply(manifest)
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
    await new Promise(resolve => setTimeout(resolve, 1_600))
    const changed = await repository.run(repository.head(), { scope: 'changed' })
    expect(changed.outputs).toMatchObject({ revocations: '1' })
    expect(held(tenant, 'auth0|1')).toEqual([])
  })

  it('finds a user again who was listed by address and is listed by id', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', email: 'grace@acme.com', emailVerified: true }] })
    const repository = await acmeRepository(tenant)
    await repository.apply([{ email: 'Grace@acme.com', permissions: { [ORDERS]: ['read:orders', 'write:orders'] } }])
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ revocations: '1', 'users-failed': '0' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
  })

  it('has nothing left to do for a user who left manifest and tenant', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')])
    tenant.removeUser('auth0|2')
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(run.annotations).toMatchObject([{ kind: 'notice', message: expect.stringContaining('auth0|2') }])
  })

  it('warns of a user who left the manifest and has another address now', async () => {
    const tenant = await acme({
      users: [...users, { id: 'auth0|9', email: 'grace@acme.com', emailVerified: true }],
    })
    const repository = await acmeRepository(tenant)
    const byAddress = { email: 'old@acme.com', permissions: { [ORDERS]: ['read:orders'] } }
    repository.record(repository.commit(manifestOf([byAddress, wants('auth0|1', 'read:orders')])), 'success')
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.exitCode).toBe(0)
    expect(warningsOf(run)).toEqual([expect.stringMatching(/^old@acme\.com has left .* revoke it by hand\.$/)])
  })

  it('counts an old revision that today’s rules would reject, as far as it can be understood', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: direct('read:orders', 'write:orders') }] })
    const repository = await acmeRepository(tenant)
    const odd = { users: [wants('auth0|1', 'read:orders', 'write:orders'), { id: 7 }], unknown: true }
    repository.record(repository.commit(JSON.stringify(odd)), 'success')
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ revocations: '1' })
  })

  it('plans without writing anything to the ledger', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')])
    const run = await repository.apply([wants('auth0|1')], { mode: 'plan' })
    expect(run.outputs).toMatchObject({ result: 'planned', revocations: '1' })
    expect(repository.states()).toEqual([['in_progress', 'success']])
  })
})

describe('the ledger', () => {
  it('begins before the first write, and says success when everybody converged', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(repository.states()).toEqual([['in_progress', 'success']])
    const [entry] = repository.github.deployments
    expect(entry).toMatchObject({ sha: repository.head(), task: 'auth0-permissions' })
    expect(entry?.environment).toBe(`auth0-permissions/${new URL(tenant.domain).host}`)
    expect(entry?.payload).toMatchObject({ manifest: [MANIFEST], digest: run.outputs['plan-digest'] })
  })

  it('says failure when somebody did not, and remembers what was attempted', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')])
    tenant.fault({
      kind: 'status',
      status: 400,
      body: {},
      when: ({ method, path }) => method === 'POST' && path.includes('%7C2'),
    })
    const partial = await repository.apply([
      wants('auth0|1', 'read:orders', 'write:orders'),
      wants('auth0|2', 'read:orders'),
    ])
    expect(partial.outputs).toMatchObject({ result: 'partial' })
    expect(repository.states().at(-1)).toEqual(['in_progress', 'failure'])
    const back = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(back.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
  })

  it('counts a success that GitHub set inactive since', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    repository.record(repository.commit(manifestOf([wants('auth0|1', 'read:orders')])), 'success', 'inactive')
    const run = await repository.apply([wants('auth0|2', 'read:orders')])
    expect(run.report).toMatchObject({ ledger: { attempts: 0 } })
  })

  it('is not needed for revoke: never and all, which are recorded where they may be', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')], { revoke: 'never' })
    await repository.apply([wants('auth0|1')], { revoke: 'all' })
    expect(repository.states()).toEqual([
      ['in_progress', 'success'],
      ['in_progress', 'success'],
    ])
    const unrecorded = await repository.apply(
      [wants('auth0|1', 'read:orders')],
      { revoke: 'all' },
      { deployments: 'none' },
    )
    expect(unrecorded.outputs).toMatchObject({ result: 'applied' })
    expect(unrecorded.annotations).toMatchObject([
      { kind: 'notice', message: expect.stringContaining('deployments: write') },
    ])
  })

  it('is told where revoke: all goes on though only its entry could not be written', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const run = await repository.apply([wants('auth0|1', 'read:orders')], { revoke: 'all' }, { deployments: 'read' })
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(run.annotations).toMatchObject([
      { kind: 'notice', message: expect.stringMatching(/not recorded in the ledger.*deployments: write/) },
    ])
  })

  it('does not record what no commit holds, which revoke: all does all the same', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf([]))
    const files = { [MANIFEST]: manifestOf([wants('auth0|1', 'read:orders')]) }
    const run = await repository.run(commit, { revoke: 'all' }, {}, files)
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(run.annotations).toMatchObject([
      { kind: 'notice', message: expect.stringContaining(`not recorded in the ledger: ${MANIFEST} is not what`) },
    ])
    expect(repository.states()).toEqual([])
  })

  it('pages back as far as it takes', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    repository.record(repository.commit(manifestOf([wants('auth0|1', 'read:orders')])), 'success')
    const later = repository.commit(manifestOf([wants('auth0|1', 'read:orders', 'write:orders')]))
    for (let attempt = 0; attempt < 120; attempt++) repository.record(later, 'failure')
    const run = await repository.apply([wants('auth0|1')], { mode: 'plan' })
    expect(run.report).toMatchObject({ ledger: { attempts: 120 } })
  })

  it('works through the address of a GitHub Enterprise Server', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant, { prefix: '/api/v3' })
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied' })
  })
})

describe('the ledger refuses, before anything is written', () => {
  it('an old run that comes after a newer one', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')])
    const old = repository.head()
    await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    const run = await repository.run(old)
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/newer revision of the manifest was applied already.*revert/)])
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders', 'write:orders'])
    const plan = await repository.run(old, { mode: 'plan' })
    expect(warningsOf(plan)).toEqual([expect.stringContaining('newer revision')])
  })

  it('also with revoke: all, and after a newer one that failed', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const old = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    repository.record(repository.commit(manifestOf([])), 'failure')
    const run = await repository.run(old, { revoke: 'all' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('newer revision')])
  })

  it('not a revert, which is a new commit', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')])
    await repository.apply([wants('auth0|1', 'write:orders')])
    await repository.apply([wants('auth0|1', 'read:orders')])
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
  })

  const denials: readonly (readonly [string, Permissions, RegExp])[] = [
    ['deployments: write', { deployments: 'read' }, /permissions: \{ contents: read, deployments: write \}/],
    ['any access to deployments', { deployments: 'none' }, /permissions: \{ contents: read, deployments: write \}/],
    ['contents: read', { contents: 'none' }, /contents: read|not in the commit/],
  ]
  it.each(denials)('a token without %s, with the lines to add', async (_, permissions, words) => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const run = await repository.apply([wants('auth0|1', 'read:orders')], {}, permissions)
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toMatch(words)
    expect(held(tenant, 'auth0|1')).toEqual([])
    expect(countRequests(tenant)).not.toHaveProperty('POST /users/{id}/permissions')
  })

  it('scope: changed with a token without deployments: write', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const inputs = { revoke: 'never', scope: 'changed' }
    const run = await repository.apply([wants('auth0|1', 'read:orders')], inputs, { deployments: 'read' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('could not be recorded in the ledger before its first')])
    expect(held(tenant, 'auth0|1')).toEqual([])
  })

  it('a run outside of GitHub', async () => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: [wants('auth0|1', 'read:orders')], inputs: { revoke: 'managed' } })
    expect(errorsOf(run)).toEqual([expect.stringContaining('has no GITHUB_REPOSITORY')])
    expect(held(tenant, 'auth0|1')).toEqual([])
  })

  it('a saved plan that was computed for no commit', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const plan = await runAgainst(tenant, { users: [wants('auth0|1', 'read:orders')], inputs: { mode: 'plan' } })
    const commit = repository.commit(manifestOf([]))
    const run = await repository.run(commit, { 'plan-file': 'plan.json' }, {}, { 'plan.json': plan.plan })
    expect(errorsOf(run)).toEqual([expect.stringContaining('does not say which commit')])
    expect(held(tenant, 'auth0|1')).toEqual([])
  })

  it('no token at all', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const run = await repository.apply([wants('auth0|1', 'read:orders')], { 'github-token': '' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('github-token')])
  })

  it('a workspace that is not what the commit holds', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    const files = { [MANIFEST]: manifestOf([wants('auth0|2', 'read:orders')]) }
    const run = await repository.run(commit, {}, {}, files)
    expect(errorsOf(run)).toEqual([expect.stringContaining(`${MANIFEST} is not what the commit ${commit} holds`)])
  })

  it('a workspace from which a file is missing', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const file = (id: string) => manifestOf([wants(id, 'read:orders')])
    const files = { 'teams/a.yml': file('auth0|1'), 'teams/more/b.yml': file('auth0|2') }
    const commit = repository.commitFiles(files)
    const inputs = { manifest: 'teams/**/*.yml' }
    const whole = await repository.run(commit, inputs, {}, files)
    expect(whole.outputs).toMatchObject({ result: 'applied' })
    const sparse = await repository.run(commit, inputs, {}, { 'teams/a.yml': files['teams/a.yml'] })
    expect(errorsOf(sparse)).toEqual([expect.stringContaining('teams/more/b.yml is in the commit')])
    expect(held(tenant, 'auth0|2')).toEqual(['read:orders'])
  })

  it('a manifest beside another one of the same tenant', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const files = {
      'a.yml': manifestOf([wants('auth0|1', 'read:orders')]),
      'b.yml': manifestOf([wants('auth0|2', 'read:orders')]),
    }
    const commit = repository.commitFiles(files)
    await repository.run(commit, { manifest: 'a.yml' }, {}, files)
    const beside = await repository.run(commit, { manifest: 'b.yml' }, {}, files)
    expect(errorsOf(beside)).toEqual([expect.stringContaining('read a.yml too')])
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
    const both = await repository.run(commit, { manifest: 'a.yml\nb.yml' }, {}, files)
    expect(both.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '0' })
  })

  it('not a manifest that was moved', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    const files = { 'moved.yml': manifestOf([wants('auth0|1', 'read:orders')]) }
    const run = await repository.run(repository.commitFiles(files), { manifest: 'moved.yml' }, {}, files)
    expect(run.outputs).toMatchObject({ revocations: '1' })
  })

  it('a revision that cannot be read any more', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    repository.record(repository.commit('users: [}'), 'success')
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(errorsOf(run)).toEqual([expect.stringMatching(/cannot be read.*revoke: never/)])
  })
})

it('the ledger refuses a commit that is gone, before anything is written', async () => {
  const tenant = await acme({ users })
  const repository = await acmeRepository(tenant)
  const gone = repository.commit(manifestOf([]))
  repository.record(gone, 'success')
  repository.github.forget(gone)
  const run = await repository.run(repository.github.commit({ [MANIFEST]: manifestOf([wants('auth0|1')]) }))
  expect(errorsOf(run)).toEqual([expect.stringMatching(/^The input revoke: managed needs .* cannot be read, .*never/)])
})

describe('scope: changed', () => {
  it('costs four requests for one line of 10,000', { timeout: 60_000 }, async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: ids.map(id => ({ id, direct: direct('read:orders') })) })
    const repository = await acmeRepository(tenant)
    const before = ids.map(id => wants(id, 'read:orders'))
    repository.record(repository.commit(manifestOf(before)), 'success')
    const after = before.map((user, index) => (index === 4_321 ? wants(user.id, 'read:orders', 'write:orders') : user))
    const run = await repository.apply(after, { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1', users: '10000', requests: '4' })
    expect(countRequests(tenant)).toEqual({
      'POST /oauth/token': 1,
      'GET /resource-servers': 1,
      'GET /users/{id}/permissions': 1,
      'POST /users/{id}/permissions': 1,
    })
  })

  it('reads everybody as long as nothing succeeded', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const run = await repository.apply([wants('auth0|1', 'read:orders')], { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(run.annotations).toMatchObject([
      { kind: 'notice', message: expect.stringContaining('every listed user is read') },
    ])
  })

  it('reads whom an attempt since may have touched', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')])
    repository.record(
      repository.commit(manifestOf([wants('auth0|1', 'read:orders', 'write:orders'), wants('auth0|2', 'read:orders')])),
      'failure',
    )
    tenant.grant('auth0|1', ...direct('write:orders'))
    const run = await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')], {
      scope: 'changed',
    })
    expect(run.outputs).toMatchObject({ revocations: '1', 'users-changed': '1' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
  })

  it('leaves a user to the other entry, where one of two has left the manifest', async () => {
    const tenant = await acme({
      users: [
        { id: 'auth0|1', email: 'grace@acme.com', emailVerified: true },
        { id: 'auth0|2', email: 'ada@acme.com', emailVerified: false },
      ],
    })
    const repository = await acmeRepository(tenant)
    const byAddress = { email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }
    await repository.apply([byAddress, wants('auth0|1', 'write:orders'), wants('auth0|2', 'write:orders')])
    const run = await repository.apply([byAddress], { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '2' })
    expect([held(tenant, 'auth0|1'), held(tenant, 'auth0|2')]).toEqual([['read:orders'], []])
  })

  it('asks for nobody’s address where no other entry could keep what goes', async () => {
    const tenant = await acme({ users: [...users, { id: 'auth0|9', email: 'grace@acme.com', emailVerified: true }] })
    const repository = await acmeRepository(tenant)
    const byAddress = { email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }
    await repository.apply([byAddress, wants('auth0|1', 'read:orders', 'write:orders')])
    const run = await repository.apply([byAddress, wants('auth0|1', 'read:orders')], { scope: 'changed' })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1', requests: '4' })
  })

  it('leaves out nobody’s other entry', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', email: 'grace@acme.com', emailVerified: true }] })
    const repository = await acmeRepository(tenant)
    const byAddress = { email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }
    await repository.apply([byAddress, wants('auth0|1', 'read:orders', 'write:orders')])
    const byId = await repository.apply([byAddress, wants('auth0|1')], { scope: 'changed' })
    expect(byId.outputs).toMatchObject({ revocations: '1' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
    await repository.apply([byAddress, wants('auth0|1', 'read:orders')])
    const byEmail = await repository.apply([{ ...byAddress, permissions: {} }, wants('auth0|1', 'read:orders')], {
      scope: 'changed',
    })
    expect(byEmail.outputs).toMatchObject({ revocations: '0' })
    expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
  })
})

describe('taking back', () => {
  it('an apply makes the ledger look further back', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')])
    const second = await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')])
    const back = await repository.run(
      repository.head(),
      { 'plan-file': 'undo.json' },
      {},
      { 'undo.json': second.undoPlan },
    )
    expect(back.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect([held(tenant, 'auth0|1'), held(tenant, 'auth0|2')]).toEqual([['read:orders', 'write:orders'], []])
    const again = await repository.run(repository.head(), { scope: 'changed' })
    expect(again.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect([held(tenant, 'auth0|1'), held(tenant, 'auth0|2')]).toEqual([['read:orders'], ['read:orders']])
  })

  it('is refused where a newer revision was applied since', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const first = await repository.apply([wants('auth0|1', 'read:orders')])
    await repository.apply([wants('auth0|1', 'write:orders')])
    const back = await repository.run(
      repository.head(),
      { 'plan-file': 'undo.json' },
      {},
      { 'undo.json': first.undoPlan },
    )
    expect(errorsOf(back)).toContainEqual(expect.stringContaining('newer revision'))
  })
})

describe('a saved plan that was overtaken', () => {
  it('is done, and not counted as complete', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    await repository.apply([wants('auth0|1', 'read:orders')])
    const plan = await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')], {
      mode: 'plan',
    })
    await repository.run(repository.head(), { revoke: 'all' })
    tenant.revoke('auth0|2', ...direct('read:orders'))
    const run = await repository.run(repository.head(), { 'plan-file': 'plan.json' }, {}, { 'plan.json': plan.plan })
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(warningsOf(run)).toEqual([expect.stringContaining('another apply went to the tenant')])
    expect(repository.states().at(-1)).toEqual(['in_progress', 'failure'])
  })

  it('is counted as complete where nothing came between', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const plan = await repository.apply([wants('auth0|1', 'read:orders')], { mode: 'plan' })
    const run = await repository.run(repository.head(), { 'plan-file': 'plan.json' }, {}, { 'plan.json': plan.plan })
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(repository.states()).toEqual([['in_progress', 'success']])
    const next = await repository.apply([wants('auth0|1')])
    expect(next.outputs).toMatchObject({ revocations: '1' })
  })
})

describe('a cancelled apply', () => {
  /** Cancels the run at its first write. */
  async function cancelAtWrite(break_: (repository: Awaited<ReturnType<typeof acmeRepository>>) => void) {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')]))
    let cancelledAt = 0
    const run = await repository.run(commit, {}, {}, undefined, {
      onStart: kill =>
        tenant.fault({
          kind: 'delay',
          ms: 100,
          when: ({ method, path }) => {
            if (method !== 'POST' || !path.includes('/users/')) return false
            break_(repository)
            cancelledAt = Date.now()
            kill('SIGINT')
            return true
          },
        }),
    })
    return { run, repository, took: Date.now() - cancelledAt }
  }

  it('says failure, and what was attempted counts', async () => {
    const { run, repository } = await cancelAtWrite(() => undefined)
    expect(run.outputs).toMatchObject({ result: 'partial' })
    expect(repository.states()).toEqual([['in_progress', 'failure']])
  })

  it('ends in time where GitHub hangs', async () => {
    const { run, repository, took } = await cancelAtWrite(each => each.hang())
    expect(took).toBeLessThan(7_000)
    expect(run.outputs).toMatchObject({ result: 'partial' })
    expect(run.summary).toContain('cancelled')
    expect(repository.states()).toEqual([['in_progress']])
  })
})

describe('a run that is cancelled before its entry is written', () => {
  it('writes nothing', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    const run = await repository.run(commit, {}, {}, undefined, {
      onStart: kill =>
        tenant.fault({
          kind: 'delay',
          ms: 0,
          when: ({ path }) => {
            if (!path.includes('/users/')) return false
            // From here on GitHub is asked for the entry alone.
            repository.hang()
            setTimeout(() => kill('SIGINT'), 2_000)
            return true
          },
        }),
    })
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(run.summary).toContain('cancelled')
    expect(held(tenant, 'auth0|1')).toEqual([])
  })
})

describe('GitHub fails', () => {
  it.each(['/deployments?', '/statuses?', '/contents/', '/compare/'])(
    'with an answer to %s that is cut off: nothing is taken for empty, and nothing is written',
    async part => {
      const tenant = await acme({ users })
      const repository = await acmeRepository(tenant)
      await repository.apply([wants('auth0|1', 'read:orders')])
      const always = { times: Number.POSITIVE_INFINITY }
      repository.github.fault({
        kind: 'truncate',
        ...always,
        when: ({ method, path }) => method === 'GET' && path.includes(part),
      })
      const run = await repository.apply([wants('auth0|1')])
      expect(run.exitCode).toBe(1)
      expect(errorsOf(run)).toEqual([expect.stringMatching(/needs the ledger.*cut off/)])
      expect(repository.states()).toEqual([['in_progress', 'success']])
      expect(held(tenant, 'auth0|1')).toEqual(['read:orders'])
    },
  )

  it('for a moment: the run goes on', async () => {
    const tenant = await acme({ users })
    const repository = await acmeRepository(tenant)
    repository.fail(502, 1)
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied' })
  })

  it('for good: nothing is written, and the error says so', { timeout: 90_000 }, async () => {
    const tenant = await acme({
      users,
      apis: [
        { identifier: ORDERS, permissions: ['read:orders'] },
        { identifier: BILLING, permissions: [] },
      ],
    })
    const repository = await acmeRepository(tenant)
    repository.fail(500, Number.POSITIVE_INFINITY)
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/needs the ledger.*500.*Run it again/)])
    expect(held(tenant, 'auth0|1')).toEqual([])
  })
})
