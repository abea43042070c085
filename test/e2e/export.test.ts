// Mode export, on the built action.

import { describe, expect, it } from 'vitest'
import {
  acme,
  BILLING,
  CLIENT,
  countRequests,
  errorsOf,
  MANIFEST,
  ORDERS,
  REPORTS,
  runAgainst,
  warningsOf,
} from './acme.ts'

const PERMISSIONS = [
  { api: ORDERS, permission: 'read:orders' },
  { api: ORDERS, permission: 'write:orders' },
  { api: BILLING, permission: 'read:invoices' },
  { api: REPORTS, permission: 'read:reports' },
]
/** A subset of the permissions that depends on the number. */
const choice = (number: number) => PERMISSIONS.filter((_, bit) => (number >> bit) & 1)
const people = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `auth0|${index}`,
    email: `u${index}@acme.com`,
    emailVerified: true,
    direct: choice(index % 16),
  }))
const PATH = 'out/exported.yml'

describe('mode: export', () => {
  it('writes a manifest of 300 users whose plan with revoke: all is empty', { timeout: 60_000 }, async () => {
    const tenant = await acme({
      users: people(300).map((user, index) => ({ ...user, roles: index % 3 === 0 ? ['Reader'] : [] })),
      roles: [{ name: 'Reader', permissions: [{ api: ORDERS, permission: 'read:orders' }] }],
    })
    const run = await runAgainst(tenant, {
      files: {},
      inputs: { mode: 'export', manifest: PATH, query: '*' },
      keep: PATH,
    })
    expect(run.exitCode).toBe(0)
    expect(run.outputs).toMatchObject({ result: 'unchanged', changed: 'false', users: '281' })
    expect(countRequests(tenant)).toEqual({
      'POST /oauth/token': 1,
      'GET /users': 3,
      'GET /users/{id}/permissions': 300,
    })
    const plan = await runAgainst(tenant, { manifest: run.kept, inputs: { mode: 'plan', revoke: 'all' } })
    expect(plan.annotations.filter(({ kind }) => kind === 'error')).toEqual([])
    expect(plan.outputs).toMatchObject({ result: 'unchanged', users: '281' })
  })

  it('omits and counts users without direct permissions, whether listed by id or by address', async () => {
    const tenant = await acme({ users: people(4) })
    const inputs = { mode: 'export', manifest: PATH, users: 'auth0|3\nauth0|2\nu2@acme.com\nu0@acme.com\n' }
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(run.kept.match(/ - id: .*/g)).toEqual([' - id: auth0|2 # u2@acme.com', ' - id: auth0|3'])
    expect(warningsOf(run)).toEqual([expect.stringMatching(/^Roles are left out/)])
    const rest = '1 user without direct permissions was left out.'
    expect(run.log).toContain(`Exported: ${PATH} lists 2 users with 3 direct permissions; ${rest}`)
    expect(run.summary).toContain(rest)
    expect(run.outputs).toMatchObject({ result: 'unchanged', users: '2' })
    expect(run.report).toMatchObject({ read: 3, exported: { path: PATH, grants: 3, leftOut: 1 } })
  })

  it('warns and writes a manifest without users if the search finds nobody', async () => {
    const tenant = await acme({ users: people(4) })
    const inputs = { mode: 'export', manifest: PATH, query: 'email:"nobody@acme.com"' }
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(run.exitCode).toBe(0)
    expect(warningsOf(run)).toEqual([expect.stringMatching(/^Input query: the search found no users\./)])
    expect(run.summary).toContain('lists no users')
    expect(run.kept).toMatch(/\nusers: \[\]\n$/)
  })

  it('fails and writes nothing if the search finds more users than Auth0 returns', { timeout: 60_000 }, async () => {
    const tenant = await acme({ users: people(1_001) })
    const run = await runAgainst(tenant, {
      files: {},
      inputs: { mode: 'export', manifest: PATH, query: '*' },
      keep: PATH,
    })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toMatch(/1001.*1,?000/)
    expect(run.kept).toBe('')
  })

  it('writes nothing if a name cannot be part of a manifest, and reports each such name', async () => {
    const permissions = ['read:orders', ' odd', 'odd '].map(permission => ({ api: ORDERS, permission }))
    const apis = [{ identifier: ORDERS, permissions: permissions.map(({ permission }) => permission) }]
    const tenant = await acme({ apis, users: [{ id: 'auth0|1', direct: permissions }] })
    const run = await runAgainst(tenant, {
      files: {},
      inputs: { mode: 'export', manifest: PATH, users: 'auth0|1' },
      keep: PATH,
    })
    expect(run).toMatchObject({ exitCode: 1, kept: '', outputs: { result: 'failed' } })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/^The permission " odd" of the API .*cannot be written to a manifest/),
      expect.stringMatching(/^The permission "odd " of the API .*cannot be written to a manifest/),
    ])
    expect(run.summary).toContain('Refused for 2 reasons')
  })

  it('writes nothing if a user cannot be read', async () => {
    const tenant = await acme({ users: people(2) })
    const inputs = { mode: 'export', manifest: PATH, users: 'auth0|1\nauth0|nobody' }
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run).join()).toContain('auth0|nobody')
    expect(run.kept).toBe('')
  })

  it('requests no user if the token may not read users', async () => {
    const tenant = await acme({ users: people(2), clients: [{ ...CLIENT, scopes: ['update:users'] }] })
    const inputs = { mode: 'export', manifest: PATH, users: 'auth0|1' }
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(errorsOf(run)).toEqual([expect.stringContaining('read:users')])
    expect(countRequests(tenant)).toEqual({ 'POST /oauth/token': 1 })
    expect(run.kept).toBe('')
  })

  it('overwrites no file', async () => {
    const tenant = await acme({ users: people(2) })
    const run = await runAgainst(tenant, { users: [], inputs: { mode: 'export', manifest: MANIFEST, query: '*' } })
    expect(errorsOf(run)).toEqual([expect.stringContaining('already exists')])
    expect(tenant.requests).toEqual([])
  })

  it('quotes Auth0’s message if the query is invalid', async () => {
    const tenant = await acme({ users: people(2) })
    const run = await runAgainst(tenant, { files: {}, inputs: { mode: 'export', manifest: PATH, query: 'a:(' } })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/400.*query/)])
  })
})
