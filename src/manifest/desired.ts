// Aliases, bundles and expiry → the grants that the manifest asks for at a certain time. Pure.

import { compareText, type Grant, type Grants, grantOf, roleGrantOf, type Terms } from '../access/grants.ts'
import { isUserId } from '../access/identities.ts'
import { endOf } from './expiry.ts'
import { type Mention, mentionWithin, type Remark } from './problem.ts'
import {
  type Contents,
  type Identity,
  identifierOf,
  listsOf,
  type NameList,
  type Names,
  nameOf,
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
  for (const { key } of listsOf(contents, 'permission')) {
    const api = identifierOf(key, names)
    if (api !== undefined) apis.add(api)
  }
  return new Set([...apis].sort(compareText))
}

export function namedRoles(contents: Contents): ReadonlySet<string> {
  const catalogue = contents.roles.map(({ role }) => role)
  const listed = listsOf(contents, 'role').flatMap(({ items }) => items.flatMap(item => nameOf(item) ?? []))
  return new Set(catalogue).union(new Set(listed))
}

/** Permissions and roles of all users; those of a bundle count for every user who has it. */
export const MAX_LISTED_GRANTS = 5_000_000

/** Counts before bundles are expanded, because a small file can give a long bundle to many users. */
export function checkAmount({ names, users }: Contents): readonly Remark[] {
  const bundles = new Map([...names.bundles].map(([name, { lists }]) => [name, countListed(lists, new Map())]))
  let listed = 0
  for (const { lists, file, path, on } of users) {
    listed += countListed(lists, bundles)
    if (listed <= MAX_LISTED_GRANTS) continue
    const message = () =>
      `Up to this user, the manifest lists ${listed} permissions and roles; at most ${MAX_LISTED_GRANTS} are allowed, and those of a bundle count for each of its users. List fewer users, or shorten the bundles.`
    return [{ file, path, on, message }]
  }
  return []
}

function countListed(lists: readonly NameList[], bundles: ReadonlyMap<string, number>): number {
  let count = 0
  for (const { of, items } of lists) {
    if (of !== 'bundle') count += items.length
    else for (const item of items) count += bundles.get(nameOf(item) ?? '') ?? 0
  }
  return count
}

/** Terms with the moment at which they end, in milliseconds since 1970. */
type Span = Terms & { readonly until: number }

const FOREVER: Span = { until: Number.POSITIVE_INFINITY }

type MutableUser = Identity & {
  readonly mention: Mention
  spellings?: Set<string>
  readonly grants: Map<Grant, Span>
  expired?: Set<Grant>
}

/** @param now in milliseconds since 1970 */
export function listUsers({ names, users: entries }: Contents, now: number): readonly ListedUser[] {
  const bundles = new Map(
    [...names.bundles].map(([name, { lists }]) => [name, [...grantsIn(lists, { names, bundles: NO_BUNDLES })]]),
  )
  const users = new Map<string, MutableUser>()
  for (const entry of entries) {
    const { identity } = entry
    if (identity === undefined || (identity.id !== undefined && !isUserId(identity.id))) continue
    const key = userIdentity(identity)
    const mention = mentionWithin(entry, [identity.id === undefined ? 'email' : 'id'])
    const user: MutableUser = users.get(key) ?? { ...identity, mention, grants: new Map() }
    users.set(key, user)
    if (identity.email !== undefined && identity.email !== user.email) {
      user.spellings = (user.spellings ?? new Set()).add(identity.email)
    }
    const terms = spanOf(entry)
    for (const [grant, own] of grantsIn(entry.lists, { names, bundles })) {
      const span = narrow(terms, own)
      if (span.until <= now) user.expired = (user.expired ?? new Set()).add(grant)
      // If two entries ask for a grant, the later expiry counts.
      else if (span.until > (user.grants.get(grant)?.until ?? 0)) user.grants.set(grant, span)
    }
  }
  return [...users.values()]
}

type ListedGrant = readonly [Grant, Span]

/** What each bundle contains, so that it is expanded only once. */
type Bundles = ReadonlyMap<string, readonly ListedGrant[]>

/** A bundle contains no bundles. */
const NO_BUNDLES: Bundles = new Map()

function* grantsIn(
  lists: readonly NameList[],
  { names, bundles }: { readonly names: Names; readonly bundles: Bundles },
): Generator<ListedGrant> {
  for (const { of, key, items } of lists) {
    const api = of === 'permission' ? identifierOf(key, names) : ''
    // This is reported as a mistake. Grants contain the identifier, so many with a huge one would take minutes.
    if (api === undefined || api.length > MAX_ID) continue
    for (const item of items) {
      const name = nameOf(item)
      if (name === undefined) continue
      const span = typeof item === 'object' ? spanOf(item) : FOREVER
      if (of === 'bundle') for (const [grant, own] of bundles.get(name) ?? []) yield [grant, narrow(span, own)]
      else yield [of === 'role' ? roleGrantOf(name) : grantOf(api, name), span]
    }
  }
}

/** An invalid date never expires; expiry.ts reports it. */
function spanOf({ expires, reason }: Partial<WrittenTerms>, until = endOf(expires)): Span {
  if (expires === undefined && reason === undefined) return FOREVER
  return { until, ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }) }
}

/** Combines two spans: the earlier end, and the reason that is closer to the permission or role. */
function narrow(outer: Span, inner: Span): Span {
  // Shared, because there may be millions.
  if (outer === FOREVER) return inner
  const { until, expires } = outer.until < inner.until ? outer : inner
  return spanOf({ expires, reason: inner.reason ?? outer.reason }, until)
}
