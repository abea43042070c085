// Every credential, every mode and every kind of failure, with secrets that are easy to find: no byte that leaves the
// process contains one, except in the requests that need it.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { expectNoneIn } from '../leaks.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { EVERY_CREDENTIAL } from '../tools/soak.ts'
import { acme, CLIENT, MANIFEST, ORDERS } from './acme.ts'
import { type ActionOptions, type ActionRun, fastTime } from './action.ts'
import { acmeRepository, manifestOf, type Repository } from './repository.ts'

type Inputs = Readonly<Record<string, string>>

/** Longer than the part of an invalid input that an error quotes. */
const SECRET = `marked/secret+of the="client"&<all>?????${'0123456789abcdef'.repeat(5)}`
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const client = { id: CLIENT.id, secret: SECRET, publicKey }

const CREDENTIALS: Readonly<Record<string, (tenant: Tenant) => Inputs>> = {
  'a client secret': () => ({ 'client-secret': SECRET }),
  'a private key': () => ({ 'client-secret': '', 'client-private-key': PEM }),
  'an access token': tenant => ({ 'access-token': tenant.issueToken() }),
}

const wants = (...permissions: readonly string[]) => [{ id: 'auth0|1', permissions: { [ORDERS]: permissions } }]

interface Stage {
  /** The credential's secret. */
  readonly secret: string
  readonly tenant: Tenant
  readonly repository: Repository
  /** Where a redirect would lead. */
  readonly elsewhere: Tenant
}

interface SentRequest {
  readonly method: string
  readonly path: string
}

const ALWAYS = { times: Number.POSITIVE_INFINITY }
const isToken = ({ path }: SentRequest) => path === '/oauth/token'
const isOfUser = ({ path }: SentRequest) => path.includes('/users/')
const isWrite = (request: SentRequest) => request.method !== 'GET' && isOfUser(request)
const isAny = () => true

