// The embedded tenant in a process of its own, so that its CPU and memory are not those of who is measured. Started by
// startTenantProcess; tells its address, then answers each message with its counts.

import { startTenant } from '../servers/tenant/tenant.ts'
import { APIS, tenantUsers } from './team.ts'
import type { Counts, TenantAddress, TenantProcessOptions } from './tenant.ts'

const { users, without = 0, ...options } = JSON.parse(process.argv[2] ?? '') as TenantProcessOptions
const tenant = await startTenant({ apis: APIS, users: tenantUsers(users, without), ...options })

tell({ domain: tenant.domain, token: tenant.issueToken() })
process.on('message', () => {
  tell({
    requests: tenant.requests.length,
    refused: tenant.requests.filter(({ status }) => status === 429).length,
    warnings: tenant.warnings.filter(({ type }) => type === 'api_limit_warning').length,
  })
})
process.on('disconnect', () => process.exit())

function tell(message: TenantAddress | Counts): void {
  process.send?.(message)
}
