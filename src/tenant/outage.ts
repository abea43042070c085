// When to send requests while the tenant fails: results of attempts and a clock in, a delay and a verdict out. Pure; times
// are milliseconds of the local clock.
//
//   in flight   ▇ ▇ ▇ ×             A 429, a named end, or three failures in a row: all requests wait,
//               ▁ × ▁ ×  ▁ ×   ▁ ✓  and one at a time probes the tenant; the pauses grow with the outage.
//               ▂ ▃ ▄ ▅ ▆ ▇         Each success allows one more request in flight, until there are as many as before.
//
// An outage of a minute fails no user. A longer one that affects several requests ends the run.

import type { Moment } from './limits.ts'

export interface Outage {
  /** Failed attempts since the latest success. */
  readonly failures: number
  /** The requests that failed. */
  readonly requests: ReadonlySet<unknown>
  /** When the outage began, or the time of the latest success. */
  readonly since: number
  /** When probing with one request at a time began; undefined if it has not. */
  readonly probingSince: number | undefined
  /** No attempt is sent before this. */
  readonly until: number
  /** The number of requests that may be in flight. */
  readonly width: number
  /** Whether the latest failure was a 429. */
  readonly throttled: boolean
  /** When it ends, according to the tenant. */
  readonly end: Moment | undefined
}

/** An attempt without a response, or with one that asks for a retry. */
export interface Failure {
  readonly request: unknown
  readonly sentAt: number
  readonly throttled: boolean
  readonly end: Moment | undefined
  /** 0 to 1, at random, so that clients that failed together do not retry together. */
  readonly jitter: number
  readonly now: number
}

/** Failures in a row after which requests are sent one at a time. */
const PROBE_AFTER = 3
/** The number of failed requests after which the tenant, not their users, is considered the cause. */
const DOWN_FOR_ALL = 3
/** A pause is this share of the outage's length, so that work resumes soon after its end. */
const PAUSE_SHARE = 1 / 3
const MIN_PAUSE_MS = 250
const MAX_PAUSE_MS = 4_000
/** The longest wait without a probe for an end that the tenant names. */
const MAX_HOLD_MS = 60_000
/** The longest outage before requests fail. */
const PATIENCE_MS = 60_000
/** The fewest failed attempts before requests fail, because the pace may allow few attempts in that time. */
const MIN_FAILURES = 3
/** The longest outage if the tenant names an end within this time. */
const MAX_PATIENCE_MS = 300_000
/** How soon to check again while a request is in flight. */
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
  // It was sent before the others failed.
  if (outage.probingSince !== undefined && sentAt < outage.probingSince) return outage
  return { ...NO_OUTAGE, since: now, width: outage.width + 1 }
}

/** Milliseconds until the next attempt may be sent; 0 or less means now. */
export function delayByOutage(outage: Outage, { inFlight, now }: { inFlight: number; now: number }): number {
  const { probingSince, until, width } = outage
  if (probingSince === undefined) return inFlight >= width ? LOOK_AGAIN_MS : 0
  return inFlight >= width ? LOOK_AGAIN_PROBING_MS : until - now
}

/** Whether a failed attempt was sent so late in an outage that it is not retried. */
export function isOverdue(outage: Pick<Outage, 'failures' | 'since' | 'end'>, sentAt: number): boolean {
  const { failures, since, end } = outage
  if (failures < MIN_FAILURES && end === undefined) return false
  const isNear = end !== undefined && end.at <= since + MAX_PATIENCE_MS
  return sentAt >= Math.max(since + PATIENCE_MS, isNear ? end.at : since)
}

/** Whether the tenant itself is failing. A 429, or a response that names an end, is never about one user. */
export function isDown(outage: Outage, sentAt: number): boolean {
  const { requests, throttled, end } = outage
  return isOverdue(outage, sentAt) && (throttled || end !== undefined || requests.size >= DOWN_FOR_ALL)
}
