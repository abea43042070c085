// Shows that the embedded tenant responds as Auth0 does. Expected bodies are literals, from Auth0's own recorded traffic
// if available.
import { constants, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { cpuTime } from '../../clock.ts'
import type { BucketOptions } from './bucket.ts'
import type { FaultKind } from './fault.ts'
import type { Grant } from './store.ts'
import { startTenant, type Tenant, type TenantOptions } from './tenant.ts'

const UAT = 'https://uat.api.terraform-provider-auth0.com/testaccuserpermissions'
const ORDERS = 'https://orders.acme.com/'
const BILLING = 'urn:billing'
const USER = 'auth0|testaccuserpermissions'
const PERMISSIONS = '/api/v2/users/auth0%7Ctestaccuserpermissions/permissions'

const NO_USER =
  '{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}'
const refusedId = (id: string) =>
  `{"statusCode":400,"error":"Bad Request","message":"Object didn't pass validation for format user-id: ${id}","errorCode":"invalid_uri"}`
const NOT_FOUND = '{"statusCode":404,"error":"Not Found","message":"Not Found"}'

const BASE = {
  apis: [
    {
      id: '66e0a245e5d56cfb7a9a50fb',
      identifier: UAT,
      name: 'Acceptance Test - testaccuserpermissions',
      permissions: [
        { value: 'create:foo', description: 'Can create Foo' },
        { value: 'read:foo', description: 'Can read Foo' },
      ],
      enforcePolicies: false,
      tokenDialect: 'access_token',
    },
    { id: 'api_orders', identifier: ORDERS, name: 'Orders', permissions: ['read:orders', 'write:orders'] },
    { id: 'api_billing', identifier: BILLING, permissions: ['read:foo'], tokenDialect: 'rfc9068_profile' },
  ],
  roles: [{ id: 'rol_clerk', name: 'Clerk', permissions: [{ api: ORDERS, permission: 'read:orders' }] }],
  users: [
    {
      id: USER,
      email: 'testaccuserpermissions@acceptance.test.com',
      emailVerified: false,
      username: 'testaccuserpermissions',
      createdAt: '2024-09-10T19:47:19.028Z',
    },
    { id: 'auth0|clerk', roles: ['Clerk'], direct: [{ api: UAT, permission: 'read:foo' }] },
  ],
  clients: [{ id: 'client', secret: 'secret' }],
} satisfies TenantOptions

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

type Send = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>

const running: Tenant[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(tenant => tenant.close()))
})

async function start(options: TenantOptions = {}): Promise<{ readonly tenant: Tenant; readonly send: Send }> {
  const tenant = await startTenant({ ...BASE, ...options })
  running.push(tenant)
  const authorization = `Bearer ${tenant.issueToken({ lifetime: 1e9 })}`
  const send: Send = async (method, path, body, headers = {}) => {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
    const type: Record<string, string> = text === null ? {} : { 'content-type': 'application/json' }
    const answer = await fetch(tenant.domain + path, {
      method,
      body: text,
      headers: { authorization, ...type, ...headers },
      redirect: 'manual',
    })
    return { status: answer.status, headers: answer.headers, body: await answer.text() }
  }
  return { tenant, send }
}

function write(...grants: readonly Grant[]): unknown {
  return {
    permissions: grants.map(({ api, permission }) => ({
      resource_server_identifier: api,
      permission_name: permission,
    })),
  }
}

const READ_FOO = { api: UAT, permission: 'read:foo' }
const CREATE_FOO = { api: UAT, permission: 'create:foo' }
const READ_FOO_BODY = `{"permissions":[{"resource_server_identifier":"${UAT}","permission_name":"read:foo"}]}`
const CREATE_FOO_BODY = `{"permissions":[{"resource_server_identifier":"${UAT}","permission_name":"create:foo"}]}`

const READ_FOO_ITEM =
  '{"permission_name":"read:foo","description":"Can read Foo","resource_server_name":"Acceptance Test - testaccuserpermissions","resource_server_identifier":"https://uat.api.terraform-provider-auth0.com/testaccuserpermissions","sources":[{"source_id":"","source_name":"","source_type":"DIRECT"}]}'
const CREATE_FOO_ITEM =
  '{"permission_name":"create:foo","description":"Can create Foo","resource_server_name":"Acceptance Test - testaccuserpermissions","resource_server_identifier":"https://uat.api.terraform-provider-auth0.com/testaccuserpermissions","sources":[{"source_id":"","source_name":"","source_type":"DIRECT"}]}'

