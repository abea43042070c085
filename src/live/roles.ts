// Reads which of the given roles each user holds, in the cheaper way: user by user, or role by role.

import type { Members } from '../access/live.ts'
import { TenantError } from '../errors.ts'
import { mapWithProgress, type ProgressOptions, resultOrError } from './progress.ts'

export interface RoleReader {
  /** Ids of roles; undefined if the tenant has no such user. */
  readonly rolesOf: (user: string) => Promise<ReadonlySet<string> | undefined>
  readonly membersOf: (role: string) => Promise<Members>
  /** Sends nothing if the first request returned all of them. */
  readonly allMembersOf: (first: Members) => Promise<ReadonlySet<string>>
}

export interface RoleQuery extends ProgressOptions {
  readonly users: readonly string[]
  /** Ids of the roles to look for; a user may hold others. */
  readonly roles: ReadonlySet<string>
}

/** What is known about a user's roles. */
export interface HeldRoles {
  /** Ids of those of the given roles that the user holds. */
  readonly roles: ReadonlySet<string>
  /** The number of the user's other roles; undefined if the roles were read role by role. */
  readonly others?: number
}

/** By user: the roles that the user holds, or why they could not be read. */
export type RolesHeld = ReadonlyMap<string, HeldRoles | TenantError>

/**
 * Sends at most as many requests as there are users and roles together.
 * @throws TenantError if the members of a role could not be read, or if a failure affects the whole run
 */
export async function readRoles(query: RoleQuery, reader: RoleReader): Promise<RolesHeld> {
  const { users, roles } = query
  if (roles.size === 0 || users.length === 0) return new Map()
  if (users.length <= roles.size) return readByUser(query, reader)
  const first = await mapWithProgress([...roles], { ...query, label: 'Reading roles', work: reader.membersOf })
  const more = first.reduce((sum, members) => sum + members.more, 0)
  if (more > users.length) return readByUser(query, reader)
  const { complete = [], partial = [] } = Object.groupBy(first, ({ more }) => (more === 0 ? 'complete' : 'partial'))
  const held = new Map(users.map(user => [user, new Set<string>()]))
  const readAll = async (members: Members) => {
    for (const user of await reader.allMembersOf(members)) held.get(user)?.add(members.role)
  }
  await Promise.all(complete.map(readAll))
  await mapWithProgress(partial, { ...query, label: 'Reading the other users of large roles', work: readAll })
  return new Map([...held].map(([user, roles]) => [user, { roles }]))
}

async function readByUser(query: RoleQuery, reader: Pick<RoleReader, 'rolesOf'>): Promise<RolesHeld> {
  const read = async (user: string): Promise<readonly [string, HeldRoles | TenantError]> => {
    const all = (await resultOrError(reader.rolesOf(user))) ?? new Set<string>()
    if (all instanceof TenantError) return [user, all]
    const relevant = all.intersection(query.roles)
    return [user, { roles: relevant, others: all.size - relevant.size }]
  }
  return new Map(await mapWithProgress(query.users, { ...query, label: 'Reading the roles of users', work: read }))
}
