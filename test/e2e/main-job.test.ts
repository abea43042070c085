import { describe, expect, it } from 'vitest'
import { acme, BILLING, countRequests, ORDERS, REPORTS, runAgainst } from './acme.ts'

const userId = (index: number) => `auth0|${String(index).padStart(4, '0')}`
const indexes = Array.from({ length: 500 }, (_, index) => index)
const grant = (api: string, permission: string) => ({ api, permission })

/** 500 users with one permission on each of three APIs. */
const LISTED = indexes.map(index => ({
  id: userId(index),
  permissions: { [ORDERS]: ['read:orders'], [BILLING]: ['read:invoices'], [REPORTS]: ['read:reports'] },
}))
const DIRECT = [grant(ORDERS, 'read:orders'), grant(BILLING, 'read:invoices'), grant(REPORTS, 'read:reports')]

describe('500 users on 3 APIs', () => {
  it('without changes take one token, one API read, and one read per user', async () => {
    const tenant = await acme({ users: indexes.map(index => ({ id: userId(index), direct: DIRECT })) })
    const run = await runAgainst(tenant, { users: LISTED, inputs: { revoke: 'all' } })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ result: 'unchanged', changed: 'false', users: '500', requests: '502' })
    expect(countRequests(tenant)).toEqual({
      'POST /oauth/token': 1,
      'GET /resource-servers': 1,
      'GET /users/{id}/permissions': 500,
    })
  })

  it('with 25 users who gain and 15 who lose, 10 of them both, take one more write per user and kind', async () => {
    // 0 to 9 gain and lose, 10 to 24 gain, 25 to 29 lose.
    const tenant = await acme({
      users: indexes.map(index => ({
        id: userId(index),
        direct: [
          ...(index < 25 ? DIRECT.slice(1) : DIRECT),
          ...(index < 10 || (index >= 25 && index < 30) ? [grant(ORDERS, 'refund:orders')] : []),
        ],
      })),
    })
    const run = await runAgainst(tenant, { users: LISTED, inputs: { revoke: 'all' } })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({
      result: 'applied',
      changed: 'true',
      grants: '25',
      revocations: '15',
      users: '500',
      'users-changed': '30',
      'users-failed': '0',
      requests: '542',
    })
    expect(countRequests(tenant)).toEqual({
      'POST /oauth/token': 1,
      'GET /resource-servers': 1,
      'GET /users/{id}/permissions': 500,
      'POST /users/{id}/permissions': 25,
      'DELETE /users/{id}/permissions': 15,
    })
    for (const held of Object.values(tenant.snapshot())) expect(held).toHaveLength(3)

    const again = await runAgainst(tenant, { users: LISTED, inputs: { revoke: 'all' } })
    expect(again.outputs).toMatchObject({ result: 'unchanged', requests: '502' })
  })
})
