import { describe, expect, it } from 'vitest'
import { type Reach, TenantError } from '../src/errors.ts'
import type { ListedUser } from '../src/manifest/desired.ts'
import type { Mention } from '../src/manifest/problem.ts'
import { type Grant, type Grants, grantOf, NO_GRANTS } from '../src/plan/grants.ts'
import type { Candidate } from '../src/plan/identify.ts'
import { type Reader, type Subject, type SurveyOptions, survey } from '../src/survey.ts'

const GRACE = 'grace@acme.com'
const READ = grantOf('orders', 'read')
const WRITE = grantOf('orders', 'write')

const OPTIONS: SurveyOptions = {
  width: 4,
  readPermissions: true,
  managedOf: () => NO_GRANTS,
  alsoListed: () => [],
  onUser: () => undefined,
}

/** A tenant with one user, who holds nothing. */
function tenantOf(id: string, email: string | undefined): Reader {
  return {
    findByEmail: async wanted => (wanted === email ? [{ id, verified: true, connections: ['db'] }] : []),
    permissionsOf: async () => ({ direct: NO_GRANTS, derived: new Map(), size: 0 }),
  }
}

function mentionOf(index: number): Mention {
  return { file: 'm.yml', path: ['users', index], on: 'value' }
}

function subject(identity: Partial<Subject>, grants: readonly Grant[]): Subject {
  return { listed: true, grants: new Map(grants.map(grant => [grant, {}])), ...identity } as Subject
}

it.each([
  ['the listed one first', (entries: readonly Subject[]) => entries],
  ['the listed one last', (entries: readonly Subject[]) => entries.toReversed()],
])('a user whom the ledger knows and an address lists is one user (%s)', async (_, order) => {
  const left = subject({ id: 'auth0|1', listed: false }, [])
  const listed = subject({ email: GRACE, connection: undefined, mention: mentionOf(0) }, [READ])
  const managedOf = (user: string): Grants => new Set(user === 'auth0|1' ? [WRITE] : [])
  const found = await survey(order([listed, left]), tenantOf('auth0|1', GRACE), { ...OPTIONS, managedOf })
  expect(found.states).toMatchObject([{ id: 'auth0|1', email: GRACE, listed: true, mention: mentionOf(0) }])
  expect([...(found.states[0]?.desired.keys() ?? [])]).toEqual([READ])
  expect([...(found.states[0]?.managed ?? [])]).toEqual([WRITE])
  expect(found.states[0]?.listings).toEqual([{ email: GRACE }])
  expect(found.warnings).toEqual([])
})

it.each([
  ['by which the user is also listed', [{ email: GRACE, connection: undefined, mention: mentionOf(1) }], [READ, WRITE]],
  ['of somebody else', [], [READ]],
])('an entry %s, though it is not looked up, asks for its part', async (_, others, desired) => {
  const chosen = subject({ id: 'auth0|1', mention: mentionOf(0) }, [READ])
  const alsoListed = (user: string): readonly ListedUser[] =>
    user === 'auth0|1' ? others.map(other => ({ ...other, grants: new Map([[WRITE, {}]]) })) : []
  const { states, emails, warnings } = await survey([chosen], tenantOf('auth0|1', GRACE), { ...OPTIONS, alsoListed })
  expect(states).toMatchObject([{ id: 'auth0|1', listed: true, mention: mentionOf(0) }])
  expect([...(states[0]?.desired.keys() ?? [])].sort()).toEqual(desired)
  expect(states[0]?.listings).toEqual(['id', ...others.map(({ email }) => ({ email }))])
  expect(emails).toEqual(others.map(({ email }) => ({ user: 'auth0|1', email })))
  expect(warnings).toEqual([])
})

const ADA = 'ada@acme.com'

/** A tenant in which one address means these users, and reading some of them fails. */
function tenantWith(found: readonly Candidate[], failing: Readonly<Record<string, Error | undefined>> = {}): Reader {
  return {
    findByEmail: async email => {
      if (failing[email] !== undefined) throw failing[email]
      return email === ADA ? found : []
    },
    permissionsOf: async user => {
      if (failing[user] !== undefined) throw failing[user]
      return user in failing ? undefined : { direct: NO_GRANTS, derived: new Map(), size: 0 }
    },
  }
}

function failure(status: number, reach: Reach = 'user'): TenantError {
  return new TenantError('No', { request: 'GET /x', reach, attempts: 1, status, advice: 'Do.' })
}