describe('the recorded traffic', () => {
  test('is reproduced byte for byte', async () => {
    const { tenant, send } = await start()
    const list = `${PERMISSIONS}?include_totals=true&page=0&per_page=100`
    const steps: readonly [method: string, path: string, body: string | undefined, status: number, answer: string][] = [
      [
        'GET',
        '/api/v2/resource-servers/https:%2F%2Fuat.api.terraform-provider-auth0.com%2Ftestaccuserpermissions',
        undefined,
        200,
        '{"id":"66e0a245e5d56cfb7a9a50fb","name":"Acceptance Test - testaccuserpermissions","identifier":"https://uat.api.terraform-provider-auth0.com/testaccuserpermissions","allow_offline_access":false,"skip_consent_for_verifiable_first_party_clients":false,"token_lifetime":86400,"token_lifetime_for_web":7200,"signing_alg":"RS256","scopes":[{"value":"create:foo","description":"Can create Foo"},{"value":"read:foo","description":"Can read Foo"}]}',
      ],
      [
        'GET',
        '/api/v2/users/auth0%7Ctestaccuserpermissions',
        undefined,
        200,
        '{"created_at":"2024-09-10T19:47:19.028Z","email":"testaccuserpermissions@acceptance.test.com","email_verified":false,"identities":[{"user_id":"testaccuserpermissions","connection":"Username-Password-Authentication","provider":"auth0","isSocial":false}],"name":"testaccuserpermissions@acceptance.test.com","nickname":"testaccuserpermissions","picture":"https://s.gravatar.com/avatar/d97e25d60bb8202f963e535364a40cb1?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fte.png","updated_at":"2024-09-10T19:47:19.028Z","user_id":"auth0|testaccuserpermissions","username":"testaccuserpermissions"}',
      ],
      ['GET', list, undefined, 200, '{"permissions":[],"start":0,"limit":100,"total":0}'],
      ['POST', PERMISSIONS, READ_FOO_BODY, 201, '{}'],
      ['GET', list, undefined, 200, `{"permissions":[${READ_FOO_ITEM}],"start":0,"limit":100,"total":1}`],
      ['POST', PERMISSIONS, CREATE_FOO_BODY, 201, '{}'],
      [
        'GET',
        list,
        undefined,
        200,
        `{"permissions":[${CREATE_FOO_ITEM},${READ_FOO_ITEM}],"start":0,"limit":100,"total":2}`,
      ],
      [
        'GET',
        `${PERMISSIONS}?include_totals=true&per_page=50`,
        undefined,
        200,
        `{"permissions":[${CREATE_FOO_ITEM},${READ_FOO_ITEM}],"start":0,"limit":50,"total":2}`,
      ],
      ['DELETE', PERMISSIONS, READ_FOO_BODY, 204, ''],
      ['GET', list, undefined, 200, `{"permissions":[${CREATE_FOO_ITEM}],"start":0,"limit":100,"total":1}`],
      ['DELETE', PERMISSIONS, CREATE_FOO_BODY, 204, ''],
      ['GET', list, undefined, 200, '{"permissions":[],"start":0,"limit":100,"total":0}'],
    ]
    for (const [method, path, body, status, answer] of steps) {
      const reply = await send(method, path, body)
      expect({ method, path, status: reply.status, body: reply.body }).toEqual({ method, path, status, body: answer })
      expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
    expect(tenant.requests.map(request => request.status)).toEqual(steps.map(([, , , status]) => status))
  })
})

describe('permissions of a user', () => {
  test('are a bare array without include_totals', async () => {
    const { tenant, send } = await start()
    tenant.grant(USER, READ_FOO)
    expect((await send('GET', PERMISSIONS)).body).toBe(`[${READ_FOO_ITEM}]`)
  })

  test('name every source: direct, role, or both', async () => {
    const { tenant, send } = await start()
    tenant.grant('auth0|clerk', { api: ORDERS, permission: 'read:orders' })
    expect((await send('GET', '/api/v2/users/auth0%7Cclerk/permissions')).body).toBe(
      `[${READ_FOO_ITEM},{"permission_name":"read:orders","resource_server_name":"Orders","resource_server_identifier":"https://orders.acme.com/","sources":[{"source_id":"","source_name":"","source_type":"DIRECT"},{"source_id":"rol_clerk","source_name":"Clerk","source_type":"ROLE"}]}]`,
    )
    tenant.revoke('auth0|clerk', { api: ORDERS, permission: 'read:orders' }, READ_FOO)
    expect((await send('GET', '/api/v2/users/auth0%7Cclerk/permissions')).body).toBe(
      '[{"permission_name":"read:orders","resource_server_name":"Orders","resource_server_identifier":"https://orders.acme.com/","sources":[{"source_id":"rol_clerk","source_name":"Clerk","source_type":"ROLE"}]}]',
    )
    expect(tenant.grantsOf('auth0|clerk')).toEqual([])
  })

  test('are sorted by name, then API, and listed in pages', async () => {
    const { tenant, send } = await start()
    const orders = ['write:orders', 'read:orders'].map(permission => ({ api: ORDERS, permission }))
    tenant.grant(USER, ...orders, { api: BILLING, permission: 'read:foo' }, READ_FOO)
    const names = async (query: string): Promise<unknown> => {
      const { permissions, ...rest } = JSON.parse(
        (await send('GET', `${PERMISSIONS}?include_totals=true&${query}`)).body,
      )
      const items: readonly Record<string, string>[] = permissions
      return [items.map(item => `${item.permission_name} ${item.resource_server_identifier}`), rest]
    }
    expect(await names('per_page=3')).toEqual([
      [`read:foo ${UAT}`, `read:foo ${BILLING}`, `read:orders ${ORDERS}`],
      { start: 0, limit: 3, total: 4 },
    ])
    expect(await names('per_page=3&page=1')).toEqual([[`write:orders ${ORDERS}`], { start: 3, limit: 3, total: 4 }])
    expect(await names('per_page=3&page=2')).toEqual([[], { start: 6, limit: 3, total: 4 }])
  })

  test('have fifty entries per page by default', async () => {
    const permissions = Array.from({ length: 120 }, (_, index) => `do:${index}`)
    const { tenant, send } = await start({
      apis: [{ identifier: ORDERS, permissions }],
      roles: [],
      users: [{ id: 'auth0|u' }],
    })
    tenant.grant('auth0|u', ...permissions.map(permission => ({ api: ORDERS, permission })))
    const lengthOf = async (query: string): Promise<number> =>
      JSON.parse((await send('GET', `/api/v2/users/auth0%7Cu/permissions${query}`)).body).length
    expect(await lengthOf('')).toBe(50)
    expect(await lengthOf('?per_page=100')).toBe(100)
    expect(await lengthOf('?per_page=100&page=1')).toBe(20)
  })

  test.each([
    ['over a hundred per page', 'per_page=101', "'Value 101 is greater than maximum 100' on property per_page (Number"],
    ['zero per page', 'per_page=0', "'Value 0 is less than minimum 1' on property per_page"],
    ['a page before the first', 'page=-1', "'Value -1 is less than minimum 0' on property page"],
    ['a page number that is not a number', 'page=x', "'Expected type integer but found type string' on property page"],
    ['an include_totals that is not a boolean', 'include_totals=1', "'Expected type boolean but found type string'"],
    ['a duplicate parameter', 'page=1&page=2', "'Expected type string but found type array' on property page"],
    ['an unknown parameter', 'sort=x', "'Additional properties not allowed: sort'"],
  ])('are refused for %s', async (_, query, problem) => {
    const { send } = await start()
    const { status, body } = await send('GET', `${PERMISSIONS}?${query}`)
    expect(status).toBe(400)
    expect(body).toContain(`"message":"Query validation error: ${problem}`)
    expect(body).toContain('"errorCode":"invalid_query_string"')
  })
})

describe('a write', () => {
  test('for several APIs at once succeeds, whether permissions are already assigned or missing', async () => {
    const { tenant, send } = await start()
    const grants = [READ_FOO, { api: ORDERS, permission: 'read:orders' }]
    expect((await send('POST', PERMISSIONS, write(...grants))).status).toBe(201)
    expect((await send('POST', PERMISSIONS, write(...grants, CREATE_FOO))).status).toBe(201)
    expect(tenant.grantsOf(USER)).toEqual([{ api: ORDERS, permission: 'read:orders' }, CREATE_FOO, READ_FOO])
    expect((await send('DELETE', PERMISSIONS, write(...grants))).status).toBe(204)
    expect((await send('DELETE', PERMISSIONS, write(...grants))).status).toBe(204)
    expect(tenant.snapshot()).toEqual({ 'auth0|clerk': [READ_FOO], [USER]: [CREATE_FOO] })
  })

  test.each(['GET', 'POST', 'DELETE'])('or read (%s) for an unknown user is 404 inexistent_user', async method => {
    const { send } = await start()
    const body = method === 'GET' ? undefined : READ_FOO_BODY
    const reply = await send(method, '/api/v2/users/auth0%7Cnobody/permissions', body)
    expect([reply.status, reply.body]).toEqual([404, NO_USER])
  })

  test.each([
    ['POST', 'permission', { api: UAT, permission: 'read:nothing' }],
    ['DELETE', 'permission', { api: UAT, permission: 'read:nothing' }],
    ['POST', 'API', { api: 'urn:nothing', permission: 'read:foo' }],
    ['DELETE', 'API', { api: 'urn:nothing', permission: 'read:foo' }],
  ])('(%s) with one unknown %s is 404 and has no effect', async (method, _, unknown) => {
    const { tenant, send } = await start()
    tenant.grant(USER, CREATE_FOO)
    const { status, body } = await send(method, PERMISSIONS, write(READ_FOO, CREATE_FOO, unknown))
    expect(status).toBe(404)
    expect(body).toBe(
      `{"statusCode":404,"error":"Not Found","message":"The permission ${unknown.permission} does not exist on ${unknown.api}."}`,
    )
    expect(tenant.grantsOf(USER)).toEqual([CREATE_FOO])
  })

  const item = { resource_server_identifier: UAT, permission_name: 'read:foo' }
  test.each([
    ['no permissions', { permissions: [] }, "'Array is too short (0), minimum 1' on property permissions (List of"],
    ['no key', {}, "'Missing required property: permissions'."],
    ['null', { permissions: null }, "'Expected type array but found type null' on property permissions"],
    ['a top-level array', [item], "'Expected type object but found type array'."],
    ['another key', { permissions: [item], force: true }, "'Additional properties not allowed: force'."],
    [
      'an item that is a string',
      { permissions: ['read:foo'] },
      "'Expected type object but found type string' on property perm",
    ],
    [
      'an item without a name',
      { permissions: [{ resource_server_identifier: UAT }] },
      "'Missing required property: permission_na",
    ],
    [
      'an item with an unknown key',
      { permissions: [{ ...item, description: '' }] },
      "'Additional properties not allowed: description'",
    ],
    [
      'a name that is a number',
      { permissions: [{ ...item, permission_name: 1 }] },
      "'Expected type string but found type number'",
    ],
  ])('with %s is 400 invalid_body', async (_, body, problem) => {
    const { tenant, send } = await start()
    for (const method of ['POST', 'DELETE']) {
      const reply = await send(method, PERMISSIONS, body)
      expect(reply.status).toBe(400)
      expect(JSON.parse(reply.body)).toMatchObject({ statusCode: 400, error: 'Bad Request', errorCode: 'invalid_body' })
      expect(reply.body).toContain(`"message":"Payload validation error: ${problem}`)
    }
    expect(tenant.grantsOf(USER)).toEqual([])
  })

  test('with another content or content type than JSON is refused', async () => {
    const { send } = await start()
    expect((await send('POST', PERMISSIONS, '{')).body).toBe(
      '{"statusCode":400,"error":"Bad Request","message":"Invalid request payload JSON format"}',
    )
    expect((await send('POST', PERMISSIONS)).status).toBe(400)
    expect((await send('POST', PERMISSIONS, READ_FOO_BODY, { 'content-type': 'text/plain' })).status).toBe(415)
  })

  test.each<readonly [string, (tenant: Tenant) => () => void]>([
    ['a permission', tenant => tenant.removePermission(ORDERS, 'read:orders')],
    ['an API', tenant => tenant.removeApi(ORDERS)],
  ])('cannot revoke %s that the tenant no longer has, even if a user still has it', async (_, remove) => {
    const { tenant, send } = await start()
    const held = { api: ORDERS, permission: 'read:orders' }
    tenant.grant(USER, held, READ_FOO)
    const addAgain = remove(tenant)
    expect((await send('DELETE', PERMISSIONS, write(held, READ_FOO))).status).toBe(404)
    expect(tenant.grantsOf(USER)).toEqual([held, READ_FOO])
    expect((await send('GET', PERMISSIONS)).body).toContain('read:orders')
    expect((await send('DELETE', PERMISSIONS, write(READ_FOO))).status).toBe(204)
    addAgain()
    expect((await send('DELETE', PERMISSIONS, write(held))).status).toBe(204)
    expect(tenant.grantsOf(USER)).toEqual([])
  })

  test('that would result in over a thousand direct permissions is 400, and one up to a thousand succeeds', async () => {
    const all = Array.from({ length: 1001 }, (_, index) => ({ api: ORDERS, permission: `do:${index}` }))
    const apis = [{ identifier: ORDERS, permissions: all.map(grant => grant.permission) }]
    const { tenant, send } = await start({ apis, roles: [], users: [{ id: 'auth0|u' }] })
    expect((await send('POST', '/api/v2/users/auth0%7Cu/permissions', write(...all.slice(0, 1000)))).status).toBe(201)
    expect((await send('POST', '/api/v2/users/auth0%7Cu/permissions', write(...all.slice(500, 1000)))).status).toBe(201)
    const { status, body } = await send('POST', '/api/v2/users/auth0%7Cu/permissions', write(...all.slice(1000)))
    expect([status, body]).toEqual([
      400,
      '{"statusCode":400,"error":"Bad Request","message":"No more permissions can be assigned to this user."}',
    ])
    expect(tenant.grantsOf('auth0|u')).toHaveLength(1000)
  })
})

describe('a user id in a path', () => {
  const odd = [
    'auth0|a/b',
    'auth0|../x',
    'x|../auth0|y',
    'auth0|100%',
    'auth0|%2F',
    'auth0|a?b',
    'auth0|a#b',
    'auth0|a b',
    'auth0|ü',
  ]

  test.each(odd)('reaches its own user when encoded: %s', async id => {
    const { tenant, send } = await start({
      users: [...odd, 'auth0|/', 'auth0|y', 'auth0|a'].map(other => ({ id: other })),
    })
    expect((await send('POST', `/api/v2/users/${encodeURIComponent(id)}/permissions`, READ_FOO_BODY)).status).toBe(201)
    const holders = Object.entries(tenant.snapshot()).filter(([, grants]) => grants.length > 0)
    expect(holders).toEqual([[id, [READ_FOO]]])
  })

  test.each([
    ['a slash', '/api/v2/users/auth0|a/b/permissions', 404, NOT_FOUND],
    ['dot segments', '/api/v2/users/../permissions', 404, NOT_FOUND],
    ['nothing', '/api/v2/users//permissions', 404, NOT_FOUND],
    ['a hash', '/api/v2/users/auth0|a#b/permissions', 400, undefined],
    ['a lone percent sign', '/api/v2/users/auth0|100%/permissions', 400, undefined],
    ['broken UTF-8', '/api/v2/users/auth0|%FF/permissions', 400, undefined],
    [
      'double encoding',
      `/api/v2/users/auth0%257Ctestaccuserpermissions/permissions`,
      400,
      refusedId('auth0%7Ctestaccuserpermissions'),
    ],
    ['an address', '/api/v2/users/grace%40acme.com/permissions', 400, refusedId('grace@acme.com')],
    ['a bare identifier', '/api/v2/users/5f7c8ec7/permissions', 400, refusedId('5f7c8ec7')],
    ['nothing before the bar', '/api/v2/users/%7C5f7c8ec7/permissions', 400, refusedId('|5f7c8ec7')],
    ['nothing after the bar', '/api/v2/users/auth0%7C/permissions', 400, refusedId('auth0|')],
    ['dots', '/api/v2/users/%2E%2E', 400, refusedId('..')],
  ])('with %s, unencoded, reaches no user', async (_, path, status, body) => {
    const { tenant } = await start({ users: [...odd.map(id => ({ id })), { id: USER }, { id: '..' }] })
    const reply = await sendRaw(tenant, path)
    expect(reply.status).toBe(status)
    if (body) expect(reply.body).toBe(body)
    expect(tenant.requests.at(-1)?.path).toBe(path)
  })

  test('may have its bar unencoded', async () => {
    const { tenant } = await start()
    expect((await sendRaw(tenant, `/api/v2/users/${USER}/permissions`)).status).toBe(200)
  })
})

/** Sends the path unchanged, which fetch would normalize. */
function sendRaw(tenant: Tenant, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(tenant.domain)
    const headers = { authorization: `Bearer ${tenant.issueToken()}` }
    httpRequest({ hostname, port, path, headers }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}

describe('any other endpoint', () => {
  test.each([
    ['GET', '/api/v2/nothing'],
    ['GET', '/api/v2/users/x/y/z'],
    ['PUT', PERMISSIONS],
    ['PATCH', '/api/v2/users/auth0%7Ctestaccuserpermissions'],
    ['DELETE', '/api/v2/users/auth0%7Ctestaccuserpermissions'],
    ['POST', '/api/v2/users'],
    ['GET', '/oauth/token'],
    ['GET', '/'],
  ])('is not found: %s %s', async (method, path) => {
    const { tenant, send } = await start()
    const before = tenant.snapshot()
    const reply = await send(method, path)
    expect([reply.status, reply.body]).toEqual([404, NOT_FOUND])
    expect(tenant.snapshot()).toEqual(before)
  })
})

describe('users by e-mail', () => {
  const users = [
    { id: 'auth0|ada', email: 'Ada@Acme.com' },
    { id: 'google-oauth2|114', email: 'ada@acme.com', emailVerified: false },
    { id: 'waad|ada', email: 'Ada@Acme.com', connection: 'acme-ad' },
  ]
  const search = async (send: Send, query: string): Promise<readonly Record<string, unknown>[]> =>
    JSON.parse((await send('GET', `/api/v2/users-by-email?${query}`)).body)

  test('are all users with exactly this address, in this case', async () => {
    const { send } = await start({ users })
    expect(await search(send, 'email=ada%40acme.com')).toMatchObject([
      {
        user_id: 'auth0|ada',
        email: 'ada@acme.com',
        email_verified: true,
        identities: [
          { user_id: 'ada', connection: 'Username-Password-Authentication', provider: 'auth0', isSocial: false },
        ],
      },
      {
        user_id: 'google-oauth2|114',
        email_verified: false,
        identities: [{ user_id: '114', connection: 'google-oauth2', provider: 'google-oauth2', isSocial: true }],
      },
    ])
    expect(await search(send, 'email=Ada%40Acme.com')).toMatchObject([
      { user_id: 'waad|ada', identities: [{ connection: 'acme-ad', provider: 'waad' }] },
    ])
    expect(await search(send, 'email=grace%40acme.com')).toEqual([])
  })

  test('have the requested fields', async () => {
    const { send } = await start({ users })
    expect(await search(send, 'email=Ada%40Acme.com&fields=user_id,email_verified')).toEqual([
      { email_verified: true, user_id: 'waad|ada' },
    ])
    const [rest = {}] = await search(send, 'email=Ada%40Acme.com&fields=user_id,email&include_fields=false')
    expect(Object.keys(rest)).toEqual([
      'created_at',
      'email_verified',
      'identities',
      'name',
      'nickname',
      'picture',
      'updated_at',
    ])
    expect((await send('GET', '/api/v2/users-by-email?email=x&fields=id')).status).toBe(400)
    expect((await send('GET', '/api/v2/users-by-email')).status).toBe(400)
  })

  test('reflect added and removed users', async () => {
    const { tenant, send } = await start({ users })
    tenant.removeUser('waad|ada')
    expect(await search(send, 'email=Ada%40Acme.com')).toEqual([])
    tenant.addUser({ id: 'oidc|ada', email: 'Ada@Acme.com' })
    expect(await search(send, 'email=Ada%40Acme.com')).toMatchObject([{ user_id: 'oidc|ada' }])
  })
})

describe('a search for users', () => {
  const users = [
    { id: 'auth0|ada', email: 'ada@acme.com' },
    { id: 'auth0|say "hi"', email: 'or@acme.com' },
    { id: 'waad|bob', email: 'Bob@acme.com', connection: 'acme-ad' },
    { id: 'sms|1' },
  ]

  test.each([
    ['', ['auth0|ada', 'auth0|say "hi"', 'waad|bob', 'sms|1']],
    ['*', ['auth0|ada', 'auth0|say "hi"', 'waad|bob', 'sms|1']],
    ['email:"ada@acme.com"', ['auth0|ada']],
    ['email:BOB@acme.com', ['waad|bob']],
    ['user_id:"auth0|say \\"hi\\""', ['auth0|say "hi"']],
    ['identities.connection:"acme-ad"', ['waad|bob']],
    ['user_id:"sms|1" OR email:"ada@acme.com" OR user_id:"sms|1"', ['sms|1', 'auth0|ada']],
    ['email:"a OR b"', []],
    ['email:"a AND b" OR user_id:"sms|1"', ['sms|1']],
    ['identities.connection:"acme-ad" AND email:"bob@acme.com"', ['waad|bob']],
    ['identities.connection:"acme-ad" AND email:"ada@acme.com"', []],
    ['email:*@ACME.com', ['auth0|ada', 'auth0|say "hi"', 'waad|bob']],
    ['email:B*', ['waad|bob']],
    ['email:*b@a*', ['waad|bob']],
    ['user_id:auth0|* AND email:*@acme.com AND email:a*', ['auth0|ada']],
  ])('understands %j', async (q, ids) => {
    const { send } = await start({ users })
    const { body } = await send('GET', `/api/v2/users?search_engine=v3&fields=user_id&q=${encodeURIComponent(q)}`)
    expect(JSON.parse(body)).toEqual(ids.map(user_id => ({ user_id })))
  })

  test.each([
    'name:"x"',
    'name:x*',
    'x',
    '-email:"x"',
    'email:"x" AND',
    'email:"x" AND email:"y" OR email:"z"',
    '(email:"x")',
    'email:*om',
    'email:a*b',
  ])('refuses %j', async q => {
    const { send } = await start({ users })
    const { status, body } = await send('GET', `/api/v2/users?q=${encodeURIComponent(q)}`)
    expect([status, JSON.parse(body).errorCode]).toEqual([400, 'invalid_query_string'])
  })

  test('needs read:users, and counts against the rate limit', async () => {
    const { tenant, send } = await start({ users, bucket: { limit: 10, perSecond: 2 }, now: () => 1e12 })
    const denied = { authorization: `Bearer ${tenant.issueToken({ scopes: ['update:users'] })}` }
    expect(await send('GET', '/api/v2/users', undefined, denied)).toMatchObject({ status: 403 })
    const { status, headers } = await send('GET', '/api/v2/users')
    expect([status, headers.get('x-ratelimit-remaining')]).toEqual([200, '8'])
  })

  test('returns pages, sorted and with totals on request', async () => {
    const { send } = await start({ users })
    const { body } = await send(
      'GET',
      '/api/v2/users?sort=user_id:-1&per_page=2&page=1&include_totals=true&fields=user_id',
    )
    expect(JSON.parse(body)).toEqual({
      start: 2,
      limit: 2,
      length: 2,
      total: 4,
      users: [{ user_id: 'auth0|say "hi"' }, { user_id: 'auth0|ada' }],
    })
  })

  test('ends at the thousandth record', async () => {
    const { send } = await start({ users })
    expect((await send('GET', '/api/v2/users?per_page=100&page=9')).status).toBe(200)
    expect((await send('GET', '/api/v2/users?per_page=0')).body).toBe('[]')
    const { status, body } = await send('GET', '/api/v2/users?per_page=100&page=10')
    expect([status, body]).toEqual([
      400,
      '{"statusCode":400,"error":"Bad Request","message":"You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation","errorCode":"invalid_paging"}',
    ])
  })
})

describe('APIs', () => {
  const list = async (send: Send, query: string): Promise<unknown> =>
    JSON.parse((await send('GET', `/api/v2/resource-servers${query}`)).body)

  test('are found by identifier, without unknown ones', async () => {
    const { send } = await start()
    const query = [ORDERS, BILLING, 'urn:nothing', ORDERS].map(id => `identifiers=${encodeURIComponent(id)}`).join('&')
    const common = {
      allow_offline_access: false,
      skip_consent_for_verifiable_first_party_clients: false,
      token_lifetime: 86400,
      token_lifetime_for_web: 7200,
      signing_alg: 'RS256',
    }
    expect(await list(send, `?${query}`)).toEqual([
      {
        id: 'api_orders',
        name: 'Orders',
        identifier: ORDERS,
        ...common,
        scopes: [{ value: 'read:orders' }, { value: 'write:orders' }],
        enforce_policies: true,
        token_dialect: 'access_token_authz',
      },
      {
        id: 'api_billing',
        name: BILLING,
        identifier: BILLING,
        ...common,
        scopes: [{ value: 'read:foo' }],
        enforce_policies: true,
        token_dialect: 'rfc9068_profile',
      },
    ])
  })

  test('are all listed without a filter, including Auth0’s own, in pages', async () => {
    const { tenant, send } = await start()
    expect(await list(send, '?include_totals=true&per_page=1')).toMatchObject({
      resource_servers: [{ is_system: true, identifier: `https://${tenant.domain.slice(7)}/api/v2/` }],
      start: 0,
      limit: 1,
      total: 4,
    })
    expect(await list(send, '?page=1&per_page=2')).toMatchObject([{ identifier: ORDERS }, { identifier: BILLING }])
  })

  test('without permissions have no key scopes', async () => {
    const { send } = await start({ apis: [{ identifier: BILLING, permissions: [] }], roles: [], users: [] })
    expect((await list(send, `?identifiers=${BILLING}`)) as object[]).toEqual([
      expect.not.objectContaining({ scopes: expect.anything() }),
    ])
  })

  test('are limited to ten per filter', async () => {
    const { send } = await start()
    const identifiers = (count: number): string => `?${Array.from({ length: count }, () => 'identifiers=x').join('&')}`
    expect(await list(send, identifiers(10))).toEqual([])
    expect(await list(send, identifiers(11))).toMatchObject({ statusCode: 400, errorCode: 'invalid_query_string' })
    expect(await list(send, '?identifiers=')).toMatchObject({ statusCode: 400 })
  })

  test('are found individually by id or identifier', async () => {
    const { send } = await start()
    expect(await list(send, '/api_orders')).toMatchObject({ identifier: ORDERS })
    expect(await list(send, `/${encodeURIComponent(ORDERS)}`)).toMatchObject({ id: 'api_orders' })
    expect(await list(send, '/nothing')).toMatchObject({ statusCode: 404, errorCode: 'inexistent_resource_server' })
  })
})

describe('the token endpoint', () => {
  const request = {
    grant_type: 'client_credentials',
    client_id: 'client',
    client_secret: 'secret',
    audience: 'https://acme.eu.auth0.com/api/v2/',
  }
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const others = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const withKey = { clients: [{ id: 'client', publicKey: keys.publicKey }] }

  test.each(['application/json', 'application/x-www-form-urlencoded'])(
    'returns a token for a secret: %s',
    async type => {
      const { tenant, send } = await start({
        clients: [{ id: 'client', secret: 'secret', scopes: ['read:users', 'update:users'], tokenLifetime: 600 }],
      })
      const body = type === 'application/json' ? JSON.stringify(request) : new URLSearchParams(request).toString()
      const reply = await send('POST', '/oauth/token', body, { 'content-type': type })
      expect(reply.status).toBe(200)
      const { access_token, ...rest } = JSON.parse(reply.body)
      expect(rest).toEqual({ scope: 'read:users update:users', expires_in: 600, token_type: 'Bearer' })
      const payload = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url').toString())
      expect(payload).toMatchObject({
        iss: `https://${tenant.domain.slice(7)}/`,
        sub: 'client@clients',
        aud: request.audience,
        azp: 'client',
        scope: 'read:users update:users',
        gty: 'client-credentials',
      })
      expect(payload.exp - payload.iat).toBe(600)
      expect((await send('GET', PERMISSIONS, undefined, { authorization: `Bearer ${access_token}` })).status).toBe(200)
      expect(tenant.requests[0]?.body).toEqual(request)
    },
  )

  test('has a request id and its own rate limit', async () => {
    const { send } = await start()
    const { headers } = await send('POST', '/oauth/token', request)
    expect(headers.get('x-auth0-requestid')).toMatch(/^[\da-f]+$/)
    expect(headers.get('x-ratelimit-limit')).toBe('30')
    expect(headers.get('x-ratelimit-remaining')).toBe('29')
    expect((await send('GET', PERMISSIONS)).headers.get('x-ratelimit-limit')).toBe('1000000')
  })

  const unauthorized = '{"error":"access_denied","error_description":"Unauthorized"}'
  test.each([
    ['a wrong secret', { client_secret: 'secre' }, 401, unauthorized],
    ['no secret', { client_secret: '' }, 401, unauthorized],
    ['an unknown client', { client_id: 'nobody' }, 401, unauthorized],
    [
      'no client',
      { client_id: '' },
      400,
      '{"error":"invalid_request","error_description":"Missing required parameter: client_id"}',
    ],
    [
      'no grant type',
      { grant_type: '' },
      400,
      '{"error":"invalid_request","error_description":"Missing required parameter: grant_type"}',
    ],
    [
      'another grant type',
      { grant_type: 'password' },
      403,
      '{"error":"unsupported_grant_type","error_description":"Unsupported grant type: password"}',
    ],
    [
      'no audience',
      { audience: '' },
      403,
      '{"error":"access_denied","error_description":"No audience parameter was provided, and no default audience has been configured"}',
    ],
    [
      'another kind of audience',
      { audience: 'https://x/' },
      403,
      '{"error":"access_denied","error_description":"Service not enabled within domain: https://x/"}',
    ],
  ])('refuses %s', async (_, change, status, body) => {
    const { send } = await start()
    const reply = await send('POST', '/oauth/token', { ...request, ...change })
    expect([reply.status, reply.body]).toEqual([status, body])
  })

  test('accepts only one audience if one is set', async () => {
    const { send } = await start({ audience: 'https://acme.eu.auth0.com/api/v2/' })
    expect((await send('POST', '/oauth/token', request)).status).toBe(200)
    const reply = await send('POST', '/oauth/token', { ...request, audience: 'https://login.acme.com/api/v2/' })
    expect([reply.status, reply.body]).toEqual([
      403,
      '{"error":"access_denied","error_description":"Service not enabled within domain: https://login.acme.com/api/v2/"}',
    ])
  })

  interface Assertion {
    readonly alg?: string
    readonly key?: KeyObject
    readonly claims?: (now: number, host: string) => object
  }

  const assert = (tenant: Tenant, { alg = 'RS256', key = keys.privateKey, claims }: Assertion = {}): object => {
    const now = Math.floor(Date.now() / 1000)
    const host = tenant.domain.slice(7)
    const all = { iss: 'client', sub: 'client', aud: `https://${host}/`, iat: now, exp: now + 60, jti: randomUUID() }
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const content = `${part({ alg, typ: 'JWT' })}.${part({ ...all, ...claims?.(now, host) })}`
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    const signature = sign(alg === 'RS384' ? 'sha384' : 'sha256', Buffer.from(content), {
      key,
      ...(alg === 'PS256' && pss),
    })
    const { client_secret: _, ...rest } = request
    return {
      ...rest,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${content}.${signature.toString('base64url')}`,
    }
  }

  test.each(['RS256', 'RS384', 'PS256'])('returns a token for an assertion: %s', async alg => {
    const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const { tenant, send } = await start({ clients: [{ id: 'client', publicKey: pem }] })
    expect((await send('POST', '/oauth/token', assert(tenant, { alg }))).status).toBe(200)
    const plain = assert(tenant, { alg, claims: (_, host) => ({ aud: `http://${host}/` }) })
    expect((await send('POST', '/oauth/token', plain)).status).toBe(200)
  })

  const refused: readonly [name: string, assertion: Assertion][] = [
    ['with another key', { key: others.privateKey }],
    ['with an algorithm that is not allowed', { alg: 'none' }],
    ['with another issuer', { claims: () => ({ iss: 'x' }) }],
    ['with another subject', { claims: () => ({ sub: 'x' }) }],
    ['for another audience', { claims: () => ({ aud: 'https://acme.eu.auth0.com/' }) }],
    ['for an audience without the trailing slash', { claims: (_, host) => ({ aud: `https://${host}` }) }],
    ['that is expired', { claims: now => ({ iat: now - 60, exp: now - 1 }) }],
    ['with a lifetime over five minutes', { claims: now => ({ exp: now + 301 }) }],
    ['from the future', { claims: now => ({ iat: now + 3600, exp: now + 3660 }) }],
    ['without exp', { claims: () => ({ exp: undefined }) }],
    ['without jti', { claims: () => ({ jti: undefined }) }],
  ]
  test.each(refused)('refuses an assertion %s', async (_, assertion) => {
    const { tenant, send } = await start(withKey)
    const reply = await send('POST', '/oauth/token', assert(tenant, assertion))
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.body).error).toBe('invalid_client')
  })

  test('refuses an assertion that was used before or has a wrong type', async () => {
    const { tenant, send } = await start(withKey)
    const once = assert(tenant)
    expect((await send('POST', '/oauth/token', once)).status).toBe(200)
    expect((await send('POST', '/oauth/token', once)).status).toBe(401)
    const typed = { ...assert(tenant), client_assertion_type: 'jwt' }
    expect((await send('POST', '/oauth/token', typed)).status).toBe(401)
  })
})

