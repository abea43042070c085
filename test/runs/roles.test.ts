// Roles, against an embedded tenant and an embedded GitHub.

import { describe, expect, it } from 'vitest'
import { acme, CLIENT, countRequests, errorsOf, MANIFEST, ORDERS, runAgainst, warningsOf } from '../e2e/acme.ts'
import { acmeRepository, manifestOf } from '../e2e/repository.ts'
import type { Tenant, TenantOptions } from '../servers/tenant/tenant.ts'

const READ = { api: ORDERS, permission: 'read:orders' }
const ROLES = [
  { id: 'rol_support', name: 'Support', permissions: [READ] },
  { id: 'rol_auditor', name: 'Auditor' },
]
const READ_SCOPES = ['read:users', 'read:resource_servers', 'read:roles', 'read:role_members']
const SCOPES = [...READ_SCOPES, 'update:users', 'create:role_members', 'delete:role_members']

function clientWith(scopes: readonly string[]) {
  return { clients: [{ ...CLIENT, scopes }] }
}

async function start(options: TenantOptions = {}) {
  const tenant = await acme({ roles: ROLES, users: [{ id: 'auth0|1' }], ...clientWith(SCOPES), ...options })
  const repository = await acmeRepository(tenant)
  return { tenant, repository }
}

/** A manifest's user with these roles. */
const has = (id: string, ...roles: readonly unknown[]) => ({ id, roles })

const people = (count: number, roles: readonly string[] = []) =>
  Array.from({ length: count }, (_, index) => ({ id: `auth0|${index}`, roles }))

/** Requests about roles. */
function aboutRoles(tenant: Tenant): Readonly<Record<string, number>> {
  const counts = Object.entries(countRequests(tenant)).map(([kind, count]) => [kind.replace(/rol_\w+/, '{id}'), count])
  const sums: Record<string, number> = {}
  for (const [kind = '', count] of counts) if (/roles/.test(`${kind}`)) sums[kind] = (sums[kind] ?? 0) + Number(count)
  return sums
}

describe('roles', () => {
  it('are named as roles in the log, the summary and the plan', async () => {
    const { repository } = await start({ users: [{ id: 'auth0|1', roles: ['Auditor'] }] })
    const run = await repository.apply([has('auth0|1', { name: 'Support', reason: 'on call' })], { revoke: 'all' })
    expect(run.log).toContain('  + grant the role Support (reason: on call)')
    expect(run.summary).toContain('+ grant the role <code>Support</code>')
    expect(JSON.parse(run.plan).users[0].grant).toEqual([
      { role: 'rol_support', name: 'Support', roles: [], reason: 'on call' },
    ])
  })

  it('with revoke: all are removed if the manifest names them, in its catalogue or for a user', async () => {
    const { tenant, repository } = await start({
      roles: [...ROLES, { id: 'rol_owner', name: 'Owner' }],
      users: [
        { id: 'auth0|1', roles: ['Support', 'Auditor', 'Owner'] },
        { id: 'auth0|2', roles: ['Auditor'] },
      ],
    })
    const manifest = { roles: ['Auditor', 'Support'], users: [has('auth0|1'), has('auth0|2', 'Auditor')] }
    const commit = repository.commit(JSON.stringify(manifest))
    const run = await repository.run(commit, { inputs: { revoke: 'all' } })
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '2' })
    expect(tenant.rolesOf('auth0|1')).toEqual(['rol_owner'])
    expect(tenant.rolesOf('auth0|2')).toEqual(['rol_auditor'])
  })
})

describe('a manifest without roles', () => {
  it('sends no requests for roles, and needs no scopes for them', async () => {
    const { tenant, repository } = await start({
      ...clientWith(['read:users', 'read:resource_servers', 'update:users']),
      users: [{ id: 'auth0|1', roles: ['Support'] }],
    })
    const run = await repository.apply([{ id: 'auth0|1', permissions: { [ORDERS]: ['write:orders'] } }])
    expect(run.outputs).toMatchObject({ result: 'applied', requests: '4' })
    expect(aboutRoles(tenant)).toEqual({})
  })
})

