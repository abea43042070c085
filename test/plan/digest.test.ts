import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Access, type Grant, grantOf, type RoleNames } from '../../src/access/grants.ts'
import { diff } from '../../src/plan/diff.ts'
import { digestOf } from '../../src/plan/digest.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { Operation, Plan, RestoredEntry, UserPlan } from '../../src/plan/plan.ts'
import { BILLING, grants, live, ORDERS, roleNames, roles, SOURCE, state } from './fixtures.ts'

type Held = readonly (readonly [string, readonly Grant[], readonly Grant[]])[]

function planOf(users: Held, tenant = 'acme.eu.auth0.com'): Plan {
  const states = users.map(([id, desired, held]) => state(id, desired, live(held)))
  return diff({
    tenant,
    source: SOURCE,
    users: states,
    revoke: 'all',
    named: { apis: new Set([ORDERS, BILLING]), roles: new Set() },
    roleNames: new Map(),
    holdBack: holdBackFor([]),
  })
}

describe('the digest of a plan', () => {
  it('is the SHA-256 of tenant, operations and before-states, and the same in every version', () => {
    // printf '["acme.eu.auth0.com",[["auth0|1",[["https://orders.acme.com/","a",null]],[["https://orders.acme.com/","b",null]],[["https://orders.acme.com/","b"]]]]]' | sha256sum
    expect(digestOf(planOf([['auth0|1', grants(['a']), grants(['b'])]]))).toBe(
      'sha256:b245e6cb2488d67839308dea412139384eaecb6c8827328486c8b0b06f1b6bbb',
    )
  })

  it('of an empty plan depends only on its tenant', () => {
    // printf '["acme.eu.auth0.com",[]]' | sha256sum
    expect(digestOf(planOf([]))).toBe('sha256:6f8dcb36c9f2322442ba7d6ac60920076776a3fe145c4769fd158fd02670a5a1')
    expect(digestOf(planOf([], 'other.auth0.com'))).not.toBe(digestOf(planOf([])))
  })

  const base = planOf([['auth0|1', grants(['a']), grants(['b'])]])
  it.each([
    ['another permission to grant', planOf([['auth0|1', grants(['c']), grants(['b'])]])],
    ['another permission to revoke', planOf([['auth0|1', grants(['a']), grants(['c'])]])],
    ['the same permission of another API', planOf([['auth0|1', grants(['a'], BILLING), grants(['b'])]])],
    ['one more operation', planOf([['auth0|1', grants(['a', 'c']), grants(['b'])]])],
    ['the opposite', planOf([['auth0|1', grants(['b']), grants(['a'])]])],
    ['another user', planOf([['auth0|2', grants(['a']), grants(['b'])]])],
    ['another tenant', planOf([['auth0|1', grants(['a']), grants(['b'])]], 'other.auth0.com')],
  ])('differs for %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(base))
  })
})

describe('the digest covers everything that has an effect, and nothing else', () => {
  const operation = (permission: string) => ({ api: ORDERS, permission, roles: ['Support'], reason: 'FIN-118' })
  const permission = (name: string) => ({ api: ORDERS, permission: name })
  const user: UserPlan = {
    user: 'auth0|1',
    grant: [{ ...operation('a'), expires: '2026-12-31' }],
    revoke: [operation('b')],
    before: [permission('b')],
  }
  const plan: Plan = {
    format: 2,
    tenant: 't',
    source: SOURCE,
    users: [user],
    heldBack: [{ user: 'auth0|1', ...permission('c'), entry: 'ada@acme.com' }],
    found: [{ user: 'auth0|1', ...permission('d') }],
    addresses: [{ user: 'auth0|1', email: 'bob@acme.com' }],
    holders: [{ ...permission('a'), before: 0, after: 1 }],
    restores: [{ user: 'auth0|1', before: { listed: ['id'], managed: [permission('b')] }, after: null }],
  }
  const withUser = (changes: Partial<UserPlan>): Plan => ({ ...plan, users: [{ ...user, ...changes }] })
  const restoring = (before: RestoredEntry | null, after: RestoredEntry | null = null): Plan => ({
    ...plan,
    restores: [{ user: 'auth0|1', before, after }],
  })
  const { before: _, ...unread } = user
  const { restores: __, ...forward } = plan

  const effects: readonly (readonly [string, Plan])[] = [
    ['the tenant', { ...plan, tenant: 'other' }],
    ['a user', withUser({ user: 'auth0|2' })],
    ['no users', { ...plan, users: [] }],
    ['a grant', withUser({ grant: [operation('z')] })],
    ['the expiry of a grant', withUser({ grant: [{ ...operation('a'), expires: '2027-12-31' }] })],
    ['a grant without an expiry', withUser({ grant: [operation('a')] })],
    ['a revocation', withUser({ revoke: [] })],
    ['a before-state', withUser({ before: [permission('b'), permission('c')] })],
    ['an empty before-state', withUser({ before: [] })],
    ['no before-state', { ...plan, users: [unread] }],
    ['no restores', forward],
    ['empty restores', { ...plan, restores: [] }],
    ['a user whose entry is removed', restoring(null)],
    ['the managed grants to restore', restoring({ listed: ['id'], managed: [] })],
    ['another managed permission to restore', restoring({ listed: ['id'], managed: [permission('z')] })],
    ['a managed role to restore', restoring({ listed: ['id'], managed: [{ role: 'rol_a' }] })],
    ['another managed role to restore', restoring({ listed: ['id'], managed: [{ role: 'rol_b' }] })],
    [
      'what was managed after the apply',
      restoring({ listed: ['id'], managed: [permission('b')] }, { listed: ['id'], managed: [permission('y')] }),
    ],
    ['the listing to restore', restoring({ listed: [{ email: 'bob@acme.com' }], managed: [permission('b')] })],
  ]
  it.each(effects)('%s changes it', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(plan))
  })

  it('no two of these digests are equal', () => {
    expect(new Set(effects.map(([, other]) => digestOf(other))).size).toBe(effects.length)
  })

  const grantWith = (changes: Pick<Operation, 'reason'> | Pick<Operation, 'roles'>) =>
    withUser({ grant: user.grant.map(each => ({ ...each, ...changes })) })
  it.each<readonly [string, Plan]>([
    ['a reason', grantWith({ reason: 'other' })],
    ['the roles', grantWith({ roles: [] })],
    ['the commit', { ...plan, source: { ...SOURCE, commit: 'c0ffee' } }],
    ['the files', { ...plan, source: { ...SOURCE, files: ['a.yml', 'b.yml'] } }],
    ['the clock', { ...plan, source: { ...SOURCE, at: '2027-01-01T00:00:00.000Z' } }],
    ['the number of listed users', { ...plan, source: { ...SOURCE, users: 9 } }],
    ['held-back revocations', { ...plan, heldBack: [] }],
    ['adopted grants', { ...plan, found: [] }],
    ['the addresses', { ...plan, addresses: [] }],
    ['the holders', { ...plan, holders: [] }],
  ])('%s does not change it', (_, other) => {
    expect(digestOf(other)).toBe(digestOf(plan))
  })
})

