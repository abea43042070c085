import { describe, expect, it } from 'vitest'
import type { Access, Grant } from '../../src/access/grants.ts'
import { diff } from '../../src/plan/diff.ts'
import {
  checkApproval,
  checkEvent,
  checkLimit as checkLimitWith,
  checkNever,
  checkPlanNames,
  checkPlanRoles,
  checkRevocations,
  checkSavedPlan,
  checkScopes,
  describeObsolete,
  NEEDED_SCOPES,
  neededScopes,
  warnOfApis,
  warnOfHeldBack,
} from '../../src/plan/guard.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { RevocationLimit } from '../../src/runner/inputs.ts'
import { BILLING, grants, live, ORDERS, roleNames, roles, SOURCE, state } from './fixtures.ts'

const NAMED = { apis: new Set([ORDERS]), roles: new Set<string>() }

/** Counts for users without roles outside of the plan. */
const checkLimit = (plan: Plan) => checkLimitWith(plan, new Map())

const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `p${index + from}`)

function planOf(desired: readonly string[], held: readonly string[], revoke: 'never' | 'all' = 'never') {
  const users = [state('auth0|1', grants(desired), live(grants(held)))]
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke,
    named: NAMED,
    roleNames: new Map(),
    holdBack: holdBackFor([]),
  })
}

/** A plan that grants these to a user. */
function granting(...accesses: readonly Access[]): Plan {
  const grant = accesses.map(access => ({ ...access, roles: [] }))
  return { ...planOf([], []), users: [{ user: 'auth0|1', grant, revoke: [] }] }
}

describe('an unmerged manifest is never applied', () => {
  it.each([
    ['pull_request', 'refs/pull/7/merge'],
    // The value of GITHUB_REF for a merged pull request.
    ['pull_request', 'refs/heads/main'],
    ['pull_request_target', 'refs/heads/main'],
    ['pull_request_review', 'refs/pull/7/merge'],
    ['workflow_dispatch', 'refs/pull/7/head'],
    ['merge_group', 'refs/heads/gh-readonly-queue/main/pr-7-0a1b2c'],
    ['merge_group', 'refs/heads/main'],
    ['push', 'refs/heads/gh-readonly-queue/main/pr-7-0a1b2c'],
  ])('%s on %s is refused', (name, ref) => {
    const [refusal] = checkEvent({ name, ref, refProtected: true, defaultBranch: 'main' })
    expect(refusal).toContain(name)
    expect(refusal).toContain('mode: plan')
    expect(refusal).toContain('on: push')
  })

  it.each([
    ...['push', 'workflow_dispatch', 'schedule', 'workflow_run', ''].map(name => [name, 'refs/heads/main']),
    ['push', 'refs/heads/refs/pull/7/head'],
  ])('%s on %s is allowed', (name, ref) => {
    expect(checkEvent({ name, ref, refProtected: true, defaultBranch: 'main' })).toEqual([])
  })
})

describe('the scopes of the token', () => {
  it('that are missing are all named in one refusal', () => {
    const [refusal, ...others] = checkScopes(new Set(['read:users']), ['read:users', 'update:users', 'read:x'])
    expect(refusal).toContain('scopes update:users, read:x')
    expect(refusal).not.toContain('read:users,')
    expect(others).toEqual([])
  })
  it.each([
    [
      ['read:users'],
      'The token lacks the scope read:users. In Auth0, authorize the application for it under Applications → APIs → Auth0 Management API.',
    ],
    [
      ['read:users', 'update:users'],
      'The token lacks the scopes read:users, update:users. In Auth0, authorize the application for them under Applications → APIs → Auth0 Management API.',
    ],
  ])('are named in one sentence: %j', (needed, refusal) => {
    expect(checkScopes(new Set(['openid']), needed)).toEqual([refusal])
  })
  it('that are needed depend on the mode', () => {
    expect(NEEDED_SCOPES).toEqual({
      plan: ['read:users', 'read:resource_servers'],
      apply: ['read:users', 'read:resource_servers', 'update:users'],
      assign: ['update:users'],
      export: ['read:users'],
    })
  })
  it('are sufficient if all are present, or if the token does not list them', () => {
    expect(checkScopes(new Set(['read:users']), ['read:users'])).toEqual([])
    expect(checkScopes(undefined, ['read:users'])).toEqual([])
  })
})

