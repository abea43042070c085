// Something that a run uses of its process or of JavaScript breaks at each step; the run still reports it and writes all
// outputs.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../src/run.ts'
import { readDefinition } from './e2e/action.ts'
import { startTenant, type Tenant } from './servers/tenant/tenant.ts'

const API = 'https://orders.acme.com/'
const CLIENT = { id: 'client-1', secret: 'a-secret-that-nobody-may-see' }
const USER = 'auth0|1'
const MANIFEST = { users: [{ id: USER, permissions: { [API]: ['read:orders'] } }] }

const home = mkdtempSync(join(tmpdir(), 'run-'))
const { env, exitCode } = process
const outputCount = Object.keys((await readDefinition()).outputs).length
let tenant: Tenant

beforeAll(async () => {
  tenant = await startTenant({
    apis: [{ identifier: API, permissions: ['read:orders', 'write:orders'] }],
    clients: [CLIENT],
    users: [{ id: USER, direct: [{ api: API, permission: 'write:orders' }] }],
  })
})

afterAll(async () => {
  await tenant.close()
  rmSync(home, { recursive: true })
})

afterEach(() => {
  tenant.revoke(USER, { api: API, permission: 'read:orders' })
  process.env = env
  process.exitCode = exitCode
  vi.restoreAllMocks()
})

/** Breaks something of the process, given its environment; returns a function that is called with every log line. */
type Break = (environment: NodeJS.ProcessEnv) => ((line: string) => void) | undefined

const injected = (): unknown => new TypeError('injected')

function variable(name: string): Break {
  return environment => {
    Object.defineProperty(environment, name, {
      get: () => {
        throw injected()
      },
    })
    return undefined
  }
}

/** The first log line with this prefix cannot be written. */
function line(beginning: string, thrown = injected): Break {
  let broken = false
  return () => text => {
    if (broken || !text.startsWith(beginning)) return
    broken = true
    throw thrown()
  }
}

/** @param calls breaks the next call of a function */
function call(calls: () => { readonly mockImplementationOnce: (broken: () => never) => unknown }): Break {
  return () => {
    breakNext(calls)
    return undefined
  }
}

/** The same after a log line with this prefix. */
function callAfter(beginning: string, calls: Parameters<typeof call>[0]): Break {
  let armed = false
  return () => text => {
    if (armed || !text.startsWith(beginning)) return
    armed = true
    breakNext(calls)
  }
}

function breakNext(calls: Parameters<typeof call>[0]): void {
  calls().mockImplementationOnce(() => {
    throw injected()
  })
}

/** In a run for a pull request, which needs neither the tenant nor GitHub before that. */
function commentOnly(): Break {
  return environment => {
    Object.assign(environment, { GITHUB_REPOSITORY: 'acme/access', GITHUB_REF: 'refs/pull/5/merge' })
    return call(() => vi.spyOn(EventTarget.prototype, 'addEventListener'))(environment)
  }
}

interface Running {
  readonly breaks?: Break
  readonly whileRunning?: () => void
}

async function runOnce(inputs: Readonly<Record<string, string>>, { breaks, whileRunning }: Running) {
  const place = mkdtempSync(join(home, 'run-'))
  const [output, summary, temp] = ['output', 'summary', 'temp'].map(name => join(place, name))
  writeFileSync(join(place, 'm.yml'), JSON.stringify(MANIFEST))
  writeFileSync(String(output), '')
  mkdirSync(String(temp))
  const given = {
    ...{ manifest: 'm.yml', domain: tenant.domain, revoke: 'never', 'require-merged': 'false' },
    ...{ 'client-id': CLIENT.id, 'client-secret': CLIENT.secret, ...inputs },
  }
  process.env = {
    ...{ GITHUB_WORKSPACE: place, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temp },
    GITHUB_EVENT_NAME: 'push',
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  }
  let log = ''
  const onLine = breaks?.(process.env)
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    log += chunk
    onLine?.(String(chunk))
    return true
  })
  const running = run(new AbortController().signal)
  whileRunning?.()
  await running
  const outputs = readFileSync(String(output), 'utf8')
  const [folder = ''] = readdirSync(String(temp))
  return {
    log,
    result: [...outputs.matchAll(/^result<<.*\n(.*)$/gm)].at(-1)?.[1],
    outputs: new Set(outputs.match(/^[a-z-]+(?=<<)/gm)).size,
    summary: existsSync(String(summary)) ? readFileSync(String(summary), 'utf8') : '',
    report: JSON.parse(readFileSync(join(String(temp), folder, 'report.json'), 'utf8')),
  }
}

const DIGEST = "The plan's digest"
const COMMENT = { comment: 'true', 'github-token': 'a-token' }
const EXPORT = { manifest: 'new.yml', users: USER }

