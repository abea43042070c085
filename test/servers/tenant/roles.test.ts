// Shows that the embedded tenant handles roles as Auth0 does. Expected bodies are literals, from Auth0's own recorded
// traffic if available.
import { afterEach, describe, expect, test } from 'vitest'
import { startTenant, type Tenant, type TenantOptions } from './tenant.ts'

const ORDERS = 'https://orders.acme.com/'
const USER = 'auth0|6581a23fcd2007f80689a507'
const ROLES = '/api/v2/users/auth0%7C6581a23fcd2007f80689a507/roles'
const ALL_SCOPES = [
  ...['read:users', 'update:users', 'read:resource_servers'],
  ...['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
]

const BASE = {
  apis: [{ identifier: ORDERS, permissions: ['read:orders'] }],
  roles: [
    { id: 'rol_X1qnfVcQoD86UtWx', name: 'Owner', permissions: [{ api: ORDERS, permission: 'read:orders' }] },
    { id: 'rol_0bwwCJ6v2x8fYcfz', name: 'Admin' },
    { id: 'rol_ofAnOrganization', name: 'Admin', organization: 'org_1' },
  ],
  users: [{ id: USER, email: 'ada@acme.com' }],
} satisfies TenantOptions

const running: Tenant[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(tenant => tenant.close()))
})

async function start(options: TenantOptions = {}, scopes: readonly string[] = ALL_SCOPES) {
  const tenant = await startTenant({ ...BASE, ...options })
  running.push(tenant)
  const authorization = `Bearer ${tenant.issueToken({ scopes })}`
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(tenant.domain + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: { authorization, 'content-type': 'application/json' },
    })
    return `${answer.status} ${await answer.text()}`
  }
  return { tenant, send }
}

const OWNER = '{"id":"rol_X1qnfVcQoD86UtWx","name":"Owner","description":""}'
const ADMIN = '{"id":"rol_0bwwCJ6v2x8fYcfz","name":"Admin","description":""}'

test('the recorded requests get the recorded responses, with shorter names', async () => {
  const { tenant, send } = await start()
  const list = `${ROLES}?include_totals=true&page=0&per_page=100`
  const [owner, admin] = ['rol_X1qnfVcQoD86UtWx', 'rol_0bwwCJ6v2x8fYcfz'].map(role => ({ roles: [role] }))
  expect(await send('POST', ROLES, owner)).toBe('204 ')
  expect(await send('GET', list)).toBe(`200 {"roles":[${OWNER}],"start":0,"limit":100,"total":1}`)
  expect(await send('POST', ROLES, admin)).toBe('204 ')
  // Assigning twice succeeds.
  expect(await send('POST', ROLES, admin)).toBe('204 ')
  expect(await send('GET', list)).toBe(`200 {"roles":[${ADMIN},${OWNER}],"start":0,"limit":100,"total":2}`)
  expect(await send('DELETE', ROLES, { roles: ['rol_X1qnfVcQoD86UtWx', 'rol_0bwwCJ6v2x8fYcfz'] })).toBe('204 ')
  expect(await send('GET', list)).toBe('200 {"roles":[],"start":0,"limit":100,"total":0}')
  expect(tenant.rolesOf(USER)).toEqual([])
})

test('roles of organizations are listed among the others, and marked', async () => {
  const { send } = await start()
  expect(await send('GET', '/api/v2/roles?include_totals=true')).toBe(
    `200 {"roles":[${OWNER},${ADMIN},{"id":"rol_ofAnOrganization","name":"Admin","description":"","type":"organization","owner_id":"org_1"}],"start":0,"limit":50,"total":3}`,
  )
  expect(await send('GET', '/api/v2/roles?name_filter=own')).toBe(`200 [${OWNER}]`)
})

describe('the users of a role', () => {
  const users = Array.from({ length: 1002 }, (_, index) => ({ id: `auth0|${index}`, roles: ['Owner'] }))
  const path = '/api/v2/roles/rol_X1qnfVcQoD86UtWx/users'

  test('are listed in numbered pages up to a thousand, with a total', async () => {
    const { send } = await start({ users })
    const first = JSON.parse((await send('GET', `${path}?per_page=2&include_totals=true`)).slice(4))
    expect(first).toMatchObject({
      users: [{ user_id: 'auth0|0' }, { user_id: 'auth0|1' }],
      start: 0,
      limit: 2,
      total: 1002,
    })
    expect(await send('GET', `${path}?per_page=100&page=9`)).toMatch(/^200 /)
    expect(await send('GET', `${path}?per_page=100&page=10`)).toMatch(/^400 /)
  })

  test('are all listed from one checkpoint to the next', async () => {
    const { send } = await start({ users })
    const found: string[] = []
    let next: string | undefined
    do {
      const answer = await send('GET', `${path}?take=100${next === undefined ? '' : `&from=${next}`}`)
      const page = JSON.parse(answer.slice(4))
      expect(Object.keys(page)).not.toContain('total')
      found.push(...page.users.map(({ user_id }: { readonly user_id: string }) => user_id))
      next = page.next
    } while (next !== undefined)
    expect(found).toEqual(users.map(({ id }) => id))
  })

  test('are listed from the next checkpoint without gaps, even if users before it were removed', async () => {
    const { tenant, send } = await start({ users: users.slice(0, 250) })
    const { next } = JSON.parse((await send('GET', `${path}?take=100`)).slice(4))
    tenant.removeUser('auth0|0')
    expect(await send('GET', `${path}?take=1&from=${next}`)).toContain('"user_id":"auth0|100"')
    for (const from of ['', 'x', Buffer.from('-').toString('base64url')]) {
      expect(await send('GET', `${path}?take=1&from=${from}`)).toMatch(/^400 /)
    }
  })

  test('are an empty list for a role that nobody has, and 404 for an unknown role', async () => {
    const { send } = await start()
    expect(await send('GET', `${path}?include_totals=true&per_page=50&take=100`)).toBe('200 {"users":[]}')
    expect(await send('GET', '/api/v2/roles/rol_gone/users')).toMatch(/^404 /)
  })
})

