// Reads the tenant's roles and who holds them, and writes the roles of a user.

import * as z from 'zod'
import type { RoleNames } from '../access/grants.ts'
import type { Members } from '../access/live.ts'
import type { TenantError } from '../errors.ts'
import { answerError } from './answer-error.ts'
import { BASE, isUnknownUser, PER_PAGE, read, refuseWrite, userPath, type WriteMethod } from './answers.ts'
import type { Answer } from './exchange.ts'
import { LIST_READS, numbered, readPages } from './paging.ts'
import type { Session } from './token.ts'

/**
 * Auth0 lists at most this many users of a role by page numbers; for more, each page has a checkpoint of the next. A total
 * of exactly this many may be truncated.
 */
const MAX_NUMBERED = 1000

const rolePage = z.object({
  roles: z.array(
    z.object({
      id: z.string().min(1),
      name: z.string(),
      /** May be missing for roles of the tenant. */
      type: z.string().nullish(),
    }),
  ),
  total: z.int().nonnegative(),
})

const member = z.object({ user_id: z.string().min(1) })
const memberPage = z.object({ users: z.array(member), total: z.int().nonnegative() })
const checkpointPage = z.object({ users: z.array(member), next: z.string().nullish() })

/** Names by id, without the roles of organizations. */
export async function readRoles({ send }: Session): Promise<RoleNames> {
  const ask = async (page: number) => {
    const answer = await send({ method: 'GET', path: `${BASE}/roles`, query: numbered(page) })
    const { roles, total } = read(rolePage, answer, 'The roles could not be read')
    return { items: roles, total, answer }
  }
  const roles = await readPages(ask, {
    keyOf: ({ id }) => id,
    unstable: ({ answer, total }, found) =>
      answerError(
        answer,
        `The list of roles changed while it was read: ${found} of ${total} were found`,
        'run',
        'Run it again when nobody creates or deletes roles.',
      ),
  })
  const ofTenant = [...roles.values()].filter(({ type }) => type !== 'organization')
  return new Map(ofTenant.map(({ id, name }) => [id, name]))
}

/** @returns ids; undefined if the tenant has no such user */
export async function readRolesOf({ send }: Session, user: string): Promise<ReadonlySet<string> | undefined> {
  let isUnknown = false
  const ask = async (page: number) => {
    const answer = await send({ method: 'GET', path: pathOf(user), query: numbered(page) })
    isUnknown = isUnknownUser(answer)
    if (isUnknown) return { items: [], total: 0, answer }
    const { roles, total } = read(rolePage, answer, `The roles of ${user} could not be read`)
    return { items: roles, total, answer }
  }
  const roles = await readPages(ask, {
    keyOf: ({ id }) => id,
    unstable: ({ answer, total }, found) =>
      answerError(
        answer,
        `The roles of ${user} changed while they were read: ${found} of ${total} were found`,
        'user',
        'Run it again when nothing else writes to this user.',
      ),
  })
  return isUnknown ? undefined : new Set(roles.keys())
}

export async function readMembers(session: Session, role: string): Promise<Members> {
  const { items, total } = await askMembers(session, role, 0)
  const pages = Math.ceil(total / Math.max(1, items.length))
  const more = total <= items.length ? 0 : total < MAX_NUMBERED ? pages - 1 : pages
  return { role, users: idsOf(items), more, total }
}

async function askMembers({ send }: Session, role: string, page: number) {
  const answer = await send({ method: 'GET', path: membersPath(role), query: numbered(page) })
  const { users, total } = read(memberPage, answer, unread(role))
  return { items: users, total, answer }
}

/** All users who hold a role. */
export async function readAllMembers(session: Session, first: Members): Promise<ReadonlySet<string>> {
  const { role, users, more, total } = first
  if (more === 0) return users
  if (total >= MAX_NUMBERED) return readByCheckpoint(session, first)
  const members = await readPages(page => askMembers(session, role, page), {
    keyOf: ({ user_id }) => user_id,
    first: { items: [...users].map(user_id => ({ user_id })), total },
    unstable: ({ answer, total }, found) => unstableMembers(answer, { role, total, found }),
  })
  return new Set(members.keys())
}

async function readByCheckpoint(session: Session, { role, total }: Members): Promise<ReadonlySet<string>> {
  for (let attempt = 1; ; attempt++) {
    const { members, answer } = await followCheckpoints(session, { role, total })
    // A user who is missed would keep the role.
    if (members.size >= total) return members
    if (attempt === LIST_READS) throw unstableMembers(answer, { role, total, found: members.size })
  }
}

async function followCheckpoints({ send }: Session, { role, total }: Pick<Members, 'role' | 'total'>) {
  const members = new Set<string>()
  for (let from = ''; ; ) {
    const answer = await send({ method: 'GET', path: membersPath(role), query: `take=${PER_PAGE}${from}` })
    const { users, next } = read(checkpointPage, answer, unread(role))
    for (const id of idsOf(users)) members.add(id)
    const isComplete = total > MAX_NUMBERED && members.size >= total
    if (typeof next !== 'string' || users.length === 0 || isComplete) return { members, answer }
    from = `&from=${encodeURIComponent(next)}`
  }
}

interface Unstable {
  readonly role: string
  readonly total: number
  readonly found: number
}

function unstableMembers(answer: Answer, { role, total, found }: Unstable): TenantError {
  const summary = `The users of the role ${role} changed while they were read: ${found} of ${total} were found`
  return answerError(answer, summary, 'run', 'Run it again when nothing else assigns this role.')
}

function unread(role: string): string {
  return `The users of the role ${role} could not be read`
}

function idsOf(users: readonly { readonly user_id: string }[]): ReadonlySet<string> {
  return new Set(users.map(({ user_id }) => user_id))
}

export interface RoleWrite {
  readonly method: WriteMethod
  readonly user: string
  /** Ids. */
  readonly roles: readonly string[]
}

/** Auth0 does all of it or nothing. */
export async function writeRoles({ send }: Session, { method, user, roles }: RoleWrite): Promise<void> {
  const answer = await send({ method, path: pathOf(user), body: JSON.stringify({ roles }) })
  const { doing, unknown } = WRITES[method]
  if (answer.status !== DONE) throw refuseWrite(answer, { user, doing, unknown })
}

/** Auth0's status for a successful write; any other may come from a proxy. */
const DONE = 204

const WRITES = {
  POST: {
    doing: 'Assigning roles to',
    unknown: 'A role no longer exists, so the request had no effect. Remove it from the manifest.',
  },
  DELETE: {
    doing: 'Removing roles from',
    unknown: 'A role was deleted, so the request had no effect. Run it again: the next run leaves it out.',
  },
} as const

function pathOf(user: string): string {
  return `${userPath(user)}/roles`
}

function membersPath(role: string): string {
  return `${BASE}/roles/${encodeURIComponent(role)}/users`
}
