// The embedded GitHub, asked as the action asks: through GitHub's own client, and by plain requests where the bytes
// matter.

import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { getOctokit } from '@actions/github'
import { afterEach, describe, expect, it } from 'vitest'
import { acme, MANIFEST, ORDERS, runAgainst } from '../../e2e/acme.ts'
import { workflowVariables } from '../../e2e/github.ts'
import type { FaultKind } from '../tenant/fault.ts'
import { type GitHub, type GitHubOptions, startGitHub } from './server.ts'
import type { Permissions } from './token.ts'

type Octokit = ReturnType<typeof getOctokit>

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

interface Start {
  readonly github: GitHub
  readonly octokit: Octokit
  /** Another client, with a token of its own. */
  readonly as: (permissions: Permissions, login?: string) => Octokit
  /** @param path below the repository, or from the root where it starts with a slash */
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Reply>
}

interface SendOptions {
  readonly token?: string
  readonly body?: string
  readonly accept?: string
}

const REPOSITORY = { owner: 'acme', repo: 'permissions' }
const MIB = 1024 * 1024
const FILES = {
  [MANIFEST]: 'users: []\n',
  'a.txt': 'x',
  'a/b.bin': Uint8Array.of(0xff, 0xfe, 0x00),
  'a/b/c.txt': 'hello\n',
}
const NEW_YEAR = Date.parse('2026-01-01T00:00:00Z')

const githubs: GitHub[] = []

afterEach(async () => {
  await Promise.all(githubs.splice(0).map(github => github.close()))
})