describe("Auth0's limit of 1,000 direct permissions", () => {
  it('refuses the 1,001st', () => {
    expect(checkLimit(planOf(names(1001), names(1000)))).toEqual([expect.stringContaining('auth0|1 would have 1001')])
  })
  it('allows the 1,000th', () => {
    expect(checkLimit(planOf(names(1000), names(999)))).toEqual([])
  })
  it('is reported with the user and a solution', () => {
    expect(checkLimit(planOf(names(1001), []))).toEqual([
      'auth0|1 would have 1001 direct permissions; Auth0 allows 1000. Give some of them through a role.',
    ])
  })
  it('does not prevent a user above it from losing some', () => {
    const plan = planOf([], names(1002), 'all')
    const users = plan.users.map(user => ({ ...user, revoke: user.revoke.slice(0, 1) }))
    expect(checkLimit({ ...plan, users })).toEqual([])
  })
  it('only counts new grants if no user was read', () => {
    const assign = (count: number): Plan => {
      const users = [state('auth0|1', grants(names(count)), undefined)]
      return diff({
        tenant: 'acme.eu.auth0.com',
        source: SOURCE,
        users,
        revoke: 'never',
        named: NAMED,
        roleNames: new Map(),
        holdBack: holdBackFor([]),
      })
    }
    expect(checkLimit(assign(1000))).toEqual([])
    expect(checkLimit(assign(1001))).toEqual([expect.stringContaining('auth0|1 would have 1001')])
  })
  it('takes revocations in the same plan into account', () => {
    expect(checkLimit(planOf(names(1000, 500), names(1000), 'all'))).toEqual([])
  })
})

describe('max-revocations', () => {
  const cases: readonly (readonly [string, RevocationLimit, number, number])[] = [
    ['a count', { count: 3, percent: undefined }, 1000, 3],
    ['a count of zero', { count: 0, percent: undefined }, 1000, 0],
    ['a percentage', { count: undefined, percent: 10 }, 50, 5],
    ['a percentage, rounded down', { count: undefined, percent: 10 }, 59, 5],
    ['a percentage that floating point would round down', { count: undefined, percent: 29 }, 100, 29],
    ['a percentage of few grants, at least 1', { count: undefined, percent: 10 }, 9, 1],
    ['a percentage of no grants, at least 1', { count: undefined, percent: 10 }, 0, 1],
    ['all live grants', { count: undefined, percent: 100 }, 7, 7],
    ['a count that is larger than the percentage', { count: 4, percent: 10 }, 39, 4],
    ['a percentage that is larger than the count', { count: 4, percent: 10 }, 50, 5],
    ['a count of zero with a percentage', { count: 0, percent: 1 }, 10, 1],
  ]
  it.each(cases)('allows as many as in %s, and refuses one more', (_, limit, live, most) => {
    expect(checkRevocations(planOf([], names(most), 'all'), { limit, live })).toEqual([])
    expect(checkRevocations(planOf([], names(most + 1), 'all'), { limit, live })).toEqual([
      expect.stringContaining(
        `The number of revocations (${most + 1}) exceeds the ${most} that max-revocations allows`,
      ),
    ])
  })

  it.each<readonly [RevocationLimit, string]>([
    [
      { count: 2, percent: undefined },
      'The number of revocations (9) exceeds the 2 that max-revocations allows. If intended, raise max-revocations to 9 for this run.',
    ],
    [
      { count: undefined, percent: 10 },
      'The number of revocations (9) exceeds the 5 that max-revocations allows (10% of 55 live grants). If intended, raise max-revocations to 9 for this run.',
    ],
    [
      { count: 2, percent: 10 },
      'The number of revocations (9) exceeds the 5 that max-revocations allows (the larger of 2 and 10% of 55 live grants). If intended, raise max-revocations to 9 for this run.',
    ],
  ])('says how the limit was computed: %j', (limit, refusal) => {
    expect(checkRevocations(planOf([], names(9), 'all'), { limit, live: 55 })).toEqual([refusal])
  })
})

