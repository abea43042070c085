import { describe, expect, it } from 'vitest'
import { FUZZED_INPUTS } from '../tools/soak.ts'
import { fuzz } from './run.ts'
import { RUNNER_TARGETS } from './runner-targets.ts'
import { TARGETS } from './targets.ts'

const targets = [...TARGETS, ...RUNNER_TARGETS]

describe('seeded random input does no harm', () => {
  it.each(targets)('$name', { timeout: 600_000 }, async target => {
    expect(await fuzz(target, { seed: 42, inputs: Math.ceil(FUZZED_INPUTS / targets.length) })).toBeUndefined()
  })
})
