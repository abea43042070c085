// A run against a token bucket in simulated time: hours of traffic in milliseconds of a test.

import { type Bucket, delayBefore, type PaceLimits, received, sending, startPace } from '../../src/tenant/pace.ts'

export interface Simulation {
  readonly requests: number
  readonly limits: PaceLimits
  readonly limit: number
  /** Requests a second, or with `window` as many at the top of each window. */
  readonly rate: number
  /** Milliseconds. */
  readonly window?: number
  readonly latency: number
  /** How many callers wait for a turn at once. */
  readonly width: number
  /** What the server says the reset is. */
  readonly reset: 'full' | 'next'
  readonly headers?: boolean
  /** Another client's requests a second. */
  readonly others?: number
}

export interface Simulated {
  /** Milliseconds until the last answer. */
  readonly elapsed: number
  readonly refused: number
  /** What the bucket held after the request that left the least in it. */
  readonly lowest: number
  readonly othersRefused: number
}

/** A pace that gets nowhere is given up. */
const MOST_STEPS = 100_000

interface Event {
  readonly at: number
  readonly kind: 'ask' | 'arrive' | 'answer' | 'other'
  readonly sentAt: number
  readonly bucket?: Bucket
  readonly refused?: boolean
}

export function simulate(options: Simulation): Simulated {
  const { limit, rate, window, latency, others = 0, headers = true } = options
  let pace = startPace(options.limits)
  let [level, filledAt, lowest, refused, othersRefused] = [limit, 0, limit, 0, 0]
  let [waiting, done, lastAnswer, askedFor] = [options.requests, 0, 0, Number.POSITIVE_INFINITY]
  const events: Event[] = []
  if (others > 0) events.push({ at: 1000 / others, kind: 'other', sentAt: 0 })

  const fill = (now: number) => {
    if (window === undefined) level = Math.min(limit, level + ((now - filledAt) * rate) / 1000)
    else if (Math.floor(now / window) > Math.floor(filledAt / window)) level = limit
    filledAt = now
  }
  const take = (now: number): boolean => {
    fill(now)
    if (level < 1) return false
    level -= 1
    return true
  }
  const describe = (now: number): Bucket => {
    const seconds =
      window !== undefined
        ? (Math.floor(now / window) + 1) * (window / 1000)
        : Math.ceil((now + ((options.reset === 'full' ? limit - level : 1) * 1000) / rate) / 1000)
    return { limit, remaining: Math.floor(level), resetAt: seconds * 1000 }
  }
  const add = (event: Event) => {
    const index = events.findIndex(each => each.at > event.at)
    events.splice(index === -1 ? events.length : index, 0, event)
  }
  const ask = (now: number) => {
    if (now < askedFor) add({ at: now, kind: 'ask', sentAt: now })
    askedFor = Math.min(askedFor, now)
  }

  ask(0)
  let steps = 0
  for (let event = events.shift(); event !== undefined && done < options.requests; event = events.shift()) {
    const { at: now, kind, sentAt } = event
    if (steps++ > MOST_STEPS) throw new Error(`After ${now} ms, ${done} of ${options.requests} requests are done`)
    switch (kind) {
      case 'ask': {
        // Asked for earlier in the meantime.
        if (now !== askedFor) break
        askedFor = Number.POSITIVE_INFINITY
        if (waiting === 0 || pace.inFlight >= options.width) break
        const delay = delayBefore(pace, now)
        if (delay > 0) {
          ask(now + delay)
          break
        }
        waiting--
        pace = sending(pace, now)
        add({ at: now + latency / 2, kind: 'arrive', sentAt: now })
        ask(now)
        break
      }
      case 'arrive': {
        const taken = take(now)
        if (taken) lowest = Math.min(lowest, level)
        else refused++
        add({ at: now + latency / 2, kind: 'answer', sentAt, bucket: describe(now), refused: !taken })
        break
      }
      case 'answer': {
        const throttled = event.refused === true
        const bucket = headers ? event.bucket : undefined
        pace = received(pace, { bucket, answered: true, throttled, latency: now - sentAt, jitter: 0.5 }, now)
        if (throttled) waiting++
        else done++
        lastAnswer = now
        ask(now)
        break
      }
      case 'other':
        if (!take(now)) othersRefused++
        add({ at: now + 1000 / others, kind: 'other', sentAt: now })
        break
    }
  }
  return { elapsed: lastAnswer, refused, lowest, othersRefused }
}
