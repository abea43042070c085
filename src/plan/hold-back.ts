// Nobody loses what the manifest still asks for: while an entry cannot be identified, what it asks for is revoked from
// nobody who may be meant by it. Pure.

import type { Grant, Grants } from './grants.ts'

/** A listed entry of which it is not known, or not for sure, which user it means. */
export interface Unidentified {
  /** As the manifest lists it. */
  readonly entry: string
  readonly desired: Grants
  /** The ids that it may mean; undefined if it may mean anybody. */
  readonly candidates: ReadonlySet<string> | undefined
}

/** @returns the entry that may still ask for this grant of this user; undefined if it can be revoked */
export type HoldBack = (user: string, grant: Grant) => string | undefined

export function holdBackFor(entries: readonly Unidentified[]): HoldBack {
  const byGrant = new Map<Grant, Unidentified[]>()
  for (const entry of entries) {
    for (const grant of entry.desired) {
      const others = byGrant.get(grant)
      if (others === undefined) byGrant.set(grant, [entry])
      else others.push(entry)
    }
  }
  return (user, grant) => byGrant.get(grant)?.find(({ candidates }) => candidates?.has(user) ?? true)?.entry
}
