// `npm run demo` runs the built action's main job, with the inputs of the README's quick start, against an embedded
// tenant and an embedded GitHub, and prints what a user would see: validate, plan, apply, and apply again.
// `npm run demo -- MODE [FILE]` runs one mode with a file of your own; `--verbose` prints everything.

import { existsSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, parse, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { neededScopes } from '../../src/plan/guard.ts'
import { CHOICES, type Mode } from '../../src/runner/inputs.ts'
import { type ActionRun, runAction } from '../e2e/action.ts'
import { workflowVariables } from '../e2e/github.ts'
import { startGitHub } from '../servers/github/server.ts'
import { startTenant } from '../servers/tenant/tenant.ts'
import { renderRun } from './render.ts'

const USAGE = `Usage: npm run demo
       npm run demo -- validate|plan|apply|export [FILE]
       Add --verbose (after --) to see the whole output.`
const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://billing.acme.com/'
const CLIENT = {
  id: 'demo-client',
  secret: 'demo-secret-of-the-embedded-tenant',
  scopes: neededScopes('apply', { assigns: true, removes: true }),
}

interface Arguments {
  readonly mode: Mode | undefined
  readonly file: string | undefined
  readonly isVerbose: boolean
}

const { mode, file, isVerbose } = readArguments()
const earlierFile = fileOfDemo('earlier-permissions.yml')
const demoFile = fileOfDemo('auth0-permissions.yml')
if (mode !== 'export' && !existsSync(file ?? demoFile)) stop(`There is no file ${file}.`, 1)

const home = await mkdtemp(join(tmpdir(), 'demo-'))
const tenant = await startTenant({
  port: await portOf(file),
  apis: [
    { identifier: ORDERS, name: 'Orders', permissions: ['read:orders', 'write:orders', 'refund:orders'] },
    { identifier: BILLING, name: 'Billing', permissions: ['read:invoices', 'write:invoices'] },
  ],
  roles: [
    { name: 'Order Reader', permissions: [{ api: ORDERS, permission: 'read:orders' }] },
    { name: 'Support', permissions: [{ api: ORDERS, permission: 'refund:orders' }] },
    { name: 'Auditor' },
  ],
  users: [
    // Already reads orders through a role; the manifest also lists it as a direct permission, and assigns another role.
    { id: 'auth0|ada', email: 'ada@acme.com', roles: ['Order Reader'] },
    // In the wrong state: may refund, which the manifest no longer lists, and does not have what it lists.
    {
      id: 'auth0|65a1f0c2b7d94e0012c3d4e5',
      email: 'grace@acme.com',
      direct: [{ api: ORDERS, permission: 'refund:orders' }],
    },
    // From the README's first manifest.
    { id: 'auth0|5f7c8ec7c33c6c004bbafe82', email: 'barbara@acme.com' },
    // Loses a role and a direct permission, and still reads orders through a role that the manifest never named.
    {
      id: 'auth0|linus',
      email: 'linus@acme.com',
      roles: ['Order Reader', 'Auditor'],
      direct: [
        { api: ORDERS, permission: 'read:orders' },
        { api: BILLING, permission: 'read:invoices' },
      ],
    },
  ],
  clients: [CLIENT],
})
const github = await startGitHub()
const token = github.issueToken()
let runs = 0

try {
  process.exitCode = mode === undefined ? await showStory() : await showMode(mode)
} finally {
  await tenant.close()
  await github.close()
}

/** @returns the exit code */
async function showStory(): Promise<number> {
  // The tenant already has what this manifest requests, so from then on it is managed.
  const earlier = await run('apply', earlierFile)
  console.log(`An earlier manifest was applied. Now ${demoFile} is merged.`)
  const shown = [
    await show('validate', demoFile),
    await show('plan', demoFile),
    await show('apply', demoFile, true),
    await show('apply', demoFile, true),
  ]
  const results = shown.map(({ outputs }) => outputs.result).join(', ')
  if (
    [earlier, ...shown].some(({ exitCode }) => exitCode !== 0) ||
    results !== 'unchanged, planned, applied, unchanged'
  ) {
    console.error(`The demo went wrong: ${results}`)
    return 1
  }
  console.log(`
The second apply found nothing to do: unchanged
Job summaries, reports and plans: ${home}
Everything that a runner shows: npm run demo -- --verbose
Your own manifest: npm run demo -- plan path/to/auth0-permissions.yml`)
  return 0
}

/** @returns the action's exit code */
async function showMode(mode: Mode): Promise<number> {
  const path = file ?? (mode === 'export' ? join(home, 'auth0-permissions.yml') : demoFile)
  const { exitCode } = await show(mode, path)
  if (mode === 'export' && exitCode === 0) console.log(`\n${await readFile(path, 'utf8')}`)
  console.log(`Job summary, report and plans: ${join(home, `${runs}-${mode}`)}`)
  return exitCode ?? 1
}

async function show(mode: Mode, path: string, isFolded = false): Promise<ActionRun> {
  const done = await run(mode, path)
  const text = renderRun(done, { title: `mode: ${mode}, exit code: ${done.exitCode}`, isFolded, isVerbose })
  console.log(text.replaceAll(new RegExp(`/?${RegExp.escape(inWorkspace(path))}`, 'g'), () => path))
  return done
}

/** Runs the action in a workspace with every file on this machine, for a commit that contains this file. */
async function run(mode: Mode, path: string): Promise<ActionRun> {
  const manifest = inWorkspace(path)
  // The action itself reports why a file cannot be read.
  const content = await readFile(path, 'utf8').catch(() => '')
  if (github.file('main', manifest) !== content) github.commit({ [manifest]: content })
  runs++
  return runAction({
    inputs: {
      mode,
      manifest,
      domain: tenant.domain,
      'client-id': CLIENT.id,
      'client-secret': CLIENT.secret,
      'github-token': token,
      ...(mode === 'export' && { query: '*' }),
    },
    env: {
      ...workflowVariables(github, { commit: github.tip('main') ?? '', runId: runs }),
      GITHUB_WORKSPACE: parse(process.cwd()).root,
    },
    home: join(home, `${runs}-${mode}`),
  })
}

function inWorkspace(path: string): string {
  const absolute = resolve(path)
  return relative(parse(absolute).root, absolute)
}

/** An exported manifest names its tenant, so the tenant starts at the same address again. */
async function portOf(path: string | undefined): Promise<number> {
  const text = path === undefined ? '' : await readFile(path, 'utf8').catch(() => '')
  return Number(/^tenant: "?127\.0\.0\.1:(\d+)"?$/m.exec(text)?.[1] ?? 0)
}

function fileOfDemo(name: string): string {
  return relative('', fileURLToPath(new URL(name, import.meta.url)))
}

function readArguments(): Arguments {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { verbose: { type: 'boolean' } } })
    const [name, file, ...others] = positionals
    const mode = CHOICES.mode.find(each => each === name)
    if (mode === name && others.length === 0) return { mode, file, isVerbose: values.verbose === true }
  } catch {
    // An unknown option.
  }
  return stop(USAGE, 2)
}

function stop(message: string, exitCode: number): never {
  console.error(message)
  process.exit(exitCode)
}
