import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { acme, errorsOf, MANIFEST, ORDERS, runAgainst } from './acme.ts'
import { runAction } from './action.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const existing = [{ id: 'auth0|1' }, { id: 'auth0|2' }]

function writesTo(tenant: { readonly requests: readonly { readonly method: string; readonly path: string }[] }) {
  return tenant.requests.filter(({ method, path }) => method !== 'GET' && path !== '/oauth/token')
}

it('an unknown user is an error at the line of the entry, and nothing is written', async () => {
  const tenant = await acme({ users: existing })
  const run = await runAgainst(tenant, {
    users: [{ id: 'auth0|nobody', permissions: { [ORDERS]: ['read:orders'] } }],
  })
  expect(run.exitCode).toBe(1)
  expect(run.annotations).toMatchObject([
    { kind: 'error', file: MANIFEST, line: 4, message: expect.stringContaining('no user auth0|nobody') },
  ])
  expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '1', changed: 'false' })
  expect(writesTo(tenant)).toEqual([])
})

describe('invalid inputs are reported before any request', () => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  const good = { domain: 'acme.eu.auth0.com', 'client-id': 'c', 'client-secret': 'a-secret-of-some-length' }
  // One for each kind of input; test/runner/inputs.test.ts has the rest.
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    ['an unknown mode', { ...good, mode: 'destroy' }, ['mode', '"destroy"', 'validate, plan, apply or export']],
    ['a limit that is not a number', { ...good, 'max-revocations': 'many' }, ['max-revocations', '"many"']],
    ['no domain', { ...good, domain: '' }, ['domain']],
    ['a domain with a path', { ...good, domain: 'acme.eu.auth0.com/api/v2/' }, ['domain', 'path']],
    ['an endless domain', { ...good, domain: 'a/'.repeat(100) }, [`"${'a/'.repeat(39)}a…`]],
    ['a wrong domain in mode validate', { mode: 'validate', domain: 'acme' }, ['domain', 'acme.eu.auth0.com']],
    ['no credential', { domain: good.domain, 'client-id': 'c' }, ['client-secret, client-private-key or access-token']],
    [
      'two credentials',
      { ...good, 'access-token': 'another-secret-token' },
      ['access-token', 'conflicts with client-secret'],
    ],
    [
      'a key that is not RSA',
      { ...good, 'client-secret': '', 'client-private-key': `${elliptic.export({ type: 'pkcs8', format: 'pem' })}` },
      ['client-private-key', 'type ec', 'RSA'],
    ],
    ['an invalid boolean', { ...good, 'fail-on-changes': 'yes' }, ['fail-on-changes', 'true or false']],
    ['a saved plan in mode plan', { ...good, mode: 'plan', 'plan-file': 'plan.json' }, ['plan-file', 'mode: apply']],
    ['a missing saved plan', { ...good, 'plan-file': 'plan.json' }, ['plan-file', 'cannot be read']],
    ['an export without users', { ...good, mode: 'export' }, ['users', 'query']],
    ['an export over a file', { ...good, mode: 'export', query: '*', manifest: MANIFEST }, ['manifest', 'exists']],
    ['a saved plan that is a folder', { ...good, 'plan-file': '.github' }, ['plan-file', 'a folder']],
  ]
  it.each(cases)('%s', async (_, inputs, words) => {
    const run = await runAction({ inputs, files: { [MANIFEST]: JSON.stringify({ users: USERS }) } })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'failed', requests: '0' })
    for (const word of words) expect(errorsOf(run).join('\n')).toContain(word)
  })

  it('an empty input counts as omitted', async () => {
    const tenant = await acme({ users: existing })
    const inputs = { mode: '', headroom: '', 'max-revocations': '', 'requests-per-second': '1000' }
    const run = await runAgainst(tenant, { users: USERS, inputs })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
  })

  it('all in one run', async () => {
    const run = await runAction({ inputs: { mode: 'x', revoke: 'y', 'max-revocations': 'z' } })
    expect(errorsOf(run)).toHaveLength(5)
  })
})
