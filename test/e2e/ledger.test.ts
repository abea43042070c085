// The ledger when runs are cancelled, killed, waiting or without GitHub, and its cost with large repositories.

import { describe, expect, it } from 'vitest'
import type { GitHubOptions } from '../servers/github/server.ts'
import type { TenantOptions } from '../servers/tenant/tenant.ts'
import { KILLED_AT, LARGE_REPOSITORY, LARGE_TEAM, LONG_HISTORY } from '../tools/soak.ts'
import { acme, errorsOf, heldBy, ORDERS, WITH_ROLES, wants, warningsOf } from './acme.ts'
import { fastTime } from './action.ts'
import { acmeRepository, type Files, manifestOf } from './repository.ts'

const users = ['auth0|1', 'auth0|2', 'auth0|3'].map(id => ({ id }))

async function start(options: TenantOptions = { users }, github: GitHubOptions = {}) {
  const tenant = await acme({ ...WITH_ROLES, ...options })
  const repository = await acmeRepository(tenant, github)
  return { tenant, repository, held: (user: string) => heldBy(tenant, user) }
}

const writes = ({ method, path }: { readonly method: string; readonly path: string }) =>
  method !== 'GET' && path.includes('/users/')

describe('a cancelled apply', () => {
  it.each([
    ['responds', false, ['Begin 2 grants and 0 revocations for 2 users', expect.stringMatching(/^End .*unfinished$/)]],
    ['hangs', true, ['Begin 2 grants and 0 revocations for 2 users']],
  ])('ends in time if GitHub %s, and the ledger keeps everything attempted', async (_, hangs, log) => {
    const { tenant, repository } = await start()
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders'), wants('auth0|2', 'Support')]))
    let cancelledAt = 0
    const run = await repository.run(commit, {
      onStart: kill =>
        tenant.fault({
          kind: 'delay',
          ms: 100,
          when: request => {
            if (!writes(request) || cancelledAt > 0) return false
            if (hangs) repository.hang()
            cancelledAt = Date.now()
            kill('SIGINT')
            return true
          },
        }),
    })
    expect(Date.now() - cancelledAt).toBeLessThan(9_500)
    expect(run.outputs).toMatchObject({ result: 'partial' })
    expect(run.summary).toContain('cancelled')
    expect(repository.ledgerLog()).toEqual(log)
    expect(repository.managed()).toHaveProperty(['auth0|1'], ['read:orders'])
  })

  it('writes nothing if cancelled before its first commit', async () => {
    const { tenant, repository, held } = await start()
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    const run = await repository.run(commit, {
      onStart: kill =>
        tenant.fault({
          kind: 'delay',
          ms: 0,
          when: ({ path }) => {
            if (path.includes('/users/')) kill('SIGINT')
            return false
          },
        }),
    })
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(run.summary).toContain('cancelled')
    expect(held('auth0|1')).toEqual([])
  })
})

describe('an apply that is killed', () => {
  // Six requests before the first commit, which takes four, and four for the last one.
  it.each(KILLED_AT)('at request %i to GitHub is finished by the next run, and a third changes nothing', async at => {
    const { repository, held } = await start()
    repository.begin([wants('auth0|1', 'read:orders', 'Support')])
    const commit = repository.commit(manifestOf([wants('auth0|2', 'read:orders', 'Support')]))
    let requests = 0
    let disarm: () => void = () => undefined
    const killed = await repository.run(commit, {
      onStart: kill => {
        disarm = repository.github.onRequest(() => {
          if (++requests === at) kill('SIGKILL')
        })
      },
    })
    disarm()
    expect(killed.signal, `${requests} requests`).toBe('SIGKILL')
    const next = await repository.run(commit, { run: { runId: 78 } })
    expect(next.exitCode, next.log).toBe(0)
    expect([held('auth0|1'), held('auth0|2')]).toEqual([[], ['Support', 'read:orders']])
    const log = repository.ledgerLog()
    const third = await repository.run(commit, { run: { runId: 79 } })
    expect([third.outputs.result, third.annotations, repository.ledgerLog()]).toEqual(['unchanged', [], log])
  })
})

describe('GitHub fails', () => {
  it('temporarily: the run continues', async () => {
    const { repository } = await start()
    repository.fail(502, 1)
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'applied' })
  })

  it('permanently: nothing is written, and the error says so', async () => {
    const { repository, held } = await start()
    repository.fail(500, Number.POSITIVE_INFINITY)
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    const run = await repository.run(commit, { env: fastTime(10) })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toMatch(/needs the ledger.*500.*Run this again/)
    expect(held('auth0|1')).toEqual([])
  })

  it('to respond after it wrote: the run does not take its own commit for another run’s', async () => {
    const { repository } = await start()
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    for (const method of ['POST', 'PATCH']) {
      const when = (request: { readonly method: string; readonly path: string }) =>
        request.method === method && request.path.includes('/git/refs')
      repository.github.fault({ kind: 'reset', after: 'effect', when, times: 1 })
    }
    const run = await repository.run(commit)
    expect(run.outputs).toMatchObject({ result: 'applied' })
    expect(repository.ledgerLog()).toHaveLength(2)
  })
})

