import { describe, expect, it } from 'vitest'
import { acme, BILLING, countRequests, errorsOf, ORDERS, runAgainst, warningsOf } from '../e2e/acme.ts'

const grant = (api: string, permission: string) => ({ api, permission })

describe('plan', () => {
  it('shows what apply would do, and writes nothing', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: [grant(ORDERS, 'write:orders')] }] })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
    const run = await runAgainst(tenant, { users, inputs: { mode: 'plan', revoke: 'all' } })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ result: 'planned', changed: 'true', grants: '1', revocations: '1' })
    expect(run.log).toContain(`+ grant read:orders on ${ORDERS}`)
    expect(run.log).toContain(`- revoke write:orders on ${ORDERS}`)
    expect(run.summary).toContain('<code>write:orders</code>')
    expect(tenant.requests.filter(({ method, path }) => method !== 'GET' && path !== '/oauth/token')).toEqual([])
  })

  it('names APIs as the manifest does, and says why grants are revoked and how long tokens remain valid', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: [grant(ORDERS, 'write:orders')] }] })
    const manifest = { apis: { orders: ORDERS }, users: [{ id: 'auth0|1', permissions: { orders: [] } }] }
    const run = await runAgainst(tenant, { manifest, inputs: { mode: 'plan', revoke: 'all' } })
    expect(run.summary).toContain('<code>write:orders</code> on <code>orders</code> (not in the manifest)')
    expect(run.summary).toContain(`<code>orders</code> is <code>${ORDERS}</code>.`)
    expect(run.summary).toContain('until they expire: 24 hours for <code>orders</code>.')
  })

  it('logs the plan with its counts, revocations first', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: [grant(ORDERS, 'write:orders')] }] })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders', 'refund:orders'] } }]
    const { log } = await runAgainst(tenant, { users, inputs: { mode: 'plan', revoke: 'all' } })
    expect(log).toMatch(
      /::group::Plan for [\d.:]+: 1 user, 1 revocation, 2 grants\nauth0\|1\n {2}- revoke .*\n {2}\+ grant .*\n {2}\+ grant /,
    )
  })

  it('ends with a summary and the files, and the report identifies the run', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
    const env = { GITHUB_REPOSITORY: 'acme/access', GITHUB_SHA: 'c0ffee', GITHUB_RUN_ID: '7' }
    const before = Date.now()
    const run = await runAgainst(tenant, { users, env })
    expect(run.log).toContain(
      [
        '1 user changed: 1 grant.',
        `Report file: ${run.outputs['report-file']}`,
        `Plan file: ${run.outputs['plan-file']}`,
        `Undo plan file: ${run.outputs['undo-plan-file']}`,
        '',
      ].join('\n'),
    )
    expect(run.report).toMatchObject({
      run: 'https://github.com/acme/access/actions/runs/7',
      commit: 'c0ffee',
      approval: null,
      stopped: null,
    })
    const started = Date.parse(String(run.report.started))
    expect(started).toBeGreaterThanOrEqual(before)
    expect(started).toBeLessThanOrEqual(Date.now())
  })

  it('never revokes by default', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', direct: [grant(ORDERS, 'write:orders')] }] })
    const run = await runAgainst(tenant, { users: [{ id: 'auth0|1' }], inputs: { mode: 'plan' } })
    expect(run.outputs).toMatchObject({ result: 'unchanged', revocations: '0' })
  })
})

describe('a permission from a role', () => {
  const roles = [{ name: 'Support', permissions: [grant(ORDERS, 'read:orders')] }]
  const users = [{ id: 'auth0|1', permissions: { [ORDERS]: [] } }]

  it('is never revoked if it is not direct, and a second plan is empty', async () => {
    const tenant = await acme({ roles, users: [{ id: 'auth0|1', roles: ['Support'] }] })
    for (const mode of ['apply', 'plan']) {
      const run = await runAgainst(tenant, { users, inputs: { mode, revoke: 'all' } })
      expect(run.outputs).toMatchObject({ result: 'unchanged', revocations: '0' })
      expect(run.report).toMatchObject({
        derived: [{ user: 'auth0|1', api: ORDERS, permission: 'read:orders', roles: ['Support'] }],
      })
    }
    expect(countRequests(tenant)).not.toHaveProperty('DELETE /users/{id}/permissions')
  })

  it('is shown without the role’s name if the role has none', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const permission = {
      permission_name: 'write:orders',
      resource_server_identifier: ORDERS,
      sources: [{ source_type: 'ROLE' }],
    }
    const body = JSON.stringify({ permissions: [permission], total: 1, start: 0, limit: 100 })
    tenant.fault({ kind: 'garbage', body, when: ({ method, path }) => method === 'GET' && path.includes('/users/') })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: [] } }]
    const run = await runAgainst(tenant, { users, inputs: { revoke: 'all' } })
    expect(run.outputs).toMatchObject({ result: 'unchanged', revocations: '0' })
  })

  it('that is also direct loses the direct grant, and the report names the role that keeps it effective', async () => {
    const direct = [grant(ORDERS, 'read:orders')]
    const tenant = await acme({ roles, users: [{ id: 'auth0|1', roles: ['Support'], direct }] })
    const run = await runAgainst(tenant, { users, inputs: { revoke: 'all' } })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(tenant.grantsOf('auth0|1')).toEqual([])
    expect(run.log).toContain('still effective through role Support')
    expect(run.summary).toContain('still effective through role <code>Support</code>')

    const second = await runAgainst(tenant, { users, inputs: { mode: 'plan', revoke: 'all' } })
    expect(second.outputs).toMatchObject({ result: 'unchanged' })
  })

  it('is granted directly if the manifest requests it, and the report says that it was already effective', async () => {
    const tenant = await acme({ roles, users: [{ id: 'auth0|1', roles: ['Support'] }] })
    const run = await runAgainst(tenant, { users: [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }] })
    expect(tenant.grantsOf('auth0|1')).toEqual([grant(ORDERS, 'read:orders')])
    expect(run.log).toContain('already effective through role Support')
  })
})

