// Something unexpected is thrown in each step of a run, which still reports it and writes all outputs.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readDefinition } from './e2e/action.ts'
import { startTenant, type Tenant } from './servers/tenant/tenant.ts'

const API = 'https://orders.acme.com/'
const CLIENT = { id: 'client-1', secret: 'a-secret-that-nobody-may-see' }
const MANIFEST = { users: [{ id: 'auth0|1', permissions: { [API]: ['read:orders'] } }] }

const home = mkdtempSync(join(tmpdir(), 'run-'))
const { exitCode } = process
const outputCount = Object.keys((await readDefinition()).outputs).length
let tenant: Tenant

beforeAll(async () => {
  tenant = await startTenant({
    apis: [{ identifier: API, permissions: ['read:orders'] }],
    clients: [CLIENT],
    users: [{ id: 'auth0|1', direct: [{ api: API, permission: 'read:orders' }] }],
  })
})

afterAll(async () => {
  await tenant.close()
  rmSync(home, { recursive: true })
})

afterEach(() => {
  process.exitCode = exitCode
  vi.doUnmock(mocked)
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

let mocked = ''

/** Lets a function of a file in src/ throw, in the next run. */
function breakFile(file: string, name: string, thrown: () => unknown = () => new TypeError('injected')): void {
  mocked = `../src/${file}`
  vi.doMock(mocked, async importOriginal => ({
    ...(await importOriginal<object>()),
    [name]: () => {
      throw thrown()
    },
  }))
}

async function runOnce(inputs: Readonly<Record<string, string>>, whileRunning: () => void = () => undefined) {
  const place = mkdtempSync(join(home, 'run-'))
  const [output, summary, temp] = ['output', 'summary', 'temp'].map(name => join(place, name))
  writeFileSync(join(place, 'm.yml'), JSON.stringify(MANIFEST))
  writeFileSync(String(output), '')
  mkdirSync(String(temp))
  const variables = {
    ...{ GITHUB_WORKSPACE: place, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temp },
    ...{ GITHUB_REPOSITORY: '', GITHUB_EVENT_PATH: '', GITHUB_EVENT_NAME: 'push', GITHUB_REF: '', GITHUB_API_URL: '' },
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const given = {
    ...{ manifest: 'm.yml', domain: tenant.domain, revoke: 'never', 'require-merged': 'false' },
    ...{ 'client-id': CLIENT.id, 'client-secret': CLIENT.secret, ...inputs },
  }
  for (const [name, value] of Object.entries(given)) vi.stubEnv(`INPUT_${name.toUpperCase()}`, value)
  let log = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    log += chunk
    return true
  })
  vi.resetModules()
  const { run } = await import('../src/run.ts')
  const running = run(new AbortController().signal)
  whileRunning()
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

/** What is called in each mode. */
const STEPS: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  validate: [
    ['runner/workflow.ts', 'readWorkflow'],
    ['runner/inputs.ts', 'readInputs'],
    ['steps/read-files.ts', 'readFiles'],
    ['manifest/manifest.ts', 'loadManifest'],
    ['steps/comment.ts', 'publishComment'],
  ],
  plan: [
    ['runner/environment.ts', 'prepareEnvironment'],
    ['tenant/tenant.ts', 'connect'],
    ['steps/recall.ts', 'recall'],
    ['steps/check-access.ts', 'checkAccess'],
    ['steps/check-apis.ts', 'checkApis'],
    ['steps/compute-plan.ts', 'computePlan'],
    ['live/survey.ts', 'survey'],
    ['plan/diff.ts', 'diff'],
    ['steps/apply-plan.ts', 'judgePlan'],
  ],
  apply: [
    ['steps/read-saved.ts', 'readSavedPlan'],
    ['steps/apply-plan.ts', 'applyPlan'],
    ['plan/apply.ts', 'apply'],
    ['steps/record-apply.ts', 'beginRecording'],
    ['steps/record-apply.ts', 'endRecording'],
  ],
  export: [
    ['steps/export-users.ts', 'exportUsers'],
    ['manifest/manifest.ts', 'exportManifest'],
  ],
}

const MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  readSavedPlan: { 'plan-file': 'plan.json' },
  export: { manifest: 'new.yml', users: 'auth0|1' },
}

describe('an unexpected error', () => {
  const rows = Object.entries(STEPS).flatMap(([mode, steps]) =>
    steps.map(([file, name]) => [mode, file, name] as const),
  )
  it.each(rows)('in mode %s, in %s: %s, is reported with all outputs', async (mode, file, name) => {
    breakFile(file, name)
    const run = await runOnce({ mode, ...MORE[name], ...MORE[mode] })
    expect(run.log).toMatch(/^::error::This is a bug in the action; please report it: injected$/m)
    expect(run).toMatchObject({ result: expect.stringMatching(/failed|partial/), outputs: outputCount })
    expect(run.summary).toContain('injected')
    expect(run.report.errors).toEqual([expect.objectContaining({ message: expect.stringContaining('injected') })])
    expect(process.exitCode).toBe(1)
  })

  it.each<readonly [string, () => unknown]>([
    ['a text', () => 'injected'],
    ['nothing', () => undefined],
    ['an object', () => ({ injected: true })],
    ['an error without a stack', () => Object.assign(new Error('injected'), { stack: undefined })],
  ])('that is %s is one too', async (_, thrown) => {
    breakFile('steps/recall.ts', 'recall', thrown)
    const run = await runOnce({ mode: 'plan' })
    expect(run.log).toMatch(/^::error::This is a bug in the action/m)
    expect(run).toMatchObject({ result: 'failed', outputs: outputCount })
  })

  it('thrown where nobody awaits it ends the run in good order', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const run = await runOnce({ mode: 'plan' }, () => process.emit('uncaughtException', new TypeError('injected')))
    expect(run.log).toMatch(/^::error::This is a bug in the action; please report it: injected$/m)
    expect(run).toMatchObject({ result: 'failed', outputs: outputCount })
    expect(run.summary).not.toContain('Cancelled')
    expect(exit).toHaveBeenCalledTimes(1)
    expect(process.listeners('uncaughtException').filter(({ name }) => name === 'stopOnCrash')).toEqual([])
  })

  it('while the summary is rendered costs the summary alone', async () => {
    breakFile('report/summary.ts', 'renderSummary')
    const run = await runOnce({ mode: 'plan' })
    expect(run.log).toContain('::error::The job summary could not be written: injected.')
    expect(run).toMatchObject({
      result: 'unchanged',
      outputs: outputCount,
      summary: '',
      report: { result: 'unchanged' },
    })
    expect(process.exitCode).toBe(1)
  })

  it('while the record is read leaves the outputs of an empty one', async () => {
    let broken = 0
    mocked = '../src/report/conclude.ts'
    vi.doMock(mocked, async importOriginal => {
      const original = await importOriginal<typeof import('../src/report/conclude.ts')>()
      const conclude: typeof original.conclude = each => {
        if (broken++ === 0) throw new TypeError('injected')
        return original.conclude(each)
      }
      return { ...original, conclude }
    })
    const run = await runOnce({ mode: 'apply' })
    expect(run.log).toContain('please report it: injected')
    expect(run).toMatchObject({ result: 'failed', outputs: outputCount })
    expect(run.summary).toContain('injected')
  })
})
