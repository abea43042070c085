// What is managed, by user id, and its arithmetic. Pure.
//
// The life of a ledger during an apply:
//
//   read ──► begin: what is about to be done ──► writes to the tenant ──► end: what was done
//              counts as managed already           (killed here?            │
//              and is marked unfinished             the mark stays)         ├─ nobody moved the branch: settled
//                                                                           └─ somebody did: merged, and still marked
//
// What a run reads about a user corrects the ledger: a grant that is not live is no longer managed.

import { type Grants, NO_GRANTS } from '../access/grants.ts'
import type { ListedUser } from '../manifest/manifest.ts'

/** An address that lists a user, in lower case; `connection` narrows it. */
interface Address {
  readonly email: string
  readonly connection?: string
}

/** How the manifest lists a user. */
export type Listing = 'id' | Address

/** What the ledger records about a user. */
export interface Entry {
  /** For a removed user, how the manifest last listed the user. */
  readonly listed: readonly Listing[]
  readonly managed: Grants
  /** The latest apply could not read this user, or may have left it in any state between before and after. */
  readonly unfinished: boolean
}

/** By user id. */
export type Entries = ReadonlyMap<string, Entry>

/** An apply that has begun. */
interface Apply {
  /** The URL of its run's page; empty outside GitHub. */
  readonly run: string
  readonly commit: string
  /** When it began, ISO 8601. */
  readonly at: string
}

export interface Ledger {
  readonly tenant: string
  /** The newest commit that was applied, and the branch it was applied from; empty if there is none. */
  readonly commit: string
  readonly branch: string
  /** The latest apply; its commit may be one that is not on a branch. */
  readonly latest: Apply
  /** True while the latest apply is running. */
  readonly applying: boolean
  /** Repository paths of the manifest files that applies read. */
  readonly files: readonly string[]
  readonly users: Entries
}

export function emptyLedger(tenant: string): Ledger {
  const latest = { run: '', commit: '', at: '' }
  return { tenant, commit: '', branch: '', latest, applying: false, files: [], users: new Map() }
}

/** What this run read about a user, and what it is going to do. */
export interface Observation {
  readonly user: string
  /** Empty for a removed user. */
  readonly listed: readonly Listing[]
  readonly desired: Grants
  /** undefined if the run assigns without reading */
  readonly live: Grants | undefined
  readonly grant: Grants
  readonly revoke: Grants
  /** Of what is granted: an undo plan gives it back to a user who had it by hand, so it never counts as managed. */
  readonly byHand: Grants
}

/** What is known about a user's operations after the apply. */
export interface UserResult {
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly revoked: Grants
}

export interface Progress {
  readonly observations: readonly Observation[]
  /** Users who no longer exist in the tenant. */
  readonly gone: ReadonlySet<string>
  /** Users who could not be read. */
  readonly unread: ReadonlySet<string>
  /** By user id: how the manifest lists the user by id and by remembered addresses, whether or not they were looked up. */
  readonly listings: ReadonlyMap<string, readonly Listing[]>
}

/** The ledger before the first write: what is about to be granted already counts as managed. */
export function beginUsers(users: Entries, progress: Progress): Entries {
  const update: Update = (known, { grant, revoke, byHand }) => ({
    managed: known.union(grant.difference(byHand)),
    unfinished: grant.size + revoke.size > 0,
  })
  return updateUsers(users, { ...progress, update })
}

export interface EndedProgress extends Progress {
  /** Results by user id, for users with operations. */
  readonly results: ReadonlyMap<string, UserResult>
}

/** The ledger after the last write. */
export function endUsers(users: Entries, progress: EndedProgress): Entries {
  const update: Update = (known, { user, grant, revoke, byHand }) => {
    if (grant.size + revoke.size === 0) return { managed: known, unfinished: false }
    const { status = 'failed', revoked = NO_GRANTS } = progress.results.get(user) ?? {}
    switch (status) {
      case 'done':
        return { managed: known.union(grant.difference(byHand)).difference(revoke), unfinished: false }
      // Any operation may have been done although no response arrived, or a defect ended the run before it did.
      case 'failed':
        return { managed: known.union(grant.difference(byHand)).difference(revoked), unfinished: true }
      case 'not attempted':
        return { managed: known, unfinished: true }
    }
  }
  return updateUsers(users, { ...progress, update })
}

/** @param known what is managed before anything is written */
type Update = (known: Grants, observation: Observation) => Omit<Entry, 'listed'>

function updateUsers(
  users: Entries,
  { observations, gone, unread, listings, update }: Progress & { readonly update: Update },
): Entries {
  const updated = new Map(users)
  for (const [user, listed] of listings) {
    const entry = updated.get(user)
    if (entry !== undefined) updated.set(user, { ...entry, listed })
  }
  for (const observation of observations) {
    const before = users.get(observation.user)
    const after = update(knownOf(before?.managed ?? NO_GRANTS, observation), observation)
    // An address still belongs to this user if its look-up failed.
    const listed = mergeListings(observation.listed, listings.get(observation.user) ?? [])
    const isRemoved = listed.length === 0
    if (isRemoved && after.managed.size === 0 && !after.unfinished) updated.delete(observation.user)
    else updated.set(observation.user, { ...after, listed: isRemoved ? (before?.listed ?? []) : listed })
  }
  for (const user of gone) updated.delete(user)
  for (const user of unread) {
    const entry = updated.get(user)
    if (entry !== undefined) updated.set(user, { ...entry, unfinished: true })
  }
  return updated
}

