import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bucket, Group } from '../../src/tenant/limits.ts'
import {
  delayBefore,
  isBlind,
  MAX_IN_FLIGHT,
  type Outcome,
  type Pace,
  type PaceLimits,
  received,
  sending,
  startPace,
  withdrawn,
} from '../../src/tenant/pace.ts'
import { type BucketPlan, type Simulated, type Simulation, simulate } from './simulation.ts'

const HEADROOM = { headroom: 0.25, ceiling: undefined }
const NO_HEADROOM = { headroom: 0, ceiling: undefined }

interface Exchange {
  readonly group?: Group
  /** When it is sent; the response arrives at once. */
  readonly at: number
  readonly bucket?: Bucket
  readonly kind?: Outcome['kind']
}

function exchange(pace: Pace, { group = 'readingUsers', at, bucket, kind = 'worked' }: Exchange): Pace {
  const sent = sending(pace, { group, now: at })
  return received(sent, { group, sent, bucket, kind, now: at })
}

/** A pace after one response, at 0, with this state of the bucket. */
function pacedBy(bucket: Bucket, limits: PaceLimits = NO_HEADROOM): Pace {
  return exchange(startPace(limits), { at: 0, bucket })
}

function delayAt(pace: Pace, now: number, group: Group = 'readingUsers'): number {
  return delayBefore(pace, { group, waiting: [], now })
}

function send(pace: Pace, now: number, group: Group = 'readingUsers'): Pace {
  return sending(pace, { group, now })
}

/** How many requests are sent at once. */
function burst(pace: Pace, now: number, group: Group = 'readingUsers'): number {
  let [sent, next] = [0, pace]
  while (sent < 1_000 && delayAt(next, now, group) === 0) [sent, next] = [sent + 1, send(next, now, group)]
  return sent
}

describe('before the refill is known', () => {
  const bucket = { limit: 1_000, remaining: 999, resetAt: 1_000 }

  it('one request is sent, and the others wait for its response', () => {
    expect(burst(startPace(NO_HEADROOM), 0)).toBe(1)
    expect(delayAt(send(startPace(NO_HEADROOM), 0), 0)).toBe(5)
  })

  it('nine requests may then be in flight, and one more after each response', () => {
    const first = pacedBy(bucket)
    expect(burst(first, 20)).toBe(9)
    expect(burst(exchange(first, { at: 20, bucket: { ...bucket, remaining: 998 } }), 20)).toBe(10)
  })

  it('at most 48 requests are in flight', () => {
    let pace = pacedBy(bucket)
    for (let at = 1; at < 100; at++) pace = exchange(pace, { at, bucket })
    expect(burst(pace, 100)).toBe(MAX_IN_FLIGHT)
  })

  it('a withdrawn request makes room for another', () => {
    const one = send(pacedBy(bucket), 20)
    expect(withdrawn(send(one, 20), 'readingUsers')).toEqual(one)
  })

  it('further requests wait for a response rather than for time', () => {
    let pace = pacedBy(bucket)
    for (let sent = 0; sent < 9; sent++) pace = send(pace, 20)
    expect(delayAt(pace, 20)).toBe(5)
  })

  it('half of the spendable requests are sent at once', () => {
    expect(burst(pacedBy({ limit: 10, remaining: 9, resetAt: 1_000 }), 0)).toBe(4)
    const half = { headroom: 0.5, ceiling: undefined }
    expect(burst(pacedBy({ limit: 20, remaining: 19, resetAt: 1_000 }, half), 0)).toBe(4)
  })

  it('the bucket is then left alone for a quarter of a second', () => {
    const pace = pacedBy({ limit: 10, remaining: 5, resetAt: 1_000 })
    expect(delayAt(pace, 0)).toBe(250)
    expect(delayAt(pace, 240)).toBe(10)
    expect(delayAt(pace, 250)).toBe(0)
  })

  it('requests wait at the reserve until the reset, and longer if more is missing', () => {
    const pace = pacedBy({ limit: 10, remaining: 3, resetAt: 900 }, HEADROOM)
    expect(delayAt(pace, 0)).toBe(900)
    expect(delayAt(pace, 900)).toBe(0)
    expect(delayAt(pace, 5_000)).toBe(0)
    expect(delayAt(pacedBy({ limit: 10, remaining: 1, resetAt: 900 }, HEADROOM), 0)).toBe(1_900)
    expect(delayAt(pacedBy({ limit: 1_000, remaining: 0, resetAt: 900 }, HEADROOM), 0)).toBe(2_400)
  })

  it('requests wait at most a minute for a reset', () => {
    expect(delayAt(pacedBy({ limit: 10, remaining: 3, resetAt: 3_600_000 }, HEADROOM), 0)).toBe(60_000)
  })

  it('a reset at the end of a window fills the bucket', () => {
    const at = (resetAt: number) => delayAt(pacedBy({ limit: 10, remaining: 1, resetAt }, HEADROOM), 0)
    expect([10_000, 10_001].map(at)).toEqual([11_000, 10_001])
  })

  it('one request of a bucket may be sent, whatever the headroom', () => {
    const pace = pacedBy({ limit: 2, remaining: 2, resetAt: 2_000 }, { headroom: 0.9, ceiling: undefined })
    expect(delayAt(pace, 0)).toBe(250)
    expect(delayAt(pace, 250)).toBe(0)
  })

  it('a bucket with one spendable request is assumed to refill as in Auth0’s slowest plan, unless its reset is far away', () => {
    const at = (resetAt: number) => delayAt(pacedBy({ limit: 2, remaining: 1, resetAt }, HEADROOM), 0)
    expect([300, 2_000, 2_001].map(at)).toEqual([300, 500, 2_001])
  })
})

