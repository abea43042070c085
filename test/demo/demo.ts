// Runs the built action's main job against the embedded tenant, and prints what a runner would show: validate, plan,
// apply, and apply again.

import { readFile } from 'node:fs/promises'
import { type ActionRun, runAction } from '../e2e/action.ts'
import { startTenant } from '../tenant/tenant.ts'

const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://billing.acme.com/'
const PATH = '.github/auth0-permissions.yml'

const manifest = await readFile(new URL('auth0-permissions.yml', import.meta.url), 'utf8')

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
    { id: 'auth0|grace', email: 'grace@acme.com', direct: [{ api: ORDERS, permission: 'refund:orders' }] },
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
  clients: [{ id: 'demo-client', secret: 'demo-secret-of-the-embedded-tenant' }],
})

try {
  console.log(`The embedded tenant listens on ${tenant.domain}. The manifest, ${PATH}:\n`)
  console.log(indent(manifest))
  const runs: ActionRun[] = []
  for (const mode of ['validate', 'plan', 'apply', 'apply']) runs.push(await show(mode))
  const results = runs.map(run => run.outputs.result)
  if (results.join() !== 'unchanged,planned,applied,unchanged' || runs.some(run => run.exitCode !== 0)) {
    throw new Error(`The demo went wrong: ${results.join(', ')}`)
  }
  console.log('The second apply found nothing to do: unchanged')
} finally {
  await tenant.close()
}

async function show(mode: string): Promise<ActionRun> {
  const credential = { 'client-id': 'demo-client', 'client-secret': 'demo-secret-of-the-embedded-tenant' }
  const inputs = mode === 'validate' ? { mode } : { mode, domain: tenant.domain, revoke: 'all', ...credential }
  const run = await runAction({ inputs, files: { [PATH]: manifest } })
  console.log(`\n━━━ mode: ${mode} ${'━'.repeat(60 - mode.length)}\n`)
  console.log(readable(run.log))
  console.log('Job summary\n')
  console.log(indent(run.summary))
  console.log('Outputs\n')
  for (const [name, value] of Object.entries(run.outputs)) console.log(`  ${name}: ${value}`)
  console.log(`\n  exit code: ${run.exitCode}`)
  return run
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