describe('the Management API', () => {
  const unauthorized = (message: string): string =>
    `{"statusCode":401,"error":"Unauthorized","message":"${message}","attributes":{"error":"${message}"}}`

  test('returns request ids', async () => {
    const { headers } = await (await start()).send('GET', PERMISSIONS)
    expect(headers.get('ot-baggage-auth0-request-id')).toMatch(/^[\da-f]+$/)
    expect(headers.get('cf-ray')).toMatch(/^[\da-f]+-FRA$/)
  })

  test('requires a token that the tenant issued', async () => {
    const { tenant, send } = await start()
    const token = tenant.issueToken()
    const withAuthorization = async (authorization: string): Promise<unknown> => {
      const { status, body } = await send('GET', PERMISSIONS, undefined, { authorization })
      return [status, body]
    }
    expect(await withAuthorization(`Bearer ${token.slice(0, -2)}`)).toEqual([401, unauthorized('Invalid token')])
    expect(await withAuthorization(`Basic ${token}`)).toEqual([401, unauthorized('Invalid token')])
    const bare = await fetch(tenant.domain + PERMISSIONS)
    expect([bare.status, await bare.text()]).toEqual([401, unauthorized('Missing authentication')])
  })

  test('refuses an expired token', async () => {
    let now = 1_800_000_000_000
    const { tenant, send } = await start({ now: () => now })
    const authorization = `Bearer ${tenant.issueToken({ lifetime: 60 })}`
    now += 59_999
    expect((await send('GET', PERMISSIONS, undefined, { authorization })).status).toBe(200)
    now += 1
    const { status, body } = await send('GET', PERMISSIONS, undefined, { authorization })
    expect([status, body]).toEqual([401, unauthorized('Expired token received for JSON Web Token validation')])
  })

  test('refuses all tokens issued before expireTokens, and accepts the next', async () => {
    const { tenant, send } = await start()
    tenant.expireTokens()
    expect((await send('GET', PERMISSIONS)).status).toBe(401)
    const authorization = `Bearer ${tenant.issueToken({ lifetime: 1e9 })}`
    expect((await send('GET', PERMISSIONS, undefined, { authorization })).status).toBe(200)
    expect((await send('GET', PERMISSIONS)).status).toBe(401)
  })

  test.each([
    ['GET', PERMISSIONS, 'read:users', 'read:users'],
    ['POST', PERMISSIONS, 'update:users', 'update:users'],
    ['DELETE', PERMISSIONS, 'update:users', 'update:users'],
    ['GET', '/api/v2/users-by-email?email=x', 'read:users', 'read:users'],
    ['GET', '/api/v2/users', 'read:users', 'read:users,read:user_idp_tokens'],
    ['GET', '/api/v2/users/auth0%7Cclerk', 'read:users', 'read:users,read:current_user,read:user_idp_tokens'],
    ['GET', '/api/v2/resource-servers', 'read:resource_servers', 'read:resource_servers'],
    ['GET', '/api/v2/resource-servers/api_orders', 'read:resource_servers', 'read:resource_servers'],
  ])('requires the scope for %s %s', async (method, path, scope, expected) => {
    const { tenant, send } = await start()
    const body = method === 'GET' ? undefined : READ_FOO_BODY
    const all = ['read:users', 'update:users', 'read:resource_servers']
    const without = `Bearer ${tenant.issueToken({ scopes: all.filter(other => other !== scope) })}`
    const refused = await send(method, path, body, { authorization: without })
    expect([refused.status, refused.body]).toEqual([
      403,
      `{"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: ${expected}","errorCode":"insufficient_scope"}`,
    ])
    expect(tenant.grantsOf(USER)).toEqual([])
    const authorization = `Bearer ${tenant.issueToken({ scopes: [scope] })}`
    expect((await send(method, path, body, { authorization })).status).toBeLessThan(300)
  })
})

