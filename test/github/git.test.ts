import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  compareCommits,
  createCommit,
  moveBranch,
  readBlob,
  readDefaultBranch,
  readHead,
  readTree,
} from '../../src/github/git.ts'
import type { GitHub as Client } from '../../src/github/github.ts'
import { leapingClock } from '../clock.ts'
import { type GitHub, startGitHub } from '../servers/github/server.ts'
import type { Permissions } from '../servers/github/token.ts'

let github: GitHub
let git: Client
let openAs: (permissions: Permissions) => Client

beforeAll(async () => {
  github = await startGitHub()
  // Read when GitHub's client is imported.
  vi.stubEnv('GITHUB_API_URL', github.apiUrl)
  const { openGitHub } = await import('../../src/github/github.ts')
  const { signal } = new AbortController()
  openAs = permissions => {
    const token = github.issueToken(permissions)
    return openGitHub({ token, repository: { owner: 'acme', repo: 'permissions' }, signal, clock: leapingClock() })
  }
  git = openAs('write-all')
  github.commit({ 'm.yml': 'users: []\n', 'teams/a.yml': 'grüß\r\n' })
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await github.close()
})

let branches = 0

/** A separate branch for each test, named as the ledger's. */
function newBranch(): string {
  return `auth0-permissions/tenant-${++branches}`
}

function write(parents: readonly string[], text = '{}'): Promise<string> {
  return createCommit(git, { path: 'ledger.json', text, parents, message: 'Record an apply' })
}

function requestsSince(count: number): readonly string[] {
  return github.requests
    .slice(count)
    .map(({ method, path }) => `${method} ${path.replace('/repos/acme/permissions/', '')}`)
}

describe('a branch', () => {
  it('has a head or does not exist, even if another name begins with its name', async () => {
    const branch = newBranch()
    const head = github.commit({ a: '1' }, { branch: `${branch}-of-another` })
    expect(await readHead(git, branch)).toBeUndefined()
    expect(await readHead(git, `${branch}-of-another`)).toBe(head)
  })

  it('that the token may not read does not count as missing', async () => {
    await expect(readHead(openAs({}), 'main')).rejects.toMatchObject({ name: 'GitHubError', status: 404 })
  })

  it('may be the default one', async () => {
    expect(await readDefaultBranch(git)).toBe('main')
  })
})

describe('a commit', () => {
  it('lists its files, in one folder or in all', async () => {
    const head = github.tip('main') ?? ''
    const { tree: entries, truncated } = await readTree(git, { of: head })
    expect(truncated).toBe(false)
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ['m.yml', 'blob'],
      ['teams', 'tree'],
    ])
    const all = await readTree(git, { of: head, recursive: true })
    expect(all.tree.map(({ path }) => path)).toEqual(['m.yml', 'teams', 'teams/a.yml'])
    expect(await readBlob(git, all.tree.at(-1)?.sha ?? '')).toBe('grüß\r\n')
  })

  it.each<[readonly string[]]>([[[]], [['parent']]])(
    'is written with one file, without moving a branch: %j',
    async names => {
      const parents = names.map(() => github.commit({ a: '1', b: '2' }, { branch: null }))
      const refs = [...github.refs]
      const id = await write(parents, '{"ü":1}\n')
      expect(github.commits.get(id)).toMatchObject({ parents, message: 'Record an apply' })
      expect((await readTree(git, { of: id, recursive: true })).tree.map(({ path }) => path)).toEqual(['ledger.json'])
      expect(github.file(id, 'ledger.json')).toBe('{"ü":1}\n')
      expect([...github.refs]).toEqual(refs)
    },
  )

  it('is related to another one', async () => {
    const base = github.commit({ a: '1' }, { branch: null, parents: [] })
    const [left, right] = ['2', '3'].map(a => github.commit({ a }, { branch: null, parents: [base] }))
    expect(await compareCommits(git, { base: base, head: base })).toBe('identical')
    expect(await compareCommits(git, { base: base, head: left ?? '' })).toBe('ahead')
    expect(await compareCommits(git, { base: left ?? '', head: base })).toBe('behind')
    expect(await compareCommits(git, { base: left ?? '', head: right ?? '' })).toBe('diverged')
    expect(await compareCommits(git, { base: 'main', head: 'main' })).toBe('identical')
    expect(await compareCommits(git, { base: base, head: '0'.repeat(40) })).toBeUndefined()
    expect(await compareCommits(git, { base: 'no-such-branch', head: base })).toBeUndefined()
  })
})

