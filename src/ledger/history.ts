// The ledger's arithmetic: which applies count, what they asked for, and whom a new one has to look at. Pure.

import { type ListedUser, userIdentity } from '../manifest/desired.ts'
import { type Grants, NO_GRANTS } from '../plan/grants.ts'

/** One apply, finished or not. */
export interface Entry {
  readonly id: number
  readonly commit: string
  /** The clock of its run, in milliseconds since 1970. */
  readonly at: number
  /** The manifest's files; undefined where the entry does not tell. */
  readonly files: readonly string[] | undefined
  /** Whether every user converged, whatever state it was set to later. */
  readonly succeeded: boolean
  /** The entry that this one took back. */
  readonly undoes: number | undefined
}

export interface History {
  /** The latest apply that reached success and was not taken back; undefined where there is none. */
  readonly base: Entry | undefined
  /** All that came after it, newest first. */
  readonly attempts: readonly Entry[]
}

export const NO_HISTORY: History = { base: undefined, attempts: [] }

/**
 * One entry further back.
 * @param history from the newest entry on, so far without a base
 */
export function goBack({ attempts }: History, entry: Entry): History {
  const takenBack = attempts.some(({ undoes }) => undoes === entry.id)
  const isBase = entry.succeeded && entry.undoes === undefined && !takenBack
  return isBase ? { base: entry, attempts } : { base: undefined, attempts: [...attempts, entry] }
}

/** What a manifest listed at some revision. */
export type Revision = readonly ListedUser[]

/** A user out of earlier revisions, with all that any of them asked for. */
export interface ManagedUser {
  readonly user: ListedUser
  readonly grants: Grants
}

/** What all these revisions asked for, by the identity of the user. */
export function unionOf(revisions: readonly Revision[]): ReadonlyMap<string, ManagedUser> {
  const managed = new Map<string, ManagedUser>()
  for (const user of revisions.flat()) {
    const identity = userIdentity(user)
    const grants = (managed.get(identity)?.grants ?? NO_GRANTS).union(new Set(user.grants.keys()))
    managed.set(identity, { user, grants })
  }
  return managed
}

/** Whose grants some of the later revisions asks for otherwise than the base: listed, changed or gone. */
export function changedSince(base: Revision, later: readonly Revision[]): ReadonlySet<string> {
  const before = grantsByUser(base)
  const changed = new Set<string>()
  for (const revision of later) {
    const after = grantsByUser(revision)
    for (const [identity, grants] of after) {
      const same = before.get(identity)
      if (same === undefined || same.symmetricDifference(grants).size > 0) changed.add(identity)
    }
    for (const identity of before.keys()) if (!after.has(identity)) changed.add(identity)
  }
  return changed
}

function grantsByUser(revision: Revision): ReadonlyMap<string, Grants> {
  return new Map(revision.map(user => [userIdentity(user), new Set(user.grants.keys())]))
}