async function start(options: GitHubOptions = {}): Promise<Start> {
  const github = await startGitHub(options)
  githubs.push(github)
  const client = (token: string) => getOctokit(token, { baseUrl: github.apiUrl, log: SILENT })
  const writeAll = github.issueToken()
  return {
    github,
    octokit: client(writeAll),
    as: (permissions, login) => client(github.issueToken(permissions, login)),
    send: async (method, path, { token = writeAll, body, accept = '' } = {}) => {
      const below = path.startsWith('/') ? path : `/repos/acme/permissions/${path}`
      const headers = { authorization: `Bearer ${token}`, accept }
      const response = await fetch(`${github.apiUrl}${below}`, { method, headers, ...(body !== undefined && { body }) })
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
  }
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** What a client is told, where it is refused. */
async function refusalOf(work: Promise<unknown>): Promise<{ readonly status: number; readonly message: string }> {
  return work.then(
    () => {
      throw new Error('this went through')
    },
    ({ status, message }) => ({ status, message }),
  )
}

describe('tokens', () => {
  it.each(['', 'Bearer ghs_nobody', 'token '])('%j is no credential', async authorization => {
    const { github } = await start()
    const response = await fetch(`${github.apiUrl}/repos/acme/permissions/deployments`, { headers: { authorization } })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      message: 'Bad credentials',
      documentation_url: 'https://docs.github.com/rest',
      status: '401',
    })
  })

  it('may do what their permissions say, and no more', async () => {
    const { github, as } = await start()
    const ref = github.commit(FILES)
    const { id: deployment_id } = github.deploy({ ref })
    const comment = github.comment({ pullRequest: 5, body: 'hello', login: 'mallory' })
    const issue = { ...REPOSITORY, issue_number: 5 }
    const calls: Readonly<Record<string, (octokit: Octokit) => Promise<unknown>>> = {
      'list deployments': ({ rest }) => rest.repos.listDeployments(REPOSITORY),
      'list statuses': ({ rest }) => rest.repos.listDeploymentStatuses({ ...REPOSITORY, deployment_id }),
      'create a deployment': ({ rest }) => rest.repos.createDeployment({ ...REPOSITORY, ref }),
      'create a status': ({ rest }) =>
        rest.repos.createDeploymentStatus({ ...REPOSITORY, deployment_id, state: 'success' }),
      'read a file': ({ rest }) => rest.repos.getContent({ ...REPOSITORY, path: MANIFEST }),
      compare: ({ rest }) => rest.repos.compareCommitsWithBasehead({ ...REPOSITORY, basehead: `${ref}...${ref}` }),
      'read a commit': ({ rest }) => rest.repos.getCommit({ ...REPOSITORY, ref }),
      'read a tree': ({ rest }) => rest.git.getTree({ ...REPOSITORY, tree_sha: ref }),
      'list comments': ({ rest }) => rest.issues.listComments(issue),
      'write a comment': ({ rest }) => rest.issues.createComment({ ...issue, body: 'hello' }),
      'edit a comment': ({ rest }) =>
        rest.issues.updateComment({ ...REPOSITORY, comment_id: comment.id, body: 'changed' }),
    }
    const readComments = ['list comments']
    const comments = [...readComments, 'write a comment', 'edit a comment']
    const readDeployments = ['list deployments', 'list statuses']
    const contents = ['read a file', 'compare', 'read a commit', 'read a tree']
    const table: readonly (readonly [Permissions, readonly string[]])[] = [
      ['write-all', Object.keys(calls)],
      ['read-all', [...readDeployments, ...contents, ...readComments]],
      [{}, []],
      [{ contents: 'read' }, contents],
      [{ deployments: 'read' }, readDeployments],
      [{ deployments: 'write' }, [...readDeployments, 'create a deployment', 'create a status']],
      [{ issues: 'read' }, readComments],
      [{ 'pull-requests': 'read', issues: 'none' }, readComments],
      [{ issues: 'write' }, comments],
      [{ 'pull-requests': 'write' }, comments],
    ]
    for (const [permissions, allowed] of table) {
      const octokit = as(permissions)
      const outcomes = await Promise.all(
        Object.entries(calls).map(([name, call]) =>
          call(octokit).then(
            () => [name, 'done'],
            ({ status, message }) => [name, `${status} ${message.split(' - ', 1)}`],
          ),
        ),
      )
      const refusal = (name: string) =>
        contents.includes(name) ? '404 Not Found' : '403 Resource not accessible by integration'
      const expected = Object.keys(calls).map(name => [name, allowed.includes(name) ? 'done' : refusal(name)])
      expect({ permissions, outcomes }).toEqual({ permissions, outcomes: expected })
    }
  })

  it('without the permission are told which would do', async () => {
    const { github, send } = await start()
    const token = github.issueToken({ deployments: 'read' })
    const accepted = async (method: string, path: string) =>
      (await send(method, path, { token })).headers.get('x-accepted-github-permissions')
    expect(await accepted('POST', 'deployments')).toBe('deployments=write')
    expect(await accepted('GET', 'issues/5/comments')).toBe('issues=read; pull_requests=read')
    const { status, text } = await send('POST', 'deployments', { token, body: '{"ref":"main"}' })
    expect(status).toBe(403)
    expect(JSON.parse(text)).toEqual({
      message: 'Resource not accessible by integration',
      documentation_url: 'https://docs.github.com/rest/deployments/deployments#create-a-deployment',
      status: '403',
    })
  })

  it('read everything of a public repository, and write no more than elsewhere', async () => {
    const { github, as } = await start({ visibility: 'public' })
    const ref = github.commit(FILES)
    const { rest } = as({})
    expect((await rest.repos.getContent({ ...REPOSITORY, path: 'a.txt' })).status).toBe(200)
    expect((await rest.repos.listDeployments(REPOSITORY)).data).toEqual([])
    expect(await refusalOf(rest.repos.createDeployment({ ...REPOSITORY, ref }))).toMatchObject({ status: 403 })
  })

  it.each([
    ['', '/graphql'],
    ['/api/v3', '/api/graphql'],
  ])('say whose they are, where the API is at "%s"', async (prefix, path) => {
    const { github, octokit, as } = await start({ prefix })
    const viewer = async (client: Octokit) => client.graphql('{ viewer { login } }')
    expect(await viewer(octokit)).toEqual({ viewer: { login: 'github-actions[bot]' } })
    expect(await viewer(as({}, 'octocat'))).toEqual({ viewer: { login: 'octocat' } })
    expect(github.requests.map(request => request.path)).toEqual([path, path])
    expect(github.graphqlUrl).toBe(new URL(path, github.apiUrl).href)
  })

  it('do not say so where Enterprise Server has no such place', async () => {
    const { send } = await start({ prefix: '/api/v3' })
    expect(await send('POST', '/graphql', { body: '{"query":"{ viewer { login } }"}' })).toMatchObject({ status: 404 })
  })

  it('are asked for their user in vain where they are an installation’s', async () => {
    const { as } = await start()
    expect(await refusalOf(as('write-all').rest.users.getAuthenticated())).toMatchObject({
      status: 403,
      message: expect.stringContaining('Resource not accessible by integration'),
    })
    expect((await as({}, 'octocat').rest.users.getAuthenticated()).data).toMatchObject({ login: 'octocat' })
  })
})

