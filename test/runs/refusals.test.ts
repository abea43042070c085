import { describe, expect, it } from 'vitest'
import { acme, BILLING, CLIENT, countRequests, errorsOf, MANIFEST, ORDERS, runAgainst } from '../e2e/acme.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const existing = [{ id: 'auth0|1' }, { id: 'auth0|2' }]

function writesTo(tenant: { readonly requests: readonly { readonly method: string; readonly path: string }[] }) {
  return tenant.requests.filter(({ method, path }) => method !== 'GET' && path !== '/oauth/token')
}

describe('the run reports in one sentence what to change, and writes nothing', () => {
  it('for an unknown user, while the others are updated', async () => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, { users: [...USERS, { id: 'auth0|nobody', permissions: {} }] })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', grants: '1' })
    expect(tenant.grantsOf('auth0|1')).toHaveLength(1)
  })

  it('for an unknown API', async () => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, {
      users: [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'], 'https://order.acme.com/': ['x'] } }],
    })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/https:\/\/order\.acme\.com\/.*https:\/\/orders\.acme\.com\//),
    ])
    expect(run.annotations[0]).toMatchObject({ file: MANIFEST, line: 9 })
    expect(writesTo(tenant)).toEqual([])
  })

  it('for misspelled API identifiers, with the right ones, at the cost of one more request', async () => {
    const tenant = await acme({ users: existing })
    const permissions = { 'https://orders.acme.com': ['x'], 'http://Billing.acme.com/': ['x'], 'https://x.io/': ['x'] }
    const run = await runAgainst(tenant, { users: [{ id: 'auth0|1', permissions }], inputs: { mode: 'plan' } })
    expect(errorsOf(run)).toEqual([
      'The tenant has no API "https://orders.acme.com". Did you mean "https://orders.acme.com/"?',
      'The tenant has no API "http://Billing.acme.com/". Did you mean "https://billing.acme.com/"?',
      'The tenant has no API "https://x.io/". Correct the identifier, or create the API.',
    ])
    expect(run.annotations.map(({ line }) => line)).toEqual([6, 9, 12])
    expect(countRequests(tenant)['GET /resource-servers']).toBe(2)
  })

  it('for a misspelled permission, with the right name', async () => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, { users: [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:oders'] } }] })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/read:oders.*read:orders/)])
    expect(run.annotations[0]).toMatchObject({ file: MANIFEST, line: 7 })
    expect(writesTo(tenant)).toEqual([])
  })

  it('for names without quotes, an address as an id, and an incomplete address, before any request', async () => {
    const tenant = await acme({ users: existing })
    const manifest = `apis: {1.1: "${ORDERS}", 1.10: "${BILLING}"}
users:
  - id: grace@acme.com
    permissions: {"1.1": [read:orders]}
  - email: <grace@acme.com>
`
    const run = await runAgainst(tenant, { files: { [MANIFEST]: manifest } })
    expect(run.exitCode).toBe(1)
    expect(run.annotations.map(({ line, message }) => [line, message])).toEqual([
      [1, 'YAML reads 1.1 as a number, not as text; quote it: "1.1".'],
      [1, 'YAML reads 1.10 as a number, not as text; quote it: "1.10".'],
      [3, '"grace@acme.com" is an e-mail address, not a user id; write email: "grace@acme.com".'],
      [5, '"<grace@acme.com>" is not a plain e-mail address; write "grace@acme.com".'],
    ])
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(tenant.requests).toEqual([])
  })

  it('for a wrong secret', async () => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'client-secret': 'another-one' } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/client-secret/)])
    expect(errorsOf(run)[0]).toContain('401 access_denied Unauthorized')
    expect(countRequests(tenant)).toEqual({ 'POST /oauth/token': 1 })
  })

  it('for missing scopes, all at once, before the first read', async () => {
    const tenant = await acme({ users: existing, clients: [{ ...CLIENT, scopes: ['read:resource_servers'] }] })
    const run = await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('read:users, update:users')])
    expect(countRequests(tenant)).not.toHaveProperty('GET /users/{id}/permissions')
    expect(writesTo(tenant)).toEqual([])
  })

  it('for another tenant’s manifest, before any request', async () => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, { manifest: { tenant: 'other.eu.auth0.com', users: USERS } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/other\.eu\.auth0\.com.*127\.0\.0\.1/)])
    expect(tenant.requests).toEqual([])
  })

  it('for more revocations than max-revocations allows, after showing the plan', async () => {
    const direct = ['read:orders', 'write:orders', 'refund:orders'].map(permission => ({ api: ORDERS, permission }))
    const tenant = await acme({ users: [{ id: 'auth0|1', direct }] })
    const inputs = { revoke: 'all', 'max-revocations': '2' }
    const run = await runAgainst(tenant, { users: [{ id: 'auth0|1', permissions: { [ORDERS]: [] } }], inputs })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('revocations (3)')])
    expect(run.log).toContain('- revoke refund:orders')
    expect(run.summary).toContain('The digest of the refused plan')
    expect(tenant.grantsOf('auth0|1')).toHaveLength(3)
  })

  it('for more than the share of existing grants that max-revocations allows', async () => {
    const direct = ['read:orders', 'write:orders', 'refund:orders'].map(permission => ({ api: ORDERS, permission }))
    const tenant = await acme({ users: [{ id: 'auth0|1', direct }] })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
    const refused = await runAgainst(tenant, { users, inputs: { revoke: 'all', 'max-revocations': '1 or 50%' } })
    expect(errorsOf(refused)).toEqual([expect.stringContaining('(the larger of 1 and 50% of 3 live grants)')])
    const run = await runAgainst(tenant, { users, inputs: { revoke: 'all', 'max-revocations': '1 or 67%' } })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '2' })
  })

  it.each(['pull_request', 'pull_request_target', 'merge_group'])('for apply on %s', async GITHUB_EVENT_NAME => {
    const tenant = await acme({ users: existing })
    const run = await runAgainst(tenant, { users: USERS, env: { GITHUB_EVENT_NAME } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringMatching(new RegExp(`${GITHUB_EVENT_NAME}.*on: push`))])
    expect(tenant.requests).toEqual([])
  })

  it('for each of several problems at once', async () => {
    const tenant = await acme({
      users: existing,
      clients: [{ ...CLIENT, scopes: ['read:users', 'read:resource_servers'] }],
    })
    const run = await runAgainst(tenant, {
      users: [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:oders'], [`${BILLING}x`]: ['y'] } }],
    })
    expect(errorsOf(run)).toEqual([
      expect.stringContaining('update:users'),
      expect.stringContaining('read:orders'),
      expect.stringContaining(BILLING),
    ])
    expect(writesTo(tenant)).toEqual([])
  })
})
