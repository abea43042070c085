// Reading role assignments: the action, which chooses the cheaper way, and Auth0's SDK, with a request per user.

import { failedUsers, type Run, runNode, script, stepOf, tenantVariables, type Workspace } from './programs.ts'
import { seconds, table } from './table.ts'
import type { Team } from './team.ts'
import { type TenantAddress, withTenant } from './tenant.ts'

const USERS = 10_000

export async function compareRoleReads(openWorkspace: (team: Team) => Promise<Workspace>): Promise<string> {
  const planOf = async (hasRoles: boolean) => {
    const workspace = await openWorkspace({ users: USERS, hasRoles })
    return async (tenant: TenantAddress) => {
      const { args, options } = await stepOf(workspace, tenant)
      const run = await runNode(args, options)
      return { ...run, failed: await failedUsers(workspace, run) }
    }
  }
  const rows = [
    ['this action, `plan` without roles', ...(await measure(await planOf(false)))],
    ['this action, `plan` with roles', ...(await measure(await planOf(true)))],
    ['`auth0` 7, `users/{id}/roles`, eight at a time', ...(await measure(readBySdk))],
  ]
  const caption = [
    `**Roles**: ${USERS.toLocaleString('en')} users, each with five permissions and five roles, and a tenant in another`,
    'process, without rate limits. The action also reads the permissions of each user, the SDK only roles.',
  ]
  return `${caption.join(' ')}\n\n${table(['who', 'time', 'requests', 'requests about roles'], rows)}`
}

async function readBySdk(tenant: TenantAddress): Promise<Run & { readonly failed: number }> {
  const run = await runNode([...script('sdk-loop.ts', USERS), 'roles'], { env: tenantVariables(tenant) })
  return { ...run, failed: run.exitCode === 0 ? Number(run.output) : USERS }
}

async function measure(
  read: (tenant: TenantAddress) => Promise<Run & { readonly failed: number }>,
): Promise<readonly string[]> {
  const { wall, requests, aboutRoles, failed } = await withTenant({ users: USERS, hasRoles: true }, read)
  if (failed > 0) throw new Error(`${failed} users could not be read.`)
  return [seconds(wall), requests.toLocaleString('en'), aboutRoles.toLocaleString('en')]
}