describe('an approved plan', () => {
  const plan = planOf(['a'], [])
  it('is allowed with the approved digest, or if no approval is required', () => {
    expect(checkApproval(plan, { digest: 'sha256:1', approved: 'sha256:1' })).toEqual([])
    expect(checkApproval(plan, { digest: 'sha256:1', approved: undefined })).toEqual([])
  })
  it('is refused with another digest, and both are shown', () => {
    expect(checkApproval(plan, { digest: 'sha256:1', approved: 'sha256:2' })).toEqual([
      'The plan is not the one that was approved: its digest is sha256:1, but approved-plan is sha256:2. The manifest or the tenant has changed since; review this plan, and approve it if it is correct.',
    ])
  })
  it('may be empty, whatever the digest', () => {
    expect(checkApproval(planOf([], []), { digest: 'sha256:1', approved: 'sha256:2' })).toEqual([])
  })
})

describe('revoke: never', () => {
  it.each([
    ['only grants', planOf(['a'], []), 'never'],
    ['an empty plan', planOf([], []), 'never'],
    ['revocations with revoke: managed', planOf([], ['a'], 'all'), 'managed'],
    ['revocations with revoke: all', planOf([], ['a'], 'all'), 'all'],
  ] as const)('allows %s', (_, plan, revoke) => {
    expect(checkNever(plan, revoke)).toEqual([])
  })
  it('refuses a saved plan with revocations in one sentence', () => {
    expect(checkNever(planOf(['z'], ['a', 'b'], 'all'), 'never')).toEqual([
      'The plan in plan-file contains revocations (2), but the input revoke is set to never. Set it to the value that was used to compute the plan.',
    ])
  })
})

describe('a saved plan that nobody approved', () => {
  const saved = planOf(['new'], ['old'], 'all')
  const undo: Plan = { ...saved, restores: [] }
  const nobody: Plan = { ...saved, users: [] }
  const asked = (desired: readonly string[], managed: readonly string[], listed = true) =>
    new Map([
      ['auth0|1', { ...state('auth0|1', grants(desired), undefined), managed: new Set(grants(managed)), listed }],
    ])
  const granted = 'grants new on https://orders.acme.com/ to auth0|1, which the manifest does not grant'
  const revokedDesired = 'revokes old on https://orders.acme.com/ from auth0|1, which the manifest grants'
  const revokedUnmanaged = 'revokes old on https://orders.acme.com/ from auth0|1, which is not managed'
  const revokedUnlisted = 'revokes old on https://orders.acme.com/ from auth0|1, who is not in the manifest'

  it('may not revoke what an unidentified entry may request', () => {
    const holdBack = holdBackFor([
      { entry: 'grace@acme.com', desired: new Set(grants(['old'])), candidates: undefined },
    ])
    const options = {
      states: asked(['new'], ['old']),
      revoke: 'managed',
      named: NAMED,
      holdBack,
    } as const
    expect(checkSavedPlan(saved, options)).toEqual([
      expect.stringContaining('from auth0|1, which the entry grace@acme.com may grant'),
    ])
  })

  it('may revoke what is managed on an API that the manifest no longer names', () => {
    const named = { apis: new Set([BILLING]), roles: new Set<string>() }
    const options = { states: asked(['new'], ['old']), revoke: 'managed', named, holdBack: holdBackFor([]) } as const
    expect(checkSavedPlan(saved, options)).toEqual([])
  })

  it('may not revoke on an API that the manifest does not name with revoke: all', () => {
    const named = { apis: new Set([BILLING]), roles: new Set<string>() }
    const options = { states: asked(['new'], []), revoke: 'all', named, holdBack: holdBackFor([]) } as const
    expect(checkSavedPlan(saved, options)).toEqual([
      expect.stringContaining(
        'revokes old on https://orders.acme.com/ from auth0|1, and the manifest does not name that API',
      ),
    ])
  })

  it.each<readonly [string, Plan, ReturnType<typeof asked>, 'never' | 'managed' | 'all', readonly string[]]>([
    ['may do what the manifest requests', saved, asked(['new'], ['old']), 'managed', []],
    ['may revoke what is not managed with revoke: all', saved, asked(['new'], []), 'all', []],
    ['may be empty', nobody, asked([], []), 'managed', []],
    ['may not grant what is not desired', saved, asked([], ['old']), 'managed', [granted]],
    ['may not revoke what is desired', saved, asked(['new', 'old'], ['old']), 'managed', [revokedDesired]],
    ['may not revoke what is desired with revoke: all', saved, asked(['new', 'old'], []), 'all', [revokedDesired]],
    ['may not revoke what is not managed', saved, asked(['new'], []), 'managed', [revokedUnmanaged]],
    ['may not touch an unknown user', saved, new Map(), 'managed', [granted, revokedUnmanaged]],
    ['may revoke managed grants from a removed user', saved, asked(['new'], ['old'], false), 'managed', []],
    [
      'may not revoke from a removed user with revoke: all',
      saved,
      asked(['new'], ['old'], false),
      'all',
      [revokedUnlisted],
    ],
    ['may not revoke from an unknown user with revoke: all', saved, new Map(), 'all', [granted, revokedUnlisted]],
    ['may not be an undo plan', undo, asked(['new'], ['old']), 'managed', ['is an undo plan']],
    [
      'is refused with each reason',
      undo,
      asked(['old'], ['old']),
      'managed',
      ['is an undo plan', granted, revokedDesired],
    ],
  ])('%s', (_, plan, states, revoke, reasons) => {
    expect(checkSavedPlan(plan, { states, revoke, named: NAMED, holdBack: holdBackFor([]) })).toEqual(
      reasons.map(
        reason =>
          `The plan in plan-file ${reason}. Make a new plan; or review this one and set approved-plan to its digest.`,
      ),
    )
  })
})

