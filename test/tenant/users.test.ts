// Searches and look-ups, over the wire.

import { afterEach, describe, expect, it } from 'vitest'
import { TenantError } from '../../src/errors.ts'
import { startTenant, type Tenant } from '../servers/tenant/tenant.ts'
import { connectTo } from './wire.ts'

const open: { readonly close: () => Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.close()))
})

/** A tenant with this many users, and the action's view of it. */
async function connect(users: number, apis = 0) {
  const tenant = await startTenant({
    users: Array.from({ length: users }, (_, index) => ({ id: idOf(users - 1 - index), email: `u${index}@acme.com` })),
    apis: Array.from({ length: apis }, (_, index) => ({ identifier: `https://api/${index}`, permissions: [] })),
    bucket: { limit: 1000, perSecond: 1000 },
  })
  const { tenant: reader, close } = connectTo(tenant)
  open.push(tenant, { close })
  return { tenant, search: reader.searchUsers, ...reader }
}

function idOf(index: number): string {
  return `auth0|${String(index).padStart(4, '0')}`
}

function pagesOf({ requests }: Tenant): readonly (string | null)[] {
  return requests.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('page'))
}

/** A page as Auth0 returns it. */
function page(total: number, ...ids: readonly string[]): string {
  return JSON.stringify({ start: 0, limit: 100, length: ids.length, total, users: ids.map(user_id => ({ user_id })) })
}

