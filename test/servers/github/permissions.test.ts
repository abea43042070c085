// The permissions of a job's token, and its rate limits.

import { describe, expect, it } from 'vitest'
import { FILES, NEW_YEAR, start } from './client.ts'

const READS = [
  'git/matching-refs/heads/',
  'git/ref/heads/main',
  'git/trees/main',
  'compare/main...main',
  'branches/main',
]

describe('permission to contents', () => {
  const table = [
    ['private', 'write', 200, 201],
    ['private', 'read', 200, '403 Resource not accessible by integration'],
    ['private', 'none', '404 Not Found', '404 Not Found'],
    ['public', 'write', 200, 201],
    ['public', 'read', 200, '403 Resource not accessible by integration'],
    ['public', 'none', 200, '403 Resource not accessible by integration'],
  ] as const

  it.each(table)('in a %s repository: %s', async (visibility, contents, read, written) => {
    const { github, sendJson } = await start({ visibility })
    const sha = github.commit(FILES)
    const token = github.issueToken({ contents })
    const outcome = async (method: string, path: string, body?: object) => {
      const reply = await sendJson(method, path, body, token)
      return reply.status < 300 ? reply.status : `${reply.status} ${reply.body?.message}`
    }
    for (const path of READS) expect([path, await outcome('GET', path)]).toEqual([path, read])
    expect(await outcome('POST', 'git/blobs', { content: 'x' })).toBe(written)
    expect(await outcome('POST', 'git/trees', { tree: [] })).toBe(written)
    expect(await outcome('POST', 'git/commits', { message: 'x', tree: github.commits.get(sha)?.tree })).toBe(written)
    expect(await outcome('POST', 'git/refs', { ref: 'refs/heads/x', sha })).toBe(written)
    expect(await outcome('PATCH', 'git/refs/heads/main', { sha })).toBe(contents === 'write' ? 200 : written)
    expect(await outcome('DELETE', 'git/refs/heads/x')).toBe(contents === 'write' ? 204 : written)
  })

  it('is named in the response', async () => {
    const { github, send } = await start()
    const token = github.issueToken({ contents: 'read' })
    const named = async (method: string, path: string) =>
      (await send(method, path, { token })).headers.get('x-accepted-github-permissions')
    expect(await named('GET', 'git/ref/heads/main')).toBe('contents=read')
    expect(await named('POST', 'git/refs')).toBe('contents=write')
    expect(await named('GET', '/repos/acme/permissions')).toBe('metadata=read')
  })

  it('is not needed to see the repository itself', async () => {
    const { github, as } = await start()
    github.commit(FILES)
    github.setDefaultBranch('trunk')
    const { data } = await as({}).rest.repos.get({ owner: 'acme', repo: 'permissions' })
    expect(data).toMatchObject({
      id: 1,
      name: 'permissions',
      full_name: 'acme/permissions',
      private: true,
      visibility: 'private',
      default_branch: 'trunk',
    })
  })
})

describe('the secondary limit', () => {
  it('lets 80 requests a minute create content', async () => {
    let now = NEW_YEAR
    const { github, send, sendJson } = await start({ now: () => now })
    github.commit(FILES)
    const create = () => send('POST', 'git/blobs', { body: '{"content":"x"}' })
    for (let count = 0; count < 80; count++) expect((await create()).status).toBe(201)
    now += 20_000
    const refused = await create()
    expect({ status: refused.status, retryAfter: refused.headers.get('retry-after') }).toEqual({
      status: 403,
      retryAfter: '40',
    })
    expect(JSON.parse(refused.text).message).toContain('You have exceeded a secondary rate limit')
    expect((await sendJson('GET', 'git/ref/heads/main')).status).toBe(200)
    now += 40_000
    expect((await create()).status).toBe(201)
  })

  it('starts over each minute', async () => {
    let now = NEW_YEAR
    const { github, sendJson } = await start({ now: () => now, contentLimit: 1 })
    github.commit(FILES)
    const create = async () => (await sendJson('POST', 'git/blobs', { content: 'x' })).status
    for (let minute = 0; minute < 3; minute++) {
      expect([await create(), await create()]).toEqual([201, 403])
      now += 60_000
    }
  })
})
