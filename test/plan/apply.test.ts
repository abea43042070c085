import { describe, expect, it } from 'vitest'
import { type Access, rolesAmong } from '../../src/access/grants.ts'
import { NotSentError, type Reach, TenantError, type TenantErrorDetails } from '../../src/errors.ts'
import type { UserState } from '../../src/live/user-state.ts'
import { apply, type Writer } from '../../src/plan/apply.ts'
import { diff } from '../../src/plan/diff.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { UserOutcome } from '../../src/plan/plan.ts'
import { grants, live, nameOf, ORDERS, roleNames, roles, SOURCE, state } from './fixtures.ts'

/** Records `user:step`, or throws the test's error instead. */
function recorder(failing: Readonly<Record<string, Error>> = {}) {
  const calls: string[] = []
  const step = (name: string) => async (user: string) => {
    calls.push(`${user}:${name}`)
    const error = failing[`${user}:${name}`]
    if (error !== undefined) throw error
  }
  const writer: Writer = { grant: step('grant'), revoke: step('revoke') }
  return { writer, calls }
}

function failure(reach: Reach, details: Partial<TenantErrorDetails> = {}): TenantError {
  return new TenantError('No', { request: 'POST /x', reach, attempts: 1, status: 400, advice: 'Do.', ...details })
}

async function applyTo(users: readonly UserState[], writer: Writer): Promise<readonly UserOutcome[]> {
  const plan = diff({
    tenant: 't',
    source: SOURCE,
    users,
    revoke: 'all',
    named: { apis: new Set([ORDERS]), roles: new Set() },
    roleNames: new Map(),
    holdBack: holdBackFor([]),
  })
  return apply(plan, { writer, width: 1, otherRoles: new Map(), onOutcome: () => undefined })
}

const changing = (id: string) => state(id, grants(['new']), live(grants(['old'])))

describe('a user', () => {
  it('gets grants first and revocations second, in one request each', async () => {
    const { writer, calls } = recorder()
    const [outcome] = await applyTo([changing('u')], writer)
    expect(calls).toEqual(['u:grant', 'u:revoke'])
    expect(outcome).toMatchObject({
      status: 'done',
      granted: [{ permission: 'new' }],
      revoked: [{ permission: 'old' }],
    })
  })

  it('gets revocations first if the limit leaves no room for the grants', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `p${index}`)
    const { writer, calls } = recorder()
    await applyTo([state('u', grants([...names.slice(1), 'new']), live(grants(names)))], writer)
    expect(calls).toEqual(['u:revoke', 'u:grant'])
  })

  it('gets grants first if the limit leaves just enough room', async () => {
    const names = Array.from({ length: 999 }, (_, index) => `p${index}`)
    const { writer, calls } = recorder()
    await applyTo([state('u', grants([...names.slice(1), 'new']), live(grants(names)))], writer)
    expect(calls).toEqual(['u:grant', 'u:revoke'])
  })

  it('who was not read still gets grants', async () => {
    const { writer, calls } = recorder()
    await applyTo([state('u', grants(['new']), undefined)], writer)
    expect(calls).toEqual(['u:grant'])
  })

  it('is written with names only, whatever else the plan contains', async () => {
    const written: (readonly [string, readonly Access[]])[] = []
    const write = async (user: string, permissions: readonly Access[]) => {
      written.push([user, permissions])
    }
    const terms = { expires: '2026-12-31', reason: 'FIN-118' }
    const desired = new Map(grants(['a', 'b']).map(grant => [grant, terms]))
    const user = { ...state('u', [], live(grants(['old']), { a: ['Support'] })), desired }
    await applyTo([user], { grant: write, revoke: write })
    expect(written).toEqual([
      [
        'u',
        [
          { api: ORDERS, permission: 'a' },
          { api: ORDERS, permission: 'b' },
        ],
      ],
      ['u', [{ api: ORDERS, permission: 'old' }]],
    ])
  })

  it('without grants gets no grant request', async () => {
    const { writer, calls } = recorder()
    await applyTo([state('u', [], live(grants(['old'])))], writer)
    expect(calls).toEqual(['u:revoke'])
  })
})

