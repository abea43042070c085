import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diff } from '../../src/plan/diff.ts'
import { digestOf } from '../../src/plan/digest.ts'
import { type Grant, grantOf } from '../../src/plan/grants.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { BILLING, grants, live, ORDERS, SOURCE, state } from './fixtures.ts'

type Held = readonly (readonly [string, readonly Grant[], readonly Grant[]])[]

function planOf(users: Held, tenant = 'acme.eu.auth0.com'): Plan {
  const states = users.map(([id, desired, held]) => state(id, desired, live(held)))
  return diff({ tenant, source: SOURCE, users: states, revoke: 'all', apis: new Set([ORDERS, BILLING]) })
}

describe('the digest of a plan', () => {
  it('is the SHA-256 of tenant and operations, and stays what it is from version to version', () => {
    // printf '["acme.eu.auth0.com",[["auth0|1",[["https://orders.acme.com/","a"]],[["https://orders.acme.com/","b"]]]]]' | sha256sum
    expect(digestOf(planOf([['auth0|1', grants(['a']), grants(['b'])]]))).toBe(
      'sha256:8567d72030de8114f579cc56144e0ef94eaafe8971422aab22197d3bdc32156f',
    )
  })

  it('of an empty plan is that of its tenant', () => {
    // printf '["acme.eu.auth0.com",[]]' | sha256sum
    expect(digestOf(planOf([]))).toBe('sha256:6f8dcb36c9f2322442ba7d6ac60920076776a3fe145c4769fd158fd02670a5a1')
    expect(digestOf(planOf([], 'other.auth0.com'))).not.toBe(digestOf(planOf([])))
  })

  const base = planOf([['auth0|1', grants(['a']), grants(['b'])]])
  it.each([
    ['another permission to grant', planOf([['auth0|1', grants(['c']), grants(['b'])]])],
    ['another permission to revoke', planOf([['auth0|1', grants(['a']), grants(['c'])]])],
    ['the same permission of another API', planOf([['auth0|1', grants(['a'], BILLING), grants(['b'])]])],
    ['one operation more', planOf([['auth0|1', grants(['a', 'c']), grants(['b'])]])],
    ['the opposite', planOf([['auth0|1', grants(['b']), grants(['a'])]])],
    ['another user', planOf([['auth0|2', grants(['a']), grants(['b'])]])],
    ['another tenant', planOf([['auth0|1', grants(['a']), grants(['b'])]], 'other.auth0.com')],
  ])('differs for %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(base))
  })
})

describe('properties of the digest', () => {
  const grant = fc
    .tuple(fc.constantFrom(ORDERS, BILLING), fc.constantFrom('a', 'b'))
    .map(([api, permission]) => grantOf(api, permission))
  const users = fc.uniqueArray(
    fc.tuple(fc.constantFrom('u', 'v'), fc.uniqueArray(grant, { maxLength: 2 }), fc.uniqueArray(grant)),
    { selector: ([id]) => id },
  )
  const operations = ({ users }: Plan) => users.map(({ user, grant, revoke }) => ({ user, grant, revoke }))

  it('two plans have the same digest exactly where they do the same', () => {
    fc.assert(
      fc.property(users, users, (one, other) => {
        const [a, b] = [planOf(one), planOf(other)]
        const same = JSON.stringify(operations(a)) === JSON.stringify(operations(b))
        expect(digestOf(a) === digestOf(b)).toBe(same)
      }),
      { numRuns: 500 },
    )
  })

  it('whatever is listed in another order has the same digest', () => {
    fc.assert(
      fc.property(users, listed => {
        const turned = listed.map(([id, desired, held]) => [id, [...desired].reverse(), [...held].reverse()] as const)
        expect(digestOf(planOf(turned.reverse()))).toBe(digestOf(planOf(listed)))
      }),
    )
  })

  it('has no room for confusion, however names are cut', () => {
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