describe('the refill', () => {
  const at = (remaining: number) => ({ limit: 100, remaining, resetAt: 3_000 })
  const refillOf = (pace: Pace) => pace.views.readingUsers.refill

  it('is not measured in less than a quarter of a second', () => {
    const pace = pacedBy(at(50))
    expect(refillOf(exchange(pace, { at: 249, bucket: at(60) }))).toBeUndefined()
    expect(refillOf(exchange(pace, { at: 250, bucket: at(60) }))).toBe(10 / 250)
  })

  it('is not measured before three requests are added, or two seconds have passed', () => {
    const pace = pacedBy(at(50))
    expect(refillOf(exchange(pace, { at: 1_000, bucket: at(52) }))).toBeUndefined()
    expect(refillOf(exchange(pace, { at: 1_000, bucket: at(53) }))).toBe(3 / 1_000)
    expect(refillOf(exchange(pace, { at: 1_999, bucket: at(51) }))).toBeUndefined()
    expect(refillOf(exchange(pace, { at: 2_000, bucket: at(51) }))).toBe(1 / 2_000)
    expect(refillOf(exchange(pace, { at: 2_000, bucket: at(30) }))).toBe(0)
  })

  it('is at least what a full bucket has gained, even if that is more than before', () => {
    const full = exchange(pacedBy(at(50)), { at: 100, bucket: at(99) })
    expect(refillOf(full)).toBe(49 / 100)
    // Between two responses that show a full bucket, it gained exactly what was taken.
    const slower = exchange(full, { at: 600, bucket: at(99) })
    expect(refillOf(slower)).toBe(49 / 100)
    expect(refillOf(exchange(slower, { at: 601, bucket: at(99) }))).toBe(1)
  })

  it('is measured for two seconds, and then again', () => {
    const early = exchange(pacedBy(at(10)), { at: 1_000, bucket: at(29) })
    expect(refillOf(early)).toBe(19 / 1_000)
    const late = exchange(early, { at: 2_000, bucket: at(29) })
    expect(refillOf(late)).toBe(20 / 2_000)
    expect(refillOf(exchange(late, { at: 2_500, bucket: at(39) }))).toBe(10 / 500)
  })

  it('is finite, even if no time passes', () => {
    expect(refillOf(exchange(pacedBy(at(10)), { at: 0, bucket: at(99) }))).toBe(89)
  })

  it('does not include what is added at the end of a window', () => {
    const pace = pacedBy({ limit: 100, remaining: 30, resetAt: 4_000 })
    const next = { limit: 100, remaining: 98, resetAt: 64_000 }
    expect(refillOf(exchange(pace, { at: 2_001, bucket: next }))).toBeUndefined()
    expect(refillOf(exchange(pace, { at: 2_000, bucket: next }))).toBe(68 / 2_000)
    expect(refillOf(exchange(pace, { at: 2_001, bucket: { ...next, resetAt: 12_001 } }))).toBe(68 / 2_001)
  })

  it('is measured on until enough was added', () => {
    const markOf = (remaining: number) =>
      exchange(pacedBy(at(50)), { at: 2_000, bucket: at(remaining) }).views.readingUsers.mark?.at
    expect([52, 53].map(markOf)).toEqual([0, 2_000])
  })

  it('is unknown for a bucket of another size', () => {
    const measured = exchange(pacedBy(at(50)), { at: 2_000, bucket: at(60) })
    expect(refillOf(measured)).toBe(10 / 2_000)
    expect(refillOf(exchange(measured, { at: 2_100, bucket: { ...at(99), limit: 50 } }))).toBeUndefined()
  })

  it('ignores a response that was overtaken', () => {
    const slow = send(pacedBy(at(10)), 10)
    const fast = exchange(slow, { at: 20, bucket: at(9) })
    const overtaken = { group: 'readingUsers', sent: slow, kind: 'worked', bucket: at(90), now: 3_000 } as const
    const pace = received(fast, overtaken)
    expect([refillOf(pace), pace.views.readingUsers.seen?.remaining]).toEqual([undefined, 9])
  })

  it('is not measured against a response that arrived while the request was in flight', () => {
    const sent = send(startPace(NO_HEADROOM), 0)
    const both = send(sent, 0)
    const first = received(both, { group: 'readingUsers', sent: both, kind: 'worked', bucket: at(10), now: 100 })
    const second = received(first, { group: 'readingUsers', sent: both, kind: 'worked', bucket: at(40), now: 3_000 })
    expect(refillOf(second)).toBeUndefined()
  })
})

