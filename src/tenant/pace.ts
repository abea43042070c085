// When the next request may go: answers' rate-limit headers and a clock in, a delay out. It learns how fast the tenant's
// token bucket fills, spends what fills it, and leaves the headroom to other traffic. Pure; times are milliseconds of
// the local clock, rates are requests a millisecond.

/** The bucket as an answer described it. */
export interface Bucket {
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
}

export interface PaceLimits {
  /** The share of the bucket, 0 to below 1, that is left to other traffic. */
  readonly headroom: number
  /** Requests a second that are never exceeded; undefined where the tenant alone decides. */
  readonly ceiling: number | undefined
}

/** What an answer told, or an attempt that got none. */
export interface Outcome {
  readonly bucket: Bucket | undefined
  readonly answered: boolean
  readonly throttled: boolean
  /** How long it took. */
  readonly latency: number
  /** 0 to 1, at random: clients that were refused together do not come back together. */
  readonly jitter: number
}

export interface Pace {
  readonly limits: PaceLimits
  /** Requests a millisecond that are never exceeded: the limit, or less where the tenant does not describe its bucket. */
  readonly ceiling: number
  readonly inFlight: number
  /** The latest description of the bucket, and when it came. */
  readonly seen: (Bucket & { readonly at: number }) | undefined
  /** Requests that the description may not count yet. */
  readonly pending: number
  /** Answers so far that described the bucket. */
  readonly answers: number
  /** What the next descriptions are compared with, to see what was filled in between. */
  readonly mark: { readonly at: number; readonly remaining: number; readonly answers: number } | undefined
  /** How fast the bucket fills, less what others take; undefined as long as that is not known. */
  readonly refill: number | undefined
  /** A moving average. */
  readonly latency: number
  readonly lastSentAt: number
  /** Nothing goes before this, after a refusal. */
  readonly notBefore: number
  readonly refusals: Refusals
  /** Requests that are left in the bucket, whatever the headroom, as there were refusals. */
  readonly margin: number
  /** Answers come without rate-limit headers. */
  readonly blind: boolean
}

/** Refusals with no other answer in between. Those that were under way together count once. */
interface Refusals {
  readonly inRow: number
  /** When the latest one that counts came. */
  readonly at: number
}

/** What went to and fro so far. */
export interface Traffic {
  /** Token requests and retries included. */
  readonly requests: number
  /** Milliseconds that the rate limit held everything back. */
  readonly waited: number
  /** What is being waited for; undefined while requests go out. */
  readonly waitingFor: string | undefined
  /** Answers come without rate-limit headers, so that the pace is a cautious guess. */
  readonly blind: boolean
}

/** Requests a second where the tenant does not describe its bucket. */
const BLIND_CEILING = 10
/** As many are under way at once at the most; the refill and the latency say how many are of use. */
export const MOST_IN_FLIGHT = 48
const LEAST_IN_FLIGHT = 8
/** The share of the bucket that is left alone besides after each refusal: others take more than was seen. */
const MARGIN = 0.04
/** Auth0's windows are a minute at the most; a reset further away is not believed. */
const LONGEST_WINDOW = 60_000
/** A bucket whose reset is further away is filled at once, at the end of a window, rather than bit by bit. */
const WINDOWED = 5_000
/** How long the bucket is left alone to see what fills it. */
const SOUNDING = 250
/** A refill is believed after this many requests' worth of it, and measured anew after the longer time. */
const ENOUGH = 3
const MEASURED_FOR = 2_000
/** After refusals that tell no reset. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 8_000
/** How soon to look again while answers are under way that will tell more. */
const LOOK_AGAIN = 5

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * Reads `x-ratelimit-limit`, `-remaining` and `-reset` (UNIX seconds) off an answer. The server's own `date` is the
 * reference for the reset, as a runner's clock may be off.
 * @param now of the local clock
 * @param wallNow the time of day, where the answer has no date
 * @returns undefined where one is missing or makes no sense
 */
