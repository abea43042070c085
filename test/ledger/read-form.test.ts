import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { readForm } from '../../src/ledger/read-form.ts'

const form = z.strictObject({ names: z.array(z.string()) })

describe('a file', () => {
  it.each([
    ['that is valid', '{"names":["a"]}', { data: { names: ['a'] } }],
    ['that is not JSON', '{', { problem: 'Invalid input: expected object, received undefined' }],
    ['with a mistake', '{"names":["a",1]}', { problem: 'names.1: Invalid input: expected string, received number' }],
    ['with a long mistake', `{"${'a'.repeat(1_000)}":1,"names":[]}`, { problem: expect.stringMatching(/^.{300}$/) }],
  ])('%s is read', (_, json, expected) => {
    expect(readForm(form, json)).toEqual(expected)
  })

  it('with too many mistakes is not reported as a defect', () => {
    const many = JSON.stringify([{ names: Array.from({ length: 200_000 }, () => 1) }])
    expect(readForm(z.array(form), many)).toEqual({ problem: 'it has too many errors to list' })
    const defective = form.transform(() => {
      throw new TypeError('a defect')
    })
    expect(() => readForm(defective, '{"names":[]}')).toThrow('a defect')
  })
})
