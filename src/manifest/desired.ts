// Aliases, bundles, expiry → the grants that the manifest asks for at a moment in time. Pure.

import type { Terms } from '../plan/diff.ts'
import { compareText, type Grant, type Grants, grantOf } from '../plan/grants.ts'
import { checkManifest } from './check.ts'
import type { Document } from './load.ts'
import { type Mention, quote, type Remark } from './problem.ts'
import {
  type Contents,
  type Ends,
  expiriesOf,
  fieldOf,
  identifierOf,
  isUserId,
  itemsOf,
  type Names,
  nameOf,
  type PermissionList,
  parseExpiry,
  permissionListsOf,
  readContents,
  textOf,
  type UserEntry,
} from './read.ts'

export type Identity =
  | { readonly id: string; readonly email?: never; readonly connection?: never }
  /** The address as it is written. */
  | { readonly id?: never; readonly email: string; readonly connection: string | undefined }

export type ListedUser = Identity & {
  /** Where the user is listed first. */
  readonly mention: Mention
  /** The same address in other cases, as other files write it. */
  readonly spellings?: ReadonlySet<string>
  readonly grants: ReadonlyMap<Grant, Terms>
  /** What the manifest still lists although it has expired. */
  readonly expired?: Grants
}

/** Equal for two entries that list the same user: by the same id, or by the same address, in whatever case. */
export function userIdentity(user: Identity): string {
  return JSON.stringify(user.id === undefined ? [user.email.toLowerCase(), user.connection ?? ''] : [user.id])
}

export interface Manifest {
  /** Identifiers of the APIs that the manifest names, sorted. */
  readonly apis: ReadonlySet<string>
  /** The first alias of each API that has any, by identifier. */
  readonly aliases: ReadonlyMap<string, string>
  /** Users of several files are united; in the order of their first appearance. */
  readonly users: readonly ListedUser[]
}

export interface ManifestReading {
  readonly manifest: Manifest
  /** All that is wrong. The manifest holds what can be understood all the same. */
  readonly mistakes: readonly Remark[]
  /** What no longer applies because it has expired. */
  readonly expired: readonly Remark[]
  /** What expires within a week. */
  readonly expiring: readonly Remark[]
  /** The earliest `expires` still to come, ISO 8601. */
  readonly nextExpiry: string | undefined
}

export function readManifest(documents: readonly Document[], now: Date): ManifestReading {
  const contents = readContents(documents)
  const excess = checkAmount(contents)
  return {
    manifest: {
      apis: namedApis(contents),
      aliases: new Map(contents.apis.toReversed().map(({ identifier, alias }) => [identifier, alias])),
      users: excess.length > 0 ? [] : listUsers(contents, now.getTime()),
    },
    mistakes: [...checkManifest(documents, contents), ...excess],
    ...findExpiries(contents, now.getTime()),
  }
}

function namedApis(contents: Contents): ReadonlySet<string> {
  const { names } = contents
  const apis = new Set([...names.apis.values()].map(api => api.identifier))
  for (const { key } of permissionListsOf(contents)) {
    const api = identifierOf(key, names)
    if (api !== undefined) apis.add(api)
  }
  return new Set([...apis].sort(compareText))
}

/** Permissions of all users, with those of a bundle counted for every user who has it. */
export const MOST_ASKS = 5_000_000

/** A small file can ask for very much: a long bundle for each of many users. It is counted before it is written out. */
function checkAmount({ names, users }: Contents): readonly Remark[] {
  const amountOf = (lists: readonly PermissionList[]) => lists.reduce((sum, { items }) => sum + items.length, 0)
  const amounts = new Map<string | undefined, number>(
    [...names.bundles].map(([name, { lists }]) => [name, amountOf(lists)]),
  )
  let asks = 0
  for (const { entry, lists, file, path, on } of users) {
    asks += amountOf(lists)
    for (const bundle of itemsOf(fieldOf(entry, 'bundles'))) asks += amounts.get(nameOf(bundle)) ?? 0
    if (asks <= MOST_ASKS) continue
    const message = `Up to this user, the manifest asks for ${asks} permissions; at most ${MOST_ASKS} permissions are read, with those of a bundle counted for each of its users. Split the users among several runs.`
    return [{ file, path, on, message }]
  }
  return []
}

/** Terms with the moment at which they end, in milliseconds since 1970. */
interface Span extends Terms {
  readonly until: number
}

const FOREVER: Span = { until: Number.POSITIVE_INFINITY }

type MutableUser = Identity & {
  readonly mention: Mention
  spellings?: Set<string>
  readonly grants: Map<Grant, Span>
  expired?: Set<Grant>
}

