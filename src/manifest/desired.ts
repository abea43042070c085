// Aliases, bundles and expiry → the grants that the manifest asks for at a certain time. Pure.

import type { Terms } from '../access/grants.ts'
import { compareText, type Grant, type Grants, grantOf, roleGrantOf } from '../access/grants.ts'
import { isUserId } from '../access/identities.ts'
import { endOf } from './expiry.ts'
import type { Mention, Remark } from './problem.ts'
import {
  type Contents,
  type Identity,
  type Item,
  identifierOf,
  type Names,
  nameOf,
  type PermissionList,
  permissionListsOf,
  type UserEntry,
  userIdentity,
  type WrittenTerms,
} from './read.ts'
import { MAX_ID } from './schema.ts'

export type ListedUser = Identity & {
  /** Where the user is first listed. */
  readonly mention: Mention
  /** The same address in other letter cases, as in other files. */
  readonly spellings?: ReadonlySet<string>
  readonly grants: ReadonlyMap<Grant, Terms>
  /** Grants that the manifest lists but that have expired. */
  readonly expired?: Grants
}

export function namedApis(contents: Contents): ReadonlySet<string> {
  const { names } = contents
  const apis = new Set([...names.apis.values()].map(api => api.identifier))
  for (const { key } of permissionListsOf(contents)) {
    const api = identifierOf(key, names)
    if (api !== undefined) apis.add(api)
  }
  return new Set([...apis].sort(compareText))
}

export function namedRoles({ roles, users }: Contents): ReadonlySet<string> {
  const named = new Set(roles.map(({ role }) => role))
  for (const user of users) {
    for (const item of user.roles) {
      const role = nameOf(item)
      if (role !== undefined) named.add(role)
    }
  }
  return named
}

/** Permissions and roles of all users; those of a bundle count for every user who has it. */
export const MAX_ASKS = 5_000_000

/** Counts before bundles are expanded, because a small file can give a long bundle to many users. */
export function checkAmount({ names, users }: Contents): readonly Remark[] {
  const amountOf = (lists: readonly PermissionList[]) => lists.reduce((sum, { items }) => sum + items.length, 0)
  const amounts = new Map<string | undefined, number>(
    [...names.bundles].map(([name, { lists }]) => [name, amountOf(lists)]),
  )
  let asks = 0
  for (const { lists, bundles, roles, file, path, on } of users) {
    asks += amountOf(lists) + roles.length
    for (const bundle of bundles) asks += amounts.get(nameOf(bundle)) ?? 0
    if (asks <= MAX_ASKS) continue
    const message = () =>
      `Up to this user, the manifest lists ${asks} permissions and roles; at most ${MAX_ASKS} are allowed, and those of a bundle count for each of its users. List fewer users, or shorten the bundles.`
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

/** @param now in milliseconds since 1970 */
export function listUsers({ names, users: entries }: Contents, now: number): readonly ListedUser[] {
  const grantsOf = openBundles(names)
  const users = new Map<string, MutableUser>()
  for (const listed of entries) {
    const { identity, file, path, on } = listed
    if (identity === undefined || (identity.id !== undefined && !isUserId(identity.id))) continue
    const key = userIdentity(identity)
    const mention: Mention = { file, path: [...path, identity.id === undefined ? 'email' : 'id'], on }
    const user: MutableUser = users.get(key) ?? { ...identity, mention, grants: new Map<Grant, Span>() }
    users.set(key, user)
    if (identity.email !== undefined && identity.email !== user.email) {
      user.spellings ??= new Set()
      user.spellings.add(identity.email)
    }
    for (const [grant, span] of grantsOf(listed)) {
      // If two entries ask for a grant, the later expiry counts.
      if (span.until > now && span.until > (user.grants.get(grant)?.until ?? 0)) user.grants.set(grant, span)
      if (span.until <= now) {
        user.expired ??= new Set()
        user.expired.add(grant)
      }
    }
  }
  return [...users.values()]
}

type Asked = readonly [Grant, Span]

/** Returns what a user's entry asks for; each bundle is expanded only once. */
function openBundles(names: Names): (listed: UserEntry) => Generator<Asked> {
  const bundles = new Map([...names.bundles].map(([name, { lists }]) => [name, [...grantsIn(lists, names)]]))
  return function* (user) {
    const span = spanOf(user)
    for (const [grant, own] of grantsIn(user.lists, names)) yield [grant, narrow(span, own)]
    for (const item of user.roles) {
      const role = nameOf(item)
      if (role !== undefined) yield [roleGrantOf(role), narrow(span, spanOfItem(item))]
    }
    for (const item of user.bundles) {
      const within = narrow(span, spanOfItem(item))
      for (const [grant, own] of bundles.get(nameOf(item) ?? '') ?? []) yield [grant, narrow(within, own)]
    }
  }
}

function* grantsIn(lists: readonly PermissionList[], names: Names): Generator<Asked> {
  for (const { key, items } of lists) {
    const api = identifierOf(key, names)
    // This is reported as a mistake. Grants contain the identifier, so many with a huge one would take minutes.
    if (api === undefined || api.length > MAX_ID) continue
    for (const item of items) {
      const permission = nameOf(item)
      if (permission !== undefined) yield [grantOf(api, permission), spanOfItem(item)]
    }
  }
}

function spanOfItem(item: Item): Span {
  return typeof item === 'object' ? spanOf(item) : FOREVER
}

/** An invalid date never expires; expiry.ts reports it. */
function spanOf({ expires, reason }: WrittenTerms): Span {
  if (expires === undefined && reason === undefined) return FOREVER
  return {
    until: endOf(expires),
    ...(expires !== undefined && { expires }),
    ...(reason !== undefined && { reason }),
  }
}

/** Combines two spans: the earlier end, and the reason that is closer to the permission or role. */
function narrow(outer: Span, inner: Span): Span {
  if (outer === FOREVER) return inner
  if (inner === FOREVER) return outer
  const { until, expires } = outer.until < inner.until ? outer : inner
  const reason = inner.reason ?? outer.reason
  return { until, ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }) }
}
