// The cost of a small run, compared with an empty Node process.

import { failedUsers, type Run, runNode, stepOf, type Workspace } from './programs.ts'
import { median, table } from './table.ts'
import { type TenantAddress, withTenant } from './tenant.ts'

const ROUNDS = 20

export async function measureStartUp(workspace: Workspace): Promise<string> {
  const walls = new Map<string, number[]>()
  await withTenant({ users: workspace.users }, async tenant => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, run] of Object.entries(programs(workspace, tenant))) {
        walls.set(name, [...(walls.get(name) ?? []), (await run()).wall])
      }
    }
  })
  const medians = [...walls].map(([name, each]) => [name, median(each)] as const)
  const bare = medians[0]?.[1] ?? Number.NaN
  const rows = medians.map(([name, wall]) => [name, `${wall.toFixed(0)} ms`, `${(wall - bare).toFixed(0)} ms`])
  const caption = `**Start-up**: the median of ${ROUNDS} runs in turn.`
  return `${caption}\n\n${table(['process', 'time', 'over bare node'], rows)}`
}

function programs(workspace: Workspace, tenant: TenantAddress): Readonly<Record<string, () => Promise<Run>>> {
  const step = async (target: TenantAddress | undefined): Promise<Run> => {
    const { args, options } = await stepOf(workspace, target)
    const run = await runNode(args, options)
    await failedUsers(workspace, run)
    return run
  }
  return {
    '`node -e 0`': () => runNode(['-e', '0']),
    '`validate`, one user': () => step(undefined),
    '`plan`, one user': () => step(tenant),
  }
}
