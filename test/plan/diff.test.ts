import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DiffOptions, diff, type UserState, unmanagedOf } from '../../src/plan/diff.ts'
import { type Grant, type Grants, grantOf } from '../../src/plan/grants.ts'
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
    [
      'managed: what was asked for earlier and is not any more is revoked, and what nobody asked for stays',
      { ...state('u', grants(['a']), live(grants(['a', 'b', 'c']))), managed: new Set(grants(['a', 'b', 'd'])) },
      { revoke: 'managed' },
      [],
      ['b'],
    ],
    [
      'managed: an API that the manifest names no more is cleared of what was managed',
      { ...state('u', [], live(grants(['x', 'y'], BILLING))), managed: new Set(grants(['x'], BILLING)) },
      { revoke: 'managed' },
      [],
      ['x'],
    ],
    [
      'managed: what is desired again is kept, and granted where it is gone',
      { ...state('u', grants(['a', 'b']), live(grants(['a']))), managed: new Set(grants(['a', 'b'])) },
      { revoke: 'managed' },
      ['b'],
      [],
    ],
    [
      'managed: a user who has left the manifest loses what was managed',
      { ...state('u', [], live(grants(['a', 'b']))), managed: new Set(grants(['a'])), listed: false },
      { revoke: 'managed' },
      [],
      ['a'],
    ],
    [
      'all: a user who has left the manifest is no listed user',
      { ...state('u', [], live(grants(['a', 'b']))), managed: new Set(grants(['a'])), listed: false },
      {},
      [],
      [],
    ],
    [
      'never: a user who has left the manifest keeps everything',
      { ...state('u', [], live(grants(['a']))), managed: new Set(grants(['a'])), listed: false },
      { revoke: 'never' },
      [],
      [],
    ],
    [
      'an unread user loses nothing',
      { ...state('u', [], undefined), managed: new Set(grants(['a'])) },
      { revoke: 'managed' },
      [],
      [],
    ],
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

  it.each([
    ['no terms', {}],
    ['an expiry alone', { expires: '2026-12-31' }],
    ['a reason alone', { reason: 'FIN-118' }],
  ])('says no more than the manifest: %s', (_, terms) => {
    const desired = new Map(grants(['a']).map(grant => [grant, terms]))
    const [user] = plan([{ ...state('u', [], live([])), desired }]).users
    expect(user?.grant).toStrictEqual([{ api: ORDERS, permission: 'a', roles: [], ...terms }])
  })

  it('names no terms of what is revoked, and has no before-state of a user who was not read', () => {
    const [read, unread] = plan([state('a', [], live(grants(['x']))), state('b', grants(['x']), undefined)]).users
    expect(read).toStrictEqual({
      user: 'a',
      grant: [],
      revoke: [{ api: ORDERS, permission: 'x', roles: [] }],
      before: [{ api: ORDERS, permission: 'x' }],
    })
    expect(unread).toStrictEqual({ user: 'b', grant: [{ api: ORDERS, permission: 'x', roles: [] }], revoke: [] })
  })

  it('names tenant, source and format, and sorts by user', () => {
    const found = plan([state('b', grants(['x']), live([])), state('a', grants(['x']), live([]))])
    expect(found).toMatchObject({ format: 1, tenant: 'acme.eu.auth0.com', source: SOURCE })
    expect(found.users.map(({ user }) => user)).toEqual(['a', 'b'])
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

  it('does not count those who have left the manifest among the holders', () => {
    const gone = { ...state('gone', [], live(grants(['x', 'y']))), managed: new Set(grants(['x', 'y'])), listed: false }
    expect(plan([gone, state('a', grants(['x']), live([]))], { revoke: 'managed' })).toMatchObject({
      users: [{ user: 'a' }, { user: 'gone' }],
      holders: [{ api: ORDERS, permission: 'x', before: 0, after: 1 }],
    })
  })

  it('counts nobody twice where one gains what another loses', () => {
    const users = [state('a', grants(['x']), live([])), state('b', [], live(grants(['x'])))]
    expect(plan(users).holders).toEqual([{ api: ORDERS, permission: 'x', before: 1, after: 1 }])
  })

  it('tells no holders where users were not read', () => {
    expect(plan([state('a', grants(['x']), undefined)]).holders).toEqual([])
  })
})

