// When the next request may go: what Auth0's rate-limit headers said and a clock in, a delay out. Pure.

/** The tenant's token bucket as the latest answer described it; times in milliseconds of the local clock. */
export interface Bucket {
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
}

export interface Pace {
  readonly bucket: Bucket | undefined
  readonly inFlight: number
}

export const INITIAL_PACE: Pace = { bucket: undefined, inFlight: 0 }

/** A quarter of the bucket is left to other traffic, which stays under the 80 % at which Auth0 writes a warning. */
const HEADROOM = 0.25

/** The longest refill window that Auth0 documents is a minute; a reset further away is not believed. */
const LONGEST_WINDOW = 60_000

/** How soon to look again while an answer that will tell more is under way. */
const LOOK_AGAIN = 25

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * Reads `x-ratelimit-limit`, `-remaining` and `-reset` (UNIX seconds) off an answer. The server's own `date` is the
 * reference for the reset, as a runner's clock may be off.
 * @returns undefined where one is missing or makes no sense
 */
export function readBucket(headers: Headers, now: number): Bucket | undefined {
  const limit = wholeNumber(headers['x-ratelimit-limit'])
  const remaining = wholeNumber(headers['x-ratelimit-remaining'])
  const reset = wholeNumber(headers['x-ratelimit-reset'])
  if (limit === undefined || limit === 0 || remaining === undefined || reset === undefined) return undefined
  const serverNow = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN
  const wait = reset * 1000 - (Number.isNaN(serverNow) ? now : serverNow)
  return { limit, remaining: Math.min(remaining, limit), resetAt: now + Math.min(Math.max(wait, 0), LONGEST_WINDOW) }
}

export function sending(pace: Pace): Pace {
  return { ...pace, inFlight: pace.inFlight + 1 }
}

/** @param bucket undefined where the answer told nothing, or where none came */
export function answered(pace: Pace, bucket: Bucket | undefined): Pace {
  return { bucket: bucket ?? pace.bucket, inFlight: pace.inFlight - 1 }
}

/**
 * Milliseconds until the next request may go; 0 is now. Past the reset one request at a time goes ahead, to see what has
 * been added: Auth0's documentation and its limiter disagree on whether the bucket is full by then.
 */
export function delayBefore({ bucket, inFlight }: Pace, now: number): number {
  if (bucket === undefined) return 0
  const reserve = Math.min(Math.ceil(bucket.limit * HEADROOM), bucket.limit - 1)
  if (bucket.remaining - inFlight > reserve) return 0
  if (now < bucket.resetAt) return bucket.resetAt - now
  return inFlight === 0 ? 0 : LOOK_AGAIN
}

function wholeNumber(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,12}$/.test(header) ? Number(header) : undefined
}
