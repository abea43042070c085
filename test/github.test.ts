// What the embedded GitHub has no reason to answer, from a server that answers what it is told to.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { NotSentError } from '../src/errors.ts'
import type { GitHub } from '../src/github.ts'

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** By path, without the query; what is not in here gets no answer. */
const answers = new Map<string, Answer | 'broken'>()

const server = createServer(({ url = '', socket }, response) => {
  const answer = answers.get(decodeURIComponent(url).replace('/repos/acme/permissions/', '').replace(/\?.*/, ''))
  if (answer === undefined) return
  if (answer === 'broken') return void socket.destroy()
  const { status = 200, type = 'application/json; charset=utf-8', headers, body } = answer
  response
    .writeHead(status, { ...headers, 'content-type': type })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
})

const REPOSITORY = { owner: 'acme', repo: 'permissions' }

let github: GitHub

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // Read when GitHub's client is loaded.
  vi.stubEnv('GITHUB_API_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const { openGitHub } = await import('../src/github.ts')
  github = openGitHub({ token: 'a-token', repository: REPOSITORY, signal: new AbortController().signal })
})

afterEach(() => answers.clear())

afterAll(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})

describe('a file', () => {
  const large = { type: 'file', encoding: 'none', content: '' }

  it.each(['application/vnd.github.raw', 'application/vnd.github.raw; charset=utf-8'])(
    'over 1 MiB is read, whether it comes as bytes or as text: %s',
    async type => {
      answers.set('contents/m.yml', { body: large })
      const reading = github.textAt('main', 'm.yml')
      // The second request asks for the file itself.
      await once(server, 'request')
      answers.set('contents/m.yml', { type, body: 'users: []' })
      expect(await reading).toBe('users: []')
    },
  )

  it('that this token may not read is an error, and no file that is missing', async () => {
    answers.set('contents/m.yml', { status: 403, body: { message: 'Not for you' } })
    await expect(github.textAt('main', 'm.yml')).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('(403): Not for you'),
    })
  })
})

describe('a rate limit', () => {
  const body = { message: 'You have exceeded a secondary rate limit.' }
  const soon = () => String(Math.ceil(Date.now() / 1000))

  it.each([
    ['that tells how long it lasts', { 'retry-after': '0' }],
    ['that tells when it is over', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon() }],
  ])('%s is waited for', async (_, headers) => {
    answers.set('contents/m.yml', { status: 403, headers, body })
    const reading = github.textAt('main', 'm.yml')
    await once(server, 'request')
    answers.set('contents/m.yml', {
      body: { type: 'file', encoding: 'base64', content: Buffer.from('users: []').toString('base64') },
    })
    expect(await reading).toBe('users: []')
  })

  it('that does not tell how long it lasts is waited for until the run is cancelled', async () => {
    const { openGitHub } = await import('../src/github.ts')
    const controller = new AbortController()
    const cancellable = openGitHub({ token: 'a-token', repository: REPOSITORY, signal: controller.signal })
    answers.set('contents/m.yml', { status: 403, body })
    const reading = cancellable.textAt('main', 'm.yml')
    const outcome = reading.catch((error: unknown) => error)
    expect(await Promise.race([outcome, sleep(1_000, 'waiting')])).toBe('waiting')
    controller.abort(new NotSentError('Cancelled by SIGINT.'))
    await expect(reading).rejects.toThrow('Cancelled by SIGINT.')
  })

  it('that is neither named nor dated is a refusal like any other', async () => {
    answers.set('contents/m.yml', { status: 403, headers: { 'x-ratelimit-remaining': '0' }, body: { message: 'No' } })
    await expect(github.textAt('main', 'm.yml')).rejects.toMatchObject({ status: 403 })
  })

  it.each([
    ['for long', { 'retry-after': '3600' }],
    ['again and again', { 'retry-after': '0' }],
  ])('that lasts %s is told, and not taken for a missing permission', async (_, headers) => {
    answers.set('contents/m.yml', { status: 403, headers, body })
    await expect(github.textAt('main', 'm.yml')).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('secondary rate limit'),
    })
  })
})

describe('a connection that breaks', () => {
  it('is told as no answer, and as no status that GitHub gave', { timeout: 60_000 }, async () => {
    answers.set('contents/m.yml', 'broken')
    await expect(github.textAt('main', 'm.yml')).rejects.toMatchObject({
      status: undefined,
      message: expect.stringContaining('(no answer)'),
    })
  })
})

describe('the files in a folder', () => {
  it('are those below it, without submodules and links', async () => {
    const entry = (type: string, path: string) => ({ type, path })
    answers.set('contents/teams', {
      body: [entry('file', 'teams/a.yml'), entry('submodule', 'teams/other'), entry('dir', 'teams/more')],
    })
    answers.set('contents/teams/more', {
      body: [entry('symlink', 'teams/more/l.yml'), entry('file', 'teams/more/b.yml')],
    })
    expect(await github.filesIn('main', 'teams')).toEqual(['teams/a.yml', 'teams/more/b.yml'])
  })

  it('that lists itself, or another one, are read once', async () => {
    answers.set('contents/teams', {
      body: ['teams', 'other', 'teamster/x'].map(path => ({ type: 'dir', path })),
    })
    expect(await github.filesIn('main', 'teams')).toEqual([])
  })

  it.each([
    ['that is not there', { status: 404, body: { message: 'Not Found' } }],
    ['that is a file', { body: { type: 'file', encoding: 'base64', content: '' } }],
  ])('%s are none', async (_, answer) => {
    answers.set('contents/teams', answer)
    expect(await github.filesIn('main', 'teams')).toEqual([])
  })
})

describe('a deployment', () => {
  it('that GitHub put off, to merge first, is none', async () => {
    answers.set('deployments', { status: 202, body: { message: 'Auto-merged main into topic' } })
    const deployment = { commit: 'main', task: 't', environment: 'e', payload: {}, description: '' }
    await expect(github.createDeployment(deployment)).rejects.toThrow('could not create a deployment')
  })

  it.each([
    ['an object', { at: 1 }, { at: 1 }],
    ['a text that is JSON', '{"at":1}', { at: 1 }],
    ['a text that is none', 'by hand', undefined],
  ])('has a payload that is %s', async (_, payload, expected) => {
    answers.set('deployments', { body: [{ id: 7, sha: 'abc', created_at: '2026-01-01T00:00:00Z', payload }] })
    const found = await Array.fromAsync(github.deployments({ task: 't', environment: 'e' }))
    expect(found).toEqual([{ id: 7, commit: 'abc', createdAt: Date.UTC(2026, 0, 1), payload: expected }])
  })
})

describe('a list without end', () => {
  const filler = Array.from({ length: 100 }, (_, id) => ({
    id,
    sha: 'abc',
    created_at: '2026-01-01T00:00:00Z',
    payload: {},
  }))

  it.each([
    ['of comments', 'issues/5/comments', () => github.comments(5)],
    ['of deployments', 'deployments', () => Array.fromAsync(github.deployments({ task: 't', environment: 'e' }))],
  ])('%s is not read for ever', async (_, path, read) => {
    answers.set(path, { body: filler })
    let requests = 0
    server.on('request', () => requests++)
    await expect(read()).rejects.toThrow('has no end')
    expect(requests).toBe(100)
  })
})

describe('a comment', () => {
  it('of an account that is deleted, or without text, is nobody’s and empty', async () => {
    answers.set('issues/5/comments', { body: [{ id: 1, user: null }] })
    expect(await github.comments(5)).toEqual([{ id: 1, author: '', body: '' }])
  })
})
