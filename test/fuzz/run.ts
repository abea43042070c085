// Runs one target on seeded inputs.

import fc from 'fast-check'
import type { Target } from './targets.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
}

/** @returns the finding, with the smallest input that reproduces it; undefined if there is none */
export async function fuzz({ property }: Target, { seed, inputs }: FuzzOptions): Promise<string | undefined> {
  const details = await fc.check(property, { seed, numRuns: inputs })
  return details.failed ? fc.defaultReportMessage(details) : undefined
}
