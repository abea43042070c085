// `npm run fuzz`: seeded random input for everything that reads data from outside. If it finds something, it exits with 1
// and prints the seed that reproduces it: `npm run fuzz -- --seed 7 --inputs 1000`.

import { parseArgs } from 'node:util'
import { fuzz } from './run.ts'
import { RUNNER_TARGETS } from './runner-targets.ts'
import { TARGETS } from './targets.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, inputs: { type: 'string', default: '100000' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const inputs = Number(values.inputs)

console.log(`${inputs} inputs, seed ${seed}`)
const targets = [...TARGETS, ...RUNNER_TARGETS]
let found = 0
for (const target of targets) {
  const finding = await fuzz(target, { seed, inputs: Math.ceil(inputs / targets.length) })
  console.log(finding === undefined ? `  ${target.name}: nothing found` : `  ${target.name}: ${finding}`)
  if (finding !== undefined) found++
}
const peak = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(`${found === 0 ? 'Nothing found' : `${found} targets failed`}; peak memory ${peak} MiB`)
process.exitCode = found === 0 ? 0 : 1
