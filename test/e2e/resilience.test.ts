import { isDeepStrictEqual } from 'node:util'
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import type { Fault, FaultKind } from '../servers/tenant/fault.ts'
import type { Grant } from '../servers/tenant/store.ts'
import type { LoggedRequest, Tenant } from '../servers/tenant/tenant.ts'
import { BAD_DAYS } from '../tools/soak.ts'

import { acme, BILLING, errorsOf, heldBy, ORDERS, REPORTS, type RunOptions, runAgainst, WITH_ROLES } from './acme.ts'
import { type ActionRun, fastTime } from './action.ts'

const WRITE_ORDERS = { api: ORDERS, permission: 'write:orders' }
const READ_ORDERS = { api: ORDERS, permission: 'read:orders' }
const ALWAYS = Number.POSITIVE_INFINITY
const PATIENCE_MS = 60_000
/** A minute of outage, and the pause before the last attempt. */
const MAX_DURATION_MS = 70_000
/** The failed requests until the tenant counts as down, and those in flight by then. */
const BUDGET = 32 + 48
const HTML = '<!doctype html><title>Sign in to the guest network</title>'

/** One user, found by e-mail, who gains one permission and loses another: a run with a request of each kind. */
const ONE: RunOptions = {
  users: [{ email: 'ada@acme.com', permissions: { [ORDERS]: ['read:orders'] } }],
  inputs: { revoke: 'all' },
}

async function runWith(fault: Fault): Promise<{ readonly tenant: Tenant; readonly run: ActionRun }> {
  const tenant = await acme({ users: [{ id: 'auth0|ada', email: 'ada@acme.com', direct: [WRITE_ORDERS] }] })
  tenant.fault(fault)
  return { tenant, run: await runAgainst(tenant, { ...ONE, env: fastTime(10) }) }
}

const isPermissionRead = ({ method, path }: LoggedRequest) => method === 'GET' && path.includes('/permissions')

// One of each kind; test/tenant/ has every kind of request, in simulated time.
describe('a run', () => {
  it.each([
    ['/resource-servers', '[]', /has no API/],
    ['/permissions', '{"status":"ok","items":[1]}', /unexpected response format/],
  ])(
    'that gets an unexpected response (to %s: %s) fails with a clear message, and writes nothing',
    async (path, body, error) => {
      const when = (request: LoggedRequest) => request.path.includes(path)
      const { tenant, run } = await runWith({ kind: 'garbage', body, times: ALWAYS, when })
      expect(run.exitCode, run.log).toBe(1)
      expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false', grants: '0', revocations: '0' })
      expect(tenant.grantsOf('auth0|ada')).toEqual([WRITE_ORDERS])
      expect(errorsOf(run)).toEqual([expect.stringMatching(error)])
      expect(errorsOf(run).join()).not.toContain('defect')
    },
  )

  it.each<readonly [string, FaultKind]>([
    ['a token that is refused', { kind: 'status', status: 401 }],
    ['a response that never arrives, by a retry after 20 s', { kind: 'hang' }],
  ])('survives %s', async (_, fault) => {
    const { tenant, run } = await runWith({ ...fault, when: isPermissionRead })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect(tenant.grantsOf('auth0|ada')).toEqual([READ_ORDERS])
    expect(tenant.requests.filter(isPermissionRead)).toHaveLength(2)
  })

  it('fails within its budget and with a clear message if the tenant is down', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })) })
    tenant.fault({ kind: 'status', status: 500, body: HTML, times: ALWAYS, when: isPermissionRead })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
      // In fast time, a busy machine's seconds count ten times; the budget has ten to spare.
      env: fastTime(3),
    })
    expect(run.exitCode, run.log).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    // Measured by the action's own clock, which excludes the time to start the process.
    expect(run.report.duration).toBeGreaterThan(PATIENCE_MS)
    expect(run.report.duration).toBeLessThan(MAX_DURATION_MS)
    expect(tenant.requests).toHaveLength(Number(run.outputs.requests))
    expect(tenant.requests.length).toBeLessThanOrEqual(2 + BUDGET)
    expect(errorsOf(run)).toContainEqual(expect.stringMatching(/GET \/api\/v2\/users\/.*Auth0 responded: 500/))
    expect(errorsOf(run).join()).not.toContain('defect')
  })
})

