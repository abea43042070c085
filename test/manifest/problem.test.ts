import { describe, expect, it } from 'vitest'
import { describeUnseen, nearest, quote } from '../../src/manifest/problem.ts'

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

  it('looks at a thousand names and no more', () => {
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
    [`${LONG}y`, undefined],
    ['urn:Billing', 'urn:billing'],
    ['https://acme.com/orders', undefined],
  ])('identifier %s → %s', (name, expected) => {
    // One that takes as many typing mistakes comes first.
    expect(nearest(name, ['http://ordes.acme.com', ORDERS, `${LONG}/`, 'urn:billing'])).toBe(expected)
  })

  it('prefers the one with fewer mistakes', () => {
    expect(nearest('abcd', ['abxx', 'abce'])).toBe('abce')
  })
})

describe('describeUnseen', () => {
  it.each([
    ['plain text, 例え', undefined],
    ['a\u00a0b', 'a no-break space (U+00A0)'],
    ['a\u3000b', 'a special space (U+3000)'],
    ['a\u200bb', 'an invisible character (U+200B)'],
    ['a\u202eb', 'an invisible character (U+202E)'],
    ['a\u{e0001}b', 'an invisible character (U+E0001)'],
    ['a\tb', 'a control character (U+0009)'],
    ['a\ud800b', 'an invisible character (U+D800)'],
  ])('%j: %s', (text, expected) => {
    expect(describeUnseen(text)).toBe(expected)
  })
})

describe('quote', () => {
  it('is one short line, whatever it gets', () => {
    expect(quote('a\nb')).toBe('"a\\nb"')
    expect(quote('x'.repeat(100_000))).toHaveLength(81)
    expect(quote(undefined)).toBe('undefined')
  })
  it('shows what nobody sees', () => {
    expect(quote('a\u00a0b\u200bc')).toBe('"a\\u{00a0}b\\u{200b}c"')
  })
})
