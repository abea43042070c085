// GitHub's primary rate limit: so many requests an hour, and the headers that tell of it.

export interface RateLimit {
  readonly limit: number
  used: number
  /** Milliseconds since 1970. */
  endsAt: number
}

const HOUR = 3_600_000

export function createRateLimit(limit: number, now: number): RateLimit {
  return { limit, used: 0, endsAt: now + HOUR }
}

/** @returns whether a request is left for this one */
export function takeRequest(rateLimit: RateLimit, now: number): boolean {
  if (now >= rateLimit.endsAt) Object.assign(rateLimit, { used: 0, endsAt: now + HOUR })
  if (rateLimit.used >= rateLimit.limit) return false
  rateLimit.used += 1
  return true
}

export function rateLimitHeaders({ limit, used, endsAt }: RateLimit): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': `${limit}`,
    'x-ratelimit-remaining': `${limit - used}`,
    'x-ratelimit-reset': `${Math.ceil(endsAt / 1000)}`,
    'x-ratelimit-used': `${used}`,
    'x-ratelimit-resource': 'core',
  }
}
