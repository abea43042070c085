import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest, suggest } from '../../src/access/nearest.ts'

const KNOWN = ['read:orders', 'write:orders', 'refund:orders', 'ab']

describe('nearest', () => {
  it.each([
    ['read:oders', 'read:orders'],
    ['raed:orders', 'read:orders'],
    ['Read:Orders', 'read:orders'],
    ['writ:orders', 'write:orders'],
    ['read:orders2', 'read:orders'],
    ['ba', 'ab'],
    ['zz', undefined],
    ['a', undefined],
    ['delete:everything', undefined],
    ['', undefined],
  ])('%s → %s', (name, expected) => {
    expect(nearest(name, KNOWN)).toBe(expected)
  })

  it('compares names of at most a hundred characters', () => {
    const known = 'x'.repeat(100)
    expect(nearest(`${'x'.repeat(99)}y`, [known])).toBe(known)
    expect(nearest(`${known}y`, [known])).toBeUndefined()
  })

  it('compares at most a thousand names', () => {
    const others = Array.from({ length: 1_000 }, (_, index) => `other:${index}`)
    expect(nearest('read:oders', [...others.slice(1), 'read:orders'])).toBe('read:orders')
    expect(nearest('read:oders', [...others, 'read:orders'])).toBeUndefined()
  })

  const ORDERS = 'https://orders.acme.com/'
  const LONG = `https://acme.com/${'x'.repeat(200)}`
  it.each([
    ['https://orders.acme.com', ORDERS],
    ['https://Orders.Acme.com/', ORDERS],
    ['http://orders.acme.com/', ORDERS],
    ['HTTP://ORDERS.ACME.COM', ORDERS],
    ['orders.acme.com/', ORDERS],
    ['https://orders.acme.com//', ORDERS],
    ['https://order.acme.com/', ORDERS],
    [LONG.toUpperCase(), `${LONG}/`],
    ['urn:https://orders.acme.com/', undefined],
    ['urn:b/i/l/l/ing', undefined],
    [`${LONG}y`, undefined],
    ['urn:Billing', 'urn:billing'],
    ['https://acme.com/orders', undefined],
  ])('identifier %s → %s', (name, expected) => {
    // A name at the same distance comes first.
    expect(nearest(name, ['http://ordes.acme.com', ORDERS, `${LONG}/`, 'urn:billing', 'urn:orders.acme.com'])).toBe(
      expected,
    )
  })

  it('prefers the name with fewer typing mistakes', () => {
    expect(nearest('abcd', ['abxx', 'abce'])).toBe('abce')
  })

  it('finds exactly the names with few enough typing mistakes, of which the first with the fewest', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const unlike = fc.tuple(name, fc.array(name, { maxLength: 4 }))
    const alike = name.chain(known => fc.tuple(misspelled(known), fc.tuple(fc.constant(known), misspelled(known))))
    const property = fc.property(fc.oneof(unlike, alike), ([name, known]) => {
      expect(nearest(name, known)).toBe(nearestByDefinition(name, known))
    })
    fc.assert(property, { seed: 7, numRuns: 2_000 })
  })
})

it.each([
  ['read:oders', 'Did you mean "read:orders"?'],
  ['delete:everything', undefined],
])('suggests for %s: %s', (name, suggestion) => {
  expect(suggest(name, KNOWN)).toBe(suggestion)
})

/** A name with up to three changes of one letter, or of two neighbours. */
function misspelled(name: string): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(name.length),
    removed: fc.nat(2),
    added: fc.constantFrom('', 'a', 'ab', 'ba', 'c'),
  })
  return fc
    .array(change, { maxLength: 3 })
    .map(changes =>
      changes.reduce((text, { at, removed, added }) => `${text.slice(0, at)}${added}${text.slice(at + removed)}`, name),
    )
}

/** The definition of `nearest` for short names. */
function nearestByDefinition(name: string, known: readonly string[]): string | undefined {
  const most = Math.min(3, Math.ceil((name.length - 1) / 3))
  const distances = known.map(candidate => distance(name, candidate))
  const fewest = Math.min(...distances)
  const same = known.find(candidate => candidate === name)
  return same ?? (fewest <= most ? known[distances.indexOf(fewest)] : undefined)
}

/** The optimal string alignment distance, as it is defined, of all beginnings of both names. */
function distance(a: string, b: string): number {
  const rows: number[][] = []
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 0; row <= a.length; row++) {
    rows.push([])
    for (let column = 0; column <= b.length; column++) {
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const ways = [
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1),
        isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      ]
      rows[row]?.push(row + column === 0 ? 0 : Math.min(...ways))
    }
  }
  return at(a.length, b.length)
}
