import { describe, expect, it } from 'vitest'
import type { UserState } from '../../src/live/user-state.ts'
import { adviseOn as adviseOnPlan } from '../../src/plan/advise.ts'
import { BILLING, grants, live, ORDERS, roles, state } from './fixtures.ts'

/** The advice for a plan that changes nothing. */
const adviseOn = (users: readonly UserState[]) => adviseOnPlan(users, { users: [] })

/** This many listed users, for each of whom the manifest lists these permissions. */
function team(name: string, count: number, permissions: readonly string[]): readonly UserState[] {
  return Array.from({ length: count }, (_, index) => state(`${name}${index}`, grants(permissions), live([])))
}

/** A listed user whose desired permissions also come from roles. */
function doubled(id: string, permissions: readonly string[], roles: Readonly<Record<string, readonly string[]>>) {
  return state(id, grants(permissions), live([], roles))
}

const role = (count: number, permissions: readonly string[], more = '') => {
  const names = permissions.map(permission => `${permission} on ${ORDERS}`).join(', ')
  const size = permissions.length + Number(/\d+/.exec(more) ?? 0)
  return `${count} listed users have the same ${size} direct permissions (${names}${more}); consider a role.`
}

describe('a role is suggested', () => {
  it('for five users with the same two permissions, in whatever order they are listed', () => {
    const [first, ...others] = team('u', 5, ['read', 'write']) as [UserState, ...UserState[]]
    expect(adviseOn([{ ...first, desired: new Map([...first.desired].reverse()) }, ...others])).toEqual([
      role(5, ['read', 'write']),
    ])
  })

  it('for more than three permissions, naming the first three', () => {
    expect(adviseOn(team('u', 5, ['a', 'b', 'c', 'd', 'e']))).toEqual([role(5, ['a', 'b', 'c'], ' and 2 more')])
  })

  it('only for permissions, whatever roles the users have', () => {
    const users = team('u', 5, ['read', 'write']).map((user, index) => ({
      ...user,
      desired: new Map([...user.desired, ...roles(`R${index}`).map(each => [each, {}] as const)]),
    }))
    expect(adviseOn(users)).toEqual([role(5, ['read', 'write'])])
  })

  it.each([
    ['four users', team('u', 4, ['read', 'write'])],
    ['a single permission', team('u', 5, ['read'])],
    ['users without permissions', team('u', 5, [])],
    ['users with different permissions', [...team('u', 4, ['read', 'write']), ...team('v', 1, ['read', 'delete'])]],
    [
      'users who were removed from the manifest',
      team('u', 5, ['read', 'write']).map(user => ({ ...user, listed: false })),
    ],
    [
      'the same names on two APIs',
      team('u', 5, []).map((user, index) => ({
        ...user,
        desired: state('u', grants(['read', 'write'], index === 0 ? BILLING : undefined), undefined).desired,
      })),
    ],
  ])('but not for %s', (_, users) => {
    expect(adviseOn(users)).toEqual([])
  })

  it('first if it saves the most lines: users times permissions', () => {
    const small = team('s', 6, ['a', 'b'])
    const tall = team('t', 5, ['a', 'b', 'c'])
    const wide = team('w', 8, ['c', 'd'])
    const sentences = [role(8, ['c', 'd']), role(5, ['a', 'b', 'c']), role(6, ['a', 'b'])]
    for (const users of [
      [...small, ...tall, ...wide],
      [...wide, ...tall, ...small],
      [...tall, ...wide, ...small],
    ]) {
      expect(adviseOn(users)).toEqual(sentences)
    }
  })

  it('at most five times', () => {
    const users = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name, index) => team(name, 10 - index, [name, 'x']))
    expect(adviseOn(users)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name, index) => role(10 - index, [name, 'x'])))
  })
})

describe('a permission that a role already gives', () => {
  it('is not reported if the plan removes the role, and only remaining roles are named', () => {
    const users = [doubled('u', ['read'], { read: ['Lead', 'Support'] }), doubled('v', ['read'], { read: ['Support'] })]
    const revoke = [{ role: 'rol_support', name: 'Support', roles: [] }]
    const plan = { users: users.map(({ id }) => ({ user: id, grant: [], revoke })) }
    expect(adviseOnPlan(users, plan)).toEqual([
      expect.stringMatching(/^1 listed user already has read on .* through the role Lead;/),
    ])
  })

  it('is reported, in the singular for one user', () => {
    expect(adviseOn([doubled('u', ['read'], { read: ['Support'] })])).toEqual([
      '1 listed user already has read on https://orders.acme.com/ through the role Support; consider removing it from the manifest.',
    ])
  })

  it('is counted over all users, with all roles that give it', () => {
    const users = ['u', 'v', 'w'].map(id => doubled(id, ['read'], { read: ['Lead', 'Support'] }))
    expect(adviseOn(users)).toEqual([
      '3 listed users already have read on https://orders.acme.com/ through the role Lead, Support; consider removing it from the manifest.',
    ])
  })

  it('is reported with the most users first, then by name, at most five times', () => {
    const all = ['c', 'f', 'e', 'a', 'd', 'b']
    const roles = Object.fromEntries(all.map(name => [name, ['R']]))
    const users = [doubled('u', all, roles), doubled('v', ['e', 'd'], roles), doubled('w', ['d'], roles)]
    expect(adviseOn(users).map(sentence => sentence.replace(/ on .*/, ''))).toEqual([
      '3 listed users already have d',
      '2 listed users already have e',
      '1 listed user already has a',
      '1 listed user already has b',
      '1 listed user already has c',
    ])
  })

  it.each([
    ['a user for whom the manifest does not list it', doubled('u', ['write'], { read: ['Support'] })],
    [
      'a user who was removed from the manifest',
      { ...doubled('u', ['read'], { read: ['Support'] }), listed: false, desired: new Map() },
    ],
    ['a removed user with desired permissions', { ...doubled('u', ['read'], { read: ['Support'] }), listed: false }],
    ['a user who was not read', state('u', grants(['read']), undefined)],
  ])('is not reported for %s', (_, user) => {
    expect(adviseOn([user])).toEqual([])
  })
})

it('suggestions for new roles come before those for existing roles', () => {
  const users = Array.from({ length: 5 }, (_, index) => doubled(`u${index}`, ['a', 'b'], { a: ['R'] }))
  expect(adviseOn(users)).toEqual([
    role(5, ['a', 'b']),
    expect.stringMatching(/^5 listed users already have a on .* the role R/),
  ])
})
