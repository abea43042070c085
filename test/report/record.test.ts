import { describe, expect, it } from 'vitest'
import type { Plan, UserOutcome, UserPlan } from '../../src/plan/plan.ts'
import { conclude, counted, newRecord, type RunRecord, reportOf, unfinishedOf } from '../../src/report/record.ts'
import { SOURCE } from '../plan/fixtures.ts'

const operation = { api: 'https://a/', permission: 'x', roles: [] }
const planned: UserPlan = { user: 'u', grant: [operation], revoke: [operation, operation] }
const plan: Plan = { format: 2, source: SOURCE, tenant: 't', users: [planned], heldBack: [], found: [], holders: [] }
const done: UserOutcome = {
  user: 'u',
  status: 'done',
  granted: [operation],
  revoked: [operation, operation],
  errors: [],
}
const half: UserOutcome = { ...done, status: 'failed', revoked: [], errors: ['no'] }
const untouched: UserOutcome = { ...done, status: 'not attempted', granted: [], revoked: [] }
const cut: UserOutcome = { ...half, interrupted: true }
const failure = { user: 'v', message: 'no' }

const cases: readonly (readonly [string, Partial<RunRecord>, string, string, string])[] = [
  [
    'a valid manifest',
    { mode: 'validate', users: 2 },
    'unchanged',
    '0 0 0 0 false',
    'The manifest is valid; it lists 2 users.',
  ],
  [
    'an empty plan',
    { mode: 'plan', users: 1, plan: { ...plan, users: [] } },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: every one of 1 listed user has what the manifest says.',
  ],
  [
    'a plan',
    { mode: 'plan', users: 3, plan },
    'planned',
    '1 2 1 0 true',
    '1 of 3 users would change: 1 grant and 2 revocations.',
  ],
  [
    'a plan with a user who failed',
    { mode: 'plan', users: 3, plan, failures: [failure] },
    'partial',
    '1 2 1 1 true',
    '1 of 3 users failed; 1 of 3 users would change: 1 grant and 2 revocations.',
  ],
  [
    'a plan that was cancelled',
    { mode: 'plan', users: 3, plan, cancelled: true, stopped: 'error' },
    'failed',
    '1 2 1 0 true',
    'Cancelled: nothing was written.',
  ],
  [
    'an apply',
    { mode: 'apply', users: 3, plan, outcomes: [done] },
    'applied',
    '1 2 1 0 true',
    '1 of 3 users changed: 1 grant and 2 revocations.',
  ],
  [
    'an apply that found nothing to do',
    { mode: 'apply', users: 3 },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: every one of 3 listed users has what the manifest says.',
  ],
  [
    'an apply of which half failed',
    { mode: 'apply', users: 1, plan, outcomes: [half], failures: [failure] },
    'partial',
    '1 0 1 1 true',
    '1 of 1 user failed; 1 of 1 user changed: 1 grant and 0 revocations.',
  ],
  [
    'an apply whose only user failed',
    { mode: 'apply', users: 1, failures: [failure] },
    'failed',
    '0 0 0 1 false',
    '1 of 1 user failed; 0 of 1 user changed: 0 grants and 0 revocations.',
  ],
  [
    'an apply that a failure for all ended',
    { mode: 'apply', users: 4, plan, outcomes: [done, half, untouched, untouched], failures: [failure] },
    'partial',
    '2 2 2 3 true',
    '1 of 4 users failed and 2 were not attempted; 2 of 4 users changed: 2 grants and 2 revocations.',
  ],
  [
    'an apply that a failure for all ended in the middle of others',
    { mode: 'apply', users: 5, plan, outcomes: [done, half, cut, untouched, untouched], failures: [failure] },
    'partial',
    '3 2 3 4 true',
    '1 of 5 users failed, 1 was changed in part and 2 were not attempted; 3 of 5 users changed: 3 grants and 2 revocations.',
  ],
  [
    'an apply that was cancelled in the middle of users',
    { mode: 'apply', users: 3, plan, outcomes: [done, cut, untouched], cancelled: true },
    'partial',
    '2 2 2 2 true',
    'Cancelled: 2 grants and 2 revocations were done for 2 users.',
  ],
  [
    'an apply that was refused',
    { mode: 'apply', users: 3, plan, stopped: 'refused', errors: [{ message: 'no' }] },
    'failed',
    '0 0 0 0 false',
    'Refused for 1 reason; nothing was written.',
  ],
  [
    'an apply that was cancelled',
    { mode: 'apply', users: 2, plan, outcomes: [done, untouched], cancelled: true },
    'partial',
    '1 2 1 1 true',
    'Cancelled: 1 grant and 2 revocations were done for 1 user.',
  ],
  [
    'mistakes in the manifest',
    { mode: 'apply', stopped: 'manifest', errors: [{ message: 'a' }, { message: 'b' }] },
    'failed',
    '0 0 0 0 false',
    'The manifest has 2 mistakes; nothing was written.',
  ],
  [
    'an input that is wrong',
    { stopped: 'inputs', errors: [{ message: 'a' }] },
    'failed',
    '0 0 0 0 false',
    'The input is not usable; no request was sent.',
  ],
]

