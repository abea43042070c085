import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Bucket,
  delayBefore,
  MOST_IN_FLIGHT,
  type Outcome,
  type Pace,
  type PaceLimits,
  readBucket,
  received,
  sending,
  startPace,
  withdrawn,
} from '../../src/tenant/pace.ts'
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

const ANSWER: Outcome = { bucket: undefined, answered: true, throttled: false, latency: 20, jitter: 0 }

/** One request, and the answer that it gets at once. */
function exchange(pace: Pace, at: number, outcome: Partial<Outcome>): Pace {
  return received(sending(pace, at), { ...ANSWER, ...outcome }, at)
}

/** A pace that has had one answer, by which there is so much in the bucket. */
function pacedBy(bucket: Bucket, limits: PaceLimits = NO_HEADROOM): Pace {
  return exchange(startPace(limits), 0, { bucket })
}

/** How many requests go out at once. */
function burst(pace: Pace, now: number): number {
  let [sent, next] = [0, pace]
  while (sent < 1_000 && delayBefore(next, now) === 0) [sent, next] = [sent + 1, sending(next, now)]
  return sent
}

describe('before anything is known of the refill', () => {
  const bucket = { limit: 1_000, remaining: 999, resetAt: 1_000 }

  it('one request goes, and the others wait for its answer', () => {
    expect(burst(startPace(NO_HEADROOM), 0)).toBe(1)
    expect(delayBefore(sending(startPace(NO_HEADROOM), 0), 0)).toBe(5)
  })

  it('eight more are under way at once, and one more for each answer', () => {
    const first = pacedBy(bucket)
    expect(burst(first, 20)).toBe(9)
    expect(burst(exchange(first, 20, { bucket: { ...bucket, remaining: 998 } }), 20)).toBe(10)
  })

  it('what was about to be sent and was not makes room for another', () => {
    const one = sending(pacedBy(bucket), 20)
    expect(withdrawn(sending(one, 20))).toEqual(one)
  })

  it('they wait for an answer rather than for time', () => {
    let pace = pacedBy(bucket)
    for (let sent = 0; sent < 9; sent++) pace = sending(pace, 20)
    expect(delayBefore(pace, 20)).toBe(5)
  })

  it('half of what may be spent is spent at once', () => {
    expect(burst(pacedBy({ limit: 10, remaining: 9, resetAt: 1_000 }), 0)).toBe(4)
    expect(burst(pacedBy({ limit: 20, remaining: 19, resetAt: 1_000 }, { headroom: 0.5, ceiling: undefined }), 0)).toBe(
      4,
    )
  })

  it('then the bucket is left alone for a quarter of a second', () => {
    const pace = pacedBy({ limit: 10, remaining: 5, resetAt: 1_000 })
    expect(delayBefore(pace, 0)).toBe(250)
    expect(delayBefore(pace, 240)).toBe(10)
    expect(delayBefore(pace, 250)).toBe(0)
  })

  it('at the reserve the reset is waited for', () => {
    const pace = pacedBy({ limit: 10, remaining: 2, resetAt: 900 }, HEADROOM)
    expect(delayBefore(pace, 0)).toBe(900)
    expect(delayBefore(pace, 900)).toBe(0)
    expect(delayBefore(pace, 5_000)).toBe(0)
  })

  it('a window of more than five seconds is no refill to wait for', () => {
    expect(delayBefore(pacedBy({ limit: 10, remaining: 5, resetAt: 5_000 }), 0)).toBe(250)
    expect(delayBefore(pacedBy({ limit: 10, remaining: 5, resetAt: 5_001 }), 0)).toBe(0)
  })

  it('one request of a bucket may go, whatever the headroom', () => {
    const pace = pacedBy({ limit: 2, remaining: 2, resetAt: 2_000 }, { headroom: 0.9, ceiling: undefined })
    expect(delayBefore(pace, 0)).toBe(250)
    expect(delayBefore(pace, 250)).toBe(0)
  })
})