describe('role assignments are read in the cheaper way', () => {
  it.each([
    [
      '1,000 users and 3 roles of 40 members: role by role',
      1_000,
      3,
      40,
      { 'GET /roles': 1, 'GET /roles/{id}/users': 3 },
    ],
    [
      '5 users and a role of 40,000 members: user by user',
      5,
      1,
      40_000,
      { 'GET /roles': 1, 'GET /roles/{id}/users': 1, 'GET /users/{id}/roles': 5 },
    ],
    ['2 users and 3 roles: user by user', 2, 3, 2, { 'GET /roles': 1, 'GET /users/{id}/roles': 2 }],
    [
      '5 users and a role of 1,100 members',
      5,
      1,
      1_100,
      { 'GET /roles': 1, 'GET /roles/{id}/users': 1, 'GET /users/{id}/roles': 5 },
    ],
    [
      '20 users and a role of 1,100 members: role by role, from one checkpoint to the next',
      20,
      1,
      1_100,
      { 'GET /roles': 1, 'GET /roles/{id}/users': 12 },
    ],
  ])('%s', { timeout: 60_000 }, async (_, listed, roles, members, expected) => {
    const names = Array.from({ length: roles }, (_, index) => `R${index}`)
    const tenant = await acme({
      roles: names.map((name, index) => ({ id: `rol_${index}`, name })),
      users: people(Math.max(listed, members)).map((user, index) => ({ ...user, roles: index < members ? names : [] })),
      ...clientWith(READ_SCOPES),
    })
    const users = people(listed, names)
    const run = await runAgainst(tenant, { users, inputs: { mode: 'plan', revoke: 'all' } })
    expect(aboutRoles(tenant)).toEqual(expected)
    expect(run.outputs).toMatchObject({ grants: String(Math.max(0, listed - members) * roles), revocations: '0' })
  })

  it('and both ways give the same plan', async () => {
    const users = [
      { id: 'auth0|0', roles: ['Support', 'Auditor'] },
      { id: 'auth0|1', roles: ['Auditor'] },
      { id: 'auth0|2' },
    ]
    const manifest = { roles: ['Support'], users: users.map(({ id }) => has(id)) }
    const read = async (strangers: number) => {
      const others = people(strangers, ['Support']).map(each => ({ ...each, id: `${each.id}x` }))
      const tenant = await acme({ roles: ROLES, users: [...users, ...others], ...clientWith(READ_SCOPES) })
      const run = await runAgainst(tenant, { manifest, inputs: { mode: 'plan', revoke: 'all' } })
      return { plan: JSON.parse(run.plan), sides: Object.keys(aboutRoles(tenant)).slice(1) }
    }
    const [byRole, byUser] = [await read(0), await read(1_000)]
    expect(byRole.sides).toEqual(['GET /roles/{id}/users'])
    expect(byUser.sides).toEqual(['GET /roles/{id}/users', 'GET /users/{id}/roles'])
    expect(byUser.plan.users).toEqual(byRole.plan.users)
    expect(byRole.plan.users).toMatchObject([{ user: 'auth0|0', revoke: [{ role: 'rol_support' }] }])
  })
})

describe('the name of a role', () => {
  it('does not identify it in the ledger: a renamed role is the same role', async () => {
    const { tenant, repository } = await start()
    await repository.apply([has('auth0|1', 'Support')])
    tenant.renameRole('Support', 'Help Desk')
    const refused = await repository.apply([has('auth0|1', 'Support')])
    expect(errorsOf(refused)).toEqual([expect.stringContaining('The tenant has no role "Support".')])
    const renamed = await repository.apply([has('auth0|1', 'Help Desk')])
    expect(renamed.outputs).toMatchObject({ result: 'unchanged', changed: 'false' })
    await repository.apply([has('auth0|1')])
    expect(tenant.rolesOf('auth0|1')).toEqual([])
  })

  it('is refused at its line, with the nearest name, if the tenant does not have it', async () => {
    const { tenant, repository } = await start()
    const run = await repository.apply([has('auth0|1', 'Suport')])
    expect(run.annotations).toContainEqual(
      expect.objectContaining({ kind: 'error', message: 'The tenant has no role "Suport". Did you mean "Support"?' }),
    )
    expect(run.annotations.find(({ kind }) => kind === 'error')?.line).toBeGreaterThan(1)
    expect(tenant.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path)).toEqual(['/oauth/token'])
  })

  it('is refused with both ids if two roles have it, and each can be listed by its id', async () => {
    const { tenant, repository } = await start({ roles: [...ROLES, { id: 'rol_other', name: 'Support' }] })
    const run = await repository.apply([has('auth0|1', 'Support')])
    expect(errorsOf(run)).toEqual([expect.stringMatching(/"Support".*rol_other, rol_support.*by its id/)])
    const byId = await repository.apply([has('auth0|1', 'rol_other')])
    expect(byId.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(byId.log).toContain('+ grant the role Support (rol_other)')
    expect(tenant.rolesOf('auth0|1')).toEqual(['rol_other'])
  })

  it('may also belong to an organization’s role, which is ignored', async () => {
    const organization = { id: 'rol_ofOrganization', name: 'Support', organization: 'org_1' }
    const { tenant, repository } = await start({ roles: [organization, ...ROLES] })
    await repository.apply([has('auth0|1', 'Support')])
    expect(tenant.rolesOf('auth0|1')).toEqual(['rol_support'])
    const run = await repository.apply([has('auth0|1', 'rol_ofOrganization')])
    expect(errorsOf(run)).toEqual([expect.stringContaining('The tenant has no role "rol_ofOrganization".')])
  })

  it('and the id of a role count as one role of a user', async () => {
    const { tenant, repository } = await start()
    const run = await repository.apply([has('auth0|1', 'Support', 'rol_support')])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(tenant.rolesOf('auth0|1')).toEqual(['rol_support'])
  })
})

