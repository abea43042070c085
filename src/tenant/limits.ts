// Auth0's rate limits: which limit a request counts against, what a response's headers say, and how messages name a limit
// and its end. Pure.

/**
 * Endpoints that share a bucket on every plan. On Enterprise, one bucket serves all of them.
 * @see https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
 */
export type Group = 'readingUsers' | 'writingUsers' | 'rest'

export const GROUPS: readonly Group[] = ['readingUsers', 'writingUsers', 'rest']

/** The token endpoint has its own limit. */
export type Limit = Group | 'tokens'

export const TOKEN_PATH = '/oauth/token'

/** A bucket as a response described it. */
export interface Bucket {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds of the local clock. */
  readonly resetAt: number
}

/** One moment on two clocks. */
export interface Moment {
  /** Milliseconds of the local clock, which is monotonic. */
  readonly at: number
  /** Milliseconds since 1970. A response's own date takes precedence, because a runner's clock may be wrong. */
  readonly time: number
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const NAMES: Readonly<Record<Limit, string>> = {
  readingUsers: 'rate limit for reading users',
  writingUsers: 'rate limit for writing users',
  rest: 'rate limit of the Management API',
  tokens: 'quota for access tokens',
}

/** A nearer end is not mentioned. */
const SOON_MS = 60_000
/** A later end is ignored. */
const MAX_BELIEVED_MS = 24 * 60 * 60 * 1000

export function limitOf({ method, path }: { readonly method: string; readonly path: string }): Limit {
  if (path === TOKEN_PATH) return 'tokens'
  if (!/^\/api\/v2\/users(-by-email)?(\/|$)/.test(path)) return 'rest'
  return method === 'GET' ? 'readingUsers' : 'writingUsers'
}

/** @returns undefined if one of `x-ratelimit-limit`, `-remaining` and `-reset` is missing or invalid */
export function readBucket(headers: Headers, now: Moment): Bucket | undefined {
  const limit = wholeNumber(headers['x-ratelimit-limit'])
  const remaining = wholeNumber(headers['x-ratelimit-remaining'])
  const reset = readReset(headers, now)
  if (limit === undefined || limit === 0 || remaining === undefined || reset === undefined) return undefined
  return { limit, remaining: Math.min(remaining, limit), resetAt: reset.at }
}

/** When the tenant accepts requests again: by `retry-after` in seconds, or for a 429 by its bucket's reset. */
export function readEnd({ status, headers }: { status: number; headers: Headers }, now: Moment): Moment | undefined {
  const after = wholeNumber(headers['retry-after'])
  if (after !== undefined) return { at: now.at + after * 1000, time: serverTime(headers, now) + after * 1000 }
  return status === 429 ? readReset(headers, now) : undefined
}

/** By `x-ratelimit-reset` in UNIX seconds. */
export function readReset(headers: Headers, now: Moment): Moment | undefined {
  const reset = wholeNumber(headers['x-ratelimit-reset'])
  if (reset === undefined) return undefined
  return { at: now.at + Math.max(0, reset * 1000 - serverTime(headers, now)), time: reset * 1000 }
}

export interface Waiting {
  /** undefined if the wait is for `other`, not for a limit. */
  readonly limit: Limit | undefined
  readonly other: string
  readonly end: Moment | undefined
}

/** What is waited for; names the limit and its end only if the end is more than a minute away. */
export function describeWait({ limit, other, end }: Waiting, now: number): string {
  const until = farTime(end, now)
  if (until === undefined) return limit === undefined ? other : 'the rate limit'
  return `${limit === undefined ? other : `the ${NAMES[limit]}`}, until ${until}`
}

export function describeExhausted(
  limit: Limit,
  { origin, until }: { origin: string; until: string | undefined },
): string {
  return `The ${NAMES[limit]} of ${origin} is used up${until === undefined ? '' : ` until ${until}`}`
}

/** The time of day, such as `14:05 UTC`, if it is more than a minute away and less than a day. */
export function farTime(end: Moment | undefined, now: number): string | undefined {
  if (end === undefined || end.at - now <= SOON_MS || end.at - now >= MAX_BELIEVED_MS) return undefined
  const time = new Date(end.time)
  // A response may have the last date that JavaScript can represent, and a later one is invalid.
  return Number.isNaN(time.getTime()) ? undefined : `${time.toISOString().slice(-13, -8)} UTC`
}

function serverTime({ date: header }: Headers, { time }: Moment): number {
  const date = Date.parse(String(header))
  return Number.isNaN(date) ? time : date
}

function wholeNumber(header: string | string[] | undefined): number | undefined {
  return /^\d{1,12}$/.test(String(header)) ? Number(header) : undefined
}
