import { describe, expect, it } from 'vitest'
import {
  describeExhausted,
  describeWait,
  type Limit,
  limitOf,
  readBucket,
  readEnd,
  readReset,
} from '../../src/tenant/limits.ts'

describe('a request counts against the limit for', () => {
  it.each([
    ['GET', '/api/v2/users', 'readingUsers'],
    ['GET', '/api/v2/users/auth0%7C1/permissions', 'readingUsers'],
    ['GET', '/api/v2/users-by-email', 'readingUsers'],
    ['POST', '/api/v2/users/auth0%7C1/permissions', 'writingUsers'],
    ['DELETE', '/api/v2/users/auth0%7C1/roles', 'writingUsers'],
    ['GET', '/api/v2/resource-servers', 'rest'],
    ['GET', '/api/v2/roles/rol_1/users', 'rest'],
    ['GET', '/api/v2/users-imports', 'rest'],
  ])('%s %s: %s', (method, path, group) => {
    expect(limitOf({ method, path })).toBe(group)
  })
})

describe('a bucket', () => {
  const headers = { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '49', 'x-ratelimit-reset': '1000' }
  const now = { at: 5, time: 999_000 }

  it('resets by the server’s clock if the response has a date, else by ours', () => {
    const date = new Date(997_000).toUTCString()
    expect(readBucket({ ...headers, date }, now)).toEqual({ limit: 50, remaining: 49, resetAt: 3_005 })
    expect(readBucket(headers, now)).toEqual({ limit: 50, remaining: 49, resetAt: 1_005 })
  })

  it.each([
    ['a reset in the past', { 'x-ratelimit-reset': '1' }, { limit: 50, remaining: 49, resetAt: 5 }],
    ['more remaining than the limit', { 'x-ratelimit-remaining': '99' }, { limit: 50, remaining: 50, resetAt: 1_005 }],
    ['a limit of zero', { 'x-ratelimit-limit': '0' }, undefined],
    ['a word', { 'x-ratelimit-limit': 'many' }, undefined],
    ['a negative number', { 'x-ratelimit-remaining': '-1' }, undefined],
    ['a number with a unit', { 'x-ratelimit-limit': '50 a second' }, undefined],
    ['a number with too many digits', { 'x-ratelimit-reset': '1000000000000' }, undefined],
    ['an invalid date', { date: 'noon' }, { limit: 50, remaining: 49, resetAt: 1_005 }],
    ['two dates', { date: ['Thu, 01 Jan 1970 00:16:37 GMT', 'noon'] }, { limit: 50, remaining: 49, resetAt: 1_005 }],
    ['a missing header', { 'x-ratelimit-reset': undefined }, undefined],
    ['a duplicate header', { 'x-ratelimit-limit': ['50', '50'] }, undefined],
  ])('with %s is read safely', (_, absurd, expected) => {
    expect(readBucket({ ...headers, ...absurd }, now)).toEqual(expected)
  })
})

describe('the end of a refusal', () => {
  const now = { at: 5, time: 999_000 }

  it('follows from retry-after, by the server’s clock, for every status', () => {
    const headers = { 'retry-after': '120', 'x-ratelimit-reset': '2000', date: new Date(997_000).toUTCString() }
    expect(readEnd({ status: 503, headers }, now)).toEqual({ at: 120_005, time: 1_117_000 })
  })

  it('follows from the bucket only for a 429', () => {
    const headers = { 'x-ratelimit-reset': '2000' }
    expect(readEnd({ status: 429, headers }, now)).toEqual({ at: 1_001_005, time: 2_000_000 })
    expect(readEnd({ status: 500, headers }, now)).toBeUndefined()
    expect(readReset(headers, now)).toEqual({ at: 1_001_005, time: 2_000_000 })
  })

  it('is unknown without headers or with invalid ones', () => {
    for (const headers of [{}, { 'retry-after': 'soon' }, { 'x-ratelimit-reset': '-1' }]) {
      expect(readEnd({ status: 429, headers }, now)).toBeUndefined()
    }
  })
})

describe('a wait', () => {
  const time = Date.UTC(2026, 9, 1, 14, 5, 30)
  const inMinutes = (minutes: number) => ({ at: 1_000 + minutes * 60_000, time })

  it.each<[Limit | undefined, number, string]>([
    ['readingUsers', 1, 'the rate limit'],
    ['readingUsers', 1.01, 'the rate limit for reading users, until 14:05 UTC'],
    ['writingUsers', 60, 'the rate limit for writing users, until 14:05 UTC'],
    ['rest', 60, 'the rate limit of the Management API, until 14:05 UTC'],
    ['tokens', 60, 'the quota for access tokens, until 14:05 UTC'],
    ['tokens', 24 * 60, 'the rate limit'],
    [undefined, 60, 'the tenant to respond again, until 14:05 UTC'],
    [undefined, 0, 'the tenant to respond again'],
  ])('for %s of %d minutes is described as: %s', (limit, minutes, text) => {
    expect(describeWait({ limit, other: 'the tenant to respond again', end: inMinutes(minutes) }, 1_000)).toBe(text)
  })

  it('without an end is described without one', () => {
    expect(describeWait({ limit: 'rest', other: 'the tenant', end: undefined }, 1_000)).toBe('the rate limit')
  })

  it.each([
    [8.64e15 - 86_400_000, 'until 00:00 UTC'],
    [8.64e15 + 1, 'the rate limit'],
  ])('whose end is not a valid date is described in words: %d', (far, words) => {
    expect(describeWait({ limit: 'rest', other: 'the tenant', end: { at: 3_700_000, time: far } }, 0)).toContain(words)
  })

  it('that did not help is reported with the limit, the tenant, and the end if there is one', () => {
    const origin = 'https://acme.eu.auth0.com'
    expect(describeExhausted('tokens', { origin, until: '14:05 UTC' })).toBe(
      'The quota for access tokens of https://acme.eu.auth0.com is used up until 14:05 UTC',
    )
    expect(describeExhausted('rest', { origin, until: undefined })).toBe(
      'The rate limit of the Management API of https://acme.eu.auth0.com is used up',
    )
  })
})
