// Token buckets as in Auth0, their x-ratelimit headers, and the events that they write to the tenant's log.

export interface BucketOptions {
  /** Size of the bucket; by default a million, which is no limit in practice. */
  readonly limit?: number
  /** Refill by milliseconds. */
  readonly perSecond?: number
  /** Refill at the top of every minute. */
  readonly perMinute?: number
  /** False omits the x-ratelimit headers. */
  readonly headers?: boolean
  /**
   * What x-ratelimit-reset means. `next` (the default): when more requests are added, as Auth0's documentation says;
   * `full`: when the bucket is full again, as Auth0's open-source limiter (limitd) has it.
   */
  readonly reset?: 'next' | 'full'
}

/** The buckets of a tenant. Smaller plans have some of their own for groups of endpoints, Enterprise one for all. */
export interface BucketsOptions {
  /** For everything without its own bucket. */
  readonly bucket?: BucketOptions
  readonly buckets?: {
    readonly readingUsers?: BucketOptions
    readonly writingUsers?: BucketOptions
  }
}

type Group = 'readingUsers' | 'writingUsers' | 'rest'

/** By group; groups that share a bucket have the same object. */
export type Buckets = Readonly<Record<Group, Bucket>>

export interface Bucket {
  readonly limit: number
  readonly refill: { readonly tokens: number; readonly every: 'second' | 'minute' }
  readonly headers: boolean
  readonly reset: 'next' | 'full'
  tokens: number
  /** The time for which `tokens` is exact, in milliseconds. */
  at: number
  /** When each type of event was logged last, in milliseconds. */
  readonly logged: Map<Warning['type'], number>
}

/** An event in the tenant's log; `at` is in milliseconds. */
export interface Warning {
  readonly type: 'api_limit_warning' | 'api_limit'
  readonly at: number
  readonly description: string
  readonly details: { readonly request: { readonly method: string; readonly path: string } }
}

const ROOMY = 1_000_000
const MINUTE = 60_000

export function createBuckets({ bucket = {}, buckets = {} }: BucketsOptions, now: number): Buckets {
  const rest = createBucket(bucket, now)
  const own = (options: BucketOptions | undefined) => (options === undefined ? rest : createBucket(options, now))
  return { readingUsers: own(buckets.readingUsers), writingUsers: own(buckets.writingUsers), rest }
}

/** @param path without its query */
export function bucketOf(buckets: Buckets, method: string, path: string): Bucket {
  if (!/^\/api\/v2\/users(-by-email)?(\/|$)/.test(path)) return buckets.rest
  return method === 'GET' ? buckets.readingUsers : buckets.writingUsers
}

export function createBucket(options: BucketOptions, now: number): Bucket {
  if (options.perSecond !== undefined && options.perMinute !== undefined) {
    throw new Error('a bucket refills per second or per minute, not both')
  }
  const limit = options.limit ?? ROOMY
  return {
    limit,
    refill:
      options.perMinute === undefined
        ? { tokens: options.perSecond ?? ROOMY, every: 'second' }
        : { tokens: options.perMinute, every: 'minute' },
    headers: options.headers ?? true,
    reset: options.reset ?? 'next',
    tokens: limit,
    at: now,
    logged: new Map(),
  }
}

/** Takes one request out of the bucket; false when it is empty. */
export function take(bucket: Bucket, now: number): boolean {
  // A clock that jumps back adds nothing.
  const elapsed = Math.max(0, now - bucket.at)
  const added =
    bucket.refill.every === 'second'
      ? (elapsed * bucket.refill.tokens) / 1000
      : Math.max(0, Math.floor(now / MINUTE) - Math.floor(bucket.at / MINUTE)) * bucket.refill.tokens
  bucket.tokens = Math.min(bucket.limit, bucket.tokens + added)
  bucket.at = Math.max(bucket.at, now)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}

export function bucketHeaders(bucket: Bucket): Readonly<Record<string, string>> {
  if (!bucket.headers) return {}
  return {
    'x-ratelimit-limit': String(bucket.limit),
    'x-ratelimit-remaining': String(Math.floor(bucket.tokens)),
    'x-ratelimit-reset': String(Math.ceil(resetTime(bucket) / 1000)),
  }
}

/**
 * Logs `api_limit_warning` once 80% are used, and `api_limit` if a request was refused, each at most once a minute
 * (Auth0's documentation, "Rate Limit Use Cases").
 */
export function warn(
  warnings: Warning[],
  bucket: Bucket,
  taken: boolean,
  request: Warning['details']['request'],
): void {
  const used = bucket.limit - Math.floor(bucket.tokens)
  const events = [
    { type: 'api_limit_warning', due: used >= 0.8 * bucket.limit, description: 'Global limit is nearly reached' },
    { type: 'api_limit', due: !taken, description: 'Global limit has been reached' },
  ] as const
  for (const { type, due, description } of events) {
    if (!due) continue
    if (bucket.at - (bucket.logged.get(type) ?? Number.NEGATIVE_INFINITY) < MINUTE) continue
    bucket.logged.set(type, bucket.at)
    warnings.push({ type, at: bucket.at, description, details: { request } })
  }
}

function resetTime({ limit, refill, reset, tokens, at }: Bucket): number {
  const missing = reset === 'full' ? limit - tokens : Math.min(limit - tokens, 1 - (tokens % 1))
  if (missing === 0) return at
  if (refill.every === 'second') return at + (missing * 1000) / refill.tokens
  return (Math.floor(at / MINUTE) + Math.ceil(missing / refill.tokens)) * MINUTE
}
