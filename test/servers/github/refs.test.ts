// Refs, and the rules for moving them.

import { describe, expect, it } from 'vitest'
import { type Client, FILES, REPOSITORY, start } from './client.ts'
import { isRefName } from './refs.ts'

const LEDGER = 'refs/heads/auth0-permissions/acme.eu.auth0.com'
const UNKNOWN = '0123456789012345678901234567890123456789'

/** Commits on `main`: one, and two on top of it; `side` has another on top of the first. */
async function history(): Promise<Client & { readonly first: string; readonly second: string; readonly side: string }> {
  const client = await start()
  const first = client.github.commit(FILES)
  const second = client.github.commit(FILES)
  const side = client.github.commit(FILES, { branch: 'side', parents: [first] })
  return { ...client, first, second, side }
}

describe('refs', () => {
  it('are created, read, moved and deleted', async () => {
    const { github, octokit, first, second } = await history()
    const ref = 'heads/auth0-permissions/acme.eu.auth0.com'
    const created = await octokit.rest.git.createRef({ ...REPOSITORY, ref: LEDGER, sha: first })
    const url = `${github.apiUrl}/repos/acme/permissions/git`
    expect(created).toMatchObject({
      status: 201,
      data: {
        ref: LEDGER,
        url: `${url}/${LEDGER}`,
        object: { type: 'commit', sha: first, url: `${url}/commits/${first}` },
      },
    })
    expect((await octokit.rest.git.getRef({ ...REPOSITORY, ref })).data).toEqual(created.data)
    const moved = await octokit.rest.git.updateRef({ ...REPOSITORY, ref, sha: second })
    expect(moved).toMatchObject({ status: 200, data: { ref: LEDGER, object: { sha: second } } })
    expect(github.tip('auth0-permissions/acme.eu.auth0.com')).toBe(second)
    expect((await octokit.rest.git.deleteRef({ ...REPOSITORY, ref })).status).toBe(204)
    expect(github.tip('auth0-permissions/acme.eu.auth0.com')).toBe(undefined)
  })

  it('are listed by prefix', async () => {
    const { github, octokit, first } = await history()
    for (const branch of ['xz', 'xy/z', 'x']) github.moveBranch(branch, first)
    const list = async (ref: string) =>
      (await octokit.rest.git.listMatchingRefs({ ...REPOSITORY, ref })).data.map(each => each.ref)
    expect(await list('heads/x')).toEqual(['refs/heads/x', 'refs/heads/xy/z', 'refs/heads/xz'])
    expect(await list('heads/')).toEqual([
      'refs/heads/main',
      'refs/heads/side',
      'refs/heads/x',
      'refs/heads/xy/z',
      'refs/heads/xz',
    ])
    expect(await list('heads/none')).toEqual([])
  })

  it('that are missing can only be distinguished from a missing permission in a list', async () => {
    const { github, sendJson } = await history()
    const paths = ['git/matching-refs/heads/none', 'git/ref/heads/none']
    const statuses = async (token: string) =>
      (await Promise.all(paths.map(path => sendJson('GET', path, undefined, token)))).map(({ status }) => status)
    expect(await statuses(github.issueToken({ contents: 'read' }))).toEqual([200, 404])
    expect(await statuses(github.issueToken({}))).toEqual([404, 404])
  })

  it.each<[{ readonly ref?: string; readonly sha?: string }, string]>([
    [{ ref: 'refs/heads/main', sha: 'second' }, 'Reference already exists'],
    [{ ref: 'refs/heads/new', sha: UNKNOWN }, 'Object does not exist'],
    [
      { ref: 'refs/heads/new', sha: '0123' },
      'The sha parameter must be exactly 40 characters and contain only [0-9a-f].',
    ],
    [{ ref: 'heads/new', sha: 'first' }, 'Reference name must contain at least three slash-separated components.'],
    [{ ref: 'refs/new', sha: 'first' }, 'Reference name must contain at least three slash-separated components.'],
    [{ ref: 'refs/heads/a:b', sha: 'first' }, 'refs/heads/a:b is not a valid ref name.'],
    [{ ref: 'refs/heads/main/below', sha: 'first' }, 'Reference update failed'],
    [{ sha: 'first' }, 'Invalid request.\n\n"ref" wasn\'t supplied.'],
    [{ ref: 'refs/heads/new' }, 'Invalid request.\n\n"sha" wasn\'t supplied.'],
  ])('are not created from %j', async (body, message) => {
    const { sendJson, github, first, second } = await history()
    const commits = new Map([
      ['first', first],
      ['second', second],
    ])
    const sha = commits.get(body.sha ?? '') ?? body.sha
    expect(await sendJson('POST', 'git/refs', { ...body, sha })).toMatchObject({
      status: 422,
      body: { message, status: '422' },
    })
    expect([...github.refs.keys()]).toEqual(['refs/heads/main', 'refs/heads/side'])
  })

  it('only move forward, unless forced', async () => {
    const { sendJson, github, first, second, side } = await history()
    const refusal = {
      status: 422,
      body: {
        message: 'Update is not a fast forward',
        documentation_url: 'https://docs.github.com/rest/git/refs#update-a-reference',
        status: '422',
      },
    }
    for (const sha of [first, side]) {
      expect(await sendJson('PATCH', 'git/refs/heads/main', { sha })).toEqual(refusal)
      expect(await sendJson('PATCH', 'git/refs/heads/main', { sha, force: false })).toEqual(refusal)
    }
    expect(github.tip('main')).toBe(second)
    expect(await sendJson('PATCH', 'git/refs/heads/main', { sha: second })).toMatchObject({ status: 200 })
    expect(await sendJson('PATCH', 'git/refs/heads/main', { sha: side, force: true })).toMatchObject({ status: 200 })
    expect(github.tip('main')).toBe(side)
  })

  it('that are missing are neither moved nor deleted', async () => {
    const { sendJson, first } = await history()
    const refusal = { status: 422, body: { message: 'Reference does not exist' } }
    expect(await sendJson('PATCH', 'git/refs/heads/none', { sha: first })).toMatchObject(refusal)
    expect(await sendJson('PATCH', 'git/refs/heads/none', { sha: first, force: true })).toMatchObject(refusal)
    expect(await sendJson('DELETE', 'git/refs/heads/none')).toMatchObject(refusal)
    expect(await sendJson('PATCH', 'git/refs/heads/main', { sha: UNKNOWN })).toMatchObject({
      status: 422,
      body: { message: 'Object does not exist' },
    })
  })

  it('are refused in a repository without commits, like everything in the Git database', async () => {
    const { sendJson } = await start()
    const asked: readonly (readonly [string, string, object?])[] = [
      ['GET', 'git/matching-refs/heads/x'],
      ['GET', 'git/ref/heads/x'],
      ['POST', 'git/refs', { ref: LEDGER, sha: UNKNOWN }],
      ['POST', 'git/blobs', { content: 'hello' }],
      ['POST', 'git/trees', { tree: [] }],
      ['POST', 'git/commits', { message: 'x', tree: UNKNOWN }],
      ['GET', 'git/trees/main'],
      ['GET', 'commits/main'],
    ]
    for (const [method, path, body] of asked) {
      expect(await sendJson(method, path, body)).toMatchObject({
        status: 409,
        body: { message: 'Git Repository is empty.' },
      })
    }
    expect(await sendJson('GET', 'contents/a.txt')).toMatchObject({
      status: 404,
      body: { message: 'This repository is empty.' },
    })
  })

  it('are updated by only one of two concurrent writers', async () => {
    const { github, octokit, second } = await history()
    const tree = github.commits.get(second)?.tree ?? ''
    const commit = async (message: string) =>
      (await octokit.rest.git.createCommit({ ...REPOSITORY, message, tree, parents: [second] })).data.sha
    const [mine, theirs] = [await commit('mine'), await commit('theirs')]
    const stop = github.onRequest(({ method }) => {
      if (method === 'PATCH') github.moveBranch('main', theirs)
    })
    const update = () => octokit.rest.git.updateRef({ ...REPOSITORY, ref: 'heads/main', sha: mine })
    await expect(update()).rejects.toMatchObject({ status: 422 })
    expect(github.tip('main')).toBe(theirs)
    stop()
    github.moveBranch('main', second)
    await update()
    expect(github.tip('main')).toBe(mine)
  })
})