describe('direct permissions of one user', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `p:${String(index).padStart(4, '0')}`)
  const apis = [
    { identifier: ORDERS, permissions: names },
    { identifier: BILLING, permissions: ['read:invoices'] },
  ]

  it('are read completely, however many there are', async () => {
    const counts = [0, 1, 99, 100, 101, 1000]
    const people = counts.map(count => ({
      id: `auth0|${count}`,
      direct: names.slice(0, count).map(name => grant(ORDERS, name)),
    }))
    const tenant = await acme({ apis, users: people })
    const users = people.map(({ id }) => ({ id, permissions: { [ORDERS]: [] } }))
    const run = await runAgainst(tenant, { users, inputs: { mode: 'plan', revoke: 'all' } })
    const { users: planned } = JSON.parse(run.plan)
    expect(
      planned.map(({ user, revoke }: { user: string; revoke: readonly unknown[] }) => [user, revoke.length]),
    ).toEqual(expect.arrayContaining(counts.slice(1).map(count => [`auth0|${count}`, count])))
    expect(run.outputs.revocations).toBe('1301')
    for (const count of counts) {
      const pages = tenant.requests.filter(({ path }) => path.includes(`/users/auth0%7C${count}/permissions`))
      expect(pages).toHaveLength(Math.max(1, Math.ceil(count / 100)))
    }
  })

  it('are refused before any write if there would be more than 1,000', async () => {
    const direct = names.map(name => grant(ORDERS, name))
    const tenant = await acme({ apis, users: [{ id: 'auth0|1', direct }, { id: 'auth0|2' }] })
    const users = ['auth0|1', 'auth0|2'].map(id => ({ id, permissions: { [BILLING]: ['read:invoices'] } }))
    const run = await runAgainst(tenant, { users })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    expect(run.annotations[0]?.message).toContain('auth0|1 would have 1001 direct permissions')
    expect(run.log).toContain('+ grant read:invoices')
    expect(tenant.grantsOf('auth0|2')).toEqual([])
  })
})

describe('user ids', () => {
  const ids = [
    'auth0|5f7c',
    'oidc|a/b',
    'oidc|../../clients',
    'oidc|50%25',
    'oidc|?q=1&r=2',
    'oidc|#top',
    'oidc|two words',
    'waad|Łukasz-渡辺-😀',
    'oidc|;a=b,c+d',
  ]

  it('with any characters reach exactly their own endpoint', async () => {
    const tenant = await acme({ users: ids.map(id => ({ id, direct: [grant(ORDERS, 'write:orders')] })) })
    const users = ids.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } }))
    const run = await runAgainst(tenant, { users, inputs: { revoke: 'all' } })
    const reached = tenant.requests.map(
      ({ path }) => /^\/api\/v2\/users\/([^/?#]+)\/permissions(\?[^/]*)?$/.exec(path)?.[1],
    )
    expect(
      reached
        .slice(2)
        .map(segment => decodeURIComponent(segment ?? ''))
        .sort(),
    ).toEqual(ids.flatMap(id => [id, id, id]).sort())
    for (const id of ids) expect(tenant.grantsOf(id), run.log).toEqual([grant(ORDERS, 'read:orders')])
  })

  // A URL parser resolves a path segment of dots, encoded or not.
  it.each(['.', '..'])('that are dots (%s) are refused, wherever they are given', async id => {
    const tenant = await acme()
    const listed = await runAgainst(tenant, { users: [{ id, permissions: { [ORDERS]: ['read:orders'] } }] })
    expect(errorsOf(listed)).toEqual([expect.stringContaining(`"${id}" is not a complete user id`)])
    const exported = await runAgainst(tenant, { files: {}, inputs: { mode: 'export', users: id, manifest: 'new.yml' } })
    expect(errorsOf(exported)).toEqual([expect.stringContaining(`"${id}" is neither a user id nor an e-mail address`)])
    expect(tenant.requests).toEqual([])
  })
})

