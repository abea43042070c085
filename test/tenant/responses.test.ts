// Unexpected responses, to every kind of request of a run.

import { describe, expect, it } from 'vitest'
import { acme, countRequests, ORDERS } from '../e2e/acme.ts'
import {
  ADA,
  AFTER,
  ALL_KINDS,
  BEFORE,
  expectConverged,
  type Faulty,
  KINDS,
  type Kind,
  reconcile,
  reconcileAda,
  type When,
} from './reconcile.ts'

const ALWAYS = Number.POSITIVE_INFINITY
const MANAGEMENT_API = ALL_KINDS.filter(kind => kind !== 'the token request')

/** The request as errors name it, without its query. */
const SENT: Readonly<Record<Kind, string>> = {
  'the token request': 'POST /oauth/token',
  'the API read': 'GET /api/v2/resource-servers',
  'the look-up by e-mail': 'GET /api/v2/users-by-email',
  'the permission read': 'GET /api/v2/users/auth0%7Cada/permissions',
  'the grant': 'POST /api/v2/users/auth0%7Cada/permissions',
  'the revocation': 'DELETE /api/v2/users/auth0%7Cada/permissions',
}

function expectNothingWritten({ tenant, run }: Faulty): void {
  expect(run).toMatchObject({ granted: 0, revoked: 0 })
  expect(tenant.grantsOf(ADA.id)).toEqual([BEFORE])
}

describe('a response with an unexpected format', () => {
  const held = { permission_name: 'read:orders', resource_server_identifier: ORDERS }
  const direct = { ...held, sources: [{ source_type: 'DIRECT' }] }
  const TOKENLESS = /returned no token/
  const FORM = /unexpected response format/
  const objects: readonly (readonly [name: string, body: string])[] = [
    ['an empty object', '{}'],
    ['null', 'null'],
    ['an unrelated object', '{"status":"ok","items":[1]}'],
    ['an unrelated list', '[1,"two",null]'],
  ]
  const bare = [...objects, ['an empty list', '[]']] as const
  const WRONG: readonly (readonly [kind: Kind, name: string, body: string, error: RegExp])[] = [
    ...bare.map(([name, body]) => ['the token request', name, body, TOKENLESS] as const),
    ['the token request', 'an empty token', '{"access_token":""}', TOKENLESS],
    ...objects.map(([name, body]) => ['the API read', name, body, FORM] as const),
    ['the API read', 'an API without identifier', '[{"scopes":[]}]', FORM],
    ...objects.map(([name, body]) => ['the look-up by e-mail', name, body, FORM] as const),
    ['the look-up by e-mail', 'an empty list', '[]', /ada@acme\.com/],
    ['the look-up by e-mail', 'a user without id', '[{"email":"ada@acme.com","email_verified":true}]', FORM],
    ...bare.map(([name, body]) => ['the permission read', name, body, FORM] as const),
    ['the permission read', 'no sources', JSON.stringify({ permissions: [held], total: 1 }), FORM],
    ['the permission read', 'no total', JSON.stringify({ permissions: [direct] }), FORM],
    [
      'the permission read',
      'a total that is never reached',
      JSON.stringify({ permissions: [direct], total: 9e9 }),
      /1 of \d+ were found/,
    ],
    ['the permission read', 'fewer than the total', JSON.stringify({ permissions: [], total: 3 }), /0 of 3 were found/],
  ]

  it.each(WRONG)(
    'to %s (%s) fails the run with a clear message, and nothing is written',
    async (kind, _, body, error) => {
      const faulty = await reconcileAda({ kind: 'garbage', body, times: ALWAYS }, kind)
      expectNothingWritten(faulty)
      expect(faulty.run.errors).toEqual([expect.stringMatching(error)])
      expect(faulty.sent).toBeLessThanOrEqual(3)
    },
  )
})

describe('an unexpected response to a write', () => {
  const WRITES = ['the grant', 'the revocation'] as const
  const cases = WRITES.flatMap(kind => ['{}', 'null', '{"granted":true}'].map(body => [kind, body] as const))

  it.each(cases)('does not count as success of %s (200 %s)', async (kind, body) => {
    const { tenant, run } = await reconcileAda({ kind: 'garbage', body, times: ALWAYS }, kind)
    expect(run.errors.join()).toContain(SENT[kind])
    const held = tenant.grantsOf(ADA.id).map(({ permission }) => permission)
    expect(run).toMatchObject({
      granted: held.includes(AFTER.permission) ? 1 : 0,
      revoked: held.includes(BEFORE.permission) ? 0 : 1,
    })
  })
})

describe('a 401', () => {
  it.each(MANAGEMENT_API)('to %s leads to a new token', async kind => {
    const faulty = await reconcileAda({ kind: 'status', status: 401 }, kind)
    expectConverged(faulty)
    expect(faulty.sent).toBe(2)
    expect(countRequests(faulty.tenant)['POST /oauth/token']).toBe(2)
  })

  it('to every request of a run, once each, leads to a new token every time', async () => {
    const tenant = await acme({ users: [{ ...ADA, direct: [BEFORE] }] })
    const seen = new Set<string>()
    const when: When = ({ method, path }) => {
      const first = path !== '/oauth/token' && !seen.has(`${method} ${path}`)
      seen.add(`${method} ${path}`)
      return first
    }
    tenant.fault({ kind: 'status', status: 401, times: ALWAYS, when })
    expectConverged({ tenant, run: await reconcile(tenant, { users: [ADA.email] }) })
    expect(tenant.requests).toHaveLength(1 + 3 * MANAGEMENT_API.length)
  })

  it('to many requests at once leads to one new token for all of them', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: ids.map(id => ({ id })) })
    let reads = 0
    const when: When = request => {
      if (KINDS['the permission read'](request) && ++reads === 50) tenant.expireTokens()
      return false
    }
    tenant.fault({ kind: 'delay', ms: 0, when })
    const run = await reconcile(tenant, { users: ids })
    expect(run).toMatchObject({ errors: [], granted: 100 })
    expect(countRequests(tenant)['POST /oauth/token']).toBe(2)
  })

  it.each(ALL_KINDS)('to %s that is repeated ends the run', async kind => {
    const body = { statusCode: 401, error: 'Unauthorized', message: 'Invalid token' }
    const { run, sent } = await reconcileAda({ kind: 'status', status: 401, body, times: ALWAYS }, kind)
    expect(run.errors.join()).toContain(SENT[kind])
    expect(run.errors.join()).toContain('401 Unauthorized Invalid token')
    expect(sent).toBe(kind === 'the token request' ? 1 : 2)
  })
})

describe('a 403', () => {
  const body = { statusCode: 403, error: 'Forbidden', message: 'Not with this token', errorCode: 'insufficient_scope' }

  it.each(ALL_KINDS)('to %s is not retried, and the error quotes Auth0', async kind => {
    const headers = { 'x-auth0-requestid': 'request-1234' }
    const { run, sent } = await reconcileAda({ kind: 'status', status: 403, body, headers, times: ALWAYS }, kind)
    expect(sent).toBe(1)
    const [error = ''] = run.errors
    expect(error).toContain(SENT[kind])
    expect(error).toContain('403 insufficient_scope Not with this token')
    expect(error).toContain('request id request-1234')
  })
})
