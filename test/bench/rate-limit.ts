// The action, Auth0's SDK and a plain loop read the same users from tenants with the same token bucket. On plans with
// a bucket for each group of endpoints, the action reads users and writes some of them.

import { readDefinition } from '../e2e/action.ts'
import { failedUsers, type Run, runNode, script, stepOf, tenantVariables, type Workspace } from './programs.ts'
import { median, seconds, table } from './table.ts'
import type { Team } from './team.ts'
import { type Counts, type TenantAddress, withTenant } from './tenant.ts'

interface Bucket {
  readonly limit: number
  readonly perSecond: number
  readonly users: number
}

interface Result extends Counts {
  readonly wall: number
  readonly failed: number
}

interface Contender {
  readonly name: string
  readonly run: (workspace: Workspace, tenant: TenantAddress) => Promise<Pick<Result, 'wall' | 'failed'>>
}

const BUCKETS: readonly Bucket[] = [
  { limit: 10, perSecond: 2, users: 40 },
  { limit: 50, perSecond: 16, users: 120 },
  { limit: 100, perSecond: 100, users: 600 },
]
const READING = { limit: 40, perSecond: 500 / 60 }
const WRITING = { limit: 20, perSecond: 200 / 60 }
const REST = { limit: 10, perSecond: 2 }
const READ = 160
const WRITTEN = 60
/** Milliseconds; about the best latency of a tenant on the same continent. */
const LATENCY = 50
const RUNS = 3
/** Milliseconds; a program that takes longer runs only once. */
const LONG = 10_000

const ACTION: Contender = {
  name: 'this action, `plan`',
  run: async (workspace, tenant) => {
    const { args, options } = await stepOf(workspace, tenant)
    const run = await runNode(args, options)
    return { wall: run.wall, failed: await failedUsers(workspace, run) }
  },
}

const CONTENDERS: readonly Contender[] = [
  ACTION,
  contender('`auth0` 7, eight at a time', 'sdk-loop.ts'),
  contender('one after the other', 'one-by-one.ts'),
]

export async function compareUnderRateLimit(openWorkspace: (team: Team) => Promise<Workspace>): Promise<string> {
  const { inputs } = await readDefinition()
  const headroom = Number.parseFloat(inputs.headroom?.default ?? '') / 100
  const rows: string[][] = []
  for (const bucket of BUCKETS) {
    const results = await race(bucket, await openWorkspace({ users: bucket.users }))
    for (const [{ name }, runs] of results) {
      const share = name === ACTION.name ? 1 - headroom : undefined
      rows.push([
        `${bucket.limit} (${bucket.perSecond}/s), ${bucket.users} users`,
        name,
        ...cellsOf(bucket, runs, share),
      ])
    }
  }
  rows.push(await applyWithSeparateBuckets(await openWorkspace({ users: READ }), 1 - headroom))
  const caption = [
    `**Under the rate limit**: reading users from a tenant that responds after ${LATENCY} ms, and in the last row also`,
    'writing some of them, on a plan with a bucket for each group of endpoints. The bound is what the',
    `token buckets themselves need for the requests; for the action, in brackets, what they need with`,
    `${headroom * 100}% left to others. Times are of whole processes, the median of ${RUNS} runs (a single run if it`,
    `takes over ${LONG / 1000} s); counts are the maximum.`,
  ]
  const head = ['bucket', 'who', 'time', 'bound', 'requests', '429s', '`api_limit_warning`s', 'users not read']
  return `${caption.join(' ')}\n\n${table(head, rows)}`
}

async function applyWithSeparateBuckets(workspace: Workspace, share: number): Promise<string[]> {
  const buckets = { readingUsers: READING, writingUsers: WRITING }
  const options = { users: READ, without: WRITTEN, latency: LATENCY, bucket: REST, buckets }
  const { wall, requests, refused, warnings, failed } = await withTenant(options, async tenant => {
    const { args, options } = await stepOf(workspace, tenant, 'apply')
    const run = await runNode(args, options)
    return { wall: run.wall, failed: await failedUsers(workspace, run, WRITTEN) }
  })
  const bound = (part: number) =>
    boundOf(READING, READ, part) + boundOf(WRITING, WRITTEN, part) + boundOf(REST, 1, part)
  return [
    `reading 40 (500/min), writing 20 (200/min), rest 10 (2/s), ${READ} users read, ${WRITTEN} written`,
    'this action, `apply`',
    seconds(wall),
    `${seconds(bound(1))} (${seconds(bound(share))})`,
    ...[requests, refused, warnings, failed].map(String),
  ]
}

/** Milliseconds that a bucket needs for this many requests if only a share of it is spent. */
function boundOf({ limit, perSecond }: Omit<Bucket, 'users'>, requests: number, share: number): number {
  return (Math.max(0, requests - limit * share) / perSecond) * 1000
}

/** Runs the programs one after the other, round by round, each with a new tenant. */
async function race(bucket: Bucket, workspace: Workspace): Promise<ReadonlyMap<Contender, readonly Result[]>> {
  const results = new Map<Contender, Result[]>(CONTENDERS.map(each => [each, []]))
  for (let round = 1; round <= RUNS; round++) {
    for (const [{ run }, runs] of results) {
      if (runs.some(({ wall }) => wall > LONG)) continue
      const options = { users: bucket.users, latency: LATENCY, bucket }
      runs.push(await withTenant(options, tenant => run(workspace, tenant)))
    }
  }
  return results
}

function cellsOf(bucket: Bucket, runs: readonly Result[], share: number | undefined): readonly string[] {
  const most = (count: (result: Result) => number) => Math.max(...runs.map(count))
  const needed = most(({ requests, refused, failed }) => requests - refused + failed)
  const bound = (part: number) => seconds(boundOf(bucket, needed, part))
  return [
    seconds(median(runs.map(({ wall }) => wall))),
    bound(1) + (share === undefined ? '' : ` (${bound(share)})`),
    ...[most(run => run.requests), most(run => run.refused), most(run => run.warnings), most(run => run.failed)].map(
      String,
    ),
  ]
}

function contender(name: string, program: string): Contender {
  return {
    name,
    run: async ({ users }, tenant) => {
      const run = await runNode(script(program, users), { env: tenantVariables(tenant) })
      return { wall: run.wall, failed: failedOf(run) }
    },
  }
}

function failedOf({ exitCode, output }: Run): number {
  if (exitCode !== 0) throw new Error(`a contender ended with ${exitCode}`)
  return Number(output)
}