/** Ten requests per second unless set. */
function knowing(pace: Pace, refill = 10 / 1_000): Pace {
  return { ...pace, views: { ...pace.views, readingUsers: { ...pace.views.readingUsers, refill } } }
}

describe('once the refill is known', () => {
  const bucket = { limit: 1_000, remaining: 20, resetAt: 4_000 }

  function holding(remaining: number, resetAt = 4_000): Pace {
    return knowing(pacedBy({ ...bucket, remaining, resetAt }))
  }

  it('a request waits until the bucket has one more than the reserve', () => {
    expect(delayAt(holding(0), 0)).toBe(100)
    expect(delayAt(holding(0), 30)).toBe(70)
    expect(delayAt(holding(0), 100)).toBe(0)
    expect(delayAt(knowing(pacedBy({ ...bucket, remaining: 0 }, { headroom: 0.01, ceiling: undefined })), 0)).toBe(
      1_100,
    )
  })

  it('a request waits no longer than until the reset', () => {
    expect(delayAt(holding(0, 40), 0)).toBe(40)
    expect(delayAt(holding(0, 40), 50)).toBe(0)
  })

  it('a request waits until the reset for a bucket that does not refill', () => {
    expect(delayAt(knowing(holding(0), 0), 0)).toBe(4_000)
    expect(burst(knowing(holding(9), 0), 0)).toBe(9)
  })

  it('a request checks again soon while another is in flight', () => {
    expect(delayAt(send(holding(1), 0), 0)).toBe(5)
  })

  it('requests in flight may not be counted yet, so their share is left in the bucket', () => {
    expect(burst(holding(3), 0)).toBe(3)
  })

  it('the refill may be spent, but never more than the size of the bucket', () => {
    expect(burst(holding(3), 200)).toBe(5)
    const full = knowing(pacedBy({ limit: 5, remaining: 4, resetAt: 500 }))
    expect(burst(full, 60_000)).toBe(5)
  })

  it('a request counts as taken until a response describes the bucket', () => {
    const silent = exchange(holding(3), { at: 1, kind: 'failed' })
    expect(burst(silent, 1)).toBe(2)
    expect(burst(knowing(exchange(silent, { at: 2, bucket: { ...bucket, remaining: 3 } })), 2)).toBe(3)
  })

  it('descriptions from before the latest request was sent are dropped', () => {
    let pace = startPace(HEADROOM)
    for (let at = 0; at < 100; at++) pace = exchange(pace, { at, ...(at > 50 && { bucket }) })
    expect(pace.views.readingUsers.recent).toHaveLength(2)
    expect(exchange(startPace(HEADROOM), { at: 0 }).views.readingUsers.recent).toHaveLength(1)
  })

  it('the lowest of several overlapping responses counts', () => {
    const first = send(holding(9), 0)
    const second = send(first, 1)
    const answer = (pace: Pace, sent: Pace, remaining: number) =>
      received(pace, { group: 'readingUsers', sent, kind: 'worked', bucket: { ...bucket, remaining }, now: 10 })
    expect(burst(answer(answer(second, second, 7), first, 8), 10)).toBe(7)
    expect(burst(answer(answer(second, second, 8), first, 7), 10)).toBe(7)
  })
})

