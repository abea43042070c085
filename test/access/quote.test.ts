import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, describeUnseen, quote } from '../../src/access/quote.ts'

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
  it('returns one short line for any value', () => {
    expect(quote('a\nb')).toBe('"a\\nb"')
    expect(quote('x'.repeat(100_000))).toHaveLength(81)
    expect(quote(undefined)).toBe('undefined')
  })
  it('escapes invisible characters', () => {
    expect(quote('a\u00a0b\u200bc')).toBe('"a\\u{00a0}b\\u{200b}c"')
  })
})

describe('clip', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀bc', 3, 'a…'],
    ['a😀bc', 4, 'a😀…'],
    ['ab😀cd', 4, 'ab…'],
  ])('of %s to %i is %s', (text, most, expected) => {
    expect(clip(text, most)).toBe(expected)
  })

  it('returns a prefix of the text that is not longer and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 12 }), (text, most) => {
        const clipped = clip(text, most)
        expect(clipped.length).toBeLessThanOrEqual(most)
        expect(clipped.isWellFormed()).toBe(true)
        expect(clipped === text || (clipped.endsWith('…') && text.startsWith(clipped.slice(0, -1)))).toBe(true)
        expect(clipped === text).toBe(text.length <= most)
      }),
    )
  })
})