describe('a role that is deleted in the tenant while it is managed', () => {
  it('leaves nothing to revoke, and is removed from the ledger', async () => {
    const { tenant, repository } = await start()
    await repository.apply([has('auth0|1', 'Support', 'Auditor')])
    tenant.deleteRole('Support')
    const run = await repository.apply([has('auth0|1', 'Auditor')])
    expect(run.exitCode).toBe(0)
    expect(repository.ledger()?.users).toEqual([{ id: 'auth0|1', listed: ['id'], managed: {}, roles: ['rol_auditor'] }])
  })

  it('is skipped in an undo plan that would assign it again', async () => {
    const { tenant, repository } = await start()
    await repository.apply([has('auth0|1', 'Support', 'Auditor')])
    const removal = await repository.apply([has('auth0|1')])
    tenant.deleteRole('Support')
    const undone = await repository.run(repository.head(), {
      files: { 'undo.json': removal.undoPlan, [MANIFEST]: manifestOf([has('auth0|1')]) },
      inputs: { 'plan-file': 'undo.json', 'approved-plan': removal.outputs['undo-plan-digest'] ?? '' },
    })
    expect(undone.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(warningsOf(undone)).toContainEqual(
      expect.stringContaining(
        'The role rol_support no longer exists in the tenant, so it is not assigned again to auth0|1.',
      ),
    )
    expect(tenant.rolesOf('auth0|1')).toEqual(['rol_auditor'])
  })
})

describe('50 roles', () => {
  const names = Array.from({ length: 51 }, (_, index) => `R${index}`)
  const roles = names.map((name, index) => ({ id: `rol_${index}`, name }))

  it('are the most that a user can have', async () => {
    const { tenant, repository } = await start({ roles })
    const run = await repository.apply([has('auth0|1', ...names.slice(0, 50))])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '50' })
    expect(aboutRoles(tenant)).toEqual({ 'GET /roles': 1, 'GET /users/{id}/roles': 1, 'POST /users/{id}/roles': 1 })
  })

  it('plus one are refused before anything is written', async () => {
    const { tenant, repository } = await start({ roles })
    const run = await repository.apply([has('auth0|1', ...names)])
    expect(errorsOf(run)).toEqual(['auth0|1 would have 51 roles; Auth0 allows 50. Combine some of them into one role.'])
    expect(tenant.rolesOf('auth0|1')).toEqual([])
  })
})

describe('a user who already has 50 roles, most of them assigned by hand', () => {
  const names = Array.from({ length: 51 }, (_, index) => `R${index}`)
  const roles = names.map((name, index) => ({ id: `rol_${index}`, name }))

  it('gets another one only in exchange for a managed one, which is removed first', async () => {
    const { tenant, repository } = await start({ roles, users: [{ id: 'auth0|1', roles: names.slice(0, 49) }] })
    await repository.apply([has('auth0|1', 'R49')])
    const full = await repository.apply([has('auth0|1', 'R49', 'R50')])
    expect(errorsOf(full)).toEqual([
      'auth0|1 would have 51 roles; Auth0 allows 50. Combine some of them into one role.',
    ])
    const swapped = await repository.apply([has('auth0|1', 'R50')])
    expect(swapped.outputs).toMatchObject({ result: 'applied', grants: '1', revocations: '1' })
    expect(tenant.rolesOf('auth0|1')).toEqual(
      [...names.slice(0, 49), 'R50'].map(name => name.replace('R', 'rol_')).sort(),
    )
  })
})

describe('a role and a permission that it includes', () => {
  it('are both revoked without a remark about the role', async () => {
    const { repository } = await start({ users: [{ id: 'auth0|1', roles: ['Support'], direct: [READ] }] })
    await repository.apply([{ id: 'auth0|1', roles: ['Support'], permissions: { [ORDERS]: ['read:orders'] } }])
    const run = await repository.apply([has('auth0|1')])
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '2' })
    expect(`${run.log}${run.summary}`).not.toContain('still effective')
  })

  it('are reported if only the permission is revoked: it is still effective through the role', async () => {
    const { repository } = await start({ users: [{ id: 'auth0|1', roles: ['Support'], direct: [READ] }] })
    await repository.apply([{ id: 'auth0|1', roles: ['Support'], permissions: { [ORDERS]: ['read:orders'] } }])
    const run = await repository.apply([has('auth0|1', 'Support')])
    expect(run.log).toContain('still effective through role Support')
  })

  it('can replace each other: the permission does not count as already effective through the role', async () => {
    const { tenant, repository } = await start()
    await repository.apply([has('auth0|1', 'Support')])
    const run = await repository.apply([{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }])
    expect(run.log).not.toContain('already effective')
    expect(tenant.grantsOf('auth0|1')).toEqual([READ])
    expect(tenant.rolesOf('auth0|1')).toEqual([])
  })
})

