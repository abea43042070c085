import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan, UserOutcome, UserPlan } from '../../src/plan/plan.ts'
import { conclude, counted, driftOf, unfinishedOf } from '../../src/report/conclude.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { SOURCE } from '../plan/fixtures.ts'

const operation = { api: 'https://a/', permission: 'x', roles: [] }
const planned: UserPlan = { user: 'u', grant: [operation], revoke: [operation, operation] }
const plan: Plan = { format: 2, source: SOURCE, tenant: 't', users: [planned], heldBack: [], found: [], holders: [] }
const empty: Plan = { ...plan, users: [] }
const held = { user: 'u', api: 'https://a/', permission: 'x', entry: 'g@acme.com' }
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
    'an empty plan of one user',
    { mode: 'plan', users: 1, read: 1, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: the listed user matches the manifest.',
  ],
  [
    'an empty plan of several users',
    { mode: 'plan', users: 3, read: 3, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: all 3 listed users match the manifest.',
  ],
  [
    'an empty plan of users who changed since',
    { mode: 'plan', scope: 'changed', users: 3, read: 1, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: the 1 listed user who was read matches the manifest.',
  ],
  [
    'an empty plan if no user changed since',
    { mode: 'plan', scope: 'changed', users: 3, read: 0, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: no listed user has changed since the last apply.',
  ],
  [
    'an empty plan if no user was read',
    { mode: 'apply', scope: 'all', users: 3, read: 0, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: there is nothing to do.',
  ],
  [
    'an empty plan of some of the users, with a warning about one',
    { mode: 'plan', scope: 'all', users: 3, read: 2, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: the 2 listed users who were read match the manifest.',
  ],
  [
    'an empty manifest',
    { mode: 'plan', users: 0, read: 0, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: the manifest lists no users.',
  ],
  [
    'an empty plan with a revocation held back',
    { mode: 'plan', users: 2, read: 2, plan: { ...empty, heldBack: [held] } },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: all 2 listed users match the manifest; 1 revocation is held back.',
  ],
  [
    'a saved plan that was already applied',
    { mode: 'apply', saved: true, users: 3, read: 1, plan: empty },
    'unchanged',
    '0 0 0 0 false',
    'Unchanged: the saved plan has nothing left to do.',
  ],
  [
    'a plan',
    { mode: 'plan', users: 3, plan },
    'planned',
    '1 2 1 0 true',
    '1 user would change: 1 grant and 2 revocations.',
  ],
  [
    'a plan with revocations held back',
    { mode: 'plan', users: 3, plan: { ...plan, heldBack: [held, held] } },
    'planned',
    '1 2 1 0 true',
    '1 user would change: 1 grant and 2 revocations; 2 revocations are held back.',
  ],
  [
    'a plan for a removed user',
    { mode: 'plan', users: 0, removed: ['u'], plan: { ...plan, users: [{ ...planned, grant: [] }] } },
    'planned',
    '0 2 1 0 true',
    '1 user would change (removed from the manifest): 2 revocations.',
  ],
  [
    'a plan for removed users and others',
    { mode: 'plan', users: 1, removed: ['u', 'w'], plan: { ...plan, users: [planned, { ...planned, user: 'v' }] } },
    'planned',
    '2 4 2 0 true',
    '2 users would change (1 removed from the manifest): 2 grants and 4 revocations.',
  ],
  [
    'a plan with a user who failed',
    { mode: 'plan', users: 3, plan, failures: [failure] },
    'partial',
    '1 2 1 1 true',
    '1 user failed; 1 user would change: 1 grant and 2 revocations.',
  ],
  [
    'a plan that was cancelled',
    { mode: 'plan', users: 3, plan, cancelled: true, stopped: 'error' },
    'failed',
    '1 2 1 0 true',
    'Cancelled before anything was written.',
  ],
  [
    'an apply that was cancelled while its first write had no response',
    {
      mode: 'apply',
      users: 3,
      plan,
      cancelled: true,
      stopped: 'error',
      outcomes: [{ ...half, granted: [], uncertain: ['grant'] }],
    },
    'failed',
    '0 0 0 0 false',
    'Cancelled after a change that may have taken effect.',
  ],
  [
    'an apply',
    { mode: 'apply', users: 3, plan, outcomes: [done] },
    'applied',
    '1 2 1 0 true',
    '1 user changed: 1 grant and 2 revocations.',
  ],
  [
    'an apply that failed for one of two users',
    { mode: 'apply', users: 1, plan, outcomes: [half], failures: [failure] },
    'partial',
    '1 0 1 1 true',
    '1 user failed; 1 user changed: 1 grant.',
  ],
  [
    'an apply whose only user failed',
    { mode: 'apply', users: 1, failures: [failure] },
    'failed',
    '0 0 0 1 false',
    '1 user failed; nothing changed.',
  ],
  [
    'an apply that ended with a failure for every user',
    { mode: 'apply', users: 4, plan, outcomes: [done, half, untouched, untouched], failures: [failure] },
    'partial',
    '2 2 2 3 true',
    '1 user failed and 2 were not attempted; 2 users changed: 2 grants and 2 revocations.',
  ],
  [
    'an apply that ended with a failure for every user while others were in progress',
    { mode: 'apply', users: 5, plan, outcomes: [done, half, cut, untouched, untouched], failures: [failure] },
    'partial',
    '3 2 3 4 true',
    '1 user failed, 1 was partially changed and 2 were not attempted; 3 users changed: 3 grants and 2 revocations.',
  ],
  [
    'an apply that was cancelled while users were in progress',
    { mode: 'apply', users: 3, plan, outcomes: [done, cut, untouched], cancelled: true },
    'partial',
    '2 2 2 2 true',
    'Cancelled after 2 users changed: 2 grants and 2 revocations.',
  ],
  [
    'an apply that ended with an error',
    { mode: 'apply', users: 3, plan, outcomes: [done, untouched], stopped: 'error' },
    'partial',
    '1 2 1 1 true',
    'Failed after 1 user changed: 1 grant and 2 revocations.',
  ],
  [
    'an apply that was refused',
    { mode: 'apply', users: 3, plan, stopped: 'refused', errors: [{ message: 'no' }] },
    'failed',
    '0 0 0 0 false',
    'Refused for 1 reason; nothing was written.',
  ],
  [
    'mistakes in the manifest',
    { mode: 'apply', stopped: 'manifest', errors: [{ message: 'a' }, { message: 'b' }] },
    'failed',
    '0 0 0 0 false',
    'The manifest has 2 mistakes; nothing was written.',
  ],
  [
    'an invalid input',
    { stopped: 'inputs', errors: [{ message: 'a' }] },
    'failed',
    '0 0 0 0 false',
    '1 input problem; no request was sent.',
  ],
]

const exports: readonly (readonly [users: number, grants: number, leftOut: number, sentence: string])[] = [
  [1, 1, 0, 'Exported: m.yml lists 1 user with 1 direct permission.'],
  [
    2,
    1_400,
    1,
    'Exported: m.yml lists 2 users with 1,400 direct permissions; 1 user without direct permissions was left out.',
  ],
  [0, 0, 3, 'Exported: m.yml lists no users; 3 users without direct permissions were left out.'],
  [0, 0, 0, 'Exported: m.yml lists no users.'],
]

it.each<readonly [roles: number, leftOut: number, sentence: string]>([
  [0, 1, 'lists 2 users with 5 direct permissions; 1 user without direct permissions or roles was left out.'],
  [2, 0, 'lists 2 users with 3 direct permissions and 2 roles.'],
])('an export with %i roles', (roles, leftOut, sentence) => {
  const exported = { path: 'm.yml', grants: 5, roles, leftOut }
  const record = { ...newRecord(), mode: 'export' as const, users: 2, read: 2 + leftOut, exported }
  expect(conclude(record).sentence).toBe(`Exported: m.yml ${sentence}`)
})

it.each(exports)('an export of %i users and %i permissions that omits %i users', (users, grants, leftOut, sentence) => {
  const exported = { path: 'm.yml', grants, leftOut }
  const record = { ...newRecord(), mode: 'export' as const, users, read: users + leftOut, exported }
  expect(conclude(record)).toMatchObject({ result: 'unchanged', users, sentence })
})

describe('the outputs of', () => {
  it.each(cases)('%s', (_, known, result, totals, sentence) => {
    const conclusion = conclude({ ...newRecord(), ...known })
    const { grants, revocations, usersChanged, usersFailed, changed } = conclusion
    expect({ result: conclusion.result, sentence: conclusion.sentence }).toEqual({ result, sentence })
    expect([grants, revocations, usersChanged, usersFailed, changed].join(' ')).toBe(totals)
    expect(Object.keys(conclusion)).not.toContain('removed')
  })
})

const ids = fc.constantFrom('a', 'b', 'c', 'd')
const operations = fc.array(fc.constant(operation), { maxLength: 2 })
const changes = fc
  .uniqueArray(fc.record({ user: ids, grant: operations, revoke: operations }), { selector: ({ user }) => user })
  .map(users => users.filter(({ grant, revoke }) => grant.length + revoke.length > 0))

/** Any run that has ended, with every fact that a record can have. */
const runs = fc
  .record({
    mode: fc.constantFrom('plan', 'apply'),
    scope: fc.constantFrom('all', 'changed'),
    users: fc.nat(5),
    unread: fc.nat(5),
    removed: fc.uniqueArray(ids),
    saved: fc.boolean(),
    planned: changes,
    heldBack: fc.array(fc.constant(held), { maxLength: 2 }),
    fates: fc.array(fc.constantFrom('done', 'failed', 'cut', 'not attempted'), { minLength: 4, maxLength: 4 }),
    failures: fc.array(fc.constant(failure), { maxLength: 2 }),
  })
  .map(({ planned, fates, heldBack, unread, ...known }): RunRecord => {
    const outcomes = planned.map(({ user, grant, revoke }, index): UserOutcome => {
      const fate = fates[index] ?? 'done'
      if (fate === 'not attempted') return { ...untouched, user }
      if (fate === 'done') return { ...done, user, granted: grant, revoked: revoke }
      const part = { ...half, user, granted: grant }
      return fate === 'cut' ? { ...part, interrupted: true } : part
    })
    return {
      ...newRecord(),
      ...known,
      read: Math.max(0, known.users - unread),
      plan: { ...plan, users: planned, heldBack },
      outcomes: known.mode === 'apply' ? outcomes : [],
    }
  })

describe('the sentence of any run', () => {
  const numberBefore = (sentence: string, words: RegExp) =>
    Number(new RegExp(`(\\d+) (?:${words.source})`).exec(sentence)?.[1] ?? 0)

  it('agrees with the outputs', () => {
    fc.assert(
      fc.property(runs, record => {
        const { sentence, result, grants, revocations, usersChanged } = conclude(record)
        expect(numberBefore(sentence, /users? (?:changed|would change)/)).toBe(usersChanged)
        expect(numberBefore(sentence, /grants?\b/)).toBe(grants)
        expect(numberBefore(sentence.replace(/\d+ revocations? (?:is|are) held back/, ''), /revocations?\b/)).toBe(
          revocations,
        )
        expect(sentence.startsWith('Unchanged: ')).toBe(result === 'unchanged')
        expect(sentence).not.toMatch(/\d of \d/)
      }),
    )
  })

  it('says that users match the manifest only if they were read and there is nothing else to report', () => {
    fc.assert(
      fc.property(runs, record => {
        const { sentence } = conclude(record)
        if (!sentence.includes('match')) return
        const matching = sentence.includes('the listed user ') ? 1 : numberBefore(sentence, /listed users?/)
        expect(matching).toBe(record.read)
        expect(matching).toBeLessThanOrEqual(record.users)
        expect(record.saved).toBe(false)
        expect(record.failures).toEqual([])
        expect(conclude(record).usersFailed).toBe(0)
      }),
    )
  })

  it('counts removed users among those who change', () => {
    fc.assert(
      fc.property(runs, record => {
        const { sentence, usersChanged } = conclude(record)
        const count = /\(removed from the manifest\)/.test(sentence)
          ? usersChanged
          : numberBefore(sentence, /removed from the manifest/)
        const changing =
          record.mode === 'apply'
            ? record.outcomes.filter(({ granted, revoked }) => granted.length + revoked.length > 0)
            : (record.plan?.users ?? [])
        if (sentence.includes('change'))
          expect(count).toBe(changing.filter(({ user }) => record.removed.includes(user)).length)
      }),
    )
  })
})

describe('users left unfinished when the run ended', () => {
  const many = (outcome: UserOutcome, count: number) => Array.from({ length: count }, () => outcome)
  const AGAIN = 'because the run was cancelled. Run it again to finish the rest.'

  it.each([
    [
      'partially changed and not attempted',
      [...many(cut, 20), ...many(untouched, 203)],
      `20 users were partially changed and 203 were not attempted ${AGAIN}`,
    ],
    ['one of each', [cut, untouched], `1 user was partially changed and 1 was not attempted ${AGAIN}`],
    ['partially changed', [cut], `1 user was partially changed ${AGAIN}`],
    ['not attempted', [half, ...many(untouched, 2)], `2 users were not attempted ${AGAIN}`],
  ])('are reported in one sentence: %s', (_, outcomes, message) => {
    expect(unfinishedOf(outcomes, true)).toEqual([{ message }])
  })

  it('are not reported if each is done or has its own failure', () => {
    expect(unfinishedOf([done, half], true)).toEqual([])
  })

  it('are reported with an earlier failure as the reason', () => {
    const [finding] = unfinishedOf([untouched], false)
    expect(finding?.message).toBe(
      '1 user was not attempted because an earlier failure affected every user. The next run finishes the rest.',
    )
  })
})

describe('the error of fail-on-changes', () => {
  it.each([
    [1, 'not empty: 1 user would change (1 grant and 2 revocations): u0.'],
    [3, 'not empty: 3 users would change (3 grants and 6 revocations): u0, u1, u2.'],
    [5, 'not empty: 5 users would change (5 grants and 10 revocations): u0, u1, u2, and 2 more.'],
  ])('contains the counts and the first three of %i users', (count, words) => {
    const users = Array.from({ length: count }, (_, index) => ({ ...planned, user: `u${index}` }))
    const record = { ...newRecord(), plan: { ...plan, users } }
    const message = `The step fails because fail-on-changes is set and the plan is ${words}`
    expect(driftOf({ ...record, drift: true })).toEqual([{ message }])
    expect(driftOf(record)).toEqual([])
  })
})

it.each([
  [1, '1 user'],
  [999, '999 users'],
  [1_000, '1,000 users'],
  [12_400, '12,400 users'],
  [1_234_567, '1,234,567 users'],
])('a count of %i users is written for people', (count, text) => {
  expect(counted(count, 'user')).toBe(text)
})
