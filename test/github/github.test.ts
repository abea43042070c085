// Responses that the embedded GitHub never gives, from a scripted server.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { NotSentError } from '../../src/errors.ts'
import { listComments, readLogin } from '../../src/github/comments.ts'
import { readBlob } from '../../src/github/git.ts'
import type { GitHub } from '../../src/github/github.ts'
import type { Clock } from '../../src/runner/clock.ts'
import { leapingClock } from '../clock.ts'
import { type Reaction, type ScriptedGitHub, startScriptedGitHub } from './scripted-github.ts'

const REPOSITORY = { owner: 'acme', repo: 'permissions' }
const CANCELLED = new NotSentError('Cancelled by SIGINT.')
const OK: Reaction = { body: { name: 'permissions' } }

let server: ScriptedGitHub
let openGitHub: typeof import('../../src/github/github.ts').openGitHub

beforeAll(async () => {
  server = await startScriptedGitHub()
  // Read when GitHub's client is imported.
  vi.stubEnv('GITHUB_API_URL', server.apiUrl)
  ;({ openGitHub } = await import('../../src/github/github.ts'))
})

afterAll(() => {
  vi.unstubAllEnvs()
  server.close()
})

interface Run {
  readonly github: GitHub
  readonly cancel: () => void
  /** The waits, in milliseconds. */
  readonly pauses: readonly number[]
  /** Time-outs, in the order in which they were set, with a function that triggers each. */
  readonly timeouts: readonly { readonly after: number; readonly end: () => void }[]
  readonly read: () => Promise<unknown>
  readonly write: () => Promise<unknown>
}

function start(known: Partial<Clock> = {}): Run {
  const pauses: number[] = []
  const timeouts: { after: number; end: () => void }[] = []
  const clock: Clock = {
    ...leapingClock(),
    sleep: async milliseconds => void pauses.push(milliseconds),
    timeout: after => {
      const controller = new AbortController()
      timeouts.push({ after, end: () => controller.abort(new DOMException('It took too long', 'TimeoutError')) })
      return controller.signal
    },
    ...known,
  }
  const controller = new AbortController()
  const options = { token: 'a-token', repository: REPOSITORY, signal: controller.signal, clock }
  const github = openGitHub(options)
  const schema = z.object({ name: z.string() })
  return {
    github,
    cancel: () => controller.abort(CANCELLED),
    pauses,
    timeouts,
    read: () => github.read({ action: 'read it', request: () => github.rest.repos.get({ ...REPOSITORY }), schema }),
    write: () =>
      github.write({ action: 'write it', request: () => github.rest.repos.update({ ...REPOSITORY }), schema }),
  }
}

const refusal = (status: number, headers = {}): Reaction => ({ status, headers, body: { message: 'Not for you' } })