it('the name of a managed role to restore does not change the digest', () => {
  const restoring = (role: Access) =>
    digestOf({
      tenant: 't',
      users: [],
      restores: [{ user: 'u', before: null, after: { listed: ['id'], managed: [role] } }],
    })
  expect(restoring({ role: 'rol_a', name: 'Support' })).toBe(restoring({ role: 'rol_a' }))
})

describe('properties of the digest', () => {
  const grant = fc
    .tuple(fc.constantFrom(ORDERS, BILLING), fc.constantFrom('a', 'b'))
    .map(([api, permission]) => grantOf(api, permission))
  const users = fc.uniqueArray(
    fc.tuple(fc.constantFrom('u', 'v'), fc.uniqueArray(grant, { maxLength: 2 }), fc.uniqueArray(grant)),
    { selector: ([id]) => id },
  )
  const operations = ({ users }: Plan) =>
    users.map(({ user, grant, revoke, before }) => ({ user, grant, revoke, before }))

  it('two plans have the same digest if and only if they do the same', () => {
    fc.assert(
      fc.property(users, users, (one, other) => {
        const [a, b] = [planOf(one), planOf(other)]
        const same = JSON.stringify(operations(a)) === JSON.stringify(operations(b))
        expect(digestOf(a) === digestOf(b)).toBe(same)
      }),
      { numRuns: 500 },
    )
  })

  it('a plan listed in another order has the same digest', () => {
    fc.assert(
      fc.property(users, listed => {
        const turned = listed.map(([id, desired, held]) => [id, [...desired].reverse(), [...held].reverse()] as const)
        expect(digestOf(planOf(turned.reverse()))).toBe(digestOf(planOf(listed)))
      }),
    )
  })

  it('the digest is unambiguous, wherever names are split', () => {
    const operation = (api: string, permission: string) => ({ api, permission, roles: [] })
    const digest = (grant: readonly ReturnType<typeof operation>[], revoke: typeof grant = []) =>
      digestOf({ tenant: 't', users: [{ user: 'u', grant, revoke }] })
    const all = [
      digest([operation('a', 'b","c')]),
      digest([operation('a","b', 'c')]),
      digest([operation('a', 'b'), operation('c', 'd')]),
      digest([operation('a', 'b')], [operation('c', 'd')]),
      digest([], [operation('a', 'b'), operation('c', 'd')]),
    ]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('a role in a plan', () => {
  const planOfRole = (desired: readonly Grant[], held: readonly Grant[], names: RoleNames): Plan =>
    diff({
      tenant: 'acme.eu.auth0.com',
      source: SOURCE,
      users: [state('u', desired, live(held))],
      revoke: 'all',
      named: { apis: new Set(), roles: new Set(['rol_clerk']) },
      roleNames: names,
      holdBack: holdBackFor([]),
    })
  const names = roleNames('Clerk', 'Auditor')
  const plan = planOfRole(roles('Clerk'), roles('Auditor'), names)

  it('is identified in the digest by its id, whatever its name', () => {
    const renamed = planOfRole(roles('Clerk'), roles('Auditor'), new Map([...names].map(([id]) => [id, 'Renamed'])))
    expect(renamed).not.toEqual(plan)
    expect(digestOf(renamed)).toBe(digestOf(plan))
  })

  it.each([
    ['another role', planOfRole(roles('Owner'), roles('Auditor'), names)],
    ['another role before', planOfRole(roles('Clerk'), roles('Owner'), names)],
    ['a revocation of the role', planOfRole([], roles('Clerk'), names)],
    ['a permission with the same name', planOfRole(grants(['rol_clerk']), roles('Auditor'), names)],
  ])('%s changes the digest', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(plan))
  })

  it('is identified by its id in the restores of an undo plan', () => {
    const restoring = (role: Access): Plan => ({
      ...plan,
      restores: [{ user: 'u', before: { listed: ['id'], managed: [role] }, after: null }],
    })
    const named = restoring({ role: 'rol_clerk', name: 'Clerk' })
    expect(digestOf(named)).toBe(digestOf(restoring({ role: 'rol_clerk' })))
    expect(digestOf(named)).not.toBe(digestOf(restoring({ role: 'rol_owner' })))
  })
})