describe('groups of endpoints', () => {
  const small = { limit: 10, remaining: 3, resetAt: 60_000 }
  const large = { limit: 40, remaining: 39, resetAt: 1_000 }

  it('do not delay each other if their limits differ', () => {
    const reading = exchange(startPace(HEADROOM), { group: 'rest', at: 0, bucket: small })
    const pace = exchange(reading, { at: 0, bucket: large })
    expect(delayAt(pace, 0, 'rest')).toBe(60_000)
    expect(burst(pace, 0)).toBe(9)
  })

  it('share one bucket if their limits are the same', () => {
    const bucket = { limit: 20, remaining: 12, resetAt: 1_000 }
    const first = exchange(startPace(HEADROOM), { group: 'rest', at: 0, bucket })
    const pace = exchange(first, { at: 1, bucket: { ...bucket, remaining: 11 } })
    const sent = send(send(pace, 300), 300)
    expect(burst(pace, 300)).toBe(1)
    expect(burst(sent, 300, 'rest')).toBe(0)
  })

  it('learn about a shared bucket from the latest response to any of them', () => {
    const bucket = { limit: 20, remaining: 19, resetAt: 1_000 }
    const first = exchange(startPace(HEADROOM), { group: 'rest', at: 0, bucket })
    const pace = exchange(first, { at: 1, bucket: { ...bucket, remaining: 5 } })
    expect(delayAt(pace, 1, 'rest')).toBe(999)
  })

  it('start with one request each, which may count against any known bucket', () => {
    const pace = exchange(startPace(HEADROOM), { group: 'rest', at: 0, bucket: small })
    expect(delayAt(pace, 0)).toBe(60_000)
    expect(burst(pace, 60_000)).toBe(1)
    expect(burst(send(pace, 60_000), 60_000, 'writingUsers')).toBe(0)
  })

  it('start one after the other while no bucket is known', () => {
    expect(burst(send(startPace(HEADROOM), 0), 0, 'rest')).toBe(0)
  })

  it('do not stop a known group while they start', () => {
    const pace = send(knowing(exchange(startPace(HEADROOM), { at: 0, bucket: large })), 1, 'rest')
    expect(delayAt(pace, 1)).toBe(0)
  })

  it('start before others continue and leave nothing for them', () => {
    const bucket = { limit: 20, remaining: 6, resetAt: 1_000 }
    const pace = knowing(pacedBy(bucket, HEADROOM))
    const delayOf = (group: Group, waiting: readonly Group[]) => delayBefore(pace, { group, waiting, now: 0 })
    expect(delayOf('readingUsers', ['readingUsers'])).toBe(0)
    expect(delayOf('readingUsers', ['readingUsers', 'rest'])).toBe(100)
    expect(delayOf('rest', ['readingUsers', 'rest'])).toBe(0)
    const known = exchange(pace, { group: 'rest', at: 0, bucket })
    expect(delayBefore(known, { group: 'readingUsers', waiting: ['rest'], now: 0 })).toBe(0)
  })

  it('leave at least one request of a bucket to others', () => {
    const pace = knowing(pacedBy({ limit: 2, remaining: 2, resetAt: 500 }, HEADROOM))
    expect(delayBefore(pace, { group: 'readingUsers', waiting: ['rest'], now: 0 })).toBe(0)
  })

  describe('know the refill of a bucket', () => {
    const bucket = (left: number) => ({ limit: 100, remaining: left, resetAt: 3_000 })
    const reading = knowing(pacedBy(bucket(50)))
    const refillOf = (pace: Pace) => pace.views.writingUsers.refill

    it.each([
      ['continues where the other group stopped', 51, 100, 0.01],
      ['has a little more', 60, 100, 0.01],
      ['has much more, as a separate bucket would', 61, 100, undefined],
      ['has had time to fill', 69, 1_000, 0.01],
      ['is full', 99, 60_000, undefined],
    ])('if it %s', (_, remaining, at, refill) => {
      const pace = exchange(reading, { group: 'writingUsers', at, bucket: bucket(remaining) })
      expect(refillOf(pace)).toBe(refill)
    })

    it('but not if it has much more than the other group, whenever that stopped', () => {
      const later = knowing(exchange(reading, { at: 5_000, bucket: bucket(50) }))
      expect(refillOf(exchange(later, { group: 'writingUsers', at: 5_100, bucket: bucket(61) }))).toBeUndefined()
    })

    it('from what another group has learned, as long as that is recent', () => {
      const both = exchange(reading, { group: 'writingUsers', at: 0, bucket: bucket(50) })
      const fresh = knowing(exchange(both, { at: 2_100, bucket: bucket(50) }))
      expect(refillOf(exchange(fresh, { group: 'writingUsers', at: 4_000, bucket: bucket(50) }))).toBe(0.01)
      expect(refillOf(exchange(fresh, { group: 'writingUsers', at: 4_100, bucket: bucket(50) }))).toBe(0)
    })

    it.each([
      ['size', { limit: 101 }],
      ['kind', { resetAt: 60_000 }],
    ])('but not from a bucket of another %s', (_, other) => {
      const pace = exchange(reading, { group: 'writingUsers', at: 0, bucket: { ...bucket(50), ...other } })
      expect(refillOf(pace)).toBeUndefined()
    })
  })
})

