import { describe, expect, it } from 'vitest'
import { givenUp } from '../../src/tenant/failure.ts'

describe('a name that no host has', () => {
  it.each([
    ['is the domain’s', { hostname: 'acme.eu.auth0.com' }, 'Check the input domain: no host has this name.'],
    [
      'is the proxy’s',
      { hostname: 'proxy.acme.com' },
      'Check HTTPS_PROXY of the runner: no host has the name of the proxy.',
    ],
    ['is not told', {}, 'Check the input domain: no host has this name.'],
  ])('%s', (_, more, advice) => {
    const fault = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', ...more })
    const error = givenUp({
      request: { method: 'GET', path: '/api/v2/users', paced: true },
      attempts: 1,
      result: { kind: 'fault', error: fault },
      origin: 'https://acme.eu.auth0.com',
      limit: 'rest',
      until: undefined,
      reach: 'run',
    })
    expect(error.message).toContain(advice)
  })
})
