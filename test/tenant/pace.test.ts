import { describe, expect, it } from 'vitest'
import { delayBefore, readBucket, received, sending, startPace } from '../../src/tenant/pace.ts'
import { type Simulation, simulate } from './simulation.ts'

const HEADROOM = { headroom: 0.25, ceiling: undefined }
const NO_HEADROOM = { headroom: 0, ceiling: undefined }
const BASE: Simulation = {
  requests: 602,
  limits: HEADROOM,
  limit: 50,
  rate: 50,
  latency: 20,
  width: 48,
  reset: 'full',
}

/** Milliseconds that the bucket itself needs, where so much of it is left. */
function boundOf({ requests, limit, rate, limits, others = 0 }: Simulation): number {
  return ((requests - limit * (1 - limits.headroom)) / (rate - others)) * 1000
}

const BUCKETS: readonly (readonly [number, number, number])[] = [
  [10, 2, 60],
  [50, 16, 300],
  [50, 50, 602],
  [100, 100, 1000],
  [250, 250, 2500],
]

describe.each(['full', 'next'] as const)('where the reset is when the bucket is %s', reset => {
  describe.each([2, 20, 150])('at a latency of %i ms', latency => {
    it.each(BUCKETS)(
      'a bucket of %i (%i a second) is used to its bound, and the headroom stays',
      (limit, rate, requests) => {
        const run = { ...BASE, reset, latency, limit, rate, requests }
        const { elapsed, refused, lowest } = simulate(run)
        expect(refused).toBe(0)
        expect(lowest).toBeGreaterThan(limit * 0.25 - 0.001)
        expect(elapsed).toBeLessThan(boundOf(run) * 1.05 + 3 * latency)
      },
    )

    it.each(BUCKETS)(
      'a bucket of %i (%i a second) shared with another client is yielded to',
      (limit, rate, requests) => {
        const run = { ...BASE, reset, latency, limit, rate, requests, others: rate / 5 }
        const { elapsed, refused, lowest, othersRefused } = simulate(run)
        expect(refused + othersRefused).toBe(0)
        expect(lowest).toBeGreaterThan(limit * 0.2 - 0.001)
        expect(elapsed).toBeLessThan(boundOf(run) * 1.05 + 3 * latency)
      },
    )
  })

  it('all of the bucket is used without headroom, and not one request more', () => {
    for (const [limit, rate, requests] of BUCKETS) {
      const { refused } = simulate({ ...BASE, reset, limit, rate, requests, limits: NO_HEADROOM })
      expect(refused).toBe(0)
    }
  })

  it('600 users on a bucket of 50 (50 a second) end within 5 % of its bound without headroom', () => {
    const run = { ...BASE, reset, limits: NO_HEADROOM }
    expect(simulate(run).elapsed).toBeLessThan(boundOf(run) * 1.05)
  })

  it('a bucket of 2 (2 a second) works, with half of it left to others', () => {
    const { refused, lowest, elapsed } = simulate({ ...BASE, reset, limit: 2, rate: 2, requests: 30 })
    expect(refused).toBe(0)
    expect(lowest).toBeGreaterThanOrEqual(0.5)
    expect(elapsed).toBeLessThan(31_000)
  })
})

describe('a bucket that is filled at the top of each minute', () => {
  it.each([40, 200, 500])('of %i takes no more windows than its requests need', limit => {
    const requests = limit * 3
    const { elapsed, refused, lowest } = simulate({ ...BASE, limit, rate: limit / 60, window: 60_000, requests })
    expect(refused).toBe(0)
    expect(lowest).toBeGreaterThan(limit * 0.25 - 0.001)
    expect(elapsed).toBeLessThan(Math.ceil(requests / (limit * 0.75)) * 60_000)
  })
})

describe('without rate-limit headers', () => {
  it('ten requests a second go out', () => {
    const { elapsed, refused } = simulate({ ...BASE, headers: false, requests: 300 })
    expect(refused).toBe(0)
    expect(elapsed).toBeGreaterThan(29_000)
    expect(elapsed).toBeLessThan(31_000)
  })

  it('each refusal halves that', () => {
    const { refused } = simulate({ ...BASE, headers: false, limit: 10, rate: 2, requests: 300 })
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThan(8)
  })
})

