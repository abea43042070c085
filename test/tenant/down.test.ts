// A tenant that is down at any point of a run: how many requests fail, for how long, and what is reported.

import { describe, expect, it, vi } from 'vitest'
import { mask, redactAll } from '../../src/runner/secrets.ts'
import { fastClock } from '../clock.ts'
import { acme, CLIENT } from '../e2e/acme.ts'
import { expectNoneIn } from '../leaks.ts'
import { closedPort } from '../servers/network.ts'
import type { FaultKind } from '../servers/tenant/fault.ts'
import { ALL_KINDS, expectConverged, KINDS, reconcile, reconcileAda, type When } from './reconcile.ts'

const ALWAYS = Number.POSITIVE_INFINITY
const HTML = '<!doctype html><title>Sign in to the guest network</title>'
const MANY = Array.from({ length: 200 }, (_, index) => `auth0|${index}`)

/** A minute of outage, the pause before the last attempt, and the delay of a busy machine, which this clock multiplies by 20. */
const MAX_DURATION_MS = 80_000
/** The attempts of a single request until the tenant counts as down. */
const ALONE = 40
/** The attempts of many requests until then, and those in flight. */
const AMONG_MANY = 32 + 48

interface Down {
  readonly requests: number
  readonly error: RegExp
  /** Without a fault, the port is closed. */
  readonly fault?: FaultKind & { readonly when: When }
}

const isApi: When = ({ path }) => path !== '/oauth/token'
const DOWN: Readonly<Record<string, Down>> = {
  'a closed port': { requests: ALONE, error: /ECONNREFUSED.*POST \/oauth\/token; \d+ attempts/ },
  '500 to everything': {
    fault: { kind: 'status', status: 500, body: HTML, when: () => true },
    requests: ALONE,
    error: /POST \/oauth\/token; \d+ attempts; Auth0 responded: 500 .*Sign in/,
  },
  'resets for everything': {
    fault: { kind: 'reset', after: 'nothing', when: () => true },
    requests: ALONE,
    error: /No response from .*POST \/oauth\/token; \d+ attempts/,
  },
  '503 to all of the Management API': {
    fault: { kind: 'status', status: 503, when: isApi },
    requests: 1 + ALONE,
    error: /GET \/api\/v2\/resource-servers; \d+ attempts; Auth0 responded: 503/,
  },
  'HTML to all of the Management API': {
    fault: { kind: 'garbage', body: HTML, when: isApi },
    requests: 1 + ALONE,
    error: /GET \/api\/v2\/resource-servers; \d+ attempts; Auth0 responded: 200 .*Sign in/,
  },
  '429 to all of the Management API': {
    fault: { kind: 'status', status: 429, when: isApi },
    requests: 1 + ALONE,
    error: /GET \/api\/v2\/resource-servers; \d+ attempts; Auth0 responded: 429/,
  },
  '500 to every permission read': {
    fault: { kind: 'status', status: 500, when: KINDS['the permission read'] },
    requests: 2 + AMONG_MANY,
    error: /GET \/api\/v2\/users\/.*Auth0 responded: 500/,
  },
  '429 to every permission read': {
    fault: { kind: 'status', status: 429, when: KINDS['the permission read'] },
    requests: 2 + 8 * 48,
    error: /GET \/api\/v2\/users\/.*Auth0 responded: 429/,
  },
  '500 to every grant': {
    fault: { kind: 'status', status: 500, when: KINDS['the grant'] },
    requests: 2 + MANY.length + AMONG_MANY,
    error: /Auth0 responded: 500/,
  },
}

describe('a tenant that is down', () => {
  it.each(Object.entries(DOWN))('(%s) fails the run within its budget, with a clear message', async (_, down) => {
    const tenant = await acme({ users: MANY.map(id => ({ id })) })
    if (down.fault) tenant.fault({ ...down.fault, times: ALWAYS })
    const run = await reconcile(tenant, {
      users: MANY,
      ...(down.fault === undefined && { origin: `http://127.0.0.1:${await closedPort()}` }),
    })
    expect(run.errors).toContainEqual(expect.stringMatching(down.error))
    expect(run).toMatchObject({ granted: 0, revoked: 0 })
    expect(Object.values(tenant.snapshot()).flat()).toEqual([])
    expect(run.duration).toBeLessThan(MAX_DURATION_MS)
    expect(run.requests).toBeLessThanOrEqual(down.requests)
    if (down.fault) expect(tenant.requests).toHaveLength(run.requests)
  })

  it('and echoes requests does not put a secret into an error', async () => {
    const tenant = await acme()
    tenant.fault({ kind: 'echo', status: 503, when: () => true, times: ALWAYS })
    const write = vi.spyOn(process.stdout, 'write').mockReturnValueOnce(true)
    mask(CLIENT.secret)
    write.mockRestore()
    const { errors } = await reconcile(tenant, { users: MANY })
    expect(errors).toEqual([expect.stringContaining(CLIENT.secret)])
    expectNoneIn(redactAll(errors).join(), [CLIENT.secret])
  })
})

describe('a response that never arrives', () => {
  // Concurrent, because each of them waits.
  it.concurrent.each(ALL_KINDS)('to %s is followed by a retry after 20 s', async kind => {
    const faulty = await reconcileAda({ kind: 'hang' }, kind, fastClock(10))
    expectConverged(faulty)
    expect(faulty.sent).toBe(2)
    expect(faulty.run.duration).toBeGreaterThanOrEqual(20_000)
  })
})