describe('an entry that cannot be identified', () => {
  const one: Candidate = { id: 'auth0|1', verified: true, connections: ['db'] }
  const two: Candidate = { id: 'waad|2', verified: true, connections: ['corp'] }
  const refused = { [ADA]: failure(400) }

  it.each<readonly [string, Reader, string | undefined, 'missing' | 'failures', readonly string[] | undefined]>([
    ['because nobody has the address may mean anybody', tenantWith([]), undefined, 'missing', undefined],
    ['because nobody has the address now may mean the same', tenantWith([]), 'auth0|1', 'missing', ['auth0|1']],
    [
      'because two have the address may mean both',
      tenantWith([one, two]),
      undefined,
      'failures',
      ['auth0|1', 'waad|2'],
    ],
    ['because the address moved may mean either', tenantWith([two]), 'auth0|1', 'failures', ['auth0|1', 'waad|2']],
    [
      'because the address is not verified may mean whoever has it',
      tenantWith([{ ...one, verified: false }]),
      undefined,
      'failures',
      ['auth0|1'],
    ],
    ['because its look-up fails may mean anybody', tenantWith([one], refused), undefined, 'failures', undefined],
    ['because its look-up fails may mean the same', tenantWith([one], refused), 'auth0|1', 'failures', ['auth0|1']],
  ])('%s', async (_, reader, remembered, kind, candidates) => {
    const entry = subject({ email: ADA, connection: undefined, mention: mentionOf(0), remembered }, [READ, WRITE])
    const other = subject({ id: 'auth0|9' }, [READ])
    const found = await survey([entry, other], reader, OPTIONS)
    expect(found.unidentified).toEqual([
      { entry: ADA, desired: new Set([READ, WRITE]), candidates: candidates && new Set(candidates) },
    ])
    expect(found[kind]).toEqual([{ user: ADA, email: ADA, mention: mentionOf(0), message: expect.stringMatching(/./) }])
    expect([...found.missing, ...found.failures]).toHaveLength(1)
    expect(found.states.map(({ id }) => id)).toEqual(['auth0|9'])
  })

  it('is not one whose user is found, though the user cannot be read', async () => {
    const entry = subject({ email: ADA, connection: undefined }, [READ])
    const found = await survey([entry], tenantWith([one], { 'auth0|1': failure(500) }), OPTIONS)
    expect(found.unidentified).toEqual([])
    expect(found.failures).toMatchObject([{ user: 'auth0|1', email: ADA }])
    expect(found.emails).toEqual([{ user: 'auth0|1', email: ADA }])
  })

  it('does not stop the run, unless the failure concerns all of it', async () => {
    const entry = subject({ email: ADA, connection: undefined }, [READ])
    const reader = tenantWith([], { [ADA]: failure(401, 'run') })
    await expect(survey([entry], reader, OPTIONS)).rejects.toThrow('No (GET /x')
  })
})

describe('a user whom the tenant does not have', () => {
  const removedFrom = (why: string) =>
    `auth0|1 was removed from the manifest and ${why}; there is nothing left to revoke.`
  it.each<readonly [string, boolean, Error | undefined, 'gone' | 'missing' | 'failures', string]>([
    ['and who was removed is gone', false, undefined, 'gone', removedFrom('is not in the tenant any more')],
    ['and whose id is refused was removed', false, failure(400), 'gone', removedFrom('has an id that Auth0 refuses')],
    [
      'and who is listed is missing',
      true,
      undefined,
      'missing',
      'The tenant has no user auth0|1. Correct the id, or remove the entry.',
    ],
    ['and whose id is refused, and who is listed, is a failure', true, failure(400), 'failures', failure(400).message],
    ['for another reason is a failure, though removed', false, failure(403), 'failures', failure(403).message],
  ])('%s', async (_, listed, error, kind, message) => {
    const chosen = subject({ id: 'auth0|1', listed }, [])
    const found = await survey([chosen], tenantWith([], { 'auth0|1': error }), OPTIONS)
    expect(found[kind]).toEqual([{ user: 'auth0|1', message }])
    expect([...found.gone, ...found.missing, ...found.failures]).toHaveLength(1)
    expect(found.states).toEqual([])
    expect(found.unidentified).toEqual([])
  })

  it('ends the run if the tenant refuses everything', async () => {
    const chosen = subject({ id: 'auth0|1', listed: false }, [])
    const reader = tenantWith([], { 'auth0|1': failure(400, 'run') })
    await expect(survey([chosen], reader, OPTIONS)).rejects.toThrow(TenantError)
  })
})
