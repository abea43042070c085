// Files, folders and commits as the API reads them.

import { describe, expect, it } from 'vitest'
import { FILES, NEW_YEAR, REPOSITORY, refusalOf, start } from './client.ts'

const MIB = 1024 * 1024

describe('commits, trees and files', () => {
  it('have the ids that Git computes', async () => {
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

  it('include a tree by its own id, one level or recursively', async () => {
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

  it('include only a commit’s id if requested so', async () => {
    const { github, octokit } = await start()
    const sha = github.commit(FILES)
    const mediaType = { format: 'sha' }
    expect((await octokit.rest.repos.getCommit({ ...REPOSITORY, ref: 'main', mediaType })).data).toBe(sha)
    expect(await refusalOf(octokit.rest.repos.getCommit({ ...REPOSITORY, ref: 'gone' }))).toMatchObject({
      status: 422,
      message: expect.stringContaining('No commit found for SHA: gone'),
    })
  })

  it('are missing after a force push', async () => {
    const { github, octokit } = await start()
    const [first, second] = [github.commit(FILES), github.commit(FILES)]
    const elsewhere = github.commit(FILES, { branch: 'elsewhere', parents: [first] })
    github.forget(second)
    const { repos } = octokit.rest
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

  it.each(['a/b/c.txt', 'a%2Fb%2Fc.txt'])('include a file at %s', async path => {
    const { github, send } = await start()
    const ref = github.commit({ 'a/b/c.txt': 'hello\n'.repeat(20) })
    github.commit({ 'a/b/c.txt': 'changed since' })
    const file = JSON.parse((await send('GET', `contents/${path}?ref=${ref}`)).text)
    expect(file).toMatchObject({ type: 'file', name: 'c.txt', path: 'a/b/c.txt', size: 120, encoding: 'base64' })
    expect(file.content.split('\n').map((line: string) => line.length)).toEqual([60, 60, 40, 0])
    expect(Buffer.from(file.content, 'base64').toString()).toBe('hello\n'.repeat(20))
  })

  it('include unchanged bytes', async () => {
    const { github, octokit } = await start()
    github.commit(FILES)
    const { data } = await octokit.rest.repos.getContent({ ...REPOSITORY, path: 'a/b.bin' })
    expect(data).toMatchObject({ content: '//4A\n', sha: '6e00d25c6cd705d172279b791d49c6e378416d86' })
  })

  it.each(['raw', 'raw+json', 'v3.raw'])('include a raw file for the media type %s', async format => {
    const { github, send } = await start()
    github.commit(FILES)
    const { headers, text } = await send('GET', 'contents/a/b/c.txt', { accept: `application/vnd.github.${format}` })
    expect(text).toBe('hello\n')
    expect(headers.get('content-type')).toBe('application/vnd.github.raw+json; charset=utf-8')
  })

  it('omit the content of a file over 1 MiB in JSON, but not in raw form', async () => {
    const { github, octokit } = await start()
    const large = 'x'.repeat(MIB)
    github.commit({ fits: large, large: `${large}!` })
    const read = (path: string, format = 'json') =>
      octokit.rest.repos.getContent({ ...REPOSITORY, path, mediaType: { format } })
    expect((await read('fits')).data).toMatchObject({ size: MIB, encoding: 'base64' })
    expect((await read('large')).data).toMatchObject({ size: MIB + 1, encoding: 'none', content: '' })
    expect((await read('large', 'raw')).data).toBe(`${large}!`)
  })

  it('do not include a file over 100 MiB', async () => {
    const { github, send } = await start()
    github.commit({ huge: new Uint8Array(100 * MIB + 1) })
    for (const accept of ['', 'application/vnd.github.raw']) {
      const { status, text } = await send('GET', 'contents/huge', { accept })
      expect(status).toBe(403)
      expect(JSON.parse(text).errors).toEqual([{ resource: 'Blob', field: 'data', code: 'too_large' }])
    }
  })

  it('include the list of a folder, up to 1,000 entries', async () => {
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
  ])('are missing at %s', async (path, message) => {
    const { github, send } = await start()
    github.commit(FILES)
    const { status, text } = await send('GET', path)
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: '404', message })
  })
})