interface Row {
  readonly mode: string
  readonly step: string
  readonly breaks: Break
  readonly inputs?: Readonly<Record<string, string>>
}

describe('an unexpected error', () => {
  it.each<Row>([
    { mode: 'validate', step: 'the workflow is read', breaks: variable('GITHUB_REF') },
    { mode: 'validate', step: 'the inputs are read', breaks: variable('INPUT_DOMAIN') },
    { mode: 'validate', step: 'the manifest is read', breaks: call(() => vi.spyOn(String.prototype, 'isWellFormed')) },
    { mode: 'plan', step: 'the environment is prepared', breaks: variable('HTTPS_PROXY') },
    { mode: 'plan', step: 'APIs are checked', breaks: call(() => vi.spyOn(Set.prototype, 'union')) },
    { mode: 'plan', step: 'users are read', breaks: line('Reading users') },
    { mode: 'plan', step: 'the plan is computed', breaks: call(() => vi.spyOn(Set.prototype, 'difference')) },
    { mode: 'plan', step: 'the plan is logged', breaks: line('::group::Plan for') },
    {
      mode: 'plan',
      step: 'the comment is published',
      breaks: commentOnly(),
      inputs: { ...COMMENT, manifest: 'missing.yml' },
    },
    {
      mode: 'apply',
      step: 'users are changed',
      breaks: callAfter(DIGEST, () => vi.spyOn(Array.prototype, 'toSorted')),
    },
    { mode: 'apply', step: 'progress is logged', breaks: line('Changing users') },
    {
      mode: 'apply',
      step: 'the apply is recorded',
      breaks: callAfter('Changing users', () => vi.spyOn(Set.prototype, 'union')),
    },
    { mode: 'export', step: 'users are read', breaks: line('Reading users'), inputs: EXPORT },
    { mode: 'export', step: 'the manifest is written', breaks: call(() => vi.spyOn(Map, 'groupBy')), inputs: EXPORT },
  ])('in mode $mode, while $step, is reported with all outputs', async ({ mode, breaks, inputs = {} }) => {
    const run = await runOnce({ mode, ...inputs }, { breaks })
    expect(run.log).toMatch(/^::error::This is a bug in the action; please report it: injected$/m)
    expect(run).toMatchObject({ result: expect.stringMatching(/failed|partial/), outputs: outputCount })
    expect(run.summary).toContain('injected')
    const errors: readonly { readonly message: string }[] = run.report.errors
    expect(errors.filter(({ message }) => message.includes('injected'))).toHaveLength(1)
    expect(process.exitCode).toBe(1)
  })

  it.each<readonly [string, () => unknown]>([
    ['a string', () => 'injected'],
    ['nothing', () => undefined],
    ['an object', () => ({ injected: true })],
    ['an error without a stack', () => Object.assign(new Error('injected'), { stack: undefined })],
  ])('may be %s', async (_, thrown) => {
    const run = await runOnce({ mode: 'plan' }, { breaks: line('Reading users', thrown) })
    expect(run.log).toMatch(/^::error::This is a bug in the action/m)
    expect(run).toMatchObject({ result: 'failed', outputs: outputCount })
  })

  it('that nobody awaits ends the run in an orderly way', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const whileRunning = () => process.emit('uncaughtException', new TypeError('injected'))
    const run = await runOnce({ mode: 'plan' }, { whileRunning })
    expect(run.log).toMatch(/^::error::This is a bug in the action; please report it: injected$/m)
    expect(run).toMatchObject({ result: 'failed', outputs: outputCount })
    expect(run.summary).not.toContain('Cancelled')
    expect(exit).toHaveBeenCalledTimes(1)
    expect(process.listeners('uncaughtException').filter(({ name }) => name === 'stopOnCrash')).toEqual([])
  })

  it('while the summary is rendered affects only the summary', async () => {
    const breaks = callAfter('Report file', () => vi.spyOn(Map, 'groupBy'))
    const run = await runOnce({ mode: 'plan' }, { breaks })
    expect(run.log).toContain('::error::The job summary could not be written: injected.')
    expect(run).toMatchObject({ result: 'planned', outputs: outputCount, summary: '', report: { result: 'planned' } })
    expect(process.exitCode).toBe(1)
  })

  it('while the record is published leaves the outputs of an empty one, with the outcomes of users', async () => {
    const run = await runOnce({ mode: 'apply' }, { breaks: line('1 user changed') })
    expect(run.log).toContain('please report it: injected')
    expect(run).toMatchObject({ result: 'partial', outputs: outputCount })
    expect(run.summary).toContain('injected')
    expect(run.report.outcomes).toMatchObject([
      { user: USER, status: 'done', granted: [{ permission: 'read:orders' }] },
    ])
    expect(process.exitCode).toBe(1)
  })
})
