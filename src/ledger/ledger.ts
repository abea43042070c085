// What is managed, by user id, and its arithmetic. Pure.
//
// The life of a ledger during an apply:
//
//   read ──► begin: what is about to be done ──► writes to the tenant ──► end: what was done
//              counts as managed already           (killed here?            │
//              and is marked unfinished             the mark stays)         ├─ nobody moved the branch: settled
//                                                                           └─ somebody did: merged, and still marked
//
// Whatever a run reads of a user corrects the ledger: a grant that is not live is not managed any more.

import { type Grants, NO_GRANTS } from '../access/grants.ts'
import type { ListedUser } from '../manifest/manifest.ts'

/** An address that lists a user, in lower case; `connection` narrows it. */
interface Address {
  readonly email: string
  readonly connection?: string
}

/** How the manifest lists a user. */
export type Listing = 'id' | Address

/** What the ledger knows of a user. */
export interface Entry {
  /** For a removed user, how the manifest listed the user last. */
  readonly listed: readonly Listing[]
  readonly managed: Grants
  /** The latest apply may have left this user in any state between before and after. */
  readonly unfinished: boolean
}

/** By user id. */
export type Entries = ReadonlyMap<string, Entry>

/** An apply that has begun. */
interface Apply {
  /** The page of its run; empty outside GitHub. */
  readonly run: string
  readonly commit: string
  /** When it began, ISO 8601. */
  readonly at: string
}

export interface Ledger {
  readonly tenant: string
  /** The newest commit that was applied, and the branch it was applied from; empty as long as there is none. */
  readonly commit: string
  readonly branch: string
  /** The latest apply; its commit may be one that is not on a branch. */
  readonly latest: Apply
  /** Set while the latest apply is under way. */
  readonly applying: boolean
  /** Repository paths of the manifest files that applies read. */
  readonly files: readonly string[]
  readonly users: Entries
}

/** What this run knows of a user whom it read, and what it is going to do. */
export interface Sight {
  readonly user: string
  /** Empty for a removed user. */
  readonly listed: readonly Listing[]
  readonly desired: Grants
  /** undefined when the run assigns without reading */
  readonly live: Grants | undefined
  readonly grant: Grants
  readonly revoke: Grants
}

/** What was confirmed of a user's operations. */
export interface Fate {
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly revoked: Grants
}

export interface Progress {
  readonly sights: readonly Sight[]
  /** Users who do not exist in the tenant any more: they hold nothing. */
  readonly gone: ReadonlySet<string>
  /** How the manifest lists users by ids and by remembered addresses, looked up or not, by user id. */
  readonly listings: ReadonlyMap<string, readonly Listing[]>
}

/** What the ledger says before the first write: what is about to be granted counts already. */
export function beginUsers(users: Entries, progress: Progress): Entries {
  return updateUsers(users, progress, (known, { grant, revoke }) => ({
    managed: known.union(grant),
    unfinished: grant.size + revoke.size > 0,
  }))
}

/** What the ledger says after the last write. @param fates of the users with operations, by id */
export function endUsers(users: Entries, progress: Progress, fates: ReadonlyMap<string, Fate>): Entries {
  return updateUsers(users, progress, (known, { user, grant, revoke }) => {
    const fate = fates.get(user)
    switch (fate?.status) {
      case undefined:
        return { managed: known, unfinished: false }
      case 'done':
        return { managed: known.union(grant).difference(revoke), unfinished: false }
      // Any of it may have been done without an answer.
      case 'failed':
        return { managed: known.union(grant).difference(fate.revoked), unfinished: true }
      case 'not attempted':
        return { managed: known, unfinished: true }
    }
  })
}

function updateUsers(
  users: Entries,
  { sights, gone, listings }: Progress,
  update: (known: Grants, sight: Sight) => Omit<Entry, 'listed'>,
): Entries {
  const updated = new Map(users)
  for (const [user, listed] of listings) {
    const entry = updated.get(user)
    if (entry !== undefined) updated.set(user, { ...entry, listed })
  }
  for (const sight of sights) {
    const before = users.get(sight.user)
    const after = update(knownOf(before?.managed ?? NO_GRANTS, sight), sight)
    // An address whose look-up failed is still one that meant this user.
    const listed = mergeListings(sight.listed, listings.get(sight.user) ?? [])
    const isRemoved = listed.length === 0
    if (isRemoved && after.managed.size === 0 && !after.unfinished) updated.delete(sight.user)
    else updated.set(sight.user, { ...after, listed: isRemoved ? (before?.listed ?? []) : listed })
  }
  for (const user of gone) updated.delete(user)
  return updated
}

