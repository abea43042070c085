// Permissions that were removed from their API, or whose API was deleted, while users still hold them.

import { describe, expect, it } from 'vitest'
import { acme, BILLING, errorsOf, MANIFEST, ORDERS, warningsOf } from '../e2e/acme.ts'
import { acmeRepository, manifestOf } from '../e2e/repository.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'

const ALL = { [ORDERS]: ['read:orders', 'write:orders'], [BILLING]: ['read:invoices'] }
const everything = [{ id: 'auth0|1', permissions: ALL }]
const nothing = [{ id: 'auth0|1', permissions: {} }]

const notices = (run: { readonly annotations: readonly { readonly kind: string; readonly message: string }[] }) =>
  run.annotations.filter(({ kind }) => kind === 'notice').map(({ message }) => message)

async function start() {
  const tenant = await acme({ users: [{ id: 'auth0|1' }] })
  const repository = await acmeRepository(tenant)
  repository.begin(everything)
  const held = () => tenant.grantsOf('auth0|1').map(({ permission }) => permission)
  const writes = () => tenant.requests.filter(({ method, path }) => method !== 'GET' && path.includes('/users/')).length
  return { tenant, repository, held, writes }
}

const removeWrite = (tenant: Tenant) => tenant.removePermission(ORDERS, 'write:orders')
const removeBilling = (tenant: Tenant) => tenant.removeApi(BILLING)

describe('a permission or an API that no longer exists', () => {
  it.each<readonly [string, readonly unknown[], (tenant: Tenant) => () => void, string, string]>([
    ['a permission of a removed user', [], removeWrite, 'write:orders', ORDERS],
    ['an API of a removed user', [], removeBilling, 'read:invoices', BILLING],
    ['a permission of a listed user', nothing, removeWrite, 'write:orders', ORDERS],
    ['an API of a listed user', nothing, removeBilling, 'read:invoices', BILLING],
  ])('is skipped and reported, and the rest is revoked: %s', async (_, users, remove, permission, api) => {
    const { tenant, repository, held, writes } = await start()
    const addAgain = remove(tenant)
    const run = await repository.apply(users, { 'max-revocations': '2' })
    expect(run.outputs, run.log).toMatchObject({ result: 'applied', revocations: '2', 'users-failed': '0' })
    const expected = [expect.stringContaining(`${permission} on ${api} no longer exists in the tenant`)]
    expect(notices(run)).toEqual(expected)
    expect(held()).toEqual([permission])

    const [written, log] = [writes(), repository.ledgerLog()]
    const again = await repository.run(repository.head())
    expect([again.exitCode, again.outputs.result]).toEqual([0, 'unchanged'])
    expect([writes(), repository.ledgerLog()]).toEqual([written, log])
    expect(repository.managed()).toEqual({ 'auth0|1': [permission] })

    addAgain()
    const healed = await repository.run(repository.head())
    expect(healed.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(notices(healed)).toEqual([])
    expect(held()).toEqual([])
  })

  it('stays managed if an undo plan cannot revoke it, and is revoked once it exists again', async () => {
    const { tenant, repository, held } = await start()
    repository.begin([{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }])
    tenant.revoke('auth0|1', { api: ORDERS, permission: 'write:orders' }, { api: BILLING, permission: 'read:invoices' })
    const reverted = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
    const forward = await repository.apply(everything)
    expect(forward.outputs, forward.log).toMatchObject({ result: 'applied', grants: '2' })
    const addAgain = removeWrite(tenant)
    const undone = await repository.run(repository.commit(manifestOf(reverted)), {
      files: { [MANIFEST]: manifestOf(reverted), 'undo.json': forward.undoPlan },
      inputs: { 'plan-file': 'undo.json', 'approved-plan': forward.outputs['undo-plan-digest'] ?? '' },
    })
    expect(undone.outputs, undone.log).toMatchObject({ result: 'applied', revocations: '1' })
    addAgain()
    const healed = await repository.run(repository.head())
    expect(healed.outputs, healed.log).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held()).toEqual(['read:orders'])
  })

  it('is skipped with revoke: all', async () => {
    const { tenant, repository, held } = await start()
    removeWrite(tenant)
    const run = await repository.apply([{ id: 'auth0|1', permissions: { [ORDERS]: [] } }], { revoke: 'all' })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(notices(run)).toEqual([expect.stringContaining('write:orders')])
    expect(held()).toEqual(['read:invoices', 'write:orders'])
  })

  it('is skipped in an approved saved plan and in an approved undo plan', async () => {
    const { tenant, repository, held } = await start()
    const planned = await repository.apply([], { mode: 'plan' })
    const addAgain = removeWrite(tenant)
    const files = { [MANIFEST]: manifestOf([]), 'plan.json': planned.plan }
    const approved = { 'plan-file': 'plan.json', 'approved-plan': planned.outputs['plan-digest'] ?? '' }
    const run = await repository.run(repository.head(), { files, inputs: approved })
    expect(run.outputs, run.log).toMatchObject({ result: 'applied', revocations: '2' })
    expect(notices(run)).toEqual([expect.stringContaining('write:orders')])
    expect(held()).toEqual(['write:orders'])
    addAgain()

    tenant.removePermission(ORDERS, 'read:orders')
    const undo = { 'plan-file': 'undo.json', 'approved-plan': run.outputs['undo-plan-digest'] ?? '' }
    const undone = await repository.run(repository.head(), {
      files: { [MANIFEST]: manifestOf([]), 'undo.json': run.undoPlan },
      inputs: undo,
    })
    expect(undone.outputs, undone.log).toMatchObject({ result: 'applied', grants: '1' })
    expect(warningsOf(undone)).toEqual([expect.stringMatching(/read:orders .* is not granted again to auth0\|1/)])
    expect(held()).toEqual(['read:invoices', 'write:orders'])
  })

  it('since the plan fails its revocation with what to do, and the next run does the rest', async () => {
    const { tenant, repository, held } = await start()
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: ({ method }) => {
        if (method === 'DELETE' && held().length === 3) removeWrite(tenant)
        return method === 'DELETE'
      },
    })
    const run = await repository.apply([])
    expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '1' })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/removed from its API, so the request had no effect. Run it again: the next run leaves/),
    ])
    const next = await repository.run(repository.head())
    expect(next.outputs).toMatchObject({ result: 'applied', revocations: '2' })
    expect(held()).toEqual(['write:orders'])
  })
})
