import { describe, expect, it } from 'vitest'
import { errorOf } from '../src/errors.ts'

describe('a thrown value', () => {
  it('is returned unchanged if it is an error', () => {
    const error = new TypeError('odd')
    expect(errorOf(error)).toBe(error)
  })

  it.each([
    ['a string', 'odd', 'odd'],
    ['nothing', undefined, 'undefined'],
  ])('becomes an error with a message if it is %s', (_, thrown, message) => {
    expect(errorOf(thrown).message).toBe(message)
  })
})
