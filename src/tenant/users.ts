// Finds users by an address or by a search.

import * as z from 'zod'
import type { Candidate } from '../access/live.ts'
import { answerError } from './answer-error.ts'
import { BASE, PER_PAGE, read } from './answers.ts'
import { LIST_READS } from './paging.ts'
import type { Session } from './token.ts'

/** Auth0's maximum number of users per search. */
const MAX_FOUND = 1000

const userPage = z.object({
  users: z.array(z.object({ user_id: z.string().min(1) })),
  total: z.int().nonnegative(),
})

const userList = z.array(
  z.object({
    user_id: z.string(),
    email: z.string().optional(),
    email_verified: z.boolean().default(false),
    identities: z.array(z.object({ connection: z.string() })).default([]),
  }),
)

/** Only users with exactly this address, even if Auth0 returns others. */
export async function findByEmail({ send }: Session, email: string): Promise<readonly Candidate[]> {
  const query = `email=${encodeURIComponent(email)}&fields=user_id,email,email_verified,identities&include_fields=true`
  const answer = await send({ method: 'GET', path: `${BASE}/users-by-email`, query })
  const users = read(userList, answer, `The users with the address ${email} could not be read`)
  return users
    .filter(user => user.email === email)
    .map(user => ({
      id: user.user_id,
      verified: user.email_verified,
      connections: user.identities.map(identity => identity.connection),
    }))
}

async function searchPage({ send }: Session, { query, page }: { readonly query: string; readonly page: number }) {
  const fields = 'fields=user_id&include_fields=true&sort=user_id:1&search_engine=v3'
  const paging = `page=${page}&per_page=${PER_PAGE}&include_totals=true`
  const answer = await send({
    method: 'GET',
    path: `${BASE}/users`,
    query: `q=${encodeURIComponent(query)}&${fields}&${paging}`,
  })
  if (answer.status === 400) throw answerError(answer, 'The search failed', 'run', 'Correct the input query.')
  const { users, total } = read(userPage, answer, 'The search failed')
  if (total > MAX_FOUND) {
    const summary = `The search found ${total} users, but Auth0 returns at most ${MAX_FOUND}`
    const advice = 'Narrow the input query, for example to one connection or first letter, and export in several runs.'
    throw answerError(answer, summary, 'run', advice)
  }
  return { answer, total, ids: users.map(user => user.user_id) }
}

/** Ids of all users that match, in Auth0's user query syntax. @throws TenantError if there are more than 1,000 */
export async function searchUsers(session: Session, query: string): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    const ids = new Set<string>()
    let found = await searchPage(session, { query, page: 0 })
    for (const id of found.ids) ids.add(id)
    for (let page = 1; page * PER_PAGE < found.total; page++) {
      found = await searchPage(session, { query, page })
      for (const id of found.ids) ids.add(id)
    }
    if (ids.size === found.total) return [...ids]
    if (attempt === LIST_READS) {
      const summary = `The search results changed while they were read: ${ids.size} of ${found.total} users were found`
      throw answerError(found.answer, summary, 'run', 'Run it again when no users are created or deleted.')
    }
  }
}
