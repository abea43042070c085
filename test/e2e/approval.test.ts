// A plan is approved, applied as saved, and undone; test/runs/ has every way in which it can be refused.

import { describe, expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { acme, errorsOf, heldBy, MANIFEST, ORDERS, runAgainst, WITH_ROLES, wants } from './acme.ts'
import type { ActionRun } from './action.ts'

const direct = (...permissions: readonly string[]) => permissions.map(permission => ({ api: ORDERS, permission }))
const MANIFEST_TEXT = JSON.stringify({
  roles: ['Support', 'Auditor'],
  users: [wants('auth0|1', 'read:orders', 'write:orders', 'Support')],
})
const BEFORE = ['Auditor', 'read:orders', 'refund:orders']

function start(): Promise<Tenant> {
  return acme({
    ...WITH_ROLES,
    users: [{ id: 'auth0|1', direct: direct('read:orders', 'refund:orders'), roles: ['Auditor'] }],
  })
}

function applySaved(tenant: Tenant, saved: string, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  return runAgainst(tenant, {
    files: { [MANIFEST]: MANIFEST_TEXT, 'plan.json': saved },
    inputs: { revoke: 'all', 'plan-file': 'plan.json', ...inputs },
  })
}

it('a plan is applied as saved, only with its approval, and undone with an approval of the undo plan', async () => {
  const tenant = await start()
  const planned = await runAgainst(tenant, { manifest: MANIFEST_TEXT, inputs: { mode: 'plan', revoke: 'all' } })
  const refused = await applySaved(tenant, planned.plan, { 'approved-plan': `sha256:${'1'.repeat(64)}` })
  expect(errorsOf(refused)).toEqual([expect.stringContaining('not the one that was approved')])
  expect(heldBy(tenant, 'auth0|1')).toEqual(BEFORE)
  const applied = await applySaved(tenant, planned.plan, { 'approved-plan': planned.outputs['plan-digest'] ?? '' })
  expect(applied.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2' })
  const unapproved = await applySaved(tenant, applied.undoPlan)
  expect(errorsOf(unapproved).join()).toContain('plan-file is an undo plan')
  const undone = await applySaved(tenant, applied.undoPlan, {
    'approved-plan': applied.outputs['undo-plan-digest'] ?? '',
  })
  expect(undone.outputs).toMatchObject({ result: 'applied', grants: '2', revocations: '2' })
  expect(heldBy(tenant, 'auth0|1')).toEqual(BEFORE)
})

describe('the undo plan of a write whose response was lost', () => {
  const OPERATIONS = {
    POST: [{ role: 'rol_support' }, { permission: 'write:orders' }],
    DELETE: [{ role: 'rol_auditor' }, { permission: 'refund:orders' }],
  } as const

  it.each<readonly [keyof typeof OPERATIONS, 'permissions' | 'roles', 'effect' | 'nothing', 'refused' | 'cancelled']>([
    ['POST', 'permissions', 'effect', 'refused'],
    ['POST', 'roles', 'nothing', 'refused'],
    ['DELETE', 'roles', 'effect', 'refused'],
    ['DELETE', 'permissions', 'nothing', 'refused'],
    ['POST', 'roles', 'effect', 'cancelled'],
    ['DELETE', 'roles', 'nothing', 'cancelled'],
  ])(
    '(%s of %s, after %s, then %s) reports what may have been written, and reverts it',
    async (method, kind, after, then) => {
      const tenant = await start()
      let kill: (signal: NodeJS.Signals) => void = () => undefined
      const isHit = (request: { readonly method: string; readonly path: string }) =>
        request.method === method && request.path.endsWith(`auth0%7C1/${kind}`)
      const when: typeof isHit = request => {
        if (isHit(request) && then === 'cancelled') kill('SIGINT')
        return isHit(request)
      }
      tenant.fault({ kind: 'reset', after, when })
      if (then === 'refused') tenant.fault({ kind: 'status', status: 400, body: {}, when: isHit })
      const onStart = (killer: typeof kill) => {
        kill = killer
      }
      const run = await runAgainst(tenant, { manifest: MANIFEST_TEXT, inputs: { revoke: 'all' }, onStart })
      expect(run.exitCode).toBe(1)
      expect(errorsOf(run).join()).toContain(
        `The ${method === 'POST' ? 'grants' : 'revocations'} may have taken effect anyway`,
      )
      expect(run.summary).toContain('<strong>failed</strong>, but may have taken effect')
      const kinds = method === 'POST' ? (['grant', 'revoke'] as const) : (['revoke', 'grant'] as const)
      expect(run.report.outcomes).toContainEqual(expect.objectContaining({ user: 'auth0|1', uncertain: [kinds[0]] }))
      const [first] = JSON.parse(run.undoPlan).users
      expect(first).toMatchObject({
        user: 'auth0|1',
        [kinds[1]]: OPERATIONS[method].map(access => ({ ...access, uncertain: true })),
      })

      const approved = { 'approved-plan': run.outputs['undo-plan-digest'] ?? '' }
      const back = await applySaved(tenant, run.undoPlan, approved)
      expect(back.exitCode, back.log).toBe(0)
      expect(heldBy(tenant, 'auth0|1')).toEqual(BEFORE)
    },
  )
})
