import { describe, expect, it } from 'vitest'
import { type Grant, type Grants, grantOf, NO_GRANTS } from '../../src/access/grants.ts'
import type { Candidate } from '../../src/access/live.ts'
import { type Reach, TenantError } from '../../src/errors.ts'
import type { RoleReader } from '../../src/live/roles.ts'
import { type Reader, type Subject, type SurveyOptions, survey } from '../../src/live/survey.ts'
import type { ListedUser, Mention } from '../../src/manifest/manifest.ts'

const GRACE = 'grace@acme.com'
const READ = grantOf('orders', 'read')
const WRITE = grantOf('orders', 'write')

const OPTIONS: Omit<SurveyOptions, 'reader'> = {
  width: 4,
  readPermissions: true,
  roles: new Set(),
  managedOf: () => NO_GRANTS,
  alsoListed: () => [],
  startProgress: () => ({ step: () => undefined, end: () => undefined }),
}

/** A tenant without roles. */
const NO_ROLES: RoleReader = {
  rolesOf: async () => new Set(),
  membersOf: async role => ({ role, users: new Set(), more: 0, total: 0 }),
  allMembersOf: async ({ users }) => users,
}

/** A tenant with one user, who has no grants. */
function tenantOf(id: string, email: string | undefined): Reader {
  return {
    ...NO_ROLES,
    findByEmail: async wanted => (wanted === email ? [{ id, verified: true, connections: ['db'] }] : []),
    permissionsOf: async () => ({ direct: NO_GRANTS, derived: new Map() }),
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
  const found = await survey(order([listed, left]), { ...OPTIONS, reader: tenantOf('auth0|1', GRACE), managedOf })
  expect(found.states).toMatchObject([{ id: 'auth0|1', email: GRACE, listed: true, mention: mentionOf(0) }])
  expect([...(found.states[0]?.desired.keys() ?? [])]).toEqual([READ])
  expect([...(found.states[0]?.managed ?? [])]).toEqual([WRITE])
  expect(found.states[0]?.listings).toEqual([{ email: GRACE }])
  expect(found.warnings).toEqual([])
})

it.each([
  ['it lists the same user', [{ email: GRACE, connection: undefined, mention: mentionOf(1) }], [READ, WRITE]],
  ['it does not list another user', [], [READ]],
])('the grants of an entry outside the scope count if %s', async (_, others, desired) => {
  const chosen = subject({ id: 'auth0|1', mention: mentionOf(0) }, [READ])
  const alsoListed = (user: string): readonly ListedUser[] =>
    user === 'auth0|1' ? others.map(other => ({ ...other, grants: new Map([[WRITE, {}]]) })) : []
  const { states, emails, warnings } = await survey([chosen], {
    ...OPTIONS,
    reader: tenantOf('auth0|1', GRACE),
    alsoListed,
  })
  expect(states).toMatchObject([{ id: 'auth0|1', listed: true, mention: mentionOf(0) }])
  expect([...(states[0]?.desired.keys() ?? [])].sort()).toEqual(desired)
  expect(states[0]?.listings).toEqual(['id', ...others.map(({ email }) => ({ email }))])
  expect(emails).toEqual(others.map(({ email }) => ({ user: 'auth0|1', email })))
  expect(warnings).toEqual([])
})