describe('permissions and roles of one user', () => {
  /** Records what was written, and of which kind. */
  function kinds(failing: Readonly<Record<string, Error>> = {}) {
    const calls: string[] = []
    const write = (step: string) => async (_: string, accesses: readonly Access[]) => {
      const kind = accesses.every(({ role }) => role === undefined) ? 'permissions' : 'roles'
      const call = `${step} ${kind} ${accesses.map(nameOf).join(' ')}`
      calls.push(call)
      const error = failing[`${step} ${kind}`]
      if (error !== undefined) throw error
    }
    return { writer: { grant: write('grant'), revoke: write('revoke') }, calls }
  }
  const MANY = Array.from({ length: 50 }, (_, index) => `r${index + 10}`)
  const moving = state('u', [...grants(['new']), ...roles('New')], live([...grants(['old']), ...roles('Old')]))
  const applyMoving = (writer: Writer, user = moving, otherRoles: ReadonlyMap<string, number> = new Map()) =>
    apply(
      diff({
        tenant: 't',
        source: SOURCE,
        users: [user],
        revoke: 'all',
        named: { apis: new Set([ORDERS]), roles: rolesAmong(roles('Old', ...MANY)) },
        roleNames: roleNames('Old', 'New', ...MANY),
        holdBack: holdBackFor([]),
      }),
      { writer, width: 1, otherRoles, onOutcome: () => undefined },
    )

  it('are written in one request each, with all grants before all revocations', async () => {
    const { writer, calls } = kinds()
    const [outcome] = await applyMoving(writer)
    expect(calls).toEqual([
      'grant permissions new',
      'grant roles rol_new',
      'revoke permissions old',
      'revoke roles rol_old',
    ])
    expect(outcome?.granted.map(nameOf)).toEqual(['rol_new', 'new'])
    expect(outcome?.revoked.map(nameOf)).toEqual(['rol_old', 'old'])
  })

  it.each([
    [
      'a role that cannot be assigned keeps the permissions that it may replace',
      'grant roles',
      ['grant permissions new', 'grant roles rol_new'],
      [
        'No permission was revoked, because assigning the roles that may replace it failed.',
        'No role was removed, because a grant that may replace it failed.',
      ],
    ],
    [
      'permissions that cannot be granted keep the role that they may replace',
      'grant permissions',
      ['grant permissions new', 'grant roles rol_new', 'revoke permissions old'],
      ['No role was removed, because a grant that may replace it failed.'],
    ],
  ])('%s, and says so', async (_, failing, expected, words) => {
    const { writer, calls } = kinds({ [failing]: failure('operation') })
    const [outcome] = await applyMoving(writer)
    expect(calls).toEqual(expected)
    expect(outcome).toMatchObject({ status: 'failed', errors: [expect.stringContaining('POST /x'), ...words] })
  })

  it('are revoked even if another revocation failed', async () => {
    const { writer, calls } = kinds({ 'revoke permissions': failure('operation') })
    const [outcome] = await applyMoving(writer)
    expect(calls.at(-1)).toBe('revoke roles rol_old')
    expect(outcome?.revoked.map(nameOf)).toEqual(['rol_old'])
    expect(outcome?.errors).toEqual([expect.stringContaining('POST /x')])
  })

  it('count together with roles outside of the plan for the limit', async () => {
    const { writer, calls } = kinds()
    await applyMoving(writer, moving, new Map([['u', 49]]))
    expect(calls.slice(1, 3)).toEqual(['revoke roles rol_old', 'grant roles rol_new'])
  })

  it('are revoked first only for the kind whose limit leaves no room', async () => {
    const { writer, calls } = kinds()
    const full = state(
      'u',
      [...roles(...MANY.slice(1), 'New'), ...grants(['new'])],
      live([...roles(...MANY), ...grants(['old'])]),
    )
    await applyMoving(writer, full)
    expect(calls).toEqual([
      'grant permissions new',
      'revoke roles rol_r10',
      'grant roles rol_new',
      'revoke permissions old',
    ])
  })
})

describe('a plan', () => {
  const plan = (ids: readonly string[]) =>
    diff({
      tenant: 't',
      source: SOURCE,
      users: ids.map(changing),
      revoke: 'all',
      named: { apis: new Set([ORDERS]), roles: new Set() },
      roleNames: new Map(),
      holdBack: holdBackFor([]),
    })

  it('that is empty has no outcomes, and writes nothing', async () => {
    const { writer, calls } = recorder()
    expect(await apply(plan([]), { writer, width: 1, otherRoles: new Map(), onOutcome: () => undefined })).toEqual([])
    expect(calls).toEqual([])
  })

  it('reports each outcome as soon as it is known', async () => {
    const reported: UserOutcome[] = []
    const { writer } = recorder({ 'b:grant': failure('user') })
    const outcomes = await apply(plan(['c', 'a', 'b']), {
      writer,
      width: 1,
      otherRoles: new Map(),
      onOutcome: each => reported.push(each),
    })
    expect(reported.map(({ user, status }) => [user, status])).toEqual([
      ['a', 'done'],
      ['b', 'failed'],
      ['c', 'done'],
    ])
    expect(outcomes).toEqual(reported)
  })

  it.each([1, 3])('starts with one user, then continues with %i at once', async width => {
    let [busy, most] = [0, 0]
    const alone: string[] = []
    const write = async (user: string) => {
      busy++
      most = Math.max(most, busy)
      if (busy === 1) alone.push(user)
      await new Promise(resolve => setImmediate(resolve))
      busy--
    }
    const ids = Array.from({ length: 9 }, (_, index) => `u${index}`)
    await apply(plan(ids), {
      writer: { grant: write, revoke: write },
      width,
      otherRoles: new Map(),
      onOutcome: () => undefined,
    })
    expect(most).toBe(width)
    expect(alone.slice(0, 2)).toEqual(['u0', 'u0'])
  })
})

