// The tenant's data: APIs, roles, users and their grants. Each permission is one object, so that sets of them need no
// keys. No HTTP here.

/** A permission of an API, in the project's terms. */
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
  readonly permissions?: readonly Grant[]
  /** Makes it a role of an organization. */
  readonly organization?: string
}

export interface UserOptions {
  readonly id: string
  readonly email?: string
  /** True unless set. */
  readonly emailVerified?: boolean
  /** By default derived from the id. */
  readonly connection?: string
  readonly username?: string
  /** ISO 8601. */
  readonly createdAt?: string
  readonly direct?: readonly Grant[]
  /** Ids or names of roles. */
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

export interface Role {
  readonly id: string
  name: string
  readonly organization: string | undefined
  readonly permissions: ReadonlySet<Permission>
  /** With an increasing number. */
  readonly members: Map<User, number>
  nextMember: number
}

export interface User {
  readonly id: string
  readonly email: string | undefined
  readonly emailVerified: boolean
  readonly connection: string
  readonly username: string | undefined
  readonly createdAt: string
  readonly direct: Set<Permission>
  readonly roles: Set<Role>
}

export interface Store {
  readonly apis: Map<string, Api>
  /** By id. */
  readonly roles: Map<string, Role>
  nextRole: number
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
  const store = { apis: apisByIdentifier, roles: new Map(), nextRole: 0, users: new Map(), usersByEmail: new Map() }
  for (const role of roles) addRole(store, role)
  for (const user of users) addUser(store, user)
  return store
}

/** @returns its id */
export function addRole(store: Store, { id, name, organization, permissions = [] }: RoleOptions): string {
  const role: Role = {
    id: id ?? `rol_${(store.nextRole++).toString(36).padStart(16, '0')}`,
    name,
    organization,
    permissions: findPermissions(store.apis, permissions),
    members: new Map(),
    nextMember: 1,
  }
  store.roles.set(role.id, role)
  return role.id
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
    roles: new Set(),
  }
  store.users.set(user.id, user)
  for (const role of options.roles ?? []) assignRole(user, findRole(store, role))
  if (user.email === undefined) return
  const namesakes = store.usersByEmail.get(user.email.toLowerCase())
  if (namesakes) namesakes.add(user)
  else store.usersByEmail.set(user.email.toLowerCase(), new Set([user]))
}

export function removeUser(store: Store, id: string): void {
  const user = knownUser(store, id)
  store.users.delete(id)
  for (const role of user.roles) role.members.delete(user)
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
  addUser(store, { id, connection, ...email, roles: [...roles].map(role => role.id) })
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

export function assignRole(user: User, role: Role): void {
  user.roles.add(role)
  if (!role.members.has(user)) role.members.set(user, role.nextMember++)
}

export function unassignRole(user: User, role: Role): void {
  user.roles.delete(role)
  role.members.delete(user)
}

/** @param names ids or names */
export function changeRoles(store: Store, userId: string, names: readonly string[], change: typeof assignRole): void {
  for (const name of names) change(knownUser(store, userId), findRole(store, name))
}

/** Ids, sorted. */
export function rolesOf(store: Store, userId: string): readonly string[] {
  return [...knownUser(store, userId).roles].map(({ id }) => id).sort(compareText)
}

export function renameRole(store: Store, role: string, name: string): void {
  findRole(store, role).name = name
}

/** Users who have it lose it. */
export function deleteRole(store: Store, name: string): void {
  const role = findRole(store, name)
  for (const user of [...role.members.keys()]) unassignRole(user, role)
  store.roles.delete(role.id)
}

function findRole(store: Store, name: string): Role {
  const role = store.roles.get(name) ?? store.roles.values().find(each => each.name === name)
  if (!role) throw new Error(`the tenant has no role ${name}`)
  return role
}

/** Direct permissions, sorted by API and name. */
export function grantsOf(store: Store, userId: string): readonly Grant[] {
  return listGrants(knownUser(store, userId).direct)
}

/** What the user may do: directly, or through roles. */
export function effectiveOf(store: Store, userId: string): readonly Grant[] {
  const { direct, roles } = knownUser(store, userId)
  return listGrants(new Set([...direct, ...[...roles].flatMap(({ permissions }) => [...permissions])]))
}

function listGrants(permissions: ReadonlySet<Permission>): readonly Grant[] {
  return [...permissions]
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