describe('a refusal', () => {
  const bucket = { limit: 50, remaining: 7, resetAt: 3_000 }
  const refused = (pace: Pace, at: number) => exchange(pace, { at, bucket, kind: 'throttled' })

  it('means that the bucket is empty, whatever its headers say', () => {
    expect(delayAt(refused(startPace(NO_HEADROOM), 1_000), 1_000)).toBe(2_240)
  })

  it('halves the measured refill, which is then measured again', () => {
    const known = exchange(pacedBy(bucket), { at: 500, bucket: { ...bucket, remaining: 17 } })
    expect(known.views.readingUsers.refill).toBe(10 / 500)
    expect(refused(known, 600).views.readingUsers).toMatchObject({ refill: 5 / 500, mark: undefined })
    expect(refused(startPace(NO_HEADROOM), 0).views.readingUsers.refill).toBeUndefined()
  })

  it('increases the margin left in the bucket, once per series of refusals', () => {
    const marginOf = (pace: Pace) => pace.views.readingUsers.margin
    const first = refused(startPace(NO_HEADROOM), 0)
    const second = refused(first, 10)
    const third = refused(exchange(second, { at: 20, bucket }), 30)
    expect([first, second, third].map(marginOf)).toEqual([2, 2, 4])
    expect(burst(knowing(exchange(third, { at: 1_000, bucket })), 1_000)).toBe(3)
  })

  it('without headers leaves the bucket unknown', () => {
    const known = pacedBy(bucket)
    const { margin, mark } = exchange(known, { at: 10, kind: 'throttled' }).views.readingUsers
    expect({ margin, mark }).toEqual({ margin: 2, mark: undefined })
  })
})

describe('without rate-limit headers', () => {
  const blind = exchange(startPace(NO_HEADROOM), { at: 0 })
  const refused = (pace: Pace, at: number) => exchange(pace, { at, kind: 'throttled' })
  const between = (pace: Pace) => delayAt(send(pace, 100_000), 100_000)

  it('ten requests per second are sent', () => {
    expect([isBlind(startPace(NO_HEADROOM)), isBlind(blind)]).toEqual([false, true])
    expect(between(blind)).toBe(100)
  })

  it('a failure does not show whether there are headers', () => {
    expect(isBlind(exchange(startPace(NO_HEADROOM), { at: 0, kind: 'failed' }))).toBe(false)
    expect(isBlind(refused(startPace(NO_HEADROOM), 0))).toBe(false)
  })

  it('a refusal halves the rate, once per series of refusals, down to one request in two seconds', () => {
    const once = refused(blind, 0)
    expect([once, refused(once, 0)].map(between)).toEqual([200, 200])
    let pace = blind
    for (let row = 0; row < 8; row++) pace = exchange(refused(pace, 0), { at: 0 })
    expect(between(pace)).toBeGreaterThan(1_900)
    expect(between(pace)).toBeLessThanOrEqual(2_000)
  })

  it('successful responses raise the rate again, up to ten', () => {
    let pace = refused(blind, 0)
    for (let answers = 0; answers < 69; answers++) pace = exchange(pace, { at: 0 })
    expect(between(pace)).toBeGreaterThan(100)
    expect(between(exchange(pace, { at: 0 }))).toBe(100)
  })

  it('the fixed rate ends with the first description of a bucket', () => {
    const pace = exchange(blind, { at: 100, bucket: { limit: 50, remaining: 49, resetAt: 1_000 } })
    expect(isBlind(pace)).toBe(false)
    expect(delayAt(pace, 100)).toBe(0)
  })

  it('a higher ceiling replaces the ten, and a refusal halves it', () => {
    const fast = exchange(startPace({ headroom: 0, ceiling: 50 }), { at: 0 })
    expect([fast, refused(fast, 0)].map(between)).toEqual([20, 40])
  })

  it('a group does not wait for the buckets of groups that have headers', () => {
    const empty = { limit: 10, remaining: 0, resetAt: 60_000 }
    const pace = exchange(blind, { group: 'rest', at: 0, bucket: empty })
    expect(delayAt(pace, 1_000)).toBe(0)
    expect(delayAt(pace, 1_000, 'rest')).toBeGreaterThan(0)
  })

  it('one such response after others with headers slows nothing down', () => {
    const pace = exchange(pacedBy({ limit: 50, remaining: 49, resetAt: 1_000 }), { at: 10 })
    expect(isBlind(pace)).toBe(false)
    expect(delayAt(send(pace, 10), 10)).toBe(0)
  })
})