describe('a grant that would have no effect', () => {
  it('is a warning: RBAC is off, or permissions are not in the token', async () => {
    const tenant = await acme({
      apis: [
        { identifier: ORDERS, permissions: ['read:orders'], enforcePolicies: false },
        { identifier: BILLING, permissions: ['read:invoices'], tokenDialect: 'access_token' },
      ],
      users: [{ id: 'auth0|1' }],
    })
    const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'], [BILLING]: ['read:invoices'] } }]
    const run = await runAgainst(tenant, { users })
    expect(run.exitCode).toBe(0)
    expect(warningsOf(run)).toEqual([
      expect.stringMatching(/Access tokens for https:\/\/billing.* contain no permissions/),
      expect.stringMatching(/RBAC is off for https:\/\/orders/),
    ])
  })
})

describe('users by e-mail', () => {
  it('are looked up as written and in lower case, and two entries for one user are merged', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1', email: 'grace@acme.com', emailVerified: true }] })
    const users = [
      { email: 'Grace@Acme.com', permissions: { [ORDERS]: ['read:orders'] } },
      { id: 'auth0|1', permissions: { [BILLING]: ['read:invoices'] } },
    ]
    const run = await runAgainst(tenant, { users })
    expect(run.exitCode, run.log).toBe(0)
    expect(countRequests(tenant)).toMatchObject({
      'GET /users-by-email': 2,
      'GET /users/{id}/permissions': 1,
      'POST /users/{id}/permissions': 1,
    })
    expect(tenant.grantsOf('auth0|1')).toHaveLength(2)
    expect(warningsOf(run)).toEqual([
      expect.stringContaining(
        'Grace@Acme.com and auth0|1 refer to the same user; their permissions and roles were merged. Combine the entries.',
      ),
    ])
  })

  it('never reach another endpoint, whatever id the tenant returns', async () => {
    const tenant = await acme({ users: [{ id: '..', email: 'grace@acme.com', emailVerified: true }] })
    await runAgainst(tenant, { users: [{ email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }] })
    expect(tenant.requests.at(-1)?.path).toMatch(/^\/api\/v2\/users\/%2E%2E\/permissions\?/)
  })

  it('are named by their address everywhere', async () => {
    const ids = ['auth0|1', 'auth0|2', 'auth0|3']
    const tenant = await acme({
      users: ids.map((id, index) => ({ id, email: `user${index + 1}@acme.com`, emailVerified: true })),
    })
    const isOf = (id: string) => (path: string) => path.includes(encodeURIComponent(id))
    tenant.fault({
      kind: 'status',
      status: 400,
      body: {},
      when: ({ method, path }) => method === 'POST' && isOf('auth0|2')(path),
    })
    tenant.fault({ kind: 'status', status: 400, body: {}, when: ({ path }) => isOf('auth0|3')(path) })
    const users = [1, 2, 3, 4].map(index => ({
      email: `user${index}@acme.com`,
      permissions: { [ORDERS]: ['read:orders'] },
    }))
    const run = await runAgainst(tenant, { users })
    expect(run.log).toContain('\nuser1@acme.com (auth0|1)\n')
    expect(run.summary).toContain('<code>user1@acme.com</code> (<code>auth0|1</code>)')
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/^user2@acme\.com: .*auth0\|2/),
      expect.stringMatching(/^user3@acme\.com: .*auth0\|3/),
      expect.stringMatching(/user4@acme\.com/),
    ])
    expect(run.report).toMatchObject({
      emails: ids.map((user, index) => ({ user, email: `user${index + 1}@acme.com` })),
    })
    expect(JSON.parse(run.plan).addresses).toHaveLength(2)
  })

  it('are identified by the only verified address, and unverified ones are reported', async () => {
    const tenant = await acme({
      users: [
        { id: 'auth0|1', email: 'grace@acme.com', emailVerified: true },
        { id: 'auth0|2', email: 'grace@acme.com', emailVerified: false },
      ],
    })
    const users = [{ email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } }]
    const run = await runAgainst(tenant, { users })
    expect(run.exitCode, run.log).toBe(0)
    expect([tenant.grantsOf('auth0|1').length, tenant.grantsOf('auth0|2').length]).toEqual([1, 0])
    expect(warningsOf(run)).toEqual([expect.stringMatching(/grace@acme.com refers to auth0\|1; ignored.*auth0\|2/)])
  })

  it('fail without affecting others if their address is unverified', async () => {
    const tenant = await acme({
      users: [{ id: 'auth0|1', email: 'grace@acme.com', emailVerified: false }, { id: 'auth0|2' }],
    })
    const users = [
      { email: 'grace@acme.com', permissions: { [ORDERS]: ['read:orders'] } },
      { id: 'auth0|2', permissions: { [ORDERS]: ['read:orders'] } },
    ]
    const run = await runAgainst(tenant, { users })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', grants: '1' })
    expect(tenant.grantsOf('auth0|1')).toEqual([])
    expect(tenant.grantsOf('auth0|2')).toHaveLength(1)
  })
})