describe('the refill', () => {
  const at = (remaining: number) => ({ limit: 100, remaining, resetAt: 3_000 })

  it('is not believed before a quarter of a second', () => {
    const pace = pacedBy(at(50))
    expect(exchange(pace, 249, { bucket: at(60) }).refill).toBeUndefined()
    expect(exchange(pace, 250, { bucket: at(60) }).refill).toBe(10 / 250)
  })

  it('is not believed before three requests are filled in, or two seconds are over', () => {
    const pace = pacedBy(at(50))
    expect(exchange(pace, 1_000, { bucket: at(51) }).refill).toBeUndefined()
    expect(exchange(pace, 1_000, { bucket: at(52) }).refill).toBe(2 / 1_000)
    expect(exchange(pace, 1_999, { bucket: at(50) }).refill).toBeUndefined()
    expect(exchange(pace, 2_000, { bucket: at(51) }).refill).toBe(1 / 2_000)
  })

  it('is never nothing, so that a slow bucket is looked at again', () => {
    expect(exchange(pacedBy(at(50)), 2_000, { bucket: at(40) }).refill).toBe(0.3 / 2_000)
  })

  it('is not measured in a bucket that is full', () => {
    const pace = exchange(pacedBy(at(50)), 300, { bucket: at(99) })
    expect(pace.refill).toBeUndefined()
    expect(exchange(pace, 500, { bucket: at(98) }).refill).toBeUndefined()
  })

  it('is measured from one beginning for two seconds, and then anew', () => {
    const early = exchange(pacedBy(at(10)), 1_000, { bucket: at(29) })
    expect(early.refill).toBe(19 / 1_000)
    const late = exchange(early, 2_000, { bucket: at(28) })
    expect(late.refill).toBe(19 / 2_000)
    expect(exchange(late, 2_500, { bucket: at(38) }).refill).toBe(10 / 500)
  })

  it('is forgotten where the bucket turns out to be filled by the minute', () => {
    const pace = exchange(pacedBy(at(10)), 1_000, { bucket: at(29) })
    expect(exchange(pace, 1_100, { bucket: { ...at(28), resetAt: 60_000 } }).refill).toBeUndefined()
  })
})

describe('once the refill is known', () => {
  /** Ten requests a second, and an answer takes 100 ms. */
  const known: Pace = {
    ...pacedBy({ limit: 1_000, remaining: 900, resetAt: 4_000 }),
    refill: 10 / 1_000,
    latency: 100,
    answers: 50,
  }
  const empty: Pace = { ...known, seen: { limit: 1_000, remaining: 0, resetAt: 4_000, at: 0 } }

  it.each([
    ['eight at the least', 10, 100, 8],
    ['twice of what comes in while an answer is under way', 100, 100, 20],
    ['more of them where an answer takes longer', 100, 200, 40],
    ['48 at the most', 1_000, 1_000, MOST_IN_FLIGHT],
  ])('as many are under way at once as are of use: %s', (_, rate, latency, expected) => {
    expect(burst({ ...known, refill: rate / 1_000, latency }, 0)).toBe(expected)
  })

  it('a request waits until there is one more than the reserve', () => {
    expect(delayBefore(empty, 0)).toBe(100)
    expect(delayBefore(empty, 30)).toBe(70)
    expect(delayBefore(empty, 100)).toBe(0)
    expect(delayBefore({ ...empty, limits: { headroom: 0.01, ceiling: undefined } }, 0)).toBe(1_100)
  })

  it('it waits no longer than until the reset', () => {
    const soon: Pace = { ...empty, seen: { limit: 1_000, remaining: 0, resetAt: 1_040, at: 1_000 } }
    expect(delayBefore(soon, 1_000)).toBe(40)
    expect(delayBefore(soon, 1_040)).toBe(0)
    expect(delayBefore(soon, 1_050)).toBe(0)
  })

  it('it looks again soon while an answer is under way that will tell more', () => {
    expect(delayBefore({ ...empty, inFlight: 1 }, 0)).toBe(5)
  })

  it('what is under way may not be counted yet, and is left in the bucket', () => {
    const seen = { limit: 1_000, remaining: 3, resetAt: 4_000, at: 0 }
    expect(burst({ ...known, seen }, 0)).toBe(3)
  })
})

