import { expect, it } from 'vitest'
import type { Mention } from '../src/manifest/problem.ts'
import { type Grant, type Grants, grantOf, NO_GRANTS } from '../src/plan/grants.ts'
import { type Reader, type Subject, type SurveyOptions, survey } from '../src/survey.ts'

const GRACE = 'grace@acme.com'
const READ = grantOf('orders', 'read')
const WRITE = grantOf('orders', 'write')

const OPTIONS: SurveyOptions = { width: 4, readPermissions: true, others: [], onUser: () => undefined }

/** A tenant with one user, who holds nothing. */
function tenantOf(id: string, email: string | undefined): Reader {
  return {
    findByEmail: async wanted => (wanted === email ? [{ id, verified: true, connections: ['db'] }] : []),
    emailOf: async user => (user === id ? email : undefined),
    permissionsOf: async () => ({ direct: NO_GRANTS, derived: new Map(), size: 0 }),
  }
}

function mentionOf(index: number): Mention {
  return { file: 'm.yml', path: ['users', index], on: 'value' }
}

function subject(identity: Partial<Subject>, grants: readonly Grant[], managed: Grants = NO_GRANTS): Subject {
  return { grants: new Map(grants.map(grant => [grant, {}])), managed, ...identity } as Subject
}

it.each([
  ['the listed one first', (entries: readonly Subject[]) => entries],
  ['the listed one last', (entries: readonly Subject[]) => entries.toReversed()],
])('a user who left by one name and is listed by another is one user (%s)', async (_, order) => {
  const left = subject({ email: GRACE, connection: undefined }, [], new Set([WRITE]))
  const listed = subject({ id: 'auth0|1', mention: mentionOf(0) }, [READ])
  const { states, warnings } = await survey(order([listed, left]), tenantOf('auth0|1', GRACE), OPTIONS)
  expect(states).toMatchObject([{ id: 'auth0|1', email: GRACE, listed: true, mention: mentionOf(0) }])
  expect([...(states[0]?.desired.keys() ?? [])]).toEqual([READ])
  expect([...(states[0]?.managed ?? [])]).toEqual([WRITE])
  expect(warnings).toEqual([])
})

it.each([
  ['whose address is theirs', GRACE, 2],
  ['whose address nobody has', undefined, 1],
])('somebody who would lose what an entry asks for %s is read with that entry', async (_, email, entries) => {
  const chosen = subject({ id: 'auth0|1', mention: mentionOf(0) }, [], new Set([READ]))
  const other = subject({ email: GRACE, connection: undefined, mention: mentionOf(1) }, [READ])
  const byId = subject({ id: 'auth0|2', mention: mentionOf(2) }, [READ])
  const { states, warnings } = await survey([chosen], tenantOf('auth0|1', email), {
    ...OPTIONS,
    others: [other, byId],
    mayLose: (_, grants) => grants.has(READ),
  })
  expect(states.map(({ id }) => id)).toEqual(['auth0|1'])
  expect(states[0]?.desired.size).toBe(entries - 1)
  expect(warnings).toHaveLength(entries - 1)
})
