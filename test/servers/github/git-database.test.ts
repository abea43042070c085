// Blobs, trees and commits, with the ids of `git hash-object`, `git mktree` and `git fsck`.

import { describe, expect, it } from 'vitest'
import { cpuTime } from '../../clock.ts'
import { LARGE_REPOSITORY } from '../../tools/soak.ts'
import { FILES, NEW_YEAR, REPOSITORY, start } from './client.ts'

const HELLO = 'ce013625030ba8dba906f756967f9e9ca394464a'
const LEDGER_TREE = '85352b45f910b07e9c2ed3a627fe97b1ee523707'
const UNKNOWN = '0123456789012345678901234567890123456789'

describe('blobs', () => {
  it.each([
    ['hello\n', 'utf-8', HELLO, 'aGVsbG8K\n'],
    ['héllo ✓\n', 'utf-8', '922546d2b370fcdb20dec9db061f2960c3a118cd', 'aMOpbGxvIOKckwo=\n'],
    ['//4A', 'base64', '6e00d25c6cd705d172279b791d49c6e378416d86', '//4A\n'],
  ])('are created from %j as %s', async (content, encoding, sha, base64) => {
    const { github, octokit } = await start()
    github.commit(FILES)
    const url = `${github.apiUrl}/repos/acme/permissions/git/blobs/${sha}`
    const created = await octokit.rest.git.createBlob({ ...REPOSITORY, content, encoding })
    expect(created).toMatchObject({ status: 201, data: { sha, url } })
    const { data } = await octokit.rest.git.getBlob({ ...REPOSITORY, file_sha: sha })
    const size = Buffer.from(base64, 'base64').length
    expect(data).toMatchObject({ sha, url, size, content: base64, encoding: 'base64' })
  })

  it.each(['application/vnd.github.raw+json', 'application/vnd.github.raw'])('are returned raw as %s', async accept => {
    const { github, send } = await start()
    github.commit(FILES)
    const { status, headers, text } = await send('GET', `git/blobs/${HELLO}`, { accept })
    expect({ status, text }).toEqual({ status: 200, text: 'hello\n' })
    expect(headers.get('content-type')).toBe('application/vnd.github.raw+json; charset=utf-8')
  })

  it('are refused if they are unknown, too large or invalid base64', async () => {
    const { github, octokit, sendJson } = await start()
    github.commit({ huge: new Uint8Array(100 * 1024 * 1024 + 1) })
    expect(await sendJson('GET', `git/blobs/${UNKNOWN}`)).toMatchObject({ status: 404 })
    const { data } = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: 'main' })
    const huge = data.tree[0]?.sha
    expect(await sendJson('GET', `git/blobs/${huge}`)).toMatchObject({
      status: 403,
      body: { errors: [{ code: 'too_large' }] },
    })
    expect(await sendJson('POST', 'git/blobs', { content: '§', encoding: 'base64' })).toMatchObject({ status: 422 })
    expect(await sendJson('POST', 'git/blobs', {})).toMatchObject({
      status: 422,
      body: { message: 'Invalid request.\n\n"content" wasn\'t supplied.' },
    })
  })
})