describe('an answer without headers before the first with them', () => {
  it('slows nothing down for good', () => {
    const answer = { answered: true, throttled: false, latency: 10, jitter: 0 }
    const bucket = { limit: 50, remaining: 49, resetAt: 1_000 }
    const blind = received(sending(startPace(NO_HEADROOM), 0), { ...answer, bucket: undefined }, 10)
    expect(delayBefore(blind, 10)).toBe(90)
    const seeing = received(sending(blind, 100), { ...answer, bucket }, 110)
    expect(seeing.blind).toBe(false)
    expect(delayBefore(seeing, 110)).toBe(0)
  })
})

describe('a ceiling', () => {
  it('is never exceeded, and never raised by the tenant', () => {
    const { elapsed } = simulate({ ...BASE, limits: { headroom: 0, ceiling: 5 }, requests: 101 })
    expect(elapsed).toBeGreaterThanOrEqual(20_000)
    expect(elapsed).toBeLessThan(20_500)
  })
})

describe('a refusal', () => {
  const bucket = { limit: 50, remaining: 0, resetAt: 3_000 }
  const refusal = { bucket, answered: true, throttled: true, latency: 10, jitter: 0.5 }

  it('holds everybody back until the reset, with jitter', () => {
    const pace = received(sending(startPace(NO_HEADROOM), 0), refusal, 1_000)
    expect(delayBefore(pace, 1_000)).toBe(2_500)
    expect(delayBefore(pace, 3_499)).toBe(1)
    expect(delayBefore(pace, 3_500)).toBe(0)
  })
})

describe('an attempt without an answer', () => {
  it('counts as taken from the bucket until an answer tells', () => {
    const bucket = { limit: 2, remaining: 2, resetAt: 1_000 }
    const answer = { bucket, answered: true, throttled: false, latency: 10, jitter: 0 }
    let pace = received(sending(startPace(NO_HEADROOM), 0), answer, 10)
    for (const at of [20, 30]) {
      pace = received(sending(pace, at), { ...answer, bucket: undefined, answered: false }, at + 1)
    }
    expect(delayBefore(pace, 40)).toBeGreaterThan(0)
  })
})

describe('the headers', () => {
  const headers = { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '49', 'x-ratelimit-reset': '1000' }
  it('are read by the server’s clock where it tells, else by ours', () => {
    const date = new Date(997_000).toUTCString()
    expect(readBucket({ ...headers, date }, 5)).toEqual({ limit: 50, remaining: 49, resetAt: 3_005 })
    expect(readBucket(headers, 999_000)).toEqual({ limit: 50, remaining: 49, resetAt: 1_000_000 })
  })

  it.each([
    ['a reset in the past', { 'x-ratelimit-reset': '1' }, { limit: 50, remaining: 49, resetAt: 999_000 }],
    [
      'a reset in a hundred years',
      { 'x-ratelimit-reset': '4000000000' },
      { limit: 50, remaining: 49, resetAt: 1_059_000 },
    ],
    [
      'more remaining than there can be',
      { 'x-ratelimit-remaining': '99' },
      { limit: 50, remaining: 50, resetAt: 1_000_000 },
    ],
    ['a limit of nothing', { 'x-ratelimit-limit': '0' }, undefined],
    ['a word', { 'x-ratelimit-limit': 'many' }, undefined],
    ['a negative number', { 'x-ratelimit-remaining': '-1' }, undefined],
    ['one of them missing', { 'x-ratelimit-reset': undefined }, undefined],
    ['one of them twice', { 'x-ratelimit-limit': ['50', '50'] }, undefined],
  ])('with %s do no harm', (_, absurd, expected) => {
    expect(readBucket({ ...headers, ...absurd }, 999_000)).toEqual(expected)
  })
})
