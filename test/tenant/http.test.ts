import { afterEach, describe, expect, it, vi } from 'vitest'
import { NotSentError, TenantError } from '../../src/errors.ts'
import { SYSTEM_CLOCK } from '../../src/runner/clock.ts'
import { openDispatcher, type Request } from '../../src/tenant/exchange.ts'
import { createHttp, type Http, type HttpOptions } from '../../src/tenant/http.ts'
import { fastClock } from '../clock.ts'
import { bucketHeaders, createBucket, take } from '../servers/tenant/bucket.ts'
import type { FaultKind } from '../servers/tenant/fault.ts'
import { startTenant, type Tenant } from '../servers/tenant/tenant.ts'
import {
  type Behaviour,
  startVirtualTenant,
  startVirtualTime,
  type VirtualAnswer,
  type VirtualRequest,
  type VirtualTenant,
  type VirtualTime,
} from './virtual.ts'

const open: { readonly close: () => Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

async function connect(options: Partial<HttpOptions> = {}): Promise<{ readonly tenant: Tenant; readonly http: Http }> {
  const tenant = await startTenant()
  const http = createHttp({
    dispatcher: openDispatcher(tenant.domain),
    origin: tenant.domain,
    mode: 'apply',
    limits: { headroom: 0.25, ceiling: undefined },
    signal: new AbortController().signal,
    clock: SYSTEM_CLOCK,
    ...options,
  })
  open.push(tenant, http)
  return { tenant, http }
}

const READ: Request = { method: 'GET', path: '/api/v2/users/x' }

function always(tenant: Tenant, fault: FaultKind): void {
  tenant.fault({ ...fault, times: Number.POSITIVE_INFINITY, when: () => true })
}

describe('in a mode that writes nothing', () => {
  it.each([
    ['POST', 'plan'],
    ['DELETE', 'plan'],
    ['POST', 'export'],
    ['DELETE', 'export'],
  ] as const)('%s is refused before it is sent (%s)', async (method, mode) => {
    const { tenant, http } = await connect({ mode })
    await expect(http.send({ method, path: '/api/v2/users/x/permissions' })).rejects.toThrow('writes nothing')
    expect(tenant.requests).toEqual([])
  })

  it('the token request and reads are sent', async () => {
    const { tenant, http } = await connect({ mode: 'plan' })
    await http.send({ method: 'POST', path: '/oauth/token' })
    await http.send(READ)
    expect(tenant.requests).toHaveLength(2)
  })
})

describe('a permanent error', () => {
  it.each([400, 401, 403, 404, 302])('(%i) is not retried', async status => {
    const { tenant, http } = await connect()
    always(tenant, { kind: 'status', status, headers: { location: 'http://127.0.0.1:1/' } })
    expect(await http.send(READ)).toMatchObject({ status, attempts: 1 })
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('a cancelled run', () => {
  it.each<[string, Request]>([
    ['no read', READ],
    ['no token request', { method: 'POST', path: '/oauth/token' }],
  ])('sends %s', async (_, request) => {
    const controller = new AbortController()
    const { tenant, http } = await connect({ signal: controller.signal })
    controller.abort(new NotSentError('Cancelled by SIGINT.'))
    await expect(http.send(request)).rejects.toThrow('Cancelled by SIGINT.')
    expect(tenant.requests).toEqual([])
  })

  it.each(['/oauth/token', '/api/v2/users/x'])(
    'does not send a request whose token arrived too late: %s',
    async path => {
      const controller = new AbortController()
      const { tenant, http } = await connect({ signal: controller.signal })
      const headers = async () => {
        controller.abort(new NotSentError('Cancelled by SIGINT.'))
        return {}
      }
      await expect(http.send({ method: 'POST', path, headers })).rejects.toThrow('Cancelled by SIGINT.')
      expect(tenant.requests).toEqual([])
    },
  )

  it('reports a pending request as one that may have taken effect', async () => {
    const controller = new AbortController()
    const { tenant, http } = await connect({
      signal: controller.signal,
      clock: { ...SYSTEM_CLOCK, sleep: async () => controller.abort(new NotSentError('Cancelled by SIGINT.')) },
    })
    always(tenant, { kind: 'reset', after: 'effect' })
    await expect(http.send(READ)).rejects.toThrow('may have taken effect')
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('a run that has ended', () => {
  it('does not retry a request that is still pending', async () => {
    const { tenant, http } = await connect()
    always(tenant, { kind: 'status', status: 503 })
    const sending = http.send(READ).catch((error: unknown) => error)
    await vi.waitFor(() => expect(tenant.requests).toHaveLength(1))
    await http.close()
    expect(await sending).toMatchObject({ message: expect.stringContaining('may have taken effect') })
    expect(tenant.requests).toHaveLength(1)
  })

  it('sends no more requests', async () => {
    const { tenant, http } = await connect()
    await http.close()
    await expect(http.send(READ)).rejects.toThrow('The run has ended.')
    expect(tenant.requests).toEqual([])
  })
})

describe('an exchange that hangs', () => {
  it('does not hold up a cancelled run', async () => {
    const cancelled = new AbortController()
    const { tenant, http } = await connect({ signal: cancelled.signal, clock: fastClock(100) })
    tenant.fault({
      kind: 'hang',
      when: () => {
        cancelled.abort(new NotSentError('Cancelled by SIGINT.'))
        return true
      },
    })
    await expect(http.send(READ)).rejects.toThrow('may have taken effect')
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('an endless response', () => {
  it('is not read to its end', async () => {
    let now = 0
    const sleep = async () => {
      now += 61_000
    }
    const { tenant, http } = await connect({ clock: { ...SYSTEM_CLOCK, now: () => now, sleep } })
    always(tenant, { kind: 'garbage', body: 'x'.repeat(9 * 1024 * 1024) })
    await expect(http.send(READ)).rejects.toThrow('exceeded max size')
  })
})

// The rest is in virtual time.

const ORIGIN = 'https://acme.eu.auth0.com'
const JAMMED: VirtualAnswer = { status: 429 }
const FAILURES: readonly (readonly [name: string, failure: ReturnType<Behaviour>])[] = [
  ['429', JAMMED],
  ['408', { status: 408 }],
  ['503 with a page', { status: 503, body: '<html>oops</html>' }],
  ['200 with a page', { status: 200, body: '<html>Sign in to the guest network</html>' }],
  ['resets', 'reset'],
]

interface Setup {
  readonly time: VirtualTime
  readonly tenant: VirtualTenant
  readonly http: Http
}

interface SetupOptions {
  readonly headers?: boolean
  readonly random?: () => number
}

/** A tenant with a bucket of 50 that reacts differently if `react` says so. */
function setUp(
  react: (request: VirtualRequest) => ReturnType<Behaviour> | undefined,
  options: SetupOptions = {},
): Setup {
  const time = startVirtualTime(options.random)
  const bucket = createBucket({ limit: 50, perSecond: 50, headers: options.headers ?? true }, time.clock.now())
  const tenant = startVirtualTenant(time, request => {
    const reaction = react(request)
    if (reaction !== undefined) return reaction
    const status = take(bucket, request.at) ? 200 : 429
    return { status, headers: { ...bucketHeaders(bucket), date: new Date(request.at).toUTCString() } }
  })
  const http = createHttp({
    dispatcher: tenant.dispatcher,
    origin: ORIGIN,
    mode: 'apply',
    limits: { headroom: 0.25, ceiling: undefined },
    signal: new AbortController().signal,
    clock: time.clock,
  })
  return { time, tenant, http }
}

function readOf(user: number): Request {
  return { method: 'GET', path: `/api/v2/users/${user}/permissions` }
}

/** Reads this many users at once, and resolves to the errors. As in a run, an error that affects all of it halts it. */
async function read({ http }: Setup, users: number): Promise<readonly Error[]> {
  const results = await Promise.allSettled(
    Array.from({ length: users }, async (_, user) => {
      try {
        return await http.send(readOf(user))
      } catch (error) {
        if (error instanceof TenantError && error.details.reach === 'run') http.halt(error)
        throw error
      }
    }),
  )
  return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
}

async function pass({ time }: Setup, until: number): Promise<void> {
  await time.run(time.clock.sleep(Math.max(0, until - time.clock.now())))
}

describe.each([true, false])('an outage (of a tenant with rate-limit headers: %s)', headers => {
  describe.each(FAILURES)('of %s', (_, failure) => {
    it.each([0.4, 3, 8, 20, 55])('of %d s makes no request fail, and work resumes soon after it', async seconds => {
      for (const random of [0, 0.999]) {
        const [from, until] = [8_000, 8_000 + seconds * 1_000]
        const react = ({ at }: VirtualRequest) => (at >= from && at < until ? failure : undefined)
        const setup = setUp(react, { headers, random: () => random })
        await setup.time.run(read(setup, 10))
        await pass(setup, from)
        expect(await setup.time.run(read(setup, 40))).toEqual([])
        const resumed = setup.tenant.requests.find(({ at }) => at >= until)?.at ?? Number.NaN
        expect(resumed - until).toBeLessThan(Math.max(2_000, until - from))
        // Without headers, at ten a second at most, or a little less after a refusal.
        expect(setup.time.clock.now() - resumed).toBeLessThan(headers ? 1_500 : 7_000)
      }
    })
  })

  it.each([3, 20, 55])('without any response for %d s makes no request fail', async seconds => {
    const setup = setUp(({ at }) => (at < 5_000 + seconds * 1_000 ? 'hang' : undefined), { headers })
    expect(await setup.time.run(read(setup, 40))).toEqual([])
  })

  it.each([
    ['from the beginning', 0],
    ['in the middle', 20],
  ])('of 15 refusals in a row, %s, is soon over', async (_, before) => {
    let requests = 0
    const setup = setUp(() => (++requests > before && requests <= before + 15 ? JAMMED : undefined), { headers })
    await setup.time.run(read(setup, before))
    const from = setup.time.clock.now()
    expect(await setup.time.run(read(setup, 40))).toEqual([])
    // Sixteen attempts; without headers, also four seconds for forty users.
    expect(setup.time.clock.now() - from).toBeLessThan(headers ? 14_000 : 20_000)
  })
})

describe('while the tenant is down', () => {
  it('one request at a time probes it, a limited number of times', async () => {
    const setup = setUp(({ at }) => (at >= 8_000 && at < 66_000 ? 'reset' : undefined))
    await setup.time.run(read(setup, 30))
    await pass(setup, 7_900)
    const reading = read(setup, 100)
    await pass(setup, 8_300)
    const before = setup.tenant.requests.length
    setup.tenant.mostInFlight()
    await pass(setup, 65_900)
    expect(setup.tenant.mostInFlight()).toBe(1)
    expect(setup.tenant.requests.length - before).toBeLessThan(40)
    expect(setup.http.traffic.waitingFor).toBe('the tenant to respond again')
    expect(await setup.time.run(reading)).toEqual([])
    expect(setup.http.traffic.waitingFor).toBeUndefined()
  })

  it('requests are held back, and resume one by one until there are as many as before', async () => {
    const setup = setUp(({ at }) => (at >= 8_000 && at < 20_000 ? JAMMED : undefined))
    await setup.time.run(read(setup, 150))
    await pass(setup, 7_900)
    expect(await setup.time.run(read(setup, 120))).toEqual([])
    const back = setup.tenant.requests.flatMap(({ at }) => (at >= 20_000 ? [at] : []))
    const within = (milliseconds: number) => back.filter(at => at < (back[0] ?? 0) + milliseconds).length
    expect(within(45)).toBe(1)
    expect(within(95)).toBeLessThanOrEqual(3)
    expect(within(145)).toBeLessThanOrEqual(7)
    expect(within(1_000)).toBeGreaterThan(45)
  })

  it.each([...FAILURES, ['hanging requests', 'hang'] as const])(
    'with %s, the run ends soon after one minute, not one minute per user',
    async (name, failure) => {
      const setup = setUp(() => failure)
      const from = setup.time.clock.now()
      const errors = await setup.time.run(read(setup, 100))
      const elapsed = setup.time.clock.now() - from
      expect(elapsed).toBeGreaterThan(60_000)
      expect(elapsed).toBeLessThan(name === 'hanging requests' ? 100_000 : 70_000)
      expect(setup.tenant.requests.length).toBeLessThan(60)
      const messages = errors.map(({ message }) => message)
      expect(
        messages.filter(each => /is used up|only returns errors|No response/.test(each)).length,
      ).toBeLessThanOrEqual(2)
      expect(messages.filter(each => each === 'An earlier failure affected every user.').length).toBeGreaterThan(40)
    },
  )

  it('the token request is retried for a minute, and then the run ends', async () => {
    const setup = setUp(() => ({ status: 503 }))
    const sending = setup.http.send({ method: 'POST', path: '/oauth/token' }).catch((error: unknown) => error)
    await pass(setup, 30_000)
    expect(setup.http.traffic.waitingFor).toBe('a retry of POST /oauth/token')
    expect(await setup.time.run(sending)).toMatchObject({ details: { reach: 'run', status: 503 } })
    expect(setup.time.clock.now()).toBeGreaterThan(65_000)
    expect(setup.time.clock.now()).toBeLessThan(72_000)
  })

  it('a permanent fault ends the run at once', async () => {
    const setup = setUp(() => ({ fault: 'ENOTFOUND' }))
    const [error] = await setup.time.run(read(setup, 1))
    expect(error?.message).toMatch(/ENOTFOUND.*Check the input domain: this host does not exist/)
    expect(setup.tenant.requests).toHaveLength(1)
  })
})

describe('a user whose requests always fail', () => {
  const when = (user: number, failure: ReturnType<Behaviour>) => (request: VirtualRequest) =>
    request.path === readOf(user).path ? failure : undefined
  const failure: VirtualAnswer = { status: 503, body: '{"message":"Try later","errorCode":"busy"}' }

  it.each([0, 20, 39])('(index %i of 40) fails after a minute with Auth0’s message; the others succeed', async user => {
    const setup = setUp(when(user, failure))
    const from = setup.time.clock.now()
    const errors = await setup.time.run(read(setup, 40))
    expect(errors).toMatchObject([{ details: { reach: 'user', status: 503 } }])
    expect(errors[0]?.message).toMatch(
      /^https:\/\/acme\.eu\.auth0\.com only returns errors for this request \(GET \/api\/v2\/users\/\d+\/permissions; \d+ attempts; Auth0 responded: 503 busy Try later\)\. Run it again when/,
    )
    expect(setup.time.clock.now() - from).toBeGreaterThan(60_000)
    expect(setup.time.clock.now() - from).toBeLessThan(80_000)
    expect(setup.tenant.requests.length).toBeLessThan(40 + 45)
  })

  it('is retried after pauses that double, while the others work', async () => {
    const setup = setUp(when(0, failure), { random: () => 0.999 })
    const reading = read(setup, 1)
    for (let at = 5_100; at < 90_000; at += 100) {
      const other = setup.http.send(readOf(1))
      await pass(setup, at)
      await setup.time.run(other)
    }
    expect(await setup.time.run(reading)).toMatchObject([{ details: { reach: 'user' } }])
    const times = setup.tenant.requests.filter(({ path }) => path === readOf(0).path).map(({ at }) => at)
    const pauses = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0) - 50) / 250))
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64])
  })
})

describe('the end of a refusal', () => {
  const at = (time: number) => String(Math.ceil(time / 1000))
  const bucketUntil = (time: number) => ({
    'x-ratelimit-limit': '50',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': at(time),
  })
  const HOUR = 3_600_000
  /** An hour after the epoch; the clock starts at 5 s. */
  const UNTIL = '01:00 UTC'

  it('delays only the requests that it concerns', async () => {
    const setup = setUp(({ method, at }) =>
      method === 'POST' && at < 35_000
        ? {
            status: 429,
            headers: { ...bucketUntil(35_000), 'x-ratelimit-limit': '20', date: new Date(at).toUTCString() },
          }
        : undefined,
    )
    await setup.time.run(read(setup, 1))
    const write = setup.http.send({ method: 'POST', path: '/api/v2/users/1/permissions' })
    await pass(setup, 6_000)
    expect(await setup.time.run(read(setup, 40))).toEqual([])
    expect(setup.time.clock.now()).toBeLessThan(8_000)
    await setup.time.run(write)
    expect(setup.time.clock.now()).toBeGreaterThan(35_000)
    expect(setup.time.clock.now()).toBeLessThan(37_000)
    expect(setup.tenant.requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
    expect(setup.http.traffic.waited).toBeGreaterThan(29_000)
  })

  it('is waited for up to five minutes, with a probe each minute, and is then reported', async () => {
    for (const [minutes, error] of [
      [2, undefined],
      [4, undefined],
      [6, 'only returns errors'],
    ] as const) {
      const end = 5_000 + minutes * 60_000
      const setup = setUp(({ at }) =>
        at < end ? { status: 503, headers: { 'retry-after': String(Math.ceil((end - at) / 1000)) } } : undefined,
      )
      const reading = read(setup, 10)
      await pass(setup, 30_000)
      const time = new Date(Date.now() + end - 5_000).toISOString().slice(11, 14)
      expect(setup.http.traffic.waitingFor).toContain(`the tenant to respond again, until ${time}`)
      const errors = await setup.time.run(reading)
      if (error === undefined) expect(errors).toEqual([])
      else expect(errors.join()).toMatch(/only returns errors \([^)]*\)\. Run it again after \d\d:\d\d UTC\./)
      expect(setup.tenant.requests.filter(({ at }) => at < end).length).toBeLessThanOrEqual(minutes + 1)
    }
  })

  it.each<[string, string, Request]>([
    ['rate limit for reading users', 'the rate limit for reading users', readOf(1)],
    [
      'rate limit for writing users',
      'the rate limit for writing users',
      { method: 'POST', path: '/api/v2/users/1/permissions' },
    ],
    [
      'rate limit of the Management API',
      'the rate limit of the Management API',
      { method: 'GET', path: '/api/v2/resource-servers' },
    ],
    ['quota for access tokens', 'the quota for access tokens', { method: 'POST', path: '/oauth/token' }],
  ])(
    'that is an hour away ends the run after a minute, with the time and the limit in the error: %s',
    async (name, waiting, request) => {
      const setup = setUp(({ at }) => ({
        status: 429,
        headers: { ...bucketUntil(HOUR), date: new Date(at).toUTCString() },
        body: '{"errorCode":"too_many_requests","message":"Global limit has been reached"}',
      }))
      const sending = setup.http.send(request).catch((error: unknown) => error)
      await pass(setup, 30_000)
      expect(setup.http.traffic.waitingFor).toBe(`${waiting}, until ${UNTIL}`)
      const error = await setup.time.run(sending)
      expect(error).toMatchObject({ details: { reach: 'run' } })
      expect(error).toHaveProperty(
        'message',
        `The ${name} of ${ORIGIN} is used up until ${UNTIL} (${request.method} ${request.path}; 2 attempts; Auth0 responded: 429 too_many_requests Global limit has been reached). Run it again after ${UNTIL}.`,
      )
      expect(setup.time.clock.now()).toBeLessThan(70_000)
      expect(setup.tenant.requests).toHaveLength(2)
    },
  )

  it('is also named if the run waits to preserve the headroom', async () => {
    const setup = setUp(({ at }) => ({
      status: 200,
      headers: { ...bucketUntil(HOUR), 'x-ratelimit-remaining': '13', date: new Date(at).toUTCString() },
    }))
    await setup.time.run(read(setup, 1))
    const reading = read(setup, 1)
    await pass(setup, 30_000)
    expect(setup.http.traffic.waitingFor).toBe(`the rate limit for reading users, until ${UNTIL}`)
    await setup.time.run(reading)
    expect(setup.time.clock.now()).toBeLessThan(70_000)
  })

  it('is not named if it is unknown', async () => {
    const setup = setUp(() => JAMMED)
    const [error] = await setup.time.run(read(setup, 1))
    expect(error?.message).toMatch(
      /^The rate limit for reading users of https:\/\/acme\.eu\.auth0\.com is used up \(.*\)\. Run it again when there is less other traffic\.$/,
    )
  })
})

describe('the wall clock', () => {
  const HOUR = 3_600_000

  it.each([
    ['forward', HOUR],
    ['backward', -HOUR],
  ])('may jump an hour %s: requests are sent neither later nor earlier', async (_, step) => {
    const durations: number[] = []
    const before = Date.UTC(2026, 9, 1)
    for (const steps of [0, step]) {
      const wall = vi.spyOn(Date, 'now')
      try {
        // Without a date in the responses, the reset can only be compared with our own clock.
        const time = startVirtualTime()
        wall.mockImplementation(() => before + time.clock.now())
        const bucket = createBucket({ limit: 10, perSecond: 2 }, Date.now())
        const tenant = startVirtualTenant(time, ({ at }) => {
          const status = take(bucket, before + at) ? 200 : 429
          return { status, headers: bucketHeaders(bucket) }
        })
        const http = createHttp({
          dispatcher: tenant.dispatcher,
          origin: ORIGIN,
          mode: 'apply',
          limits: { headroom: 0.25, ceiling: undefined },
          signal: new AbortController().signal,
          clock: time.clock,
        })
        const from = time.clock.now()
        const reading = read({ time, tenant, http }, 40)
        await pass({ time, tenant, http }, 7_000)
        wall.mockImplementation(() => before + time.clock.now() + steps)
        expect(await time.run(reading)).toEqual([])
        expect(http.traffic.waited).toBeLessThan(20_000)
        durations.push(time.clock.now() - from)
      } finally {
        wall.mockRestore()
      }
    }
    expect(durations[1]).toBe(durations[0])
  })
})
