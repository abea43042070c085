import { describe, expect, it } from 'vitest'
import { diff } from '../../src/plan/diff.ts'
import {
  checkApproval,
  checkEvent,
  checkLimit,
  checkPlanNames,
  checkRevocations,
  checkScopes,
  NEEDED_SCOPES,
  warnOfApis,
  warnOfRef,
} from '../../src/plan/guard.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { BILLING, grants, live, ORDERS, SOURCE, state } from './fixtures.ts'

const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `p${index + from}`)

function planOf(desired: readonly string[], held: readonly string[], revoke: 'never' | 'all' = 'never') {
  const users = [state('auth0|1', grants(desired), live(grants(held)))]
  return diff({ tenant: 'acme.eu.auth0.com', source: SOURCE, users, revoke, apis: new Set([ORDERS]) })
}

describe('an unmerged manifest is never applied', () => {
  it.each([
    ['pull_request', 'refs/pull/7/merge'],
    // What GITHUB_REF is for a pull request that is merged already.
    ['pull_request', 'refs/heads/main'],
    ['pull_request_target', 'refs/heads/main'],
    ['pull_request_review', 'refs/pull/7/merge'],
    ['workflow_dispatch', 'refs/pull/7/head'],
  ])('%s on %s is refused', (name, ref) => {
    const [refusal] = checkEvent({ name, ref, defaultBranch: 'main' })
    expect(refusal).toContain(name)
    expect(refusal).toContain('mode: plan')
  })

  it.each(['push', 'workflow_dispatch', 'schedule', 'workflow_run', ''])('%s is let through', name => {
    expect(checkEvent({ name, ref: 'refs/heads/main', defaultBranch: 'main' })).toEqual([])
  })
})

describe('a ref that is not the default branch', () => {
  it('gets a warning that names both', () => {
    const [warning] = warnOfRef({ name: 'push', ref: 'refs/heads/topic', defaultBranch: 'main' })
    expect(warning).toContain('refs/heads/topic')
    expect(warning).toContain('main')
  })
  it.each([
    ['the default branch', 'refs/heads/main', 'main'],
    ['an unknown default branch', 'refs/heads/topic', undefined],
    ['no ref at all', '', 'main'],
  ])('is not seen in %s', (_, ref, defaultBranch) => {
    expect(warnOfRef({ name: 'push', ref, defaultBranch })).toEqual([])
  })
})

describe('the scopes of the token', () => {
  it('that are missing are named, all in one refusal', () => {
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
  ])('are asked for in a sentence: %j', (needed, refusal) => {
    expect(checkScopes(new Set(['openid']), needed)).toEqual([refusal])
  })
  it('that are needed follow from what a mode does', () => {
    expect(NEEDED_SCOPES).toEqual({
      plan: ['read:users', 'read:resource_servers'],
      apply: ['read:users', 'read:resource_servers', 'update:users'],
      assign: ['update:users'],
      export: ['read:users'],
    })
  })
  it('are enough where all are there, or where the token does not tell', () => {
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
  it('says who is concerned, and the way out', () => {
    expect(checkLimit(planOf(names(1001), []))).toEqual([
      'auth0|1 would have 1001 direct permissions; Auth0 allows 1000. Give some of them through a role.',
    ])
  })
  it('stops nobody who holds more than that from losing some', () => {
    const plan = planOf([], names(1002), 'all')
    const users = plan.users.map(user => ({ ...user, revoke: user.revoke.slice(0, 1) }))
    expect(checkLimit({ ...plan, users })).toEqual([])
  })
  it('counts what is granted alone where nobody was read', () => {
    const assign = (count: number): Plan => {
      const users = [state('auth0|1', grants(names(count)), undefined)]
      return diff({ tenant: 'acme.eu.auth0.com', source: SOURCE, users, revoke: 'never', apis: new Set([ORDERS]) })
    }
    expect(checkLimit(assign(1000))).toEqual([])
    expect(checkLimit(assign(1001))).toEqual([expect.stringContaining('auth0|1 would have 1001')])
  })
  it('counts what is revoked at the same time', () => {
    expect(checkLimit(planOf(names(1000, 500), names(1000), 'all'))).toEqual([])
  })
})

describe('max-revocations', () => {
  it('refuses one more, and names both numbers', () => {
    const [refusal] = checkRevocations(planOf([], names(3), 'all'), 2)
    expect(refusal).toContain('revokes 3')
    expect(refusal).toContain('max-revocations')
    expect(refusal).toContain('2')
  })
  it('allows as many', () => {
    expect(checkRevocations(planOf([], names(3), 'all'), 3)).toEqual([])
  })
})

describe('an approved plan', () => {
  const plan = planOf(['a'], [])
  it('is let through with the digest that was approved, or where nobody asked for approval', () => {
    expect(checkApproval(plan, 'sha256:1', 'sha256:1')).toEqual([])
    expect(checkApproval(plan, 'sha256:1', undefined)).toEqual([])
  })
  it('is refused with another digest, and both are shown', () => {
    expect(checkApproval(plan, 'sha256:1', 'sha256:2')).toEqual([
      'The plan is not the one that was approved: its digest is sha256:1, and approved-plan is sha256:2. Either the manifest or the tenant has changed since; look at this plan, and approve it if it is right.',
    ])
  })
  it('may always be empty', () => {
    expect(checkApproval(planOf([], []), 'sha256:1', 'sha256:2')).toEqual([])
  })
})

describe('the names in a saved plan', () => {
  const apis = new Map([
    [ORDERS, { permissions: new Set(['read', 'write']) }],
    [BILLING, { permissions: new Set(['pay']) }],
  ])
  it('are let through where the tenant has all of them', () => {
    expect(
      checkPlanNames(
        [
          { api: ORDERS, permission: 'read' },
          { api: BILLING, permission: 'pay' },
        ],
        apis,
      ),
    ).toEqual([])
    expect(checkPlanNames([], apis)).toEqual([])
  })
  it('are refused each where it is unknown, once for all users', () => {
    const granted = [
      { api: ORDERS, permission: 'pay' },
      { api: 'https://gone/', permission: 'read' },
      { api: ORDERS, permission: 'read' },
      { api: ORDERS, permission: 'pay' },
      { api: 'https://gone/', permission: 'write' },
    ]
    expect(checkPlanNames(granted, apis)).toEqual([
      'The API https://orders.acme.com/ has no permission pay, which the plan names.',
      'The tenant has no API https://gone/, which the plan names.',
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
  it('are named in the order of their identifiers, with RBAC before anything else', () => {
    const off = { rbac: false, permissionsInToken: false }
    expect(
      warnOfApis([
        { ...off, identifier: ORDERS },
        { ...off, identifier: BILLING },
      ]),
    ).toEqual([
      'RBAC is off for https://billing.acme.com/: Auth0 does not look at its permissions, so users notice no difference until "Enable RBAC" is on in the API\'s settings.',
      'RBAC is off for https://orders.acme.com/: Auth0 does not look at its permissions, so users notice no difference until "Enable RBAC" is on in the API\'s settings.',
    ])
  })
  it('are not those with both settings on', () => {
    expect(warnOfApis([api])).toEqual([])
  })
})