describe('deployments', () => {
  it('come back as they were made, with the ref’s commit', async () => {
    const { github, octokit } = await start({ now: () => NEW_YEAR + 999 })
    const sha = github.commit(FILES)
    const payload = { manifest: [MANIFEST], nested: { at: 1 } }
    const created = await octokit.rest.repos.createDeployment({
      ...REPOSITORY,
      ref: 'main',
      task: 'auth0-permissions',
      environment: 'auth0-permissions/acme.eu.auth0.com',
      payload,
      description: 'Auth0 user permissions',
      auto_merge: false,
      required_contexts: [],
    })
    expect(created.status).toBe(201)
    const { data } = await octokit.rest.repos.listDeployments(REPOSITORY)
    expect(data).toEqual([created.data])
    expect(data[0]).toMatchObject({
      sha,
      ref: 'main',
      task: 'auth0-permissions',
      environment: 'auth0-permissions/acme.eu.auth0.com',
      payload,
      creator: { login: 'github-actions[bot]', type: 'Bot' },
      // Without fractions, as GitHub's.
      created_at: '2026-01-01T00:00:00Z',
      production_environment: false,
      transient_environment: false,
    })
    expect(data[0]).not.toHaveProperty('statuses')
  })

  it('keep a text as payload', async () => {
    const { github, octokit } = await start()
    const ref = github.commit(FILES)
    const { data } = await octokit.rest.repos.createDeployment({ ...REPOSITORY, ref, payload: '{"a":1}' })
    expect(data).toMatchObject({ payload: '{"a":1}', environment: 'production', production_environment: true })
  })

  it.each([
    ['{}', 'Invalid request.\n\n"ref" wasn\'t supplied.'],
    ['{"ref":""}', 'Invalid request.\n\nFor \'properties/ref\', "" is not valid.'],
    ['{"ref":"gone"}', 'No ref found for: gone'],
  ])('are not made from %s', async (body, message) => {
    const { github, send } = await start()
    github.commit(FILES)
    const { status, text } = await send('POST', 'deployments', { body })
    expect({ status, message: JSON.parse(text).message }).toEqual({ status: 422, message })
    expect(github.deployments).toEqual([])
  })

  it.each(['{', '[]', '1'])('are not made from what is no JSON object: %s', async body => {
    const { send } = await start()
    const { status, text } = await send('POST', 'deployments', { body })
    expect({ status, message: JSON.parse(text).message }).toEqual({ status: 400, message: 'Problems parsing JSON' })
  })

  it('are found by environment, task, commit and ref, the newest first', async () => {
    const { github, octokit } = await start()
    const old = github.commit(FILES)
    const at = (environment: string, task: string, ref: string) => github.deploy({ environment, task, ref }).id
    const a = at('one', 'x', old)
    const b = at('one', 'y', old)
    const recent = github.commit(FILES)
    const c = at('two', 'x', recent)
    const d = at('two', 'x', 'main')
    const found = async (filter: object) => {
      const { data } = await octokit.rest.repos.listDeployments({ ...REPOSITORY, ...filter })
      return data.map(({ id }) => id)
    }
    expect(await found({})).toEqual([d, c, b, a])
    expect(await found({ environment: 'one' })).toEqual([b, a])
    expect(await found({ task: 'x' })).toEqual([d, c, a])
    expect(await found({ environment: 'two', task: 'y' })).toEqual([])
    expect(await found({ sha: recent })).toEqual([d, c])
    expect(await found({ ref: 'main' })).toEqual([d])
  })

  it('come in pages that are linked', async () => {
    const { github, octokit, send } = await start()
    const ref = github.commit(FILES)
    const ids = Array.from({ length: 65 }, () => github.deploy({ ref }).id).reverse()
    const linksOf = async (query: string) => (await send('GET', `deployments${query}`)).headers.get('link')
    const at = (query: string, rel: string) => `<${github.apiUrl}/repositories/1/deployments?${query}>; rel="${rel}"`
    expect(await linksOf('')).toBe(`${at('page=2', 'next')}, ${at('page=3', 'last')}`)
    expect(await linksOf('?page=2&task=deploy')).toBe(
      [
        at('page=1&task=deploy', 'prev'),
        at('page=3&task=deploy', 'next'),
        at('page=3&task=deploy', 'last'),
        at('page=1&task=deploy', 'first'),
      ].join(', '),
    )
    expect(await linksOf('?page=3')).toBe(`${at('page=2', 'prev')}, ${at('page=1', 'first')}`)
    expect(await linksOf('?per_page=100')).toBe(null)
    const countOf = async (query: string) => JSON.parse((await send('GET', `deployments${query}`)).text).length
    expect(await Promise.all(['', '?page=3', '?page=9', '?per_page=0'].map(countOf))).toEqual([30, 5, 0, 30])
    const all = await octokit.paginate(octokit.rest.repos.listDeployments, { ...REPOSITORY, per_page: 20 })
    expect(all.map(({ id }) => id)).toEqual(ids)
    for (let more = 0; more < 50; more++) github.deploy({ ref })
    expect(await countOf('?per_page=1000')).toBe(100)
  })
})

