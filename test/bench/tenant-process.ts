// The embedded tenant in a separate process, so that its CPU and memory do not count for the measured program. Started by
// startTenantProcess; sends its address, then answers each message with its counts.

import { neededScopes } from '../../src/plan/guard.ts'
import { startTenant } from '../servers/tenant/tenant.ts'
import { APIS, ROLES, tenantUsers } from './team.ts'
import type { Counts, TenantAddress, TenantProcessOptions } from './tenant.ts'

const { users, hasRoles = false, without = 0, ...options } = JSON.parse(process.argv[2] ?? '') as TenantProcessOptions
const team = tenantUsers({ users, hasRoles }, without)
const tenant = await startTenant({ apis: APIS, roles: ROLES, users: team, ...options })
const scopes = neededScopes('apply', { assigns: true, removes: true })

send({ domain: tenant.domain, token: tenant.issueToken({ scopes }) })
process.on('message', () => {
  send({
    requests: tenant.requests.length,
    aboutRoles: tenant.requests.filter(({ path }) => /\/roles\b/.test(path)).length,
    refused: tenant.requests.filter(({ status }) => status === 429).length,
    warnings: tenant.warnings.filter(({ type }) => type === 'api_limit_warning').length,
  })
})
process.on('disconnect', () => process.exit())

function send(message: TenantAddress | Counts): void {
  process.send?.(message)
}