describe('revocations that are held back', () => {
  const plan = planOf([], [])
  const heldBack = (...entries: readonly string[]): Plan => ({
    ...plan,
    heldBack: entries.map(entry => ({ user: 'auth0|1', api: ORDERS, permission: 'a', entry })),
  })
  it.each([
    ['one, with its entry', ['a@x.io'], '1 revocation is held back, because a@x.io cannot'],
    ['several for one entry', ['a@x.io', 'a@x.io'], '2 revocations are held back, because a@x.io cannot'],
    ['three entries', ['a', 'b', 'c'], '3 revocations are held back, because a, b, c cannot'],
    ['more than three entries', ['a', 'b', 'c', 'd', 'e'], 'because a, b, c and 2 more cannot'],
  ])('are reported: %s', (_, entries, text) => {
    expect(warnOfHeldBack(heldBack(...entries))).toEqual([expect.stringContaining(text)])
  })
  it('are reported with what to do', () => {
    expect(warnOfHeldBack(heldBack('a@x.io'))).toEqual([
      '1 revocation is held back, because a@x.io cannot be identified and may still list the same grants. Correct the manifest; a later run revokes the rest.',
    ])
  })
  it('are not reported if there are none', () => {
    expect(warnOfHeldBack(plan)).toEqual([])
  })
})

describe('permissions that no longer exist', () => {
  const obsolete = (step: 'grant' | 'revoke', permission: string, ...users: readonly string[]) =>
    users.map(user => ({ step, user, api: ORDERS, permission }))
  const left = (permission: string, who: string) =>
    `${permission} on https://orders.acme.com/ no longer exists in the tenant, so it is not revoked from ${who}. If it is added to the API again, the next run revokes it.`

  it('are reported once each, with the users who still have them', () => {
    const all = [...obsolete('revoke', 'a', 'u'), ...obsolete('revoke', 'b', 'u', 'v', 'w', 'x')]
    expect(describeObsolete(all, 'revoke')).toEqual([left('a', 'u'), left('b', 'u, v, w and 1 more')])
    expect(describeObsolete(all, 'grant')).toEqual([])
  })
  it('are reported if an undo plan cannot grant them again', () => {
    expect(describeObsolete([...obsolete('grant', 'a', 'u', 'v'), ...obsolete('revoke', 'b', 'u')], 'grant')).toEqual([
      'a on https://orders.acme.com/ no longer exists in the tenant, so it is not granted again to u, v. If it is needed, add it to the API and list it in the manifest.',
    ])
  })
})