describe('statuses of a deployment', () => {
  it('come the newest first, in pages', async () => {
    const { github, octokit } = await start({ now: () => NEW_YEAR })
    const { id: deployment_id } = github.deploy({ ref: github.commit(FILES), environment: 'staging' })
    const states = ['queued', 'in_progress', 'success'] as const
    for (const state of states) {
      const { status, data } = await octokit.rest.repos.createDeploymentStatus({
        ...REPOSITORY,
        deployment_id,
        state,
        log_url: 'https://github.com/acme/permissions/actions/runs/77',
        description: `now ${state}`,
      })
      expect(status).toBe(201)
      expect(data).toMatchObject({ state, description: `now ${state}`, environment: 'staging' })
      expect(data).toMatchObject({ log_url: data.target_url, creator: { login: 'github-actions[bot]' } })
    }
    const { data, headers } = await octokit.rest.repos.listDeploymentStatuses({
      ...REPOSITORY,
      deployment_id,
      per_page: 2,
    })
    expect(data.map(({ state }) => state)).toEqual(['success', 'in_progress'])
    expect(headers.link).toContain('rel="next"')
  })

  it.each([
    ['{"state":"done"}', 'properties/state'],
    ['{}', '"state" wasn\'t supplied'],
    [JSON.stringify({ state: 'success', description: '√'.repeat(141) }), 'Validation Failed'],
  ])('are not made from %s', async (body, message) => {
    const { github, send } = await start()
    const deployment = github.deploy({ ref: github.commit(FILES) })
    const { status, text } = await send('POST', `deployments/${deployment.id}/statuses`, { body })
    expect({ status, message: JSON.parse(text).message }).toEqual({
      status: 422,
      message: expect.stringContaining(message),
    })
    expect(deployment.statuses).toEqual([])
  })

  it('take a description of 140 characters', async () => {
    const { github, send } = await start()
    const { id } = github.deploy({ ref: github.commit(FILES) })
    const body = JSON.stringify({ state: 'success', description: '😀'.repeat(140) })
    expect(await send('POST', `deployments/${id}/statuses`, { body })).toMatchObject({ status: 201 })
  })

  it('are those of a deployment that there is', async () => {
    const { send } = await start()
    expect(await send('GET', 'deployments/1/statuses')).toMatchObject({ status: 404 })
    expect(await send('POST', 'deployments/1/statuses', { body: '{"state":"success"}' })).toMatchObject({ status: 404 })
  })

  it('make earlier successes of the same environment inactive, unless that is switched off', async () => {
    const { github, octokit } = await start()
    const ref = github.commit(FILES)
    const success = { state: 'success', auto_inactive: false } as const
    const staging = { ref, environment: 'staging' }
    const deployments = {
      succeeded: github.deploy(staging, success),
      failed: github.deploy(staging, { state: 'failure' }),
      elsewhere: github.deploy({ ref, environment: 'other' }, success),
      transient: github.deploy({ ...staging, transient_environment: true }, success),
      production: github.deploy({ ...staging, production_environment: true }, success),
      newest: github.deploy(staging),
      later: github.deploy(staging, success),
    }
    const deployment_id = deployments.newest.id
    const states = () =>
      Object.entries(deployments).map(([name, { statuses }]) => [name, ...statuses.map(({ state }) => state)])
    const others = (succeeded: readonly string[]) => [
      ['succeeded', ...succeeded],
      ['failed', 'failure'],
      ['elsewhere', 'success'],
      ['transient', 'success'],
      ['production', 'success'],
    ]
    await octokit.rest.repos.createDeploymentStatus({ ...REPOSITORY, deployment_id, ...success })
    await octokit.rest.repos.createDeploymentStatus({ ...REPOSITORY, deployment_id, state: 'in_progress' })
    expect(states()).toEqual([...others(['success']), ['newest', 'success', 'in_progress'], ['later', 'success']])
    await octokit.rest.repos.createDeploymentStatus({ ...REPOSITORY, deployment_id, state: 'success' })
    expect(states()).toEqual([
      ...others(['success', 'inactive']),
      ['newest', 'success', 'in_progress', 'success'],
      ['later', 'success'],
    ])
  })

  it('can move a deployment to another environment', async () => {
    const { github, octokit } = await start()
    const { id: deployment_id } = github.deploy({ ref: github.commit(FILES), environment: 'staging' })
    await octokit.rest.repos.createDeploymentStatus({
      ...REPOSITORY,
      deployment_id,
      state: 'success',
      environment: 'qa',
    })
    const { data } = await octokit.rest.repos.listDeployments({ ...REPOSITORY, environment: 'qa' })
    expect(data).toMatchObject([{ id: deployment_id, original_environment: 'staging' }])
  })
})

