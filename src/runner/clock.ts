// Time and randomness. Tests pass their own clock, so that waiting is simulated.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds of a monotonic clock, independent of the machine's time of day. */
  readonly now: () => number
  /** @throws AbortError if the signal is aborted first */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** Aborted after this many milliseconds; does not keep the process alive. */
  readonly timeout: (milliseconds: number) => AbortSignal
  /** At least 0, less than 1. */
  readonly random: () => number
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal && { signal }),
  timeout: milliseconds => AbortSignal.timeout(milliseconds),
  random: Math.random,
}
