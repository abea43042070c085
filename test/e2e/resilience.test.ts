import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import { closedPort } from '../servers/network.ts'
import type { Fault, FaultKind } from '../servers/tenant/fault.ts'
import type { Grant } from '../servers/tenant/store.ts'
import type { LoggedRequest, Tenant } from '../servers/tenant/tenant.ts'
import { BAD_DAYS } from '../tools/soak.ts'
import { acme, BILLING, countRequests, errorsOf, ORDERS, REPORTS, type RunOptions, runAgainst } from './acme.ts'
import type { ActionRun } from './action.ts'

type When = (request: LoggedRequest) => boolean

const WRITE_ORDERS = { api: ORDERS, permission: 'write:orders' }
const READ_ORDERS = { api: ORDERS, permission: 'read:orders' }
const ALWAYS = Number.POSITIVE_INFINITY
const HTML = '<!doctype html><title>Sign in to the guest network</title>'

/** One user, found by e-mail, who gains one permission and loses another: a run with a request of each kind. */
const ONE: RunOptions = {
  users: [{ email: 'ada@acme.com', permissions: { [ORDERS]: ['read:orders'] } }],
  inputs: { revoke: 'all' },
}

async function acmeWithAda(): Promise<Tenant> {
  return acme({ users: [{ id: 'auth0|ada', email: 'ada@acme.com', direct: [WRITE_ORDERS] }] })
}

const KINDS = {
  'the token request': ({ path }) => path === '/oauth/token',
  'the API read': ({ path }) => path.includes('/resource-servers'),
  'the look-up by e-mail': ({ path }) => path.includes('/users-by-email'),
  'the permission read': ({ method, path }) => method === 'GET' && path.includes('/permissions'),
  'the grant': ({ method, path }) => method === 'POST' && path.includes('/permissions'),
  'the revocation': ({ method }) => method === 'DELETE',
} as const satisfies Readonly<Record<string, When>>

type Kind = keyof typeof KINDS
const ALL_KINDS = Object.keys(KINDS) as readonly Kind[]
const MANAGEMENT_API = ALL_KINDS.filter(kind => kind !== 'the token request')

/** How an error names the request, without its query. */
const SENT: Readonly<Record<Kind, string>> = {
  'the token request': 'POST /oauth/token',
  'the API read': 'GET /api/v2/resource-servers',
  'the look-up by e-mail': 'GET /api/v2/users-by-email',
  'the permission read': 'GET /api/v2/users/auth0%7Cada/permissions',
  'the grant': 'POST /api/v2/users/auth0%7Cada/permissions',
  'the revocation': 'DELETE /api/v2/users/auth0%7Cada/permissions',
}

interface Faulty {
  readonly tenant: Tenant
  readonly run: ActionRun
  /** How often the faulty request was sent. */
  readonly sent: number
}

async function runWith(fault: FaultKind & { readonly times?: number }, kind: Kind): Promise<Faulty> {
  const tenant = await acmeWithAda()
  tenant.fault({ ...fault, when: KINDS[kind] })
  const run = await runAgainst(tenant, ONE)
  return { tenant, run, sent: tenant.requests.filter(KINDS[kind]).length }
}