describe('commits, trees and files', () => {
  it('have the ids that git gives them', async () => {
    const { github, octokit } = await start({ now: () => NEW_YEAR })
    const [first, second] = [github.commit(FILES), github.commit(FILES)]
    expect([first, second]).toEqual([
      '064aefc7ef7d890cec986723a680154e00a1cb3d',
      'f763503608597bc465ae8ddcf9a45acde4fef221',
    ])
    const { data } = await octokit.rest.repos.getCommit({ ...REPOSITORY, ref: 'heads/main' })
    expect(data).toMatchObject({
      sha: second,
      commit: { tree: { sha: 'db9489bb4bebc528c5d6500f9fd9a52c722e9007' }, message: 'Change 2' },
      parents: [{ sha: first }],
    })
    const tree = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: second, recursive: '1' })
    expect(tree.data.truncated).toBe(false)
    expect(tree.data.tree.map(({ mode, type, sha, path }) => `${mode} ${type} ${sha} ${path}`)).toEqual([
      '040000 tree 9fe4e7ebe9edf7f704166e356df1d70af093bf4e .github',
      '100644 blob dd16570a6ba621615521ec3042f1b243ce86d2f1 .github/auth0-permissions.yml',
      '100644 blob c1b0730e0133447badcfd47fd144e254807b06e1 a.txt',
      '040000 tree 97faf8fe1f623f5ccd805b9af49e3ee2a3928d44 a',
      '100644 blob 6e00d25c6cd705d172279b791d49c6e378416d86 a/b.bin',
      '040000 tree 2bcada35da78a7011b5497fcf851bb11e2353a39 a/b',
      '100644 blob ce013625030ba8dba906f756967f9e9ca394464a a/b/c.txt',
    ])
  })

  it('show a tree by its own id, one level unless asked for all', async () => {
    const { github, octokit } = await start()
    github.commit(FILES)
    const tree_sha = '97faf8fe1f623f5ccd805b9af49e3ee2a3928d44'
    const { data } = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha })
    expect(data.tree.map(({ path, size }) => [path, size])).toEqual([
      ['b.bin', 3],
      ['b', undefined],
    ])
    const missing = octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: '0'.repeat(40) })
    expect(await refusalOf(missing)).toMatchObject({ status: 404 })
  })

  it('say a commit’s id alone to those who ask so', async () => {
    const { github, octokit } = await start()
    const sha = github.commit(FILES)
    const mediaType = { format: 'sha' }
    expect((await octokit.rest.repos.getCommit({ ...REPOSITORY, ref: 'main', mediaType })).data).toBe(sha)
    expect(await refusalOf(octokit.rest.repos.getCommit({ ...REPOSITORY, ref: 'gone' }))).toMatchObject({
      status: 422,
      message: expect.stringContaining('No commit found for SHA: gone'),
    })
  })

  it('are gone after a force push, and the deployments are not', async () => {
    const { github, octokit } = await start()
    const [first, second] = [github.commit(FILES), github.commit(FILES)]
    const elsewhere = github.commit(FILES, { branch: 'elsewhere', parents: [first] })
    github.deploy({ ref: second })
    github.forget(second)
    const { repos } = octokit.rest
    expect((await repos.listDeployments(REPOSITORY)).data).toMatchObject([{ sha: second }])
    expect(await refusalOf(repos.getContent({ ...REPOSITORY, path: 'a.txt', ref: second }))).toMatchObject({
      status: 404,
      message: expect.stringContaining(`No commit found for the ref ${second}`),
    })
    const third = github.commit(FILES)
    expect((await repos.getCommit({ ...REPOSITORY, ref: 'main' })).data).toMatchObject({
      sha: third,
      parents: [{ sha: first }],
    })
    expect((await repos.getCommit({ ...REPOSITORY, ref: 'elsewhere' })).data.sha).toBe(elsewhere)
    for (const sha of [third, first]) github.forget(sha)
    expect(await refusalOf(repos.getCommit({ ...REPOSITORY, ref: 'main' }))).toMatchObject({ status: 422 })
  })

  it.each(['a/b/c.txt', 'a%2Fb%2Fc.txt'])('read a file at %s', async path => {
    const { github, send } = await start()
    const ref = github.commit({ 'a/b/c.txt': 'hello\n'.repeat(20) })
    github.commit({ 'a/b/c.txt': 'changed since' })
    const file = JSON.parse((await send('GET', `contents/${path}?ref=${ref}`)).text)
    expect(file).toMatchObject({ type: 'file', name: 'c.txt', path: 'a/b/c.txt', size: 120, encoding: 'base64' })
    expect(file.content.split('\n').map((line: string) => line.length)).toEqual([60, 60, 40, 0])
    expect(Buffer.from(file.content, 'base64').toString()).toBe('hello\n'.repeat(20))
  })

  it('give bytes as they are', async () => {
    const { github, octokit } = await start()
    github.commit(FILES)
    const { data } = await octokit.rest.repos.getContent({ ...REPOSITORY, path: 'a/b.bin' })
    expect(data).toMatchObject({ content: '//4A\n', sha: '6e00d25c6cd705d172279b791d49c6e378416d86' })
  })

  it.each(['raw', 'raw+json', 'v3.raw'])('give a file raw to who accepts %s', async format => {
    const { github, send } = await start()
    github.commit(FILES)
    const { headers, text } = await send('GET', 'contents/a/b/c.txt', { accept: `application/vnd.github.${format}` })
    expect(text).toBe('hello\n')
    expect(headers.get('content-type')).toBe('application/vnd.github.raw+json; charset=utf-8')
  })

  it('leave the content of a file over 1 MiB out of JSON, and hold it raw', async () => {
    const { github, octokit } = await start()
    const large = 'x'.repeat(MIB)
    github.commit({ fits: large, large: `${large}!` })
    const read = (path: string, format = 'json') =>
      octokit.rest.repos.getContent({ ...REPOSITORY, path, mediaType: { format } })
    expect((await read('fits')).data).toMatchObject({ size: MIB, encoding: 'base64' })
    expect((await read('large')).data).toMatchObject({ size: MIB + 1, encoding: 'none', content: '' })
    expect((await read('large', 'raw')).data).toBe(`${large}!`)
  })

  it('refuse a file over 100 MiB', async () => {
    const { github, send } = await start()
    github.commit({ huge: new Uint8Array(100 * MIB + 1) })
    for (const accept of ['', 'application/vnd.github.raw']) {
      const { status, text } = await send('GET', 'contents/huge', { accept })
      expect(status).toBe(403)
      expect(JSON.parse(text).errors).toEqual([{ resource: 'Blob', field: 'data', code: 'too_large' }])
    }
  })

  it('list a folder, up to 1,000 entries', async () => {
    const { github, octokit } = await start()
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`many/${index}`, '']))
    github.commit({ ...FILES, ...many })
    const list = async (path: string) => {
      const { data } = await octokit.rest.repos.getContent({ ...REPOSITORY, path })
      return Array.isArray(data) ? data.map(entry => `${entry.type} ${entry.path}`) : []
    }
    expect(await list('')).toEqual(['dir .github', 'file a.txt', 'dir a', 'dir many'])
    expect(await list('a')).toEqual(['file a/b.bin', 'dir a/b'])
    expect(await list('many')).toHaveLength(1_000)
  })

  it.each([
    ['contents/b', 'Not Found'],
    ['contents/a.txt/b', 'Not Found'],
    ['contents/__proto__', 'Not Found'],
    ['contents/a.txt?ref=gone', 'No commit found for the ref gone'],
    ['compare/main...gone', 'Not Found'],
    ['compare/gone...main', 'Not Found'],
    ['compare/main', 'Not Found'],
    ['nonsense', 'Not Found'],
    ['/repos/acme/other/contents/a.txt', 'Not Found'],
    ['/', 'Not Found'],
  ])('%s is not there', async (path, message) => {
    const { github, send } = await start()
    github.commit(FILES)
    const { status, text } = await send('GET', path)
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: '404', message })
  })
})

