// GitHub's rate limits: requests per hour, content-creating requests per minute, and the headers with their state.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

import { type Answer, answerRefusal, Refusal } from './answer.ts'

export interface RateLimit {
  readonly limit: number
  /** The length of the window, in milliseconds. */
  readonly period: number
  used: number
  /** Milliseconds since 1970. */
  endsAt: number
}

export const HOUR = 3_600_000
export const MINUTE = 60_000

export function createRateLimit(limit: number, period: number, now: number): RateLimit {
  return { limit, period, used: 0, endsAt: now + period }
}

/** @returns whether a request is left for this one */
export function takeRequest(rateLimit: RateLimit, now: number): boolean {
  if (now >= rateLimit.endsAt) Object.assign(rateLimit, { used: 0, endsAt: now + rateLimit.period })
  if (rateLimit.used >= rateLimit.limit) return false
  rateLimit.used += 1
  return true
}

/** The headers of the hourly limit. */
export function rateLimitHeaders({ limit, used, endsAt }: RateLimit): Answer['headers'] {
  return {
    'x-ratelimit-limit': `${limit}`,
    'x-ratelimit-remaining': `${limit - used}`,
    'x-ratelimit-reset': `${Math.ceil(endsAt / 1000)}`,
    'x-ratelimit-used': `${used}`,
    'x-ratelimit-resource': 'core',
  }
}

export function answerRateLimit(): Answer {
  return answerRefusal(
    new Refusal(403, 'API rate limit exceeded for installation ID 1.'),
    'overview/rate-limits-for-the-rest-api',
  )
}

/** The secondary limit, on requests that create content. */
export function answerSecondaryLimit({ endsAt }: RateLimit, now: number): Answer {
  const answer = answerRefusal(
    new Refusal(
      403,
      'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
    ),
    'overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
  )
  return { ...answer, headers: { ...answer.headers, 'retry-after': `${Math.ceil((endsAt - now) / 1000)}` } }
}
