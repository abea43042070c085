// A test's control over the repository, also between two requests.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FILES, NEW_YEAR, REPOSITORY, start } from './client.ts'

describe('a test', () => {
  it('commits onto branches, and keeps or replaces their files', async () => {
    const { github } = await start()
    const first = github.commit({ 'a/b': '1', c: '2' })
    const second = github.commit({ 'a/b': null, d: '3' }, { keepFiles: true, message: 'Second' })
    const other = github.commit({ e: '4' }, { branch: 'other', parents: [first] })
    const files = (ref: string) => Object.keys(github.commits.get(github.tip(ref) ?? '')?.files ?? {})
    expect(files('main')).toEqual(['c', 'd'])
    expect(files('other')).toEqual(['e'])
    expect(github.file('main', 'd')).toBe('3')
    expect(github.file('main', 'a/b')).toBe(undefined)
    expect(github.file(first, 'a/b')).toBe('1')
    expect(github.history('main').map(({ sha, message }) => [sha, message])).toEqual([
      [second, 'Second\n'],
      [first, 'Change 1\n'],
    ])
    expect(Object.fromEntries(github.refs)).toEqual({ 'refs/heads/main': second, 'refs/heads/other': other })
  })

  it('moves and deletes branches, and sets the default one', async () => {
    const { github, octokit } = await start()
    const first = github.commit({ file: 'first' })
    github.commit({ file: 'second' })
    github.moveBranch('main', first)
    github.moveBranch('trunk', first)
    const read = async () => (await octokit.rest.repos.getContent({ ...REPOSITORY, path: 'file' })).data
    expect(await read()).toMatchObject({ content: 'Zmlyc3Q=\n' })
    github.setDefaultBranch('trunk')
    github.commit({ file: 'trunk' })
    expect(await read()).toMatchObject({ content: 'dHJ1bms=\n' })
    github.deleteBranch('main')
    expect([...github.refs.keys()]).toEqual(['refs/heads/trunk'])
    expect(() => github.moveBranch('main', 'gone')).toThrow('no such commit: gone')
    expect(() => github.commit({}, { parents: ['gone'] })).toThrow('no such parents: gone')
  })

  it('writes the repository to disk as Git would', async () => {
    const { github, octokit } = await start({ now: () => NEW_YEAR })
    const first = github.commit({ ...FILES, run: { mode: '100755', content: '#!/bin/sh\n' } })
    const sub = { path: 'sub', mode: '160000', type: 'commit', sha: first } as const
    const tree = (await octokit.rest.git.createTree({ ...REPOSITORY, base_tree: first, tree: [sub] })).data.sha
    const { data } = await octokit.rest.git.createCommit({ ...REPOSITORY, message: 'Signed', tree, parents: [first] })
    await octokit.rest.git.createRef({ ...REPOSITORY, ref: 'refs/heads/ledger/acme', sha: data.sha })
    const folder = await mkdtemp(join(tmpdir(), 'repository-'))
    await github.writeTo(folder)
    const git = async (...args: readonly string[]) =>
      (await promisify(execFile)('git', ['-C', folder, ...args])).stdout.trim()
    // Reports any object whose bytes, id or format is wrong.
    expect(await git('fsck', '--strict')).toBe('')
    expect(await git('log', '--format=%H %an %s', 'ledger/acme')).toBe(
      `${data.sha} github-actions[bot] Signed\n${first} Octocat Change 1`,
    )
    expect(await git('symbolic-ref', 'HEAD')).toBe('refs/heads/main')
    expect(await git('ls-tree', 'ledger/acme', 'run', 'sub', 'a.txt')).toBe(
      [
        '100644 blob c1b0730e0133447badcfd47fd144e254807b06e1\ta.txt',
        '100755 blob 1a2485251c33a70432394c93fb89330ef214bfc9\trun',
        `160000 commit ${first}\tsub`,
      ].join('\n'),
    )
    await rm(folder, { recursive: true })
  })
})

describe('a listener', () => {
  it('is awaited before each request, until it is removed', async () => {
    const { github, sendJson } = await start()
    const seen: string[] = []
    const stop = github.onRequest(async ({ method, path, number }) => {
      await new Promise(resolve => setTimeout(resolve, 5))
      seen.push(`${number} ${method} ${path}`)
      if (number === 2) github.commit(FILES)
    })
    expect((await sendJson('GET', 'git/ref/heads/main')).status).toBe(409)
    expect((await sendJson('GET', 'git/ref/heads/main')).status).toBe(200)
    stop()
    await sendJson('GET', 'git/ref/heads/main')
    const path = '/repos/acme/permissions/git/ref/heads/main'
    expect(seen).toEqual([`1 GET ${path}`, `2 GET ${path}`])
    expect(github.requests.map(({ method, path, status }) => [method, path, status])).toEqual([
      ['GET', path, 409],
      ['GET', path, 200],
      ['GET', path, 200],
    ])
  })

  it('may make the same request fail', async () => {
    const { github, sendJson } = await start()
    const sha = github.commit(FILES)
    github.onRequest(({ method }) => {
      if (method === 'POST') github.fault({ kind: 'status', status: 502, after: 'effect', when: () => true })
    })
    expect(await sendJson('POST', 'git/refs', { ref: 'refs/heads/x', sha })).toMatchObject({ status: 502 })
    expect(github.tip('x')).toBe(sha)
  })
})
