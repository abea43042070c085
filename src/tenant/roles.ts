// Reads the tenant's roles, and who holds them.

import * as z from 'zod'
import type { RoleNames } from '../access/grants.ts'
import type { Members } from '../access/live.ts'
import { LIST_READS, numbered, readPages, readPagesOf, TOTAL } from './paging.ts'
import { BASE, PER_PAGE, read, responseError, type Verdict } from './responses.ts'
import type { Session } from './token.ts'
import { userItem, userPage } from './users.ts'

/**
 * Auth0 lists at most this many users of a role by page numbers; for more, each page has a checkpoint of the next. A total
 * of exactly this many may be truncated.
 */
const MAX_NUMBERED = 1000

const roleItem = z.object({
  id: z.string().min(1),
  name: z.string(),
  /** May be missing for roles of the tenant. */
  type: z.string().nullish(),
})
const rolePage = z
  .object({ roles: z.array(roleItem), total: TOTAL })
  .transform(({ roles, total }) => ({ items: roles, total }))
const checkpointPage = z.object({ users: z.array(userItem), next: z.string().nullish() })

export async function readRoles({ send }: Session): Promise<RoleNames> {
  const fetchPage = async (page: number) => {
    const response = await send({ method: 'GET', path: `${BASE}/roles`, query: numbered(page) })
    return { ...read(response, { schema: rolePage, unread: 'The roles could not be read' }), response }
  }
  const roles = await readPages(fetchPage, {
    keyOf: ({ id }) => id,
    unstable: found => ({
      summary: `The list of roles changed while it was being read: ${found} were found`,
      reach: 'run',
      advice: 'Run it again when nobody creates or deletes roles.',
    }),
  })
  const ofTenant = roles.filter(({ type }) => type !== 'organization')
  return new Map(ofTenant.map(({ id, name }) => [id, name]))
}

export async function readRolesOf(session: Session, user: string): Promise<ReadonlySet<string> | undefined> {
  const roles = await readPagesOf(session, { user, kind: 'roles', schema: rolePage, keyOf: ({ id }) => id })
  return roles && new Set(roles.map(({ id }) => id))
}

export async function readMembers(session: Session, role: string): Promise<Members> {
  const { items, total } = await fetchMembers(session, role)(0)
  const pages = Math.ceil(total / Math.max(1, items.length))
  const more = total <= items.length ? 0 : total < MAX_NUMBERED ? pages - 1 : pages
  return { role, users: new Set(items), more, total }
}

function fetchMembers({ send }: Session, role: string) {
  return async (page: number) => {
    const response = await send({ method: 'GET', path: membersPath(role), query: numbered(page) })
    return { ...read(response, { schema: userPage, unread: unread(role) }), response }
  }
}

export async function readAllMembers(session: Session, first: Members): Promise<ReadonlySet<string>> {
  const { role, users, more, total } = first
  if (more === 0) return users
  if (total >= MAX_NUMBERED) return readByCheckpoint(session, first)
  const members = await readPages(fetchMembers(session, role), {
    keyOf: user => user,
    first: { items: [...users], total },
    unstable: found => unstableMembers(role, found),
  })
  return new Set(members)
}

async function readByCheckpoint(session: Session, { role, total }: Members): Promise<ReadonlySet<string>> {
  for (let attempt = 1; ; attempt++) {
    const { members, response } = await followCheckpoints(session, { role, total })
    // A user who is missed would keep the role.
    if (members.size >= total) return members
    if (attempt === LIST_READS) throw responseError(response, unstableMembers(role, `${members.size} of ${total}`))
  }
}

async function followCheckpoints({ send }: Session, { role, total }: Pick<Members, 'role' | 'total'>) {
  const members = new Set<string>()
  for (let from = ''; ; ) {
    const response = await send({ method: 'GET', path: membersPath(role), query: `take=${PER_PAGE}${from}` })
    const { users, next } = read(response, { schema: checkpointPage, unread: unread(role) })
    for (const user of users) members.add(user)
    const isComplete = total > MAX_NUMBERED && members.size >= total
    if (typeof next !== 'string' || users.length === 0 || isComplete) return { members, response }
    from = `&from=${encodeURIComponent(next)}`
  }
}

function unstableMembers(role: string, found: string): Verdict {
  return {
    summary: `The users of the role ${role} changed while they were being read: ${found} were found`,
    reach: 'run',
    advice: 'Run it again when nothing else assigns this role.',
  }
}

function unread(role: string): string {
  return `The users of the role ${role} could not be read`
}

function membersPath(role: string): string {
  return `${BASE}/roles/${encodeURIComponent(role)}/users`
}