describe('a comparison', () => {
  /** ```
   * root ── a ── b
   *     └── x ── merge (also of a)
   * stranger
   * ``` */
  async function history() {
    const { github, octokit } = await start()
    const root = github.commit(FILES)
    const a = github.commit(FILES)
    const b = github.commit(FILES)
    const x = github.commit(FILES, { branch: 'x/y', parents: [root] })
    const merge = github.commit(FILES, { branch: 'x/y', parents: [x, a] })
    const stranger = github.commit(FILES, { branch: 'stranger', parents: [] })
    const compare = async (base: string, head: string) => {
      const basehead = `${base}...${head}`
      const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...REPOSITORY, basehead })
      return data
    }
    return { root, a, b, x, merge, stranger, compare }
  }

  it('counts from where the two lines part', async () => {
    const { root, a, b, x, merge, compare } = await history()
    const table: readonly (readonly [string, string, string, number, number, string])[] = [
      [a, a, 'identical', 0, 0, a],
      [root, b, 'ahead', 2, 0, root],
      [b, root, 'behind', 0, 2, root],
      [b, x, 'diverged', 1, 2, root],
      [a, merge, 'ahead', 2, 0, a],
      [b, merge, 'diverged', 2, 1, a],
      [x, merge, 'ahead', 2, 0, x],
    ]
    for (const [base, head, status, ahead_by, behind_by, sha] of table) {
      const { commits, ...data } = await compare(base, head)
      expect(data).toMatchObject({ status, ahead_by, behind_by, merge_base_commit: { sha } })
      expect(commits).toHaveLength(ahead_by)
    }
  })

  it('takes branches, also with a slash in their names', async () => {
    const { a, x, merge, compare } = await history()
    expect(await compare('main', 'x/y')).toMatchObject({ status: 'diverged', commits: [{ sha: x }, { sha: merge }] })
    expect(await compare(a, 'refs/heads/main')).toMatchObject({ status: 'ahead' })
  })

  it('is refused where the two have nothing in common', async () => {
    const { a, stranger, compare } = await history()
    expect(await refusalOf(compare(a, stranger))).toMatchObject({
      status: 404,
      message: expect.stringContaining(`No common ancestor between ${a} and ${stranger}.`),
    })
  })
})

