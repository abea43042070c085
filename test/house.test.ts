import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ALGORITHMS, DEFAULTS, MISSING_USERS, MODES, REVOKE, SCOPES } from '../src/inputs.ts'
import { ENTRY, readDefinition, runAction } from './e2e/action.ts'
import { README, renderReadme } from './readme.ts'

describe('action.yml', () => {
  it('has the defaults that the code has', async () => {
    const { inputs } = await readDefinition()
    // The runner itself fills in what is an expression.
    const defaults = Object.entries(inputs).flatMap(([name, input]) =>
      input.default === undefined || input.default.startsWith('${{') ? [] : [[name, input.default]],
    )
    expect(Object.fromEntries(defaults)).toEqual(DEFAULTS)
  })

  it('names every allowed value of the inputs that have a choice', async () => {
    const { inputs } = await readDefinition()
    const choices = {
      mode: MODES,
      revoke: REVOKE,
      scope: SCOPES,
      'missing-users': MISSING_USERS,
      'client-private-key-algorithm': ALGORITHMS,
    }
    for (const [name, values] of Object.entries(choices)) {
      for (const value of values) expect(inputs[name]?.description).toContain(`\`${value}\``)
    }
  })

  it('declares every input that the built action reads, and the other way round', async () => {
    const { inputs } = await readDefinition()
    const source = await readFile(new URL('../src/inputs.ts', import.meta.url), 'utf8')
    const bundle = await readFile(ENTRY, 'utf8')
    for (const name of Object.keys(inputs)) {
      expect(source).toContain(`'${name}'`)
      expect(bundle).toContain(`'${name}'`)
    }
  })

  it('declares exactly the outputs that a run writes, also one that fails', async () => {
    const { outputs } = await readDefinition()
    const run = await runAction({ inputs: { mode: 'nonsense' } })
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(outputs).sort())
  })
})

describe('README.md', () => {
  it('has the tables that follow from action.yml (npm run readme writes them)', async () => {
    const readme = await readFile(README, 'utf8')
    expect(readme).toBe(await renderReadme(readme))
  })
})