function mergeListings(one: readonly Listing[], other: readonly Listing[]): readonly Listing[] {
  return [...new Map([...one, ...other].map(listing => [keyOf(listing), listing])).values()]
}

/** What is managed before anything is written: managed or desired grants that are live. */
function knownOf(managed: Grants, { desired, live }: Observation): Grants {
  return live === undefined ? managed : managed.union(desired).intersection(live)
}

/** What an apply changed, by user id. */
export type EntryChanges = ReadonlyMap<string, EntryChange>

/** An entry before and after an apply; undefined if there was none. */
interface EntryChange {
  readonly before: Entry | undefined
  readonly after: Entry | undefined
  /** What the undo plan revokes, which is managed until it is revoked. */
  readonly revokes: Grants
}

/**
 * Reverts what an earlier apply changed, and keeps what later ones did. A grant that it only adopted is no longer managed,
 * even if later applies revoked and granted it.
 */
export function revertUsers(users: Entries, changes: EntryChanges): Entries {
  const reverted = new Map(users)
  for (const [user, change] of changes) {
    const entry = revertEntry(users.get(user), change)
    if (entry === undefined) reverted.delete(user)
    else reverted.set(user, entry)
  }
  return reverted
}

function revertEntry(now: Entry | undefined, { before, after, revokes }: EntryChange): Entry | undefined {
  const [had, has] = [before?.managed ?? NO_GRANTS, after?.managed ?? NO_GRANTS]
  const gained = has.difference(had).difference(revokes)
  const managed = (now?.managed ?? NO_GRANTS).difference(gained).union(had.difference(has))
  const unfinished = now?.unfinished === true || before?.unfinished === true
  const latest = now !== undefined && !isSameListing(now, after) ? now : (before ?? now)
  if (latest === undefined || (before === undefined && managed.size === 0 && !unfinished)) return undefined
  return { listed: latest.listed, managed, unfinished }
}

/** The users whose entries differ. */
export function changedEntries(before: Entries, after: Entries): ReadonlySet<string> {
  const users = new Set([...before.keys(), ...after.keys()])
  return new Set([...users].filter(user => !isSameEntry(before.get(user), after.get(user))))
}

function isSameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined || a.unfinished !== b.unfinished) return false
  return isSame(a.managed, b.managed) && isSameListing(a, b)
}

function isSameListing(a: Entry, b: Entry | undefined): boolean {
  return isSame(new Set(a.listed.map(keyOf)), new Set(b?.listed.map(keyOf)))
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b)
}

interface Both<T> {
  readonly newer: T
  readonly own: T
}

/**
 * Merges this run's users into a ledger that another run wrote in the meantime. Grants in either may be live, so all of
 * them count until a run reads these users again.
 */
export function mergeUsers({ newer, own }: Both<Entries>, changed: ReadonlySet<string>): Entries {
  const merged = new Map(newer)
  for (const user of changed) {
    const [theirs, ours] = [newer.get(user), own.get(user)]
    const managed = (theirs?.managed ?? NO_GRANTS).union(ours?.managed ?? NO_GRANTS)
    const listed = ours?.listed ?? theirs?.listed ?? []
    if (theirs !== undefined || ours !== undefined) merged.set(user, { listed, managed, unfinished: true })
  }
  return merged
}

/** The user that each address referred to, by `keyOf` the address. */
export function rememberedUsers(users: Entries): ReadonlyMap<string, string> {
  const remembered = new Map<string, string>()
  for (const [user, { listed }] of users) {
    for (const listing of listed) if (listing !== 'id') remembered.set(keyOf(listing), user)
  }
  return remembered
}

/** Equal only for listings that certainly are the same. */
export function keyOf(listing: Listing): string {
  return JSON.stringify(listing)
}

/** As stored in the ledger: an address in another letter case is the same listing. */
export function listingOf(user: Pick<ListedUser, 'id' | 'email' | 'connection'>): Listing {
  if (user.email === undefined) return 'id'
  return { email: user.email.toLowerCase(), ...(user.connection !== undefined && { connection: user.connection }) }
}

/** Groups listed users by their known id: their own, or the one that the ledger remembers. */
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

/** Whether a user's desired grants equal the managed ones, so that `scope: changed` does not need to read the user. */
export function isUnchanged(entry: Entry | undefined, listed: readonly ListedUser[]): boolean {
  if (entry === undefined || entry.unfinished) return false
  return isSame(entry.managed, new Set(listed.flatMap(({ grants }) => [...grants.keys()])))
}

/** @param changed the users whose entries this run changed */
export function mergeLedgers({ newer, own }: Both<Ledger>, changed: ReadonlySet<string>): Ledger {
  const files = [...new Set([...newer.files, ...own.files])]
  return { ...newer, files, users: mergeUsers({ newer: newer.users, own: own.users }, changed) }
}

/** The ids of users with managed grants whom the manifest no longer lists. */
export function removedUsers(users: Entries, known: ReadonlyMap<string, unknown>): readonly string[] {
  return [...users].flatMap(([user, { managed }]) => (!known.has(user) && managed.size > 0 ? [user] : []))
}
