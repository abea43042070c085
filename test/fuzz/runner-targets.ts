// Fuzz targets of the runner: inputs, variables, events and files. Whatever they are, a run ends with a clear message and
// all outputs.

import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ActionError, InputError } from '../../src/errors.ts'
import { run } from '../../src/run.ts'
import { prepareEnvironment } from '../../src/runner/environment.ts'
import { type Inputs, readInputs } from '../../src/runner/inputs.ts'
import { readPrivateKey, unwrapKey } from '../../src/runner/private-key.ts'
import { readWorkflow } from '../../src/runner/workflow.ts'
import { openDispatcher } from '../../src/tenant/exchange.ts'
import { must, type Target, target } from './targets.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Runs with these variables, and suppresses output. */
async function within<T>(variables: Variables, work: () => T): Promise<{ value: Awaited<T>; log: string }> {
  const { env, exitCode } = process
  const { write } = process.stdout
  let log = ''
  process.env = { ...env, ...variables }
  process.stdout.write = chunk => {
    log += chunk
    return true
  }
  try {
    return { value: await work(), log }
  } finally {
    process.env = env
    process.stdout.write = write
    process.exitCode = exitCode
  }
}

const texts = (parts: readonly string[]) =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...parts) }, fc.string({ unit: 'binary', maxLength: 3 })), {
      maxLength: 8,
    })
    // A variable ends at a null byte.
    .map(all => all.join('').replaceAll('\0', ''))

const GOOD: Variables = {
  INPUT_MODE: 'plan',
  INPUT_DOMAIN: 'acme.eu.auth0.com',
  'INPUT_CLIENT-ID': 'client',
  'INPUT_CLIENT-SECRET': 'a-secret-of-some-length',
}

async function readQuietly(variables: Variables): Promise<Inputs | undefined> {
  const { value } = await within({ ...GOOD, ...variables }, () => {
    try {
      return readInputs({ secretsWithheld: undefined })
    } catch (error) {
      must(error instanceof InputError, `a defect: ${error}`)
      for (const { input, message } of error.problems) must(message.startsWith(`Input ${input}: `), message)
      return undefined
    }
  })
  return value
}

const address = texts([
  ...[
    'https://',
    'http://',
    'HTTPS://',
    '//',
    ':',
    '/',
    '@',
    '\\',
    '?',
    '#',
    '%2e',
    '.',
    '127.0.0.1',
    '[::1]',
    '0x7f.1',
  ],
  ...[
    'acme',
    'acme.eu.auth0.com',
    '.eu.auth0.com',
    ':443',
    ':8080',
    '/api/v2/',
    '/api/v2',
    'user:password@',
    'evil.example',
  ],
  ...['\n', '\r', '\t', ' ', '\u00a0', '\u00ad', '\u200b', '\u3002', '\u0430', '\uff41', 'xn--mnchen-3ya'],
])

