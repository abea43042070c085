// Roles, over the wire.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { NO_GRANTS } from '../../src/access/grants.ts'
import { TenantError } from '../../src/errors.ts'
import { startTenant, type TenantOptions } from '../servers/tenant/tenant.ts'
import { connectTo } from './wire.ts'

const SCOPES = [
  ...['read:users', 'update:users'],
  ...['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
]

const open: { readonly close: () => Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

async function connect(options: TenantOptions, scopes: readonly string[] = SCOPES) {
  const embedded = await startTenant({ bucket: { limit: 1000, perSecond: 1000 }, ...options })
  const { tenant, close } = connectTo(embedded, scopes)
  open.push(embedded, { close })
  const paths = () => embedded.requests.map(({ method, path }) => `${method} ${path}`)
  return { embedded, tenant, paths }
}

const CLERK = { id: 'rol_clerk', name: 'Clerk' }
const AUDITOR = { id: 'rol_auditor', name: 'Auditor' }

function staff(count: number) {
  return Array.from({ length: count }, (_, index) => ({ id: `auth0|${index}`, roles: ['Clerk'] }))
}

describe('the roles of a tenant', () => {
  it('are read with their names, a hundred at a time, without those of organizations', async () => {
    const roles = Array.from({ length: 101 }, (_, index) => ({ id: `rol_${index}`, name: `R${index}` }))
    const { tenant, paths } = await connect({ roles: [{ ...CLERK, organization: 'org_1' }, ...roles] })
    const names = await tenant.roles()
    expect(names.size).toBe(101)
    expect(names.get('rol_100')).toBe('R100')
    expect(paths()).toEqual([0, 1].map(page => `GET /api/v2/roles?page=${page}&per_page=100&include_totals=true`))
  })

  it.each([
    ['read again if they change in the meantime', 2],
    ['an error if they keep changing', Number.POSITIVE_INFINITY],
  ])('are %s', async (_, times) => {
    const { embedded, tenant } = await connect({ roles: [CLERK, AUDITOR] })
    const body = { roles: [{ id: 'rol_clerk', name: 'Clerk' }], start: 0, limit: 100, total: 2 }
    embedded.fault({ kind: 'status', when: ({ path }) => path.includes('/roles'), times, status: 200, body })
    if (times === 2) expect((await tenant.roles()).size).toBe(2)
    else
      await expect(tenant.roles()).rejects.toThrow(
        'The list of roles changed while it was being read: 1 of 2 were found',
      )
  })
})

describe('the roles of a user', () => {
  it('are read in one request', async () => {
    const { tenant, paths } = await connect({
      roles: [CLERK, AUDITOR],
      users: [{ id: 'auth0|1', roles: ['Clerk', 'Auditor'] }],
    })
    expect(await tenant.rolesOf('auth0|1')).toEqual(new Set(['rol_auditor', 'rol_clerk']))
    expect(paths()).toEqual(['GET /api/v2/users/auth0%7C1/roles?page=0&per_page=100&include_totals=true'])
  })

  it('are undefined if there is no such user', async () => {
    const { tenant } = await connect({ roles: [CLERK] })
    expect(await tenant.rolesOf('auth0|nobody')).toBeUndefined()
  })
})

describe('the users of a role', () => {
  it.each([
    ['nobody', 0, []],
    ['a page', 100, []],
    ['one more than a page', 101, ['page=1']],
    ['as many as numbered pages safely list', 999, Array.from({ length: 9 }, (_, index) => `page=${index + 1}`)],
    [
      'as many as a capped total: again from the start, by checkpoints',
      1000,
      Array.from({ length: 10 }, () => 'take=100'),
    ],
    ['one more: again from the start, by checkpoints', 1001, Array.from({ length: 11 }, () => 'take=100')],
  ])('are %s', async (_, count, pages) => {
    const { tenant, paths } = await connect({ roles: [CLERK], users: staff(count) })
    const first = await tenant.membersOf('rol_clerk')
    expect(first.more).toBe(pages.length)
    const all = await tenant.allMembersOf(first)
    expect(all).toEqual(new Set(staff(count).map(({ id }) => id)))
    expect(
      paths()
        .slice(1)
        .map(path => /(?:page|take)=\d+/.exec(path)?.[0]),
    ).toEqual(pages)
  })

  /** A tenant with one role, whose pages differ from the requested size, or have another total. */
  async function tenantWithRole({
    count,
    size,
    total,
  }: {
    readonly count: number
    readonly size: number
    readonly total: number
  }) {
    const ids = staff(count).map(({ id }) => id)
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x')
      const isCheckpoint = searchParams.has('take')
      const start = isCheckpoint ? Number(searchParams.get('from') ?? 0) : Number(searchParams.get('page')) * size
      const users = ids.slice(start, start + size).map(user_id => ({ user_id }))
      const next = start + size < ids.length ? { next: String(start + size) } : {}
      const page = isCheckpoint ? { users, ...next } : { users, start, limit: size, total }
      const limit = { 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '999', 'x-ratelimit-reset': '1' }
      response.writeHead(200, { 'content-type': 'application/json', ...limit }).end(JSON.stringify(page))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const domain = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { tenant, close } = connectTo({ domain, issueToken: () => 'token' })
    open.push({ close: async () => void server.close() }, { close })
    return { tenant, ids }
  }

  it.each([
    ['from pages smaller than requested', { count: 80, size: 50, total: 80 }, 1],
    ['from pages smaller than requested, of a large role', { count: 1_200, size: 50, total: 1_200 }, 24],
    ['if the total is capped', { count: 1_150, size: 100, total: 1_000 }, 10],
  ])('are all read %s', async (_, role, more) => {
    const { tenant, ids } = await tenantWithRole(role)
    const first = await tenant.membersOf('rol_clerk')
    expect(first.more).toBe(more)
    expect(await tenant.allMembersOf(first)).toEqual(new Set(ids))
  })

  it('are an error if the list ends before its total', async () => {
    const { tenant } = await tenantWithRole({ count: 1_100, size: 100, total: 1_500 })
    const first = await tenant.membersOf('rol_clerk')
    await expect(tenant.allMembersOf(first)).rejects.toThrow(
      'changed while they were being read: 1100 of 1500 were found',
    )
  })

  it('are read again if users are added or removed during the read', async () => {
    const { embedded, tenant } = await connect({ roles: [CLERK], users: staff(150) })
    const first = await tenant.membersOf('rol_clerk')
    embedded.removeUser('auth0|0')
    const all = await tenant.allMembersOf(first)
    expect(all).toEqual(
      new Set(
        staff(150)
          .slice(1)
          .map(({ id }) => id),
      ),
    )
  })
})

it('the users of a role are an error if they keep changing', async () => {
  const { embedded, tenant } = await connect({ roles: [CLERK], users: staff(150) })
  const first = await tenant.membersOf('rol_clerk')
  const body = { users: [{ user_id: 'auth0|0' }], start: 0, limit: 100, total: 150 }
  const isPage = ({ path }: { readonly path: string }) => path.includes('/users')
  embedded.fault({ kind: 'status', when: isPage, times: Number.POSITIVE_INFINITY, status: 200, body })
  await expect(tenant.allMembersOf(first)).rejects.toThrow('changed while they were being read')
})

describe('a write', () => {
  const user = { id: 'auth0|1', roles: ['Clerk'] }

  it('is one request, for permissions or for roles', async () => {
    const { embedded, tenant } = await connect({ roles: [CLERK, AUDITOR], users: [user] })
    await tenant.grant('auth0|1', [{ role: 'rol_auditor', name: 'Auditor' }])
    await tenant.revoke('auth0|1', [{ role: 'rol_clerk' }])
    expect(embedded.rolesOf('auth0|1')).toEqual(['rol_auditor'])
    expect(embedded.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/api/v2/users/auth0%7C1/roles', { roles: ['rol_auditor'] }],
      ['DELETE', '/api/v2/users/auth0%7C1/roles', { roles: ['rol_clerk'] }],
    ])
  })

  it.each([
    ['a role that was deleted', 'auth0|1', 'grant', 'Assigning roles to auth0|1 failed', 'operation'],
    ['a role that was deleted', 'auth0|1', 'revoke', 'Removing roles from auth0|1 failed', 'operation'],
    ['a user who was deleted', 'auth0|2', 'grant', 'The user was deleted from the tenant', 'user'],
  ] as const)('for %s fails with what to do: %s %s', async (_, id, step, message, reach) => {
    const { tenant } = await connect({ roles: [CLERK], users: [user] })
    const error = await tenant[step](id, [{ role: 'rol_gone' }]).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TenantError)
    expect((error as TenantError).message).toContain(message)
    expect((error as TenantError).details.reach).toBe(reach)
  })

  it('without the scope halts writes of roles with an error that names it', async () => {
    const { tenant } = await connect({ roles: [CLERK], users: [user] }, ['update:users'])
    await expect(tenant.grant('auth0|1', [{ role: 'rol_clerk' }])).rejects.toThrow('create:role_members')
  })
})

