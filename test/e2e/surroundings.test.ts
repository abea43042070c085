// Runs in an environment that differs from GitHub's runner.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acme, errorsOf, MANIFEST, ORDERS, runAgainst } from './acme.ts'
import { COVERAGE, ENTRY } from './action.ts'
import { acmeRepository, manifestOf } from './repository.ts'

const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]

describe('a run outside of GitHub', () => {
  it('reads the current folder, and writes its files to the system’s folder for temporary files', async () => {
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
  /** Breaks something that the action relies on, before it starts. */
  const breaking = (program: string) => ({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
  })

  it.each([
    ['an error', "throw new TypeError('x is not a function')", /x is not a function/],
    ['an error without its stack', "throw Object.assign(new Error('no trace'), { stack: undefined })", /no trace/],
    ['anything else', "throw 'a text'", /a text/],
  ])('that throws %s is reported as a defect, with all outputs', async (_, thrown, words) => {
    const run = await runAgainst(await acme(), { users, env: breaking(`URL.parse = () => { ${thrown} }`) })
    expect(run).toMatchObject({ exitCode: 1, outputs: { result: 'failed', requests: '0' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^This is a bug in the action; please report it: /)])
    expect(errorsOf(run)).toEqual([expect.stringMatching(words)])
  })

  it('that throws in a callback ends the run in an orderly way', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    tenant.fault({ kind: 'hang', when: ({ path }) => path.includes('/users/') })
    const crash = "setTimeout(() => { throw new TypeError('x is not a function') }, 300)"
    const program = `process.on('newListener', name => { if (name === 'uncaughtException') ${crash} })`
    const run = await runAgainst(tenant, { users, env: breaking(program) })
    expect(run).toMatchObject({ exitCode: 1, outputs: { result: 'failed', changed: 'false' } })
    expect(errorsOf(run)).toContainEqual(expect.stringMatching(/^This is a bug .*: x is not a function$/))
    expect(run.summary).toContain('x is not a function')
  })
})

describe('a broken environment', () => {
  it('(an event that is not JSON) prevents neither the ledger nor the comment', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf(users))
    const options = {
      env: { GITHUB_EVENT_PATH: 'event.json' },
      files: { [MANIFEST]: manifestOf(users), 'event.json': '{' },
    }
    const inputs = { mode: 'plan', comment: 'true' }
    const planned = await repository.run(commit, { ...options, inputs, run: { pullRequest: 5 } })
    expect(planned.outputs.result, planned.log).toBe('planned')
    expect(repository.github.comments).toHaveLength(1)
    expect((await repository.run(commit, options)).outputs.result).toBe('applied')
  })

  it('(an invalid address of GitHub) is reported before any request', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const repository = await acmeRepository(tenant)
    const env = { GITHUB_API_URL: 'api.github.com' }
    const run = await repository.run(repository.commit(manifestOf(users)), { env, inputs: { comment: 'true' } })
    expect(run).toMatchObject({ exitCode: 1, outputs: { result: 'failed', requests: '0' } })
    expect(errorsOf(run)).toEqual([expect.stringContaining('GITHUB_API_URL')])
  })

  it('(a log on a full disk) does not prevent other output', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'surroundings-'))
    await writeFile(join(folder, MANIFEST.split('/').at(-1) ?? ''), manifestOf(users))
    await writeFile(join(folder, 'output'), '')
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [ENTRY], {
      cwd: folder,
      stdio: ['ignore', full, 'pipe'],
      env: {
        ...COVERAGE,
        INPUT_MODE: 'validate',
        INPUT_MANIFEST: '*.yml',
        GITHUB_OUTPUT: 'output',
        RUNNER_TEMP: folder,
      },
    })
    let errors = ''
    child.stderr?.setEncoding('utf8').on('data', text => {
      errors += text
    })
    const [code] = await once(child, 'close')
    closeSync(full)
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(await readFile(join(folder, 'output'), 'utf8')).toMatch(/result<<.*\nunchanged/)
    await rm(folder, { recursive: true })
  })

  it('(a fork without secrets) leads to the advice to use mode: validate', async () => {
    const event = { pull_request: { number: 5, head: { sha: 'a', repo: { full_name: 'eve/access' } } } }
    const env = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: 'event.json', GITHUB_REPOSITORY: 'acme/access' }
    const files = { [MANIFEST]: manifestOf(users), 'event.json': JSON.stringify(event) }
    const run = await runAgainst(await acme(), { inputs: { mode: 'plan', 'client-secret': '' }, env, files })
    expect(run).toMatchObject({ exitCode: 1, outputs: { result: 'failed', requests: '0' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/pull request from a fork: use mode: validate there/)])
  })
})
