import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Grant, type Grants, grantOf, packAccess, packAll } from '../../src/access/grants.ts'
import type { UserState } from '../../src/live/user-state.ts'
import { diff } from '../../src/plan/diff.ts'
import { digestOf } from '../../src/plan/digest.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { Plan, UserOutcome, UserPlan } from '../../src/plan/plan.ts'
import { resume } from '../../src/plan/resume.ts'
import { readSaved, writeSaved } from '../../src/plan/saved.ts'
import { undoOf } from '../../src/plan/undo.ts'
import { HOSTILE_MISTAKES } from '../tools/soak.ts'
import { BILLING, grants, live, nameOf, ORDERS, roles, SOURCE, state } from './fixtures.ts'

function planOf(users: readonly UserState[]): Plan {
  return diff({
    tenant: 'acme.eu.auth0.com',
    source: SOURCE,
    users,
    revoke: 'all',
    named: { apis: new Set([ORDERS, BILLING]), roles: new Set() },
    roleNames: new Map(),
    holdBack: holdBackFor([]),
  })
}

const plan = planOf([
  state('auth0|1', grants(['a', 'b']), live(grants(['b', 'c']), { a: ['Support'] })),
  state('auth0|2', grants(['a']), live([])),
])

const grant = fc
  .tuple(fc.constantFrom(ORDERS, BILLING), fc.constantFrom('a', 'b', 'c', 'd'))
  .map(([api, permission]) => grantOf(api, permission))
const access = fc.oneof(grant, fc.constantFrom(...roles('Clerk', 'Auditor')))
const states = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.uniqueArray(access), fc.uniqueArray(access)), {
    selector: ([id]) => id,
  })
  .map(users => users.map(([id, desired, held]) => state(id.replace(/\p{Cc}/gu, '_'), desired, live(held))))

/** A user's grants after these operations. */
function heldAfter(held: Grants, { grant, revoke }: Pick<UserPlan, 'grant' | 'revoke'>): Grants {
  const grantsOf = (list: UserPlan['grant']) => packAll(list)
  return held.union(grantsOf(grant)).difference(grantsOf(revoke))
}

function outcomesOf({ users }: Plan): readonly UserOutcome[] {
  return users.map(({ user, grant, revoke }) => ({ user, status: 'done', granted: grant, revoked: revoke, errors: [] }))
}