describe('a retry', () => {
  it.each<[string, Reaction]>([
    ['408', refusal(408)],
    ['500', refusal(500)],
    ['502 from a proxy', { status: 502, type: 'text/html', body: '<html>' }],
    ['503', refusal(503)],
    ['a connection reset', 'broken'],
    ['a truncated response', 'cut'],
    ['an empty response', { body: '' }],
    ['a response that is not GitHub’s', { body: ['busy'] }],
  ])('follows %s', async (_, reaction) => {
    for (const method of ['read', 'write'] as const) {
      const run = start()
      server.script(reaction, OK)
      expect(await run[method]()).toEqual({ name: 'permissions' })
      expect(server.requests).toHaveLength(2)
      expect(run.pauses).toEqual([750])
    }
  })

  it('follows a time-out', async () => {
    const run = start()
    server.script('silent', OK)
    server.onRequest = reaction => (reaction === 'silent' ? run.timeouts.at(-1)?.end() : undefined)
    expect(await run.read()).toEqual({ name: 'permissions' })
    expect(run.timeouts.map(({ after }) => after)).toEqual([15_000, 15_000])
  })

  it.each<[string, Reaction, number | undefined, string]>([
    ['500', refusal(500), 500, 'This run could not read it on GitHub (500): Not for you'],
    ['no response', 'broken', undefined, 'This run could not read it on GitHub (no response): '],
    [
      'a truncated response',
      'cut',
      undefined,
      "GitHub's response was incomplete or unexpected, so this run could not read it.",
    ],
  ])('follows up to three times, after pauses that double: %s', async (_, reaction, status, message) => {
    const run = start()
    server.script(reaction)
    await expect(run.read()).rejects.toMatchObject({
      name: 'GitHubError',
      status,
      message: expect.stringContaining(message),
    })
    expect(server.requests).toHaveLength(4)
    expect(run.pauses).toEqual([750, 1_500, 3_000])
  })

  it('that times out too is reported as a missing response', async () => {
    const run = start()
    server.script('silent')
    server.onRequest = () => run.timeouts.at(-1)?.end()
    await expect(run.read()).rejects.toMatchObject({
      status: undefined,
      message: expect.stringContaining('(no response)'),
    })
    expect(server.requests).toHaveLength(4)
  })

  it('follows after a randomized pause', async () => {
    for (const [chance, pause] of [
      [0, 500],
      [1, 1_000],
    ] as const) {
      const run = start({ random: () => chance })
      server.script(refusal(500), OK)
      await run.read()
      expect(run.pauses).toEqual([pause])
    }
  })

  it.each([400, 401, 403, 404, 409, 410, 422, 451])('does not follow %i', async status => {
    const run = start()
    server.script(refusal(status))
    await expect(run.write()).rejects.toMatchObject({
      name: 'GitHubError',
      status,
      message: `This run could not write it on GitHub (${status}): Not for you.`,
    })
    expect(server.requests).toHaveLength(1)
    expect(run.pauses).toEqual([])
  })
})

describe('a rate limit', () => {
  const body = { message: 'You have exceeded a secondary rate limit.' }
  const inSeconds = (seconds: number) => String(Math.ceil(Date.now() / 1000) + seconds)

  it.each<[string, number, () => Readonly<Record<string, string>>, number, number]>([
    ['with a duration', 403, () => ({ 'retry-after': '7' }), 7_000, 7_000],
    ['with status 429', 429, () => ({ 'retry-after': '0' }), 0, 0],
    ['of a minute', 403, () => ({ 'retry-after': '60' }), 60_000, 60_000],
    ['with an end', 403, () => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(30) }), 29_000, 31_000],
    [
      'with an end in the past',
      403,
      () => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(-30) }),
      0,
      0,
    ],
    ['that is only named', 403, () => ({}), 60_000, 60_000],
  ])('%s is waited for', async (_, status, headersOf, least, most) => {
    const run = start()
    server.script({ status, headers: headersOf(), body }, OK)
    expect(await run.read()).toEqual({ name: 'permissions' })
    expect(run.pauses).toHaveLength(1)
    expect(run.pauses[0]).toBeGreaterThanOrEqual(least)
    expect(run.pauses[0]).toBeLessThanOrEqual(most)
  })

  it.each([
    ['for a long time', { 'retry-after': '61' }, 0],
    ['for several attempts', { 'retry-after': '1' }, 3],
  ])('that lasts %s is reported as such, not as a missing permission', async (_, headers, pauses) => {
    const run = start()
    server.script({ status: 403, headers, body })
    await expect(run.read()).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('secondary rate limit'),
    })
    expect(run.pauses).toHaveLength(pauses)
    expect(server.requests).toHaveLength(pauses + 1)
  })

  it('that is neither named nor has an end counts as a refusal', async () => {
    const run = start()
    server.script(refusal(403, { 'x-ratelimit-remaining': '0' }))
    await expect(run.read()).rejects.toMatchObject({ status: 403 })
    expect(server.requests).toHaveLength(1)
  })

  it('is no longer waited for once the run is cancelled', async () => {
    const slept: (() => void)[] = []
    const sleeping = new Promise<void>(resolve => slept.push(resolve))
    const run = start({
      sleep: () => {
        for (const wake of slept) wake()
        return new Promise(() => undefined)
      },
    })
    server.script({ status: 403, body })
    const reading = run.read()
    await sleeping
    run.cancel()
    await expect(reading).rejects.toBe(CANCELLED)
    expect(server.requests).toHaveLength(1)
  })
})