function expectConverged({ tenant, run }: Pick<Faulty, 'tenant' | 'run'>): void {
  expect(run.exitCode, run.log).toBe(0)
  expect(run.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
  expect(tenant.grantsOf('auth0|ada')).toEqual([READ_ORDERS])
}

function expectNothingWritten({ tenant, run }: Pick<Faulty, 'tenant' | 'run'>): void {
  expect(run.exitCode, run.log).toBe(1)
  expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false', grants: '0', revocations: '0' })
  expect(tenant.grantsOf('auth0|ada')).toEqual([WRITE_ORDERS])
}

describe('an answer of the wrong form', () => {
  const held = { permission_name: 'read:orders', resource_server_identifier: ORDERS }
  const direct = { ...held, sources: [{ source_type: 'DIRECT' }] }
  const TOKENLESS = /without a token/
  const FORM = /has another form than Auth0's/
  const bare: readonly (readonly [name: string, body: string])[] = [
    ['an empty object', '{}'],
    ['an empty list', '[]'],
    ['null', 'null'],
    ['an object of something else', '{"status":"ok","items":[1]}'],
    ['a list of something else', '[1,"two",null]'],
  ]
  const WRONG: readonly (readonly [kind: Kind, name: string, body: string, error: RegExp])[] = [
    ...bare.map(([name, body]) => ['the token request', name, body, TOKENLESS] as const),
    ['the token request', 'an empty token', '{"access_token":""}', TOKENLESS],
    ...bare.map(([name, body]) => {
      return ['the API read', name, body, body === '[]' ? /has no API/ : FORM] as const
    }),
    ['the API read', 'an API without identifier', '[{"scopes":[]}]', FORM],
    ...bare.map(([name, body]) => {
      return ['the look-up by e-mail', name, body, body === '[]' ? /ada@acme\.com/ : FORM] as const
    }),
    ['the look-up by e-mail', 'a user without id', '[{"email":"ada@acme.com","email_verified":true}]', FORM],
    ...bare.map(([name, body]) => ['the permission read', name, body, FORM] as const),
    ['the permission read', 'no sources', JSON.stringify({ permissions: [held], total: 1 }), FORM],
    ['the permission read', 'no total', JSON.stringify({ permissions: [direct] }), FORM],
    ['the permission read', 'a total out of reach', JSON.stringify({ permissions: [direct], total: 9e9 }), /1 came of/],
    ['the permission read', 'fewer than the total', JSON.stringify({ permissions: [], total: 3 }), /0 came of 3/],
  ]

  it.each(WRONG)('to %s (%s) fails in plain words, and nothing is written', async (kind, _, body, error) => {
    const faulty = await runWith({ kind: 'garbage', body, times: ALWAYS }, kind)
    expectNothingWritten(faulty)
    expect(errorsOf(faulty.run)).toEqual([expect.stringMatching(error)])
    expect(errorsOf(faulty.run).join()).not.toContain('defect')
    expect(faulty.sent).toBeLessThanOrEqual(3)
  })

  it.each(ALL_KINDS)('to %s (a page in HTML) is asked for again', async kind => {
    const faulty = await runWith({ kind: 'garbage', body: HTML, times: 2 }, kind)
    expectConverged(faulty)
    expect(faulty.sent).toBe(3)
  })
})

describe('an answer that is not the one to a write', () => {
  const WRITES = ['the grant', 'the revocation'] as const
  const cases = WRITES.flatMap(kind => ['{}', 'null', '{"granted":true}'].map(body => [kind, body] as const))

  it.each(cases)('is not taken for %s being done (200 %s)', async (kind, body) => {
    const { tenant, run } = await runWith({ kind: 'garbage', body, times: ALWAYS }, kind)
    expect(run.exitCode, run.log).toBe(1)
    expect(errorsOf(run).join()).toContain(SENT[kind])
    const held = tenant.grantsOf('auth0|ada')
    expect(run.outputs).toMatchObject({
      grants: held.some(({ permission }) => permission === 'read:orders') ? '1' : '0',
      revocations: held.some(({ permission }) => permission === 'write:orders') ? '0' : '1',
    })
  })
})

describe('a 401', () => {
  it.each(MANAGEMENT_API)('to %s is answered with a new token', async kind => {
    const faulty = await runWith({ kind: 'status', status: 401 }, kind)
    expectConverged(faulty)
    expect(faulty.sent).toBe(2)
    expect(countRequests(faulty.tenant)['POST /oauth/token']).toBe(2)
  })

  it('to every request of a run, once each, is answered with a new token every time', async () => {
    const tenant = await acmeWithAda()
    const seen = new Set<string>()
    const when: When = ({ method, path }) => {
      const first = path !== '/oauth/token' && !seen.has(`${method} ${path}`)
      seen.add(`${method} ${path}`)
      return first
    }
    tenant.fault({ kind: 'status', status: 401, times: ALWAYS, when })
    expectConverged({ tenant, run: await runAgainst(tenant, ONE) })
    expect(tenant.requests).toHaveLength(1 + 3 * MANAGEMENT_API.length)
  })

  it('to many requests at once takes one new token for all of them', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: ids.map(id => ({ id })) })
    let reads = 0
    const when: When = request => {
      if (KINDS['the permission read'](request) && ++reads === 50) tenant.expireTokens()
      return false
    }
    tenant.fault({ kind: 'delay', ms: 0, when })
    const run = await runAgainst(tenant, {
      users: ids.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode, run.log).toBe(0)
    expect(countRequests(tenant)['POST /oauth/token']).toBe(2)
  })

  it.each(ALL_KINDS)('to %s that comes again ends the run', async kind => {
    const body = { statusCode: 401, error: 'Unauthorized', message: 'Invalid token' }
    const { run, sent } = await runWith({ kind: 'status', status: 401, body, times: ALWAYS }, kind)
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toContain(SENT[kind])
    expect(errorsOf(run).join()).toContain('401 Unauthorized Invalid token')
    expect(sent).toBe(kind === 'the token request' ? 1 : 2)
  })
})