function listUsers({ names, users: entries }: Contents, now: number): readonly ListedUser[] {
  const users = new Map<string, MutableUser>()
  for (const listed of entries) {
    const { entry, file, path, on } = listed
    const identity = identityOf(entry)
    if (identity === undefined) continue
    const key = userIdentity(identity)
    const mention: Mention = { file, path: [...path, identity.id === undefined ? 'email' : 'id'], on }
    const user: MutableUser = users.get(key) ?? { ...identity, mention, grants: new Map<Grant, Span>() }
    users.set(key, user)
    if (identity.email !== undefined && identity.email !== user.email) {
      user.spellings ??= new Set()
      user.spellings.add(identity.email)
    }
    for (const [grant, span] of grantsOf(listed, names)) {
      // What is asked for in two ways is desired as long as the longer of them.
      if (span.until > now && span.until > (user.grants.get(grant)?.until ?? 0)) user.grants.set(grant, span)
      if (span.until <= now) {
        user.expired ??= new Set()
        user.expired.add(grant)
      }
    }
  }
  return [...users.values()]
}

function identityOf(entry: unknown): Identity | undefined {
  const id = textOf(fieldOf(entry, 'id'))
  if (id !== undefined) return isUserId(id) ? { id } : undefined
  const email = textOf(fieldOf(entry, 'email'))
  return email === undefined ? undefined : { email, connection: textOf(fieldOf(entry, 'connection')) }
}

function* grantsOf({ entry, lists }: UserEntry, names: Names): Generator<readonly [Grant, Span]> {
  const span = spanOf(entry)
  yield* grantsIn(lists, span, names)
  for (const bundle of itemsOf(fieldOf(entry, 'bundles'))) {
    const name = nameOf(bundle)
    const known = name && names.bundles.get(name)
    if (known) yield* grantsIn(known.lists, narrow(span, spanOf(bundle)), names)
  }
}

function* grantsIn(lists: readonly PermissionList[], span: Span, names: Names): Generator<readonly [Grant, Span]> {
  for (const { key, items } of lists) {
    const api = identifierOf(key, names)
    if (api === undefined) continue
    for (const item of items) {
      const permission = nameOf(item)
      if (permission !== undefined) yield [grantOf(api, permission), narrow(span, spanOf(item))]
    }
  }
}

/** The terms of a user, a bundle entry or a permission. A date that is none ends nothing; check.ts tells about it. */
function spanOf(node: unknown): Span {
  const expires = textOf(fieldOf(node, 'expires'))
  const reason = textOf(fieldOf(node, 'reason'))
  if (expires === undefined && reason === undefined) return FOREVER
  return {
    until: (expires === undefined ? undefined : parseExpiry(expires)) ?? FOREVER.until,
    ...(expires !== undefined && { expires }),
    ...(reason !== undefined && { reason }),
  }
}

/** Both at once: the earlier end, and the reason that is nearer to the permission. */
function narrow(outer: Span, inner: Span): Span {
  if (outer === FOREVER) return inner
  if (inner === FOREVER) return outer
  const { until, expires } = outer.until < inner.until ? outer : inner
  const reason = inner.reason ?? outer.reason
  return { until, ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }) }
}

const DAY = 24 * 60 * 60 * 1000
const SOON = 7 * DAY

function findExpiries(contents: Contents, now: number): Pick<ManifestReading, 'expired' | 'expiring' | 'nextExpiry'> {
  const expired: Remark[] = []
  const expiring: Remark[] = []
  let next = Number.POSITIVE_INFINITY
  for (const { expires, ends, file, path } of expiriesOf(contents)) {
    const until = parseExpiry(expires) ?? FOREVER.until
    const when = `${expires.includes('T') ? 'at' : 'on'} ${expires}`
    const remark = (message: string): Remark => ({ file, path, on: 'value', message: `${endsText(ends)} ${message}` })
    if (until <= now) {
      expired.push(remark(`expired ${when} and no longer applies; remove it, or give it a later date.`))
      continue
    }
    next = Math.min(next, until)
    if (until - now > SOON) continue
    const days = Math.ceil((until - now) / DAY)
    const left = days === 1 ? 'within a day' : `within ${days} days`
    expiring.push(remark(`expires ${when}, ${left}. If it is still needed, give it a later date.`))
  }
  return { expired, expiring, nextExpiry: Number.isFinite(next) ? new Date(next).toISOString() : undefined }
}

/** As far as it has names: what is wrong with the rest of the entry is told elsewhere. */
function endsText({ user, bundle, permission }: Ends): string {
  const owner = user ?? (bundle === undefined ? undefined : `the bundle ${quote(bundle)}`)
  if (owner === undefined) return 'This'
  if (permission !== undefined) return `${quote(permission)} of ${owner}`
  return user !== undefined && bundle !== undefined ? `The bundle ${quote(bundle)} of ${user}` : `The entry of ${owner}`
}
