// Clocks for tests: waits that take little or no time, and measurements that do not depend on how busy the machine is.

import { subscribe } from 'node:diagnostics_channel'
import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, SYSTEM_CLOCK } from '../src/runner/clock.ts'

/**
 * Time runs this many times as fast: waits are short, and everything still happens in the same order. A request takes
 * that many times longer, so with a speed of 100 a millisecond of loopback becomes a tenth of a second.
 */
export function fastClock(speed: number): Clock {
  return {
    now: () => performance.now() * speed,
    sleep: (milliseconds, signal) => SYSTEM_CLOCK.sleep(milliseconds / speed, signal),
    timeout: milliseconds => AbortSignal.timeout(Math.ceil(milliseconds / speed)),
    random: () => 0.5,
  }
}

/** Time advances only by `sleep`, which returns at once, so nothing is ever late. */
export function leapingClock(): Clock {
  let now = 1_000_000
  return {
    now: () => now,
    sleep: async milliseconds => {
      now += milliseconds
    },
    timeout: () => new AbortController().signal,
    random: () => 0.5,
  }
}

/** Milliseconds of CPU time, which other processes do not affect. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Undici's pending requests. @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const underWay = new Set<unknown>()

subscribe('undici:request:create', message => underWay.add(requestOf(message)))
subscribe('undici:request:trailers', message => underWay.delete(requestOf(message)))
subscribe('undici:request:error', message => underWay.delete(requestOf(message)))

function requestOf(message: unknown): unknown {
  return (message as { readonly request: unknown }).request
}

/** Shorter pauses take real time. In milliseconds. */
const LONG_PAUSE = 100
/** The iterations of the event loop that the handling of a response may take. */
const TURNS = 5

/**
 * The machine's clock, except for long pauses: while no request is pending, time jumps to the end of the next pause. So
 * minutes of pauses take no time, and a busy machine does not delay requests.
 */
export function idleClock(): Clock {
  const pauses = new Set<{ readonly until: number; readonly end: () => void }>()
  let leapt = 0
  let leaping = false
  const now = () => performance.now() + leapt

  const leap = async () => {
    if (leaping) return
    leaping = true
    for (let idle = 0; pauses.size > 0; idle = underWay.size === 0 ? idle + 1 : 0) {
      await turn()
      const [next] = [...pauses].sort((one, other) => one.until - other.until)
      if (next === undefined || (idle < TURNS && next.until > now())) continue
      leapt += Math.max(0, next.until - now())
      pauses.delete(next)
      next.end()
      idle = 0
    }
    leaping = false
  }

  return {
    ...SYSTEM_CLOCK,
    now,
    sleep: (milliseconds, signal) => {
      if (milliseconds < LONG_PAUSE) return SYSTEM_CLOCK.sleep(milliseconds, signal)
      return new Promise((resolve, reject) => {
        const pause = { until: now() + milliseconds, end: resolve }
        pauses.add(pause)
        signal?.addEventListener('abort', () => {
          pauses.delete(pause)
          reject(signal.reason)
        })
        void leap()
      })
    },
    random: () => 0.5,
  }
}
