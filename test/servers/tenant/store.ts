// The tenant's data: APIs, roles, users and who holds what. Permissions are one object each, so that sets of
// them need no keys. No HTTP here.

/** A permission of an API, in the project's words. */
export interface Grant {
  readonly api: string
  readonly permission: string
}

export interface ApiOptions {
  readonly id?: string
  readonly identifier: string
  readonly name?: string
  readonly permissions: readonly (string | { readonly value: string; readonly description?: string })[]
  /** RBAC; on unless set to false. */
  readonly enforcePolicies?: boolean
  /** `access_token_authz` unless set. */
  readonly tokenDialect?: string
}

export interface RoleOptions {
  readonly id?: string
  readonly name: string
  readonly permissions: readonly Grant[]
}

export interface UserOptions {
  readonly id: string
  readonly email?: string
  /** True unless set. */
  readonly emailVerified?: boolean
  /** Follows from the id unless set. */
  readonly connection?: string
  readonly username?: string
  /** ISO 8601. */
  readonly createdAt?: string
  readonly direct?: readonly Grant[]
  /** Names of roles. */
  readonly roles?: readonly string[]
}

export interface Permission {
  readonly api: Api
  readonly name: string
  readonly description: string | undefined
}

export interface Api {
  readonly id: string
  readonly identifier: string
  readonly name: string
  readonly isSystem: boolean
  readonly enforcePolicies: boolean
  readonly tokenDialect: string
  readonly permissions: Map<string, Permission>
}

interface Role {
  readonly id: string
  readonly name: string
  readonly permissions: ReadonlySet<Permission>
}

export interface User {
  readonly id: string
  readonly email: string | undefined
  readonly emailVerified: boolean
  readonly connection: string
  readonly username: string | undefined
  readonly createdAt: string
  readonly direct: Set<Permission>
  readonly roles: readonly Role[]
}

export interface Store {
  readonly apis: Map<string, Api>
  readonly roles: ReadonlyMap<string, Role>
  readonly users: Map<string, User>
  /** By lower-cased address; several users can share one. */
  readonly usersByEmail: Map<string, Set<User>>
}

export function createStore(
  apis: readonly ApiOptions[],
  roles: readonly RoleOptions[],
  users: readonly UserOptions[],
): Store {
  const apisByIdentifier = new Map(apis.map((api, index) => [api.identifier, createApi(api, index)]))
  const rolesByName = new Map(roles.map((role, index) => [role.name, createRole(role, index, apisByIdentifier)]))
  const store = { apis: apisByIdentifier, roles: rolesByName, users: new Map(), usersByEmail: new Map() }
  for (const user of users) addUser(store, user)
  return store
}

export function addUser(store: Store, options: UserOptions): void {
  if (store.users.has(options.id)) throw new Error(`the tenant has a user ${options.id} already`)
  const provider = providerOf(options.id)
  const user: User = {
    id: options.id,
    // Database users are stored in lower case (description of GET /users-by-email).
    email: provider === 'auth0' ? options.email?.toLowerCase() : options.email,
    emailVerified: options.emailVerified ?? true,
    connection: options.connection ?? (provider === 'auth0' ? 'Username-Password-Authentication' : provider),
    username: options.username,
    createdAt: options.createdAt ?? '2024-01-01T00:00:00.000Z',
    direct: findPermissions(store.apis, options.direct ?? []),
    roles: (options.roles ?? []).map(name => {
      const role = store.roles.get(name)
      if (!role) throw new Error(`the tenant has no role ${name}`)
      return role
    }),
  }
  store.users.set(user.id, user)
  if (user.email === undefined) return
  const namesakes = store.usersByEmail.get(user.email.toLowerCase())
  if (namesakes) namesakes.add(user)
  else store.usersByEmail.set(user.email.toLowerCase(), new Set([user]))
}

export function removeUser(store: Store, id: string): void {
  const user = knownUser(store, id)
  store.users.delete(id)
  if (user.email !== undefined) store.usersByEmail.get(user.email.toLowerCase())?.delete(user)
}

/** The same user with another address. */
export function changeEmail(
  store: Store,
  id: string,
  email: Required<Pick<UserOptions, 'email' | 'emailVerified'>>,
): void {
  const { connection, direct, roles } = knownUser(store, id)
  removeUser(store, id)
  addUser(store, { id, connection, ...email, roles: roles.map(({ name }) => name) })
  for (const permission of direct) knownUser(store, id).direct.add(permission)
}

export function grant(store: Store, userId: string, grants: readonly Grant[]): void {
  const user = knownUser(store, userId)
  for (const permission of findPermissions(store.apis, grants)) user.direct.add(permission)
}

export function revoke(store: Store, userId: string, grants: readonly Grant[]): void {
  const user = knownUser(store, userId)
  for (const permission of findPermissions(store.apis, grants)) user.direct.delete(permission)
}

/** Direct permissions, sorted by API and name. */
export function grantsOf(store: Store, userId: string): readonly Grant[] {
  return [...knownUser(store, userId).direct]
    .map(({ api, name }) => ({ api: api.identifier, permission: name }))
    .sort((a, b) => compareText(a.api, b.api) || compareText(a.permission, b.permission))
}

export function snapshot(store: Store): Readonly<Record<string, readonly Grant[]>> {
  return Object.fromEntries([...store.users.keys()].sort(compareText).map(id => [id, grantsOf(store, id)]))
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `google-oauth2` of `google-oauth2|114…`. */
export function providerOf(userId: string): string {
  return userId.split('|', 1)[0] ?? ''
}

export function createApi(options: ApiOptions, index: number, isSystem = false): Api {
  const permissions = new Map<string, Permission>()
  const api: Api = {
    id: options.id ?? `66e0a245e5d56cfb${index.toString(16).padStart(8, '0')}`,
    identifier: options.identifier,
    name: options.name ?? options.identifier,
    isSystem,
    enforcePolicies: options.enforcePolicies ?? true,
    tokenDialect: options.tokenDialect ?? 'access_token_authz',
    permissions,
  }
  for (const permission of options.permissions) {
    const { value, description } = typeof permission === 'string' ? { value: permission } : permission
    permissions.set(value, { api, name: value, description })
  }
  return api
}

function createRole(options: RoleOptions, index: number, apis: ReadonlyMap<string, Api>): Role {
  return {
    id: options.id ?? `rol_${index.toString(36).padStart(16, '0')}`,
    name: options.name,
    permissions: findPermissions(apis, options.permissions),
  }
}

function findPermissions(apis: ReadonlyMap<string, Api>, grants: readonly Grant[]): Set<Permission> {
  return new Set(
    grants.map(({ api, permission }) => {
      const found = apis.get(api)?.permissions.get(permission)
      if (!found) throw new Error(`the tenant has no permission ${permission} on ${api}`)
      return found
    }),
  )
}

function knownUser(store: Store, id: string): User {
  const user = store.users.get(id)
  if (!user) throw new Error(`the tenant has no user ${id}`)
  return user
}
