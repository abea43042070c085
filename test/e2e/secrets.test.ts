import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { acme, CLIENT, ORDERS, runAgainst } from './acme.ts'
import type { ActionRun } from './action.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const users = [{ id: 'auth0|1' }]

/** Everything that the action wrote, except for the lines that tell the runner what to mask. */
function writtenBy({ log, outputs, summary, report }: ActionRun): string {
  const shown = log.replaceAll(/^::add-mask::.*$/gm, '')
  return [shown, JSON.stringify(outputs), summary, JSON.stringify(report)].join('\n')
}

describe('a secret', () => {
  it('is masked before its first use, and no output contains it', async () => {
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS })
    expect(run.exitCode).toBe(0)
    const tokens = tenant.requests.flatMap(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? [])
    expect(run.masked).toEqual([CLIENT.secret, tokens[0]])
    const [beforeUse = ''] = run.log.split('Reading users')
    expect(beforeUse).toContain(`::add-mask::${tokens[0]}`)
    for (const secret of run.masked) expect(writtenBy(run)).not.toContain(secret)
  })

  it.each(['GET', 'POST'])('that the tenant echoes in the error of a %s is removed', async method => {
    const tenant = await acme({ users })
    const token = tenant.issueToken()
    const body = { statusCode: 400, message: `You sent Bearer ${token}`, errorCode: 'echo' }
    tenant.fault({ kind: 'status', status: 400, body, when: each => each.method === method && /users/.test(each.path) })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'access-token': token } })
    expect(run.exitCode).toBe(1)
    expect(writtenBy(run)).toContain('You sent Bearer ***')
    expect(writtenBy(run)).not.toContain(token)
  })

  it('that the token endpoint echoes is removed', async () => {
    const tenant = await acme({ users })
    const body = { error: 'access_denied', error_description: `wrong: ${CLIENT.secret}` }
    tenant.fault({ kind: 'status', status: 401, body, when: ({ path }) => path === '/oauth/token' })
    const run = await runAgainst(tenant, { users: USERS })
    expect(writtenBy(run)).toContain('access_denied')
    expect(writtenBy(run)).not.toContain(CLIENT.secret)
  })

  it('with characters that JSON and HTML escape is removed too', async () => {
    const secret = 'a"secret<with>&odd\\characters'
    const tenant = await acme({ users, clients: [{ id: CLIENT.id, secret }] })
    const body = { statusCode: 400, message: `${'x '.repeat(140)}${secret}`, errorCode: 'echo' }
    tenant.fault({ kind: 'status', status: 400, body, when: ({ path }) => path.includes('/users/') })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'client-secret': secret } })
    expect(writtenBy(run)).toContain('x ***')
    expect(writtenBy(run)).not.toMatch(/odd|secret.{0,5}with/)
  })

  it('of a few letters is only masked in the log, because removing it would mangle other words', async () => {
    const tenant = await acme({ users, clients: [{ id: CLIENT.id, secret: 'orders' }] })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'client-secret': 'orders' } })
    expect(run.masked).toContain('orders')
    expect(run.summary).toContain(ORDERS)
  })

  it('with several lines is masked as a whole and line by line', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim()
    const tenant = await acme({ users })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'client-secret': '', 'client-private-key': pem } })
    expect(run.masked).toEqual(expect.arrayContaining([pem, pem.split('\n')[1]]))
    expect(writtenBy(run)).not.toContain(pem.split('\n')[1])
  })

  it('in an invalid input is not shown', async () => {
    const tenant = await acme({ users })
    const inputs = { 'client-secret': '', 'client-private-key': 'this-is-no-key-but-secret' }
    const run = await runAgainst(tenant, { users: USERS, inputs })
    expect(run.exitCode).toBe(1)
    expect(writtenBy(run)).not.toContain('this-is-no-key-but-secret')
  })
})
