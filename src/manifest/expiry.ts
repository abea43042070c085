// Parses `expires`, and finds what has expired or soon will. Pure.

import { clip, quote } from '../access/quote.ts'
import type { Mention, Remark } from './problem.ts'
import { type Contents, type Item, mentionIn, nameOf, type PermissionList, type WrittenTerms } from './read.ts'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const DAY_MS = 24 * 60 * 60 * 1000
const SOON_MS = 7 * DAY_MS

/**
 * Milliseconds since 1970: the end of a date's day in UTC, or an instant.
 * @returns undefined for text that is neither, such as the 30th of February
 */
function parseExpiry(text: string): number | undefined {
  const date = DATE.exec(text)
  const [, year, month, day] = date ?? INSTANT.exec(text) ?? []
  if (year === undefined) return undefined
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (midnight.toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined
  const instant = date !== null ? midnight.getTime() + DAY_MS : Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

/** Milliseconds since 1970; infinity without `expires`, or if it is invalid. */
export function endOf(expires: string | undefined): number {
  return (expires === undefined ? undefined : parseExpiry(expires)) ?? Number.POSITIVE_INFINITY
}

/** An `expires`, and what it ends: a user, or one bundle, role or permission of a user or a bundle. */
interface Expiry extends Mention {
  readonly expires: string
  readonly ends: Ends
}

interface Ends {
  readonly user?: string | undefined
  readonly bundle?: string | undefined
  readonly role?: string | undefined
  readonly permission?: string | undefined
}

/** Every `expires` that is a scalar: of users, of their bundles and roles, and of permissions. */
function* expiriesOf({ bundles, users }: Contents): Generator<Expiry> {
  for (const { name, lists } of bundles) yield* expiriesIn(lists, { bundle: name })
  for (const entry of users) {
    const user = entry.identity?.id ?? entry.identity?.email
    yield* expiryOf(entry, entry, { user })
    for (const key of ['bundles', 'roles'] as const) {
      for (const [index, item] of termed(entry[key])) {
        const ends = key === 'bundles' ? { user, bundle: item.name } : { user, role: item.name }
        yield* expiryOf(item, { ...entry, path: [...entry.path, key, index] }, ends)
      }
    }
    yield* expiriesIn(entry.lists, { user })
  }
}

function* expiriesIn(lists: readonly PermissionList[], ends: Ends): Generator<Expiry> {
  for (const list of lists) {
    for (const [index, item] of termed(list.items)) {
      yield* expiryOf(item, mentionIn(list, [index]), { ...ends, permission: nameOf(item) })
    }
  }
}

function* termed(items: readonly Item[]): Generator<readonly [number, Exclude<Item, string | undefined>]> {
  for (const [index, item] of items.entries()) if (typeof item === 'object') yield [index, item]
}

function* expiryOf({ expires }: WrittenTerms, { file, path, on }: Mention, ends: Ends): Generator<Expiry> {
  if (expires !== undefined) yield { expires, ends, file, path: [...path, 'expires'], on }
}

export function* checkExpiries(contents: Contents): Generator<Remark> {
  for (const { expires, file, path, on } of expiriesOf(contents)) {
    if (parseExpiry(expires) !== undefined) continue
    const message = () =>
      /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires)
        ? `${quote(expires)} has no time zone; add Z for UTC, or an offset such as +01:00.`
        : `${quote(expires)} is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.`
    yield { file, path, on, message }
  }
}

export function* findExpired(contents: Contents, now: number): Generator<Remark> {
  for (const { expires, ends, file, path, on } of expiriesOf(contents)) {
    if (endOf(expires) > now) continue
    const message = () =>
      `${endsText(ends)} expired ${whenText(expires)} and no longer applies; remove it, or give it a later date.`
    yield { file, path, on, message }
  }
}

export function* findExpiring(contents: Contents, now: number): Generator<Remark> {
  for (const { expires, ends, file, path, on } of expiriesOf(contents)) {
    const remaining = endOf(expires) - now
    if (remaining <= 0 || remaining > SOON_MS) continue
    const days = Math.ceil(remaining / DAY_MS)
    const within = days === 1 ? 'within a day' : `within ${days} days`
    const message = () =>
      `${endsText(ends)} expires ${whenText(expires)}, ${within}. If it is still needed, give it a later date.`
    yield { file, path, on, message }
  }
}

/** The earliest `expires` still to come, ISO 8601. */
export function findNextExpiry(contents: Contents, now: number): string | undefined {
  let next = Number.POSITIVE_INFINITY
  for (const { expires } of expiriesOf(contents)) {
    const until = endOf(expires)
    if (until > now) next = Math.min(next, until)
  }
  return next === Number.POSITIVE_INFINITY ? undefined : new Date(next).toISOString()
}

function whenText(expires: string): string {
  return `${expires.includes('T') ? 'at' : 'on'} ${expires}`
}

/** A missing name is reported elsewhere. */
function endsText({ user, bundle, role, permission }: Ends): string {
  const owner = (user && clip(user)) ?? (bundle === undefined ? undefined : `the bundle ${quote(bundle)}`)
  if (owner === undefined) return 'This'
  if (permission !== undefined) return `${quote(permission)} of ${owner}`
  if (role !== undefined) return `The role ${quote(role)} of ${owner}`
  return user !== undefined && bundle !== undefined
    ? `The bundle ${quote(bundle)} of ${owner}`
    : `The entry of ${owner}`
}