// The rest simulates whole runs.

const PER_SECOND: readonly (readonly [name: string, plan: BucketPlan])[] = [
  ['2, refilled by 2 per second', { limit: 2, rate: 2 }],
  ['10, refilled by 2 per second', { limit: 10, rate: 2 }],
  ['50, refilled by 16 per second', { limit: 50, rate: 16 }],
  ['50, refilled by 50 per second', { limit: 50, rate: 50 }],
  ['250, refilled by 250 per second', { limit: 250, rate: 250 }],
  ['40, refilled continuously by 500 per minute', { limit: 40, rate: 500 / 60 }],
  ['20, refilled continuously by 200 per minute', { limit: 20, rate: 200 / 60 }],
]
const PER_MINUTE: readonly (readonly [name: string, plan: BucketPlan])[] = [
  ['20, refilled every minute', { limit: 20, rate: 20, window: 60_000 }],
  ['40, refilled every minute', { limit: 40, rate: 40, window: 60_000 }],
  ['500, refilled every minute', { limit: 500, rate: 500, window: 60_000 }],
]
const FREE = { limit: 2, rate: 2 }
const REST = { limit: 10, rate: 2 }
const READING = { limit: 40, rate: 500 / 60 }
const WRITING = { limit: 20, rate: 200 / 60 }

function shared(bucket: BucketPlan): Simulation['buckets'] {
  return { readingUsers: bucket, writingUsers: bucket, rest: bucket }
}

function separate(bucket: BucketPlan): Simulation['buckets'] {
  return { readingUsers: { ...bucket }, writingUsers: { ...bucket }, rest: { ...bucket } }
}

function spendableOf({ limit }: BucketPlan, { headroom }: PaceLimits): number {
  return limit - Math.min(Math.ceil(limit * headroom), limit - 1)
}

/** Milliseconds that the bucket itself needs for this many requests, starting full and keeping the headroom. */
function boundOf(plan: BucketPlan, requests: number, { limits, start = 0 }: Simulation): number {
  const waited = requests - spendableOf(plan, limits)
  if (waited <= 0) return 0
  if (plan.window === undefined) return (waited / (plan.rate - (plan.others ?? 0))) * 1000
  return Math.ceil(waited / spendableOf(plan, limits)) * plan.window - (start % plan.window)
}

/** A run that reads this many users, then writes to this many. */
function applied(
  options: Partial<Simulation> & Pick<Simulation, 'buckets'>,
  [reads, writes]: readonly [number, number],
) {
  const simulation: Simulation = {
    phases: [{ rest: 1 }, { readingUsers: reads }, { writingUsers: writes }],
    limits: HEADROOM,
    way: () => 10,
    reset: 'next',
    ...options,
  }
  return { simulation, result: simulate(simulation) }
}

function expectConsiderate({ refused, dip, warnings }: Simulated): void {
  expect(refused).toBe(0)
  expect(dip).toBeLessThan(0.001)
  expect(warnings).toBe(0)
}

