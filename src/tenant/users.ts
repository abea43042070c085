// Finds users by an address or by a search.

import * as z from 'zod'
import type { Candidate } from '../access/live.ts'
import { numbered, readPages, TOTAL } from './paging.ts'
import { BASE, read, responseError } from './responses.ts'
import type { Session } from './token.ts'

/** Auth0's maximum number of users per search. */
const MAX_FOUND = 1000

export const userItem = z.object({ user_id: z.string().min(1) }).transform(user => user.user_id)
export const userPage = z
  .object({ users: z.array(userItem), total: TOTAL })
  .transform(({ users, total }) => ({ items: users, total }))

const candidates = z.array(
  z.object({
    user_id: z.string(),
    email: z.string().optional(),
    email_verified: z.boolean().default(false),
    identities: z.array(z.object({ connection: z.string() })).default([]),
  }),
)

export async function findByEmail({ send }: Session, email: string): Promise<readonly Candidate[]> {
  const query = `email=${encodeURIComponent(email)}&fields=user_id,email,email_verified,identities&include_fields=true`
  const response = await send({ method: 'GET', path: `${BASE}/users-by-email`, query })
  const users = read(response, { schema: candidates, unread: `The users with the address ${email} could not be read` })
  return users
    .filter(user => user.email === email)
    .map(user => ({
      id: user.user_id,
      verified: user.email_verified,
      connections: user.identities.map(identity => identity.connection),
    }))
}

export async function searchUsers({ send }: Session, query: string): Promise<readonly string[]> {
  const search = `q=${encodeURIComponent(query)}&fields=user_id&include_fields=true&sort=user_id:1&search_engine=v3`
  const fetchPage = async (page: number) => {
    const response = await send({ method: 'GET', path: `${BASE}/users`, query: `${search}&${numbered(page)}` })
    const unread = 'The search failed'
    if (response.status === 400) {
      throw responseError(response, { summary: unread, reach: 'run', advice: 'Correct the input query.' })
    }
    const found = read(response, { schema: userPage, unread })
    if (found.total > MAX_FOUND) {
      throw responseError(response, {
        summary: `The search found ${found.total} users, but Auth0 returns at most ${MAX_FOUND}`,
        reach: 'run',
        advice: 'Narrow the input query, for example to one connection or first letter, and export in several runs.',
      })
    }
    return { ...found, response }
  }
  const users = await readPages(fetchPage, {
    keyOf: user => user,
    fullPages: true,
    unstable: found => ({
      summary: `The search results changed while they were being read: ${found} users were found`,
      reach: 'run',
      advice: 'Run it again when no users are created or deleted.',
    }),
  })
  return [...new Set(users)]
}
