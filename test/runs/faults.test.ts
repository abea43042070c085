import { describe, expect, it } from 'vitest'
import { acme, countRequests, errorsOf, ORDERS, runAgainst, wants } from '../e2e/acme.ts'
import { acmeRepository } from '../e2e/repository.ts'

const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const users = [{ id: 'auth0|1', direct: [{ api: ORDERS, permission: 'write:orders' }] }]

describe('a persistent error', () => {
  it('for one user quotes Auth0, and does not affect the others', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }, { id: 'auth0|2' }] })
    const body = { statusCode: 400, error: 'Bad Request', message: 'Odd thing', errorCode: 'invalid_uri' }
    const when = ({ path, method }: { path: string; method: string }) => path.includes('%7C1') && method === 'POST'
    tenant.fault({ kind: 'status', status: 400, body, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, {
      users: [...USERS, { id: 'auth0|2', permissions: { [ORDERS]: ['read:orders'] } }],
    })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', grants: '1' })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/auth0\|1.*400 invalid_uri Odd thing/)])
    expect(countRequests(tenant)['POST /users/{id}/permissions']).toBe(2)
    expect(run.report).toMatchObject({ outcomes: [{ status: 'failed' }, { status: 'done' }] })
  })

  it('for several users is reported in the order of the manifest, whatever failed first', async () => {
    const ids = ['auth0|3', 'auth0|9', 'auth0|1', 'auth0|2']
    const tenant = await acme({ users: ids.filter(id => id !== 'auth0|9').map(id => ({ id })) })
    const when = ({ method, path }: { method: string; path: string }) =>
      path.includes('%7C1') ? method === 'GET' : method === 'POST' && path.includes('/users/')
    tenant.fault({ kind: 'status', status: 400, body: {}, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, {
      users: ids.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '4' })
    const errors = run.annotations.filter(({ kind }) => kind === 'error')
    expect(errors.map(({ message }) => /auth0\|\d/.exec(message)?.[0])).toEqual(ids)
    const lines = errors.map(({ line }) => line ?? 0)
    expect(lines).toEqual(lines.toSorted((a, b) => a - b))
  })

  it('for a removed user leaves a run that is otherwise fine partial', async () => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }, { id: 'auth0|2' }] })
    const repository = await acmeRepository(tenant)
    repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'read:orders')])
    const when = ({ path }: { path: string }) => path.includes('%7C2')
    tenant.fault({ kind: 'status', status: 403, body: { errorCode: 'x' }, times: 1, when })
    const run = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', changed: 'false' })
    const next = await repository.run(repository.head())
    expect(next.outputs).toMatchObject({ result: 'applied', revocations: '1' })
  })

  it('for a user who is deleted before the write names the entry to remove', async () => {
    const tenant = await acme({ users: [...users, { id: 'auth0|2' }] })
    const when = ({ method, path }: { readonly method: string; readonly path: string }) => {
      if (method === 'POST' && path.includes('%7C2')) tenant.removeUser('auth0|2')
      return false
    }
    tenant.fault({ kind: 'hang', when })
    const run = await runAgainst(tenant, { users: [...USERS, { ...USERS[0], id: 'auth0|2' }] })
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1' })
    expect(errorsOf(run)).toEqual([expect.stringMatching(/auth0\|2 .*deleted from the tenant; remove the entry/)])
  })

  it.each([
    ['the first', 'auth0|0', 'operation_not_supported'],
    ['another', 'auth0|3', 'insufficient_scope'],
  ])('for only %s user (403) does not affect the others', async (_, failing, errorCode) => {
    const many = Array.from({ length: 6 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })) })
    const body = { statusCode: 403, error: 'Forbidden', message: 'Not this one', errorCode }
    const when = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path.includes(`/users/${encodeURIComponent(failing)}/`)
    tenant.fault({ kind: 'status', status: 403, body, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'partial', 'users-failed': '1', grants: '5' })
    expect(errorsOf(run)).toEqual([expect.stringContaining(`403 ${errorCode} Not this one`)])
  })

  it('for one user after the other (403) ends the run, as the token is to blame', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })) })
    const body = { statusCode: 403, error: 'Forbidden', message: 'Not any more', errorCode: 'operation_not_supported' }
    const when = ({ method, path }: { method: string; path: string }) => method === 'POST' && path.includes('/users/')
    tenant.fault({ kind: 'status', status: 403, body, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '100' })
    expect(countRequests(tenant)['POST /users/{id}/permissions']).toBeLessThan(60)
    expect(errorsOf(run).join('\n')).toContain('were not attempted')
  })

  it('for every write (403) ends the run at once, and lists who was not attempted', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: many.map(id => ({ id })) })
    const body = { statusCode: 403, error: 'Forbidden', message: 'Insufficient scope', errorCode: 'insufficient_scope' }
    const when = ({ method, path }: { method: string; path: string }) => method === 'POST' && path.includes('/users/')
    tenant.fault({ kind: 'status', status: 403, body, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, {
      users: many.map(id => ({ id, permissions: { [ORDERS]: ['read:orders'] } })),
    })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'failed', 'users-failed': '100', changed: 'false' })
    expect(countRequests(tenant)['POST /users/{id}/permissions']).toBe(1)
    expect(errorsOf(run).join('\n')).toContain('were not attempted')
  })
})

