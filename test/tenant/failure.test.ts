import { describe, expect, it } from 'vitest'
import { givenUp } from '../../src/tenant/failure.ts'

describe('a host that does not exist', () => {
  it.each([
    ['is the domain’s', { hostname: 'acme.eu.auth0.com' }, 'Check the input domain: this host does not exist.'],
    [
      'is the proxy’s',
      { hostname: 'proxy.acme.com' },
      "Check the runner's HTTPS_PROXY: the proxy's host does not exist.",
    ],
    ['is unknown', {}, 'Check the input domain: this host does not exist.'],
  ])('%s', (_, more, advice) => {
    const fault = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', ...more })
    const error = givenUp(
      { request: { method: 'GET', path: '/api/v2/users' }, attempts: 1, fault },
      { origin: 'https://acme.eu.auth0.com', limit: 'rest', until: undefined, reach: 'run' },
    )
    expect(error.message).toContain(advice)
  })
})