const pullRequest = { env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/5/merge' } }
const PLAN = { mode: 'plan', comment: 'true' }
const EXPORT = { mode: 'export', query: '*', manifest: 'out.yml' }

type Scenario = (
  stage: Stage,
  run: (inputs?: Inputs, more?: Pick<ActionOptions, 'env' | 'onStart' | 'files'>) => Promise<ActionRun>,
) => Promise<ActionRun>

/** A response that echoes everything in the request, in every encoding. */
function echoing(status: number, when: (request: SentRequest) => boolean, inputs: Inputs = {}, more = {}): Scenario {
  return ({ tenant }, run) => {
    tenant.fault({ kind: 'echo', status, when, ...ALWAYS })
    return run(inputs, more)
  }
}

const SUCCESSES: Readonly<Record<string, Scenario>> = {
  validate: (_, run) => run({ mode: 'validate' }),
  'plan, with a comment': (_, run) => run(PLAN, pullRequest),
  apply: (_, run) => run(),
  'apply of a saved plan': async (_, run) => {
    const { plan } = await run({ mode: 'plan' })
    const files = { [MANIFEST]: manifestOf(wants('read:orders')), 'plan.json': plan }
    return run({ 'plan-file': 'plan.json' }, { files })
  },
  export: (_, run) => run(EXPORT),
}

const FAILURES: Readonly<Record<string, Scenario>> = {
  'invalid inputs': ({ secret }, run) =>
    run({ headroom: secret, 'max-revocations': secret, mode: secret, domain: secret }),
  'two credentials': (_, run) => run({ 'client-secret': SECRET, 'client-private-key': PEM }),
  'a manifest that does not parse': ({ secret }, run) => run({}, { files: { [MANIFEST]: `users: {${secret}` } }),
  'a manifest that contains the secret': ({ secret }, run) => {
    const user = { id: secret, permissions: { [ORDERS]: [secret], [secret]: ['x'] }, [secret]: 1 }
    return run({ revoke: 'never', 'require-merged': 'false' }, { files: { [MANIFEST]: manifestOf([user]) } })
  },
  'a missing user whose name is the secret': ({ secret }, run) =>
    run(
      { revoke: 'never', 'require-merged': 'false' },
      { files: { [MANIFEST]: manifestOf([{ id: secret, permissions: {} }, ...wants()]) } },
    ),
  'a plan that is not approved': (_, run) => run({ 'approved-plan': `sha256:${'0'.repeat(64)}` }),
  'an apply on a pull request': (_, run) => run({ comment: 'true' }, pullRequest),
  'APIs that cannot be read': echoing(400, ({ path }) => path.includes('/resource-servers')),
  'users that cannot be read': echoing(400, isOfUser, PLAN, pullRequest),
  'users in an unexpected response format': echoing(200, isOfUser, PLAN, pullRequest),
  'writes that are refused individually': echoing(400, isWrite),
  'writes that are all refused': echoing(403, isWrite),
  'a token that is refused repeatedly': echoing(401, isWrite),
  'an export that cannot read': echoing(400, isOfUser, EXPORT),
  'a search that is refused': echoing(400, ({ path }) => path.includes('/users?'), EXPORT),
  'a page from another server': ({ tenant, secret }, run) => {
    tenant.fault({
      kind: 'status',
      status: 404,
      body: `<p>${secret} ${encodeURIComponent(secret)}</p>`,
      when: isAny,
      ...ALWAYS,
    })
    return run()
  },
  'a tenant that redirects': ({ tenant, elsewhere, secret }, run) => {
    const location = `${elsewhere.domain}/?${encodeURIComponent(secret)}`
    tenant.fault({ kind: 'status', status: 307, headers: { location }, when: isAny, ...ALWAYS })
    return run()
  },
  'a tenant that redirects later': ({ tenant, elsewhere }, run) => {
    const headers = { location: elsewhere.domain }
    tenant.fault({ kind: 'status', status: 302, headers, when: each => !isToken(each), ...ALWAYS })
    return run()
  },
  'an unknown host': (_, run) => run({ domain: 'nowhere.invalid' }),
  'a refusal by GitHub': ({ repository }, run) => {
    repository.github.fault({ kind: 'echo', status: 403, when: isAny, ...ALWAYS })
    return run({ comment: 'true' }, pullRequest)
  },
  'a commit that GitHub rejects': ({ repository }, run) => {
    repository.github.fault({ kind: 'echo', status: 422, when: ({ method }) => method === 'POST', ...ALWAYS })
    return run()
  },
  'a redirect by GitHub': ({ repository, elsewhere }, run) => {
    const headers = { location: `${elsewhere.domain}/x` }
    repository.github.fault({ kind: 'status', status: 307, headers, when: isAny, ...ALWAYS })
    return run({ comment: 'true' }, pullRequest)
  },
  'files that cannot be written': ({ secret }, run) =>
    run({}, { env: { GITHUB_STEP_SUMMARY: `/dev/null/${secret}`, RUNNER_TEMP: `/dev/null/${secret}` } }),
  'a proxy without an address': ({ secret }, run) =>
    run({ domain: 'acme.test' }, { env: { HTTPS_PROXY: secret, ...fastTime(10) } }),
  'a cancelled apply': ({ tenant }, run) => {
    const onStart = (kill: (signal: NodeJS.Signals) => void) => {
      const when = (request: SentRequest) => {
        if (isOfUser(request)) kill('SIGINT')
        return isOfUser(request)
      }
      tenant.fault({ kind: 'delay', ms: 200, when })
    }
    return run({}, { onStart })
  },
}

/** Failures of credentials that the action exchanges for a token. */
const TOKEN_FAILURES: Readonly<Record<string, Scenario>> = {
  'a token that is refused': echoing(401, isToken),
  'a response without a token': echoing(200, isToken),
  'an unusable token': ({ tenant }, run) => {
    tenant.fault({ kind: 'status', status: 401, when: isWrite })
    tenant.fault({ kind: 'echo', status: 400, when: isWrite })
    return run()
  },
}

/** Failures that may quote the credential, or a server's message about it. */
const DEPENDENT = [
  'invalid inputs',
  'two credentials',
  'a manifest that contains the secret',
  'a missing user whose name is the secret',
  'APIs that cannot be read',
  'writes that are refused individually',
  'writes that are all refused',
  'a token that is refused repeatedly',
  'a page from another server',
  'a tenant that redirects',
  'files that cannot be written',
  'a proxy without an address',
]

const SECRET_INPUTS = ['client-secret', 'client-private-key', 'access-token']

/** Everything sent to the tenant that nobody else may see. */
function secretsSentTo({ requests }: Tenant): readonly string[] {
  return requests.flatMap(({ headers, body }) => [
    headers.authorization?.replace('Bearer ', '') ?? '',
    ...Object.entries(body ?? {}).flatMap(([name, value]) => (/secret|assertion$/.test(name) ? [String(value)] : [])),
  ])
}

/** @returns the last run of the scenario */
async function playWithoutLeak(credential: (tenant: Tenant) => Inputs, scenario: Scenario): Promise<ActionRun> {
  const tenant = await acme({ users: [{ id: 'auth0|1' }], clients: [client] })
  const elsewhere = await acme()
  const repository = await acmeRepository(tenant)
  const githubToken = repository.github.issueToken()
  const commit = repository.commit(manifestOf(wants('read:orders')))
  const given = credential(tenant)
  const secret = Object.values(given).join('')
  const runs: ActionRun[] = []
  const ofTenant: string[] = []
  const last = await scenario({ tenant, repository, elsewhere, secret }, async (more, { files, ...options } = {}) => {
    const inputs: Inputs = { ...given, 'github-token': githubToken, ...more }
    ofTenant.push(...SECRET_INPUTS.map(name => inputs[name] ?? ''))
    const run = await repository.run(commit, { inputs, ...(files && { files }), ...options })
    runs.push(run)
    return run
  })
  ofTenant.push(...secretsSentTo(tenant))
  const left = runs.flatMap(({ log, summary, outputs, temp, added }) => [
    log.replaceAll(/^::add-mask::.*$/gm, ''),
    summary,
    ...Object.values(outputs),
    temp,
    added,
  ])
  const comments = repository.github.comments.map(({ body }) => body)
  const toOthers = [...left, ...comments, JSON.stringify(elsewhere.requests)].join('\n')
  expectNoneIn(toOthers, [...ofTenant, githubToken])
  expectNoneIn(JSON.stringify(repository.github.requests), ofTenant)
  expectNoneIn(JSON.stringify(tenant.requests), [githubToken])
  return last
}

describe.each(Object.entries(CREDENTIALS))('no output contains a secret, with %s,', (_, credential) => {
  it.each(Object.entries(SUCCESSES))('in %s', async (_, scenario) => {
    const run = await playWithoutLeak(credential, scenario)
    expect(run.exitCode, run.log).toBe(0)
  })

  const isSecret = credential === CREDENTIALS['a client secret']
  const asksForToken = credential !== CREDENTIALS['an access token']
  const failures = Object.entries(FAILURES).filter(([name]) => isSecret || EVERY_CREDENTIAL || DEPENDENT.includes(name))
  it.each([...failures, ...(asksForToken ? Object.entries(TOKEN_FAILURES) : [])])('after %s', async (_, scenario) => {
    const { annotations, log } = await playWithoutLeak(credential, scenario)
    const findings = annotations.filter(({ kind }) => kind !== 'notice')
    expect(findings, log).not.toEqual([])
  })

  it('after an echo, which has asterisks instead', async () => {
    const run = await playWithoutLeak(credential, echoing(400, isWrite))
    expect(run.summary).toContain('***')
  })
})

it('the truncated quote of an invalid input contains no secret', async () => {
  const scenario: Scenario = (_, run) => run({ headroom: SECRET })
  const run = await playWithoutLeak(() => ({ 'client-secret': SECRET }), scenario)
  expect(run.log).toContain('Input headroom: "***"')
  expect(run.log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(SECRET.slice(0, 10))
})

it('a saved plan contains no secret, even if the secret is given as a reason', async () => {
  const permissions = { [ORDERS]: [{ name: 'read:orders', reason: `for ${SECRET}` }] }
  const files = { [MANIFEST]: manifestOf([{ id: 'auth0|1', permissions }]) }
  const scenario: Scenario = (_, run) => run({ revoke: 'never', 'require-merged': 'false' }, { files })
  const run = await playWithoutLeak(() => ({ 'client-secret': SECRET }), scenario)
  expect(run.outputs).toMatchObject({ result: 'applied' })
  expect(run.plan).toContain('"reason": "for ***"')
  expect(run.summary).toContain('***')
})