describe('the names in a saved plan', () => {
  const apis = new Map([
    [ORDERS, { permissions: new Set(['read', 'write']) }],
    [BILLING, { permissions: new Set(['pay']) }],
  ])
  it('are accepted if the tenant has all of them', () => {
    const known = granting({ api: ORDERS, permission: 'read' }, { api: BILLING, permission: 'pay' }, { role: 'rol_x' })
    expect(checkPlanNames(known, apis)).toEqual([])
    expect(checkPlanNames(granting(), apis)).toEqual([])
  })
  it('are refused if unknown, each once for all users', () => {
    const saved = granting(
      { api: ORDERS, permission: 'pay' },
      { api: 'https://gone/', permission: 'read' },
      { api: ORDERS, permission: 'read' },
      { api: ORDERS, permission: 'pay' },
      { api: 'https://gone/', permission: 'write' },
    )
    expect(checkPlanNames({ ...saved, restores: [] }, apis)).toEqual([])
    expect(checkPlanNames(saved, apis)).toEqual([
      'The API https://orders.acme.com/ has no permission pay, which the plan in plan-file grants. Make a new plan.',
      'The tenant has no API https://gone/, which the plan in plan-file names. Make a new plan.',
    ])
  })
})

describe('APIs on which permissions have no effect', () => {
  const api = { identifier: ORDERS, rbac: true, permissionsInToken: true }
  it('are named, with the setting to change', () => {
    expect(warnOfApis([{ ...api, rbac: false }])).toEqual([expect.stringMatching(/RBAC is off for https.*Enable RBAC/)])
    expect(warnOfApis([{ ...api, permissionsInToken: false }])).toEqual([
      expect.stringContaining('Add Permissions in the Access Token'),
    ])
  })
  it('are named in the order of their identifiers, first those without RBAC', () => {
    const off = { rbac: false, permissionsInToken: false }
    expect(
      warnOfApis([
        { ...off, identifier: ORDERS },
        { ...off, identifier: BILLING },
      ]),
    ).toEqual([
      'RBAC is off for https://billing.acme.com/: Auth0 ignores its permissions, so changes have no effect until you turn on "Enable RBAC" in the API\'s settings.',
      'RBAC is off for https://orders.acme.com/: Auth0 ignores its permissions, so changes have no effect until you turn on "Enable RBAC" in the API\'s settings.',
    ])
  })
  it('do not include those with both settings on', () => {
    expect(warnOfApis([api])).toEqual([])
  })
})

