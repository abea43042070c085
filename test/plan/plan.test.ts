import { describe, expect, it } from 'vitest'
import type { Access, Grant } from '../../src/access/grants.ts'
import type { UserState } from '../../src/live/user-state.ts'
import { diff } from '../../src/plan/diff.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import {
  countOperations,
  nameRoles,
  namesIn,
  type Plan,
  type Restored,
  rolesOf,
  type UserOutcome,
  type UserPlan,
  withoutObsolete,
} from '../../src/plan/plan.ts'
import { resume } from '../../src/plan/resume.ts'
import { undoOf } from '../../src/plan/undo.ts'
import { grants, live, nameOf, ORDERS, roles, SOURCE, state } from './fixtures.ts'

function planOf(...users: readonly UserState[]): Plan {
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke: 'all',
    named: { apis: new Set([ORDERS]), roles: new Set() },
    roleNames: new Map(),
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
const RESTORES: readonly Restored[] = [{ user: 'u', before: null, after: null }]
const [first, second] = plan.users as readonly [UserPlan, UserPlan]

describe('the counts of a plan', () => {
  it('are the numbers of operations for all users', () => {
    expect(countOperations(plan.users)).toEqual({ grants: 2, revocations: 2 })
    expect(countOperations([])).toEqual({ grants: 0, revocations: 0 })
  })
})

it('the names of roles do not include permissions', () => {
  expect([...namesIn([{ role: 'rol_a', name: 'Support' }, { role: 'rol_b' }, ...named('x')])]).toEqual([
    ['rol_a', 'Support'],
    ['rol_b', 'rol_b'],
  ])
})

describe('an undo plan', () => {
  it('has the names of roles, if known', () => {
    const assigned = { role: 'rol_new', name: 'New', roles: [] }
    const removed = { role: 'rol_old', roles: [] }
    const userPlan: UserPlan = {
      user: 'u',
      grant: [assigned],
      revoke: [removed],
      before: [{ role: 'rol_old' }, ...named('old')],
    }
    const { users } = undoOf({ ...plan, users: [userPlan] }, { outcomes: [done(userPlan)], restores: [] })
    expect(users).toStrictEqual([
      { user: 'u', grant: [removed], revoke: [assigned], before: [{ role: 'rol_new', name: 'New' }, ...named('old')] },
    ])
  })

  it('reverts what was done, starting from the resulting state', () => {
    expect(undoOf(plan, { outcomes: [done(first), done(second)], restores: RESTORES })).toStrictEqual({
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

  it('is sorted by user, in whatever order they were finished', () => {
    const undo = undoOf(plan, { outcomes: [done(second), done(first)], restores: [] })
    expect(undo.users.map(({ user }) => user)).toEqual(['u', 'v'])
  })

  it('omits users for whom nothing was done', () => {
    expect(
      undoOf(plan, { outcomes: [done(first), untouched(second)], restores: [] }).users.map(({ user }) => user),
    ).toEqual(['u'])
  })

  it('contains a user who gained as much as was lost', () => {
    const swapped = planOf(state('u', grants(['new']), live(grants(['old']))))
    const [user] = swapped.users as readonly [UserPlan]
    expect(undoOf(swapped, { outcomes: [done(user)], restores: [] }).users).toEqual([
      { user: 'u', grant: [operation('old')], revoke: [operation('new')], before: named('new') },
    ])
  })

  it('drops expiry and reason, which only apply to the manifest’s request', () => {
    const granted = [{ ...operation('new'), expires: '2026-12-31', reason: 'FIN-118' }]
    const undo = undoOf(plan, { outcomes: [{ ...done(second), granted }], restores: [] })
    expect(undo.users[0]?.revoke).toStrictEqual([operation('new')])
  })

  it.each([
    ['a user failed', [done(first), { ...done(second), status: 'failed' as const }]],
    ['all users failed', [first, second].map(user => ({ ...done(user), status: 'failed' as const }))],
    ['a user was not attempted', [done(first), untouched(second)]],
    ['not every user has an outcome', [done(first)]],
  ])('has no holders if %s, because the others’ grants are unknown', (_, outcomes) => {
    expect(undoOf(plan, { outcomes, restores: [] }).holders).toEqual([])
  })
})

describe('a plan with permissions that no longer exist', () => {
  const exists = (access: Access) => nameOf(access) !== 'kept' && nameOf(access) !== 'new'
  const obsolete = (step: 'grant' | 'revoke', user: string, permission: string) => ({
    step,
    user,
    api: ORDERS,
    permission,
  })

  it('revokes the rest, and lists what it skips', () => {
    const other = planOf(
      state('u', grants(['other']), live(grants(['old', 'kept']))),
      state('v', [], live(grants(['kept']))),
    )
    const without = withoutObsolete(other, exists)
    expect(without.obsolete).toEqual([obsolete('revoke', 'u', 'kept'), obsolete('revoke', 'v', 'kept')])
    expect(without.plan).toStrictEqual({
      ...other,
      users: [
        {
          user: 'u',
          grant: [operation('other')],
          revoke: [{ ...operation('old'), why: 'not listed' }],
          before: named('kept', 'old'),
        },
      ],
      holders: [
        { api: ORDERS, permission: 'old', before: 1, after: 0 },
        { api: ORDERS, permission: 'other', before: 0, after: 1 },
      ],
    })
  })

  it('is the same plan if everything exists', () => {
    expect(withoutObsolete(plan, () => true)).toStrictEqual({ plan, obsolete: [] })
  })

  it('keeps their grants, which are refused, except in an undo plan', () => {
    expect(withoutObsolete(plan, exists).plan.users.flatMap(({ grant }) => grant)).toHaveLength(2)
    const undo = undoOf(plan, { outcomes: [done(first), done(second)], restores: RESTORES })
    const without = withoutObsolete(undo, exists)
    expect(without.plan.users).toEqual([{ user: 'u', grant: [operation('old')], revoke: [], before: named('new') }])
    expect(without.plan.restores).toEqual(RESTORES)
    expect(without.obsolete).toEqual([
      obsolete('grant', 'u', 'kept'),
      obsolete('revoke', 'u', 'new'),
      obsolete('revoke', 'v', 'new'),
    ])
  })
})

const now = (...held: readonly string[]) => ({ live: new Set(grants(held)), exists: () => true })

describe('a saved plan for a user with a permission that no longer exists', () => {
  const exists = (access: Access) => nameOf(access) !== 'gone'
  const saved: UserPlan = {
    user: 'u',
    grant: [operation('new')],
    revoke: [operation('old')],
    before: named('gone', 'old'),
  }
  it.each<readonly [string, readonly string[], Partial<UserPlan> | undefined | 'moved']>([
    ['is unchanged if the user still has it', ['gone', 'old'], { before: named('gone', 'old') }],
    ['is unchanged if the user no longer has it', ['old'], { before: named('old') }],
    ['may be partially done', ['new', 'old'], { grant: [], before: named('new', 'old') }],
    ['may be done', ['gone', 'new'], undefined],
    ['is outdated if anything else has changed', ['gone', 'old', 'other'], 'moved'],
  ])('%s', (_, held, remaining) => {
    const resumption = resume(saved, { ...now(...held), exists })
    expect(resumption).toEqual(
      remaining === 'moved' ? { kind: 'moved' } : { kind: 'ready', remaining: remaining && { ...saved, ...remaining } },
    )
  })
})

describe('a saved plan for a user without a known before-state', () => {
  const saved: UserPlan = { user: 'u', grant: [operation('new')], revoke: [] }
  it('is unchanged if the user has no grants', () => {
    expect(resume(saved, now())).toEqual({ kind: 'ready', remaining: { ...saved, before: [] } })
  })
  it('is done if the user has what it grants', () => {
    expect(resume(saved, now('new'))).toEqual({ kind: 'ready', remaining: undefined })
  })
  it('is outdated if the user has anything else', () => {
    expect(resume(saved, now('other'))).toEqual({ kind: 'moved' })
  })
})

describe('a saved plan with permissions and roles', () => {
  const saved: UserPlan = {
    user: 'u',
    grant: [{ role: 'rol_new', name: 'New', roles: [] }, operation('new')],
    revoke: [{ role: 'rol_old', name: 'Old', roles: [] }, operation('old')],
    before: [{ role: 'rol_old', name: 'Old' }, ...named('old')],
  }
  const [permissionsIn, rolesIn, permissionsOut, rolesOut] = [
    [operation('new')],
    saved.grant.slice(0, 1),
    [operation('old')],
    saved.revoke.slice(0, 1),
  ]

  it.each<readonly [string, readonly Grant[], Pick<UserPlan, 'grant' | 'revoke'>]>([
    ['nothing', [...grants(['old']), ...roles('Old')], saved],
    [
      'the permissions were granted',
      [...grants(['old', 'new']), ...roles('Old')],
      { grant: rolesIn, revoke: saved.revoke },
    ],
    ['all grants were done', [...grants(['old', 'new']), ...roles('Old', 'New')], { grant: [], revoke: saved.revoke }],
    ['only the role was removed', grants(['old']), { grant: saved.grant, revoke: permissionsOut }],
    [
      'all but the permissions were revoked',
      [...grants(['old', 'new']), ...roles('New')],
      { grant: [], revoke: permissionsOut },
    ],
    ['all but the role was revoked', [...grants(['new']), ...roles('Old', 'New')], { grant: [], revoke: rolesOut }],
    [
      'the role replaced the role',
      [...grants(['old']), ...roles('New')],
      { grant: permissionsIn, revoke: permissionsOut },
    ],
  ])('continues where an earlier apply of it stopped: %s', (_, held, remaining) => {
    const resumption = resume(saved, { live: new Set(held), exists: () => true })
    expect(resumption).toMatchObject({ kind: 'ready', remaining })
  })

  it('is done if all its operations are', () => {
    const held = new Set([...grants(['new']), ...roles('New')])
    expect(resume(saved, { live: held, exists: () => true })).toEqual({ kind: 'ready', remaining: undefined })
  })

  it('is outdated if the user has another role', () => {
    const held = new Set([...grants(['old']), ...roles('Old', 'Owner')])
    expect(resume(saved, { live: held, exists: () => true })).toEqual({ kind: 'moved' })
  })

  it('has the names of its roles in the tenant, whatever its file says', () => {
    const harmless = { role: 'rol_new', name: 'Viewer' }
    const forged: Plan = {
      ...planOf(),
      users: [{ user: 'u', grant: [{ ...harmless, roles: [] }], revoke: [], before: [harmless] }],
      found: [{ user: 'u', ...harmless }],
      heldBack: [{ user: 'u', ...harmless, entry: 'e' }],
      holders: [{ ...harmless, before: 0, after: 1 }],
    }
    const named = JSON.stringify(nameRoles(forged, new Map([['rol_new', 'Administrator']])))
    expect(named).not.toContain('Viewer')
    expect(named.match(/"Administrator"/g)).toHaveLength(5)
    // A role that the tenant does not have is named by its id.
    const [unnamed] = nameRoles(forged, new Map()).users
    expect(unnamed).toStrictEqual({
      user: 'u',
      grant: [{ role: 'rol_new', roles: [] }],
      revoke: [],
      before: [{ role: 'rol_new' }],
    })
  })

  it('concerns the roles in its operations and before-states', () => {
    expect([...rolesOf({ users: [saved] })].sort()).toEqual(['rol_new', 'rol_old'])
    const unread: UserPlan = { user: 'u', grant: [], revoke: [{ role: 'rol_old', roles: [] }] }
    expect([...rolesOf({ users: [unread] })]).toEqual(['rol_old'])
  })
})
