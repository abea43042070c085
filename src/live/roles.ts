// Which of the roles that matter each user holds, read by the cheaper side: user by user, or role by role.

import pMap from 'p-map'
import type { Members } from '../access/live.ts'
import { TenantError } from '../errors.ts'

export interface RoleReader {
  /** Ids of roles; undefined if the tenant has no such user. */
  readonly rolesOf: (user: string) => Promise<ReadonlySet<string> | undefined>
  readonly membersOf: (role: string) => Promise<Members>
  readonly allMembersOf: (first: Members) => Promise<ReadonlySet<string>>
}

export interface RoleQuestion {
  readonly users: readonly string[]
  /** Ids of the roles that matter; a user may hold others. */
  readonly roles: ReadonlySet<string>
  /** How many requests at once. */
  readonly width: number
}

/** By user: the roles that the user holds, or why they could not be read. */
export type RolesHeld = ReadonlyMap<string, ReadonlySet<string> | TenantError>

/**
 * Takes at most as many requests as there are users and roles together.
 * @throws TenantError if the members of a role could not be read, or for what concerns the whole run
 */
export async function readRoles({ users, roles, width }: RoleQuestion, reader: RoleReader): Promise<RolesHeld> {
  if (roles.size === 0 || users.length === 0) return new Map()
  const byUser = () => readByUser({ users, roles, width }, reader)
  if (users.length <= roles.size) return byUser()
  const first = await pMap(roles, reader.membersOf, { concurrency: width })
  const more = first.reduce((sum, members) => sum + members.more, 0)
  if (more > users.length) return byUser()
  const held = new Map(users.map(user => [user, new Set<string>()]))
  await pMap(
    first,
    async members => {
      for (const user of await reader.allMembersOf(members)) held.get(user)?.add(members.role)
    },
    { concurrency: width },
  )
  return held
}

async function readByUser(
  { users, roles, width }: RoleQuestion,
  reader: Pick<RoleReader, 'rolesOf'>,
): Promise<RolesHeld> {
  const read = async (user: string): Promise<ReadonlySet<string> | TenantError> => {
    try {
      return (await reader.rolesOf(user))?.intersection(roles) ?? new Set()
    } catch (error) {
      if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
      return error
    }
  }
  const held = await pMap(users, read, { concurrency: width })
  return new Map(users.map((user, index) => [user, held[index] ?? new Set()]))
}