describe('the rate limit', () => {
  // A whole minute.
  const START = 1_800_000_000_000

  const limited = async (bucket: BucketOptions) => {
    const clock = { now: START }
    const { tenant, send } = await start({ bucket, now: () => clock.now })
    const read = async (): Promise<readonly (string | number | null)[]> => {
      const { status, headers } = await send('GET', PERMISSIONS)
      const reset = headers.get('x-ratelimit-reset')
      const [limit, remaining] = ['limit', 'remaining'].map(name => headers.get(`x-ratelimit-${name}`))
      return [status, limit ?? null, remaining ?? null, reset && Number(reset) - START / 1000]
    }
    return { tenant, send, read, clock }
  }

  test('refills continuously if it is per second', async () => {
    const { read, clock } = await limited({ limit: 2, perSecond: 2 })
    expect(await read()).toEqual([200, '2', '1', 1])
    expect(await read()).toEqual([200, '2', '0', 1])
    expect(await read()).toEqual([429, '2', '0', 1])
    clock.now += 499
    expect((await read())[0]).toBe(429)
    clock.now += 1
    expect((await read())[0]).toBe(200)
    expect((await read())[0]).toBe(429)
    clock.now += 60_000
    expect(await read()).toEqual([200, '2', '1', 61])
  })

  test('refills at the start of the window if it is per minute', async () => {
    const { read, clock } = await limited({ limit: 3, perMinute: 2 })
    clock.now += 59_000
    for (const remaining of ['2', '1', '0']) expect(await read()).toEqual([200, '3', remaining, 60])
    expect((await read())[0]).toBe(429)
    clock.now += 1000
    expect(await read()).toEqual([200, '3', '1', 120])
    expect((await read())[0]).toBe(200)
    expect(await read()).toEqual([429, '3', '0', 120])
  })

  test.each<[name: string, bucket: BucketOptions, resets: readonly number[]]>([
    ['the next request, per second', { limit: 4, perSecond: 0.5 }, [2, 2, 2]],
    ['the full bucket, per second', { limit: 4, perSecond: 0.5, reset: 'full' }, [2, 4, 6]],
    ['the next request, per minute', { limit: 4, perMinute: 1 }, [60, 60, 60]],
    ['the full bucket, per minute', { limit: 4, perMinute: 1, reset: 'full' }, [60, 120, 180]],
  ])('sends the time of %s', async (_, bucket, resets) => {
    const { read } = await limited(bucket)
    for (const reset of resets) expect((await read())[3]).toBe(reset)
  })

  test('responds with 429 and Auth0’s body, has no effect, and logs the request', async () => {
    const { tenant, send } = await limited({ limit: 1, perSecond: 1 })
    await send('GET', PERMISSIONS)
    const { status, body, headers } = await send('POST', PERMISSIONS, READ_FOO_BODY)
    expect([status, body]).toEqual([
      429,
      '{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached","errorCode":"too_many_requests"}',
    ])
    expect(headers.get('ot-baggage-auth0-request-id')).not.toBeNull()
    expect(tenant.grantsOf(USER)).toEqual([])
    expect(tenant.requests.map(request => request.status)).toEqual([200, 429])
  })

  test('does not affect the token endpoint', async () => {
    const { send, read } = await limited({ limit: 1, perSecond: 1 })
    for (let count = 0; count < 3; count += 1) expect((await send('POST', '/oauth/token', {})).status).toBe(400)
    expect((await read())[0]).toBe(200)
  })

  test('can omit its headers', async () => {
    const { read } = await limited({ limit: 1, perSecond: 1, headers: false })
    expect(await read()).toEqual([200, null, null, null])
    expect(await read()).toEqual([429, null, null, null])
  })

  test('writes to the tenant’s log at 80%, and if it is exceeded, each at most once a minute', async () => {
    const { tenant, read, clock } = await limited({ limit: 10, perSecond: 10 })
    const types = (): readonly string[] => tenant.warnings.map(warning => warning.type)
    for (let count = 0; count < 7; count += 1) await read()
    expect(types()).toEqual([])
    await read()
    expect(types()).toEqual(['api_limit_warning'])
    expect(tenant.warnings[0]).toMatchObject({ at: START, details: { request: { method: 'GET', path: PERMISSIONS } } })
    for (let count = 0; count < 2; count += 1) expect((await read())[0]).toBe(200)
    expect(types()).toEqual(['api_limit_warning'])
    for (let count = 0; count < 2; count += 1) expect((await read())[0]).toBe(429)
    expect(types()).toEqual(['api_limit_warning', 'api_limit'])
    clock.now += 60_000
    for (let count = 0; count < 8; count += 1) await read()
    expect(types()).toEqual(['api_limit_warning', 'api_limit', 'api_limit_warning'])
  })
})

