// Reads which of the given roles each user holds, in the cheaper way: user by user, or role by role.

import type { Members } from '../access/live.ts'
import { TenantError } from '../errors.ts'
import { type Follow, mapFollowed } from './follow.ts'

export interface RoleReader {
  /** Ids of roles; undefined if the tenant has no such user. */
  readonly rolesOf: (user: string) => Promise<ReadonlySet<string> | undefined>
  readonly membersOf: (role: string) => Promise<Members>
  readonly allMembersOf: (first: Members) => Promise<ReadonlySet<string>>
}

export interface RoleQuestion {
  readonly users: readonly string[]
  /** Ids of the roles to look for; a user may hold others. */
  readonly roles: ReadonlySet<string>
  readonly follow: Follow
  /** The number of concurrent requests. */
  readonly width: number
}

/** What is known of a user's roles. */
export interface Held {
  /** Ids of those of the given roles that the user holds. */
  readonly roles: ReadonlySet<string>
  /** The number of the user's other roles; undefined if the roles were read role by role. */
  readonly others?: number
}

/** By user: the roles that the user holds, or why they could not be read. */
export type RolesHeld = ReadonlyMap<string, Held | TenantError>

/**
 * Sends at most as many requests as there are users and roles together.
 * @throws TenantError if the members of a role could not be read, or if a failure affects the whole run
 */
export async function readRoles(question: RoleQuestion, reader: RoleReader): Promise<RolesHeld> {
  const { users, roles, follow, width } = question
  if (roles.size === 0 || users.length === 0) return new Map()
  if (users.length <= roles.size) return readByUser(question, reader)
  const options = { doing: 'Reading roles', follow, width }
  const first = await mapFollowed([...roles], reader.membersOf, options)
  const more = first.reduce((sum, members) => sum + members.more, 0)
  if (more > users.length) return readByUser(question, reader)
  const held = new Map(users.map(user => [user, new Set<string>()]))
  const add = (role: string, members: ReadonlySet<string>) => {
    for (const user of members) held.get(user)?.add(role)
  }
  const { complete = [], partial = [] } = Object.groupBy(first, ({ more }) => (more === 0 ? 'complete' : 'partial'))
  for (const { role, users } of complete) add(role, users)
  const readRest = async (members: Members) => add(members.role, await reader.allMembersOf(members))
  await mapFollowed(partial, readRest, { ...options, doing: 'Reading the other users of large roles' })
  return new Map([...held].map(([user, roles]) => [user, { roles }]))
}

async function readByUser(
  { users, roles, follow, width }: RoleQuestion,
  reader: Pick<RoleReader, 'rolesOf'>,
): Promise<RolesHeld> {
  const read = async (user: string): Promise<Held | TenantError> => {
    try {
      const all = (await reader.rolesOf(user)) ?? new Set()
      const relevant = all.intersection(roles)
      return { roles: relevant, others: all.size - relevant.size }
    } catch (error) {
      if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
      return error
    }
  }
  const held = await mapFollowed(users, read, { doing: 'Reading the roles of users', follow, width })
  return new Map(users.map((user, index) => [user, held[index] ?? { roles: new Set() }]))
}
