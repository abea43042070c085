import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici/types/index.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NotSentError } from '../../src/errors.ts'
import { createHttp, type Http, type HttpOptions, openDispatcher, type Request } from '../../src/tenant/http.ts'
import type { FaultKind } from './fault.ts'
import { startTenant, type Tenant } from './tenant.ts'

const open: { readonly close: () => Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

async function connect(
  options: Partial<HttpOptions> = {},
): Promise<{ readonly tenant: Tenant; readonly http: Http; readonly pauses: readonly number[] }> {
  const tenant = await startTenant()
  const pauses: number[] = []
  const http = createHttp({
    dispatcher: await openDispatcher(tenant.domain),
    origin: tenant.domain,
    mode: 'apply',
    limits: { headroom: 0.25, ceiling: undefined },
    signal: new AbortController().signal,
    // The pauses before another try are not waited for; those of the pace, which are shorter, are.
    sleep: async milliseconds => {
      if (milliseconds >= 250) pauses.push(milliseconds)
      await sleep(milliseconds >= 250 ? 0 : milliseconds)
    },
    random: () => 1,
    ...options,
  })
  open.push(tenant, http)
  return { tenant, http, pauses }
}

const READ: Request = { method: 'GET', path: '/api/v2/users/x', paced: true }

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
    await expect(http.send({ method, path: '/api/v2/users/x/permissions', paced: true })).rejects.toThrow(
      'writes nothing',
    )
    expect(tenant.requests).toEqual([])
  })

  it('the token request and reads go through', async () => {
    const { tenant, http } = await connect({ mode: 'plan' })
    await http.send({ method: 'POST', path: '/oauth/token', paced: false })
    await http.send(READ)
    expect(tenant.requests).toHaveLength(2)
  })
})

describe('what passes by itself', () => {
  it('is tried eight times, with pauses that double, and then told in Auth0’s words', async () => {
    const { tenant, http, pauses } = await connect()
    always(tenant, { kind: 'status', status: 503, body: { message: 'Try later', errorCode: 'busy' } })
    await expect(http.send(READ)).rejects.toThrow(/GET \/api\/v2\/users\/x; 8 attempts; Auth0 said: 503 busy Try later/)
    expect(tenant.requests).toHaveLength(8)
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16000])
  })

  it('is not tried for longer than a minute where no answer comes', async () => {
    let clock = 0
    const now = () => {
      clock += 20_000
      return clock
    }
    const { tenant, http } = await connect({ now })
    always(tenant, { kind: 'reset', after: 'nothing' })
    await expect(http.send(READ)).rejects.toThrow('GET /api/v2/users/x; 3 attempts')
    expect(tenant.requests).toHaveLength(3)
  })

  it('is tried by one request at a time once everything fails, until the tenant counts as down', async () => {
    let clock = 0
    const { tenant, http } = await connect({
      now: () => clock,
      sleep: async milliseconds => {
        clock += milliseconds
        await sleep(1)
      },
    })
    always(tenant, { kind: 'reset', after: 'nothing' })
    const errors = await Promise.all(Array.from({ length: 20 }, () => http.send(READ).catch(error => error)))
    expect(errors.some(error => error.details.reach === 'run')).toBe(true)
    expect(clock).toBeGreaterThanOrEqual(20_000)
    expect(tenant.requests.length).toBeLessThan(32)
  })

  it('is no reason to give up where it is over soon, however many requests it meets', async () => {
    const { tenant, http } = await connect({ sleep: milliseconds => sleep(milliseconds) })
    await http.send(READ)
    let failing = true
    tenant.fault({ kind: 'status', status: 500, times: Number.POSITIVE_INFINITY, when: () => failing })
    setTimeout(() => {
      failing = false
    }, 300)
    const answers = await Promise.all(Array.from({ length: 200 }, () => http.send(READ)))
    expect(answers).toHaveLength(200)
  })
})

describe('what does not', () => {
  it.each([400, 401, 403, 404, 302])('(%i) is sent once', async status => {
    const { tenant, http } = await connect()
    always(tenant, { kind: 'status', status, headers: { location: 'http://127.0.0.1:1/' } })
    expect(await http.send(READ)).toMatchObject({ status, attempts: 1 })
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('a run that is asked to stop', () => {
  it.each<[string, Request]>([
    ['no read', READ],
    ['no token request', { method: 'POST', path: '/oauth/token', paced: false }],
  ])('sends %s more', async (_, request) => {
    const controller = new AbortController()
    const { tenant, http } = await connect({ signal: controller.signal })
    controller.abort(new NotSentError('Cancelled by SIGINT.'))
    await expect(http.send(request)).rejects.toThrow('Cancelled by SIGINT.')
    expect(tenant.requests).toEqual([])
  })

  it('says of a request that it had sent that its fate is not known', async () => {
    const controller = new AbortController()
    const { tenant, http } = await connect({
      signal: controller.signal,
      sleep: async () => controller.abort(new NotSentError('Cancelled by SIGINT.')),
    })
    always(tenant, { kind: 'reset', after: 'effect' })
    await expect(http.send(READ)).rejects.toThrow('is not known')
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('an exchange that hangs', () => {
  /** Nothing begins here but by hand. */
  async function connectHanging(signal = new AbortController().signal) {
    const handlers: Dispatcher.DispatchHandler[] = []
    const dispatch: Dispatcher.Dispatch = (_, handler) => handlers.push(handler) > 0
    const brokenOff: string[] = []
    const controller = {
      abort: ({ message }: Error) => brokenOff.push(message),
    } as unknown as Dispatcher.DispatchController
    const begin = () => {
      for (const handler of handlers) handler.onRequestStart?.(controller, undefined)
    }
    vi.useFakeTimers()
    const { http } = await connect({
      signal,
      sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
      dispatcher: { dispatch, destroy: async () => undefined } as Dispatcher,
    })
    return { http, begin, brokenOff }
  }

  afterEach(() => {
    vi.useRealTimers()
  })

  it('before it begins is given up after 20 s, and not sent later', async () => {
    const { http, begin, brokenOff } = await connectHanging()
    const sending = expect(http.send(READ)).rejects.toThrow(
      ': the answer took longer than 20 s (GET /api/v2/users/x; 3',
    )
    await vi.advanceTimersByTimeAsync(62_000)
    await sending
    begin()
    expect(brokenOff).toEqual(Array.from({ length: 3 }, () => 'the answer took longer than 20 s'))
  })

  it('before it begins does not hold up a cancelled run, and is not sent later', async () => {
    const cancelled = new AbortController()
    const { http, begin, brokenOff } = await connectHanging(cancelled.signal)
    const sending = expect(http.send(READ)).rejects.toThrow('is not known')
    await vi.advanceTimersByTimeAsync(0)
    cancelled.abort(new NotSentError('Cancelled by SIGINT.'))
    await vi.advanceTimersByTimeAsync(5000)
    await sending
    begin()
    expect(brokenOff).toEqual(['Cancelled by SIGINT.'])
  })

  it('when it has begun is broken off after 20 s', async () => {
    const { http, begin, brokenOff } = await connectHanging()
    void http.send(READ).catch(() => undefined)
    await vi.advanceTimersByTimeAsync(0)
    begin()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(brokenOff).toEqual(['the answer took longer than 20 s'])
  })
})

describe('an answer without end', () => {
  it('is not read to its end', async () => {
    const { tenant, http } = await connect()
    always(tenant, { kind: 'garbage', body: 'x'.repeat(9 * 1024 * 1024) })
    await expect(http.send(READ)).rejects.toThrow('more than 8388608 bytes')
  })
})