describe('separate buckets', () => {
  const bucket = { limit: 10, perSecond: 2 }
  const readingUsers = { limit: 40, perSecond: 8 }
  const writingUsers = { limit: 20, perSecond: 3 }
  const limitOf = async (send: Awaited<ReturnType<typeof start>>['send'], method: string, path: string) => {
    const { headers } = await send(method, path, method === 'POST' ? READ_FOO_BODY : undefined)
    return Number(headers.get('x-ratelimit-limit'))
  }

  test('count requests that read users and requests that write them', async () => {
    const { send } = await start({ bucket, buckets: { readingUsers, writingUsers } })
    expect(await limitOf(send, 'GET', PERMISSIONS)).toBe(40)
    expect(await limitOf(send, 'GET', '/api/v2/users-by-email?email=a@b.c')).toBe(40)
    expect(await limitOf(send, 'POST', PERMISSIONS)).toBe(20)
    expect(await limitOf(send, 'GET', '/api/v2/resource-servers')).toBe(10)
  })

  test('include one for all groups without their own', async () => {
    const { send } = await start({ bucket, buckets: { writingUsers } })
    expect(await limitOf(send, 'GET', PERMISSIONS)).toBe(10)
    expect(await limitOf(send, 'POST', PERMISSIONS)).toBe(20)
    const { headers } = await send('GET', '/api/v2/resource-servers')
    expect(headers.get('x-ratelimit-remaining')).toBe('8')
  })

  test('write to the tenant’s log independently', async () => {
    const one = { limit: 1, perSecond: 1 }
    const { tenant, send } = await start({ bucket: one, buckets: { writingUsers: one }, now: () => 1e12 })
    await send('GET', PERMISSIONS)
    await send('GET', PERMISSIONS)
    await send('POST', PERMISSIONS, READ_FOO_BODY)
    expect(tenant.warnings.map(({ type, details }) => [type, details.request.method])).toEqual([
      ['api_limit_warning', 'GET'],
      ['api_limit', 'GET'],
      ['api_limit_warning', 'POST'],
    ])
  })
})