describe('what the outputs say of', () => {
  it.each(cases)('%s', (_, known, result, totals, sentence) => {
    const told = conclude({ ...newRecord(), ...known })
    const { grants, revocations, usersChanged, usersFailed, changed } = told
    expect({ result: told.result, sentence: told.sentence }).toEqual({ result, sentence })
    expect([grants, revocations, usersChanged, usersFailed, changed].join(' ')).toBe(totals)
  })
})

describe('users whom the end of the run left unfinished', () => {
  const many = (outcome: UserOutcome, count: number) => Array.from({ length: count }, () => outcome)
  const AGAIN = 'as the run was cancelled. Run it again: it finishes the rest.'

  it.each([
    [
      'in part and not at all',
      [...many(cut, 20), ...many(untouched, 203)],
      `20 users were changed in part and 203 were not attempted, ${AGAIN}`,
    ],
    ['one of each', [cut, untouched], `1 user was changed in part and 1 was not attempted, ${AGAIN}`],
    ['in part alone', [cut], `1 user was changed in part, ${AGAIN}`],
    ['not at all alone', [half, ...many(untouched, 2)], `2 users were not attempted, ${AGAIN}`],
  ])('are told of in one sentence: %s', (_, outcomes, message) => {
    expect(unfinishedOf(outcomes, true)).toEqual([{ message }])
  })

  it('are none where each is done, or failed by itself', () => {
    expect(unfinishedOf([done, half], true)).toEqual([])
  })

  it('are told of otherwise where an earlier failure ended the run', () => {
    const [finding] = unfinishedOf([untouched], false)
    expect(finding?.message).toBe(
      '1 user was not attempted, as an earlier request failed for all. The next run finishes the rest.',
    )
  })
})

it.each([
  [1, '1 user'],
  [999, '999 users'],
  [1_000, '1,000 users'],
  [12_400, '12,400 users'],
  [1_234_567, '1,234,567 users'],
])('%i users are counted as people read it', (count, text) => {
  expect(counted(count, 'user')).toBe(text)
})

describe('the report file', () => {
  const STARTED = new Date('2026-11-03T09:12:44Z')
  const circumstances = { run: undefined, started: STARTED }

  it('holds null for all that is unknown, and leaves out no key', () => {
    const report = reportOf(newRecord(), circumstances)
    const known = ['format', 'started', 'duration', 'traffic', 'read', 'sentence', 'result', 'requests']
    const empty = Object.entries(report).filter(([key]) => !known.includes(key))
    for (const [key, value] of empty) expect([null, false, 0, []], key).toContainEqual(value)
    expect(Object.keys(report)).toEqual(expect.arrayContaining(Object.keys(newRecord())))
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
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

  it('says which run it is of, what the outputs say, and what the record knows', () => {
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

  it('has no user of a finding about none', () => {
    const { errors } = reportOf({ ...newRecord(), errors: [{ message: 'no' }] }, circumstances)
    expect(errors).toEqual([{ message: 'no', place: null, user: null, id: null, email: null }])
  })
})
