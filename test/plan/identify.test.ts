import { describe, expect, it } from 'vitest'
import { type Candidate, identify } from '../../src/plan/identify.ts'

const user = (id: string, verified: boolean, ...connections: readonly string[]): Candidate => ({
  id,
  verified,
  connections,
})

describe('an address', () => {
  it('of one verified user is that user', () => {
    expect(identify('a@x.io', undefined, [user('auth0|1', true, 'db')])).toEqual({
      kind: 'found',
      id: 'auth0|1',
      warning: undefined,
    })
  })

  it('shared with an unverified user is the verified one, with a warning that names the other', () => {
    const found = identify('a@x.io', undefined, [user('auth0|1', true, 'db'), user('auth0|2', false, 'db')])
    expect(found).toMatchObject({ kind: 'found', id: 'auth0|1', warning: expect.stringContaining('auth0|2') })
  })

  it('of nobody is missing', () => {
    expect(identify('a@x.io', undefined, [])).toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('no user with the address a@x.io'),
    })
  })

  const refused: readonly (readonly [string, string | undefined, readonly Candidate[], readonly string[]])[] = [
    ['of an unverified user alone is refused', undefined, [user('auth0|2', false, 'db')], ['unverified', 'auth0|2']],
    [
      'of several verified users is refused, with their ids and connections',
      undefined,
      [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')],
      ['auth0|1 (db)', 'waad|2 (corp)', 'connection'],
    ],
    [
      'in another connection than the one asked for is refused, with the others',
      'db',
      [user('waad|2', true, 'corp')],
      ['connection db', 'waad|2 (corp)'],
    ],
  ]
  it.each(refused)('%s', (_, connection, candidates, words) => {
    const found = identify('a@x.io', connection, candidates)
    expect(found.kind).toBe('refused')
    for (const word of words) expect(found).toMatchObject({ message: expect.stringContaining(word) })
  })

  it.each([
    [
      'nobody has it',
      undefined,
      [],
      'The tenant has no user with the address a@x.io. Correct the address, or remove the entry.',
    ],
    [
      'it is verified nowhere',
      undefined,
      [user('auth0|1', false, 'db'), user('auth0|2', false)],
      'No user has the verified address a@x.io; unverified, and so not counted: auth0|1 (db); auth0|2 (no connection). Have the address verified, or use id.',
    ],
    [
      'several have it',
      'db',
      [user('auth0|1', true, 'db', 'corp'), user('auth0|2', true, 'db')],
      '2 users have the verified address a@x.io in connection db: auth0|1 (db, corp); auth0|2 (db). Use id, or connection to say which one.',
    ],
    [
      'it is in other connections',
      'db',
      [user('waad|2', true, 'corp')],
      'No user has the address a@x.io in connection db; in other connections: waad|2 (corp). Correct connection, or leave it out.',
    ],
  ])('gets a whole sentence where %s', (_, connection, candidates, message) => {
    expect(identify('a@x.io', connection, candidates)).toMatchObject({ message })
  })

  it('that is verified once and unverified twice names the two, with their connections', () => {
    const candidates = [user('auth0|1', true, 'db'), user('auth0|2', false, 'db'), user('sms|3', false)]
    expect(identify('a@x.io', undefined, candidates)).toEqual({
      kind: 'found',
      id: 'auth0|1',
      warning:
        'a@x.io is auth0|1; not counted, as the address is not verified there: auth0|2 (db); sms|3 (no connection).',
    })
  })

  it('of several verified users is narrowed by the connection', () => {
    const candidates = [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')]
    expect(identify('a@x.io', 'corp', candidates)).toMatchObject({ kind: 'found', id: 'waad|2' })
  })
})
