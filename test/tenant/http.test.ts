import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, SYSTEM_CLOCK } from '../../src/clock.ts'
import { NotSentError } from '../../src/errors.ts'
import { createHttp, type Http, type HttpOptions, openDispatcher, type Request } from '../../src/tenant/http.ts'
import { fastClock, impatientClock } from '../clock.ts'
import type { FaultKind } from '../servers/tenant/fault.ts'
import { startTenant, type Tenant } from '../servers/tenant/tenant.ts'

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
    dispatcher: openDispatcher(tenant.domain),
    origin: tenant.domain,
    mode: 'apply',
    limits: { headroom: 0.25, ceiling: undefined },
    signal: new AbortController().signal,
    // The pauses before another try are not waited for; those of the pace, which are shorter, are.
    clock: impatientClock(pauses),
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
    const { tenant, http } = await connect({ clock: { ...impatientClock([]), now } })
    always(tenant, { kind: 'reset', after: 'nothing' })
    await expect(http.send(READ)).rejects.toThrow('GET /api/v2/users/x; 3 attempts')
    expect(tenant.requests).toHaveLength(3)
  })

  it('is tried by one request at a time once everything fails, until the tenant counts as down', async () => {
    let now = 0
    const clock: Clock = {
      ...SYSTEM_CLOCK,
      now: () => now,
      sleep: async milliseconds => {
        now += milliseconds
        await sleep(1)
      },
    }
    const { tenant, http } = await connect({ clock })
    always(tenant, { kind: 'reset', after: 'nothing' })
    const errors = await Promise.all(Array.from({ length: 20 }, () => http.send(READ).catch(error => error)))
    expect(errors.some(error => error.details.reach === 'run')).toBe(true)
    expect(now).toBeGreaterThanOrEqual(20_000)
    expect(tenant.requests.length).toBeLessThan(32)
  })

  it('is no reason to give up where it is over soon, however many requests it meets', async () => {
    const { tenant, http } = await connect({ clock: SYSTEM_CLOCK })
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
      clock: { ...SYSTEM_CLOCK, sleep: async () => controller.abort(new NotSentError('Cancelled by SIGINT.')) },
    })
    always(tenant, { kind: 'reset', after: 'effect' })
    await expect(http.send(READ)).rejects.toThrow('is not known')
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('an exchange that hangs', () => {
  it('is given up after three time-outs of 20 s', async () => {
    const { tenant, http } = await connect({ clock: fastClock(1000) })
    always(tenant, { kind: 'hang' })
    await expect(http.send(READ)).rejects.toThrow(': the answer took longer than 20 s (GET /api/v2/users/x; 3 attempts')
    expect(tenant.requests).toHaveLength(3)
  })

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
    await expect(http.send(READ)).rejects.toThrow('is not known')
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('an answer without end', () => {
  it('is not read to its end', async () => {
    const { tenant, http } = await connect()
    always(tenant, { kind: 'garbage', body: 'x'.repeat(9 * 1024 * 1024) })
    await expect(http.send(READ)).rejects.toThrow('exceeded max size')
  })
})
