// Every mode and every kind of failure, with secrets that are easy to find: no byte that leaves the process holds one,
// but for those that go where they belong.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Tenant } from '../tenant/tenant.ts'
import { acme, CLIENT, MANIFEST, ORDERS } from './acme.ts'
import type { ActionRun } from './action.ts'
import { acmeRepository, manifestOf, type Repository } from './repository.ts'

const SECRET = 'marked/secret+of the=client'
const wants = (...permissions: readonly string[]) => [{ id: 'auth0|1', permissions: { [ORDERS]: permissions } }]

/** As it is, and as headers, forms and addresses have it. */
function formsOf(secret: string): readonly string[] {
  const base64 = (['base64', 'base64url'] as const).map(each => Buffer.from(secret).toString(each).replace(/=+$/, ''))
  return [secret, encodeURIComponent(secret), new URLSearchParams({ x: secret }).toString().slice(2), ...base64]
}

interface Stage {
  readonly tenant: Tenant
  readonly repository: Repository
}

/** An answer that holds everything that the request did, in every form. */
function echo(
  tenant: Tenant,
  status: number,
  when: (request: { readonly method: string; readonly path: string }) => boolean,
): void {
  const secrets = [SECRET, tenant.issueToken()].flatMap(formsOf).join(' ')
  tenant.fault({
    kind: 'status',
    status,
    body: { statusCode: status, message: secrets, errorCode: secrets },
    when,
    times: Number.POSITIVE_INFINITY,
  })
}

const pullRequest = { env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/5/merge' } }
const isWrite = ({ method, path }: { readonly method: string; readonly path: string }) =>
  method !== 'GET' && path.includes('/users/')

type Scenario = (
  stage: Stage,
  run: (inputs?: Readonly<Record<string, string>>, more?: object) => Promise<ActionRun>,
) => Promise<ActionRun>

const scenarios: Readonly<Record<string, Scenario>> = {
  validate: (_, run) => run({ mode: 'validate' }),
  'plan, with a comment': (_, run) => run({ mode: 'plan', comment: 'true' }, pullRequest),
  apply: (_, run) => run(),
  export: (_, run) => run({ mode: 'export', query: '*', manifest: 'out.yml' }),
  'an apply whose token is refused, with an echo': ({ tenant }, run) => {
    echo(tenant, 401, ({ path }) => path === '/oauth/token')
    return run()
  },
  'a plan that cannot read, with an echo and a comment': ({ tenant }, run) => {
    echo(tenant, 400, ({ path }) => path.includes('/users/'))
    return run({ mode: 'plan', comment: 'true' }, pullRequest)
  },
  'an apply that cannot write, with an echo': ({ tenant }, run) => {
    echo(tenant, 403, isWrite)
    return run()
  },
  'a tenant that redirects with an echo': ({ tenant }, run) => {
    const location = `https://evil.example/?${encodeURIComponent(SECRET)}`
    tenant.fault({
      kind: 'status',
      status: 302,
      headers: { location },
      when: () => true,
      times: Number.POSITIVE_INFINITY,
    })
    return run()
  },
  'a wrong input': (_, run) => run({ headroom: SECRET, 'max-revocations': SECRET }),
  'a GitHub that refuses': ({ repository }, run) => {
    repository.fail(403, Number.POSITIVE_INFINITY)
    return run({ comment: 'true' }, pullRequest)
  },
  'a cancelled apply': ({ tenant }, run) =>
    run(
      {},
      {
        onStart: (kill: (signal: NodeJS.Signals) => void) =>
          tenant.fault({
            kind: 'delay',
            ms: 200,
            when: request => {
              if (isWrite(request)) kill('SIGINT')
              return isWrite(request)
            },
          }),
      },
    ),
}

describe('no byte that leaves the process holds a secret', () => {
  it.each(Object.entries(scenarios))('%s', async (_, scenario) => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }], clients: [{ id: CLIENT.id, secret: SECRET }] })
    const repository = await acmeRepository(tenant)
    const githubToken = repository.github.issueToken({})
    const commit = repository.commit(manifestOf(wants('read:orders')))
    const run = await scenario({ tenant, repository }, (inputs = {}, more = {}) =>
      repository.run(commit, { 'client-secret': SECRET, 'github-token': githubToken, ...inputs }, {}, undefined, more),
    )
    const tokens = tenant.requests.flatMap(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? [])
    const shown = run.log.replaceAll(/^::add-mask::.*$/gm, '')
    const comments = repository.github.comments.map(({ body }) => body)
    const left = [shown, run.summary, JSON.stringify(run.outputs), run.temp, ...comments].join('\n')
    const toGitHub = JSON.stringify(repository.github.requests)
    const toTenant = JSON.stringify(tenant.requests)
    for (const secret of new Set([SECRET, ...tokens])) {
      for (const form of formsOf(secret)) {
        expect(left).not.toContain(form)
        expect(toGitHub).not.toContain(form)
      }
    }
    for (const form of formsOf(githubToken)) {
      expect(left).not.toContain(form)
      expect(toTenant).not.toContain(form)
    }
  })

  it('with a private key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const repository = await acmeRepository(tenant)
    const commit = repository.commit(manifestOf(wants('read:orders')))
    const run = await repository.run(
      commit,
      { 'client-secret': '', 'client-private-key': pem },
      {},
      { [MANIFEST]: '{' },
    )
    const lines = pem.split('\n').filter(line => line.length > 20)
    const shown = run.log.replaceAll(/^::add-mask::.*$/gm, '')
    for (const line of lines) expect([shown, run.summary, run.temp].join('\n')).not.toContain(line)
  })
})