describe('trees', () => {
  const list = (entries: readonly { readonly mode?: string; readonly type?: string; readonly path?: string }[]) =>
    entries.map(({ mode, type, path }) => `${mode} ${type} ${path}`)

  it('are created from contents and ids, in folders and with every mode', async () => {
    const { github, octokit } = await start()
    github.commit(FILES)
    const { status, data } = await octokit.rest.git.createTree({
      ...REPOSITORY,
      tree: [
        { path: 'run.sh', mode: '100755', type: 'blob', content: 'hello\n' },
        { path: 'a/b.txt', mode: '100644', type: 'blob', sha: HELLO },
        { path: 'link', mode: '120000', type: 'blob', content: 'a/b.txt' },
        { path: 'a.txt', mode: '100644', type: 'blob', content: 'x' },
      ],
    })
    expect(status).toBe(201)
    expect(data).toMatchObject({ sha: '092b161f9945809c143736dac950a5bea9eb2012', truncated: false })
    expect(list(data.tree)).toEqual(['100644 blob a.txt', '040000 tree a', '120000 blob link', '100755 blob run.sh'])
  })

  it('are created from changes to another tree, which does not change', async () => {
    const { github, octokit } = await start()
    const commit = github.commit(FILES)
    const base_tree = github.commits.get(commit)?.tree ?? ''
    const { data } = await octokit.rest.git.createTree({
      ...REPOSITORY,
      base_tree,
      tree: [
        { path: 'a/b/c.txt', mode: '100644', type: 'blob', sha: null },
        { path: 'a.txt', mode: '100644', type: 'blob', content: 'changed' },
        { path: 'new/deep/file', mode: '100644', type: 'blob', content: '' },
      ],
    })
    const paths = async (tree_sha: string) => {
      const tree = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha, recursive: '1' })
      return tree.data.tree.map(({ path }) => path)
    }
    const same = ['.github', '.github/auth0-permissions.yml', 'a.txt', 'a', 'a/b.bin']
    // Git has no empty folders.
    expect(await paths(data.sha)).toEqual([...same, 'new', 'new/deep', 'new/deep/file'])
    expect(await paths(base_tree)).toEqual([...same, 'a/b', 'a/b/c.txt'])
  })

  it('have the id that Git computes for a single file', async () => {
    const { github, sendJson } = await start()
    github.commit(FILES)
    const tree = [{ path: 'ledger.json', mode: '100644', type: 'blob', content: '{"users":[]}\n' }]
    expect(await sendJson('POST', 'git/trees', { tree })).toMatchObject({ status: 201, body: { sha: LEDGER_TREE } })
  })

  const blob = { path: 'a', mode: '100644', type: 'blob' }
  const neither = 'Must supply either tree.sha or tree.content. Request will be rejected if both are present.'
  it.each([
    [{ tree: [{ ...blob, sha: HELLO, content: 'x' }] }, neither],
    [{ tree: [blob] }, neither],
    [{ tree: [{ ...blob, sha: UNKNOWN }] }, `tree.sha ${UNKNOWN} is not a valid blob`],
    [{ tree: [{ ...blob, type: 'tree', sha: HELLO }] }, `tree.sha ${HELLO} is not a valid tree`],
    [{ tree: [{ ...blob, sha: null }] }, 'GitRPC::BadObjectState'],
    [{ tree: [{ ...blob, path: '../a', content: '' }] }, 'tree.path contains a malformed path component'],
    [{ tree: [{ ...blob, path: '/a', content: '' }] }, 'tree.path contains a malformed path component'],
    [{ tree: [{ ...blob, path: '.git/config', content: '' }] }, 'tree.path contains a malformed path component'],
    [{ tree: [{ ...blob, content: '' }], base_tree: UNKNOWN }, 'base_tree is not a valid tree oid'],
  ])('are not created from %j', async (body, message) => {
    const { github, sendJson } = await start()
    github.commit(FILES)
    expect(await sendJson('POST', 'git/trees', body)).toMatchObject({ status: 422, body: { message } })
  })

  it('are truncated at the maximum number of entries', async () => {
    const { github, octokit } = await start({ treeLimit: 3 })
    github.commit(FILES)
    const { data } = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: 'main', recursive: 'true' })
    expect(data.truncated).toBe(true)
    expect(data.tree.map(({ path }) => path)).toEqual(['.github', '.github/auth0-permissions.yml', 'a.txt'])
    const folder = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: 'main' })
    expect(folder.data).toMatchObject({ truncated: false, tree: [{}, {}, {}] })
  })

  it('are truncated after 7 MB', async () => {
    const { github, octokit } = await start()
    const long = (index: number) => `${index}`.padStart(1_000, '0')
    github.commit(Object.fromEntries(Array.from({ length: 7_000 }, (_, index) => [long(index), ''])))
    const { data } = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: 'main', recursive: '1' })
    // Each line has 1,053 bytes.
    expect({ shown: data.tree.length, truncated: data.truncated }).toEqual({ shown: 6_970, truncated: true })
  })

  it(`of ${LARGE_REPOSITORY} files are changed and returned without being rebuilt`, { timeout: 60_000 }, async () => {
    const treeLimit = LARGE_REPOSITORY * 0.9
    const { github, octokit } = await start({ treeLimit })
    const files = Array.from({ length: LARGE_REPOSITORY }, (_, index) => [
      `services/${index % 3_000}/${index}.yml`,
      `${index}`,
    ])
    const building = cpuTimeOf(() => github.commit(Object.fromEntries(files)))
    const changing = cpuTimeOf(() => {
      for (let change = 0; change < 20; change++) {
        github.commit({ 'services/7/new.yml': `${change}` }, { keepFiles: true })
      }
    })
    expect(changing).toBeLessThan(5 * building)
    for (let time = 0; time < 2; time++) {
      const { data } = await octokit.rest.git.getTree({ ...REPOSITORY, tree_sha: 'main', recursive: '1' })
      expect({ shown: data.tree.length, truncated: data.truncated }).toEqual({ shown: treeLimit, truncated: true })
    }
    expect(github.file('main', 'services/7/7.yml')).toBe('7')
    expect(github.file('main', 'services/7/new.yml')).toBe('19')
  })

  function cpuTimeOf(work: () => void): number {
    const from = cpuTime()
    work()
    return cpuTime() - from
  }
})

