// The Management API's endpoints, as functions from a request and the store to a response. Bodies and key order are those
// of Auth0's recorded traffic. tenant.ts first checks rate limit and authentication.
import { type Answer, answerError, answerJson, answerNothing, Refusal } from './answer.ts'
import { readGrants } from './payload.ts'
import { allowOnly, PAGING, pageOf, queryError, readFlag, readPage, readText } from './query.ts'
import { ROLE_ROUTES } from './role-routes.ts'
import { type Call, knownUser, type Route } from './route.ts'
import { type Api, compareText, createApi, type Grant, type Permission, type Store, type User } from './store.ts'
import { profileOf, readFields } from './user-profile.ts'
import { searchUsers } from './user-search.ts'

const MOST_DIRECT_PERMISSIONS = 1000
const MOST_SEARCH_RESULTS = 1000
const MOST_IDENTIFIERS = 10
const FIELDS = ['fields', 'include_fields']

const PERMISSIONS = ['users', '{id}', 'permissions']
const ANY_USER_READ = ['read:users', 'read:current_user', 'read:user_idp_tokens']

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: PERMISSIONS, scopes: ['read:users'], answer: listPermissions },
  { method: 'POST', path: PERMISSIONS, scopes: ['update:users'], answer: assignPermissions },
  { method: 'DELETE', path: PERMISSIONS, scopes: ['update:users'], answer: removePermissions },
  { method: 'GET', path: ['users-by-email'], scopes: ['read:users'], answer: listUsersByEmail },
  { method: 'GET', path: ['users'], scopes: ['read:users', 'read:user_idp_tokens'], answer: listUsers },
  { method: 'GET', path: ['users', '{id}'], scopes: ANY_USER_READ, answer: getUser },
  { method: 'GET', path: ['resource-servers'], scopes: ['read:resource_servers'], answer: listApis },
  { method: 'GET', path: ['resource-servers', '{id}'], scopes: ['read:resource_servers'], answer: getApi },
  ...ROLE_ROUTES,
]

function listPermissions({ store, id, query }: Call): Answer {
  allowOnly(query, PAGING)
  const page = readPage(query)
  return answerJson(200, pageOf(permissionItems(knownUser(store, id)), page, 'permissions'))
}

function assignPermissions({ store, id, body }: Call): Answer {
  const grants = readGrants(body, 'add to')
  const { direct } = knownUser(store, id)
  const permissions = knownPermissions(store, grants)
  // Permissions that are already assigned do not count.
  if (direct.union(permissions).size > MOST_DIRECT_PERMISSIONS) {
    return answerError(400, 'No more permissions can be assigned to this user.')
  }
  for (const permission of permissions) direct.add(permission)
  return answerJson(201, {})
}

function removePermissions({ store, id, body }: Call): Answer {
  const grants = readGrants(body, 'remove from')
  const { direct } = knownUser(store, id)
  for (const permission of knownPermissions(store, grants)) direct.delete(permission)
  return answerNothing()
}

function listUsersByEmail({ store, query }: Call): Answer {
  allowOnly(query, ['email', ...FIELDS])
  const email = readText(query, 'email')
  if (email === undefined) throw queryError('Missing required property: email')
  const pick = readFields(query)
  // Case-sensitive (description), unlike the index.
  const users = [...(store.usersByEmail.get(email.toLowerCase()) ?? [])].filter(user => user.email === email)
  return answerJson(
    200,
    users.map(user => pick(profileOf(user))),
  )
}

function listUsers({ store, query }: Call): Answer {
  allowOnly(query, ['q', 'search_engine', 'primary_order', 'sort', ...PAGING, ...FIELDS])
  const { page, perPage, includeTotals } = readPage(query, 0)
  if ((page + 1) * perPage > MOST_SEARCH_RESULTS) {
    return answerError(
      400,
      'You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation',
      'invalid_paging',
    )
  }
  const pick = readFields(query)
  const found = sortUsers(searchUsers(store, readText(query, 'q') ?? ''), readText(query, 'sort'))
  const start = page * perPage
  const users = found.slice(start, start + perPage).map(user => pick(profileOf(user)))
  return answerJson(
    200,
    includeTotals ? { start, limit: perPage, length: users.length, total: found.length, users } : users,
  )
}

function getUser({ store, id, query }: Call): Answer {
  allowOnly(query, FIELDS)
  return answerJson(200, readFields(query)(profileOf(knownUser(store, id))))
}