describe('an address with capitals', () => {
  const enterprise: Candidate = { id: 'waad|1', verified: true, connections: ['corp'] }
  const twin: Candidate = { id: 'auth0|2', verified: true, connections: ['db'] }
  const unverified: Candidate = { ...twin, verified: false }
  const BOTH = ['Grace@Acme.com', GRACE]

  const cases: readonly (readonly [
    string,
    Partial<Subject>,
    Readonly<Record<string, readonly Candidate[]>>,
    {
      readonly asked?: readonly string[]
      readonly user?: string
      readonly refusal?: string
      readonly warning?: string
    },
  ])[] = [
    ['is found as stored', {}, { 'Grace@Acme.com': [enterprise] }, { user: 'waad|1' }],
    ['is found in lower case', {}, { [GRACE]: [twin] }, { user: 'auth0|2' }],
    [
      'of two verified users, one in each case, is refused',
      {},
      { 'Grace@Acme.com': [enterprise], [GRACE]: [twin] },
      { refusal: '2 users have the verified address Grace@Acme.com or grace@acme.com: waad|1 (corp); auth0|2 (db)' },
    ],
    [
      'of two verified users is narrowed by the connection',
      { connection: 'corp' },
      { 'Grace@Acme.com': [enterprise], [GRACE]: [twin] },
      { user: 'waad|1' },
    ],
    [
      'with an unverified twin means the verified user, and the twin is named',
      {},
      { 'Grace@Acme.com': [enterprise], [GRACE]: [unverified] },
      { user: 'waad|1', warning: 'ignored because their address is unverified: auth0|2 (db)' },
    ],
    [
      'that nobody has verified is refused',
      {},
      { 'Grace@Acme.com': [{ ...enterprise, verified: false }], [GRACE]: [unverified] },
      { refusal: 'ignored because their address is unverified: waad|1 (corp); auth0|2 (db)' },
    ],
    [
      'of the same user in both responses means that user',
      {},
      { 'Grace@Acme.com': [twin], [GRACE]: [twin] },
      { user: 'auth0|2' },
    ],
    [
      'that files spell with different cases is looked up once per spelling',
      { spellings: new Set(['GRACE@acme.com', GRACE]) },
      { 'GRACE@acme.com': [enterprise] },
      { asked: ['Grace@Acme.com', 'GRACE@acme.com', GRACE], user: 'waad|1' },
    ],
    [
      'that another file spells with another case is refused for its user too',
      { spellings: new Set(['GRACE@acme.com']) },
      { 'GRACE@acme.com': [enterprise], [GRACE]: [twin] },
      { asked: ['Grace@Acme.com', 'GRACE@acme.com', GRACE], refusal: 'waad|1 (corp); auth0|2 (db)' },
    ],
    [
      'that meant the twin before and now means another is refused',
      { remembered: 'auth0|2' },
      { 'Grace@Acme.com': [enterprise] },
      { refusal: 'referred to auth0|2 before and refers to waad|1 now' },
    ],
    ['in lower case is looked up once', { email: GRACE }, { [GRACE]: [twin] }, { asked: [GRACE], user: 'auth0|2' }],
    [
      'is not guessed for an entry in lower case',
      { email: GRACE },
      { 'Grace@Acme.com': [enterprise] },
      { asked: [GRACE], refusal: 'The tenant has no user with the address grace@acme.com.' },
    ],
  ]
  it.each(cases)('%s', async (_, identity, stored, { asked = BOTH, user, refusal, warning }) => {
    const requests: string[] = []
    const reader: Reader = {
      ...NO_ROLES,
      findByEmail: async email => {
        requests.push(email)
        return stored[email] ?? []
      },
      permissionsOf: async () => ({ direct: NO_GRANTS, derived: new Map() }),
    }
    const entry = subject({ email: 'Grace@Acme.com', connection: undefined, ...identity } as Partial<Subject>, [READ])
    const { states, emails, failures, missing, warnings, unidentified } = await survey([entry], { ...OPTIONS, reader })
    expect(requests).toEqual(asked)
    const messages = [...failures, ...missing].map(({ message }) => message)
    expect(messages).toEqual(refusal === undefined ? [] : [expect.stringContaining(refusal)])
    expect(warnings).toMatchObject(warning === undefined ? [] : [{ message: expect.stringContaining(warning) }])
    expect(states.map(({ id }) => id)).toEqual(user === undefined ? [] : [user])
    const { email = '', connection } = entry
    const written = { email, ...(connection !== undefined && { connection }) }
    expect(emails).toEqual(user === undefined ? [] : [{ user, ...written }])
    // The ledger ignores the case of an address.
    expect(states.map(({ listings }) => listings)).toEqual(user === undefined ? [] : [[{ ...written, email: GRACE }]])
    expect(unidentified.map(({ entry }) => entry)).toEqual(user === undefined ? [email] : [])
  })
})

const MERGED = 'refer to the same user; their permissions and roles were merged. Combine the entries.'