describe('the scopes that a run needs for roles', () => {
  it.each([
    ['none if no role is named', 'apply', undefined, []],
    ['to read them', 'plan', { assigns: true, removes: true }, ['read:roles', 'read:role_members']],
    [
      'to assign and to remove them',
      'apply',
      { assigns: true, removes: true },
      ['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
    ],
    [
      'to assign them',
      'apply',
      { assigns: true, removes: false },
      ['read:roles', 'read:role_members', 'create:role_members'],
    ],
    [
      'to remove them',
      'apply',
      { assigns: false, removes: true },
      ['read:roles', 'read:role_members', 'delete:role_members'],
    ],
    [
      'to assign them without reading assignments',
      'assign',
      { assigns: true, removes: false },
      ['read:roles', 'create:role_members'],
    ],
    ['to export them', 'export', { assigns: false, removes: false }, ['read:roles', 'read:role_members']],
  ] as const)('%s', (_, mode, roles, more) => {
    expect(neededScopes(mode, roles)).toEqual([...NEEDED_SCOPES[mode], ...more])
  })
})

describe('roles', () => {
  const clerk = { role: 'rol_clerk', name: 'Clerk' }
  const plan = (desired: readonly Grant[], held: readonly Grant[]): Plan =>
    diff({
      tenant: 'acme.eu.auth0.com',
      source: SOURCE,
      users: [state('auth0|1', desired, live(held))],
      revoke: 'all',
      named: { apis: new Set(), roles: new Set(['rol_clerk']) },
      roleNames: roleNames('Clerk'),
      holdBack: holdBackFor([]),
    })
  const many = (count: number) => roles(...names(count))

  it('are at most 50 for a user, whatever permissions the user has', () => {
    const permissions = grants(names(900))
    expect(checkLimit(plan([...many(50), ...permissions], many(49)))).toEqual([])
    expect(checkLimitWith(planOf(names(1000), names(999)), new Map([['auth0|1', 1]]))).toEqual([])
    expect(checkLimit(plan([...many(51), ...permissions], many(49)))).toEqual([
      'auth0|1 would have 51 roles; Auth0 allows 50. Combine some of them into one role.',
    ])
  })

  it('outside of the plan count too, if they are known', () => {
    const crowded = plan(roles('Clerk'), [])
    expect(checkLimitWith(crowded, new Map([['auth0|1', 49]]))).toEqual([])
    expect(checkLimitWith(crowded, new Map([['auth0|1', 50]]))).toEqual([
      expect.stringContaining('would have 51 roles'),
    ])
    expect(checkLimitWith(crowded, new Map([['auth0|2', 50]]))).toEqual([])
  })

  it('of a saved plan can be assigned if the manifest requests them', () => {
    const saved = plan(roles('Clerk'), [])
    const states = (desired: readonly Grant[]) => new Map([['auth0|1', state('auth0|1', desired, undefined)]])
    const options = { revoke: 'managed', named: NAMED, holdBack: holdBackFor([]) } as const
    expect(checkSavedPlan(saved, { ...options, states: states(roles('Clerk')) })).toEqual([])
    expect(checkSavedPlan(saved, { ...options, states: states([]) })).toEqual([
      expect.stringContaining('grants the role Clerk to auth0|1, which the manifest does not grant'),
    ])
  })

  it('of a saved plan are removed with revoke: all if the manifest names them', () => {
    const saved = plan([], roles('Clerk'))
    const states = new Map([['auth0|1', state('auth0|1', [], undefined)]])
    const options = { states, revoke: 'all', holdBack: holdBackFor([]) } as const
    const named = { apis: new Set<string>(), roles: new Set(['rol_clerk']) }
    expect(checkSavedPlan(saved, { ...options, named })).toEqual([])
    expect(checkSavedPlan(saved, { ...options, named: NAMED })).toEqual([
      expect.stringContaining('revokes the role Clerk from auth0|1, and the manifest does not name that role'),
    ])
  })

  it('that a saved plan assigns must exist', () => {
    expect(checkPlanRoles(granting(clerk), roleNames('Clerk'))).toEqual([])
    const saved = granting(clerk, clerk, { role: 'rol_x' }, { api: ORDERS, permission: 'read' })
    expect(checkPlanRoles({ ...saved, restores: [] }, new Map())).toEqual([])
    expect(checkPlanRoles(saved, new Map())).toEqual([
      'The tenant has no role Clerk (rol_clerk), which the plan in plan-file assigns. Make a new plan.',
      'The tenant has no role rol_x, which the plan in plan-file assigns. Make a new plan.',
    ])
  })

  it('that were deleted are reported, with the users who would gain or lose them', () => {
    const users = (step: 'grant' | 'revoke') => ['u', 'v'].map(user => ({ step, user, ...clerk }))
    expect(describeObsolete(users('revoke'), 'revoke')).toEqual([
      'The role Clerk no longer exists in the tenant, so it is not removed from u, v.',
    ])
    expect(describeObsolete(users('grant'), 'grant')).toEqual([
      'The role Clerk no longer exists in the tenant, so it is not assigned again to u, v.',
    ])
  })
})
