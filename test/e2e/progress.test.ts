import { expect, it } from 'vitest'
import { acme, ORDERS, runAgainst } from './acme.ts'

const USERS = Array.from({ length: 9 }, (_, index) => `auth0|${index}`)
const users = USERS.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } }))

it('a long run logs every few seconds what is done, what remains, its rate, its end, and what it waits for', async () => {
  const tenant = await acme({ users: USERS.map(id => ({ id })) })
  const run = await runAgainst(tenant, { users, inputs: { mode: 'plan', 'requests-per-second': '1' } })
  const lines = run.log.split('\n').filter(line => line.startsWith('Reading users: '))
  expect(lines.length).toBeGreaterThanOrEqual(3)
  const form =
    /^Reading users: (\d) of 9, (\d) to go, [\d.]+ requests a second(, about \d+ s left)?; waiting for the rate limit$/
  for (const line of lines.slice(0, -1)) {
    const [, done, left] = form.exec(line) ?? []
    expect(Number(done) + Number(left), line).toBe(9)
  }
  expect(lines.at(-1)).toBe('Reading users: 9 of 9')
})

it('a run that waits for a token says so', async () => {
  const tenant = await acme({ users: USERS.map(id => ({ id })) })
  tenant.fault({ kind: 'status', status: 503, times: 16, when: ({ path }) => path === '/oauth/token' })
  const run = await runAgainst(tenant, { users, inputs: { mode: 'plan' } })
  expect(run.exitCode, run.log).toBe(0)
  expect(run.log).toMatch(
    /^Still running: \d+ requests sent to the tenant; waiting for a retry of POST \/oauth\/token$/m,
  )
})