it('revoke: managed revokes grants that have expired since', async () => {
  const { repository, held } = await start()
  const expires = new Date(Date.now() + 8_000).toISOString()
  const expiring = (name: string) => [{ name, expires }]
  const manifest = [{ id: 'auth0|1', permissions: { [ORDERS]: expiring('read:orders') }, roles: expiring('Support') }]
  const first = await repository.apply(manifest)
  expect(first.outputs).toMatchObject({ 'next-expiry': expires })
  for (const named of ['"read:orders"', 'The role "Support"']) {
    expect(warningsOf(first)).toContainEqual(
      expect.stringMatching(`^${named} of auth0\\|1 expires at .*, within a day\\.`),
    )
  }
  expect(held('auth0|1')).toEqual(['Support', 'read:orders'])
  await new Promise(resolve => setTimeout(resolve, Date.parse(expires) + 50 - Date.now()))
  const changed = await repository.run(repository.head(), { inputs: { scope: 'changed' } })
  expect(changed.outputs).toMatchObject({ revocations: '2', 'next-expiry': '' })
  expect(changed.summary).toMatch(/− revoke <code>read:orders<\/code> on <code>[^<]*<\/code> \(expired\)/)
  expect(changed.summary).toContain('− revoke the role <code>Support</code> (expired)')
  expect(held('auth0|1')).toEqual([])
})

describe('the number of requests to GitHub', () => {
  const githubRequests = (repository: Awaited<ReturnType<typeof acmeRepository>>) => repository.github.requests.length

  it(`is at most 16 for an apply and 8 for a plan, with 1 and with ${LONG_HISTORY} commits of the ledger`, async () => {
    const { repository } = await start()
    repository.begin([wants('auth0|1', 'read:orders')])
    for (const commits of [1, LONG_HISTORY]) {
      for (let index = 0; index < commits; index++) repository.tamper(text => text)
      let seen = githubRequests(repository)
      const plan = await repository.apply([wants('auth0|2', 'read:orders')], { mode: 'plan' })
      expect(plan.exitCode, plan.log).toBe(0)
      expect(githubRequests(repository) - seen).toBeLessThanOrEqual(8)
      seen = githubRequests(repository)
      await repository.run(repository.head())
      expect(githubRequests(repository) - seen).toBeLessThanOrEqual(16)
      await repository.apply([wants('auth0|1', 'read:orders')])
    }
  })

  it('is no larger in a repository whose tree GitHub truncates, for a glob over 3,000 folders', {
    timeout: 180_000,
  }, async () => {
    const { repository, held } = await start(undefined, { treeLimit: LARGE_REPOSITORY })
    const files: Record<string, string> = {}
    for (let index = 3_000; index < LARGE_REPOSITORY; index++) files[`docs/${index % 100}/${index}.md`] = ''
    const manifests: Record<string, string> = {}
    for (let index = 0; index < 900; index++) {
      manifests[`services/${index}/auth0.yml`] = manifestOf(
        index < 3 ? [wants(`auth0|${index + 1}`, 'read:orders')] : [],
      )
    }
    for (let index = 900; index < 3_000; index++) files[`services/${index}/main.ts`] = ''
    const commit = repository.commitFiles({ ...files, ...manifests })
    const run = await repository.run(commit, { inputs: { manifest: 'services/*/auth0.yml' }, files: manifests })
    expect(run.outputs, run.log).toMatchObject({ result: 'applied', grants: '3' })
    expect(githubRequests(repository)).toBeLessThanOrEqual(16)
    expect(held('auth0|3')).toEqual(['read:orders'])
    const { 'services/7/auth0.yml': _, ...sparse } = manifests
    const left = await repository.run(commit, { inputs: { manifest: 'services/*/auth0.yml' }, files: sparse as Files })
    expect(errorsOf(left)).toEqual([expect.stringContaining('services/7/auth0.yml is in the commit but not in the')])
  })

  it(`is no larger for ${LARGE_TEAM} users with five grants each`, { timeout: 180_000 }, async () => {
    const permissions = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1']
    const ids = Array.from({ length: LARGE_TEAM }, (_, index) => `auth0|${index}`)
    const api = { identifier: ORDERS, permissions }
    const { repository } = await start({
      apis: [api],
      users: ids.slice(0, 1).map(id => ({ id })),
    })
    repository.begin([wants('auth0|0', ...permissions)])
    repository.tamper(text => {
      const ledger = JSON.parse(text)
      const managed = { [ORDERS]: permissions }
      return JSON.stringify({ ...ledger, users: ids.map(id => ({ id, listed: ['id'], managed })) })
    })
    const seen = githubRequests(repository)
    const bundle = { bundles: { all: { [ORDERS]: permissions } } }
    const people = ids.map((id, index) => (index === 0 ? wants(id, 'a:1') : { id, bundles: ['all'] }))
    const commit = repository.commit(JSON.stringify({ ...bundle, users: people }))
    const run = await repository.run(commit, { inputs: { scope: 'changed' } })
    expect(run.outputs, run.log.slice(0, 2_000)).toMatchObject({ result: 'applied', revocations: '4', requests: '4' })
    expect(githubRequests(repository) - seen).toBeLessThanOrEqual(16)
    expect(repository.ledger()?.users).toHaveLength(LARGE_TEAM)
  })
})
