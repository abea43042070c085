import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Grant, type Grants, grantOf, type Named, packAccess, rolesAmong } from '../../src/access/grants.ts'
import type { Live } from '../../src/access/live.ts'
import type { Unidentified, UserState } from '../../src/live/user-state.ts'
import { type DiffOptions, diff, unmanagedOf } from '../../src/plan/diff.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { BILLING, grants, live, nameOf, ORDERS, roleNames, roles, SOURCE, state } from './fixtures.ts'

/** What the manifest names in most of these tests. */
const NAMED: Named = { apis: new Set([ORDERS]), roles: new Set() }

function plan(users: readonly UserState[], options: Partial<DiffOptions> = {}): Plan {
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke: 'all',
    named: NAMED,
    roleNames: new Map(),
    holdBack: holdBackFor([]),
    ...options,
  })
}

describe('the grants and revocations of a user', () => {
  const cases: readonly (readonly [string, UserState, Partial<DiffOptions>, readonly string[], readonly string[]])[] = [
    ['a desired grant that is missing is granted', state('u', grants(['a', 'b']), live(grants(['a']))), {}, ['b'], []],
    ['a live grant that is not desired is revoked', state('u', grants(['a']), live(grants(['a', 'b']))), {}, [], ['b']],
    [
      'nothing is revoked with revoke: never',
      state('u', grants(['c']), live(grants(['a', 'b']))),
      { revoke: 'never' },
      ['c'],
      [],
    ],
    [
      'grants on an API that the manifest does not name are kept',
      state('u', [], live([...grants(['a']), ...grants(['x'], BILLING)])),
      {},
      [],
      ['a'],
    ],
    ['a permission that is only from a role is not revoked', state('u', [], live([], { a: ['Support'] })), {}, [], []],
    [
      'a permission that is both direct and from a role loses the direct grant',
      state('u', [], live(grants(['a']), { a: ['Support'] })),
      {},
      [],
      ['a'],
    ],
    [
      'a permission that a role gives is still granted',
      state('u', grants(['a']), live([], { a: ['Support'] })),
      {},
      ['a'],
      [],
    ],
    ['an unread user gets everything desired', state('u', grants(['b', 'a']), undefined), {}, ['a', 'b'], []],
    [
      'managed: grants that were requested earlier are revoked, and grants that never were are kept',
      { ...state('u', grants(['a']), live(grants(['a', 'b', 'c']))), managed: new Set(grants(['a', 'b', 'd'])) },
      { revoke: 'managed' },
      [],
      ['b'],
    ],
    [
      'managed: managed grants are revoked on an API that the manifest no longer names',
      { ...state('u', [], live(grants(['x', 'y'], BILLING))), managed: new Set(grants(['x'], BILLING)) },
      { revoke: 'managed' },
      [],
      ['x'],
    ],
    [
      'managed: a grant that is desired again is kept, and granted if it is missing',
      { ...state('u', grants(['a', 'b']), live(grants(['a']))), managed: new Set(grants(['a', 'b'])) },
      { revoke: 'managed' },
      ['b'],
      [],
    ],
    [
      'managed: a user who was removed from the manifest loses managed grants',
      { ...state('u', [], live(grants(['a', 'b']))), managed: new Set(grants(['a'])), listed: false },
      { revoke: 'managed' },
      [],
      ['a'],
    ],
    [
      'all: a user who was removed from the manifest does not count as listed',
      { ...state('u', [], live(grants(['a', 'b']))), managed: new Set(grants(['a'])), listed: false },
      {},
      [],
      [],
    ],
    [
      'never: a user who was removed from the manifest keeps everything',
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
    [
      'a listed user without permissions loses everything',
      state('u', [], live(grants(['b', 'a']))),
      {},
      [],
      ['a', 'b'],
    ],
  ]
  it.each(cases)('%s', (_, user, options, granted, revoked) => {
    const [found] = plan([user], options).users
    expect(found?.grant.map(nameOf) ?? []).toEqual(granted)
    expect(found?.revoke.map(nameOf) ?? []).toEqual(revoked)
  })
})

describe('a plan', () => {
  it('names the roles through which a revoked or granted permission is effective', () => {
    const [user] = plan([state('u', grants(['a']), live(grants(['b']), { a: ['Lead'], b: ['Ops', 'Support'] }))]).users
    expect(user?.grant).toEqual([{ api: ORDERS, permission: 'a', roles: ['Lead'] }])
    expect(user?.revoke).toMatchObject([{ api: ORDERS, permission: 'b', roles: ['Ops', 'Support'] }])
  })

  it('contains expiry and reason of grants', () => {
    const [grant] = grants(['a']) as [Grant]
    const desired = new Map([[grant, { expires: '2026-12-31', reason: 'FIN-118' }]])
    const [user] = plan([{ ...state('u', [], live([])), desired }]).users
    expect(user?.grant).toEqual([{ api: ORDERS, permission: 'a', roles: [], expires: '2026-12-31', reason: 'FIN-118' }])
  })

  it.each([
    ['no terms', {}],
    ['only an expiry', { expires: '2026-12-31' }],
    ['only a reason', { reason: 'FIN-118' }],
  ])('contains only the terms in the manifest: %s', (_, terms) => {
    const desired = new Map(grants(['a']).map(grant => [grant, terms]))
    const [user] = plan([{ ...state('u', [], live([])), desired }]).users
    expect(user?.grant).toStrictEqual([{ api: ORDERS, permission: 'a', roles: [], ...terms }])
  })

  it('has no terms for revocations, and no before-state for a user who was not read', () => {
    const [read, unread] = plan([state('a', [], live(grants(['x']))), state('b', grants(['x']), undefined)]).users
    expect(read).toStrictEqual({
      user: 'a',
      grant: [],
      revoke: [{ api: ORDERS, permission: 'x', roles: [], why: 'not listed' }],
      before: [{ api: ORDERS, permission: 'x' }],
    })
    expect(unread).toStrictEqual({ user: 'b', grant: [{ api: ORDERS, permission: 'x', roles: [] }], revoke: [] })
  })

  it.each([
    ['from a removed user', { listed: false, managed: new Set(grants(['x'])) }, 'managed', 'user removed'],
    ['that the manifest requested before', { managed: new Set(grants(['x'])) }, 'managed', 'line removed'],
    ['that the manifest never requested', {}, 'all', 'not listed'],
    ['that has expired', { expired: new Set(grants(['x'])) }, 'all', 'expired'],
  ] as const)('says why a grant is revoked %s', (_, known, revoke, why) => {
    const [user] = plan([{ ...state('u', [], live(grants(['x']))), ...known }], { revoke }).users
    expect(user?.revoke).toMatchObject([{ permission: 'x', why }])
  })

  it('names tenant, source and format, and sorts by user', () => {
    const found = plan([state('b', grants(['x']), live([])), state('a', grants(['x']), live([]))])
    expect(found).toMatchObject({ format: 2, tenant: 'acme.eu.auth0.com', source: SOURCE })
    expect(found.users.map(({ user }) => user)).toEqual(['a', 'b'])
  })

  it('contains the before-state of the users whom it changes, and omits the others', () => {
    const users = [state('b', [], live(grants(['y', 'x']))), state('a', grants(['x']), live(grants(['x'])))]
    expect(plan(users).users).toMatchObject([{ user: 'b', before: [{ permission: 'x' }, { permission: 'y' }] }])
  })

  it('counts the holders of the grants that it changes among all listed users', () => {
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

  it('does not count removed users as holders', () => {
    const gone = { ...state('gone', [], live(grants(['x', 'y']))), managed: new Set(grants(['x', 'y'])), listed: false }
    expect(plan([gone, state('a', grants(['x']), live([]))], { revoke: 'managed' })).toMatchObject({
      users: [{ user: 'a' }, { user: 'gone' }],
      holders: [{ api: ORDERS, permission: 'x', before: 0, after: 1 }],
    })
  })

  it('counts both changes if one user gains what another loses', () => {
    const users = [state('a', grants(['x']), live([])), state('b', [], live(grants(['x'])))]
    expect(plan(users).holders).toEqual([{ api: ORDERS, permission: 'x', before: 1, after: 1 }])
  })

  it('has no holders if users were not read', () => {
    expect(plan([state('a', grants(['x']), undefined)]).holders).toEqual([])
  })
})

describe('a grant that a plan adopts', () => {
  const managed = (user: UserState, names: readonly string[]) => ({ ...user, managed: new Set(grants(names)) })
  const removed = (user: UserState) => ({ ...user, listed: false })
  const cases: readonly (readonly [string, UserState, readonly string[]])[] = [
    ['is in the manifest, live and not managed', state('u', grants(['a']), live(grants(['a']))), ['a']],
    ['is sorted', state('u', grants(['b', 'a']), live(grants(['b', 'a']))), ['a', 'b']],
    ['is not managed already', managed(state('u', grants(['a']), live(grants(['a']))), ['a']), []],
    ['is not granted by this plan', state('u', grants(['a']), live([])), []],
    ['is not missing from the manifest', state('u', grants(['a']), live(grants(['b']))), []],
    ['is not only from a role', state('u', grants(['a']), live([], { a: ['Support'] })), []],
    ['does not belong to a removed user', removed(state('u', grants(['a']), live(grants(['a'])))), []],
    ['does not belong to a user who was not read', state('u', grants(['a']), undefined), []],
  ]
  it.each(cases)('%s', (_, user, found) => {
    expect(plan([user]).found).toEqual(found.map(permission => ({ user: 'u', api: ORDERS, permission })))
  })

  it('is listed by user, API and permission, even if the plan is empty', () => {
    const found = plan([
      state('v', grants(['a']), live(grants(['a']))),
      state('u', [...grants(['a']), ...grants(['x'], BILLING)], live([...grants(['a']), ...grants(['x'], BILLING)])),
    ])
    expect(found.users).toEqual([])
    expect(found.found).toEqual([
      { user: 'u', api: BILLING, permission: 'x' },
      { user: 'u', api: ORDERS, permission: 'a' },
      { user: 'v', api: ORDERS, permission: 'a' },
    ])
  })
})

describe('a revocation that a plan holds back', () => {
  const user = state('u', grants(['new']), live(grants(['b', 'a', 'new'])))
  const entry = (names: readonly string[], candidates?: readonly string[]): Unidentified => ({
    entry: 'ada@acme.com',
    desired: new Set(grants(names)),
    candidates: candidates && new Set(candidates),
  })
  const cases: readonly (readonly [
    string,
    UserState,
    DiffOptions['revoke'],
    Unidentified,
    readonly string[],
    readonly string[],
  ])[] = [
    ['is of a grant that the entry requests', user, 'all', entry(['a']), ['b'], ['a']],
    ['is any of them if the entry requests all grants', user, 'all', entry(['b', 'a']), [], ['a', 'b']],
    ['is from a user whom the entry may mean', user, 'all', entry(['a'], ['u', 'v']), ['b'], ['a']],
    ['is not from a user whom the entry cannot mean', user, 'all', entry(['a'], ['v']), ['a', 'b'], []],
    ['is not of a missing grant', user, 'all', entry(['z']), ['a', 'b'], []],
    ['is not of a grant that is kept anyway', user, 'never', entry(['a']), [], []],
    ['is not of an unmanaged grant', user, 'managed', entry(['a']), [], []],
    [
      'may be of a managed grant of a removed user',
      { ...user, listed: false, desired: new Map(), managed: new Set(grants(['a', 'b'])) },
      'managed',
      entry(['a']),
      ['b'],
      ['a'],
    ],
    ['is not from a user who was not read', { ...user, live: undefined }, 'all', entry(['a']), [], []],
  ]
  it.each(cases)('%s', (_, held, revoke, unidentified, revoked, heldBack) => {
    const found = plan([held], { revoke, holdBack: holdBackFor([unidentified]) })
    expect(found.users.flatMap(each => each.revoke.map(nameOf))).toEqual(revoked)
    expect(found.heldBack).toEqual(
      heldBack.map(permission => ({ user: 'u', api: ORDERS, permission, entry: 'ada@acme.com' })),
    )
  })

  it('does not affect grants', () => {
    const [found] = plan([state('u', grants(['a']), live([]))], { holdBack: holdBackFor([entry(['a'])]) }).users
    expect(found?.grant.map(nameOf)).toEqual(['a'])
  })

  it('has no counts of holders if any user was not read', () => {
    expect(plan([state('u', grants(['a']), live([])), state('v', grants(['a']), undefined)]).holders).toEqual([])
  })

  it('still counts its user as a holder', () => {
    const users = [state('u', [], live(grants(['a']))), state('v', grants(['a']), live([]))]
    expect(plan(users, { holdBack: holdBackFor([entry(['a'])]) }).holders).toEqual([
      { api: ORDERS, permission: 'a', before: 1, after: 2 },
    ])
  })

  it('is sorted by user, and its grant is not unmanaged', () => {
    const users = [state('v', [], live(grants(['a']))), state('u', [], live(grants(['a', 'b'])))]
    const found = plan(users, { holdBack: holdBackFor([entry(['a'])]) })
    expect(found.heldBack.map(each => each.user)).toEqual(['u', 'v'])
    expect(unmanagedOf(users, { revoke: 'all', named: NAMED, roleNames: new Map() })).toEqual([])
  })
})

describe('unmanaged grants', () => {
  const held = (users: readonly UserState[], options: Partial<DiffOptions> = {}) =>
    unmanagedOf(users, { revoke: 'all', named: NAMED, roleNames: new Map(), ...options }).map(each => [
      each.user,
      each.api,
      nameOf(each),
    ])

  it('are those of listed users that the manifest does not request and the plan keeps, sorted', () => {
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
    ['of users who match the manifest', [state('u', grants(['a']), live(grants(['a'])))], {}],
    ['that the plan revokes', [state('u', [], live(grants(['a'])))], {}],
    [
      'of users who were removed from the manifest',
      [{ ...state('u', [], live(grants(['a']))), listed: false }],
      { revoke: 'managed' as const },
    ],
    ['of users who were not read', [state('u', grants(['a']), undefined)], { revoke: 'never' as const }],
    ['that are only from roles', [state('u', [], live([], { a: ['Support'] }))], { revoke: 'never' as const }],
  ])('do not include grants %s', (_, users, options) => {
    expect(held(users, options)).toEqual([])
  })

  it('are all others with revoke: never', () => {
    expect(held([state('u', grants(['a']), live(grants(['a', 'b'])))], { revoke: 'never' })).toEqual([
      ['u', ORDERS, 'b'],
    ])
  })
})

describe('roles', () => {
  const named = { apis: new Set([ORDERS]), roles: rolesAmong(roles('Clerk')) }
  const options = { named, roleNames: roleNames('Auditor', 'Clerk', 'Owner') }
  const planFor = (desired: readonly Grant[], held: Live, more: Partial<DiffOptions> = {}) =>
    plan([state('u', desired, held)], { ...options, ...more })

  it('are granted and revoked like permissions, by id and with their names', () => {
    const found = planFor([...roles('Owner'), ...grants(['b'])], live([...roles('Clerk'), ...grants(['a'])]))
    expect(found.users).toEqual([
      {
        user: 'u',
        grant: [
          { role: 'rol_owner', name: 'Owner', roles: [] },
          { api: ORDERS, permission: 'b', roles: [] },
        ],
        revoke: [
          { role: 'rol_clerk', name: 'Clerk', roles: [], why: 'not listed' },
          { api: ORDERS, permission: 'a', roles: [], why: 'not listed' },
        ],
        before: [
          { role: 'rol_clerk', name: 'Clerk' },
          { api: ORDERS, permission: 'a' },
        ],
      },
    ])
    expect(found.holders[0]).toEqual({ role: 'rol_clerk', name: 'Clerk', before: 1, after: 0 })
  })

  it('that the manifest does not name are kept with revoke: all', () => {
    expect(planFor([], live(roles('Auditor', 'Clerk'))).users[0]?.revoke.map(nameOf)).toEqual(['rol_clerk'])
  })

  it.each<readonly [string, readonly Grant[], Live, 'grant' | 'revoke', readonly string[]]>([
    [
      'loses is named if it includes the revoked permission',
      [],
      live(grants(['a']), { a: ['Auditor'] }),
      'revoke',
      ['Auditor'],
    ],
    [
      'loses in the same plan no longer includes anything',
      [],
      live([...grants(['a']), ...roles('Clerk')], { a: ['Auditor', 'Clerk'] }),
      'revoke',
      ['Auditor'],
    ],
    [
      'loses in the same plan does not make a grant already effective',
      grants(['a']),
      live(roles('Clerk'), { a: ['Clerk'] }),
      'grant',
      [],
    ],
    [
      'keeps makes a grant already effective',
      [...grants(['a']), ...roles('Clerk')],
      live(roles('Clerk'), { a: ['Clerk'] }),
      'grant',
      ['Clerk'],
    ],
  ])('a role that a user %s', (_, desired, held, step, through) => {
    const [user] = planFor(desired, held).users
    expect(user?.[step].find(operation => nameOf(operation) === 'a')?.roles).toEqual(through)
  })

  it('are adopted, held back and unmanaged as permissions are', () => {
    const held = live(roles('Auditor', 'Clerk', 'Owner'))
    const entry = { entry: 'ada@acme.com', desired: new Set(roles('Clerk')), candidates: undefined }
    const found = planFor(roles('Owner'), held, { holdBack: holdBackFor([entry]) })
    expect(found.found).toEqual([{ user: 'u', role: 'rol_owner', name: 'Owner' }])
    expect(found.heldBack).toEqual([{ user: 'u', role: 'rol_clerk', name: 'Clerk', entry: 'ada@acme.com' }])
    expect(unmanagedOf([state('u', roles('Owner'), held)], { revoke: 'all', ...options })).toEqual([
      { user: 'u', role: 'rol_auditor', name: 'Auditor' },
    ])
  })
})

describe('properties', () => {
  const permission = fc
    .tuple(fc.constantFrom(ORDERS, BILLING), fc.constantFrom('a', 'b', 'c', 'd'))
    .map(([api, permission]) => grantOf(api, permission))
  const grant = fc.oneof(permission, fc.constantFrom(...roles('Clerk', 'Auditor', 'Owner')))
  const named = { apis: new Set([ORDERS]), roles: rolesAmong(roles('Clerk', 'Auditor')) }
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
        expect(plan(equal, { revoke, named }).users).toEqual([])
      }),
    )
  })

  const revocable: Readonly<Record<DiffOptions['revoke'], (user: UserState, live: Grants) => Grants>> = {
    never: () => new Set(),
    managed: ({ managed }) => managed,
    all: ({ listed }, live) =>
      new Set(listed ? [...live].filter(grant => /^https:..orders|rol_(clerk|auditor)/.test(grant)) : []),
  }
  it.each([
    ['never', 'live ∪ desired'],
    ['managed', '(live − (managed − desired)) ∪ desired'],
    ['all', '(live − live on the APIs and among the roles of the manifest) ∪ desired, for listed users'],
  ] as const)('with revoke: %s, users then hold %s', (revoke, _) => {
    fc.assert(
      fc.property(users, states => {
        const found = plan(states, { revoke, named })
        for (const each of states) {
          const [held, desired] = [each.live.direct, new Set(each.desired.keys())]
          const surplus = revocable[revoke](each, held).difference(desired)
          expect(applied(each, found).sort()).toEqual([...held.difference(surplus).union(desired)].sort())
        }
      }),
    )
  })

  it('every operation changes something: grants were missing, and revoked grants were live', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        for (const { user, grant, revoke: revoked, before } of plan(states, { revoke, named }).users) {
          const held = states.find(({ id }) => id === user)?.live.direct ?? new Set()
          expect(before?.map(packAccess)).toEqual([...held].sort())
          expect(grant.filter(operation => held.has(packAccess(operation)))).toEqual([])
          expect(revoked.filter(operation => !held.has(packAccess(operation)))).toEqual([])
        }
      }),
    )
  })

  it('unmanaged grants are exactly those of listed users that are neither desired nor revoked', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const found = plan(states, { revoke, named })
        const reported = unmanagedOf(states, { revoke, named, roleNames: new Map() }).map(each => [
          each.user,
          packAccess(each),
        ])
        const left = states
          .filter(({ listed }) => listed)
          .flatMap(each => {
            const surplus = applied(each, found).filter(grant => !each.desired.has(grant))
            return surplus.sort().map(grant => [each.id, grant])
          })
        expect(reported).toEqual(left)
      }),
    )
  })

  it('the counts of holders are those among the listed users before and after', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const found = plan(states, { revoke, named })
        const listed = states.filter(each => each.listed)
        for (const holders of found.holders) {
          const { before, after } = holders
          const grant = packAccess(holders)
          expect(before).toBe(listed.filter(each => each.live.direct.has(grant)).length)
          expect(after).toBe(listed.filter(each => applied(each, found).includes(grant)).length)
        }
      }),
    )
  })

  it('the plan after an applied plan is empty', () => {
    fc.assert(
      fc.property(users, revoke, (states, revoke) => {
        const first = plan(states, { revoke, named })
        const after = states.map(each => ({ ...each, live: live(applied(each, first)) }))
        expect(plan(after, { revoke, named }).users).toEqual([])
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
        expect(JSON.stringify(plan(turned.reverse(), { revoke, named }))).toBe(
          JSON.stringify(plan(states, { revoke, named })),
        )
      }),
    )
  })
})

function applied(user: UserState, { users }: Plan): Grant[] {
  const found = users.find(each => each.user === user.id)
  const direct = new Set(user.live?.direct)
  for (const operation of found?.grant ?? []) direct.add(packAccess(operation))
  for (const operation of found?.revoke ?? []) direct.delete(packAccess(operation))
  return [...direct]
}
