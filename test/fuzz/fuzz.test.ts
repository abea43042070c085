import { describe, expect, it } from 'vitest'
import { fuzz } from './run.ts'
import { TARGETS } from './targets.ts'

/** `npm run fuzz` takes twenty times as many. */
const INPUTS = 5_000

describe('seeded nonsense does no harm', () => {
  it.each(TARGETS)('$name', { timeout: 60_000 }, async target => {
    expect(await fuzz(target, { seed: 42, inputs: Math.ceil(INPUTS / TARGETS.length) })).toBeUndefined()
  })
})