describe('comments', () => {
  it('are written, listed in order, edited and deleted', async () => {
    const { octokit, as } = await start()
    const issue = { ...REPOSITORY, issue_number: 5 }
    const { status, data: own } = await octokit.rest.issues.createComment({ ...issue, body: 'plan' })
    expect(status).toBe(201)
    expect(own).toMatchObject({
      user: { login: 'github-actions[bot]', type: 'Bot' },
      body: 'plan',
      html_url: `https://github.com/acme/permissions/pull/5#issuecomment-${own.id}`,
    })
    await as({ issues: 'write' }, 'octocat').rest.issues.createComment({ ...issue, body: 'thanks' })
    await octokit.rest.issues.createComment({ ...issue, issue_number: 6, body: 'elsewhere' })
    const edited = await octokit.rest.issues.updateComment({ ...REPOSITORY, comment_id: own.id, body: 'new plan' })
    expect(edited.data).toMatchObject({ id: own.id, body: 'new plan' })
    const { data } = await octokit.rest.issues.listComments(issue)
    expect(data.map(({ user, body }) => `${user?.type} ${user?.login}: ${body}`)).toEqual([
      'Bot github-actions[bot]: new plan',
      'User octocat: thanks',
    ])
    const { status: deleted } = await octokit.rest.issues.deleteComment({ ...REPOSITORY, comment_id: own.id })
    expect(deleted).toBe(204)
    const again = octokit.rest.issues.updateComment({ ...REPOSITORY, comment_id: own.id, body: 'again' })
    expect(await refusalOf(again)).toMatchObject({ status: 404 })
  })

  it('come in pages', async () => {
    const { github, octokit } = await start()
    const bodies = Array.from({ length: 150 }, (_, index) => `${index}`)
    for (const body of bodies) github.comment({ pullRequest: 5, body, login: 'octocat' })
    const issue = { ...REPOSITORY, issue_number: 5 }
    expect((await octokit.rest.issues.listComments(issue)).data).toHaveLength(30)
    const all = await octokit.paginate(octokit.rest.issues.listComments, { ...issue, per_page: 100 })
    expect(all.map(({ body }) => body)).toEqual(bodies)
    expect(github.requests).toHaveLength(3)
  })

  it.each([
    ['😀'.repeat(65_537), 'Body is too long (maximum is 65536 characters)'],
    [' \n', 'Body cannot be blank'],
  ])('are no shorter and no longer than GitHub takes', async (body, message) => {
    const { github, octokit } = await start()
    const { id: comment_id } = github.comment({ pullRequest: 5, body: 'before', login: 'octocat' })
    const calls = [
      octokit.rest.issues.createComment({ ...REPOSITORY, issue_number: 5, body }),
      octokit.rest.issues.updateComment({ ...REPOSITORY, comment_id, body }),
    ]
    for (const call of calls) {
      expect(await refusalOf(call)).toMatchObject({ status: 422, message: expect.stringContaining(message) })
    }
    expect(github.comments.map(comment => comment.body)).toEqual(['before'])
    const fits = '😀'.repeat(65_536)
    const { data } = await octokit.rest.issues.createComment({ ...REPOSITORY, issue_number: 5, body: fits })
    expect(data.body).toBe(fits)
  })
})

