// Chooses the users that a run reads, and knows how the manifest lists them.

import {
  groupById,
  isUnchanged,
  keyOf,
  type Listing,
  listingOf,
  rememberedUsers,
  removedUsers,
} from '../ledger/ledger.ts'
import type { Subject, Unidentified } from '../live/survey.ts'
import type { ListedUser } from '../manifest/manifest.ts'
import type { Plan } from '../plan/plan.ts'
import type { RecalledContext } from './recall.ts'

export interface Choice {
  readonly subjects: readonly Subject[]
  /** Entries whose address must be looked up to find the user. */
  readonly unknown: readonly ListedUser[]
  /** Listed users that the scope excludes. */
  readonly skipped: ReadonlySet<ListedUser>
  /** Every listed user with a known id. */
  readonly known: ReadonlyMap<string, readonly ListedUser[]>
}

/** The users of a saved plan; otherwise listed users within the scope, and with `revoke: managed` removed users. */
export function chooseUsers({ inputs, task, memory, journal }: RecalledContext): Choice {
  const { ledger, head } = memory
  const listed = task.files.manifest.users
  const remembered = rememberedUsers(ledger.users)
  const { known, unknown } = groupById(listed, remembered)
  const subjectsOf = (users: readonly ListedUser[], others: Iterable<string>): readonly Subject[] => [
    ...users.map(user => ({ ...user, listed: true, remembered: remembered.get(keyOf(listingOf(user))) })),
    ...[...others].map(id => ({ id, listed: false, grants: new Map() })),
  ]
  if (task.saved !== undefined) {
    const { ids, addresses } = usersOfPlan(task.saved)
    const users = [
      ...[...ids].flatMap(id => known.get(id) ?? []),
      ...unknown.filter(user => addresses.has(keyOf(listingOf(user)))),
    ]
    const others = ids.difference(known)
    return { known, unknown, skipped: new Set(), subjects: subjectsOf(users, others) }
  }
  const onlyChanged = inputs.scope === 'changed'
  if (onlyChanged && head === undefined) journal.notice(['Nothing has been applied yet, so every listed user is read.'])
  const unchanged = onlyChanged ? [...known].filter(([id, users]) => isUnchanged(ledger.users.get(id), users)) : []
  const skipped = new Set(unchanged.flatMap(([, users]) => users))
  const users = listed.filter(user => !skipped.has(user))
  const removed = inputs.revoke === 'managed' ? removedUsers(ledger.users, known) : []
  return { known, unknown, skipped, subjects: subjectsOf(users, removed) }
}

function usersOfPlan({ users, found, addresses = [] }: Plan) {
  return {
    ids: new Set([...users, ...found].map(({ user }) => user)),
    /** By `keyOf`. */
    addresses: new Set(addresses.map(address => keyOf(listingOf(address)))),
  }
}

/** How the manifest lists each user whose id is known. */
export function listingsOf({ known }: Choice): ReadonlyMap<string, readonly Listing[]> {
  return new Map([...known].map(([id, users]) => [id, users.map(listingOf)]))
}

/** Entries that are not in a saved plan and may refer to any user. */
export function notLookedUp({ unknown, subjects }: Choice): readonly Unidentified[] {
  const lookedUp = new Set(subjects.map(({ mention }) => mention))
  return unknown.flatMap(({ email = '', grants, mention }) =>
    lookedUp.has(mention) ? [] : [{ entry: email, desired: new Set(grants.keys()), candidates: undefined }],
  )
}