it.each<readonly [string, readonly Partial<Subject>[], readonly string[]]>([
  ['by address and by id', [{ email: GRACE, connection: undefined }, { id: 'auth0|1' }], [`${GRACE} and auth0|1`]],
  ['by id and by address', [{ id: 'auth0|1' }, { email: GRACE, connection: undefined }], [`auth0|1 and ${GRACE}`]],
  [
    'by address, with a connection and without',
    [
      { email: GRACE, connection: 'db' },
      { email: GRACE, connection: undefined },
    ],
    [`${GRACE} in connection db and ${GRACE}`],
  ],
  [
    'three times',
    [{ id: 'auth0|1' }, { email: GRACE, connection: undefined }, { email: GRACE, connection: 'db' }],
    [`auth0|1 and ${GRACE}`, `${GRACE} and ${GRACE} in connection db`],
  ],
])('a user listed %s is one user, with a warning at the later entry', async (_, entries, pairs) => {
  const subjects = entries.map((entry, index) =>
    subject({ ...entry, mention: mentionOf(index) } as Partial<Subject>, [READ]),
  )
  const { states, duplicates } = await survey(subjects, { ...OPTIONS, reader: tenantOf('auth0|1', GRACE) })
  expect(states.map(({ id }) => id)).toEqual(['auth0|1'])
  expect(duplicates).toMatchObject(
    pairs.map((pair, index) => ({ user: 'auth0|1', mention: mentionOf(index + 1), message: `${pair} ${MERGED}` })),
  )
})

it.each([
  ['ends later', '2026-12-31', '2027-12-31'],
  ['ends later, in any order', '2027-12-31', '2026-12-31'],
  ['has no end', '2026-12-31', undefined],
])('a grant that two entries of one user request follows the one that %s', async (_, first, second) => {
  const terms = (expires: string | undefined) => (expires === undefined ? {} : { expires })
  const subjects: readonly Subject[] = [
    { email: GRACE, connection: undefined, listed: true, grants: new Map([[READ, terms(first)]]) },
    { id: 'auth0|1', listed: true, grants: new Map([[READ, terms(second)]]) },
  ]
  const { states } = await survey(subjects, { ...OPTIONS, reader: tenantOf('auth0|1', GRACE) })
  const longer = second === undefined ? {} : { expires: '2027-12-31' }
  expect(states.map(({ desired }) => [...desired])).toEqual([[[READ, longer]]])
})

describe('a user whose roles cannot be read', () => {
  const options = { ...OPTIONS, roles: new Set(['rol_1']) }
  const refusing = (status: number): Reader => ({
    ...tenantOf('auth0|1', GRACE),
    rolesOf: async () => {
      throw new TenantError('No', { request: 'GET /x', reach: 'user', attempts: 1, status, advice: 'Do.' })
    },
  })

  it('is a failure for that user only', async () => {
    const { states, failures } = await survey([subject({ id: 'auth0|1' }, [READ])], {
      ...options,
      reader: refusing(500),
    })
    expect([states.length, failures.map(({ user }) => user)]).toEqual([0, ['auth0|1']])
  })

  it('has nothing left if the user was removed and Auth0 refuses the id', async () => {
    const removed: Subject = { id: 'auth0|1', listed: false, grants: new Map() }
    const { failures, gone } = await survey([removed], { ...options, reader: refusing(400) })
    expect([failures.length, gone.map(({ user }) => user)]).toEqual([0, ['auth0|1']])
  })
})

const ADA = 'ada@acme.com'