export function readBucket(headers: Headers, now: number, wallNow: number): Bucket | undefined {
  const limit = wholeNumber(headers['x-ratelimit-limit'])
  const remaining = wholeNumber(headers['x-ratelimit-remaining'])
  const reset = wholeNumber(headers['x-ratelimit-reset'])
  if (limit === undefined || limit === 0 || remaining === undefined || reset === undefined) return undefined
  const serverNow = Date.parse(String(headers.date))
  const wait = reset * 1000 - (Number.isNaN(serverNow) ? wallNow : serverNow)
  return { limit, remaining: Math.min(remaining, limit), resetAt: now + Math.min(Math.max(wait, 0), LONGEST_WINDOW) }
}

export function startPace(limits: PaceLimits): Pace {
  return {
    limits,
    ceiling: ceilingOf(limits),
    inFlight: 0,
    seen: undefined,
    pending: 0,
    answers: 0,
    mark: undefined,
    refill: undefined,
    latency: 0,
    lastSentAt: Number.NEGATIVE_INFINITY,
    notBefore: Number.NEGATIVE_INFINITY,
    refusals: { inRow: 0, at: Number.NEGATIVE_INFINITY },
    margin: 0,
    blind: false,
  }
}

function ceilingOf({ ceiling }: PaceLimits): number {
  return ceiling === undefined ? Number.POSITIVE_INFINITY : ceiling / 1000
}

export function sending(pace: Pace, now: number): Pace {
  return { ...pace, inFlight: pace.inFlight + 1, pending: pace.pending + 1, lastSentAt: now }
}

/** What was about to be sent was not. */
export function withdrawn(pace: Pace): Pace {
  return { ...pace, inFlight: pace.inFlight - 1, pending: pace.pending - 1 }
}

export function received(pace: Pace, outcome: Outcome, now: number): Pace {
  const { bucket, answered, throttled, latency } = outcome
  const next: Pace = {
    ...pace,
    inFlight: pace.inFlight - 1,
    latency: pace.latency === 0 ? latency : pace.latency * 0.9 + latency * 0.1,
  }
  const told = bucket === undefined ? (answered ? withoutBucket(next) : next) : withBucket(next, bucket, now)
  if (throttled) return slowedDown(told, outcome, now)
  return answered ? { ...told, refusals: { ...told.refusals, inRow: 0 } } : told
}

/** Whole milliseconds until the next request may go; 0 is now. */
export function delayBefore(pace: Pace, now: number): number {
  return Math.max(0, Math.ceil(exactDelay(pace, now)))
}

function exactDelay(pace: Pace, now: number): number {
  const { ceiling, lastSentAt, notBefore, inFlight, seen, blind } = pace
  const held = Math.max(notBefore - now, lastSentAt + 1 / ceiling - now)
  if (held > 0) return held
  // After a refusal, one request goes to see.
  if (pace.refusals.inRow > 0 && inFlight > 0) return LOOK_AGAIN
  if (inFlight >= usefulInFlight(pace)) return LOOK_AGAIN
  if (seen === undefined) return blind || inFlight === 0 ? 0 : LOOK_AGAIN
  const missing = reserveOf(pace, seen) + 1 - levelOf(pace, seen, now)
  if (pace.refill === undefined) return delayUnmeasured(pace, seen, missing, now)
  // At the reset, in either reading, something was added for the one request that goes to see.
  return Math.min(missing / pace.refill, inFlight > 0 ? LOOK_AGAIN : Math.max(0, seen.resetAt - now))
}

/**
 * As long as the refill is not known, half of what may be spent is spent at once, so that there is room to see what
 * comes in; then one request goes at a time. At the reserve, the reset is waited for: Auth0's documentation calls it the
 * time at which more requests are added, its limiter the time at which the bucket is full, and it is safe in both.
 */