describe('every answer', () => {
  it('carries GitHub’s headers', async () => {
    const { send } = await start({ now: () => NEW_YEAR })
    await send('GET', 'deployments')
    const { headers } = await send('GET', 'nonsense')
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-github-request-id': 'C0DE:00000002',
      'x-github-api-version-selected': '2022-11-28',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '998',
      'x-ratelimit-used': '2',
      'x-ratelimit-reset': `${NEW_YEAR / 1000 + 3600}`,
      'x-ratelimit-resource': 'core',
    })
  })

  it('is a refusal where the client does not name itself', async () => {
    const { github } = await start()
    const [answer] = await once(get(`${github.apiUrl}/repos/acme/permissions/deployments`), 'response')
    expect(answer.statusCode).toBe(403)
    expect(await text(answer)).toContain('User-Agent')
  })

  it('is a refusal when the hour’s requests are used up, until the next hour', async () => {
    let now = NEW_YEAR
    const { octokit } = await start({ rateLimit: 2, now: () => now })
    const ask = () => octokit.rest.repos.listDeployments(REPOSITORY)
    await ask()
    await ask()
    expect(await refusalOf(ask())).toMatchObject({
      status: 403,
      message: expect.stringContaining('API rate limit exceeded'),
    })
    now += 3_600_000
    expect((await ask()).headers['x-ratelimit-remaining']).toBe('1')
  })

  it('is recorded with what was asked', async () => {
    const { github, octokit, send } = await start()
    await octokit.rest.issues.createComment({ ...REPOSITORY, issue_number: 5, body: 'hello' })
    await send('GET', 'deployments?page=1', { token: 'nobody' })
    expect(github.requests).toMatchObject([
      {
        method: 'POST',
        path: '/repos/acme/permissions/issues/5/comments',
        status: 201,
        body: { body: 'hello' },
        headers: { authorization: expect.stringMatching(/^token ghs_[0-9a-f]{36}$/) },
      },
      { method: 'GET', path: '/repos/acme/permissions/deployments?page=1', status: 401 },
    ])
  })
})

describe('faults', () => {
  const body = JSON.stringify({ body: 'hello' })
  const path = 'issues/5/comments'
  const table: readonly (readonly [
    string,
    FaultKind & { readonly after?: 'nothing' | 'effect' },
    number | 'no answer',
    number,
  ])[] = [
    ['a status before the effect', { kind: 'status', status: 502 }, 502, 0],
    ['a status after the effect', { kind: 'status', status: 502, after: 'effect' }, 502, 1],
    ['a reset before the effect', { kind: 'reset', after: 'nothing' }, 'no answer', 0],
    ['a reset after the effect', { kind: 'reset', after: 'effect' }, 'no answer', 1],
    ['an answer that is cut', { kind: 'truncate' }, 'no answer', 1],
    ['nonsense', { kind: 'garbage', body: '<html>' }, 200, 0],
    ['a delay', { kind: 'delay', ms: 20 }, 201, 1],
  ]

  it.each(table)('%s, once', async (_, fault, status, comments) => {
    const { github, send } = await start()
    github.fault({ ...fault, when: ({ method }) => method === 'POST' })
    expect((await send('GET', path)).status).toBe(200)
    const answer = await send('POST', path, { body }).then(
      ({ status }) => status,
      () => 'no answer' as const,
    )
    expect({ answer, comments: github.comments.length }).toEqual({ answer: status, comments })
    expect((await send('POST', path, { body })).status).toBe(201)
  })

  it.each([
    ['nothing', 0],
    ['effect', 1],
  ] as const)('silence, after %s', async (after, comments) => {
    const { github } = await start()
    github.fault({ kind: 'hang', after, when: () => true })
    const { rest } = getOctokit(github.issueToken(), { baseUrl: github.apiUrl, log: SILENT })
    const request = { signal: AbortSignal.timeout(200) }
    await expect(
      rest.issues.createComment({ ...REPOSITORY, issue_number: 5, body: 'hello', request }),
    ).rejects.toThrow()
    expect(github.comments).toHaveLength(comments)
    expect(github.requests).toMatchObject([{ method: 'POST', status: undefined }])
  })
})

describe('the built action', () => {
  const users = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
  const manifest = JSON.stringify({ users })

  it.each(['', '/api/v3'])('keeps its ledger there, with the API at "%s"', async prefix => {
    const { github } = await start({ prefix })
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const commit = github.commit({ [MANIFEST]: manifest })
    const run = await runAgainst(tenant, {
      manifest,
      inputs: {
        revoke: 'managed',
        'github-token': github.issueToken({ contents: 'read', deployments: 'write' }),
      },
      env: workflowVariables(github, { commit }),
    })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(github.deployments).toMatchObject([
      { sha: commit, statuses: [{ state: 'in_progress' }, { state: 'success' }] },
    ])
    const { origin } = new URL(github.apiUrl)
    const host = prefix === '' ? 'https://github.com' : origin
    expect(github.deployments[0]?.statuses[1]?.log_url).toBe(`${host}/acme/permissions/actions/runs/77`)
  })

  it('comments there', async () => {
    const { github } = await start()
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const commit = github.commit({ [MANIFEST]: manifest })
    const inputs = {
      mode: 'plan',
      comment: 'true',
      'github-token': github.issueToken({ contents: 'read', 'pull-requests': 'write' }),
    }
    const run = await runAgainst(tenant, {
      manifest,
      inputs,
      env: workflowVariables(github, { commit, pullRequest: 5 }),
    })
    expect(run.outputs).toMatchObject({ result: 'planned' })
    expect(github.comments).toMatchObject([{ pullRequest: 5, user: { login: 'github-actions[bot]' } }])
  })
})
