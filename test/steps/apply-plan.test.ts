import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { LedgerBranch } from '../../src/ledger/branch.ts'
import { createRunFolder } from '../../src/report/files.ts'
import { createJournal } from '../../src/report/journal.ts'
import { applyPlan } from '../../src/steps/apply-plan.ts'
import type { Planning } from '../../src/steps/compute-plan.ts'
import type { Context } from '../../src/steps/context.ts'
import type { Memory } from '../../src/steps/recall.ts'
import { grants, live, SOURCE, state } from '../plan/fixtures.ts'

let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'apply-'))
  vi.stubEnv('RUNNER_TEMP', home)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

it('a defect at the end of an apply is not reported as a ledger that cannot be written', async () => {
  const journal = createJournal()
  const context = {
    inputs: { revoke: 'managed', scope: 'all' },
    workflow: { commit: 'c' },
    task: { files: { documents: [], at: new Date(SOURCE.at) } },
    journal,
    folder: createRunFolder(),
    heartbeat: { startProgress: () => ({ step: () => undefined, end: () => undefined }) },
  } as unknown as Context
  const planning = {
    plan: { format: 2, tenant: 't', source: SOURCE, users: [], heldBack: [], found: [], holders: [] },
    digest: 'sha256:0',
    survey: {
      states: [{ ...state('u', grants(['p']), live(grants(['p']))), listings: ['id'], addresses: [] }],
      emails: [],
      failures: [],
      unread: new Set(),
      missing: [],
      gone: [],
      warnings: [],
      duplicates: [],
      unidentified: [],
    },
    listings: new Map(),
    refused: false,
  } satisfies Planning
  const write = vi.fn(() => Promise.reject(new TypeError('odd')))
  const branch: LedgerBranch = { name: 'ledger', read: async () => ({ kind: 'none' }), write }
  const memory: Memory = {
    ledger: {
      tenant: 't',
      commit: '',
      branch: '',
      latest: { run: '', commit: '', at: '' },
      applying: false,
      files: [],
      users: new Map(),
    },
    branch,
    head: undefined,
    mergedInto: undefined,
    files: [],
    doubt: undefined,
  }
  await expect(applyPlan({ ...context, memory, planning })).rejects.toThrow(TypeError)
  expect(write).toHaveBeenCalledTimes(1)
  expect(journal.entries().warnings).toEqual([])
})