describe('a 403', () => {
  const body = { statusCode: 403, error: 'Forbidden', message: 'Not with this token', errorCode: 'insufficient_scope' }

  it.each(ALL_KINDS)('to %s is not asked again, and the error has the words of Auth0', async kind => {
    const headers = { 'x-auth0-requestid': 'request-1234' }
    const { run, sent } = await runWith({ kind: 'status', status: 403, body, headers, times: ALWAYS }, kind)
    expect(run.exitCode).toBe(1)
    expect(sent).toBe(1)
    const [error = ''] = errorsOf(run)
    expect(error).toContain(SENT[kind])
    expect(error).toContain('403 insufficient_scope Not with this token')
    expect(error).toContain('request id request-1234')
  })
})

describe('a tenant that is down', () => {
  const MANY = Array.from({ length: 200 }, (_, index) => `auth0|${index}`)
  const many: RunOptions = { users: MANY.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })) }
  /** What is sent in vain until the tenant counts as down, and what was under way by then. */
  const BUDGET = 32 + 48

  interface Down {
    readonly requests: number
    readonly error: RegExp
    readonly fault?: FaultKind & { readonly when: When }
    readonly closed?: boolean
  }

  const isApi: When = ({ path }) => path !== '/oauth/token'
  const DOWN: Readonly<Record<string, Down>> = {
    'a closed port': { closed: true, requests: 8, error: /ECONNREFUSED.*POST \/oauth\/token; 8 attempts/ },
    '500 to everything': {
      fault: { kind: 'status', status: 500, body: HTML, when: () => true },
      requests: 8,
      error: /POST \/oauth\/token; 8 attempts; Auth0 said: 500 .*Sign in/,
    },
    'resets for everything': {
      fault: { kind: 'reset', after: 'nothing', when: () => true },
      requests: 8,
      error: /No answer from .*POST \/oauth\/token; 8 attempts/,
    },
    '503 to all of the Management API': {
      fault: { kind: 'status', status: 503, when: isApi },
      requests: 1 + 8,
      error: /GET \/api\/v2\/resource-servers; 8 attempts; Auth0 said: 503/,
    },
    'HTML to all of the Management API': {
      fault: { kind: 'garbage', body: HTML, when: isApi },
      requests: 1 + 8,
      error: /GET \/api\/v2\/resource-servers; 8 attempts; Auth0 said: 200 .*Sign in/,
    },
    '429 to all of the Management API': {
      fault: { kind: 'status', status: 429, when: isApi },
      requests: 1 + 8,
      error: /GET \/api\/v2\/resource-servers; 8 attempts; Auth0 said: 429/,
    },
    '500 to every permission read': {
      fault: { kind: 'status', status: 500, when: KINDS['the permission read'] },
      requests: 2 + BUDGET,
      error: /GET \/api\/v2\/users\/.*Auth0 said: 500/,
    },
    '429 to every permission read': {
      fault: { kind: 'status', status: 429, when: KINDS['the permission read'] },
      requests: 2 + 8 * 48,
      error: /GET \/api\/v2\/users\/.*Auth0 said: 429/,
    },
    '500 to every grant': {
      fault: { kind: 'status', status: 500, when: KINDS['the grant'] },
      requests: 2 + MANY.length + BUDGET,
      error: /Auth0 said: 500/,
    },
  }

  it('fails the run within its budget, in plain words, wherever it begins', { timeout: 180_000 }, async () => {
    await pMap(Object.entries(DOWN), async ([name, { fault, closed, requests, error }]) => {
      const tenant = await acme({ users: MANY.map(id => ({ id })) })
      if (fault) tenant.fault({ ...fault, times: ALWAYS })
      const inputs = closed ? { domain: `http://127.0.0.1:${await closedPort()}` } : {}
      const run = await runAgainst(tenant, { ...many, inputs })
      expect({ name, exitCode: run.exitCode }, run.log).toEqual({ name, exitCode: 1 })
      // By the action's own clock, which does not count how long a busy machine takes to start it.
      expect(run.report.duration, name).toBeLessThan(60_000)
      expect(Number(run.outputs.requests), name).toBeLessThanOrEqual(requests)
      if (!closed) expect(tenant.requests, name).toHaveLength(Number(run.outputs.requests))
      expect(
        errorsOf(run).some(message => error.test(message)),
        errorsOf(run).join('\n'),
      ).toBe(true)
      expect(errorsOf(run).join(), name).not.toContain('defect')
    })
  })

  it('for one answer of each kind that never comes is asked again after 20 s', { timeout: 180_000 }, async () => {
    await pMap(ALL_KINDS, async kind => {
      const faulty = await runWith({ kind: 'hang' }, kind)
      expectConverged(faulty)
      expect(faulty.sent, kind).toBe(2)
    })
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

  it(`(a fault at ${SHARE} of its requests) ends right, ${BAD_DAYS} times of ${BAD_DAYS}`, {
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
    // The fewer runs, the further they may be from the share that they are drawn with.
    const spread = 0.05 * Math.sqrt(100 / BAD_DAYS)
    expect(faults / requests).toBeGreaterThan(SHARE - spread)
    expect(faults / requests).toBeLessThan(SHARE + spread)
  })

  async function badDay(seed: number): Promise<BadDay> {
    const random = randomFrom(`team ${seed}`)
    const some = () => PERMISSIONS.filter(() => random() < 0.5)
    const team = Array.from({ length: 12 }, (_, index) => ({ id: `auth0|${index}`, before: some(), after: some() }))
    const tenant = await acme({ users: team.map(({ id, before }) => ({ id, direct: before })) })
    let faults = 0
    armAtRandom(tenant, seed, () => faults++)
    const run = await runAgainst(tenant, {
      manifest: {
        apis: { orders: ORDERS, billing: BILLING, reports: REPORTS },
        users: team.map(({ id, after }) => ({ id, permissions: byApi(after) })),
      },
      inputs: { revoke: 'all', 'max-revocations': '100' },
    })
    const desired = Object.fromEntries(team.map(({ id, after }) => [id, named(after)]))
    const held = Object.fromEntries(Object.entries(tenant.snapshot()).map(([id, grants]) => [id, named(grants)]))
    const right = JSON.stringify(held) === JSON.stringify(Object.fromEntries(Object.entries(desired).sort()))
    return { seed, exitCode: run.exitCode, right, faults, requests: tenant.requests.length, log: run.log }
  }

  /** What befalls a request depends on the seed, on what it asks for and how often it was asked, not on its turn. */
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
      // Not spread: the headers are made when the answer is.
      tenant.fault(Object.create(fault, Object.getOwnPropertyDescriptors(armed)) as Fault)
    }
  }

  function byApi(grants: readonly Grant[]): Readonly<Record<string, readonly string[]>> {
    const groups = Object.groupBy(grants, ({ api }) => api) as Record<string, readonly Grant[]>
    return Object.fromEntries(Object.entries(groups).map(([api, group]) => [api, group.map(each => each.permission)]))
  }

  function named(grants: readonly Grant[]): readonly string[] {
    return grants.map(({ api, permission }) => `${permission} on ${api}`).sort()
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
