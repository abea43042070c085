import { describe, expect, it } from 'vitest'
import type { Grant } from '../../src/access/grants.ts'
import type { Plan, Restored, UserPlan } from '../../src/plan/plan.ts'
import { type ResumeOptions, resumePlan } from '../../src/plan/resume.ts'
import { grants, live, ORDERS, roleNames, roles, SOURCE } from './fixtures.ts'

const change = (user: string): UserPlan => ({
  user,
  grant: [{ api: ORDERS, permission: 'new', roles: [] }],
  revoke: [],
  before: [{ api: ORDERS, permission: 'old' }],
})
const PLAN: Plan = {
  format: 2,
  tenant: 'acme.eu.auth0.com',
  source: SOURCE,
  users: [change('u'), change('v')],
  heldBack: [],
  found: [],
  holders: [],
}
const RESTORES: readonly Restored[] = ['u', 'v', 'w'].map(user => ({ user, before: null, after: null }))

function resumeWith(held: Readonly<Record<string, readonly Grant[] | undefined>>, plan = PLAN) {
  const states: ResumeOptions['states'] = new Map(
    Object.entries(held).map(([user, direct]) => [user, { live: direct && live(direct) }]),
  )
  return resumePlan(plan, {
    states,
    gone: new Set(),
    exists: () => true,
    names: roleNames('Clerk'),
    roles: new Set(['rol_clerk']),
  })
}

const before = grants(['old'])
const after = grants(['old', 'new'])

describe('a saved plan', () => {
  it('remains to be applied if nobody has changed since', () => {
    expect(resumeWith({ u: before, v: before })).toEqual({ plan: PLAN, failures: [] })
  })

  it('remains to be applied to users who are not done yet', () => {
    expect(resumeWith({ u: after, v: before })).toEqual({ plan: { ...PLAN, users: [change('v')] }, failures: [] })
  })

  it.each<readonly [string, readonly Grant[], string]>([
    ['more permissions', grants(['old', 'other']), `old on ${ORDERS}, other on ${ORDERS}`],
    ['a role of the plan', [...before, ...roles('Clerk')], `old on ${ORDERS}, the role Clerk`],
    ['nothing', [], 'none'],
  ])('is not applied to a user who now has %s', (_, held, now) => {
    expect(resumeWith({ u: held, v: before })).toEqual({
      plan: { ...PLAN, users: [change('v')] },
      failures: [
        {
          user: 'u',
          message: `u has changed since the plan was computed. Current direct grants: ${now}. Make a new plan for this user.`,
        },
      ],
    })
  })

  it('is applied to a user who now has a role that it does not concern', () => {
    expect(resumeWith({ u: [...before, ...roles('Owner')], v: before })).toEqual({ plan: PLAN, failures: [] })
  })

  it('fails for a user who no longer exists only if it grants something', () => {
    const revoking = { ...change('v'), grant: [], revoke: [{ api: ORDERS, permission: 'old', roles: [] }] }
    const options = { states: new Map(), exists: () => true, names: new Map(), roles: new Set<string>() }
    const gone = new Set(['u', 'v'])
    const saved = { ...PLAN, users: [change('u'), revoking], restores: RESTORES }
    expect(resumePlan(saved, { ...options, gone })).toEqual({
      plan: { ...saved, users: [], restores: [{ user: 'w', before: null, after: null }] },
      failures: [
        {
          user: 'u',
          message: 'u no longer exists in the tenant, so the plan cannot grant anything to this user.',
        },
      ],
    })
    expect(resumePlan(saved, { ...options, gone: new Set() }).failures).toEqual([])
  })

  it('is not applied to a user whose address was not found', () => {
    expect(resumeWith({ v: before })).toEqual({ plan: { ...PLAN, users: [change('v')] }, failures: [] })
  })

  it.each<readonly [string, readonly Grant[] | undefined]>([
    ['have changed', grants(['other'])],
    ['could not be read', undefined],
  ])('restores nothing of users who %s', (_, held) => {
    const { plan } = resumeWith({ u: held, v: after }, { ...PLAN, restores: RESTORES })
    expect(plan.users).toEqual([])
    expect(plan.restores?.map(({ user }) => user)).toEqual(['v', 'w'])
  })
})
