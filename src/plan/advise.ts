// What would make a manifest simpler, where that is plain to see. Pure.

import { compareText, partsOf } from '../access/grants.ts'
import type { UserState } from '../live/user-state.ts'

/** Fewer users with the same grants are no pattern yet. */
const LEAST_USERS = 5
const LEAST_GRANTS = 2
const MOST_SENTENCES = 5

/** Sentences, the weightiest first. */
export function adviseOn(users: readonly UserState[]): readonly string[] {
  return [...adviseRoles(users), ...adviseDerived(users)]
}

/** Auth0 itself recommends roles for what many users share. */
function adviseRoles(users: readonly UserState[]): readonly string[] {
  const groups = new Map<string, { readonly size: number; count: number }>()
  for (const { listed, desired } of users) {
    if (!listed || desired.size < LEAST_GRANTS) continue
    const key = JSON.stringify([...desired.keys()].sort(compareText))
    const group = groups.get(key) ?? { size: desired.size, count: 0 }
    group.count++
    groups.set(key, group)
  }
  return [...groups.values()]
    .filter(({ count }) => count >= LEAST_USERS)
    .sort((a, b) => b.count * b.size - a.count * a.size)
    .slice(0, MOST_SENTENCES)
    .map(
      ({ size, count }) => `${count} listed users have the same ${size} direct permissions; a role would say it once.`,
    )
}

function adviseDerived(users: readonly UserState[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { listed, desired, live } of users) {
    if (!listed || live === undefined) continue
    for (const [grant, roles] of live.derived) {
      if (!desired.has(grant)) continue
      const { api, permission } = partsOf(grant)
      const key = `${permission} on ${api} through the role ${roles.join(', ')}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return [...counts]
    .sort(([a, first], [b, second]) => second - first || compareText(a, b))
    .slice(0, MOST_SENTENCES)
    .map(([what, count]) => {
      const who = count === 1 ? '1 listed user has' : `${count} listed users have`
      return `${who} ${what} already; the manifest need not grant it directly too.`
    })
}
