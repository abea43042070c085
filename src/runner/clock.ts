// Time and chance, as a run uses them. Tests hand in others, so that waiting is simulated and not slept.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds of a clock that only runs forward, whatever happens to the machine's time of day. */
  readonly now: () => number
  /** @throws AbortError when the signal is aborted first */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** Aborted after this many milliseconds; does not keep the process alive. */
  readonly timeout: (milliseconds: number) => AbortSignal
  /** 0 to below 1. */
  readonly random: () => number
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal && { signal }),
  timeout: milliseconds => AbortSignal.timeout(milliseconds),
  random: Math.random,
}