describe('names of refs', () => {
  it.each([
    'refs/heads/main',
    'refs/heads/auth0-permissions/127.0.0.1-8080',
    'refs/heads/ü',
    'refs/heads/a@b',
    'refs/heads/a.lock.b',
  ])('may be %s', name => {
    expect(isRefName(name)).toBe(true)
  })

  it.each([
    'a:b',
    'a..b',
    'a.lock',
    'a.lock/b',
    '.a',
    'a/.b',
    'a.',
    'a/',
    'a//b',
    'a b',
    'a~',
    'a^',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a@{b',
    'a\tb',
    'a\x7f',
    '',
  ])('may not end in %j', name => {
    expect(isRefName(`refs/heads/${name}`)).toBe(false)
  })
})

describe('rulesets', () => {
  const words = (...rules: readonly string[]) => `Repository rule violations found\n\n${rules.join('\n\n')}\n\n`

  it.each([
    ['creation', 'POST', 'Cannot create ref due to creations being restricted.'],
    ['update', 'PATCH', 'Cannot update this protected ref.'],
    ['pull_request', 'PATCH', 'Changes must be made through a pull request.'],
    ['deletion', 'DELETE', 'Cannot delete this branch'],
  ] as const)('with %s refuse %s', async (rule, method, message) => {
    const { github, sendJson, first, second } = await history()
    github.addRuleset({ refs: ['ledger/**'], rules: [rule] })
    if (method !== 'POST') github.moveBranch('ledger/a/b', first)
    const path = method === 'POST' ? 'git/refs' : 'git/refs/heads/ledger/a/b'
    const body = method === 'DELETE' ? undefined : { ref: 'refs/heads/ledger/a/b', sha: second }
    const before = github.tip('ledger/a/b')
    expect(await sendJson(method, path, body)).toMatchObject({ status: 422, body: { message: words(message) } })
    expect(github.tip('ledger/a/b')).toBe(before)
  })

  it('only prevent what their rules say', async () => {
    const { github, sendJson, first, second } = await history()
    github.addRuleset({ refs: ['ledger/*'], rules: ['creation', 'deletion'] })
    expect(await sendJson('POST', 'git/refs', { ref: 'refs/heads/ledger/a/b', sha: first })).toMatchObject({
      status: 201,
    })
    expect(await sendJson('POST', 'git/refs', { ref: 'refs/heads/ledgers', sha: first })).toMatchObject({ status: 201 })
    github.moveBranch('ledger/c', first)
    expect(await sendJson('PATCH', 'git/refs/heads/ledger/c', { sha: second })).toMatchObject({ status: 200 })
  })

  it('name every rule that is broken', async () => {
    const { github, sendJson, second } = await history()
    github.addRuleset({ refs: ['refs/heads/side'], rules: ['update', 'non_fast_forward'] })
    expect(await sendJson('PATCH', 'git/refs/heads/side', { sha: second, force: true })).toMatchObject({
      status: 422,
      body: { message: words('Cannot update this protected ref.', 'Cannot force-push to this branch') },
    })
  })

  it('do not apply to exempt accounts', async () => {
    const { github, sendJson, second } = await history()
    github.addRuleset({ refs: ['**'], rules: ['creation'], bypass: ['ledger[bot]'] })
    const body = { ref: LEDGER, sha: second }
    expect(await sendJson('POST', 'git/refs', body, github.issueToken({ contents: 'write' }))).toMatchObject({
      status: 422,
    })
    const token = github.issueToken({ contents: 'write' }, 'ledger[bot]')
    expect(await sendJson('POST', 'git/refs', body, token)).toMatchObject({ status: 201 })
  })

  it('require signatures for commits that are new to the branch', async () => {
    const { github, octokit, sendJson, second } = await history()
    github.addRuleset({ refs: ['main'], rules: ['required_signatures'] })
    const tree = github.commits.get(second)?.tree ?? ''
    const commit = { ...REPOSITORY, message: 'x', tree, parents: [second] }
    const author = { name: 'Ann', email: 'ann@example.com' }
    const unsigned = (await octokit.rest.git.createCommit({ ...commit, author })).data.sha
    expect(await sendJson('PATCH', 'git/refs/heads/main', { sha: unsigned })).toMatchObject({
      status: 422,
      body: { message: words(`Commits must have verified signatures.\n  Found 1 violation:\n\n  ${unsigned}`) },
    })
    const signed = (await octokit.rest.git.createCommit(commit)).data.sha
    expect(await sendJson('PATCH', 'git/refs/heads/main', { sha: signed })).toMatchObject({ status: 200 })
  })
})
