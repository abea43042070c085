// What is sent while the tenant does not work: what became of attempts and a clock in, a delay and a verdict out. Pure;
// times are milliseconds of the local clock.
//
//   in flight   ▇ ▇ ▇ ×             a 429, a named end, or three failures in a row: all wait,
//               ▁ × ▁ ×  ▁ ×   ▁ ✓  and one at a time goes to see; the pauses grow with the outage.
//               ▂ ▃ ▄ ▅ ▆ ▇         One that worked makes room for the next: soon as many as before, but not at once.
//
// An outage of a minute fails nobody. One that goes on, with several requests, is the end of the run.

import type { End } from './limits.ts'

export interface Outage {
  /** Failed attempts since the latest one that worked. */
  readonly failures: number
  /** The requests that they were for. */
  readonly requests: ReadonlySet<unknown>
  /** When the outage began, or when an attempt worked last. */
  readonly since: number
  /** When requests began to go one at a time; undefined while they don't. */
  readonly probingSince: number | undefined
  /** No attempt goes before this. */
  readonly until: number
  /** The number of requests that may be in flight. */
  readonly width: number
  /** Whether the latest failure was a 429. */
  readonly throttled: boolean
  /** When the tenant said that it ends. */
  readonly end: End | undefined
}

/** An attempt without an answer, or with one that says "not now". */
export interface Failure {
  readonly request: unknown
  readonly sentAt: number
  readonly throttled: boolean
  readonly end: End | undefined
  /** 0 to 1, at random: clients that failed together do not come back together. */
  readonly jitter: number
  readonly now: number
}

/** One request that fails again and again says nothing about the others. */
const PROBE_AFTER = 3
/** Requests that have to fail for the tenant, and not the users they are for, to be at fault. */
const DOWN_FOR_ALL = 3
/** A pause is this share of the outage so far, so that work goes on soon after its end, however long it was. */
const PAUSE_SHARE = 1 / 3
const MIN_PAUSE_MS = 250
const MAX_PAUSE_MS = 4_000
/** An end that the tenant names is waited for without looking for this long at most. */
const MAX_HOLD_MS = 60_000
/** How long an outage may be. */
const PATIENCE_MS = 60_000
/** How many attempts have to fail: the pace may have left time for few. */
const MIN_FAILURES = 3
/** How long it may be if the tenant names an end that is near enough. */
const MAX_PATIENCE_MS = 300_000
/** How soon to look again while an answer is under way that will tell more. */
const LOOK_AGAIN_MS = 5
const LOOK_AGAIN_PROBING_MS = 50

export const NO_OUTAGE: Outage = {
  failures: 0,
  requests: new Set(),
  since: Number.NEGATIVE_INFINITY,
  probingSince: undefined,
  until: Number.NEGATIVE_INFINITY,
  width: Number.POSITIVE_INFINITY,
  throttled: false,
  end: undefined,
}

export function withFailure(outage: Outage, failure: Failure): Outage {
  const { request, sentAt, throttled, end, jitter, now } = failure
  const failures = outage.failures + 1
  const isKnown = throttled || end !== undefined || failures >= PROBE_AFTER
  const probingSince = outage.probingSince ?? (isKnown ? now : undefined)
  const pause = Math.max(MIN_PAUSE_MS, (now - (probingSince ?? now)) * PAUSE_SHARE)
  const hold = end === undefined ? 0 : Math.min(end.at - now, MAX_HOLD_MS) + jitter * 1_000
  return {
    failures,
    requests: new Set([...outage.requests, request]),
    since: outage.failures === 0 ? Math.max(sentAt, outage.since) : outage.since,
    probingSince,
    until: now + Math.max(hold, Math.min(pause, MAX_PAUSE_MS) * (1 - jitter / 2)),
    width: probingSince === undefined ? outage.width : 1,
    throttled,
    end,
  }
}

export function withSuccess(outage: Outage, { sentAt, now }: Pick<Failure, 'sentAt' | 'now'>): Outage {
  // It had been sent before the others failed.
  if (outage.probingSince !== undefined && sentAt < outage.probingSince) return outage
  return { ...NO_OUTAGE, since: now, width: outage.width + 1 }
}

/** Milliseconds until the next attempt may go; 0 or less is now. */
export function delayByOutage(outage: Outage, { inFlight, now }: { inFlight: number; now: number }): number {
  const { probingSince, until, width } = outage
  if (probingSince === undefined) return inFlight >= width ? LOOK_AGAIN_MS : 0
  return inFlight >= width ? LOOK_AGAIN_PROBING_MS : until - now
}

/** Whether a failed attempt was sent so late in an outage that nobody waits any longer. */
export function isOverdue(outage: Pick<Outage, 'failures' | 'since' | 'end'>, sentAt: number): boolean {
  const { failures, since, end } = outage
  if (failures < MIN_FAILURES && end === undefined) return false
  const isNear = end !== undefined && end.at <= since + MAX_PATIENCE_MS
  return sentAt >= Math.max(since + PATIENCE_MS, isNear ? end.at : since)
}

/** Whether it is the tenant that fails. An answer that is a 429 or names an end is not about a user. */
export function isDown(outage: Outage, sentAt: number): boolean {
  const { requests, throttled, end } = outage
  return isOverdue(outage, sentAt) && (throttled || end !== undefined || requests.size >= DOWN_FOR_ALL)
}
