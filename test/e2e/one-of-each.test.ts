// One run of each kind in a repository, with the built action; test/runs/ has the variants.

import { expect, it } from 'vitest'
import type { TenantOptions } from '../servers/tenant/tenant.ts'
import { acme, BILLING, errorsOf, MANIFEST, ORDERS, WITH_ROLES } from './acme.ts'
import { acmeRepository, manifestOf } from './repository.ts'

const wants = (id: string, ...permissions: readonly string[]) => ({ id, permissions: { [ORDERS]: permissions } })

async function start(options: TenantOptions = {}) {
  const tenant = await acme({ users: ['auth0|1', 'auth0|2'].map(id => ({ id })), ...options })
  const repository = await acmeRepository(tenant)
  const held = () => ['auth0|1', 'auth0|2'].map(user => tenant.grantsOf(user).map(({ permission }) => permission))
  return { tenant, repository, held }
}

it('a grant is revoked once its line is removed, and an older commit is refused', async () => {
  const { tenant, repository, held } = await start()
  const first = await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')])
  expect(first.outputs).toMatchObject({ result: 'applied', grants: '2' })
  const old = repository.head()
  tenant.grant('auth0|2', { api: ORDERS, permission: 'write:orders' })
  const run = await repository.apply([wants('auth0|1', 'read:orders')], { scope: 'changed' })
  expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
  expect(held()).toEqual([['read:orders'], ['write:orders']])
  expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'] })
  const older = await repository.run(old)
  expect(errorsOf(older)).toEqual([expect.stringMatching(/is older than .*revert the newer commit/)])
})

it('a comment is kept up to date', async () => {
  const { repository } = await start()
  const inputs = { mode: 'plan', comment: 'true' }
  for (const permission of ['read:orders', 'write:orders']) {
    const commit = repository.commit(manifestOf([wants('auth0|1', permission)]))
    await repository.run(commit, { inputs, run: { pullRequest: 5 } })
  }
  expect(repository.github.comments).toMatchObject([{ body: expect.stringContaining('write:orders') }])
})

it('an unmerged manifest, and one that differs from the commit’s, are refused', async () => {
  const { tenant, repository } = await start()
  const main = repository.commit(manifestOf([]))
  repository.github.moveBranch('feature', main)
  const feature = repository.commitFiles({ [MANIFEST]: manifestOf([wants('auth0|1', 'read:orders')]) }, 'feature')
  const unmerged = await repository.run(feature, { run: { event: 'workflow_dispatch', ref: 'refs/heads/feature' } })
  expect(errorsOf(unmerged)).toEqual([expect.stringMatching(/Only a merged manifest is applied.*not on main/)])
  const other = await repository.run(main, { files: { [MANIFEST]: manifestOf([wants('auth0|1', 'read:orders')]) } })
  expect(errorsOf(other)).toEqual([expect.stringMatching(/must match the run's commit.*differs from the commit/)])
  expect(tenant.requests).toEqual([])
})

it('a sealed ledger is read with its key, and refused after somebody changed it', async () => {
  const { repository, held } = await start()
  const sealed = { 'ledger-key': 'a-key-of-thirty-two-characters-at-least' }
  await repository.apply([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')], sealed)
  const run = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
  expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
  repository.tamper(text => text.replace('["read:orders"]', '["read:orders","write:orders"]'))
  const refused = await repository.apply([], sealed)
  expect(errorsOf(refused)[0]).toMatch(/not match ledger-key.*accept the ledger once.*approved-plan/)
  expect(held()).toEqual([['read:orders'], []])
})

it('permissions that no longer exist are skipped, and the rest is revoked', async () => {
  const { tenant, repository, held } = await start()
  await repository.apply([{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'], [BILLING]: ['read:invoices'] } }])
  tenant.removeApi(BILLING)
  const run = await repository.apply([])
  expect(run.outputs, run.log).toMatchObject({ result: 'applied', revocations: '1', 'users-failed': '0' })
  expect(held()).toEqual([['read:invoices'], []])
})

it('roles are assigned, kept, and removed once the manifest no longer lists them, by name and by id', async () => {
  const { tenant, repository } = await start({
    ...WITH_ROLES,
    users: [{ id: 'auth0|1', roles: ['Auditor'] }, { id: 'auth0|2' }],
  })
  const first = await repository.apply([
    { id: 'auth0|1', roles: ['Support'] },
    { id: 'auth0|2', roles: ['rol_support', { name: 'Auditor' }] },
  ])
  expect(first.outputs).toMatchObject({ result: 'applied', grants: '3', revocations: '0', 'users-changed': '2' })
  expect(tenant.rolesOf('auth0|1')).toEqual(['rol_auditor', 'rol_support'])
  expect(repository.ledger()?.users).toEqual([
    { id: 'auth0|1', listed: ['id'], managed: {}, roles: ['rol_support'] },
    { id: 'auth0|2', listed: ['id'], managed: {}, roles: ['rol_auditor', 'rol_support'] },
  ])
  const second = await repository.apply([{ id: 'auth0|2', roles: ['Support'] }])
  expect(second.outputs).toMatchObject({ result: 'applied', grants: '0', revocations: '2' })
  // Grants made by hand stay.
  expect(tenant.rolesOf('auth0|1')).toEqual(['rol_auditor'])
  expect(tenant.rolesOf('auth0|2')).toEqual(['rol_support'])
  const third = await repository.apply([{ id: 'auth0|2', roles: ['Support'] }])
  expect(third.outputs).toMatchObject({ result: 'unchanged', 'users-changed': '0' })
})
