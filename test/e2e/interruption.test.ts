import { isDeepStrictEqual } from 'node:util'
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import type { FaultKind } from '../servers/tenant/fault.ts'
import type { Grant } from '../servers/tenant/store.ts'
import type { LoggedRequest, Tenant, TenantOptions } from '../servers/tenant/tenant.ts'
import { CANCELLED_TEAM, KILL_EVERY } from '../tools/soak.ts'
import { acme, BILLING, countRequests, heldBy, ORDERS, type RunOptions, runAgainst, WITH_ROLES } from './acme.ts'
import { type ActionRun, readDefinition } from './action.ts'

const BEFORE: readonly Grant[] = [{ api: BILLING, permission: 'read:invoices' }]
const AFTER: readonly Grant[] = [{ api: ORDERS, permission: 'read:orders' }]
const REVOKE_ALL = { revoke: 'all', 'max-revocations': '1000' }

type Kill = (signal: NodeJS.Signals) => void
type When = (request: LoggedRequest) => boolean

interface Team {
  readonly tenant: Tenant
  readonly options: RunOptions
}

/** Everybody gains one permission and loses another. */
async function team(size: number, options: TenantOptions = {}): Promise<Team> {
  const ids = Array.from({ length: size }, (_, index) => `auth0|${index}`)
  const tenant = await acme({ users: ids.map(id => ({ id, direct: BEFORE })), ...options })
  const users = ids.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'], [BILLING]: [] } }))
  return { tenant, options: { users, inputs: REVOKE_ALL } }
}

function isToken({ path }: LoggedRequest): boolean {
  return path === '/oauth/token'
}

function isApiRead({ path }: LoggedRequest): boolean {
  return path.includes('/resource-servers')
}

function isRead({ method, path }: LoggedRequest): boolean {
  return method === 'GET' && path.includes('/users/')
}

function isWrite({ method, path }: LoggedRequest): boolean {
  return method !== 'GET' && path.includes('/users/')
}

/** Calls back when the nth request of a kind arrives. */
function onNth(tenant: Tenant, nth: number, kind: When, act: () => void): void {
  let seen = 0
  const when = (request: LoggedRequest) => {
    if (kind(request) && ++seen === nth) act()
    return false
  }
  tenant.fault({ kind: 'delay', ms: 0, when })
}

/** Milliseconds. The runner allows ten seconds, some of which a busy machine needs. */
const IN_TIME = 9_000

