import { describe, expect, it } from 'vitest'
import { acme, errorsOf, ORDERS, runAgainst } from './acme.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const READ_ORDERS = { api: ORDERS, permission: 'read:orders' }
const users = [{ id: 'auth0|1', direct: [{ api: ORDERS, permission: 'write:orders' }] }]

describe('a 429', () => {
  it('waits for the reset of the bucket', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })), bucket: { limit: 4, perSecond: 8 } })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode, run.log).toBe(0)
    for (const id of many) expect(tenant.grantsOf(id)).toEqual([READ_ORDERS])
    expect(tenant.requests.filter(({ status }) => status === 429)).toEqual([])
  })
})

describe('a persistent error', () => {
  it('of the DNS look-up is not retried', async () => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS, inputs: { domain: 'nowhere.invalid' } })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)[0]).toMatch(/nowhere\.invalid.*Check the input domain/)
  })
})

describe('a file that cannot be read or written', () => {
  it.each(['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'RUNNER_TEMP'])(
    '(%s) is an error, and everything else is still written',
    async name => {
      const tenant = await acme({ users })
      const run = await runAgainst(tenant, { users: USERS, env: { [name]: '/dev/null/nowhere' } })
      expect(run.exitCode).toBe(1)
      expect(errorsOf(run).length).toBeGreaterThan(0)
      for (const error of errorsOf(run)) expect(error).toMatch(new RegExp(`could not be written.*${name}`))
      expect(run.log).not.toMatch(/^\s+at /m)
      expect(run.log).toContain('1 user changed: 1 grant')
      expect(tenant.grantsOf('auth0|1')).toContainEqual({ api: ORDERS, permission: 'read:orders' })
      if (name !== 'GITHUB_OUTPUT') expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
      if (name !== 'GITHUB_STEP_SUMMARY') expect(run.summary).toContain('1 user changed')
      if (name !== 'RUNNER_TEMP') expect(run.temp).toContain('"result": "applied"')
    },
  )

  it('(a missing event file) does not stop the run', async () => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS, env: { GITHUB_EVENT_PATH: '/dev/null/nowhere' } })
    expect(run.exitCode, run.log).toBe(0)
  })
})

describe('a cancelled run', () => {
  it('stops sending, and still reports the outcome of every user', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })), latency: 20 })
    let kill: (signal: NodeJS.Signals) => void = () => undefined
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: ({ method, path }) => {
        if (method === 'POST' && path.includes('/users/')) kill('SIGINT')
        return false
      },
    })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
      onStart: signal => {
        kill = signal
      },
    })
    expect(run.exitCode).toBe(1)
    expect(run.summary).toContain('cancelled')
    const outcomes = run.report.outcomes as readonly { user: string; status: string }[]
    expect(outcomes).toHaveLength(200)
    const done = outcomes.filter(({ status }) => status === 'done').map(({ user }) => user)
    expect(done.sort()).toEqual(many.filter(id => tenant.grantsOf(id).length > 0).sort())
    expect(run.outputs.grants).toBe(String(done.length))
    expect(done.length).toBeLessThan(200)
  })
})
