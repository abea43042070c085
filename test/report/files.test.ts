// The runner's files, each missing or broken, at the end of a run.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRunFolder } from '../../src/report/files.ts'
import { publish } from '../../src/report/publish.ts'
import { newRecord } from '../../src/report/record.ts'

const home = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(home, { recursive: true }))

const { exitCode } = process
let files = { GITHUB_OUTPUT: '', GITHUB_STEP_SUMMARY: '', RUNNER_TEMP: '' }

beforeEach(() => {
  const place = mkdtempSync(join(home, 'run-'))
  files = {
    GITHUB_OUTPUT: join(place, 'output'),
    GITHUB_STEP_SUMMARY: join(place, 'summary'),
    RUNNER_TEMP: join(place, 'temp'),
  }
  writeFileSync(files.GITHUB_OUTPUT, '')
  for (const [name, path] of Object.entries(files)) vi.stubEnv(name, path)
  process.exitCode = undefined
})

afterEach(() => {
  process.exitCode = exitCode
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

function publishAll(folder = createRunFolder()): string {
  let log = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    log += chunk
    return true
  })
  publish({ ...newRecord(), mode: 'validate' }, { run: undefined, started: new Date(), folder })
  return log
}

/** The written content, by the variable that names the file. */
function written(): Readonly<Record<keyof typeof files, boolean>> {
  const isFilled = (path: string) => existsSync(path) && readFileSync(path, 'utf8') !== ''
  return {
    GITHUB_OUTPUT: isFilled(files.GITHUB_OUTPUT),
    GITHUB_STEP_SUMMARY: isFilled(files.GITHUB_STEP_SUMMARY),
    RUNNER_TEMP: existsSync(files.RUNNER_TEMP) && readdirSync(files.RUNNER_TEMP).length === 1,
  }
}

const ALL = { GITHUB_OUTPUT: true, GITHUB_STEP_SUMMARY: true, RUNNER_TEMP: true }

describe("the runner's files", () => {
  it('are all written, and the step succeeds', () => {
    expect(publishAll()).not.toContain('::error')
    expect(written()).toEqual(ALL)
    expect(process.exitCode).toBeUndefined()
    expect(readFileSync(files.GITHUB_OUTPUT, 'utf8')).toContain(files.RUNNER_TEMP)
  })

  const broken: readonly (readonly [keyof typeof files, string, () => string, string])[] = [
    ['GITHUB_OUTPUT', 'is missing', () => join(home, 'missing'), 'Missing file'],
    ['GITHUB_OUTPUT', 'is below a file', () => '/dev/null/output', 'Missing file'],
    ['GITHUB_OUTPUT', 'is a folder', () => home, 'EISDIR'],
    ['GITHUB_OUTPUT', 'is on a full disk', () => '/dev/full', 'ENOSPC'],
    ['GITHUB_STEP_SUMMARY', 'is in a folder that is missing', () => join(home, 'missing/summary'), 'ENOENT'],
    ['GITHUB_STEP_SUMMARY', 'is below a file', () => '/dev/null/summary', 'ENOTDIR'],
    ['GITHUB_STEP_SUMMARY', 'is a folder', () => home, 'EISDIR'],
    ['GITHUB_STEP_SUMMARY', 'is on a full disk', () => '/dev/full', 'ENOSPC'],
    ['RUNNER_TEMP', 'is below a file', () => '/dev/null/temp', 'ENOTDIR'],
    ['RUNNER_TEMP', 'is a file', () => files.GITHUB_OUTPUT, 'EEXIST'],
    ['RUNNER_TEMP', 'is a device', () => '/dev/full', 'EEXIST'],
  ]
  it.each(broken)('without %s, which %s, are still written if possible', (variable, _, path, why) => {
    vi.stubEnv(variable, path())
    const log = publishAll()
    expect(log.match(/^::error.*/gm)).toEqual([
      expect.stringMatching(
        `^::error::The .* could not be written: .*${why}.* Check the runner's disk and its variable ${variable}\\.$`,
      ),
    ])
    expect(written()).toEqual({ ...ALL, [variable]: false })
    expect(process.exitCode).toBe(1)
  })

  it('may all be broken at once', () => {
    for (const variable of Object.keys(files)) vi.stubEnv(variable, '/dev/null/x')
    expect(publishAll().match(/^::error::The (outputs|job summary|report) could not/gm)).toHaveLength(3)
    expect(process.exitCode).toBe(1)
  })

  it.each(['GITHUB_STEP_SUMMARY', 'RUNNER_TEMP'])('are elsewhere or nowhere outside of GitHub, without %s', name => {
    vi.stubEnv(name, undefined)
    vi.stubEnv('TMPDIR', home)
    expect(publishAll()).not.toContain('::error')
    expect(process.exitCode).toBeUndefined()
  })

  it('that cannot be rendered do not prevent the others', () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const render = () => {
      throw new RangeError('Invalid string length')
    }
    const folder = createRunFolder()
    expect(folder.save('plan', render)).toBeUndefined()
    publishAll(folder)
    expect(written()).toEqual(ALL)
    expect(process.exitCode).toBe(1)
  })

  it('of one run share a folder, and the next run has another', () => {
    const folder = createRunFolder()
    const plan = folder.save('plan', () => '{}')
    publishAll(folder)
    expect(plan).toContain(files.RUNNER_TEMP)
    expect(written()).toEqual(ALL)
    const temp = join(home, 'next')
    mkdirSync(temp)
    vi.stubEnv('RUNNER_TEMP', temp)
    expect(createRunFolder().save('plan', () => '{}')).toContain(temp)
  })
})
