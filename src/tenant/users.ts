// Users: found by an address, or by a search.

import * as z from 'zod'
import type { Candidate } from '../access/live.ts'
import { answerError } from './answer-error.ts'
import { BASE, PER_PAGE, read } from './answers.ts'
import { LIST_READS } from './paging.ts'
import type { Session } from './token.ts'

/** Auth0 returns no more users to a search. */
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

/** Only users whose address is this one, letter by letter, whatever else is answered. */
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
    const summary = `The search finds ${total} users, and Auth0 returns at most ${MAX_FOUND} of them`
    const advice =
      'Narrow the input query, such as to one connection or to one first letter, and export in several runs.'
    throw answerError(answer, summary, 'run', advice)
  }
  return { answer, total, ids: users.map(user => user.user_id) }
}

/** Ids of all users that a search finds, in Auth0's user query syntax. @throws TenantError for more than 1,000 */
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
      const summary = `What the search finds changed while it was read: ${ids.size} users came of ${found.total}`
      throw answerError(found.answer, summary, 'run', 'Run it again when no users come or go.')
    }
  }
}
