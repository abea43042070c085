import { describe, expect, it } from 'vitest'
import type { Plan } from '../../src/plan/plan.ts'
import { conclude } from '../../src/report/conclude.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { type Circumstances, renderReportFile } from '../../src/report/report-file.ts'
import { SOURCE } from '../plan/fixtures.ts'

const plan: Plan = { format: 2, source: SOURCE, tenant: 't', users: [], heldBack: [], found: [], holders: [] }

function reportOf(record: RunRecord, circumstances: Circumstances) {
  return JSON.parse(renderReportFile(record, circumstances))
}

describe('the report file', () => {
  const STARTED = new Date('2026-11-03T09:12:44Z')
  const circumstances = { run: undefined, started: STARTED }

  it('has every key, with null if a value is unknown', () => {
    const report = reportOf(newRecord(), circumstances)
    const known = ['format', 'started', 'duration', 'traffic', 'read', 'sentence', 'result', 'requests']
    const empty = Object.entries(report).filter(([key]) => !known.includes(key))
    for (const [key, value] of empty) expect([null, false, 0, []], key).toContainEqual(value)
    expect(Object.keys(report)).toEqual(expect.arrayContaining(Object.keys(newRecord())))
    expect(report).toMatchObject({
      run: null,
      commit: null,
      mode: null,
      plan: null,
      ledger: null,
      planFile: null,
      undoDigest: null,
    })
    expect(report.traffic).toEqual({ requests: 0, waited: 0, waitingFor: null, blind: false })
  })

  it('identifies the run, and contains the outputs and the record', () => {
    const run = 'https://github.com/acme/access/actions/runs/1'
    const previous = 'https://github.com/acme/access/actions/runs/7'
    const ledger = { branch: 'auth0-permissions/t', commit: 'be7d', run: previous, at: undefined, head: undefined }
    const record: RunRecord = {
      ...newRecord(),
      mode: 'plan',
      commit: 'c0ffee',
      users: 3,
      plan,
      digest: 'd',
      undoDigest: 'u',
      ledger,
    }
    expect(reportOf(record, { run, started: STARTED })).toMatchObject({
      format: 1,
      run,
      commit: 'c0ffee',
      started: '2026-11-03T09:12:44.000Z',
      mode: 'plan',
      plan,
      digest: 'd',
      undoDigest: 'u',
      ledger: { branch: 'auth0-permissions/t', commit: 'be7d', run: previous, at: null, head: null },
      ...conclude(record),
    })
  })

  it.each(['errors', 'failures', 'warnings', 'notices'] as const)('names the user of %s by id and address', kind => {
    const place = { file: 'm.yml', line: 1, column: 2 }
    const findings = [
      { user: 'auth0|1', message: 'by id', place },
      { user: 'auth0|1', email: 'g@a.io', message: 'by both' },
      { user: 'g@a.io', email: 'g@a.io', message: 'by address' },
    ]
    expect(reportOf({ ...newRecord(), [kind]: findings }, circumstances)[kind]).toEqual([
      { message: 'by id', place, user: 'auth0|1', id: 'auth0|1', email: null },
      { message: 'by both', place: null, user: 'auth0|1', id: 'auth0|1', email: 'g@a.io' },
      { message: 'by address', place: null, user: 'g@a.io', id: null, email: 'g@a.io' },
    ])
  })

  it('has no user for a finding that is not about a user', () => {
    const { errors } = reportOf({ ...newRecord(), errors: [{ message: 'no' }] }, circumstances)
    expect(errors).toEqual([{ message: 'no', place: null, user: null, id: null, email: null }])
  })
})