function mergeListings(one: readonly Listing[], other: readonly Listing[]): readonly Listing[] {
  return [...new Map([...one, ...other].map(listing => [keyOf(listing), listing])).values()]
}

/** What is managed before anything is written: what was, and is still there, and what the manifest finds in place. */
function knownOf(managed: Grants, { desired, live }: Sight): Grants {
  return live === undefined ? managed : managed.union(desired).intersection(live)
}

/** Sets users back to what the ledger said of them before; undefined removes an entry. */
export function restoreUsers(users: Entries, before: ReadonlyMap<string, Entry | undefined>): Entries {
  const restored = new Map(users)
  for (const [user, entry] of before) {
    if (entry === undefined) restored.delete(user)
    else restored.set(user, entry)
  }
  return restored
}

/** The users whose entries differ. */
export function changedEntries(before: Entries, after: Entries): ReadonlySet<string> {
  const users = new Set([...before.keys(), ...after.keys()])
  return new Set([...users].filter(user => !isSameEntry(before.get(user), after.get(user))))
}

function isSameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.unfinished !== b.unfinished) return false
  return isSame(a.managed, b.managed) && isSame(new Set(a.listed.map(keyOf)), new Set(b.listed.map(keyOf)))
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b)
}

/**
 * This run's users merged into a ledger that another run wrote meanwhile: whatever either of them says may be there, so
 * all of it counts, until a run has read these users again.
 */
export function mergeUsers(newer: Entries, own: Entries, users: ReadonlySet<string>): Entries {
  const merged = new Map(newer)
  for (const user of users) {
    const [theirs, ours] = [newer.get(user), own.get(user)]
    const managed = (theirs?.managed ?? NO_GRANTS).union(ours?.managed ?? NO_GRANTS)
    const listed = ours?.listed ?? theirs?.listed ?? []
    if (theirs !== undefined || ours !== undefined) merged.set(user, { listed, managed, unfinished: true })
  }
  return merged
}

/** The user whom each address meant, by `keyOf` the address. */
export function rememberedUsers(users: Entries): ReadonlyMap<string, string> {
  const remembered = new Map<string, string>()
  for (const [user, { listed }] of users) {
    for (const listing of listed) if (listing !== 'id') remembered.set(keyOf(listing), user)
  }
  return remembered
}

/** Equal for listings that are the same for sure. */
export function keyOf(listing: Listing): string {
  return listing === 'id' ? listing : JSON.stringify([listing.email, listing.connection ?? ''])
}

/** As the ledger keeps it: an address in another case is the same listing. */
export function listingOf(user: Pick<ListedUser, 'id' | 'email' | 'connection'>): Listing {
  if (user.email === undefined) return 'id'
  return { email: user.email.toLowerCase(), ...(user.connection !== undefined && { connection: user.connection }) }
}

/** Listed users by the id that they mean for sure: their own, or the one that the ledger remembers. */
export function groupById(
  listed: readonly ListedUser[],
  remembered: ReadonlyMap<string, string>,
): { readonly known: ReadonlyMap<string, readonly ListedUser[]>; readonly unknown: readonly ListedUser[] } {
  const known = new Map<string, ListedUser[]>()
  const unknown: ListedUser[] = []
  for (const user of listed) {
    const id = user.id ?? remembered.get(keyOf(listingOf(user)))
    if (id === undefined) unknown.push(user)
    else known.set(id, [...(known.get(id) ?? []), user])
  }
  return { known, unknown }
}

/** Whether a user's desired grants are what the ledger has, so that `scope: changed` need not read the user. */
export function isUnchanged(entry: Entry | undefined, listed: readonly ListedUser[]): boolean {
  if (entry === undefined || entry.unfinished) return false
  return isSame(entry.managed, new Set(listed.flatMap(({ grants }) => [...grants.keys()])))
}

/** Users whom the ledger knows and the manifest no longer lists, and of whom something is managed. */
export function removedUsers(users: Entries, known: ReadonlyMap<string, unknown>): ReadonlyMap<string, Entry> {
  return new Map([...users].filter(([user, { managed }]) => !known.has(user) && managed.size > 0))
}
