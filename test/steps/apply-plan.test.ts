import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { NO_HISTORY } from '../../src/ledger/history.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { newRecord } from '../../src/report/record.ts'
import { applyPlan } from '../../src/steps/apply-plan.ts'
import type { Planning } from '../../src/steps/compute-plan.ts'
import type { Context } from '../../src/steps/context.ts'
import type { Memory } from '../../src/steps/recall.ts'
import { SOURCE } from '../plan/fixtures.ts'

let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'apply-'))
  vi.stubEnv('RUNNER_TEMP', home)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

it('a defect at the end of an apply is not taken for a ledger that GitHub does not let be written', async () => {
  const record = newRecord()
  const context = {
    inputs: { revoke: 'managed', scope: 'all' },
    workflow: { commit: 'c' },
    task: { kind: 'manifest', files: { documents: [] } },
    record,
  } as unknown as Context
  const planning = {
    plan: { format: 1, tenant: 't', source: SOURCE, users: [], holders: [] },
    digest: 'sha256:0',
    survey: { states: [], emails: [], failures: [], missing: [], warnings: [] },
  } satisfies Planning
  const ledger: Pick<Ledger, 'begin' | 'end'> = {
    begin: async () => 1,
    end: () => Promise.reject(new TypeError('odd')),
  }
  const memory = { ledger, history: NO_HISTORY } as unknown as Memory
  await expect(applyPlan(context, planning, memory)).rejects.toThrow(TypeError)
  expect(record.warnings).toEqual([])
})