describe('what nobody manages', () => {
  const held = (users: readonly UserState[], options: Partial<DiffOptions> = {}) =>
    unmanagedOf(users, plan(users, options)).map(({ user, api, permission }) => [user, api, permission])

  it('are grants of listed users that the manifest does not ask for and the plan leaves alone, sorted', () => {
    const users = [
      {
        ...state('u', grants(['a', 'new']), live([...grants(['z', 'b', 'a', 'old']), ...grants(['x'], BILLING)])),
        managed: new Set(grants(['a', 'old'])),
      },
      state('v', [], live(grants(['z']))),
    ]
    expect(held(users, { revoke: 'managed' })).toEqual([
      ['u', BILLING, 'x'],
      ['u', ORDERS, 'b'],
      ['u', ORDERS, 'z'],
      ['v', ORDERS, 'z'],
    ])
  })

  it.each([
    ['of users who are as they should be', [state('u', grants(['a']), live(grants(['a'])))], {}],
    ['of users who lose it now', [state('u', [], live(grants(['a'])))], {}],
    [
      'of users who have left the manifest',
      [{ ...state('u', [], live(grants(['a']))), listed: false }],
      { revoke: 'managed' as const },
    ],
    ['of users who were not read', [state('u', grants(['a']), undefined)], { revoke: 'never' as const }],
    ['that comes through roles alone', [state('u', [], live([], { a: ['Support'] }))], { revoke: 'never' as const }],
  ])('is nothing %s', (_, users, options) => {
    expect(held(users, options)).toEqual([])
  })

  it('is everything else with revoke: never', () => {
    expect(held([state('u', grants(['a']), live(grants(['a', 'b'])))], { revoke: 'never' })).toEqual([
      ['u', ORDERS, 'b'],
    ])
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

  const revocable: Readonly<Record<DiffOptions['revoke'], (user: UserState, live: Grants) => Grants>> = {
    never: () => new Set(),
    managed: ({ managed }) => managed,
    all: ({ listed }, live) => new Set(listed ? [...live].filter(grant => grant.startsWith(ORDERS)) : []),
  }
  it.each([
    ['never', 'live ∪ desired'],
    ['managed', '(live − (managed − desired)) ∪ desired'],
    ['all', '(live − live on the APIs of the manifest) ∪ desired, for listed users'],
  ] as const)('with revoke: %s, users then hold %s', (revoke, _) => {
    fc.assert(
      fc.property(users, states => {
        const found = plan(states, { revoke })
        for (const each of states) {
          const [held, desired] = [each.live.direct, new Set(each.desired.keys())]
          const surplus = revocable[revoke](each, held).difference(desired)
          expect(applied(each, found).sort()).toEqual([...held.difference(surplus).union(desired)].sort())
        }
      }),
    )
  })

  it('nothing is done that changes nothing: what is granted was not held, and what is revoked was', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        for (const { user, grant, revoke: revoked, before } of plan(states, { revoke }).users) {
          const held = states.find(({ id }) => id === user)?.live.direct ?? new Set()
          expect(before?.map(({ api, permission }) => grantOf(api, permission))).toEqual([...held].sort())
          expect(grant.filter(({ api, permission }) => held.has(grantOf(api, permission)))).toEqual([])
          expect(revoked.filter(({ api, permission }) => !held.has(grantOf(api, permission)))).toEqual([])
        }
      }),
    )
  })

  it('what of a listed user is neither desired nor revoked is told as unmanaged, and nothing else', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const found = plan(states, { revoke })
        const told = unmanagedOf(states, found).map(({ user, api, permission }) => [user, grantOf(api, permission)])
        const left = states
          .filter(({ listed }) => listed)
          .flatMap(each => {
            const surplus = applied(each, found).filter(grant => !each.desired.has(grant))
            return surplus.sort().map(grant => [each.id, grant])
          })
        expect(told).toEqual(left)
      }),
    )
  })

  it('the counts of holders are those of the listed users before and after', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const found = plan(states, { revoke })
        const listed = states.filter(each => each.listed)
        for (const { api, permission, before, after } of found.holders) {
          const grant = grantOf(api, permission)
          expect(before).toBe(listed.filter(each => each.live.direct.has(grant)).length)
          expect(after).toBe(listed.filter(each => applied(each, found).includes(grant)).length)
        }
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

function applied(user: UserState, { users }: Plan): Grant[] {
  const found = users.find(each => each.user === user.id)
  const direct = new Set(user.live?.direct)
  for (const { api, permission } of found?.grant ?? []) direct.add(grantOf(api, permission))
  for (const { api, permission } of found?.revoke ?? []) direct.delete(grantOf(api, permission))
  return [...direct]
}