describe('permissions from a role', () => {
  it('have its id and name', async () => {
    const api = 'https://orders.acme.com/'
    const { tenant } = await connect({
      apis: [{ identifier: api, permissions: ['read'] }],
      roles: [{ ...CLERK, permissions: [{ api, permission: 'read' }] }],
      users: [{ id: 'auth0|1', roles: ['Clerk'] }],
    })
    const live = await tenant.permissionsOf('auth0|1')
    expect(live?.direct).toEqual(NO_GRANTS)
    expect([...(live?.derived.values() ?? [])]).toEqual([[{ role: 'rol_clerk', name: 'Clerk' }]])
  })

  it('do not hide that the same permission is also assigned directly, in another item', async () => {
    const { embedded, tenant } = await connect({ users: [{ id: 'auth0|1' }] })
    const item = (source_type: string) => ({
      permission_name: 'read',
      resource_server_identifier: 'https://orders.acme.com/',
      sources: [{ source_type, source_id: 'rol_clerk', source_name: 'Clerk' }],
    })
    const body = { permissions: [item('DIRECT'), item('ROLE')], start: 0, limit: 100, total: 1 }
    embedded.fault({ kind: 'status', when: ({ path }) => path.includes('/permissions'), status: 200, body })
    const live = await tenant.permissionsOf('auth0|1')
    expect(live?.direct.size).toBe(1)
    expect(live?.derived.size).toBe(1)
  })

  it('are sorted by name, and may be from an unknown role', async () => {
    const { embedded, tenant } = await connect({ users: [{ id: 'auth0|1' }] })
    const role = (source_id: string, source_name: string) => ({ source_type: 'ROLE', source_id, source_name })
    const sources = [role('rol_b', 'B'), role('', ''), role('rol_a', 'A')]
    const permission = { permission_name: 'read', resource_server_identifier: 'https://orders.acme.com/', sources }
    const body = { permissions: [permission], start: 0, limit: 100, total: 1 }
    embedded.fault({ kind: 'status', when: ({ path }) => path.includes('/permissions'), status: 200, body })
    const live = await tenant.permissionsOf('auth0|1')
    expect([...(live?.derived.values() ?? [])]).toEqual([
      [{ role: 'rol_a', name: 'A' }, { role: 'rol_b', name: 'B' }, { role: 'with an unknown id' }],
    ])
  })
})
