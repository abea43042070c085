import { describe, expect, it } from 'vitest'
import type { Moment } from '../../src/tenant/limits.ts'
import {
  delayByOutage,
  type Failure,
  isDown,
  isOverdue,
  NO_OUTAGE,
  type Outage,
  withFailure,
  withSuccess,
} from '../../src/tenant/outage.ts'

const FAILURE: Failure = { request: 'one', sentAt: 0, throttled: false, end: undefined, jitter: 0, now: 100 }
const endAt = (at: number): Moment => ({ at, time: at })

function failing(...failures: readonly Partial<Failure>[]): Outage {
  return failures.reduce<Outage>((outage, each) => withFailure(outage, { ...FAILURE, ...each }), NO_OUTAGE)
}

function delayAt(outage: Outage, now: number, inFlight = 0): number {
  return delayByOutage(outage, { inFlight, now })
}

describe('all requests wait', () => {
  it('after the third failure in a row, and not before', () => {
    expect(delayAt(failing({}, {}), 100, 47)).toBe(0)
    expect(delayAt(failing({}, {}, {}), 100)).toBe(250)
  })

  it('after one 429', () => {
    expect(delayAt(failing({ throttled: true }), 100)).toBe(250)
  })

  it('after one failure whose response names an end', () => {
    expect(delayAt(failing({ end: endAt(10_100) }), 100)).toBe(10_000)
  })

  it('but not after failures with a success in between', () => {
    const outage = withSuccess(failing({}, {}), { sentAt: 0, now: 100 })
    expect(delayAt(withFailure(outage, FAILURE), 100)).toBe(0)
  })
})

describe('while requests fail', () => {
  const outage = failing({ throttled: true })

  it('one at a time probes the tenant', () => {
    expect(delayAt(outage, 350)).toBe(0)
    expect(delayAt(outage, 350, 1)).toBe(50)
  })

  it.each([
    [1_000, 300],
    [3_100, 1_000],
    [12_100, 4_000],
    [50_000, 4_000],
  ])('%i ms after the first failure, the next request waits for %i ms', (now, pause) => {
    expect(delayAt(withFailure(outage, { ...FAILURE, now }), now)).toBeCloseTo(pause, 6)
  })

  it('the pause is shortened by up to half of it, at random', () => {
    expect(delayAt(failing({ throttled: true, jitter: 1 }), 100)).toBe(125)
    expect(delayAt(failing({ throttled: true, jitter: 0.5 }), 100)).toBe(187.5)
  })

  it.each([
    ['the end that the tenant names', 10_100, 10_500],
    ['a minute at most', 3_600_100, 60_500],
    ['a moment, if that end is now', 100, 500],
  ])('the next request waits for %s', (_, at, delay) => {
    expect(delayAt(failing({ throttled: true, end: endAt(at), jitter: 0.5 }), 100)).toBe(delay)
  })
})

describe('after a request has succeeded', () => {
  const over = withSuccess(failing({ throttled: true }), { sentAt: 350, now: 400 })

  it('two may be in flight, then three, and so on', () => {
    expect([0, 1, 2].map(inFlight => delayAt(over, 400, inFlight))).toEqual([0, 0, 5])
    const next = withSuccess(over, { sentAt: 400, now: 450 })
    expect([2, 3].map(inFlight => delayAt(next, 450, inFlight))).toEqual([0, 5])
  })

  it('nothing changes if it was sent before the failure', () => {
    const outage = failing({ throttled: true })
    expect(withSuccess(outage, { sentAt: 99, now: 400 })).toBe(outage)
    expect(withSuccess(outage, { sentAt: 100, now: 400 })).not.toBe(outage)
  })

  it('there is no limit to requests in flight without an outage', () => {
    expect(delayAt(withSuccess(NO_OUTAGE, { sentAt: 0, now: 1 }), 1, 1_000)).toBe(0)
  })

  it('the next outage starts over, and not before the success', () => {
    expect(withFailure(over, { ...FAILURE, sentAt: 300, now: 20_000 })).toMatchObject({ failures: 1, since: 400 })
  })
})

describe('an outage is overdue', () => {
  const end = (at: number) => ({ failures: 1, since: 1_000, end: endAt(at) })
  it.each([
    ['for an attempt that was sent a minute after its start', { failures: 3, since: 1_000, end: undefined }, 61_000],
    ['at the end that the tenant named', end(200_000), 200_000],
    ['at an end that is five minutes away', end(301_000), 301_000],
    ['after a minute, if the end is too far away', end(301_001), 61_000],
    ['after a minute, if the end is earlier', end(2_000), 61_000],
  ])('%s', (_, outage, sentAt) => {
    expect(isOverdue(outage, sentAt - 1)).toBe(false)
    expect(isOverdue(outage, sentAt)).toBe(true)
  })
})

describe('an outage is not overdue', () => {
  it('after two failures without an end, however late the second was sent', () => {
    expect(isOverdue({ failures: 2, since: 0, end: undefined }, 600_000)).toBe(false)
  })
})

describe('the tenant is down', () => {
  const requests = ['one', 'two', 'three']

  it('if three requests have failed for a minute', () => {
    const outage = failing(...requests.map(request => ({ request })))
    expect(isDown(outage, 59_999)).toBe(false)
    expect(isDown(outage, 60_000)).toBe(true)
  })

  it('but not if fewer have, however often', () => {
    expect(isDown(failing({}, {}, {}, { request: 'two' }), 60_000)).toBe(false)
  })

  it.each<[string, Partial<Failure>]>([
    ['is a 429', { throttled: true }],
    ['names an end', { end: endAt(3_600_000) }],
  ])('if one has failed, and its response %s', (_, failure) => {
    const outage = failing({}, {}, failure)
    expect(isDown(outage, 59_999)).toBe(false)
    expect(isDown(outage, 60_000)).toBe(true)
  })
})