describe('a search', () => {
  it.each([
    ['nobody', 0, ['0']],
    ['one page', 100, ['0']],
    ['one user more than a page', 101, ['0', '1']],
    ['all that Auth0 returns', 1000, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']],
  ])('that finds %s takes no more requests than pages', async (_, users, pages) => {
    const { tenant, search } = await connect(users)
    expect(await search('*')).toEqual(Array.from({ length: users }, (_, index) => idOf(index)))
    expect(pagesOf(tenant)).toEqual(pages)
  })

  it('is sent unchanged, and requests only ids', async () => {
    const { tenant, search } = await connect(3)
    const query = 'email:"a&b=c+d#é%"'
    expect(await search(query)).toEqual([])
    const [path = '', sent = ''] = tenant.requests[0]?.path.split('?') ?? []
    expect(path).toBe('/api/v2/users')
    expect(Object.fromEntries(new URLSearchParams(sent))).toEqual({
      q: query,
      search_engine: 'v3',
      fields: 'user_id',
      include_fields: 'true',
      sort: 'user_id:1',
      page: '0',
      per_page: '100',
      include_totals: 'true',
    })
  })

  it('with more results than Auth0 returns fails after the first page with what to do', async () => {
    const { tenant, search } = await connect(1001)
    await expect(search('*')).rejects.toThrow(
      /found 1001 users, but Auth0 returns at most 1000\b.*Narrow the input query/,
    )
    expect(pagesOf(tenant)).toEqual(['0'])
  })

  it('with an invalid query is reported with Auth0’s message', async () => {
    const { tenant, search } = await connect(1)
    const error = await search('nonsense').catch(error => error)
    expect(error).toBeInstanceOf(TenantError)
    expect(error.message).toMatch(
      /Auth0 responded: 400 invalid_query_string .*does not understand nonsense.*input query/,
    )
    expect(tenant.requests).toHaveLength(1)
  })

  it('is repeated if it finds a user twice because another was added between two pages', async () => {
    const { tenant, search } = await connect(2)
    tenant.fault({ kind: 'garbage', body: page(2, idOf(0), idOf(0)), when: () => true })
    expect(await search('*')).toEqual([idOf(0), idOf(1)])
    expect(tenant.requests).toHaveLength(2)
  })

  it('is repeated if its total changes between two pages, even if the number of users matches', async () => {
    const { tenant, search } = await connect(102)
    const ids = Array.from({ length: 102 }, (_, index) => idOf(index))
    const isPage = (number: number) => (request: { readonly path: string }) => request.path.includes(`&page=${number}&`)
    tenant.fault({ kind: 'garbage', body: page(101, ...ids.slice(0, 100)), when: isPage(0) })
    tenant.fault({ kind: 'garbage', body: page(102, ...ids.slice(100)), when: isPage(1) })
    expect(await search('*')).toEqual(ids)
    expect(pagesOf(tenant)).toEqual(['0', '1', '0', '1'])
  })

  it('fails rather than return a part if it never returns as many users as its total', async () => {
    const { tenant, search } = await connect(2)
    tenant.fault({ kind: 'garbage', body: page(2, idOf(0)), when: () => true, times: Number.POSITIVE_INFINITY })
    await expect(search('*')).rejects.toThrow(/changed while they were being read: 1 of 2 users were found/)
    expect(tenant.requests).toHaveLength(3)
  })

  it('ends for all waiting requests if the token may not read users', async () => {
    const { tenant, search } = await connect(1)
    tenant.fault({
      kind: 'status',
      status: 403,
      body: { message: 'Insufficient scope, expected any of: read:users', errorCode: 'insufficient_scope' },
      when: () => true,
    })
    await expect(search('*')).rejects.toThrow('403 insufficient_scope Insufficient scope, expected any of: read:users')
    await expect(search('*')).rejects.toThrow()
    expect(tenant.requests).toHaveLength(1)
  })
})

describe('a look-up by address', () => {
  const verified = { email_verified: true, identities: [{ connection: 'corp' }] }
  it.each<readonly [string, readonly object[], readonly string[]]>([
    ['nobody', [], []],
    ['the user with this address', [{ user_id: 'waad|1', email: 'Ada@acme.com', ...verified }], ['waad|1']],
    ['a user with the address in another case', [{ user_id: 'waad|1', email: 'ada@acme.com', ...verified }], []],
    ['a user with another address', [{ user_id: 'waad|1', email: 'eve@acme.com', ...verified }], []],
    ['a user with a longer address', [{ user_id: 'waad|1', email: 'Ada@acme.com.evil.io', ...verified }], []],
    ['a user without an address', [{ user_id: 'waad|1', ...verified }], []],
    [
      'other users besides the user',
      [
        { user_id: 'waad|1', email: 'eve@acme.com', ...verified },
        { user_id: 'waad|2', email: 'Ada@acme.com', ...verified },
      ],
      ['waad|2'],
    ],
  ])('that returns %s finds only users with exactly this address', async (_, users, ids) => {
    const { tenant, findByEmail } = await connect(0)
    tenant.fault({ kind: 'garbage', body: JSON.stringify(users), when: () => true })
    expect((await findByEmail('Ada@acme.com')).map(({ id }) => id)).toEqual(ids)
  })

  it('requests the address as given, and only the relevant fields', async () => {
    const { tenant, findByEmail } = await connect(1)
    expect(await findByEmail('U0@Acme.com')).toEqual([])
    expect(await findByEmail('u0@acme.com')).toEqual([
      { id: idOf(0), verified: true, connections: ['Username-Password-Authentication'] },
    ])
    const asked = tenant.requests.map(({ path }) => Object.fromEntries(new URLSearchParams(path.split('?')[1])))
    expect(asked).toMatchObject([
      { email: 'U0@Acme.com', fields: 'user_id,email,email_verified,identities', include_fields: 'true' },
      { email: 'u0@acme.com' },
    ])
  })
})

describe('the list of all APIs', () => {
  // Auth0's own API is one of them.
  it.each([
    [0, 1, ['0']],
    [98, 99, ['0']],
    [99, 100, ['0', '1']],
    [250, 251, ['0', '1', '2']],
    [800, 500, ['0', '1', '2', '3', '4']],
  ])('of a tenant with %i contains up to five pages: %i', async (apis, length, pages) => {
    const { tenant, identifiers } = await connect(0, apis)
    expect(new Set(await identifiers()).size).toBe(length)
    expect(pagesOf(tenant)).toEqual(pages)
  })
})

describe('a user whose id Auth0 refuses', () => {
  it.each(['5f7c8ec7', 'grace@acme.com', 'auth0%7C0000'])('(%s) is an error that shows the right format', async id => {
    const { permissionsOf } = await connect(1)
    await expect(permissionsOf(id)).rejects.toThrow(
      `validation for format user-id: ${id}; request id 0000000000000001). A user id has the form connection|identifier, such as`,
    )
  })
})