describe.each(['full', 'next'] as const)('if the reset is the time of the bucket being %s', reset => {
  describe.each([5, 75])('and the latency is %i ms', latency => {
    const options = { reset, way: () => latency, start: 12_345 }

    it.each(PER_SECOND)('one bucket (%s) is used to its bound, and the headroom is kept', (_, plan) => {
      const [reads, writes] = [plan.limit + Math.ceil(12 * plan.rate), Math.ceil(8 * plan.rate)]
      const { simulation, result } = applied({ ...options, buckets: shared(plan) }, [reads, writes])
      expectConsiderate(result)
      const bound = boundOf(plan, 1 + reads + writes, simulation)
      // A bucket of two allows one request at a time, so each takes a round trip.
      const slowest = plan.limit === 2 ? (reads + writes) * 2 * latency : 0
      expect(result.elapsed[2]).toBeLessThan(bound * 1.1 + slowest)
    })

    it.each(PER_SECOND)('three buckets (%s) are used to their bounds, and the headroom is kept', (_, plan) => {
      const requests = plan.limit + Math.ceil(10 * plan.rate)
      const { simulation, result } = applied({ ...options, buckets: separate(plan) }, [requests, requests])
      expectConsiderate(result)
      const slowest = plan.limit === 2 ? requests * 4 * latency : 0
      expect(result.elapsed[2]).toBeLessThan(2 * boundOf(plan, requests, simulation) * 1.1 + slowest)
    })

    it.each(PER_MINUTE)('one bucket (%s) is used for no more windows than the requests need', (_, plan) => {
      const requests = plan.limit * 3 - 1
      const { simulation, result } = applied({ ...options, buckets: shared(plan) }, [requests, 0])
      expectConsiderate(result)
      const windows = boundOf(plan, 1 + requests, simulation)
      expect(result.elapsed[1]).toBeGreaterThanOrEqual(windows)
      expect(result.elapsed[1]).toBeLessThan(windows + 30_000)
    })

    it('buckets of 40 for reads, 20 for writes and 10 for the rest are each used to their bounds', () => {
      const buckets = { readingUsers: READING, writingUsers: WRITING, rest: REST }
      const { simulation, result } = applied({ ...options, buckets }, [160, 60])
      expectConsiderate(result)
      const bound = boundOf(READING, 160, simulation) + boundOf(WRITING, 60, simulation)
      expect(result.elapsed[2]).toBeLessThan(bound * 1.05)
    })

    it('a slow bucket does not delay a fast one that is used at the same time', () => {
      const buckets = { readingUsers: READING, writingUsers: WRITING, rest: FREE }
      const phases = [{ readingUsers: 160, rest: 30 }]
      const { simulation, result } = applied({ ...options, buckets, phases }, [0, 0])
      expectConsiderate(result)
      expect(result.elapsed[0]).toBeLessThan(boundOf(READING, 160, simulation) * 1.15 + 60 * latency)
    })

    it('groups that share a bucket concurrently are as fast as one group', () => {
      const plan = { limit: 50, rate: 16 }
      const phases = [{ rest: 1 }, { readingUsers: 150, writingUsers: 100, rest: 50 }]
      const { simulation, result } = applied({ ...options, buckets: shared(plan), phases }, [0, 0])
      expectConsiderate(result)
      expect(result.elapsed[1]).toBeLessThan(boundOf(plan, 301, simulation) * 1.1)
    })

    it.each(PER_SECOND.slice(1))(
      'one bucket (%s) is shared with other clients, and the headroom is kept',
      (_, plan) => {
        const buckets = shared({ ...plan, others: plan.rate / 5 })
        const requests = plan.limit + Math.ceil(15 * plan.rate)
        const { simulation, result } = applied({ ...options, buckets, random: () => 0.5 }, [requests, 0])
        expect([result.refused, result.othersRefused, result.warnings]).toEqual([0, 0, 0])
        expect(result.dip).toBeLessThan(0.001)
        const bound = boundOf(buckets.rest, requests, simulation)
        expect(result.elapsed[1]).toBeLessThan(bound * 1.1)
      },
    )
  })

  it('the whole bucket is used without headroom, and no request is refused', () => {
    for (const [, plan] of PER_SECOND.slice(1)) {
      const requests = plan.limit + Math.ceil(10 * plan.rate)
      const { simulation, result } = applied({ reset, buckets: shared(plan), limits: NO_HEADROOM }, [requests, 0])
      expect(result.refused).toBe(0)
      expect(result.elapsed[1]).toBeLessThan(boundOf(plan, 1 + requests, simulation) * 1.1)
    }
  })

  it('a refusal slows the run down without headroom and with another client', () => {
    const buckets = shared({ limit: 50, rate: 50, others: 10 })
    const { result } = applied({ reset, buckets, limits: NO_HEADROOM }, [602, 0])
    expect(result.refused).toBeLessThan(4)
    expect(result.elapsed[1]).toBeLessThan(17_000)
  })
})

describe('a ceiling', () => {
  it('is never exceeded by all groups together', () => {
    const limits = { headroom: 0, ceiling: 5 }
    const phases = [{ readingUsers: 51, rest: 50 }]
    const { result } = applied({ buckets: separate({ limit: 50, rate: 50 }), limits, phases }, [0, 0])
    expect(result.elapsed[0]).toBeGreaterThanOrEqual(20_000)
    expect(result.elapsed[0]).toBeLessThan(20_500)
  })
})

describe('a tenant without rate-limit headers', () => {
  it('gets ten requests per second', () => {
    const { result } = applied({ buckets: shared({ limit: 50, rate: 50 }), headers: false }, [300, 0])
    expect(result.refused).toBe(0)
    expect(result.elapsed[1]).toBeGreaterThan(29_000)
    expect(result.elapsed[1]).toBeLessThan(31_000)
  })

  it('refuses few requests, even if its limit is lower', () => {
    const { result } = applied({ buckets: shared({ limit: 10, rate: 2 }), headers: false }, [300, 0])
    expect(result.refused).toBeGreaterThan(0)
    expect(result.refused).toBeLessThan(15)
  })
})