describe('moving a branch', () => {
  it('creates it, and moves it forward', async () => {
    const branch = newBranch()
    const first = await write([])
    expect(await moveBranch(git, { branch, from: undefined, to: first })).toBe(true)
    const second = await write([first])
    expect(await moveBranch(git, { branch, from: first, to: second })).toBe(true)
    expect(github.tip(branch)).toBe(second)
  })

  it('reports that somebody else created it', async () => {
    const branch = newBranch()
    const theirs = github.commit({ a: '1' }, { branch, parents: [] })
    expect(await moveBranch(git, { branch, from: undefined, to: await write([]) })).toBe(false)
    expect(github.tip(branch)).toBe(theirs)
  })

  it('reports that somebody else moved it', async () => {
    const branch = newBranch()
    const from = github.commit({ a: '1' }, { branch, parents: [] })
    const to = await write([from])
    const theirs = github.commit({ a: '2' }, { branch })
    expect(await moveBranch(git, { branch, from, to })).toBe(false)
    expect(github.tip(branch)).toBe(theirs)
  })

  it('reports that somebody else deleted it', async () => {
    const branch = newBranch()
    const from = github.commit({ a: '1' }, { branch, parents: [] })
    const to = await write([from])
    github.deleteBranch(branch)
    expect(await moveBranch(git, { branch, from, to })).toBe(false)
    expect(github.tip(branch)).toBeUndefined()
  })

  it.each([
    ['created', 'POST', ['POST git/refs', 'POST git/refs', 'GET']],
    ['moved', 'PATCH', ['PATCH', 'PATCH']],
  ])('counts as done if the response was lost after it was %s', async (_, method, expected) => {
    const branch = newBranch()
    const from = method === 'POST' ? undefined : github.commit({ a: '1' }, { branch, parents: [] })
    const to = await write(from === undefined ? [] : [from])
    const before = github.requests.length
    github.fault({ kind: 'reset', after: 'effect', when: request => request.method === method })
    expect(await moveBranch(git, { branch, from, to })).toBe(true)
    expect(github.tip(branch)).toBe(to)
    expect(requestsSince(before)).toEqual(expected.map(each => expect.stringContaining(each)))
  })

  it('does not count as done if the response was lost and somebody else moved it again', async () => {
    const branch = newBranch()
    const to = await write([])
    github.fault({ kind: 'reset', after: 'nothing', when: ({ method }) => method === 'POST' })
    const end = github.onRequest(({ method, number }) => {
      if (method === 'POST' && number > before + 1) github.moveBranch(branch, github.tip('main') ?? '')
    })
    const before = github.requests.length
    expect(await moveBranch(git, { branch, from: undefined, to })).toBe(false)
    end()
  })

  it.each([
    ['creation', 'Cannot create ref due to creations being restricted.'],
    ['update', 'Cannot update this protected ref.'],
    ['pull_request', 'Changes must be made through a pull request.'],
  ] as const)('against the rule %s is an error with the rule’s message', async (rule, words) => {
    const branch = newBranch()
    const from = rule === 'creation' ? undefined : github.commit({ a: '1' }, { branch, parents: [] })
    const to = await write(from === undefined ? [] : [from])
    github.addRuleset({ refs: [branch], rules: [rule] })
    const before = github.requests.length
    await expect(moveBranch(git, { branch, from, to })).rejects.toMatchObject({
      name: 'GitHubError',
      status: 422,
      message: expect.stringContaining(words),
    })
    expect(requestsSince(before)).toHaveLength(1)
    expect(github.tip(branch)).toBe(from)
  })

  it('without the permission is an error', async () => {
    const to = await write([])
    const move = moveBranch(openAs({ contents: 'read' }), { branch: newBranch(), from: undefined, to })
    await expect(move).rejects.toMatchObject({ name: 'GitHubError', status: 403 })
  })
})