describe('a run on a bad day', () => {
  const SHARE = 0.2
  const PERMISSIONS: readonly Grant[] = [
    { api: ORDERS, permission: 'read:orders' },
    { api: ORDERS, permission: 'write:orders' },
    { api: ORDERS, permission: 'refund:orders' },
    { api: BILLING, permission: 'read:invoices' },
    { api: BILLING, permission: 'write:invoices' },
    { api: REPORTS, permission: 'read:reports' },
  ]
  const ROLES = WITH_ROLES.roles.map(({ name }) => name)
  const FAULTS: readonly FaultKind[] = [
    { kind: 'reset', after: 'nothing' },
    { kind: 'reset', after: 'effect' },
    { kind: 'status', status: 500, body: HTML },
    { kind: 'status', status: 503, body: HTML },
    { kind: 'status', status: 429 },
    {
      kind: 'status',
      status: 429,
      get headers() {
        const reset = String(Math.ceil(Date.now() / 1000) + 1)
        return { 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
      },
    },
    { kind: 'truncate' },
    { kind: 'delay', ms: 100 },
  ]

  interface BadDay {
    readonly seed: number
    readonly exitCode: number | null
    readonly right: boolean
    readonly faults: number
    readonly requests: number
    readonly log: string
  }

  it(`(a fault in ${SHARE} of its requests) converges, ${BAD_DAYS} times out of ${BAD_DAYS}`, {
    timeout: 240_000,
  }, async () => {
    const seeds = Array.from({ length: BAD_DAYS }, (_, seed) => seed)
    const days = await pMap(seeds, badDay, { concurrency: 20 })
    const wrong = days.filter(({ exitCode, right }) => exitCode !== 0 || !right)
    expect(
      wrong.map(({ seed }) => seed),
      wrong[0]?.log,
    ).toEqual([])
    const faults = days.reduce((sum, day) => sum + day.faults, 0)
    const requests = days.reduce((sum, day) => sum + day.requests, 0)
    // The fewer runs, the further the observed share may be from the expected one.
    const spread = 0.05 * Math.sqrt(100 / BAD_DAYS)
    expect(faults / requests).toBeGreaterThan(SHARE - spread)
    expect(faults / requests).toBeLessThan(SHARE + spread)
  })

  async function badDay(seed: number): Promise<BadDay> {
    const random = randomFrom(`team ${seed}`)
    const some = () => ({
      direct: PERMISSIONS.filter(() => random() < 0.5),
      roles: ROLES.filter(() => random() < 0.5),
    })
    const team = Array.from({ length: 8 }, (_, index) => ({ id: `auth0|${index}`, before: some(), after: some() }))
    const tenant = await acme({ ...WITH_ROLES, users: team.map(({ id, before }) => ({ id, ...before })) })
    let faults = 0
    armAtRandom(tenant, seed, () => faults++)
    const run = await runAgainst(tenant, {
      manifest: {
        apis: { orders: ORDERS, billing: BILLING, reports: REPORTS },
        roles: ROLES,
        users: team.map(({ id, after: { direct, roles } }) => ({ id, permissions: byApi(direct), roles })),
      },
      inputs: { revoke: 'all', 'max-revocations': '100' },
    })
    const right = team.every(({ id, after: { direct, roles } }) => {
      const desired = [...direct.map(({ permission }) => permission), ...roles].sort()
      return isDeepStrictEqual(heldBy(tenant, id), desired)
    })
    return { seed, exitCode: run.exitCode, right, faults, requests: tenant.requests.length, log: run.log }
  }

  /** The fault of a request depends on the seed, the request and its attempt, not on the order of requests. */
  function armAtRandom(tenant: Tenant, seed: number, onFault: () => void): void {
    const asked = new Map<string, number>()
    const fates = new WeakMap<LoggedRequest, FaultKind | undefined>()
    const fateOf = (request: LoggedRequest): FaultKind | undefined => {
      if (fates.has(request)) return fates.get(request)
      const name = `${request.method} ${request.path}`
      asked.set(name, (asked.get(name) ?? 0) + 1)
      const random = randomFrom(`${seed} ${name} ${asked.get(name)}`)
      const fate = random() < SHARE ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined
      if (fate) onFault()
      fates.set(request, fate)
      return fate
    }
    for (const fault of FAULTS) {
      const armed = { times: ALWAYS, when: (request: LoggedRequest) => fateOf(request) === fault }
      // Not spread, because a getter computes the headers when the response is sent.
      tenant.fault(Object.create(fault, Object.getOwnPropertyDescriptors(armed)) as Fault)
    }
  }

  function byApi(grants: readonly Grant[]): Readonly<Record<string, readonly string[]>> {
    const groups = Object.groupBy(grants, ({ api }) => api) as Record<string, readonly Grant[]>
    return Object.fromEntries(Object.entries(groups).map(([api, group]) => [api, group.map(each => each.permission)]))
  }

  /** FNV-1a for the seed, mulberry32 for the numbers, 0 to below 1. */
  function randomFrom(seed: string): () => number {
    let state = 0x811c9dc5
    for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
    return () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }
  }
})