describe('for any buckets, latency and other traffic', () => {
  const plan = fc
    .record({ limit: fc.integer({ min: 2, max: 250 }), share: fc.double({ min: 0.17, max: 1, noNaN: true }) })
    .map<BucketPlan>(({ limit, share }) => ({ limit, rate: Math.max(2, limit * share) }))
  const window = fc.integer({ min: 10, max: 250 }).map<BucketPlan>(limit => ({ limit, rate: limit, window: 60_000 }))
  const beside = (plans: fc.Arbitrary<BucketPlan>, others: fc.Arbitrary<number>) =>
    fc.tuple(plans, others).map(([each, share]) => {
      const seconds = each.window === undefined ? 1 : 60
      return { ...each, others: (each.rate / seconds) * share }
    })
  const bucketsOf = (plans: fc.Arbitrary<BucketPlan>) =>
    fc.oneof(
      plans.map(shared),
      plans.map(separate),
      // None of Auth0's plans has two buckets of the same size.
      fc
        .record({ readingUsers: plans, writingUsers: plans, rest: plans })
        .filter(buckets => new Set(Object.values(buckets).map(({ limit }) => limit)).size === 3),
    )
  const limits = fc.constantFrom(0, 0.1, 0.25, 0.25, 0.5).map(headroom => ({ headroom, ceiling: undefined }))
  const circumstances = {
    limits,
    seed: fc.integer(),
    way: fc.record({ min: fc.integer({ max: 300, min: 1 }), spread: fc.integer({ max: 400, min: 0 }) }),
    reset: fc.constantFrom('full' as const, 'next' as const),
    start: fc.integer({ min: 0, max: 60_000 }),
    counts: fc.tuple(...(['readingUsers', 'writingUsers', 'rest'] as const).map(() => fc.integer({ min: 0, max: 60 }))),
    together: fc.boolean(),
  }

  function run(buckets: Simulation['buckets'], drawn: Drawn): Simulated {
    const random = randomFrom(drawn.seed)
    const [readingUsers, writingUsers, rest] = drawn.counts as [number, number, number]
    const phases = drawn.together
      ? [{ readingUsers, writingUsers, rest }]
      : [{ rest: 1 }, { readingUsers, rest }, { writingUsers }]
    const way = () => drawn.way.min + drawn.way.spread * random()
    return simulate({ ...drawn, buckets, phases, way, random })
  }

  interface Drawn {
    readonly limits: PaceLimits
    readonly seed: number
    readonly way: { readonly min: number; readonly spread: number }
    readonly reset: 'full' | 'next'
    readonly start: number
    readonly counts: readonly number[]
    readonly together: boolean
  }

  it('no request uses the headroom, and none is refused', () => {
    fc.assert(
      fc.property(bucketsOf(fc.oneof(plan, plan, window)), fc.record(circumstances), (buckets, drawn) => {
        const { refused, dip } = run(buckets, drawn)
        expect(refused).toBe(0)
        expect(dip).toBeLessThan(0.001)
      }),
      { numRuns: 50, endOnFailure: true },
    )
  })

  it('no request uses the headroom next to other clients, apart from what those take in the meantime', () => {
    const plans = beside(fc.oneof(plan, plan, window), fc.double({ min: 0, max: 0.4, noNaN: true }))
    fc.assert(
      fc.property(bucketsOf(plans), fc.record(circumstances), (buckets, drawn) => {
        expect(run(buckets, drawn).dip).toBeLessThan(0.001)
      }),
      { numRuns: 50, endOnFailure: true },
    )
  })

  it('the run is within a tenth of the bound, on any plan that refills continuously', () => {
    const wide = plan.filter(({ limit }) => limit >= 5)
    const plans = fc.tuple(bucketsOf(beside(wide, fc.constantFrom(0, 0, 0.2))), fc.boolean())
    const near = {
      ...circumstances,
      way: fc.record({ min: fc.constantFrom(1, 20), spread: fc.integer({ min: 0, max: 100 }) }),
    }
    fc.assert(
      fc.property(plans, fc.record(near), ([buckets], { seed, way, reset, start }) => {
        const random = randomFrom(seed)
        const [reading, writing] = [buckets.readingUsers, buckets.writingUsers]
        const countOf = (each: BucketPlan) => Math.ceil(each.limit + 12 * each.rate)
        const { simulation, result } = applied({ buckets, reset, start, way: () => way.min + way.spread * random() }, [
          countOf(reading),
          countOf(writing),
        ])
        const bound =
          reading === writing
            ? boundOf(reading, 1 + 2 * countOf(reading), simulation)
            : boundOf(reading, countOf(reading), simulation) + boundOf(writing, countOf(writing), simulation)
        // Includes a second per bucket to learn its refill.
        expect(result.elapsed[2]).toBeLessThan(bound * 1.1 + 2_000)
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })
})

/** Mulberry32: 0 to below 1. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