function delayUnmeasured(pace: Pace, seen: Bucket & { readonly at: number }, missing: number, now: number): number {
  const spendable = seen.limit - reserveOf(pace, seen)
  if (missing <= -spendable / 2) return 0
  if (pace.inFlight > 0) return LOOK_AGAIN
  if (missing > 0) return Math.max(0, seen.resetAt - now)
  return isWindowed(seen, seen.at) ? 0 : Math.max(0, seen.at + SOUNDING - now)
}

/** What the bucket holds now as far as is known, were all of the requests counted that it may not have counted yet. */
function levelOf({ pending, refill }: Pace, seen: Bucket & { readonly at: number }, now: number): number {
  return Math.min(seen.limit, seen.remaining + (refill ?? 0) * (now - seen.at)) - pending
}

/** In whole requests, as Auth0 counts them. */
function reserveOf({ limits, margin }: Pace, { limit }: Bucket): number {
  return Math.min(Math.max(Math.ceil(limit * limits.headroom), margin), limit - 1)
}

/** Twice of what the refill can use at this latency; as long as that is not known, one more with each answer. */
function usefulInFlight({ refill, latency, answers }: Pace): number {
  const useful = refill === undefined ? LEAST_IN_FLIGHT + answers : Math.ceil(2 * refill * latency)
  return Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, useful))
}

function isWindowed({ resetAt }: Bucket, now: number): boolean {
  return resetAt - now > WINDOWED
}

function withoutBucket(pace: Pace): Pace {
  if (pace.seen !== undefined) return pace
  return { ...pace, blind: true, ceiling: Math.min(pace.ceiling, BLIND_CEILING / 1000) }
}

function withBucket(pace: Pace, bucket: Bucket, now: number): Pace {
  const seen = { ...bucket, at: now }
  const known = {
    seen,
    pending: pace.inFlight,
    answers: pace.answers + 1,
    blind: false,
    ceiling: ceilingOf(pace.limits),
  }
  const next = { ...pace, ...known }
  const mark = { at: now, remaining: bucket.remaining, answers: next.answers }
  if (isWindowed(bucket, now)) return { ...next, mark: undefined, refill: undefined }
  // What is filled into a full bucket is not to be seen.
  if (next.mark === undefined || bucket.remaining >= bucket.limit - 1) return { ...next, mark }
  const elapsed = now - next.mark.at
  const filled = bucket.remaining - next.mark.remaining + next.answers - next.mark.answers
  if (elapsed < SOUNDING || (filled < ENOUGH && elapsed < MEASURED_FOR)) return next
  // One less, as the headers count in whole requests. Too low a refill costs no speed, too high a one the reserve.
  const refill = Math.max(filled - 1, ENOUGH / 10) / elapsed
  return { ...next, refill, mark: elapsed < MEASURED_FOR ? next.mark : mark }
}

/** After a refusal: not before the reset, half as fast, and everything that was learned is learned anew. */
function slowedDown(pace: Pace, { bucket, jitter, latency }: Outcome, now: number): Pace {
  const { inRow, at } = pace.refusals
  const refusals = now - latency > at ? { inRow: inRow + 1, at: now } : pace.refusals
  const unknownReset = now + Math.min(FIRST_PAUSE * 2 ** (refusals.inRow - 1), LONGEST_PAUSE)
  const reset = bucket === undefined ? unknownReset : bucket.resetAt
  const ceiling = pace.blind ? Math.max(pace.ceiling / 2, 0.5 / 1000) : pace.ceiling
  return {
    ...pace,
    ceiling,
    refill: pace.refill && pace.refill / 2,
    mark: undefined,
    refusals,
    margin:
      bucket === undefined || refusals === pace.refusals ? pace.margin : pace.margin + Math.ceil(bucket.limit * MARGIN),
    notBefore: Math.max(pace.notBefore, reset + jitter * 1_000),
  }
}

function wholeNumber(header: string | string[] | undefined): number | undefined {
  return /^\d{1,12}$/.test(String(header)) ? Number(header) : undefined
}