function listApis({ store, managementApi, query }: Call): Answer {
  allowOnly(query, ['identifiers', 'include_fields', ...PAGING])
  const page = readPage(query)
  readFlag(query, 'include_fields')
  const identifiers = query.getAll('identifiers')
  const description = 'An optional filter on the resource server identifier'
  if (identifiers.length > MOST_IDENTIFIERS) {
    throw queryError(
      `Array is too long (${identifiers.length}), maximum ${MOST_IDENTIFIERS}`,
      'identifiers',
      description,
    )
  }
  if (identifiers.includes('')) throw queryError('String is too short (0 chars), minimum 1', 'identifiers', description)
  const apis =
    identifiers.length === 0
      ? [systemApi(managementApi), ...store.apis.values()]
      : [...new Set(identifiers)].map(identifier => findApi(store, managementApi, identifier)).filter(api => !!api)
  return answerJson(200, pageOf(apis.map(apiItem), page, 'resource_servers'))
}

function getApi({ store, managementApi, id, query }: Call): Answer {
  allowOnly(query, ['include_fields'])
  readFlag(query, 'include_fields')
  const api = findApi(store, managementApi, id) ?? store.apis.values().find(candidate => candidate.id === id)
  if (!api) return answerError(404, 'The resource server does not exist.', 'inexistent_resource_server')
  return answerJson(200, apiItem(api))
}

/** All permissions of a user, direct and from roles, in the order of the recording: by name, then API. */
function permissionItems(user: User): readonly unknown[] {
  const sources = new Map<Permission, object[]>()
  const add = (permission: Permission, source: object): void => {
    const known = sources.get(permission)
    if (known) known.push(source)
    else sources.set(permission, [source])
  }
  for (const permission of user.direct) add(permission, { source_id: '', source_name: '', source_type: 'DIRECT' })
  for (const { id, name, permissions } of user.roles) {
    for (const permission of permissions) add(permission, { source_id: id, source_name: name, source_type: 'ROLE' })
  }
  return [...sources]
    .sort(([a], [b]) => compareText(a.name, b.name) || compareText(a.api.identifier, b.api.identifier))
    .map(([{ api, name, description }, from]) => ({
      permission_name: name,
      ...(description !== undefined && { description }),
      resource_server_name: api.name,
      resource_server_identifier: api.identifier,
      sources: from,
    }))
}

/** An API, without settings that are off or unset, as in the recording. */
function apiItem({ id, name, identifier, isSystem, permissions, enforcePolicies, tokenDialect }: Api): unknown {
  const scopes = [...permissions.values()].map(permission => ({
    value: permission.name,
    ...(permission.description !== undefined && { description: permission.description }),
  }))
  return {
    id,
    name,
    ...(isSystem && { is_system: true }),
    identifier,
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: false,
    token_lifetime: 86400,
    token_lifetime_for_web: 7200,
    signing_alg: 'RS256',
    ...(scopes.length > 0 && { scopes }),
    ...(enforcePolicies && { enforce_policies: true }),
    ...(tokenDialect !== 'access_token' && { token_dialect: tokenDialect }),
  }
}

/** Not in the store, because nobody is granted its permissions here. */
function systemApi(identifier: string): Api {
  const permissions = ['read:users', 'update:users', 'read:resource_servers']
  const rbac = { enforcePolicies: false, tokenDialect: 'access_token' }
  return createApi(
    { id: '66e0a245e5d56cfbffffffff', identifier, name: 'Auth0 Management API', permissions, ...rbac },
    0,
    true,
  )
}

function findApi(store: Store, managementApi: string, identifier: string): Api | undefined {
  return identifier === managementApi ? systemApi(managementApi) : store.apis.get(identifier)
}

function sortUsers(users: readonly User[], sort: string | undefined): readonly User[] {
  if (sort === undefined) return users
  const [, field, direction] = /^(user_id|email|created_at):(-?1)$/.exec(sort) ?? []
  if (!field) throw queryError(`The embedded tenant does not sort by ${sort}`, 'sort')
  const key = (user: User): string =>
    field === 'user_id' ? user.id : field === 'email' ? (user.email ?? '') : user.createdAt
  return users.toSorted((a, b) => Number(direction) * compareText(key(a), key(b)))
}

/** All of them, or a refusal: a batch with an unknown permission has no effect. */
function knownPermissions(store: Store, grants: readonly Grant[]): Set<Permission> {
  return new Set(
    grants.map(({ api, permission }) => {
      const found = store.apis.get(api)?.permissions.get(permission)
      if (!found) throw new Refusal(answerError(404, `The permission ${permission} does not exist on ${api}.`))
      return found
    }),
  )
}