describe('a failure', () => {
  it('of one operation does not affect the other one of the same user', async () => {
    const { writer, calls } = recorder({ 'u:grant': failure('operation') })
    const [outcome] = await applyTo([changing('u')], writer)
    expect(calls).toEqual(['u:grant', 'u:revoke'])
    expect(outcome).toMatchObject({ status: 'failed', granted: [], revoked: [{ permission: 'old' }] })
    expect(outcome?.errors).toEqual([expect.stringContaining('POST /x')])
  })

  it('of a user ends this user’s writes, and no others', async () => {
    const { writer, calls } = recorder({ 'a:grant': failure('user') })
    const outcomes = await applyTo([changing('a'), changing('b')], writer)
    expect(calls).toEqual(['a:grant', 'b:grant', 'b:revoke'])
    expect(outcomes.map(outcome => outcome.status)).toEqual(['failed', 'done'])
  })

  it('that affects the whole run leaves the rest not attempted', async () => {
    const { writer, calls } = recorder({ 'a:grant': failure('run') })
    const outcomes = await applyTo([changing('a'), changing('b')], writer)
    expect(calls).toEqual(['a:grant'])
    expect(outcomes.map(outcome => outcome.status)).toEqual(['failed', 'not attempted'])
  })

  it('that is a defect of the action is not reported as the tenant’s', async () => {
    const { writer } = recorder({ 'a:grant': new TypeError('bug') })
    await expect(applyTo([changing('a')], writer)).rejects.toThrow('bug')
  })
})

describe('a write that failed', () => {
  it.each<readonly [string, Error, boolean]>([
    ['refused at once (400) was not done', failure('user'), false],
    ['refused at once (404) was not done', failure('operation', { status: 404 }), false],
    ['refused at once (429) was not done', failure('user', { status: 429 }), false],
    ['that was never sent was not done', new NotSentError('SIGINT'), false],
    ['without a response may have been done', failure('user', { status: undefined, attempts: 8 }), true],
    ['without a response to its only attempt may have been done', failure('run', { status: undefined }), true],
    ['refused at the second attempt may have been done', failure('user', { attempts: 2 }), true],
    ['that timed out in the tenant (408) may have been done', failure('user', { status: 408 }), true],
    ['that failed inside the tenant (500) may have been done', failure('user', { status: 500 }), true],
    ['with a response that is not Auth0’s (200) may have been done', failure('user', { status: 200 }), true],
    ['with a response that is not Auth0’s (302) may have been done', failure('run', { status: 302 }), true],
  ])('%s', async (_, error, may) => {
    for (const step of ['grant', 'revoke'] as const) {
      const { writer } = recorder({ [`u:${step}`]: error })
      const [outcome] = await applyTo([changing('u')], writer)
      expect(outcome?.uncertain).toEqual(may ? [step] : undefined)
    }
  })

  it('may have been done along with another for the same user', async () => {
    const error = failure('operation', { status: 404, attempts: 2 })
    const { writer } = recorder({ 'u:grant': error, 'u:revoke': error })
    const [outcome] = await applyTo([changing('u')], writer)
    expect(outcome).toMatchObject({ granted: [], revoked: [], uncertain: ['grant', 'revoke'] })
  })
})

describe('a cancelled run', () => {
  it('lists a user for whom nothing was sent as not attempted', async () => {
    const { writer } = recorder({ 'a:grant': new NotSentError('SIGINT') })
    const outcomes = await applyTo([changing('a'), changing('b')], writer)
    expect(outcomes.map(outcome => outcome.status)).toEqual(['not attempted', 'not attempted'])
  })

  it('interrupts only users who are partially changed', async () => {
    const { writer } = recorder({ 'b:grant': new NotSentError('SIGINT') })
    const outcomes = await applyTo([changing('a'), changing('b')], writer)
    expect(outcomes.map(outcome => outcome.status)).toEqual(['done', 'not attempted'])
    for (const outcome of outcomes) expect(outcome).not.toHaveProperty('interrupted')
  })

  it('still reports earlier failures', async () => {
    const { writer } = recorder({ 'a:grant': failure('operation'), 'a:revoke': new NotSentError('SIGINT') })
    const [outcome] = await applyTo([changing('a')], writer)
    expect(outcome).toMatchObject({ status: 'failed', errors: [expect.stringContaining('POST /x'), 'SIGINT'] })
    expect(outcome).not.toHaveProperty('interrupted')
  })

  it('lists a partially changed user as failed, with what was done', async () => {
    const { writer } = recorder({ 'a:revoke': new NotSentError('SIGINT') })
    const [outcome] = await applyTo([changing('a')], writer)
    expect(outcome).toMatchObject({
      status: 'failed',
      granted: [{ permission: 'new' }],
      revoked: [],
      interrupted: true,
    })
  })
})