/** A request is sent to the host that a person reads, or not at all. */
async function readAddress(text: string): Promise<void> {
  const bare = text.trim().replace(/^https?:\/\//i, '')
  const byDomain = await readQuietly({ INPUT_DOMAIN: text })
  if (byDomain?.domain !== undefined && text.trim() !== '') {
    const { host, origin } = byDomain.domain
    must(bare.replace(/\/$/, '').toLowerCase() === host || /:(80|443)\/?$/.test(bare), `${text} leads to ${host}`)
    must(origin.startsWith('https://') || /^http:\/\/(127\.|localhost|\[::1\])/.test(origin), `${text}: ${origin}`)
  }
  const byAudience = await readQuietly({ INPUT_AUDIENCE: text })
  if (byAudience !== undefined && 'audience' in byAudience && text.trim() !== '') {
    must(byAudience.audience === text.trim(), `${text} is not ${byAudience.audience}`)
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

const CHANGES: readonly ((text: string) => string)[] = [
  text => text.replaceAll('\n', '\\n'),
  text => text.replaceAll('\n', '\\r\\n'),
  text => text.replaceAll('\n', '\r\n'),
  text => text.replaceAll('\n', ' '),
  text => text.replaceAll('\n', ''),
  text => `"${text}"`,
  text => JSON.stringify(text),
  text => Buffer.from(text).toString('base64'),
  text => Buffer.from(text).toString('base64url'),
  text => ` ${text}\n`,
]
const DAMAGES: readonly ((text: string) => string)[] = [
  text => text,
  text => text.slice(0, 200),
  text => text.slice(200),
  text => text.replace('PRIVATE', 'PUBLIC'),
  text => text.replace('BEGIN ', 'BEGIN ENCRYPTED '),
  text => text.replace(/[A-Z]{3}/g, 'AAA'),
  text => `{"kty":"RSA","d":"${text}"}`,
]
const key = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(PEM, PKCS1),
      fc.constantFrom(...DAMAGES),
      fc.array(fc.constantFrom(...CHANGES), { maxLength: 3 }),
    )
    .map(([pem, damage, changes]) => changes.reduce((text, change) => change(text), damage(pem))),
  texts([
    '-----BEGIN ',
    'RSA ',
    'PRIVATE KEY',
    '-----',
    '-----END ',
    '\\n',
    '\n',
    'MIIE',
    '{"',
    'ssh-rsa ',
    '/a.pem',
    '"',
  ]),
)

function readKey(text: string): void {
  const problems: string[] = []
  const found = readPrivateKey(unwrapKey(text), (_, problem) => {
    problems.push(problem)
    return undefined
  })
  must((found === undefined) === (problems.length === 1), 'neither a key nor a problem')
  must(found === undefined || found.equals(privateKey), 'another key')
  const body = unwrapKey(PEM).split('\n')[3] ?? ''
  must(!problems.join().includes(body), 'a problem that shows the key')
}

const value = texts([
  ...[
    '',
    'plan',
    'apply',
    'validate',
    'export',
    'true',
    'never',
    'all',
    '20',
    '10%',
    ' or ',
    '-1',
    '1.5',
    '%',
    '0',
    '1e9',
  ],
  ...[
    'none',
    'sha256:',
    '0'.repeat(64),
    '\n',
    'auth0|1',
    'a@acme.com',
    '*',
    '*.yml',
    '!x',
    '["x"]',
    '$' + '{{ x }}',
    'RS256',
  ],
])
const NAMES = [
  ...['mode', 'manifest', 'client-id', 'client-private-key-id', 'client-private-key-algorithm', 'revoke', 'scope'],
  ...['max-revocations', 'missing-users', 'require-merged', 'plan-file', 'approved-plan', 'fail-on-changes', 'comment'],
  ...['requests-per-second', 'headroom', 'users', 'query'],
]

async function readValues(values: Readonly<Record<string, string>>): Promise<void> {
  const variables = Object.entries(values).map(([name, each]) => [`INPUT_${name.toUpperCase()}`, each])
  const inputs = await readQuietly(Object.fromEntries(variables))
  if (inputs === undefined || !('maxRevocations' in inputs)) return
  const { count, percent } = inputs.maxRevocations
  must(count !== undefined || percent !== undefined, 'no limit')
  must(count === undefined || (Number.isSafeInteger(count) && count >= 0), `a limit of ${count}`)
  must(
    percent === undefined || (Number.isInteger(percent) && percent >= 1 && percent <= 100),
    `a limit of ${percent} %`,
  )
}

const proxy = texts([
  ...[
    'http://',
    'https://',
    'socks5://',
    'ftp://',
    'proxy.acme.com',
    ':3128',
    ':',
    '@',
    'user',
    'password',
    '%40',
    '%',
    '/',
  ],
  ...['[::1]', ' ', '\n', '\t', '\u200b', '?', '#', '..', '127.0.0.1'],
])
const PROXY_NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY']

/** Accepted values are valid proxies for undici too. */
async function prepare(variables: Variables): Promise<void> {
  await within(variables, async () => {
    try {
      prepareEnvironment(process.env)
    } catch (error) {
      must(error instanceof ActionError, `a defect: ${error}`)
      must(
        Object.keys(variables).some(name => error.message.includes(name)),
        error.message,
      )
      return
    }
    await openDispatcher('https://acme.eu.auth0.com').destroy()
  })
}

const home = mkdtempSync(join(tmpdir(), 'fuzz-'))
process.once('exit', () => rmSync(home, { recursive: true, force: true }))
const place = (name: string) => join(home, name)

const jsonText = fc.oneof(
  fc.json(),
  fc.json().map(json => json.slice(0, json.length >> 1)),
  fc
    .record({ repository: fc.jsonValue(), pull_request: fc.jsonValue() }, { requiredKeys: [] })
    .map(event => JSON.stringify(event)),
  fc
    .record({
      number: fc.jsonValue(),
      head: fc.record({ sha: fc.jsonValue(), repo: fc.jsonValue() }, { requiredKeys: [] }),
    })
    .map(pull_request => JSON.stringify({ pull_request, repository: { default_branch: 'main' } })),
)
const event = fc.oneof(
  jsonText.map(each => Buffer.from(each)),
  fc.uint8Array({ maxLength: 20 }).map(each => Buffer.from(each)),
)
const VARIABLE_NAMES = [
  ...['GITHUB_REF', 'GITHUB_SHA', 'GITHUB_REPOSITORY', 'GITHUB_EVENT_NAME', 'GITHUB_ACTOR', 'GITHUB_RUN_ID'],
  ...['GITHUB_SERVER_URL', 'GITHUB_REF_PROTECTED'],
]
const variable = texts([
  ...[
    'refs/',
    'heads/main',
    'pull/7/merge',
    'acme/',
    'access',
    '/',
    'pull_request',
    'push',
    'true',
    '99999999999999999999',
  ],
  ...['dependabot[bot]', 'https://github.com', '::error::', '\n'],
])
const variables = fc.dictionary(fc.constantFrom(...VARIABLE_NAMES), variable)

async function readEvent([bytes, others]: readonly [Buffer, Variables]): Promise<void> {
  writeFileSync(place('event.json'), bytes)
  await within({ ...others, GITHUB_EVENT_PATH: place('event.json') }, () => {
    const { pullRequest, defaultBranch, knownCommit, commit } = readWorkflow()
    must(pullRequest === undefined || pullRequest >= 0, `pull request ${pullRequest}`)
    must(defaultBranch !== '', 'a default branch without a name')
    must(knownCommit !== '' || commit === '', 'no commit')
  })
}

mkdirSync(place('folder'))
writeFileSync(place('file'), '')
/** Valid ones are created for every run. */
const PLACES = [
  'good',
  'good',
  'good',
  place('folder'),
  place('file'),
  place('missing'),
  place('missing/x'),
  '/dev/full',
  '/dev/null/x',
  '',
  undefined,
]
const anyPlace = fc.constantFrom(...PLACES)
const surroundings = fc.record({
  output: anyPlace,
  summary: anyPlace,
  temp: anyPlace,
  workspace: anyPlace,
  event: anyPlace,
  manifest: fc.constantFrom(
    'm.yml',
    '*.yml',
    'none.yml',
    '../m.yml',
    '!m.yml',
    '["m.yml"]',
    'a.yml,b.yml',
    '.',
    '/dev/full',
  ),
  others: variables,
})

/** Files that can be written have been written, and the others are errors. */
async function runIn(given: typeof surroundings extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const folder = mkdtempSync(place('run-'))
  const at = (name: 'output' | 'summary' | 'temp' | 'workspace' | 'event') =>
    given[name] === 'good' ? join(folder, name) : given[name]
  for (const name of ['temp', 'workspace']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'output'), '')
  writeFileSync(join(folder, 'event'), '{}')
  writeFileSync(join(folder, 'workspace', 'm.yml'), '{"users": []}')
  const { log } = await within(
    {
      ...given.others,
      INPUT_MODE: 'validate',
      INPUT_MANIFEST: given.manifest,
      GITHUB_OUTPUT: at('output'),
      GITHUB_STEP_SUMMARY: at('summary'),
      RUNNER_TEMP: at('temp'),
      GITHUB_WORKSPACE: at('workspace'),
      GITHUB_EVENT_PATH: at('event'),
    },
    () => run(new AbortController().signal),
  )
  const has = (name: string) => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8') !== ''
  if (given.output === 'good') must(has('output'), 'no outputs')
  if (given.summary === 'good') must(has('summary'), 'no summary')
  for (const [name, file] of [
    ['output', 'outputs'],
    ['summary', 'job summary'],
    ['temp', 'report'],
  ] as const) {
    const failed = log.includes(`::error::The ${file} could not be written: `)
    if (given[name] === 'good') must(!failed, `${file} failed`)
    if (given[name]?.startsWith('/dev/')) must(failed, `${file} did not fail`)
  }
  must(!log.includes('defect') && !/^\s+at /m.test(log), log)
  rmSync(folder, { recursive: true })
}

export const RUNNER_TARGETS: readonly Target[] = [
  target('a domain or an audience', address, readAddress),
  target('a private key', key, readKey),
  target('inputs', fc.dictionary(fc.constantFrom(...NAMES), value), readValues),
  target('proxies', fc.dictionary(fc.constantFrom(...PROXY_NAMES), proxy), prepare),
  target('an event', fc.tuple(event, variables), readEvent),
  target("the runner's files and variables", surroundings, runIn),
]
