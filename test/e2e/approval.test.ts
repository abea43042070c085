// A plan is approved, applied as it was saved, and undone; test/runs/ has every way in which that is refused.

import { describe, expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { acme, errorsOf, MANIFEST, ORDERS, runAgainst } from './acme.ts'
import type { ActionRun } from './action.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders', 'write:orders'] } }]
const MANIFEST_TEXT = JSON.stringify({ users: USERS })

function start(): Promise<Tenant> {
  return acme({ users: [{ id: 'auth0|1', direct: direct('read:orders', 'refund:orders') }] })
}

function applySaved(tenant: Tenant, saved: string, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, {
    files: { [MANIFEST]: MANIFEST_TEXT, 'plan.json': saved },
    inputs: { revoke: 'all', 'plan-file': 'plan.json', ...inputs },
  })
}

it('a plan is applied as it was saved and under its approval alone, and is undone under another', async () => {
  const tenant = await start()
  const before = tenant.snapshot()
  const planned = await runAgainst(tenant, { users: USERS, inputs: { mode: 'plan', revoke: 'all' } })
  const refused = await applySaved(tenant, planned.plan, { 'approved-plan': `sha256:${'1'.repeat(64)}` })
  expect(errorsOf(refused)).toEqual([expect.stringContaining('not the one that was approved')])
  expect(tenant.snapshot()).toEqual(before)
  const applied = await applySaved(tenant, planned.plan, { 'approved-plan': planned.outputs['plan-digest'] ?? '' })
  expect(applied.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
  const unapproved = await applySaved(tenant, applied.undoPlan)
  expect(errorsOf(unapproved).join()).toContain('plan-file is an undo plan')
  const undone = await applySaved(tenant, applied.undoPlan, {
    'approved-plan': applied.outputs['undo-plan-digest'] ?? '',
  })
  expect(undone.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
  expect(tenant.snapshot()).toEqual(before)
})

describe('an undo plan of a write whose answer was lost', () => {
  const PERMISSIONS = { POST: 'write:orders', DELETE: 'refund:orders' } as const

  it.each<readonly [keyof typeof PERMISSIONS, 'effect' | 'nothing', 'refused' | 'cancelled']>([
    ['POST', 'effect', 'refused'],
    ['POST', 'nothing', 'refused'],
    ['DELETE', 'effect', 'refused'],
    ['DELETE', 'nothing', 'refused'],
    ['POST', 'effect', 'cancelled'],
    ['DELETE', 'nothing', 'cancelled'],
  ])('(%s, after %s, then %s) says what may have been done, and takes it back', async (method, after, then) => {
    const tenant = await start()
    const before = tenant.snapshot()
    let kill: (signal: NodeJS.Signals) => void = () => undefined
    const isHit = (request: { readonly method: string; readonly path: string }) =>
      request.method === method && request.path.includes('auth0%7C1')
    const when: typeof isHit = request => {
      if (isHit(request) && then === 'cancelled') kill('SIGINT')
      return isHit(request)
    }
    tenant.fault({ kind: 'reset', after, when })
    if (then === 'refused') tenant.fault({ kind: 'status', status: 400, body: {}, when: isHit })
    const onStart = (killer: typeof kill) => {
      kill = killer
    }
    const run = await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' }, onStart })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toContain(`The ${method === 'POST' ? 'grants' : 'revocations'} may have been done`)
    expect(run.summary).toContain('<strong>failed</strong>, but may have been done')
    const kinds = method === 'POST' ? (['grant', 'revoke'] as const) : (['revoke', 'grant'] as const)
    expect(run.report.outcomes).toContainEqual(expect.objectContaining({ user: 'auth0|1', uncertain: [kinds[0]] }))
    const [first] = JSON.parse(run.undoPlan).users
    expect(first).toMatchObject({
      user: 'auth0|1',
      [kinds[1]]: [{ api: ORDERS, permission: PERMISSIONS[method], uncertain: true }],
    })

    const approved = { 'approved-plan': run.outputs['undo-plan-digest'] ?? '' }
    const back = await applySaved(tenant, run.undoPlan, approved)
    expect(back.exitCode, back.log).toBe(0)
    expect(tenant.snapshot()).toEqual(before)
  })
})