describe('a write', () => {
  test.each([
    ['no list', {}, "400 .*'Missing required property: roles'"],
    ['an empty list', { roles: [] }, "400 .*'Array is too short \\(0\\), minimum 1' on property roles"],
    ['an empty id', { roles: [''] }, "400 .*'String is too short \\(0 chars\\), minimum 1' on property roles\\[0\\]"],
    ['an invalid id', { roles: [1] }, "400 .*'Expected type string but found type number' on property roles\\[0\\]"],
    ['an unknown role, without any effect', { roles: ['rol_0bwwCJ6v2x8fYcfz', 'rol_gone'] }, '404 .*rol_gone'],
  ])('with %s is refused', async (_, body, answer) => {
    const { tenant, send } = await start()
    for (const method of ['POST', 'DELETE']) expect(await send(method, ROLES, body)).toMatch(new RegExp(`^${answer}`))
    expect(tenant.rolesOf(USER)).toEqual([])
  })

  test('for an unknown user is refused', async () => {
    const { send } = await start()
    const answer = await send('POST', '/api/v2/users/auth0%7Cnobody/roles', { roles: ['rol_0bwwCJ6v2x8fYcfz'] })
    expect(answer).toContain('"errorCode":"inexistent_user"')
  })

  test('that would give a user 51 roles is refused', async () => {
    const roles = Array.from({ length: 51 }, (_, index) => ({ id: `rol_${index}`, name: `R${index}` }))
    const { tenant, send } = await start({ roles })
    const ids = roles.map(({ id }) => id)
    expect(await send('POST', ROLES, { roles: ids.slice(0, 50) })).toBe('204 ')
    expect(await send('POST', ROLES, { roles: ids })).toMatch(/^400 /)
    expect(tenant.rolesOf(USER)).toHaveLength(50)
  })

  test('changes at once what the user may do, and notifies the test', async () => {
    const seen: unknown[] = []
    const { tenant, send } = await start({ onWrite: () => seen.push(tenant.effectiveOf(USER)) })
    await send('POST', ROLES, { roles: ['rol_X1qnfVcQoD86UtWx'] })
    await send('DELETE', ROLES, { roles: ['rol_X1qnfVcQoD86UtWx'] })
    expect(seen).toEqual([[{ api: ORDERS, permission: 'read:orders' }], []])
  })
})

describe('scopes', () => {
  test.each([
    ['GET', '/api/v2/roles', ['read:roles']],
    ['GET', ROLES, ['read:users', 'read:roles', 'read:role_members']],
    ['POST', ROLES, ['update:users', 'create:role_members']],
    ['DELETE', ROLES, ['update:users', 'delete:role_members']],
    ['GET', '/api/v2/roles/rol_0bwwCJ6v2x8fYcfz/users', ['read:users', 'read:roles', 'read:role_members']],
  ])('for %s %s are all of %j', async (method, path, scopes) => {
    for (const missing of scopes) {
      const { send } = await start(
        {},
        ALL_SCOPES.filter(scope => scope !== missing),
      )
      expect(await send(method, path, method === 'GET' ? undefined : { roles: [] })).toMatch(
        /^403 .*insufficient_scope/,
      )
    }
    const { send } = await start({}, scopes)
    expect(await send(method, path, method === 'GET' ? undefined : { roles: ['rol_0bwwCJ6v2x8fYcfz'] })).toMatch(/^20/)
  })
})

test('a role can be renamed, removed, assigned and deleted by hand', async () => {
  const { tenant, send } = await start()
  tenant.assignRoles(USER, 'Owner', 'rol_0bwwCJ6v2x8fYcfz')
  tenant.renameRole('Owner', 'Master')
  expect(await send('GET', ROLES)).toContain('"name":"Master"')
  tenant.unassignRoles(USER, 'rol_0bwwCJ6v2x8fYcfz')
  const added = tenant.addRole({ name: 'New' })
  tenant.assignRoles(USER, added)
  expect(tenant.rolesOf(USER)).toEqual([added, 'rol_X1qnfVcQoD86UtWx'].sort())
  tenant.deleteRole('Master')
  expect(tenant.rolesOf(USER)).toEqual([added])
  expect(tenant.addRole({ name: 'Another' })).not.toBe(added)
  tenant.removeUser(USER)
  expect(await send('GET', `/api/v2/roles/${added}/users?include_totals=true`)).toContain('"total":0')
})