describe('a response that is not from Auth0', () => {
  it.each([
    ['POST', 200, '{"statusCode":500}', 'failed'],
    ['DELETE', 200, '{}', 'partial'],
    ['DELETE', 202, '', 'partial'],
  ])('to a %s (%i %s) does not count as success', async (method, status, body, result) => {
    const tenant = await acme({ users })
    const when = (each: { method: string; path: string }) => each.method === method && each.path.includes('/users/')
    tenant.fault({ kind: 'status', status, body, when })
    const run = await runAgainst(tenant, { users: USERS, inputs: { revoke: 'all' } })
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result, 'users-failed': '1' })
    expect(errorsOf(run)[0]).toContain(String(status))
  })

  it('to a read, with a total that is never reached, does not loop', async () => {
    const tenant = await acme({ users })
    const item = { permission_name: 'x', resource_server_identifier: ORDERS, sources: [{ source_type: 'DIRECT' }] }
    const body = JSON.stringify({ permissions: [item], start: 0, limit: 100, total: 1_000_000_000 })
    const when = ({ path }: { path: string }) => path.includes('/permissions')
    tenant.fault({ kind: 'garbage', body, times: Number.POSITIVE_INFINITY, when })
    const run = await runAgainst(tenant, { users: USERS })
    expect(errorsOf(run)).toEqual([expect.stringContaining('1 of 1000000000 were found')])
    expect(countRequests(tenant)['GET /users/{id}/permissions']).toBe(3)
  })
})

describe('an endless response', () => {
  it('of full pages of permissions is not read forever', async () => {
    const tenant = await acme({ users })
    const item = (_: unknown, index: number) => ({
      permission_name: `x${index}`,
      resource_server_identifier: ORDERS,
      sources: [{ source_type: 'DIRECT' }],
    })
    const permissions = Array.from({ length: 100 }, item)
    const body = JSON.stringify({ permissions, start: 0, limit: 100, total: 1_000_000_000 })
    tenant.fault({
      kind: 'garbage',
      body,
      times: Number.POSITIVE_INFINITY,
      when: ({ path }) => path.includes('/users/'),
    })
    const run = await runAgainst(tenant, { users: USERS, inputs: { 'requests-per-second': '1000' } })
    expect(errorsOf(run)).toEqual([expect.stringContaining('100 of 1000000000 were found')])
    expect(countRequests(tenant)['GET /users/{id}/permissions']).toBeLessThanOrEqual(1_500)
  })
})
