// Clocks for tests: waiting that takes no time, or little of it, and work measured however busy the machine is.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, SYSTEM_CLOCK } from '../src/clock.ts'

/**
 * Time runs so many times faster than outside: waiting is short, and everything still happens in the same order. A
 * request takes as many times longer, so a speed of 100 makes a millisecond of loopback a tenth of a second.
 */
export function fastClock(speed: number): Clock {
  return {
    now: () => performance.now() * speed,
    sleep: (milliseconds, signal) => SYSTEM_CLOCK.sleep(milliseconds / speed, signal),
    timeout: milliseconds => AbortSignal.timeout(Math.ceil(milliseconds / speed)),
    random: () => 0.5,
  }
}

/** Time stands still but for what is waited for, which is over at once. Nothing is ever late. */
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

/** Milliseconds of processor time, which other processes do not stretch. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Long pauses are written down in place of being waited for. */
export function impatientClock(pauses: number[], longerThan = 250): Clock {
  return {
    ...SYSTEM_CLOCK,
    sleep: async milliseconds => {
      if (milliseconds >= longerThan) pauses.push(milliseconds)
      await sleep(milliseconds >= longerThan ? 0 : milliseconds)
    },
    random: () => 1,
  }
}
