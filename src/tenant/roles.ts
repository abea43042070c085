// Roles: those that the tenant has, who holds them, and the writes of what a user is assigned.

import * as z from 'zod'
import type { RoleNames } from '../access/grants.ts'
import type { Members } from '../access/live.ts'
import { answerError } from './answer-error.ts'
import { BASE, isUnknownUser, PER_PAGE, read, refuseWrite, userPath, type WriteMethod } from './answers.ts'
import { LIST_READS } from './permissions.ts'
import type { Session } from './token.ts'

/** Auth0 gives out no more members of a role by numbered pages; beyond, each page says where the next one begins. */
const MAX_NUMBERED = 1000

const rolePage = z.object({
  roles: z.array(
    z.object({
      id: z.string().min(1),
      name: z.string(),
      /** Roles of the tenant may lack it. */
      type: z.string().nullish(),
    }),
  ),
  total: z.int().nonnegative(),
})

const memberPage = z.object({
  users: z.array(z.object({ user_id: z.string().min(1) })),
  total: z.int().nonnegative(),
})

const checkpointPage = z.object({
  users: z.array(z.object({ user_id: z.string().min(1) })),
  next: z.string().nullish(),
})

/** Names by id, without the roles of organizations. */
export async function readRoles({ send }: Session): Promise<RoleNames> {
  for (let attempt = 1; ; attempt++) {
    const roles = new Map<string, z.infer<typeof rolePage>['roles'][number]>()
    let total = 0
    let answer: Awaited<ReturnType<typeof send>>
    let page = 0
    do {
      answer = await send({ method: 'GET', path: `${BASE}/roles`, query: numbered(page) })
      const found = read(rolePage, answer, 'The roles could not be read')
      for (const role of found.roles) roles.set(role.id, role)
      total = found.total
      page++
    } while (page * PER_PAGE < total)
    const ofTenant = [...roles.values()].filter(({ type }) => type !== 'organization')
    if (roles.size === total) return new Map(ofTenant.map(({ id, name }) => [id, name]))
    if (attempt === LIST_READS) {
      const summary = `The list of roles changed while it was read: ${roles.size} came of ${total}`
      throw answerError(answer, summary, 'run', 'Run it again when nobody creates or deletes roles.')
    }
  }
}

/** @returns ids; undefined if the tenant has no such user */
export async function readRolesOf({ send }: Session, user: string): Promise<ReadonlySet<string> | undefined> {
  const roles = new Set<string>()
  for (let page = 0; ; page++) {
    const answer = await send({ method: 'GET', path: pathOf(user), query: numbered(page) })
    if (isUnknownUser(answer)) return undefined
    const found = read(rolePage, answer, `The roles of ${user} could not be read`)
    for (const { id } of found.roles) roles.add(id)
    if (found.roles.length < PER_PAGE || roles.size >= found.total) return roles
  }
}

export async function readMembers({ send }: Session, role: string): Promise<Members> {
  const answer = await send({ method: 'GET', path: membersPath(role), query: numbered(0) })
  const { users, total } = read(memberPage, answer, unread(role))
  const pages = Math.ceil(total / PER_PAGE)
  const more = total <= users.length ? 0 : total > MAX_NUMBERED ? pages : pages - 1
  return { role, users: idsOf(users), more, total }
}

/** All users who hold a role. */
export async function readAllMembers(session: Session, first: Members): Promise<ReadonlySet<string>> {
  if (first.more === 0) return first.users
  return first.total > MAX_NUMBERED ? readByCheckpoint(session, first.role) : readByNumber(session, first)
}

async function readByNumber(session: Session, first: Members): Promise<ReadonlySet<string>> {
  let start = first
  for (let attempt = 1; ; attempt++) {
    const members = new Set(start.users)
    const path = membersPath(start.role)
    let answer: Awaited<ReturnType<Session['send']>> | undefined
    for (let page = 1; page * PER_PAGE < start.total; page++) {
      answer = await session.send({ method: 'GET', path, query: numbered(page) })
      for (const id of idsOf(read(memberPage, answer, unread(start.role)).users)) members.add(id)
    }
    // Somebody who moved from one page to another while they were read would be overlooked.
    if (members.size === start.total || answer === undefined) return members
    if (attempt === LIST_READS) {
      const summary = `The users of the role ${start.role} changed while they were read: ${members.size} came of ${start.total}`
      throw answerError(answer, summary, 'run', 'Run it again when nothing else assigns this role.')
    }
    start = await readMembers(session, start.role)
  }
}

async function readByCheckpoint({ send }: Session, role: string): Promise<ReadonlySet<string>> {
  const members = new Set<string>()
  let next: string | undefined
  do {
    const from = next === undefined ? '' : `&from=${encodeURIComponent(next)}`
    const answer = await send({ method: 'GET', path: membersPath(role), query: `take=${PER_PAGE}${from}` })
    const page = read(checkpointPage, answer, unread(role))
    for (const id of idsOf(page.users)) members.add(id)
    next = page.users.length === 0 ? undefined : (page.next ?? undefined)
  } while (next !== undefined)
  return members
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

/** Auth0 does all of it, or nothing. */
export async function writeRoles({ send }: Session, { method, user, roles }: RoleWrite): Promise<void> {
  const answer = await send({ method, path: pathOf(user), body: JSON.stringify({ roles }) })
  const { doing, unknown } = WRITES[method]
  if (answer.status !== DONE) throw refuseWrite(answer, { user, doing, unknown })
}

/** What Auth0 answers to a write that it has done; anything else may come from somebody in between. */
const DONE = 204

const WRITES = {
  POST: {
    doing: 'Assigning roles to',
    unknown: 'A role does not exist any more, so the request had no effect. Remove it from the manifest.',
  },
  DELETE: {
    doing: 'Removing roles from',
    unknown: 'A role was deleted, so the request had no effect. Run it again: the next run leaves it out.',
  },
} as const

function numbered(page: number): string {
  return `page=${page}&per_page=${PER_PAGE}&include_totals=true`
}

function pathOf(user: string): string {
  return `${userPath(user)}/roles`
}

function membersPath(role: string): string {
  return `${BASE}/roles/${encodeURIComponent(role)}/users`
}
