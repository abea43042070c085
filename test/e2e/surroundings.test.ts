// A run where not everything is as GitHub's runner has it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acme, errorsOf, MANIFEST, ORDERS, runAgainst } from './acme.ts'

const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]

describe('a run outside of GitHub', () => {
  it('reads the current folder, and writes its files where the system has its temporary ones', async () => {
    const TMPDIR = await mkdtemp(join(tmpdir(), 'surroundings-'))
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const unset = {
      GITHUB_WORKSPACE: undefined,
      GITHUB_EVENT_NAME: undefined,
      GITHUB_REF: undefined,
      GITHUB_STEP_SUMMARY: undefined,
      RUNNER_TEMP: undefined,
    }
    const run = await runAgainst(tenant, { users, env: { ...unset, TMPDIR } })
    await rm(TMPDIR, { recursive: true })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(run.outputs['report-file']).toContain(TMPDIR)
    expect(run.summary).toBe('')
  })

  it('validates without a domain', async () => {
    const run = await runAgainst(await acme(), { users, inputs: { mode: 'validate', domain: '' } })
    expect(run.outputs).toMatchObject({ result: 'unchanged', requests: '0' })
    expect(run.report).toMatchObject({ files: [MANIFEST] })
  })
})

describe('a defect of the action', () => {
  /** Breaks something that the action relies on, before it begins. */
  const breaking = (program: string) => ({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
  })

  it.each([
    ['an error', "throw new TypeError('x is not a function')", /x is not a function/],
    ['an error without its stack', "throw Object.assign(new Error('no trace'), { stack: undefined })", /no trace/],
    ['anything else', "throw 'a text'", /a text/],
  ])('that throws %s is told as one, with all outputs', async (_, thrown, words) => {
    const run = await runAgainst(await acme(), { users, env: breaking(`URL.parse = () => { ${thrown} }`) })
    expect(run).toMatchObject({ exitCode: 1, outputs: { result: 'failed', requests: '0' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^This is a defect of the action itself; please report it: /)])
    expect(errorsOf(run)).toEqual([expect.stringMatching(words)])
  })
})
