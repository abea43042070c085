import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { writeSaved } from '../../src/plan/saved.ts'
import { createJournal } from '../../src/report/journal.ts'
import type { PlanInputs } from '../../src/runner/inputs.ts'
import type { RunContext } from '../../src/steps/context.ts'
import { readSavedPlan } from '../../src/steps/read-saved.ts'
import { SOURCE } from '../plan/fixtures.ts'

const workspace = mkdtempSync(join(tmpdir(), 'saved-'))
afterAll(() => rmSync(workspace, { recursive: true }))

const PLAN = { format: 2, tenant: 't', source: SOURCE, users: [], heldBack: [], found: [], holders: [] } as const

function read(planFile: string, tenant = 't') {
  const context = { inputs: { planFile, tenant }, workflow: { workspace }, journal: createJournal() }
  return readSavedPlan(context as unknown as RunContext<PlanInputs>)
}

function problemOf(path: string, tenant?: string): string {
  try {
    read(path, tenant)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return ''
}

const place = (name: string) => join(workspace, name)

describe('a plan file', () => {
  it('is read from the workspace or from an absolute path, with or without a byte order mark', () => {
    writeFileSync(place('plan.json'), writeSaved(PLAN))
    writeFileSync(place('marked.json'), `\uFEFF${writeSaved(PLAN)}`)
    for (const path of ['plan.json', place('plan.json'), 'marked.json']) expect(read(path)).toEqual(PLAN)
  })

  it.each<readonly [string, (path: string) => void, string]>([
    ['is missing', () => undefined, 'it cannot be read: ENOENT'],
    ['is below a file', path => writeFileSync(path.replace(/\/[^/]*$/, ''), ''), 'it cannot be read: ENOTDIR'],
    ['is a folder', path => mkdirSync(path), 'it is a folder, a link or a device, not a file'],
    ['is a pipe', path => execFileSync('mkfifo', [path]), 'it is a folder, a link or a device, not a file'],
    ['is a link', path => symlinkSync('plan.json', path), 'it is a folder, a link or a device, not a file'],
    ['is a dangling link', path => symlinkSync('nothing', path), 'it is a folder, a link or a device, not a file'],
    [
      'has 500 MB',
      path => {
        writeFileSync(path, '')
        truncateSync(path, 500_000_000)
      },
      'it has 500000000 bytes, and a plan has at most 268435456',
    ],
    ['is not UTF-8', path => writeFileSync(path, Buffer.from(writeSaved(PLAN), 'utf16le')), 'it is not a plan'],
    ['is not text', path => writeFileSync(path, Buffer.from([0x7b, 0xff, 0xfe])), 'not valid for encoding utf-8'],
    ['is empty', path => writeFileSync(path, ''), 'it is not a plan that this action wrote'],
    ['is other JSON', path => writeFileSync(path, '[]'), 'it is not a plan that this action wrote'],
  ])('that %s is refused with a clear message', (name, make, words) => {
    const path = place(name === 'is below a file' ? 'file/plan.json' : name)
    make(path)
    expect(problemOf(path)).toMatch(/^Input plan-file: /)
    expect(problemOf(path)).toContain(words)
  })

  it('of another tenant is refused', () => {
    writeFileSync(place('other.json'), writeSaved(PLAN))
    expect(problemOf('other.json', 'u')).toContain('it is a plan for the tenant t, but this run is for u')
  })
})
