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
}

const tenants: Tenant[] = []

afterAll(async () => {
  await Promise.all(tenants.splice(0).map(tenant => tenant.close()))
})

/** A tenant for one test, closed when all tests of the file are done, as they run at the same time. */
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

/** Runs the action against a tenant, with the client's secret unless another credential is given. */
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

/** How many requests of each kind the tenant got. */
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