describe('a fault', () => {
  const always = (): boolean => true

  test('affects matching requests as often as set, and then no more', async () => {
    const { tenant, send } = await start()
    tenant.fault({ when: request => request.method === 'POST', times: 2, kind: 'status', status: 503 })
    const statuses: number[] = []
    for (const method of ['POST', 'GET', 'POST', 'POST']) {
      statuses.push((await send(method, PERMISSIONS, method === 'GET' ? undefined : READ_FOO_BODY)).status)
    }
    expect(statuses).toEqual([503, 200, 503, 201])
    expect(tenant.requests.map(request => request.status)).toEqual(statuses)
  })

  test('sees the body of the request', async () => {
    const { tenant, send } = await start()
    tenant.fault({ when: request => JSON.stringify(request.body) === READ_FOO_BODY, kind: 'status', status: 500 })
    expect((await send('POST', PERMISSIONS, CREATE_FOO_BODY)).status).toBe(201)
    expect((await send('POST', PERMISSIONS, READ_FOO_BODY)).status).toBe(500)
  })

  test.each<[name: string, fault: FaultKind, status: number, body: string, headers: Record<string, string | null>]>([
    [
      'an HTML page',
      { kind: 'status', status: 500, body: '<h1>Oops</h1>' },
      500,
      '<h1>Oops</h1>',
      { 'content-type': 'text/html; charset=utf-8' },
    ],
    [
      'a bare 429',
      { kind: 'status', status: 429, body: { statusCode: 429 } },
      429,
      '{"statusCode":429}',
      { 'x-ratelimit-limit': null },
    ],
    [
      'a redirect',
      { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1/' } },
      302,
      '',
      { location: 'http://127.0.0.1/' },
    ],
    [
      'garbage',
      { kind: 'garbage', body: '{"permissions":' },
      200,
      '{"permissions":',
      { 'content-type': 'application/json; charset=utf-8' },
    ],
  ])('can be %s, without any effect', async (_, fault, status, body, headers) => {
    const { tenant, send } = await start()
    tenant.fault({ when: always, ...fault })
    const reply = await send('POST', PERMISSIONS, READ_FOO_BODY)
    expect([reply.status, reply.body]).toEqual([status, body])
    for (const [name, value] of Object.entries(headers)) expect(reply.headers.get(name)).toBe(value)
    expect(tenant.grantsOf(USER)).toEqual([])
  })

  test.each<[name: string, fault: FaultKind, done: boolean]>([
    ['a reset before the effect', { kind: 'reset', after: 'nothing' }, false],
    ['a reset after the effect', { kind: 'reset', after: 'effect' }, true],
    ['a truncated response', { kind: 'truncate' }, true],
  ])('can be %s', async (_, fault, done) => {
    const { tenant, send } = await start()
    tenant.fault({ when: always, ...fault })
    await expect(send('POST', PERMISSIONS, READ_FOO_BODY)).rejects.toThrow()
    expect(tenant.grantsOf(USER)).toEqual(done ? [READ_FOO] : [])
    expect((await send('POST', PERMISSIONS, READ_FOO_BODY)).status).toBe(201)
  })

  test('can truncate a response without a body too', async () => {
    const { tenant, send } = await start()
    tenant.fault({ when: always, kind: 'truncate' })
    await expect(send('DELETE', PERMISSIONS, READ_FOO_BODY)).rejects.toThrow()
  })

  test('can be a delay before the right response', async () => {
    const { tenant, send } = await start()
    tenant.fault({ when: always, kind: 'delay', ms: 120 })
    const before = performance.now()
    expect((await send('POST', PERMISSIONS, READ_FOO_BODY)).status).toBe(201)
    expect(performance.now() - before).toBeGreaterThan(100)
    expect(tenant.grantsOf(USER)).toEqual([READ_FOO])
  })

  test('can be silence until the tenant is closed', async () => {
    const { tenant, send } = await start()
    tenant.fault({ when: always, kind: 'hang' })
    const outcome = send('GET', PERMISSIONS).then(
      () => 'answered',
      () => 'cut off',
    )
    expect(await Promise.race([outcome, new Promise(resolve => setTimeout(resolve, 100, 'waiting'))])).toBe('waiting')
    await running.pop()?.close()
    expect(await outcome).toBe('cut off')
    expect(tenant.requests[0]?.status).toBeUndefined()
  })
})

test('latency delays every response', async () => {
  const { send } = await start({ latency: 60 })
  const before = performance.now()
  await send('GET', PERMISSIONS)
  expect(performance.now() - before).toBeGreaterThan(50)
})

test('fifty thousand users and thousands of requests take at most a few seconds of CPU time', async () => {
  const permissions = Array.from({ length: 5 }, (_, index) => `do:${index}`)
  const direct = permissions.map(permission => ({ api: ORDERS, permission }))
  const users = Array.from({ length: 50_000 }, (_, index) => ({
    id: `auth0|${index}`,
    email: `${index}@acme.com`,
    direct,
  }))
  const { send } = await start({ apis: [{ identifier: ORDERS, permissions }], roles: [], users })
  const before = cpuTime()
  for (let batch = 0; batch < 20; batch += 1) {
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        send('GET', `/api/v2/users/auth0%7C${batch * 2500 + index}/permissions`),
      ),
    )
    expect(replies.every(reply => JSON.parse(reply.body).length === 5)).toBe(true)
  }
  expect(cpuTime() - before).toBeLessThan(10_000)
})
