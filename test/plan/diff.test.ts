import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DiffOptions, diff, type UserState } from '../../src/plan/diff.ts'
import { type Grant, grantOf } from '../../src/plan/grants.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { BILLING, grants, live, ORDERS, SOURCE, state } from './fixtures.ts'

function plan(users: readonly UserState[], options: Partial<DiffOptions> = {}): Plan {
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke: 'all',
    apis: new Set([ORDERS]),
    ...options,
  })
}

const name = (operation: { readonly permission: string }) => operation.permission

describe('what a user gains and loses', () => {
  const cases: readonly (readonly [string, UserState, Partial<DiffOptions>, readonly string[], readonly string[]])[] = [
    ['what is desired and not held is granted', state('u', grants(['a', 'b']), live(grants(['a']))), {}, ['b'], []],
    ['what is held and not desired is revoked', state('u', grants(['a']), live(grants(['a', 'b']))), {}, [], ['b']],
    [
      'nothing is revoked with revoke: never',
      state('u', grants(['c']), live(grants(['a', 'b']))),
      { revoke: 'never' },
      ['c'],
      [],
    ],
    [
      'an API that the manifest does not name is left alone',
      state('u', [], live([...grants(['a']), ...grants(['x'], BILLING)])),
      {},
      [],
      ['a'],
    ],
    [
      'a permission that comes through a role alone is not revoked',
      state('u', [], live([], { a: ['Support'] })),
      {},
      [],
      [],
    ],
    [
      'a permission that comes both ways loses the direct one',
      state('u', [], live(grants(['a']), { a: ['Support'] })),
      {},
      [],
      ['a'],
    ],
    [
      'a permission that a role gives is granted all the same',
      state('u', grants(['a']), live([], { a: ['Support'] })),
      {},
      ['a'],
      [],
    ],
    ['an unread user gets all that is desired', state('u', grants(['b', 'a']), undefined), {}, ['a', 'b'], []],
    ['a listed user without permissions loses all', state('u', [], live(grants(['b', 'a']))), {}, [], ['a', 'b']],
  ]
  it.each(cases)('%s', (_, user, options, granted, revoked) => {
    const [found] = plan([user], options).users
    expect(found?.grant.map(name) ?? []).toEqual(granted)
    expect(found?.revoke.map(name) ?? []).toEqual(revoked)
  })
})

describe('what a plan tells', () => {
  it('names the roles through which a revoked or granted permission is effective', () => {
    const [user] = plan([state('u', grants(['a']), live(grants(['b']), { a: ['Lead'], b: ['Ops', 'Support'] }))]).users
    expect(user?.grant).toEqual([{ api: ORDERS, permission: 'a', roles: ['Lead'] }])
    expect(user?.revoke).toEqual([{ api: ORDERS, permission: 'b', roles: ['Ops', 'Support'] }])
  })

  it('carries expiry and reason of what is granted', () => {
    const [grant] = grants(['a']) as [Grant]
    const desired = new Map([[grant, { expires: '2026-12-31', reason: 'FIN-118' }]])
    const [user] = plan([{ ...state('u', [], live([])), desired }]).users
    expect(user?.grant).toEqual([{ api: ORDERS, permission: 'a', roles: [], expires: '2026-12-31', reason: 'FIN-118' }])
  })

  it('keeps the before-state of the users that it changes, and leaves the others out', () => {
    const users = [state('b', [], live(grants(['y', 'x']))), state('a', grants(['x']), live(grants(['x'])))]
    expect(plan(users).users).toMatchObject([{ user: 'b', before: [{ permission: 'x' }, { permission: 'y' }] }])
  })

  it('counts the holders of what it touches among all listed users', () => {
    const users = [
      state('a', grants(['x']), live(grants(['x', 'y']))),
      state('b', grants(['x']), live([])),
      state('c', grants(['x', 'z']), live(grants(['x', 'z']))),
    ]
    expect(plan(users).holders).toEqual([
      { api: ORDERS, permission: 'x', before: 2, after: 3 },
      { api: ORDERS, permission: 'y', before: 1, after: 0 },
    ])
  })

  it('tells no holders where users were not read', () => {
    expect(plan([state('a', grants(['x']), undefined)]).holders).toEqual([])
  })
})

describe('properties', () => {
  const grant = fc
    .tuple(fc.constantFrom(ORDERS, BILLING), fc.constantFrom('a', 'b', 'c', 'd'))
    .map(([api, permission]) => grantOf(api, permission))
  const user = fc.record({
    id: fc.string(),
    desired: fc.uniqueArray(grant).map(list => new Map(list.map(each => [each, {}]))),
    listed: fc.boolean(),
    managed: fc.uniqueArray(grant).map(list => new Set(list)),
    live: fc.uniqueArray(grant).map(list => live(list)),
  })
  const users = fc.uniqueArray(user, { selector: each => each.id })
  const revoke = fc.constantFrom('never' as const, 'managed' as const, 'all' as const)

  it('a plan of equal sets is empty', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const equal = states.map(each => ({ ...each, live: live([...each.desired.keys()]) }))
        expect(plan(equal, { revoke }).users).toEqual([])
      }),
    )
  })

  it('after applying a plan, planning again gives nothing', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const first = plan(states, { revoke })
        const after = states.map(each => ({ ...each, live: live(applied(each, first)) }))
        expect(plan(after, { revoke }).users).toEqual([])
      }),
    )
  })

  it('the order of users and grants never matters', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const turned = states.map(each => ({
          ...each,
          desired: new Map([...each.desired].reverse()),
          live: live([...each.live.direct].reverse()),
        }))
        expect(JSON.stringify(plan(turned.reverse(), { revoke }))).toBe(JSON.stringify(plan(states, { revoke })))
      }),
    )
  })
})

function applied(user: UserState, { users }: Plan): readonly Grant[] {
  const found = users.find(each => each.user === user.id)
  const direct = new Set(user.live?.direct)
  for (const { api, permission } of found?.grant ?? []) direct.add(grantOf(api, permission))
  for (const { api, permission } of found?.revoke ?? []) direct.delete(grantOf(api, permission))
  return [...direct]
}
