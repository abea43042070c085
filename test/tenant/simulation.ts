// Simulates runs against token buckets: hours of traffic in milliseconds.

import type { Bucket, Group } from '../../src/tenant/limits.ts'
import { delayBefore, type Pace, type PaceLimits, received, sending, startPace } from '../../src/tenant/pace.ts'

export interface BucketPlan {
  readonly limit: number
  /** Requests per second; with `window`, requests at the start of each window. */
  readonly rate: number
  /** Milliseconds. */
  readonly window?: number
  /** Another client's requests per second. */
  readonly others?: number
}

export interface Simulation {
  /** One phase after the other; the groups of a phase run concurrently. */
  readonly phases: readonly Partial<Record<Group, number>>[]
  readonly limits: PaceLimits
  /** Groups with the same object share a bucket. */
  readonly buckets: Readonly<Record<Group, BucketPlan>>
  /** The latency of each request and of each response, in milliseconds. */
  readonly way: () => number
  /** How many callers per group wait for a turn at once. */
  readonly width?: number
  /** The meaning of the server's reset. */
  readonly reset: 'full' | 'next'
  readonly headers?: boolean
  /** Milliseconds after the start of a minute. */
  readonly start?: number
  readonly random?: () => number
}

export interface Simulated {
  /** Milliseconds until the last response of each phase. */
  readonly elapsed: readonly number[]
  readonly refused: number
  readonly othersRefused: number
  /** By how much requests used the headroom, at worst, without what other traffic took in the meantime. */
  readonly dip: number
  /** Requests that left 20% or less. */
  readonly warnings: number
  readonly pace: Pace
}

interface Tank extends BucketPlan {
  level: number
  filledAt: number
  /** Requests of other clients until now. */
  taken: number
}

interface Event {
  readonly at: number
  readonly run: () => void
}

const ALL: readonly Group[] = ['readingUsers', 'writingUsers', 'rest']
/** The limit for a pace that makes no progress. */
const MAX_EVENTS = 1_000_000

export function simulate(options: Simulation): Simulated {
  const { limits, way, width = 48, headers = true, start = 0, random = () => 0.5 } = options
  let pace = startPace(limits)
  let [now, refused, othersRefused, dip, warnings, busy] = [0, 0, 0, Number.NEGATIVE_INFINITY, 0, 0]
  const events: Event[] = []
  const tanks = new Map<BucketPlan, Tank>()
  for (const group of ALL) {
    const plan = options.buckets[group]
    if (!tanks.has(plan)) tanks.set(plan, { ...plan, level: plan.limit, filledAt: 0, taken: 0 })
  }
  const tankOf = (group: Group) => tanks.get(options.buckets[group]) as Tank

  const later = (delay: number, run: () => void) => {
    const at = now + delay
    let index = events.length
    while (index > 0 && (events[index - 1]?.at ?? 0) > at) index--
    events.splice(index, 0, { at, run })
  }
  const fill = (tank: Tank) => {
    const { window, rate, limit } = tank
    if (window === undefined) tank.level = Math.min(limit, tank.level + ((now - tank.filledAt) * rate) / 1000)
    else if (Math.floor((start + now) / window) > Math.floor((start + tank.filledAt) / window)) {
      tank.level = Math.min(limit, tank.level + rate)
    }
    tank.filledAt = now
  }
  const take = (tank: Tank): boolean => {
    fill(tank)
    if (tank.level < 1) return false
    tank.level -= 1
    return true
  }
  /** As in headers: in whole seconds, converted to the local clock by the date of the response. */
  const describe = ({ limit, level, rate, window }: Tank) => {
    const clock = start + now
    const missing = options.reset === 'full' ? limit - level : Math.min(limit - level, 1 - (level % 1))
    const time =
      window === undefined
        ? clock + (missing * 1000) / rate
        : (Math.floor(clock / window) + Math.max(1, Math.ceil(missing / rate))) * window
    return {
      limit,
      remaining: Math.floor(level),
      wait: Math.ceil(time / 1000) * 1000 - Math.floor(clock / 1000) * 1000,
    }
  }
  for (const tank of tanks.values()) {
    const { others = 0 } = tank
    if (others === 0) continue
    const next = () =>
      later((2000 / others) * random(), () => {
        if (take(tank)) tank.taken++
        else othersRefused++
        next()
      })
    next()
  }

  /** What other clients had taken when the latest described request was counted. */
  const known: Record<Group, { sentAt: number; taken: number }> = {
    readingUsers: { sentAt: -1, taken: 0 },
    writingUsers: { sentAt: -1, taken: 0 },
    rest: { sentAt: -1, taken: 0 },
  }
  const inFlight: Record<Group, number> = { readingUsers: 0, writingUsers: 0, rest: 0 }
  const waiting: Record<Group, number> = { readingUsers: 0, writingUsers: 0, rest: 0 }
  const asking: Record<Group, number> = { readingUsers: 0, writingUsers: 0, rest: 0 }

  const ask = (group: Group) => {
    const turn = ++asking[group]
    if (waiting[group] === 0 || inFlight[group] >= width) return
    const delay = delayBefore(pace, { group, now, waiting: ALL.filter(each => waiting[each] > 0) })
    // Another check was scheduled in the meantime.
    if (delay > 0) return later(delay, () => turn === asking[group] && ask(group))
    waiting[group]--
    inFlight[group]++
    pace = sending(pace, { group, now })
    send(group, pace)
    later(0, () => turn === asking[group] && ask(group))
  }
  const send = (group: Group, sent: Pace) => {
    const sentAt = now
    const knownTaken = known[group].taken
    later(way(), () => {
      const tank = tankOf(group)
      const taken = take(tank)
      if (taken) {
        const reserve = Math.min(Math.ceil(tank.limit * limits.headroom), tank.limit - 1)
        dip = Math.max(dip, reserve - tank.level - (tank.taken - knownTaken))
        if (tank.level <= tank.limit * 0.2) warnings++
      } else refused++
      const { wait, ...described } = describe(tank)
      const othersTaken = tank.taken
      later(way(), () => {
        if (headers && sentAt >= known[group].sentAt) {
          for (const each of ALL) if (tankOf(each) === tank) known[each] = { sentAt, taken: othersTaken }
        }
        const bucket: Bucket | undefined = headers ? { ...described, resetAt: now + Math.max(0, wait) } : undefined
        pace = received(pace, { group, sent, bucket, kind: taken ? 'worked' : 'throttled', now })
        inFlight[group]--
        if (taken) busy--
        else waiting[group]++
        // Replaces src/tenant/outage.ts.
        if (taken) ask(group)
        else later(1_000, () => ask(group))
      })
    })
  }

  const elapsed: number[] = []
  for (const phase of options.phases) {
    for (const group of ALL) {
      waiting[group] = phase[group] ?? 0
      busy += waiting[group]
      ask(group)
    }
    let steps = 0
    while (busy > 0) {
      const event = events.shift()
      if (event === undefined || steps++ > MAX_EVENTS) throw new Error(`After ${now} ms, ${busy} requests are left`)
      now = event.at
      event.run()
    }
    elapsed.push(now)
  }
  return { elapsed, refused, othersRefused, dip, warnings, pace }
}
