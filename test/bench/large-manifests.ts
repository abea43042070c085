// Manifests of increasing size: the cost of reading, validating and planning them, without a rate limit.

import {
  failedUsers,
  type MeasuredRun,
  measureNode,
  type RunOptions,
  script,
  stepOf,
  tenantVariables,
  type Workspace,
} from './programs.ts'
import { seconds, table } from './table.ts'
import type { Team } from './team.ts'
import { type TenantAddress, withTenant } from './tenant.ts'

const SIZES = [1_000, 10_000, 50_000]

export async function measureLargeManifests(openWorkspace: (team: Team) => Promise<Workspace>): Promise<string> {
  const rows: string[][] = []
  for (const users of SIZES) {
    const workspace = await openWorkspace({ users })
    const size = `${users.toLocaleString('en')} (${(workspace.size / 1024 ** 2).toFixed(1)} MiB)`
    const parsed = await measureScript('parse.ts', users, { cwd: workspace.path })
    const validated = await measureStep(workspace, undefined)
    const { planned, client } = await withTenant({ users }, async tenant => ({
      planned: await measureStep(workspace, tenant),
      client: await measureScript('client-floor.ts', users, { env: tenantVariables(tenant) }),
    }))
    const own = `${((planned.cpu - client.cpu) / users).toFixed(2)} ms`
    rows.push(
      [size, 'parse alone', ...cellsOf({ ...parsed, ...JSON.parse(parsed.output) }), ''],
      ['', '`validate`', ...cellsOf(validated), ''],
      ['', '`plan`', ...cellsOf(planned), own],
      ['', 'the HTTP client alone', ...cellsOf(client), ''],
    )
  }
  const caption = [
    '**Large manifests**: five permissions for each user, and a tenant in another process, without rate limits. The last',
    'column is the CPU time of `plan` minus that of sending the same requests with the HTTP client alone.',
  ]
  const head = ['users', 'what', 'time', 'CPU', 'peak memory', 'own CPU per user']
  return `${caption.join(' ')}\n\n${table(head, rows)}`
}

async function measureScript(name: string, users: number, options: RunOptions): Promise<MeasuredRun> {
  const run = await measureNode(script(name, users), options)
  if (run.exitCode !== 0) throw new Error(`${name} ended with ${run.exitCode}.`)
  return run
}

async function measureStep(workspace: Workspace, tenant: TenantAddress | undefined): Promise<MeasuredRun> {
  const { args, options } = await stepOf(workspace, tenant)
  const run = await measureNode(args, options)
  await failedUsers(workspace, run)
  return run
}

function cellsOf({ wall, cpu, peak }: MeasuredRun): readonly string[] {
  return [seconds(wall), seconds(cpu), `${peak.toFixed(0)} MiB`]
}
