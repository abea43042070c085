// Suggests how to simplify a manifest. Pure.

import {
  accessOf,
  accessText,
  compareText,
  type Grant,
  kindOf,
  nameOfRole,
  packAll,
  rolesAmong,
  sortGrants,
} from '../access/grants.ts'
import { shortList } from '../access/quote.ts'
import type { UserState } from '../live/survey.ts'
import type { Plan } from './plan.ts'

/** Fewer users with the same grants are not a pattern yet. */
const MIN_USERS = 5
const MIN_GRANTS = 2
const MAX_SENTENCES = 5

/** Sentences, those with the largest effect first. */
export function adviseOn(users: readonly UserState[], plan: Pick<Plan, 'users'>): readonly string[] {
  return [...adviseRoles(users), ...adviseDerived(users, plan)]
}

/** Auth0 recommends roles for permissions that many users share. */
function adviseRoles(users: readonly UserState[]): readonly string[] {
  const sets = users
    .filter(({ listed }) => listed)
    .map(({ desired }) => sortGrants(desired.keys()).filter(grant => kindOf(grant) === 'permission'))
    .filter(({ length }) => length >= MIN_GRANTS)
  return [...Map.groupBy(sets, permissions => JSON.stringify(permissions))]
    .map(([key, same]) => ({ count: same.length, permissions: JSON.parse(key) as readonly Grant[] }))
    .filter(({ count }) => count >= MIN_USERS)
    .sort((a, b) => b.count * b.permissions.length - a.count * a.permissions.length)
    .slice(0, MAX_SENTENCES)
    .map(
      ({ permissions, count }) =>
        `${count} listed users have the same ${permissions.length} direct permissions (${shortList(permissions.map(grant => accessText(accessOf(grant))))}); consider a role.`,
    )
}

function adviseDerived(users: readonly UserState[], plan: Pick<Plan, 'users'>): readonly string[] {
  const revoked = new Map(plan.users.map(({ user, revoke }) => [user, rolesAmong(packAll(revoke))]))
  const counts = new Map<string, number>()
  for (const { id, listed, desired, live } of users) {
    if (!listed || live === undefined) continue
    for (const [grant, roles] of live.derived) {
      const kept = roles.filter(({ role }) => !revoked.get(id)?.has(role))
      if (!desired.has(grant) || kept.length === 0) continue
      const through = kept.map(nameOfRole).join(', ')
      const key = `${accessText(accessOf(grant))} through the role ${through}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return [...counts]
    .sort(([a, first], [b, second]) => second - first || compareText(a, b))
    .slice(0, MAX_SENTENCES)
    .map(([what, count]) => {
      const who = count === 1 ? '1 listed user already has' : `${count} listed users already have`
      return `${who} ${what}; consider removing it from the manifest.`
    })
}