/** A tenant in which one address means these users, and reading some of them fails. */
function tenantWith(found: readonly Candidate[], failing: Readonly<Record<string, Error | undefined>> = {}): Reader {
  return {
    ...NO_ROLES,
    findByEmail: async email => {
      if (failing[email] !== undefined) throw failing[email]
      return email === ADA ? found : []
    },
    permissionsOf: async user => {
      if (failing[user] !== undefined) throw failing[user]
      return user in failing ? undefined : { direct: NO_GRANTS, derived: new Map() }
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
    [
      'because nobody has the address any more may mean the remembered user',
      tenantWith([]),
      'auth0|1',
      'missing',
      ['auth0|1'],
    ],
    [
      'because two users have the address may mean either',
      tenantWith([one, two]),
      undefined,
      'failures',
      ['auth0|1', 'waad|2'],
    ],
    ['because the address moved may mean either', tenantWith([two]), 'auth0|1', 'failures', ['auth0|1', 'waad|2']],
    [
      'because the address is unverified may mean anybody',
      tenantWith([{ ...one, verified: false }]),
      undefined,
      'failures',
      undefined,
    ],
    ['because its look-up fails may mean anybody', tenantWith([one], refused), undefined, 'failures', undefined],
    [
      'because its look-up fails may mean the remembered user',
      tenantWith([one], refused),
      'auth0|1',
      'failures',
      ['auth0|1'],
    ],
  ])('%s', async (_, reader, remembered, kind, candidates) => {
    const entry = subject({ email: ADA, connection: undefined, mention: mentionOf(0), remembered }, [READ, WRITE])
    const other = subject({ id: 'auth0|9' }, [READ])
    const found = await survey([entry, other], { ...OPTIONS, reader })
    expect(found.unidentified).toEqual([
      { entry: ADA, desired: new Set([READ, WRITE]), candidates: candidates && new Set(candidates) },
    ])
    expect(found[kind]).toEqual([{ user: ADA, email: ADA, mention: mentionOf(0), message: expect.stringMatching(/./) }])
    expect([...found.missing, ...found.failures]).toHaveLength(1)
    expect(found.states.map(({ id }) => id)).toEqual(['auth0|9'])
  })

  it('is not an entry whose user is found but cannot be read', async () => {
    const entry = subject({ email: ADA, connection: undefined }, [READ])
    const found = await survey([entry], { ...OPTIONS, reader: tenantWith([one], { 'auth0|1': failure(500) }) })
    expect(found.unidentified).toEqual([])
    expect(found.failures).toMatchObject([{ user: 'auth0|1', email: ADA }])
    expect(found.emails).toEqual([{ user: 'auth0|1', email: ADA }])
  })

  it('does not stop the run, unless the failure affects all of it', async () => {
    const entry = subject({ email: ADA, connection: undefined }, [READ])
    const reader = tenantWith([], { [ADA]: failure(401, 'run') })
    await expect(survey([entry], { ...OPTIONS, reader })).rejects.toThrow('No (GET /x')
  })
})

describe('a user who does not exist in the tenant', () => {
  const removedFrom = (why: string) => `auth0|1 was removed from the manifest and ${why}, so nothing is revoked.`
  it.each<readonly [string, boolean, Error | undefined, 'gone' | 'missing' | 'failures', string]>([
    ['who was removed is gone', false, undefined, 'gone', removedFrom('no longer exists in the tenant')],
    [
      'whose id is refused and who was removed is gone',
      false,
      failure(400),
      'gone',
      removedFrom('has an id that Auth0 refuses'),
    ],
    [
      'who is listed is missing',
      true,
      undefined,
      'missing',
      'The tenant has no user auth0|1. Correct the id, or remove the entry.',
    ],
    ['whose id is refused and who is listed is a failure', true, failure(400), 'failures', failure(400).message],
    [
      'who cannot be read for another reason is a failure, even if removed',
      false,
      failure(403),
      'failures',
      failure(403).message,
    ],
  ])('%s', async (_, listed, error, kind, message) => {
    const chosen = subject({ id: 'auth0|1', listed }, [])
    const found = await survey([chosen], { ...OPTIONS, reader: tenantWith([], { 'auth0|1': error }) })
    expect(found[kind]).toEqual([{ user: 'auth0|1', message }])
    expect([...found.gone, ...found.missing, ...found.failures]).toHaveLength(1)
    expect(found.states).toEqual([])
    expect(found.unidentified).toEqual([])
  })

  it('ends the run if the tenant refuses everything', async () => {
    const chosen = subject({ id: 'auth0|1', listed: false }, [])
    const reader = tenantWith([], { 'auth0|1': failure(400, 'run') })
    await expect(survey([chosen], { ...OPTIONS, reader })).rejects.toThrow(TenantError)
  })
})
