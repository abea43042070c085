// The advice in src/tenant/token.ts when the token endpoint refuses.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { NotSentError, TenantError } from '../../src/errors.ts'
import { SYSTEM_CLOCK } from '../../src/runner/clock.ts'
import type { TenantResponse } from '../../src/tenant/exchange.ts'
import type { Http } from '../../src/tenant/http.ts'
import { openSession, type SessionOptions } from '../../src/tenant/token.ts'

const SECRET: SessionOptions['credential'] = { kind: 'client-secret', clientId: 'id', clientSecret: 'secret' }
const KEY: SessionOptions['credential'] = {
  kind: 'private-key',
  clientId: 'id',
  key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  keyId: undefined,
  algorithm: 'RS256',
}
const OWN = 'acme.eu.auth0.com'
const CUSTOM = 'login.acme.com'

interface Case {
  readonly host?: string
  readonly audience?: string
  readonly credential?: SessionOptions['credential']
}

async function refuse(
  response: Partial<TenantResponse> | Error,
  { host = OWN, audience = `https://${host}/api/v2/`, credential = SECRET }: Case = {},
): Promise<TenantError> {
  const send: Http['send'] = async request => {
    if (response instanceof Error) throw response
    return { request, attempts: 1, status: 403, headers: {}, body: undefined, ...response }
  }
  const session = openSession({
    http: { send } as Http,
    domain: { host, origin: `https://${host}` },
    audience,
    credential,
    mask: () => undefined,
    clock: SYSTEM_CLOCK,
  })
  return session.scopes().then(
    () => expect.unreachable(),
    error => error,
  )
}

const denied = (error_description: string, error = 'access_denied') => ({ body: { error, error_description } })
const unknown = (audience: string) => denied(`Service not enabled within domain: ${audience}`)
const IN_TENANT = 'which must belong to an application of the tenant acme.eu.auth0.com (input domain).'

describe('a refused token request', () => {
  it.each<readonly [string, Partial<TenantResponse>, Case, string]>([
    [
      'for a wrong client or secret names both inputs',
      { status: 401, ...denied('Unauthorized') },
      {},
      `Check the inputs client-id and client-secret, ${IN_TENANT}`,
    ],
    [
      'for a wrong key names its input',
      { status: 401, ...denied('Client assertion failed', 'invalid_client') },
      { credential: KEY },
      `Check the inputs client-id and client-private-key, ${IN_TENANT}`,
    ],
    [
      'for a wrong key says where its public key must be',
      { status: 401, ...denied('Client assertion failed', 'invalid_client') },
      { credential: KEY },
      "In Auth0, the application's Credentials tab must have the matching public key, for RS256.",
    ],
    [
      'for a wrong key with a key ID names the ID',
      { status: 401, ...denied('Client assertion failed', 'invalid_client') },
      { credential: { ...KEY, keyId: 'kid-1' } },
      'matching public key, with the key ID in client-private-key-id (kid-1), for RS256.',
    ],
    [
      'for another algorithm names its input',
      { status: 401, ...denied('The signing algorithm is not allowed', 'invalid_client') },
      { credential: KEY },
      "Set the input client-private-key-algorithm (RS256) to the algorithm of the application's credential in Auth0.",
    ],
    [
      'with an unknown message names the inputs',
      { body: '<html>' },
      {},
      `Check the inputs client-id and client-secret, ${IN_TENANT}`,
    ],
    [
      'for an audience without its trailing slash names the input and the right value',
      unknown('https://acme.eu.auth0.com/api/v2'),
      { audience: 'https://acme.eu.auth0.com/api/v2' },
      'Set the input audience to https://acme.eu.auth0.com/api/v2/, with the trailing slash.',
    ],
    [
      'for a wrong audience names the value that matches the domain',
      unknown('https://other.eu.auth0.com/api/v2/'),
      { audience: 'https://other.eu.auth0.com/api/v2/' },
      'Set the input audience to https://acme.eu.auth0.com/api/v2/, or remove it.',
    ],
    [
      'for the default audience of a custom domain names the input and the format of its value',
      unknown('https://login.acme.com/api/v2/'),
      { host: CUSTOM },
      'If login.acme.com is a custom domain, set the input audience to https://<tenant>.<region>.auth0.com/api/v2/, such as https://acme.eu.auth0.com/api/v2/: the identifier',
    ],
    [
      'for an unknown audience does so for the other message too',
      denied('Service not found: https://login.acme.com/api/v2/'),
      { host: CUSTOM },
      'set the input audience to https://<tenant>.<region>.auth0.com/api/v2/',
    ],
    [
      'for an unauthorized application says where to authorize it',
      denied('Client is not authorized to access "https://acme.eu.auth0.com/api/v2/". You might probably want to …'),
      {},
      'In Auth0, authorize the application under Applications → APIs → Auth0 Management API.',
    ],
    [
      'for an application without the grant type says where to allow it',
      denied("Grant type 'client_credentials' not allowed for the client.", 'unauthorized_client'),
      {},
      "In Auth0, allow the grant type Client Credentials in the application's advanced settings.",
    ],
    [
      'with a redirect names the input domain',
      { status: 301, headers: { location: 'https://acme.com/login' } },
      {},
      'It redirects to acme.com, and redirects are never followed; set the input domain',
    ],
  ])('%s', async (_, response, options, advice) => {
    const { message, details } = await refuse(response, options)
    expect(message).toMatch(/^Auth0 refused to issue a token \(POST \/oauth\/token/)
    expect(message).toContain(advice)
    expect(details.reach).toBe('run')
  })

  it.each([
    [600, 'behind'],
    [-600, 'ahead of'],
  ])('for a wrong clock says by how much: %i s', async (seconds, direction) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString()
    const expired = { status: 401, headers: { date }, ...denied('Client assertion failed', 'invalid_client') }
    const { message } = await refuse(expired, { credential: KEY })
    expect(message).toMatch(new RegExp(`The runner's clock is (599|600|601) s ${direction} Auth0's`))
  })

  it.each([
    new NotSentError('SIGINT'),
    new TenantError('No', { request: 'POST /oauth/token', reach: 'user', attempts: 8, status: 500, advice: 'x' }),
  ])('for another reason keeps its message: %s', async error => {
    expect(await refuse(error)).toBe(error)
  })
})