describe('commits in the Git database', () => {
  const message = 'Update the ledger'
  const tree = [{ path: 'ledger.json', mode: '100644', type: 'blob', content: '{"users":[]}\n' }]

  it('with an author are stored as given, without a signature', async () => {
    const { github, sendJson } = await start()
    github.commit(FILES)
    await sendJson('POST', 'git/trees', { tree })
    const author = { name: 'Ann', email: 'ann@example.com', date: '2026-01-01T02:00:00+02:00' }
    const sha = 'bfa73e81223210389cd856034ae18c7e79880480'
    const date = '2026-01-01T00:00:00Z'
    const created = await sendJson('POST', 'git/commits', { message, tree: LEDGER_TREE, author })
    expect(created).toMatchObject({
      status: 201,
      body: {
        sha,
        message,
        tree: { sha: LEDGER_TREE },
        parents: [],
        author: { ...author, date },
        committer: { ...author, date },
        verification: { verified: false, reason: 'unsigned', signature: null, payload: null },
      },
    })
    expect(await sendJson('GET', `git/commits/${sha}`)).toEqual({ status: 200, body: created.body })
  })

  it('without an author are by the bot, and signed by GitHub', async () => {
    const { github, octokit, sendJson } = await start({ now: () => NEW_YEAR })
    github.commit(FILES)
    await sendJson('POST', 'git/trees', { tree })
    const { data } = await octokit.rest.git.createCommit({ ...REPOSITORY, message, tree: LEDGER_TREE })
    const date = '2026-01-01T00:00:00Z'
    expect(data).toMatchObject({
      sha: '6e5e229c7ebbe0e3d10cb896a92b9895275f50d2',
      author: {
        name: 'github-actions[bot]',
        email: '41898282+github-actions[bot]@users.noreply.github.com',
        date,
      },
      committer: { name: 'GitHub', email: 'noreply@github.com', date },
      verification: { verified: true, reason: 'valid' },
    })
    expect(data.verification.payload).toBe(
      [
        `tree ${LEDGER_TREE}`,
        'author github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> 1767225600 +0000',
        'committer GitHub <noreply@github.com> 1767225600 +0000',
        '',
        message,
      ].join('\n'),
    )
    const { data: shown } = await octokit.rest.repos.getCommit({ ...REPOSITORY, ref: data.sha })
    expect(shown.commit.verification).toMatchObject({ verified: true })
  })

  it('with a person’s token are not signed', async () => {
    const { github, as } = await start()
    const parent = github.commit(FILES)
    const { data } = await as({ contents: 'write' }, 'octocat').rest.git.createCommit({
      ...REPOSITORY,
      message,
      tree: github.commits.get(parent)?.tree ?? '',
      parents: [parent],
    })
    expect(data).toMatchObject({
      author: { name: 'octocat', email: 'octocat@users.noreply.github.com' },
      parents: [{ sha: parent }],
      verification: { verified: false },
    })
  })

  it('are not created from missing objects', async () => {
    const { github, sendJson } = await start()
    const tree = github.commits.get(github.commit(FILES))?.tree
    const table: readonly (readonly [object, string])[] = [
      [{ message, tree: UNKNOWN }, 'Tree SHA does not exist'],
      [{ message, tree, parents: [tree] }, 'Parent SHA does not exist or is not a commit object'],
      [{ tree }, 'Invalid request.\n\n"message" wasn\'t supplied.'],
    ]
    for (const [body, message] of table) {
      expect(await sendJson('POST', 'git/commits', body)).toMatchObject({ status: 422, body: { message } })
    }
    expect(await sendJson('GET', `git/commits/${UNKNOWN}`)).toMatchObject({ status: 404 })
  })
})
