// The embedded GitHub, used as by the action: through GitHub's own client, and with plain requests if the bytes matter.

import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { getOctokit } from '@actions/github'
import { describe, expect, it } from 'vitest'
import { acme, MANIFEST, ORDERS, runAgainst } from '../../e2e/acme.ts'
import { workflowVariables } from '../../e2e/github.ts'
import type { FaultKind } from '../tenant/fault.ts'
import { FILES, NEW_YEAR, type Octokit, REPOSITORY, refusalOf, SILENT, start } from './client.ts'
import type { Permissions } from './token.ts'

describe('tokens', () => {
  it.each(['', 'Bearer ghs_nobody', 'token '])('are refused if the header is %j', async authorization => {
    const { github } = await start()
    const response = await fetch(`${github.apiUrl}/repos/acme/permissions/issues/5/comments`, {
      headers: { authorization },
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      message: 'Bad credentials',
      documentation_url: 'https://docs.github.com/rest',
      status: '401',
    })
  })

  it('allow exactly what their permissions say', async () => {
    const { github, as } = await start()
    const ref = github.commit(FILES)
    const comment = github.comment({ pullRequest: 5, body: 'hello', login: 'mallory' })
    const issue = { ...REPOSITORY, issue_number: 5 }
    let branches = 0
    const calls: Readonly<Record<string, (octokit: Octokit) => Promise<unknown>>> = {
      'write a blob': ({ rest }) => rest.git.createBlob({ ...REPOSITORY, content: 'x' }),
      'write a ref': ({ rest }) => rest.git.createRef({ ...REPOSITORY, ref: `refs/heads/b${++branches}`, sha: ref }),
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
    const writeContents = ['write a blob', 'write a ref']
    const contents = ['read a file', 'compare', 'read a commit', 'read a tree']
    const table: readonly (readonly [Permissions, readonly string[]])[] = [
      ['write-all', Object.keys(calls)],
      ['read-all', [...contents, ...readComments]],
      [{}, []],
      [{ contents: 'read' }, contents],
      [{ contents: 'write' }, [...contents, ...writeContents]],
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
      // A token that cannot read a private repository does not learn that it exists.
      const hidden = allowed.includes('read a file') ? [] : [...contents, ...writeContents]
      const refusal = (name: string) =>
        hidden.includes(name) ? '404 Not Found' : '403 Resource not accessible by integration'
      const expected = Object.keys(calls).map(name => [name, allowed.includes(name) ? 'done' : refusal(name)])
      expect({ permissions, outcomes }).toEqual({ permissions, outcomes: expected })
    }
  })

  it('without a permission are told which one is needed', async () => {
    const { github, send } = await start()
    const token = github.issueToken({ contents: 'read' })
    const accepted = async (method: string, path: string) =>
      (await send(method, path, { token })).headers.get('x-accepted-github-permissions')
    expect(await accepted('POST', 'git/blobs')).toBe('contents=write')
    expect(await accepted('GET', 'issues/5/comments')).toBe('issues=read; pull_requests=read')
    const { status, text } = await send('POST', 'git/blobs', { token, body: '{"content":"x"}' })
    expect(status).toBe(403)
    expect(JSON.parse(text)).toEqual({
      message: 'Resource not accessible by integration',
      documentation_url: 'https://docs.github.com/rest/git/blobs#create-a-blob',
      status: '403',
    })
  })

  it('can read everything in a public repository, and write no more than elsewhere', async () => {
    const { github, as } = await start({ visibility: 'public' })
    const ref = github.commit(FILES)
    const { rest } = as({})
    expect((await rest.repos.getContent({ ...REPOSITORY, path: 'a.txt' })).status).toBe(200)
    expect((await rest.git.getTree({ ...REPOSITORY, tree_sha: ref })).status).toBe(200)
    expect(await refusalOf(rest.git.createBlob({ ...REPOSITORY, content: 'x' }))).toMatchObject({ status: 403 })
  })

  it.each([
    ['', '/graphql'],
    ['/api/v3', '/api/graphql'],
  ])('have a user, if the API is at "%s"', async (prefix, path) => {
    const { github, octokit, as } = await start({ prefix })
    const viewer = async (client: Octokit) => client.graphql('{ viewer { login } }')
    expect(await viewer(octokit)).toEqual({ viewer: { login: 'github-actions[bot]' } })
    expect(await viewer(as({}, 'octocat'))).toEqual({ viewer: { login: 'octocat' } })
    expect(github.requests.map(request => request.path)).toEqual([path, path])
    expect(github.graphqlUrl).toBe(new URL(path, github.apiUrl).href)
  })

  it('have no user at a path that GitHub Enterprise Server does not have', async () => {
    const { send } = await start({ prefix: '/api/v3' })
    expect(await send('POST', '/graphql', { body: '{"query":"{ viewer { login } }"}' })).toMatchObject({ status: 404 })
  })

  it('have no user if they are installation tokens', async () => {
    const { as } = await start()
    expect(await refusalOf(as('write-all').rest.users.getAuthenticated())).toMatchObject({
      status: 403,
      message: expect.stringContaining('Resource not accessible by integration'),
    })
    expect((await as({}, 'octocat').rest.users.getAuthenticated()).data).toMatchObject({ login: 'octocat' })
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

  it('are listed in pages', async () => {
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
  ])('are neither shorter nor longer than GitHub accepts', async (body, message) => {
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

describe('pages', () => {
  it('are linked', async () => {
    const { github, octokit, send } = await start()
    const comment = () => github.comment({ pullRequest: 5, body: 'hello', login: 'octocat' }).id
    const ids = Array.from({ length: 65 }, comment)
    const path = 'issues/5/comments'
    const linksOf = async (query: string) => (await send('GET', `${path}${query}`)).headers.get('link')
    const at = (query: string, rel: string) => `<${github.apiUrl}/repositories/1/${path}?${query}>; rel="${rel}"`
    expect(await linksOf('')).toBe(`${at('page=2', 'next')}, ${at('page=3', 'last')}`)
    expect(await linksOf('?page=2')).toBe(
      [at('page=1', 'prev'), at('page=3', 'next'), at('page=3', 'last'), at('page=1', 'first')].join(', '),
    )
    expect(await linksOf('?page=3')).toBe(`${at('page=2', 'prev')}, ${at('page=1', 'first')}`)
    expect(await linksOf('?per_page=100')).toBe(null)
    const countOf = async (query: string) => JSON.parse((await send('GET', `${path}${query}`)).text).length
    expect(await Promise.all(['', '?page=3', '?page=9', '?per_page=0'].map(countOf))).toEqual([30, 5, 0, 30])
    const list = { ...REPOSITORY, issue_number: 5, per_page: 20 }
    const all = await octokit.paginate(octokit.rest.issues.listComments, list)
    expect(all.map(({ id }) => id)).toEqual(ids)
    for (let more = 0; more < 50; more++) comment()
    expect(await countOf('?per_page=1000')).toBe(100)
  })
})

describe('every response', () => {
  it('has GitHub’s headers', async () => {
    const { send } = await start({ now: () => NEW_YEAR })
    await send('GET', 'issues/5/comments')
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

  it('is a refusal if the client has no user agent', async () => {
    const { github } = await start()
    const [answer] = await once(get(`${github.apiUrl}/repos/acme/permissions/issues/5/comments`), 'response')
    expect(answer.statusCode).toBe(403)
    expect(await text(answer)).toContain('User-Agent')
  })

  it('is a refusal once the hour’s requests are used up, until the next hour', async () => {
    let now = NEW_YEAR
    const { octokit } = await start({ rateLimit: 2, now: () => now })
    const sendJson = () => octokit.rest.issues.listComments({ ...REPOSITORY, issue_number: 5 })
    await sendJson()
    await sendJson()
    expect(await refusalOf(sendJson())).toMatchObject({
      status: 403,
      message: expect.stringContaining('API rate limit exceeded'),
    })
    now += 3_600_000
    expect((await sendJson()).headers['x-ratelimit-remaining']).toBe('1')
  })

  it('is recorded with its request', async () => {
    const { github, octokit, send } = await start()
    await octokit.rest.issues.createComment({ ...REPOSITORY, issue_number: 5, body: 'hello' })
    await send('GET', 'issues/5/comments?page=1', { token: 'nobody' })
    expect(github.requests).toMatchObject([
      {
        method: 'POST',
        path: '/repos/acme/permissions/issues/5/comments',
        status: 201,
        body: { body: 'hello' },
        headers: { authorization: expect.stringMatching(/^token ghs_[0-9a-f]{36}$/) },
      },
      { method: 'GET', path: '/repos/acme/permissions/issues/5/comments?page=1', status: 401 },
    ])
  })
})

describe('faults', () => {
  const body = JSON.stringify({ body: 'hello' })
  const path = 'issues/5/comments'
  const table: readonly (readonly [
    string,
    FaultKind & { readonly after?: 'nothing' | 'effect' },
    number | 'no response',
    number,
  ])[] = [
    ['a status before the effect', { kind: 'status', status: 502 }, 502, 0],
    ['a status after the effect', { kind: 'status', status: 502, after: 'effect' }, 502, 1],
    ['a reset before the effect', { kind: 'reset', after: 'nothing' }, 'no response', 0],
    ['a reset after the effect', { kind: 'reset', after: 'effect' }, 'no response', 1],
    ['a truncated response', { kind: 'truncate' }, 'no response', 1],
    ['nonsense', { kind: 'garbage', body: '<html>' }, 200, 0],
    ['a delay', { kind: 'delay', ms: 20 }, 201, 1],
  ]

  it.each(table)('%s, once', async (_, fault, status, comments) => {
    const { github, send } = await start()
    github.fault({ ...fault, when: ({ method }) => method === 'POST' })
    expect((await send('GET', path)).status).toBe(200)
    const answer = await send('POST', path, { body }).then(
      ({ status }) => status,
      () => 'no response' as const,
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
        'require-merged': 'true',
        'github-token': github.issueToken({ contents: 'write' }),
      },
      env: workflowVariables(github, { commit }),
    })
    expect(run.outputs).toMatchObject({ result: 'applied', grants: '1' })
    const { origin } = new URL(github.apiUrl)
    const host = prefix === '' ? 'https://github.com' : origin
    const branch = `auth0-permissions/${new URL(tenant.domain).host.replace(':', '-')}`
    const { message } = github.history(branch)[0] ?? {}
    expect(message).toContain(`Run: ${host}/acme/permissions/actions/runs/77\nCommit: ${commit}`)
    expect(github.file(branch, 'ledger.json')).toContain('"id":"auth0|1"')
  })

  it('writes comments there', async () => {
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
