import { describe, expect, it } from 'vitest'
import { diff, type UserState } from '../../src/plan/diff.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import {
  countOperations,
  type Plan,
  type Restored,
  resume,
  type UserOutcome,
  type UserPlan,
  undoOf,
} from '../../src/plan/plan.ts'
import { grants, live, ORDERS, SOURCE, state } from './fixtures.ts'

function planOf(...users: readonly UserState[]): Plan {
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke: 'all',
    apis: new Set([ORDERS]),
    holdBack: holdBackFor([]),
  })
}

const operation = (permission: string, roles: readonly string[] = []) => ({ api: ORDERS, permission, roles })
const named = (...names: readonly string[]) => names.map(permission => ({ api: ORDERS, permission }))

function done({ user, grant, revoke }: UserPlan): UserOutcome {
  return { user, status: 'done', granted: grant, revoked: revoke, errors: [] }
}

function untouched({ user }: UserPlan): UserOutcome {
  return { user, status: 'not attempted', granted: [], revoked: [], errors: [] }
}

const plan = planOf(
  state('u', grants(['new']), live(grants(['old', 'kept']), { new: ['Support'] })),
  state('v', grants(['new']), live([])),
)
const RESTORES: readonly Restored[] = [{ user: 'u', entry: null }]
const [first, second] = plan.users as readonly [UserPlan, UserPlan]

describe('the counts of a plan', () => {
  it('are those of its operations over all users', () => {
    expect(countOperations(plan.users)).toEqual({ grants: 2, revocations: 2 })
    expect(countOperations([])).toEqual({ grants: 0, revocations: 0 })
  })
})

describe('an undo plan', () => {
  it('takes back what was done, from the state that this left', () => {
    expect(undoOf(plan, [done(first), done(second)], RESTORES)).toStrictEqual({
      format: 2,
      tenant: 'acme.eu.auth0.com',
      source: SOURCE,
      users: [
        {
          user: 'u',
          grant: [operation('kept'), operation('old')],
          revoke: [operation('new', ['Support'])],
          before: named('new'),
        },
        { user: 'v', grant: [], revoke: [operation('new')], before: named('new') },
      ],
      holders: [
        { api: ORDERS, permission: 'kept', before: 0, after: 1 },
        { api: ORDERS, permission: 'new', before: 2, after: 0 },
        { api: ORDERS, permission: 'old', before: 0, after: 1 },
      ],
      heldBack: [],
      found: [],
      restores: RESTORES,
    })
  })

  it('is sorted by user, in whatever order they ended', () => {
    const undo = undoOf(plan, [done(second), done(first)], [])
    expect(undo.users.map(({ user }) => user)).toEqual(['u', 'v'])
  })

  it('leaves out those for whom nothing was done', () => {
    expect(undoOf(plan, [done(first), untouched(second)], []).users.map(({ user }) => user)).toEqual(['u'])
  })

  it('holds a user who gained as much as was lost', () => {
    const swapped = planOf(state('u', grants(['new']), live(grants(['old']))))
    const [user] = swapped.users as readonly [UserPlan]
    expect(undoOf(swapped, [done(user)], []).users).toEqual([
      { user: 'u', grant: [operation('old')], revoke: [operation('new')], before: named('new') },
    ])
  })

  it('drops expiry and reason, which end with what the manifest asked for', () => {
    const granted = [{ ...operation('new'), expires: '2026-12-31', reason: 'FIN-118' }]
    const undo = undoOf(plan, [{ ...done(second), granted }], [])
    expect(undo.users[0]?.revoke).toStrictEqual([operation('new')])
  })

  it.each([
    ['a user failed', [done(first), { ...done(second), status: 'failed' as const }]],
    ['all users failed', [first, second].map(user => ({ ...done(user), status: 'failed' as const }))],
    ['a user was not attempted', [done(first), untouched(second)]],
    ['not every user is told of', [done(first)]],
  ])('tells no holders where %s: nobody knows what the others hold', (_, outcomes) => {
    expect(undoOf(plan, outcomes, []).holders).toEqual([])
  })
})

describe('a saved plan of a user of whom no before-state is known', () => {
  const saved: UserPlan = { user: 'u', grant: [operation('new')], revoke: [] }
  it('is as it was where the user holds nothing', () => {
    expect(resume(saved, new Set())).toEqual({ kind: 'ready', left: saved })
  })
  it('is done where the user holds what it grants', () => {
    expect(resume(saved, new Set(grants(['new'])))).toEqual({ kind: 'ready', left: undefined })
  })
  it('has moved where the user holds anything else', () => {
    expect(resume(saved, new Set(grants(['other'])))).toEqual({ kind: 'moved' })
  })
})
