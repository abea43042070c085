// Starts the measured programs, each in a process of its own: the built action as the runner starts it, and the scripts
// beside this file.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { BUNDLE } from '../e2e/action.ts'
import { manifestOf, type Team } from './team.ts'
import type { TenantAddress } from './tenant.ts'

export interface Run {
  /** Milliseconds from the start of the process to its end. */
  readonly wall: number
  readonly exitCode: number
  readonly output: string
}

export interface MeasuredRun extends Run {
  /** Milliseconds, on all cores. */
  readonly cpu: number
  /** Peak resident memory, in MiB. */
  readonly peak: number
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const USAGE = new URL('usage.js', import.meta.url).href

export async function runNode(args: readonly string[], { env = {}, cwd = tmpdir() }: RunOptions = {}): Promise<Run> {
  const from = performance.now()
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = text(child.stdout)
  const [exitCode] = await once(child, 'exit')
  return { wall: performance.now() - from, exitCode: exitCode ?? 1, output: await output }
}

export async function measureNode(args: readonly string[], { env, ...options }: RunOptions): Promise<MeasuredRun> {
  const file = join(tmpdir(), `usage-${process.pid}.json`)
  const run = await runNode(['--import', USAGE, ...args], { ...options, env: { ...env, USAGE_FILE: file } })
  const usage = JSON.parse(await readFile(file, 'utf8'))
  await rm(file)
  return { ...run, ...usage }
}

/** The arguments that run a script in this folder for a team of this size. */
export function script(name: string, users: number): readonly string[] {
  return [fileURLToPath(new URL(name, import.meta.url)), String(users)]
}

/** The variables by which a script in this folder finds the tenant. */
export function tenantVariables({ domain, token }: TenantAddress): Readonly<Record<string, string>> {
  return { TENANT: domain, TOKEN: token }
}

/** A directory with a checked-out manifest and the files that the runner prepares for a step. */
export interface Workspace {
  readonly path: string
  readonly users: number
  /** Bytes of the manifest. */
  readonly size: number
}

export const MANIFEST = 'manifest.yml'

export async function createWorkspace(home: string, team: Team): Promise<Workspace> {
  const path = await mkdtemp(join(home, 'workspace-'))
  const manifest = manifestOf(team)
  await writeFile(join(path, MANIFEST), manifest)
  return { path, users: team.users, size: Buffer.byteLength(manifest) }
}

/** The runner's variables for a step; the mode is by default `plan` if there is a tenant, else `validate`. */
export async function stepOf(
  { path }: Workspace,
  tenant: TenantAddress | undefined,
  mode: 'plan' | 'apply' = 'plan',
): Promise<{ readonly args: readonly string[]; readonly options: Required<RunOptions> }> {
  const files = { GITHUB_OUTPUT: join(path, 'output'), GITHUB_STEP_SUMMARY: join(path, 'summary') }
  await Promise.all(Object.values(files).map(file => writeFile(file, '')))
  const env = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: path,
    GITHUB_EVENT_NAME: 'push',
    RUNNER_TEMP: path,
    ...files,
    INPUT_MANIFEST: MANIFEST,
    INPUT_MODE: tenant === undefined ? 'validate' : mode,
    INPUT_REVOKE: 'all',
    'INPUT_REQUIRE-MERGED': 'false',
    ...(tenant && { INPUT_DOMAIN: tenant.domain, 'INPUT_ACCESS-TOKEN': tenant.token }),
  }
  return { args: [BUNDLE], options: { env, cwd: path } }
}

/**
 * The number of users for whom the step failed.
 * @param changed how many it should change
 * @throws if it did something else
 */
export async function failedUsers({ path }: Workspace, { exitCode, output }: Run, changed = 0): Promise<number> {
  const outputs = await readFile(join(path, 'output'), 'utf8')
  const outputOf = (name: string) => Number(new RegExp(`^${name}<<.*\n(.*)$`, 'm').exec(outputs)?.[1])
  const failed = outputOf('users-failed')
  if (outputOf('users-changed') === changed && (exitCode === 0 || failed > 0)) return failed
  throw new Error(`The action ended with ${exitCode}:\n${output.slice(-2_000)}`)
}
