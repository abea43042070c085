// Parses `expires`, and finds what has expired or soon will. Pure.

import { clip, quote } from '../access/quote.ts'
import { type Mention, mentionWithin, type Remark } from './problem.ts'
import { type Contents, mentionIn, type NameList } from './read.ts'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const DAY_MS = 24 * 60 * 60 * 1000
const SOON_MS = 7 * DAY_MS

/** Milliseconds since 1970: the end of a date's day in UTC, or an instant. Undefined for text such as 2026-02-30. */
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

/** An `expires`, and what it ends: a user, or one permission, role or bundle of a user or a bundle. */
interface Expiry {
  readonly expires: string
  readonly mention: Mention
  readonly owner: string | undefined
  readonly of?: NameList['of']
  readonly name?: string | undefined
}

/** Every `expires` that is a scalar. */
function* expiriesOf({ bundles, users }: Contents): Generator<Expiry> {
  for (const { name, lists } of bundles) yield* expiriesIn(lists, `the bundle ${quote(name)}`)
  for (const user of users) {
    const { identity, expires, lists } = user
    const owner = identity && clip(identity.id ?? identity.email)
    if (expires !== undefined) yield { expires, mention: mentionWithin(user, ['expires']), owner }
    yield* expiriesIn(lists, owner)
  }
}

function* expiriesIn(lists: readonly NameList[], owner: string | undefined): Generator<Expiry> {
  for (const list of lists) {
    for (const [index, item] of list.items.entries()) {
      if (typeof item !== 'object' || item.expires === undefined) continue
      const mention = mentionIn(list, [index, 'expires'])
      yield { expires: item.expires, mention, owner, of: list.of, name: item.name }
    }
  }
}

/** A missing name or owner is reported elsewhere. */
function subjectOf({ owner, of, name }: Expiry): string {
  if (owner === undefined) return 'This'
  if (name === undefined) return `The entry of ${owner}`
  return of === 'permission' ? `${quote(name)} of ${owner}` : `The ${of} ${quote(name)} of ${owner}`
}

export function* checkExpiries(contents: Contents): Generator<Remark> {
  for (const { expires, mention } of expiriesOf(contents)) {
    if (parseExpiry(expires) !== undefined) continue
    const message = () =>
      /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires)
        ? `${quote(expires)} has no time zone; add Z for UTC, or an offset such as +01:00.`
        : `${quote(expires)} is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.`
    yield { ...mention, message }
  }
}

export function* findExpired(contents: Contents, now: number): Generator<Remark> {
  for (const expiry of expiriesOf(contents)) {
    const { expires, mention } = expiry
    if (endOf(expires) > now) continue
    const message = () =>
      `${subjectOf(expiry)} expired ${whenText(expires)} and no longer applies; remove it, or give it a later date.`
    yield { ...mention, message }
  }
}

export function* findExpiring(contents: Contents, now: number): Generator<Remark> {
  for (const expiry of expiriesOf(contents)) {
    const { expires, mention } = expiry
    const remaining = endOf(expires) - now
    if (remaining <= 0 || remaining > SOON_MS) continue
    const days = Math.ceil(remaining / DAY_MS)
    const within = days === 1 ? 'within a day' : `within ${days} days`
    const message = () =>
      `${subjectOf(expiry)} expires ${whenText(expires)}, ${within}. If it is still needed, give it a later date.`
    yield { ...mention, message }
  }
}

/** The earliest `expires` still to come, ISO 8601. */
export function findNextExpiry(contents: Contents, now: number): string | undefined {
  const ends = expiriesOf(contents).map(({ expires }) => endOf(expires))
  const next = ends.reduce((first, end) => (end > now && end < first ? end : first), Number.POSITIVE_INFINITY)
  return next === Number.POSITIVE_INFINITY ? undefined : new Date(next).toISOString()
}

function whenText(expires: string): string {
  return `${expires.includes('T') ? 'at' : 'on'} ${expires}`
}
