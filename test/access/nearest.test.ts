import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/access/nearest.ts'

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
    [`${LONG}y`, undefined],
    ['urn:Billing', 'urn:billing'],
    ['https://acme.com/orders', undefined],
  ])('identifier %s → %s', (name, expected) => {
    // A name at the same distance comes first.
    expect(nearest(name, ['http://ordes.acme.com', ORDERS, `${LONG}/`, 'urn:billing'])).toBe(expected)
  })

  it('prefers the name with fewer typing mistakes', () => {
    expect(nearest('abcd', ['abxx', 'abce'])).toBe('abce')
  })
})
