import { describe, expect, it } from 'vitest'
import { diff } from '../../src/plan/diff.ts'
import { checkEvent, checkLimit, checkRevocations, checkScopes, warnOfApis, warnOfRef } from '../../src/plan/guard.ts'
import { grants, live, ORDERS, SOURCE, state } from './fixtures.ts'

const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `p${index + from}`)

function planOf(desired: readonly string[], held: readonly string[], revoke: 'never' | 'all' = 'never') {
  const users = [state('auth0|1', grants(desired), live(grants(held)))]
  return diff({ tenant: 'acme.eu.auth0.com', source: SOURCE, users, revoke, apis: new Set([ORDERS]) })
}

describe('an unmerged manifest is never applied', () => {
  it.each([
    ['pull_request', 'refs/pull/7/merge'],
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

describe('APIs on which permissions have no effect', () => {
  const api = { identifier: ORDERS, rbac: true, permissionsInToken: true }
  it('are named, with the setting to change', () => {
    expect(warnOfApis([{ ...api, rbac: false }])).toEqual([expect.stringMatching(/RBAC is off for https.*Enable RBAC/)])
    expect(warnOfApis([{ ...api, permissionsInToken: false }])).toEqual([
      expect.stringContaining('Add Permissions in the Access Token'),
    ])
  })
  it('are not those with both settings on', () => {
    expect(warnOfApis([api])).toEqual([])
  })
})
