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

  it('of several verified users is narrowed by the connection', () => {
    const candidates = [user('auth0|1', true, 'db'), user('waad|2', true, 'corp')]
    expect(identify('a@x.io', 'corp', candidates)).toMatchObject({ kind: 'found', id: 'waad|2' })
  })
})
