import { describe, expect, it } from 'vitest'
import { FUZZED_INPUTS } from '../tools/soak.ts'
import { fuzz } from './run.ts'
import { TARGETS } from './targets.ts'

describe('seeded nonsense does no harm', () => {
  it.each(TARGETS)('$name', { timeout: 600_000 }, async target => {
    expect(await fuzz(target, { seed: 42, inputs: Math.ceil(FUZZED_INPUTS / TARGETS.length) })).toBeUndefined()
  })
})