describe('a cancelled run', () => {
  it('stops a read at once', async () => {
    const run = start()
    server.script('silent')
    server.onRequest = run.cancel
    await expect(run.read()).rejects.toBe(CANCELLED)
  })

  it('sends no further reads', async () => {
    const run = start()
    server.script(OK)
    run.cancel()
    await expect(run.read()).rejects.toBe(CANCELLED)
    await run.write()
    expect(server.requests).toEqual(['PATCH /repos/acme/permissions'])
  })

  it('finishes a write, with a retry if needed', async () => {
    const run = start()
    server.script(refusal(500), OK)
    server.onRequest = run.cancel
    expect(await run.write()).toEqual({ name: 'permissions' })
    expect(server.requests).toHaveLength(2)
  })

  it('still starts a write, such as the one at the end of an apply', async () => {
    const run = start()
    server.script(OK)
    run.cancel()
    expect(await run.write()).toEqual({ name: 'permissions' })
  })

  it('stops a write before the runner kills the process', async () => {
    const run = start()
    server.script('silent')
    server.onRequest = () => {
      run.cancel()
      for (const { after, end } of run.timeouts) if (after === 7_500) end()
    }
    await expect(run.write()).rejects.toBe(CANCELLED)
    expect(server.requests).toHaveLength(1)
  })
})

describe('a list', () => {
  const comment = (id: number) => ({ id, user: { login: 'grace' }, body: 'hello' })
  const full = Array.from({ length: 100 }, (_, id) => comment(id))
  const page = (number: number) => `GET /repos/acme/permissions/issues/5/comments?per_page=100&page=${number}`

  it('is read until a page is not full', async () => {
    server.script({ body: full }, { body: full }, { body: [comment(7)] })
    expect(await listComments(start().github, 5)).toHaveLength(201)
    expect(server.requests).toEqual([1, 2, 3].map(page))
  })

  it('is read only as far as needed', async () => {
    server.script({ body: full })
    const { github } = start()
    const ids = z.array(z.object({ id: z.number() }))
    const list = github.pages({
      action: 'read it',
      fetchPage: each => github.rest.issues.listComments({ ...REPOSITORY, issue_number: 5, ...each }),
      schema: ids,
    })
    expect(await list.next()).toEqual({ done: false, value: { id: 0 } })
    expect(server.requests).toEqual([page(1)])
  })

  it('that is endless is not read forever', async () => {
    server.script({ body: full })
    await expect(listComments(start().github, 5)).rejects.toThrow('more than 100 pages')
    expect(server.requests).toHaveLength(100)
  })

  it('with a truncated response does not count as empty', async () => {
    server.script({ body: '' })
    await expect(listComments(start().github, 5)).rejects.toThrow('incomplete')
  })
})

describe('a response', () => {
  it.each(['application/vnd.github.raw', 'application/vnd.github.raw; charset=utf-8'])(
    'with a file is read as bytes or as text: %s',
    async type => {
      server.script({ type, body: 'users: [ü]' })
      expect(await readBlob(start().github, 'a-blob')).toBe('users: [ü]')
    },
  )

  it('with a comment of a deleted account or without text has no author or an empty body', async () => {
    server.script({ body: [{ id: 1, user: null }] })
    expect(await listComments(start().github, 5)).toEqual([{ id: 1, author: '', body: '' }])
  })

  it.each<readonly [string, readonly Reaction[], string]>([
    ['the user', [{ body: { data: { viewer: { login: 'grace' } } } }], 'grace'],
    ['the user after a temporary failure', [refusal(502), { body: { data: { viewer: { login: 'grace' } } } }], 'grace'],
    ['a job’s bot if it is forbidden', [refusal(403)], 'github-actions[bot]'],
    ['a job’s bot if there is no GraphQL', [refusal(404)], 'github-actions[bot]'],
    [
      'a job’s bot if the token has no user',
      [{ body: { data: null, errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }] } }],
      'github-actions[bot]',
    ],
  ])('about the token’s user is %s', async (_, script, login) => {
    server.script(...script)
    expect(await readLogin(start().github)).toBe(login)
  })

  it('about the token’s user is an error if it is only unknown for now', async () => {
    server.script(...Array.from({ length: 4 }, () => refusal(502)))
    await expect(readLogin(start().github)).rejects.toThrow("could not read the token's login")
  })
})
