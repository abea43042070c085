// `npm run demo` runs the built action's main job against the embedded tenant, and prints what a runner would show:
// validate, plan, apply, and apply again. `npm run demo -- MODE MANIFEST` runs one mode with a manifest of your own.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ActionRun, runAction } from '../e2e/action.ts'
import { startTenant } from '../servers/tenant/tenant.ts'
import { asText } from './as-text.ts'

const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://billing.acme.com/'
const PATH = '.github/auth0-permissions.yml'
const CLIENT = { id: 'demo-client', secret: 'demo-secret-of-the-embedded-tenant' }
/** For the summaries, as Markdown: `npm run preview -- FILE` shows one as GitHub does. */
const OUT = fileURLToPath(new URL('../../build/demo/', import.meta.url))

const [mode = 'plan', path, ...rest] = process.argv.slice(2)
if (rest.length > 0 || !['validate', 'plan', 'apply'].includes(mode)) {
  console.error('Usage: npm run demo, or npm run demo -- validate|plan|apply [MANIFEST]')
  process.exit(2)
}
const manifest = await readFile(path ?? new URL('auth0-permissions.yml', import.meta.url), 'utf8')

const tenant = await startTenant({
  apis: [
    { identifier: ORDERS, name: 'Orders', permissions: ['read:orders', 'write:orders', 'refund:orders'] },
    { identifier: BILLING, name: 'Billing', permissions: ['read:invoices', 'write:invoices'] },
  ],
  roles: [{ name: 'Order Reader', permissions: [{ api: ORDERS, permission: 'read:orders' }] }],
  users: [
    // Reads orders through a role already; the manifest wants it directly too.
    { id: 'auth0|ada', email: 'ada@acme.com', roles: ['Order Reader'] },
    // In the wrong state: may refund, which nobody asked for, and lacks what the manifest asks for.
    {
      id: 'auth0|65a1f0c2b7d94e0012c3d4e5',
      email: 'grace@acme.com',
      direct: [{ api: ORDERS, permission: 'refund:orders' }],
    },
    // Of the README's first manifest.
    { id: 'auth0|5f7c8ec7c33c6c004bbafe82', email: 'barbara@acme.com' },
    // Keeps reading orders through the role when the direct permission goes.
    {
      id: 'auth0|linus',
      email: 'linus@acme.com',
      roles: ['Order Reader'],
      direct: [
        { api: ORDERS, permission: 'read:orders' },
        { api: BILLING, permission: 'read:invoices' },
      ],
    },
  ],
  clients: [CLIENT],
})

try {
  await rm(OUT, { recursive: true, force: true })
  await mkdir(OUT, { recursive: true })
  console.log(`The embedded tenant listens on ${tenant.domain}. The manifest, ${path ?? PATH}:\n`)
  console.log(indent(manifest))
  if (process.argv.length > 2) await show(mode)
  else await showAll()
} finally {
  await tenant.close()
}

async function showAll(): Promise<void> {
  const runs: ActionRun[] = []
  for (const each of ['validate', 'plan', 'apply', 'apply']) runs.push(await show(each))
  const results = runs.map(run => run.outputs.result)
  if (results.join() !== 'unchanged,planned,applied,unchanged' || runs.some(run => run.exitCode !== 0)) {
    throw new Error(`The demo went wrong: ${results.join(', ')}`)
  }
  console.log('The second apply found nothing to do: unchanged')
}

async function show(mode: string): Promise<ActionRun> {
  const credential = { 'client-id': CLIENT.id, 'client-secret': CLIENT.secret }
  // No repository of GitHub's has the manifest of a trial.
  const trial = { revoke: 'all', 'require-merged': 'false' }
  const inputs = mode === 'validate' ? { mode } : { mode, domain: tenant.domain, ...trial, ...credential }
  const run = await runAction({ inputs, files: { [PATH]: manifest } })
  console.log(`\n━━━ mode: ${mode} ${'━'.repeat(60 - mode.length)}\n`)
  console.log(readable(run.log))
  console.log(`━━━ its job summary, as Markdown in ${await saveSummary(mode, run.summary)}\n`)
  console.log(indent(asText(run.summary)))
  console.log('\n━━━ its outputs\n')
  for (const [name, value] of Object.entries(run.outputs)) console.log(`  ${name}: ${value}`)
  console.log(`\n  exit code: ${run.exitCode}`)
  return run
}

async function saveSummary(mode: string, summary: string): Promise<string> {
  const file = `${OUT}${(await readdir(OUT)).length + 1}-${mode}.md`
  await writeFile(file, summary)
  return relative(process.cwd(), file)
}

/** Workflow commands as GitHub's log shows them. */
function readable(log: string): string {
  return log
    .split('\n')
    .filter(line => !/^::(add-mask|endgroup)::/.test(line))
    .map(line => line.replace(/^::group::/, '▾ ').replace(/^::(error|warning|notice)([^:]*)::/, labelOf))
    .join('\n')
}

function labelOf(_: string, kind: string, properties: string): string {
  const [file, line] = ['file', 'line'].map(name => new RegExp(`${name}=([^,]+)`).exec(properties)?.[1])
  const label = `${kind[0]?.toUpperCase()}${kind.slice(1)}: `
  return file === undefined ? label : `${label}${file}:${line}: `
}

function indent(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '  ')
}
