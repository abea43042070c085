// What the end-to-end tests share: a tenant of the Acme company, the inputs that reach it, and manifests as JSON.

import { afterAll } from 'vitest'
import { startTenant, type Tenant, type TenantOptions } from '../servers/tenant/tenant.ts'
import { type ActionOptions, type ActionRun, runAction } from './action.ts'

export const ORDERS = 'https://orders.acme.com/'
export const BILLING = 'https://billing.acme.com/'
export const REPORTS = 'https://reports.acme.com/'
export const CLIENT = { id: 'client-1', secret: 'a-secret-that-nobody-may-see' }
export const MANIFEST = '.github/auth0-permissions.yml'

const APIS = [
  { identifier: ORDERS, permissions: ['read:orders', 'write:orders', 'refund:orders'] },
  { identifier: BILLING, permissions: ['read:invoices', 'write:invoices'] },
  { identifier: REPORTS, permissions: ['read:reports'] },
]

interface ManifestUser {
  readonly id?: string
  readonly email?: string
  readonly connection?: string
  readonly permissions?: Readonly<Record<string, readonly unknown[]>>
  readonly roles?: readonly unknown[]
}

const ROLES = ['Support', 'Auditor', 'Owner'].map(name => ({ id: `rol_${name.toLowerCase()}`, name }))

/** A tenant that has roles, and a client that may read and assign them. */
export const WITH_ROLES = {
  roles: ROLES,
  clients: [
    {
      ...CLIENT,
      scopes: [
        ...['read:users', 'update:users', 'read:resource_servers'],
        ...['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
      ],
    },
  ],
} satisfies TenantOptions

// In tests about both kinds of grants, `read:orders` is a permission of the orders API and `Support` is a role.

interface Split {
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
}

function split(names: readonly string[]): Split {
  const { permissions = [], roles = [] } = Object.groupBy(names, name => (name.includes(':') ? 'permissions' : 'roles'))
  return { permissions, roles }
}

/** What a manifest requests for a user; the key `roles` is omitted if there are none. */
export function grantsNamed(names: readonly string[]): {
  readonly permissions: Readonly<Record<string, readonly string[]>>
  readonly roles?: readonly string[]
} {
  const { permissions, roles } = split(names)
  return { permissions: { [ORDERS]: permissions }, ...(roles.length > 0 && { roles }) }
}

export function wants(id: string, ...names: readonly string[]) {
  return { id, ...grantsNamed(names) }
}

/** As an administrator does in Auth0's dashboard. */
export function give(tenant: Tenant, user: string, ...names: readonly string[]): void {
  const { permissions, roles } = split(names)
  tenant.grant(user, ...permissions.map(permission => ({ api: ORDERS, permission })))
  tenant.assignRoles(user, ...roles)
}

export function take(tenant: Tenant, user: string, ...names: readonly string[]): void {
  const { permissions, roles } = split(names)
  tenant.revoke(user, ...permissions.map(permission => ({ api: ORDERS, permission })))
  tenant.unassignRoles(user, ...roles)
}

/** The sorted names of a user's permissions, whatever their API, and roles. */
export function heldBy(tenant: Tenant, user: string): readonly string[] {
  const permissions = tenant.grantsOf(user).map(({ permission }) => permission)
  return [...permissions, ...tenant.rolesOf(user).map(roleName)].sort()
}

export function roleName(id: string): string {
  return ROLES.find(role => role.id === id)?.name ?? id
}

export function roleId(name: string): string {
  return ROLES.find(role => role.name === name)?.id ?? name
}

const tenants: Tenant[] = []

afterAll(async () => {
  await Promise.all(tenants.splice(0).map(tenant => tenant.close()))
})

/** A tenant for one test. It is closed after all tests of the file, because they run concurrently. */
export async function acme(options: TenantOptions = {}): Promise<Tenant> {
  const tenant = await startTenant({ apis: APIS, clients: [CLIENT], ...options })
  tenants.push(tenant)
  return tenant
}

export interface RunOptions extends Partial<ActionOptions> {
  readonly users?: readonly ManifestUser[]
  /** The whole manifest, instead of `users`. */
  readonly manifest?: string | object
}

/** Runs the action against a tenant, with the client secret unless `inputs` has another credential. */
export async function runAgainst(tenant: Tenant, options: RunOptions): Promise<ActionRun> {
  const { users, manifest = { users }, inputs = {}, files, ...rest } = options
  const credential = inputs['access-token'] ? {} : { 'client-id': CLIENT.id, 'client-secret': CLIENT.secret }
  const content = typeof manifest === 'string' ? manifest : JSON.stringify(manifest, undefined, 2)
  return runAction({
    // The ledger has tests of its own.
    inputs: { domain: tenant.domain, revoke: 'never', 'require-merged': 'false', ...credential, ...inputs },
    files: files ?? { [MANIFEST]: content },
    ...rest,
  })
}

/** How many requests of each kind the tenant received. */
export function countRequests(tenant: Tenant): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { method, path } of tenant.requests) {
    const [bare = ''] = path.split('?')
    const kind = `${method} ${bare.replace('/api/v2', '').replace(/^\/users\/[^/]+/, '/users/{id}')}`
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

export function errorsOf(run: ActionRun): readonly string[] {
  return run.annotations.filter(({ kind }) => kind === 'error').map(({ message }) => message)
}

export function warningsOf(run: ActionRun): readonly string[] {
  return run.annotations.filter(({ kind }) => kind === 'warning').map(({ message }) => message)
}