describe('a cancelled apply to many users', () => {
  interface Cancelled {
    readonly run: ActionRun
    /** Milliseconds from the signal to the end of the process. */
    readonly took: number
  }

  interface Cancellation {
    /** The signals come when the nth request of this kind arrives. */
    readonly at: readonly [nth: number, kind: When]
    readonly signals?: readonly (readonly [signal: NodeJS.Signals, afterMilliseconds: number])[]
    /** What happens to responses from then on. */
    readonly afterwards?: FaultKind
  }

  /** As GitHub's runner cancels a step: SIGINT, SIGTERM after 7.5 s, and SIGKILL 2.5 s later. */
  const RUNNER = [
    ['SIGINT', 0],
    ['SIGTERM', 7_500],
    ['SIGKILL', 10_000],
  ] as const

  /** The signal arrives before the response. */
  const SOON = { kind: 'delay', ms: 100 } as const

  async function cancel(
    { tenant, options }: Team,
    { at: [nth, kind], signals = RUNNER, afterwards }: Cancellation,
  ): Promise<Cancelled> {
    let kill: Kill = () => undefined
    let from = Number.NaN
    const timers: NodeJS.Timeout[] = []
    onNth(tenant, nth, kind, () => {
      from = Date.now() + (signals[0]?.[1] ?? 0)
      for (const [signal, delay] of signals) {
        if (delay === 0) kill(signal)
        else timers.push(setTimeout(() => kill(signal), delay))
      }
    })
    if (afterwards) {
      tenant.fault({ ...afterwards, times: Number.POSITIVE_INFINITY, when: () => !Number.isNaN(from) })
    }
    const onStart = (killer: Kill) => {
      kill = killer
    }
    const run = await runAgainst(tenant, { ...options, onStart })
    const took = Date.now() - from
    for (const timer of timers) clearTimeout(timer)
    return { run, took }
  }

  async function expectReportInTime({ run, took }: Cancelled, tenant: Tenant): Promise<readonly Outcome[]> {
    expect({ exitCode: run.exitCode, signal: run.signal }, run.log).toEqual({ exitCode: 1, signal: null })
    expect(took).toBeLessThan(IN_TIME)
    const { outputs } = await readDefinition()
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(outputs).sort())
    expect(run.outputs.result).toMatch(/^(failed|partial)$/)
    expect(run.summary).toContain('## Auth0 permissions: cancelled')
    expect(run.report).toMatchObject({ format: 1, cancelled: true })
    return expectAgreement(run, tenant)
  }

  type Moment = readonly [name: string, nth: number, kind: When]
  const SIZE = CANCELLED_TEAM
  const WRITES = 2 * SIZE
  const EARLY: readonly Moment[] = [
    ['at the token request', 1, isToken],
    ['at the read of the APIs', 1, isApiRead],
    ['at the first user read', 1, isRead],
    ['after a third of the user reads', Math.floor(SIZE / 3), isRead],
    ['at the last user read', SIZE, isRead],
  ]
  const LATE: readonly Moment[] = [
    ['at the first write', 1, isWrite],
    ['at the second write', 2, isWrite],
    ['after a twentieth of the writes', WRITES / 20, isWrite],
    ['after a quarter of the writes', WRITES / 4, isWrite],
    ['after half of the writes', WRITES / 2, isWrite],
    ['after three fifths of the writes', (WRITES * 3) / 5, isWrite],
    ['after all but a hundred writes', WRITES - 100, isWrite],
  ]

  it.each(EARLY)('%s ends in time without a write', async (_, nth, kind) => {
    const cancelled = await team(SIZE)
    const outcomes = await expectReportInTime(
      await cancel(cancelled, { at: [nth, kind], afterwards: SOON }),
      cancelled.tenant,
    )
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: SIZE }, () => 'not attempted'))
    expect(cancelled.tenant.requests.filter(isWrite)).toEqual([])
  })

  it('reports in read-only modes too that no user was attempted', async () => {
    const cancelled = await team(100)
    const inputs = { ...cancelled.options.inputs, mode: 'plan' }
    const { run } = await cancel(
      { ...cancelled, options: { ...cancelled.options, inputs } },
      { at: [50, isRead], afterwards: SOON },
    )
    expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '100' })
    expect(run.summary).toContain('Users not attempted (100)')
  })

  it.each(LATE)('%s ends in time, and reports the outcome of every user', async (_, nth, kind) => {
    const cancelled = await team(SIZE)
    const { tenant } = cancelled
    const stopped = await cancel(cancelled, { at: [nth, kind], afterwards: SOON })
    const outcomes = await expectReportInTime(stopped, tenant)
    expect(outcomes).toHaveLength(SIZE)
    expect(outcomes.filter(({ status }) => status === 'not attempted')).not.toEqual([])
    expect(tenant.requests.filter(isWrite).length).toBeLessThan(WRITES)
    expectOneSentence(stopped.run, outcomes)
  })

  it('waits for the responses to pending requests if they are slow, and counts them', async () => {
    const cancelled = await team(SIZE)
    const afterwards = { kind: 'delay', ms: 2_000 } as const
    const { run, took } = await cancel(cancelled, { at: [100, isWrite], afterwards })
    const outcomes = await expectReportInTime({ run, took }, cancelled.tenant)
    const written = Object.values(cancelled.tenant.snapshot()).filter(grants => !isDeepStrictEqual(grants, BEFORE))
    const reported = outcomes.filter(({ granted, revoked }) => granted.length + revoked.length > 0)
    expect(reported).toHaveLength(written.length)
  })

  it('finishes if cancelled at its last write, and reports that everything is done', async () => {
    const cancelled = await team(SIZE)
    const afterwards = { kind: 'delay', ms: 500 } as const
    const { run, took } = await cancel(cancelled, { at: [WRITES, isWrite], afterwards })
    expect(run.exitCode, run.log).toBe(0)
    expect(took).toBeLessThan(IN_TIME)
    expect(run.outputs).toMatchObject({
      result: 'applied',
      grants: `${SIZE}`,
      revocations: `${SIZE}`,
      'users-failed': '0',
    })
    expect(expectAgreement(run, cancelled.tenant).every(({ status }) => status === 'done')).toBe(true)
  })

  it('still ends in time if responses hang', { timeout: 120_000 }, async () => {
    await Promise.all([...EARLY, ...LATE].map(([, nth, kind]) => cancelWhereHanging(nth, kind)))
  })

  async function cancelWhereHanging(nth: number, kind: When): Promise<void> {
    const cancelled = await team(SIZE)
    const outcomes = await expectReportInTime(
      await cancel(cancelled, { at: [nth, kind], afterwards: { kind: 'hang' } }),
      cancelled.tenant,
    )
    // The tenant received these requests; whether they took effect is unknown.
    if (kind === isWrite) expect(outcomes.some(({ status }) => status === 'failed')).toBe(true)
  }

  it.each<readonly [string, readonly (readonly [NodeJS.Signals, number])[]]>([
    ['only SIGTERM', [['SIGTERM', 0]]],
    [
      'SIGINT and SIGTERM at once',
      [
        ['SIGINT', 0],
        ['SIGTERM', 0],
      ],
    ],
    [
      'SIGINT three times',
      [
        ['SIGINT', 0],
        ['SIGINT', 5],
        ['SIGINT', 50],
      ],
    ],
  ])('reports the same after %s', async (_, signals) => {
    const cancelled = await team(SIZE)
    const outcomes = await expectReportInTime(
      await cancel(cancelled, { at: [SIZE, isWrite], signals }),
      cancelled.tenant,
    )
    expect(outcomes).toHaveLength(SIZE)
  })

  it('stops waiting for the rate limit', async () => {
    const cancelled = await team(100, { bucket: { limit: 160, perMinute: 1 } })
    const signals = [['SIGINT', 2_000]] as const
    const outcomes = await expectReportInTime(await cancel(cancelled, { at: [1, isWrite], signals }), cancelled.tenant)
    expect(outcomes).toHaveLength(100)
  })

  it('stops waiting for a retry', async () => {
    const cancelled = await team(2)
    const signals = [['SIGINT', 3_000]] as const
    const afterwards = { kind: 'status', status: 503 } as const
    const { run, took } = await cancel(cancelled, { at: [1, isWrite], signals, afterwards })
    await expectReportInTime({ run, took }, cancelled.tenant)
    expect(took).toBeLessThan(2_000)
  })
})

