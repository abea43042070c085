import { describe, expect, it } from 'vitest'
import { isPlainScalar, scalar } from '../../src/access/yaml.ts'

describe('a text as a YAML scalar', () => {
  it.each([
    'orders',
    'read:orders',
    'auth0|1',
    'https://orders.acme.com/',
    'grace+x@acme.com',
    'v1.10',
    'nulls',
    'once',
  ])('has no quotes if no YAML parser can misread it: %s', text => {
    expect(isPlainScalar(text)).toBe(true)
    expect(scalar(text)).toBe(text)
  })

  it.each([
    ['nothing', '', '""'],
    ['a number', '1.10', '"1.10"'],
    ['a number with only an exponent', 'e5', '"e5"'],
    ['a boolean', 'on', '"on"'],
    ['a boolean for some parsers', 'Y', '"Y"'],
    ['null', 'Null', '"Null"'],
    ['null as a tilde', '~', '"~"'],
    ['a date', '2026-12-31', '"2026-12-31"'],
    ['a colon at the end', 'a:', '"a:"'],
    ['a space', 'a b', '"a b"'],
    ['a comma', 'a,b', '"a,b"'],
    ['a quote', 'a"b', '"a\\"b"'],
    ['a line break', 'a\nb', '"a\\nb"'],
    ['a line break for some parsers', 'a\u2028b', '"a\\u2028b"'],
    ['an invisible character beyond the first plane', 'a\u{e0001}b', '"a\\U000e0001b"'],
  ])('has quotes otherwise: %s', (_, text, expected) => {
    expect(isPlainScalar(text)).toBe(false)
    expect(scalar(text)).toBe(expected)
  })
})