describe('moving 20 people', () => {
  const ids = Array.from({ length: 20 }, (_, index) => `auth0|${index}`)
  const direct = (id: string): object => ({ id, permissions: { [ORDERS]: ['read:orders'] } })

  it.each([
    ['from direct permissions to a role', direct, (id: string): object => has(id, 'Support')],
    ['from a role to direct permissions', (id: string): object => has(id, 'Support'), direct],
  ])('%s never leaves anybody without the permission', async (_, before, after) => {
    const lacking: string[] = []
    let isMoving = false
    const { tenant, repository } = await start({
      users: ids.map(id => ({ id })),
      onWrite: () => {
        if (isMoving) lacking.push(...ids.filter(id => tenant.effectiveOf(id).length === 0))
      },
    })
    await repository.apply(ids.map(before))
    isMoving = true
    const run = await repository.apply(ids.map(after))
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '20', revocations: '20' })
    expect(lacking).toEqual([])
    expect(ids.map(id => tenant.effectiveOf(id))).toEqual(ids.map(() => [READ]))
  })
})

describe('the scopes for roles', () => {
  it.each([
    ['read:roles', 'plan'],
    ['read:role_members', 'plan'],
    ['create:role_members', 'apply'],
    ['delete:role_members', 'apply'],
  ])('%s is named if the token does not have it', async (scope, mode) => {
    const { tenant, repository } = await start(clientWith(SCOPES.filter(each => each !== scope)))
    const run = await repository.apply([has('auth0|1', 'Support')], { mode })
    expect(errorsOf(run)).toEqual([expect.stringContaining(`The token lacks the scope ${scope}.`)])
    expect(tenant.rolesOf('auth0|1')).toEqual([])
  })

  it('to remove roles are not needed with revoke: never, and with only update:users no user is read', async () => {
    const scopes = ['update:users', 'read:roles', 'create:role_members']
    const { tenant, repository } = await start(clientWith(scopes))
    const run = await repository.apply([has('auth0|1', 'Support')], { revoke: 'never' })
    expect(errorsOf(run)).toEqual([])
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(aboutRoles(tenant)).toEqual({ 'GET /roles': 1, 'POST /users/{id}/roles': 1 })
  })
})

describe('an export', () => {
  const PATH = 'out/exported.yml'
  const inputs = { mode: 'export', manifest: PATH, query: '*' }
  const users = [
    { id: 'auth0|1', roles: ['Support', 'Auditor'], direct: [READ] },
    { id: 'auth0|2', roles: ['rol_other'], direct: [READ] },
    { id: 'auth0|3', roles: ['Auditor'] },
    { id: 'auth0|4' },
  ]

  it('contains the roles of users, so that its plan with revoke: all is empty', async () => {
    const { tenant } = await start({ roles: [...ROLES, { id: 'rol_other', name: 'Support' }], users })
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(run.exitCode).toBe(0)
    // Two roles share the name Support.
    expect(run.kept).toContain('roles: [Auditor, rol_support]')
    const plan = await runAgainst(tenant, { manifest: run.kept, inputs: { mode: 'plan', revoke: 'all' } })
    expect(errorsOf(plan)).toEqual([])
    expect(plan.outputs).toMatchObject({ result: 'unchanged', users: '3' })
  })

  it('omits roles and says so if the token does not have the scopes', async () => {
    const { tenant } = await start({ users: users.slice(2), ...clientWith(['read:users']) })
    const run = await runAgainst(tenant, { files: {}, inputs, keep: PATH })
    expect(run.exitCode).toBe(0)
    expect(warningsOf(run)).toEqual([
      expect.stringMatching(/^Roles are left out of the manifest\..*read:roles, read:role_members/),
    ])
    expect(run.kept).not.toContain('roles:')
  })

  it('omits roles too if the token does not list its scopes', async () => {
    const { tenant } = await start({ users: users.slice(2) })
    const token = tenant.issueToken({ scopes: ['read:users'], opaque: true })
    const run = await runAgainst(tenant, {
      files: {},
      inputs: { ...inputs, 'access-token': token },
      keep: PATH,
    })
    expect(run.exitCode, run.log).toBe(0)
    expect(warningsOf(run)).toEqual([expect.stringMatching(/^Roles are left out of the manifest\./)])
  })
})