/** Users left unfinished only by the cancellation are not failures; progress counts those who were reached. */
function expectOneSentence({ log, annotations, outputs }: ActionRun, outcomes: readonly Outcome[]): void {
  const untouched = outcomes.filter(({ status }) => status === 'not attempted').length
  const inPart = outcomes.filter(({ interrupted }) => interrupted).length
  const unfinished = annotations.flatMap(({ message }) => {
    const [, cut = 0, left = 0] =
      /^(?:(\d+) users? w\w+ partially changed)?(?: and )?(?:(\d+) .*not attempted)? because the run was cancelled\./.exec(
        message,
      ) ?? []
    return message.includes('because the run was cancelled.') ? [[Number(cut), Number(left)]] : []
  })
  expect(unfinished).toEqual([[inPart, untouched]])
  expect(log).not.toContain('Cancelled by')
  expect(log).toContain(`Changing users: ${outcomes.length - untouched} of ${outcomes.length}\n`)
  expect(outputs['users-failed']).toBe(String(outcomes.filter(({ status }) => status !== 'done').length))
}

interface Outcome {
  readonly user: string
  readonly status: 'done' | 'failed' | 'not attempted'
  readonly granted: readonly Grant[]
  readonly revoked: readonly Grant[]
  readonly errors: readonly string[]
  readonly interrupted?: boolean
}

