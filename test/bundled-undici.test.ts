import { expect, it } from 'vitest'
import { fetch } from '../src/bundled-undici.ts'

it('what stands in for undici in the bundle sends nothing, and says so', () => {
  expect(fetch).toThrow('hand in another one')
})
