import { describe, expect, it } from 'vitest'
import type { Candidate } from '../../src/access/live.ts'
import { type Identification, type IdentifyOptions, identify } from '../../src/live/identify.ts'

const user = (id: string, verified: boolean, ...connections: readonly string[]): Candidate => ({
  id,
  verified,
  connections,
})

const NARROWED_BY_NOTHING = { connection: undefined, remembered: undefined }

function find(found: readonly Candidate[], options: Partial<IdentifyOptions> = {}): Identification {
  return identify({ spellings: ['a@x.io'], ...NARROWED_BY_NOTHING, ...options, found })
}

describe('an address', () => {
  it('of one verified user means that user', () => {
    expect(find([user('auth0|1', true, 'db')])).toEqual({
      kind: 'found',
      id: 'auth0|1',
      warning: undefined,
    })
  })

  it('shared with an unverified user means the verified one, with a warning that names the other', () => {
    const found = find([user('auth0|1', true, 'db'), user('auth0|2', false, 'db')])
    expect(found).toMatchObject({ kind: 'found', id: 'auth0|1', warning: expect.stringContaining('auth0|2') })
  })

  it('that nobody has is missing', () => {
    expect(find([])).toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('no user with the address a@x.io'),
    })
  })

  const refused: readonly (readonly [string, string | undefined, readonly Candidate[], readonly string[]])[] = [
    ['of only an unverified user is refused', undefined, [user('auth0|2', false, 'db')], ['unverified', 'auth0|2']],
    [
      'of several verified users is refused, with their ids and connections',
      undefined,
      [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')],
      ['auth0|1 (db)', 'waad|2 (corp)', 'connection'],
    ],
    [
      'in another connection than the requested one is refused, with the others',
      'db',
      [user('waad|2', true, 'corp')],
      ['connection db', 'waad|2 (corp)'],
    ],
  ]
  it.each(refused)('%s', (_, connection, candidates, words) => {
    const found = find(candidates, { connection })
    expect(found.kind).toBe('refused')
    for (const word of words) expect(found).toMatchObject({ message: expect.stringContaining(word) })
  })

  it.each([
    [
      'nobody has it',
      undefined,
      [],
      "The tenant has no user with the address a@x.io. Correct the address (Auth0's look-up is case-sensitive), or remove the entry.",
    ],
    [
      'nobody has it verified',
      undefined,
      [user('auth0|1', false, 'db'), user('auth0|2', false)],
      'No user has the verified address a@x.io; ignored because their address is unverified: auth0|1 (db); auth0|2 (no connection). Have the address verified, or list the user by id.',
    ],
    [
      'several users have it',
      'db',
      [user('auth0|1', true, 'db', 'corp'), user('auth0|2', true, 'db')],
      '2 users have the verified address a@x.io in connection db: auth0|1 (db, corp); auth0|2 (db). List the intended user by id, or add a connection.',
    ],
    [
      'it is in other connections',
      'db',
      [user('waad|2', true, 'corp')],
      "No user has the address a@x.io in connection db; found in other connections: waad|2 (corp). Correct the entry's connection, or remove it.",
    ],
  ])('is reported in a complete sentence if %s', (_, connection, candidates, message) =>
    expect(find(candidates, { connection })).toMatchObject({ message }),
  )

  it('that was looked up in two spellings is reported in both', () => {
    const found = [user('waad|1', true, 'corp'), user('auth0|2', true, 'db')]
    expect(find(found, { spellings: ['A@x.io', 'a@x.io'], connection: undefined })).toMatchObject({
      kind: 'refused',
      message:
        '2 users have the verified address A@x.io or a@x.io: waad|1 (corp); auth0|2 (db). List the intended user by id, or add a connection.',
    })
  })

  it('that is verified once and unverified twice leads to a warning with both, and their connections', () => {
    const candidates = [user('auth0|1', true, 'db'), user('auth0|2', false, 'db'), user('sms|3', false)]
    expect(find(candidates)).toEqual({
      kind: 'found',
      id: 'auth0|1',
      warning:
        'a@x.io refers to auth0|1; ignored because their address is unverified: auth0|2 (db); sms|3 (no connection).',
    })
  })

  it('of several verified users is narrowed by the connection', () => {
    const candidates = [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')]
    expect(find(candidates, { connection: 'corp' })).toMatchObject({ kind: 'found', id: 'waad|2' })
  })
})

describe('an address that meant a user before', () => {
  const cases: readonly (readonly [string, readonly Candidate[], Partial<IdentifyOptions>, object])[] = [
    [
      'and still does is found',
      [user('auth0|1', true, 'db')],
      { remembered: 'auth0|1' },
      { kind: 'found', id: 'auth0|1', warning: undefined },
    ],
    [
      'and now means another is refused, because either may be meant',
      [user('auth0|2', true, 'db')],
      { remembered: 'auth0|1' },
      {
        kind: 'refused',
        message:
          'The address a@x.io referred to auth0|1 before and refers to auth0|2 now, so neither user is changed. List the intended one by id.',
        candidates: new Set(['auth0|1', 'auth0|2']),
      },
    ],
    [
      'and means another in the connection is refused, even if the first still has it elsewhere',
      [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')],
      { remembered: 'auth0|1', connection: 'corp' },
      {
        kind: 'refused',
        message: expect.stringContaining('in connection corp referred to auth0|1 before and refers to waad|2'),
      },
    ],
    [
      'and is now shared by two is ambiguous',
      [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')],
      { remembered: 'auth0|1' },
      { kind: 'refused', message: expect.stringContaining('2 users have the verified address') },
    ],
    [
      'and is no longer verified is refused',
      [user('auth0|1', false, 'db')],
      { remembered: 'auth0|1' },
      { kind: 'refused', message: expect.stringContaining('No user has the verified address') },
    ],
  ]
  it.each(cases)('%s', (_, found, options, expected) => {
    expect(find(found, options)).toMatchObject(expected)
  })
})

describe('an address that cannot be identified', () => {
  const cases: readonly (readonly [
    string,
    readonly Candidate[],
    Partial<IdentifyOptions>,
    readonly string[] | undefined,
  ])[] = [
    ['may mean anybody if nobody has it', [], {}, undefined],
    ['may mean the remembered user if nobody has it now', [], { remembered: 'auth0|1' }, ['auth0|1']],
    ['may mean anybody if its only user is unverified', [user('auth0|2', false, 'db')], {}, undefined],
    [
      'may mean the remembered user, and one who now has it unverified',
      [user('auth0|2', false, 'db')],
      { remembered: 'auth0|1' },
      ['auth0|2', 'auth0|1'],
    ],
    [
      'may mean anybody if only another connection has it',
      [user('waad|2', true, 'corp')],
      { connection: 'db' },
      undefined,
    ],
    [
      'may mean any of several verified users',
      [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')],
      {},
      ['auth0|1', 'waad|2'],
    ],
    [
      'may mean any user with it in another connection, and the remembered user',
      [user('waad|2', true, 'corp')],
      { connection: 'db', remembered: 'auth0|1' },
      ['waad|2', 'auth0|1'],
    ],
  ]
  it.each(cases)('%s', (_, found, options, candidates) => {
    const identification = find(found, options)
    expect(identification).not.toMatchObject({ kind: 'found' })
    expect(identification).toMatchObject({ candidates: candidates && new Set(candidates) })
  })
})