/** The report has every user of the plan once, and agrees with the tenant. */
function expectAgreement(run: ActionRun, tenant: Tenant): readonly Outcome[] {
  const plan = run.report.plan as { readonly users: readonly { readonly user: string }[] } | null
  const outcomes = run.report.outcomes as readonly Outcome[]
  // Before there is a plan, everybody is listed.
  const concerned = plan?.users.map(({ user }) => user) ?? Object.keys(tenant.snapshot())
  expect(outcomes.map(({ user }) => user).sort()).toEqual(concerned.toSorted())
  const untouched = new Set(Object.keys(tenant.snapshot()))
  for (const { user, status, granted, revoked, errors } of outcomes) {
    const held = tenant.grantsOf(user)
    if (status !== 'not attempted') untouched.delete(user)
    if (status === 'done') expect(held, user).toEqual(AFTER)
    if (status !== 'failed') continue
    expect(errors, user).not.toEqual([])
    expect(
      granted.every(({ api }) => held.some(grant => grant.api === api)),
      user,
    ).toBe(true)
    expect(
      revoked.some(({ api }) => held.some(grant => grant.api === api)),
      user,
    ).toBe(false)
  }
  for (const user of untouched) expect(tenant.grantsOf(user), user).toEqual(BEFORE)
  const sum = (count: (outcome: Outcome) => number) => String(outcomes.reduce((total, each) => total + count(each), 0))
  expect(run.outputs).toMatchObject({
    grants: sum(({ granted }) => granted.length),
    revocations: sum(({ revoked }) => revoked.length),
  })
  return outcomes
}

describe('an apply that is killed', () => {
  const SIZE = 3
  /** The token, the APIs, the roles and the users of two roles; for each user a read, two grants and two revocations. */
  const REQUESTS = 5 + 5 * SIZE
  const GIVEN = ['Support', 'read:orders']
  const TAKEN = ['Auditor', 'read:invoices']

  /** Everybody gains a permission and a role, and loses others. */
  async function mixedTeam(): Promise<Team & { readonly held: () => readonly (readonly string[])[] }> {
    const ids = Array.from({ length: SIZE }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ ...WITH_ROLES, users: ids.map(id => ({ id, direct: BEFORE, roles: ['Auditor'] })) })
    const permissions = { [ORDERS]: ['read:orders'], [BILLING]: [] }
    const manifest = { roles: ['Auditor', 'Support'], users: ids.map(id => ({ id, permissions, roles: ['Support'] })) }
    return { tenant, options: { manifest, inputs: REVOKE_ALL }, held: () => ids.map(id => heldBy(tenant, id)) }
  }

  it.each(['before', 'after'] as const)(
    'at any request, %s it took effect, is finished by the next apply, and a third has nothing to do',
    { timeout: 120_000 },
    async moment => {
      const all = Array.from({ length: REQUESTS }, (_, index) => index + 1)
      const nths = all.filter(nth => nth % KILL_EVERY === Math.floor(KILL_EVERY / 2))
      const unfinished = await pMap(nths, nth => killAt(nth, moment), { concurrency: 2 })
      expect(unfinished.filter(Boolean).length).toBeGreaterThan(SIZE / KILL_EVERY)
    },
  )

  async function killAt(nth: number, moment: 'before' | 'after'): Promise<boolean> {
    const { tenant, options, held } = await mixedTeam()
    const desired = held().map(() => GIVEN)
    let kill: Kill = () => undefined
    let seen = 0
    const when = () => {
      const reached = ++seen === nth
      if (reached) kill('SIGKILL')
      return reached
    }
    tenant.fault({ kind: 'reset', after: moment === 'after' ? 'effect' : 'nothing', when })
    const onStart = (killer: Kill) => {
      kill = killer
    }
    const killed = await runAgainst(tenant, { ...options, onStart })
    expect({ nth, signal: killed.signal }, killed.log).toEqual({ nth, signal: 'SIGKILL' })
    const left = held().flat()

    const second = await runAgainst(tenant, options)
    expect({ nth, exitCode: second.exitCode }, second.log).toEqual({ nth, exitCode: 0 })
    expect({ nth, held: held() }).toEqual({ nth, held: desired })

    const before = tenant.requests.filter(isWrite).length
    const third = await runAgainst(tenant, options)
    expect({ nth, exitCode: third.exitCode }, third.log).toEqual({ nth, exitCode: 0 })
    expect(third.outputs).toMatchObject({ result: 'unchanged', changed: 'false' })
    expect(tenant.requests.filter(isWrite)).toHaveLength(before)
    return left.some(name => GIVEN.includes(name)) && left.some(name => TAKEN.includes(name))
  }

  it('sends exactly the requests at which these tests kill it', async () => {
    const { tenant, options } = await mixedTeam()
    const { exitCode, log } = await runAgainst(tenant, options)
    expect(exitCode, log).toBe(0)
    expect(Object.values(countRequests(tenant)).reduce((sum, count) => sum + count)).toBe(REQUESTS)
  })
})