describe('the latency', () => {
  it('is that of the first answer, then moves by a tenth to each further one', () => {
    const first = exchange(startPace(NO_HEADROOM), 0, { latency: 100 })
    expect(first.latency).toBe(100)
    expect(exchange(first, 10, { latency: 200 }).latency).toBeCloseTo(110, 9)
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

  it('halves the refill that was learned, and makes up none where nothing was', () => {
    const pace = startPace(NO_HEADROOM)
    expect(exchange({ ...pace, refill: 0.05 }, 0, refusal).refill).toBe(0.025)
    expect(exchange(pace, 0, refusal).refill).toBeUndefined()
  })

  it('does not shorten the wait of another', () => {
    const later = exchange(startPace(NO_HEADROOM), 0, { ...refusal, bucket: { ...bucket, resetAt: 4_000 } })
    expect(delayBefore(exchange(later, 0, refusal), 0)).toBe(4_500)
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

describe('without headroom, beside another client', () => {
  it.each(['full', 'next'] as const)('a first refusal is a lesson (reset: %s)', reset => {
    const { refused, elapsed } = simulate({ ...BASE, reset, limits: NO_HEADROOM, others: 10 })
    expect(refused).toBeLessThan(4)
    expect(elapsed).toBeLessThan(17_000)
  })
})

describe('refusals in a row', () => {
  const bucket = { limit: 50, remaining: 0, resetAt: 0 }
  const blind = { bucket: undefined, throttled: true, jitter: 0, latency: 10 }

  it('count once where they were under way together', () => {
    const both = sending(sending(startPace(NO_HEADROOM), 0), 0)
    const first = received(both, { ...ANSWER, throttled: true, latency: 100 }, 100)
    const second = received(first, { ...ANSWER, throttled: true, latency: 100 }, 100)
    const third = received(sending(second, 150), { ...ANSWER, throttled: true, latency: 50 }, 150)
    expect([first, second, third].map(({ refusals }) => refusals.inRow)).toEqual([1, 1, 1])
    const later = received(sending(third, 101), { ...ANSWER, throttled: true, latency: 50 }, 151)
    expect(later.refusals).toEqual({ inRow: 2, at: 151 })
    expect(exchange(later, 300, {}).refusals.inRow).toBe(0)
  })

  it('that tell no reset pause twice as long each time, up to eight seconds', () => {
    let [pace, now] = [startPace(NO_HEADROOM), 0]
    const pauses: number[] = []
    for (let refused = 0; refused < 6; refused++) {
      now += 100_000
      pace = received(sending(pace, now - 10), { ...ANSWER, ...blind }, now)
      pauses.push(delayBefore(pace, now))
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
  })

  it('leave something more in the bucket each time', () => {
    const refused = { ...ANSWER, bucket, throttled: true, latency: 10 }
    const first = received(sending(startPace(NO_HEADROOM), 0), refused, 10)
    const together = received(sending(first, 0), refused, 10)
    const second = received(sending(together, 100), refused, 110)
    const blindly = received(sending(second, 200), { ...refused, bucket: undefined }, 210)
    expect([first, together, second, blindly].map(({ margin }) => margin)).toEqual([2, 2, 4, 4])
  })

  it('let one request go to see, and the others once it is answered', () => {
    const refused = received(sending(startPace(NO_HEADROOM), 0), { ...ANSWER, ...blind }, 10)
    const seeing = sending(refused, 10_000)
    expect(delayBefore(seeing, 20_000)).toBe(5)
    expect(delayBefore(sending(received(seeing, ANSWER, 20_000), 20_000), 30_000)).toBe(0)
  })
})

describe('a refusal without headers', () => {
  it('is waited out for a second, with jitter', () => {
    const pace = exchange(startPace(NO_HEADROOM), 100, { throttled: true, jitter: 0.5 })
    expect(delayBefore(pace, 100)).toBe(1_500)
    expect(delayBefore(pace, 1_600)).toBe(0)
  })

  it.each([
    [0, 100],
    [1, 200],
    [2, 400],
    [3, 800],
    [4, 1_600],
    [5, 2_000],
    [9, 2_000],
  ])('%i times in a row leaves %i ms between two requests', (refusals, between) => {
    let pace = exchange(startPace(NO_HEADROOM), 0, {})
    for (let refused = 0; refused < refusals; refused++) pace = exchange(pace, 0, { throttled: true })
    expect(delayBefore(sending(pace, 10_000), 10_000)).toBe(between)
  })
})

describe('an answer without headers after one with them', () => {
  it('slows nothing down: what is known of the bucket still holds', () => {
    const pace = exchange(pacedBy({ limit: 50, remaining: 49, resetAt: 1_000 }), 10, {})
    expect(pace.blind).toBe(false)
    expect(delayBefore(sending(pace, 10), 10)).toBe(0)
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

describe('the headers', () => {
  const headers = { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '49', 'x-ratelimit-reset': '1000' }
  it('are read by the server’s clock where it tells, else by ours', () => {
    const date = new Date(997_000).toUTCString()
    expect(readBucket({ ...headers, date }, 5, 0)).toEqual({ limit: 50, remaining: 49, resetAt: 3_005 })
    expect(readBucket(headers, 999_000, 999_000)).toEqual({ limit: 50, remaining: 49, resetAt: 1_000_000 })
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
    ['a number and more', { 'x-ratelimit-limit': '50 a second' }, undefined],
    ['a number that is too long', { 'x-ratelimit-reset': '1000000000000' }, undefined],
    ['a clock that is none', { date: 'noon' }, { limit: 50, remaining: 49, resetAt: 1_000_000 }],
    [
      'two clocks',
      { date: ['Thu, 01 Jan 1970 00:16:37 GMT', 'noon'] },
      { limit: 50, remaining: 49, resetAt: 1_000_000 },
    ],
    ['one of them missing', { 'x-ratelimit-reset': undefined }, undefined],
    ['one of them twice', { 'x-ratelimit-limit': ['50', '50'] }, undefined],
  ])('with %s do no harm', (_, absurd, expected) => {
    expect(readBucket({ ...headers, ...absurd }, 999_000, 999_000)).toEqual(expected)
  })
})

// From here on, whole runs in simulated time.

describe('a ceiling', () => {
  it('is never exceeded, and never raised by the tenant', () => {
    const { elapsed } = simulate({ ...BASE, limits: { headroom: 0, ceiling: 5 }, requests: 101 })
    expect(elapsed).toBeGreaterThanOrEqual(20_000)
    expect(elapsed).toBeLessThan(20_500)
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

describe('whatever the bucket', () => {
  const simulation = fc.record({
    requests: fc.integer({ min: 1, max: 150 }),
    limits: fc.record({ headroom: fc.double({ min: 0, max: 0.95, noNaN: true }), ceiling: fc.constant(undefined) }),
    limit: fc.integer({ min: 1, max: 200 }),
    rate: fc.double({ min: 0.2, max: 300, noNaN: true }),
    latency: fc.integer({ min: 1, max: 1_500 }),
    width: fc.integer({ min: 1, max: 60 }),
    reset: fc.constantFrom('full' as const, 'next' as const),
  })
  const leftAlone = ({ limit, limits: { headroom } }: Simulation) => Math.min(Math.ceil(limit * headroom), limit - 1)

  it('no request takes anything of the headroom, and none is refused', () => {
    fc.assert(
      fc.property(simulation, run => {
        const { lowest, refused } = simulate(run)
        expect(refused).toBe(0)
        expect(lowest).toBeGreaterThan(leftAlone(run) - 0.001)
      }),
      { numRuns: 100 },
    )
  })

  it('so it is where the bucket is filled once a minute', () => {
    fc.assert(
      fc.property(simulation, run => {
        const { lowest, refused } = simulate({ ...run, window: 60_000, rate: run.limit / 60 })
        expect(refused).toBe(0)
        expect(lowest).toBeGreaterThanOrEqual(leftAlone(run))
      }),
      { numRuns: 50 },
    )
  })
})
