import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parseJsonFile } from '../../src/ledger/parse-json-file.ts'

const schema = z.strictObject({ names: z.array(z.string()) })

describe('a file', () => {
  it.each([
    ['that is valid', '{"names":["a"]}', { data: { names: ['a'] } }],
    ['that is not JSON', '{', { problem: 'Invalid input: expected object, received undefined' }],
    ['with a mistake', '{"names":["a",1]}', { problem: 'names.1: Invalid input: expected string, received number' }],
    ['with a long mistake', `{"${'a'.repeat(1_000)}":1,"names":[]}`, { problem: expect.stringMatching(/^.{300}$/) }],
  ])('%s is read', (_, json, expected) => {
    expect(parseJsonFile(schema, json)).toEqual(expected)
  })

  it('with too many mistakes is not reported as a defect', () => {
    const many = JSON.stringify([{ names: Array.from({ length: 200_000 }, () => 1) }])
    expect(parseJsonFile(z.array(schema), many)).toEqual({ problem: 'it has too many errors to list' })
    const defective = schema.transform(() => {
      throw new TypeError('a defect')
    })
    expect(() => parseJsonFile(defective, '{"names":[]}')).toThrow('a defect')
  })
})
