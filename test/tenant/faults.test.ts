// Temporary faults, at every kind of request of a run.

import { describe, expect, it } from 'vitest'
import { acme } from '../e2e/acme.ts'
import type { FaultKind } from '../servers/tenant/fault.ts'
import { ADA, ALL_KINDS, expectConverged, reconcileAda } from './reconcile.ts'

const HTML = '<!doctype html><title>Sign in to the guest network</title>'

const PASSING: readonly (readonly [string, FaultKind])[] = [
  ['a 500 with an HTML page', { kind: 'status', status: 500, body: '<html>oops</html>' }],
  ['a 503', { kind: 'status', status: 503 }],
  ['a 408', { kind: 'status', status: 408 }],
  ['a 429 without headers', { kind: 'status', status: 429 }],
  ['a connection reset before the effect', { kind: 'reset', after: 'nothing' }],
  ['a connection reset after the effect', { kind: 'reset', after: 'effect' }],
  ['a truncated response', { kind: 'truncate' }],
  ['a page in HTML', { kind: 'garbage', body: HTML }],
]

describe.each(ALL_KINDS)('%s', kind => {
  it.each(PASSING)('survives %s, twice', async (_, fault) => {
    const faulty = await reconcileAda({ ...fault, times: 2 }, kind)
    expectConverged(faulty)
    expect(faulty.sent).toBe(3)
  })

  it('treats a redirect as an error, and sends the token nowhere else', async () => {
    const other = await acme()
    const headers = { location: `${other.domain}/api/v2/resource-servers` }
    const { tenant, run, sent } = await reconcileAda({ kind: 'status', status: 302, headers }, kind)
    expect(run.errors).toEqual([expect.stringContaining('302')])
    expect(sent).toBe(1)
    expect(other.requests).toEqual([])
    expect(tenant.grantsOf(ADA.id)).toHaveLength(kind === 'the revocation' ? 2 : 1)
  })
})
