import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, compareText, type Grants, grantOf, listAccess, NO_GRANTS } from '../../src/access/grants.ts'
import { BILLING, grants, ORDERS } from '../plan/fixtures.ts'

describe('the order of strings', () => {
  it.each([
    ['a before b', 'a', 'b', -1],
    ['b after a', 'b', 'a', 1],
    ['equal to itself', 'a', 'a', 0],
    ['capitals before small letters', 'Z', 'a', -1],
    ['accented letters after the alphabet, whatever the locale', 'ä', 'z', 1],
    ['a prefix before the longer string', 'read', 'read:all', -1],
  ])('is by code units: %s', (_, a, b, expected) => {
    expect(compareText(a, b)).toBe(expected)
  })
})

describe('grants', () => {
  it('of the same name on two APIs are different', () => {
    expect(grantOf(ORDERS, 'read')).not.toBe(grantOf(BILLING, 'read'))
  })

  it('are sorted by API, then by permission', () => {
    expect(listAccess([...grants(['b', 'a']), ...grants(['c'], BILLING)])).toEqual([
      { api: BILLING, permission: 'c' },
      { api: ORDERS, permission: 'a' },
      { api: ORDERS, permission: 'b' },
    ])
  })

  it('start empty', () => {
    expect([...NO_GRANTS]).toEqual([])
  })
})

describe('the algebra of grants', () => {
  const name = fc.string({ unit: 'binary', maxLength: 4 }).map(text => text.replace(/\p{Cc}/gu, ':'))
  const pair = fc.tuple(
    fc.constantFrom('a', 'a:').chain(start => name.map(rest => `${start}${rest}`)),
    name,
  )
  const few = fc.tuple(fc.constantFrom('a:', 'a:b', 'b:'), fc.constantFrom('b', 'b:', 'a', ''))
  const set = fc.array(few).map(pairs => new Set(pairs.map(([api, permission]) => grantOf(api, permission))))
  const shown = (...sets: readonly Grants[]) => sets.map(each => JSON.stringify(listAccess(each)))

  it('a grant consists of its two parts, whatever they contain', () => {
    fc.assert(
      fc.property(pair, ([api, permission]) => {
        expect(accessOf(grantOf(api, permission))).toEqual({ api, permission })
      }),
    )
  })

  it('two grants are equal if and only if both parts are', () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        expect(grantOf(...a) === grantOf(...b)).toBe(a[0] === b[0] && a[1] === b[1])
      }),
    )
  })

  it('equal sets are listed in the same order, whatever the order of insertion', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [one, other] = shown(a.union(b), b.union(a))
        expect(one).toBe(other)
        expect(new Set(shown(a, new Set([...a].reverse()))).size).toBe(1)
      }),
    )
  })

  it('grants and revocations lead from one set to any other, and back', () => {
    fc.assert(
      fc.property(set, set, (live, desired) => {
        const [granted, revoked] = [desired.difference(live), live.difference(desired)]
        expect(granted.isDisjointFrom(revoked)).toBe(true)
        const [there, wanted] = shown(live.union(granted).difference(revoked), desired)
        const [back, held] = shown(desired.union(revoked).difference(granted), live)
        expect([there, back]).toEqual([wanted, held])
      }),
    )
  })

  it('the order is by API first, then by permission', () => {
    fc.assert(
      fc.property(fc.array(pair), pairs => {
        const sorted = listAccess(pairs.map(each => grantOf(...each)))
        const expected = [...pairs].sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]))
        expect(sorted).toEqual(expected.map(([api, permission]) => ({ api, permission })))
      }),
    )
  })
})
