import { describe, expect, it } from 'vitest'
import type { UserOutcome, UserPlan } from '../../src/plan/plan.ts'
import { conclude, newRecord, type RunRecord } from '../../src/report/record.ts'
import { SOURCE } from '../plan/fixtures.ts'

const operation = { api: 'https://a/', permission: 'x', roles: [] }
const planned: UserPlan = { user: 'u', grant: [operation], revoke: [operation, operation] }
const plan = { format: 1, source: SOURCE, tenant: 't', users: [planned], holders: [] } as const
const done: UserOutcome = {
  user: 'u',
  status: 'done',
  granted: [operation],
  revoked: [operation, operation],
  errors: [],
}
const half: UserOutcome = { ...done, status: 'failed', revoked: [], errors: ['no'] }
const untouched: UserOutcome = { ...done, status: 'not attempted', granted: [], revoked: [] }
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
