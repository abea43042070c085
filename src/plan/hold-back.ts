// Nobody loses what the manifest still asks for: while an entry cannot be identified, what it asks for is not revoked
// from any user that it may refer to. Pure.

import type { Grant } from '../access/grants.ts'
import type { Unidentified } from '../live/survey.ts'

/** @returns the entry that may still ask for this grant for this user; undefined if it can be revoked */
export type HoldBack = (user: string, grant: Grant) => string | undefined

export function holdBackFor(entries: readonly Unidentified[]): HoldBack {
  const asked = entries.flatMap(entry => Array.from(entry.desired, grant => ({ ...entry, grant })))
  const byGrant = Map.groupBy(asked, ({ grant }) => grant)
  return (user, grant) => byGrant.get(grant)?.find(({ candidates }) => candidates?.has(user) ?? true)?.entry
}
