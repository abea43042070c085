import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { acme, CLIENT, countRequests, errorsOf, ORDERS, runAgainst, warningsOf } from './acme.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const READ_ORDERS = { api: ORDERS, permission: 'read:orders' }
const users = [{ id: 'auth0|1' }]
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('Private Key JWT', () => {
  const clients = [{ id: CLIENT.id, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() }]

  it.each(['RS256', 'RS384', 'PS256'])('signs with %s', async algorithm => {
    const tenant = await acme({ users, clients })
    const inputs = { 'client-secret': '', 'client-private-key': PEM, 'client-private-key-algorithm': algorithm }
    const run = await runAgainst(tenant, { users: USERS, inputs })
    expect(run.exitCode, run.log).toBe(0)
    expect(tenant.grantsOf('auth0|1')).toEqual([READ_ORDERS])
    expect(run.masked).toContain(PEM.trim())
  })

  it('accepts a quoted key with escaped line breaks, and sends the key ID if there is one', async () => {
    const tenant = await acme({ users, clients })
    const inputs = {
      'client-secret': '',
      'client-private-key': JSON.stringify(PEM.replaceAll('\n', '\r\n')),
      'client-private-key-id': 'key-7',
    }
    const run = await runAgainst(tenant, { users: USERS, inputs })
    expect(run.exitCode, run.log).toBe(0)
    const body = tenant.requests[0]?.body as { readonly client_assertion?: string } | undefined
    const [header = '', claims = ''] = (body?.client_assertion ?? '')
      .split('.')
      .map(part => Buffer.from(part, 'base64url').toString())
    expect(JSON.parse(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-7' })
    expect(JSON.parse(claims)).toMatchObject({ iss: CLIENT.id, sub: CLIENT.id, exp: expect.any(Number) })
  })

  it('fails with an error that names the input if the tenant does not know the key', async () => {
    const tenant = await acme({ users, clients })
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const pem = other.export({ type: 'pkcs8', format: 'pem' }).toString()
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'client-secret': '', 'client-private-key': pem } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)[0]).toContain('client-private-key')
  })
})

describe('an access token from an input', () => {
  it('is used as it is, without a token request', async () => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'access-token': tenant.issueToken() } })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs.requests).toBe('3')
    expect(countRequests(tenant)).not.toHaveProperty('POST /oauth/token')
  })

  it('that lacks a scope is refused before the first read', async () => {
    const tenant = await acme({ users })
    const token = tenant.issueToken({ scopes: ['read:users', 'update:users'] })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'access-token': token, revoke: 'all' } })
    expect(errorsOf(run)).toEqual([expect.stringContaining('read:resource_servers')])
    expect(countRequests(tenant)).not.toHaveProperty('POST /users/{id}/permissions')
  })

  it.each([
    ['not a JWT', 'an-opaque-token'],
    ['a malformed JWT', 'an.opaque.token'],
  ])('that is %s lists no scopes, so Auth0 decides', async (_, token) => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'access-token': token } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/401.*credential/)])
  })

  it('that Auth0 rejects fails the run with what to check', async () => {
    const tenant = await acme({ users })
    const token = tenant.issueToken()
    tenant.expireTokens()
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'access-token': token } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)[0]).toMatch(/401.*credential/)
  })
})

describe('a token with only the scope update:users', () => {
  const clients = [{ ...CLIENT, scopes: ['update:users'] }]

  it('assigns without reading if revoke is never, and says so', async () => {
    const tenant = await acme({ users, clients })
    const run = await runAgainst(tenant, { users: USERS })
    expect(run.exitCode, run.log).toBe(0)
    expect(countRequests(tenant)).toEqual({ 'POST /oauth/token': 1, 'POST /users/{id}/permissions': 1 })
    expect(tenant.grantsOf('auth0|1')).toEqual([READ_ORDERS])
    expect(warningsOf(run)).toEqual([expect.stringContaining('without reading existing ones')])
  })

  it('leads to advice if a permission does not exist, which the run cannot check', async () => {
    const tenant = await acme({ users, clients })
    const run = await runAgainst(tenant, {
      users: [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders', 'x'] } }],
    })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/The permission x does not exist.*Add it to the API, or remove it from the manifest\.$/),
    ])
    expect(tenant.grantsOf('auth0|1')).toEqual([])
  })

  it.each([
    ['revoke: all', { revoke: 'all' }],
    ['mode: plan', { mode: 'plan' }],
  ])('is refused with %s', async (_, inputs) => {
    const tenant = await acme({ users, clients })
    const run = await runAgainst(tenant, { users: USERS, inputs })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('read:users, read:resource_servers')])
    expect(countRequests(tenant)).toEqual({ 'POST /oauth/token': 1 })
  })
})

describe('the audience', () => {
  it('follows from the domain, or is set for a custom domain', async () => {
    const tenant = await acme({ users, audience: 'https://acme.eu.auth0.com/api/v2/' })
    const refused = await runAgainst(tenant, { users: USERS })
    expect(refused.exitCode).toBe(1)
    expect(errorsOf(refused)[0]).toContain('If 127.0.0.1')
    expect(errorsOf(refused)[0]).toContain('set the input audience to https://<tenant>.<region>.auth0.com/api/v2/')
    const inputs = { audience: 'https://acme.eu.auth0.com/api/v2/' }
    const wrong = await runAgainst(tenant, { users: USERS, inputs: { ...inputs, 'client-secret': 'another-secret' } })
    expect(errorsOf(wrong)[0]).not.toContain('custom domain')
    const accepted = await runAgainst(tenant, { users: USERS, inputs })
    expect(accepted.exitCode, accepted.log).toBe(0)
  })
})

describe('a token without a lifetime', () => {
  it('is used for as long as Auth0 accepts it', async () => {
    const tenant = await acme({ users })
    const body = JSON.stringify({ access_token: tenant.issueToken() })
    tenant.fault({ kind: 'garbage', body, when: ({ path }) => path === '/oauth/token' })
    const run = await runAgainst(tenant, { users: USERS })
    expect(run.exitCode, run.log).toBe(0)
    expect(countRequests(tenant)['POST /oauth/token']).toBe(1)
  })
})

describe('a token that expires during the run', () => {
  it('is renewed if it expires while requests wait for their turn', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({
      users: many.map(id => ({ id })),
      clients: [{ ...CLIENT, tokenLifetime: 1 }],
      bucket: { limit: 4, perSecond: 8 },
    })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode, run.log).toBe(0)
    for (const id of many) expect(tenant.grantsOf(id)).toEqual([READ_ORDERS])
  })

  it('is renewed once, and the run continues', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })), latency: 5 })
    let reads = 0
    tenant.fault({
      kind: 'delay',
      ms: 0,
      times: 1,
      when: ({ path }) => {
        if (!path.includes('/permissions')) return false
        reads++
        if (reads === 20) tenant.expireTokens()
        return false
      },
    })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode, run.log).toBe(0)
    expect(countRequests(tenant)['POST /oauth/token']).toBe(2)
    for (const id of many) expect(tenant.grantsOf(id)).toEqual([READ_ORDERS])
    expect(run.masked.filter(secret => secret.startsWith('ey'))).toHaveLength(2)
  })
})