describe('the digest', () => {
  it('is the same for the same operations, whatever else differs', () => {
    const [first, second] = plan.users as [UserPlan, UserPlan]
    const same = {
      ...plan,
      source: { ...SOURCE, commit: 'other', users: 9 },
      users: [{ ...first, grant: first.grant.map(each => ({ ...each, roles: [], reason: 'r' })) }, second],
      holders: [],
    }
    expect(digestOf(same)).toBe(digestOf(plan))
    expect(digestOf(plan)).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it.each([
    ['another tenant', { ...plan, tenant: 'other.auth0.com' }],
    ['a missing user', { ...plan, users: plan.users.slice(1) }],
    ['another user', { ...plan, users: plan.users.map(each => ({ ...each, user: `${each.user}0` })) }],
    [
      'revocations as grants',
      { ...plan, users: plan.users.map(each => ({ ...each, grant: each.revoke, revoke: each.grant })) },
    ],
  ])('differs for %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(plan))
  })
})

describe('a saved plan', () => {
  it('reads back as it was written', () => {
    expect(readSaved(writeSaved(plan))).toEqual({ plan })
  })

  it('reads back with everything that a plan can contain', () => {
    const held = { user: 'auth0|1', api: ORDERS, permission: 'a' }
    const managed = [{ api: ORDERS, permission: 'a' }]
    const listed = ['id', { email: 'a@x.io' }, { email: 'a@x.io', connection: 'db' }] as const
    const full: Plan = {
      ...plan,
      heldBack: [{ ...held, entry: 'a@x.io' }],
      found: [held],
      addresses: [
        { user: 'auth0|1', email: 'a@x.io' },
        { user: 'auth0|2', email: 'b@x.io', connection: 'db' },
      ],
      restores: [
        { user: 'auth0|1', before: { listed, managed }, after: null },
        { user: 'auth0|2', before: null, after: { listed, managed, unfinished: true } },
      ],
    }
    expect(readSaved(writeSaved(full))).toStrictEqual({ plan: full })
  })

  it('has the same bytes for the same plan', () => {
    fc.assert(fc.property(states, users => writeSaved(planOf(users)) === writeSaved(planOf([...users].reverse()))))
  })

  const written = JSON.parse(writeSaved(plan))
  const [user] = written.users
  it.each([
    ['text that is not JSON', 'no', 'not a plan'],
    ['another format', { ...written, format: 1 }, 'format'],
    ['an unknown key', { ...written, more: 1 }, 'more'],
    ['a user without before-state', { ...written, users: [{ ...user, before: undefined }] }, 'before'],
    [
      'an additional operation',
      { ...written, users: [{ ...user, grant: [...user.grant, { ...user.grant[0], permission: 'z' }] }] },
      'changed after it was written',
    ],
    ['other restores', { ...written, restores: [] }, 'changed after it was written'],
    ['an empty name', { ...written, users: [{ ...user, user: '' }] }, 'users.0.user'],
    ['a control character', { ...written, tenant: 'a\nb' }, 'control'],
    ['an unpaired surrogate', { ...written, tenant: 'a\ud800' }, 'unpaired surrogate'],
  ])('is refused with %s', (_, content, expected) => {
    const { problem } = readSaved(typeof content === 'string' ? content : JSON.stringify(content))
    expect(problem).toContain(expected)
  })

  it.each([
    [
      'the whole file, if it is not a plan at all',
      '[]',
      'it is not a plan that this action wrote: Invalid input: expected object, received array',
    ],
    [
      'the place, if it is almost a plan',
      JSON.stringify({ ...written, users: [{ ...user, before: 'none' }] }),
      'it is not a plan that this action wrote: users.0.before: Invalid input: expected array, received string',
    ],
  ])('is refused with an error about %s', (_, text, problem) => {
    expect(readSaved(text)).toEqual({ problem })
  })

  const many = Array.from({ length: HOSTILE_MISTAKES }, () => 1)
  it.each(['grant', 'revoke', 'before'])('is refused with very many mistakes in %s', key => {
    const { problem } = readSaved(JSON.stringify({ ...written, users: [{ ...user, [key]: many }] }))
    expect(problem).toMatch(/^it is not a plan that this action wrote: .{10,300}$/)
  })

  const resigned = (users: readonly UserPlan[]) => writeSaved({ ...plan, users })
  it.each(['.', '..'])('is refused with a user %s', user => {
    const [first] = plan.users as [UserPlan]
    expect(readSaved(resigned([{ ...first, user }])).problem).toContain('is not the id of a user')
  })

  it('is accepted with a user whose id begins with dots', () => {
    const [first] = plan.users as [UserPlan]
    const users = ['.a', '..a'].map(user => ({ ...first, user }))
    expect(readSaved(resigned(users)).plan?.users).toEqual(users)
  })

  it('is refused with a duplicate user, or with a grant and a revocation of the same permission', () => {
    const [first] = plan.users as [UserPlan]
    expect(readSaved(resigned([first, first])).problem).toContain('twice')
    expect(readSaved(resigned([{ ...first, revoke: first.grant }])).problem).toContain('grants and revokes')
  })
})

describe('a saved plan is compared with the current state', () => {
  const saved = plan.users[0] as UserPlan
  const meets = (names: readonly string[]) => resume(saved, { live: new Set(grants(names)), exists: () => true })

  it.each([
    ['unchanged', ['b', 'c'], ['a'], ['c']],
    ['after the grants', ['a', 'b', 'c'], [], ['c']],
    ['after the revocations', ['b'], ['a'], []],
  ])('%s: the rest is applied', (_, held, granted, revoked) => {
    const resumption = meets(held)
    const remaining = resumption.kind === 'ready' ? resumption.remaining : undefined
    expect(remaining?.grant.map(nameOf)).toEqual(granted)
    expect(remaining?.revoke.map(nameOf)).toEqual(revoked)
  })

  it('as the plan leaves it: nothing remains', () => {
    expect(meets(['a', 'b'])).toEqual({ kind: 'ready', remaining: undefined })
  })

  it.each([[['b', 'c', 'd']], [['c']], [[]]])('changed by somebody else: %j is refused', held => {
    expect(meets(held)).toEqual({ kind: 'moved' })
  })
})

describe('an undo plan', () => {
  it('restores the previous state, for any plan', () => {
    fc.assert(
      fc.property(states, users => {
        const forward = planOf(users)
        const undo = undoOf(forward, { outcomes: outcomesOf(forward), restores: [] })
        for (const { user, grant, revoke, before = [] } of undo.users) {
          const held = users.find(({ id }) => id === user)?.live?.direct as Grants
          const now = heldAfter(held, forward.users.find(each => each.user === user) as UserPlan)
          expect([...now].sort()).toEqual(before.map(packAccess).sort())
          expect([...heldAfter(now, { grant, revoke })].sort()).toEqual([...held].sort() as Grant[])
        }
      }),
    )
  })

  it('contains only what was done', () => {
    const [first] = outcomesOf(plan) as [UserOutcome]
    const undo = undoOf(plan, { outcomes: [{ ...first, status: 'failed', revoked: [] }], restores: [] })
    expect(undo.users).toEqual([
      {
        user: 'auth0|1',
        grant: [],
        revoke: [{ api: ORDERS, permission: 'a', roles: ['Support'] }],
        before: expect.any(Array),
      },
    ])
    expect(undo.holders).toEqual([])
  })

  const uncertain = (...kinds: readonly ('grant' | 'revoke')[]) => {
    const [first] = outcomesOf(plan) as [UserOutcome]
    const remaining = { ...first, status: 'failed' as const, uncertain: kinds }
    const outcome = {
      ...remaining,
      granted: kinds.includes('grant') ? [] : first.granted,
      revoked: kinds.includes('revoke') ? [] : first.revoked,
    }
    return undoOf(plan, { outcomes: [outcome], restores: [] }).users[0] as UserPlan
  }

  // The plan's user had b and c, gains a and loses c.
  it.each<readonly [string, readonly ('grant' | 'revoke')[], readonly string[]]>([
    ['the grants, which took effect', ['grant'], ['a', 'b']],
    ['the grants, which had no effect', ['grant'], ['b']],
    ['the revocations, which took effect', ['revoke'], ['a', 'b']],
    ['the revocations, which had no effect', ['revoke'], ['a', 'b', 'c']],
    ['both, which took effect', ['grant', 'revoke'], ['a', 'b']],
    ['both, which had no effect', ['grant', 'revoke'], ['b', 'c']],
    ['both, but only the grants took effect', ['grant', 'revoke'], ['a', 'b', 'c']],
    ['both, but only the revocations took effect', ['grant', 'revoke'], ['b']],
  ])('lists what may have been done, and reverts what was: %s', (_, kinds, held) => {
    const undo = uncertain(...kinds)
    expect(undo.revoke).toEqual([
      { api: ORDERS, permission: 'a', roles: ['Support'], ...(kinds.includes('grant') && { uncertain: true }) },
    ])
    expect(undo.grant).toEqual([
      { api: ORDERS, permission: 'c', roles: [], ...(kinds.includes('revoke') && { uncertain: true }) },
    ])
    const resumption = resume(undo, { live: new Set(grants(held)), exists: () => true })
    expect(resumption.kind).toBe('ready')
    const remaining = resumption.kind === 'ready' ? resumption.remaining : undefined
    const after = heldAfter(new Set(grants(held)), { grant: [], revoke: [], ...remaining })
    expect([...after].sort()).toEqual([...grants(['b', 'c'])].sort())
  })

  it('that may have nothing to undo can be read, and has the same digest as one that has', () => {
    const undo = { ...plan, users: [uncertain('grant', 'revoke')] }
    expect(readSaved(writeSaved(undo)).plan).toEqual(undo)
    const [first] = outcomesOf(plan) as [UserOutcome]
    expect(digestOf(undo)).toBe(digestOf({ ...undo, users: undoOf(plan, { outcomes: [first], restores: [] }).users }))
  })

  it('omits users who were not read, even if something may have been done', () => {
    const assigned = planOf([state('auth0|1', grants(['a']), undefined)])
    const [outcome] = outcomesOf(assigned) as [UserOutcome]
    expect(undoOf(assigned, { outcomes: [{ ...outcome, uncertain: ['grant'] }], restores: [] }).users).toEqual([])
  })

  it('omits users who were not read', () => {
    const assigned = planOf([state('auth0|1', grants(['a']), undefined)])
    expect(undoOf(assigned, { outcomes: outcomesOf(assigned), restores: [] }).users).toEqual([])
  })

  it('swaps the counts of holders', () => {
    const [holders] = plan.holders
    expect(undoOf(plan, { outcomes: outcomesOf(plan), restores: [] }).holders[0]).toEqual({
      ...holders,
      before: holders?.after,
      after: holders?.before,
    })
  })
})
