import { describe, expect, it } from 'vitest'
import { errorOf } from '../src/errors.ts'

describe('what was thrown', () => {
  it('is the error itself where it is one', () => {
    const error = new TypeError('odd')
    expect(errorOf(error)).toBe(error)
  })

  it.each([
    ['a text', 'odd', 'odd'],
    ['nothing', undefined, 'undefined'],
  ])('is told where it is %s', (_, thrown, told) => {
    expect(errorOf(thrown).message).toBe(told)
  })
})
