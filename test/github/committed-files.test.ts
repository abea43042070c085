import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { GitHub as Client } from '../../src/github/github.ts'
import { leapingClock } from '../clock.ts'
import { type GitHub, startGitHub } from '../servers/github/server.ts'

type Source = typeof import('../../src/github/committed-files.ts')

let github: GitHub
let client: Client
let readCommittedFiles: Source['readCommittedFiles']
let blobIdsOf: Source['blobIdsOf']

/** GitHub's limit is 100,000 entries. */
const TREE_LIMIT = 6

const CODE = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`code/${index}.yml`, `${index}`]))
const LARGE = {
  'm.yml': 'm',
  'teams/a.yml': 'a',
  'teams/b.yml': 'b',
  'teams/more/c.yml': 'c',
  'teams/more/deep/d.yml': 'd',
  ...CODE,
}

beforeAll(async () => {
  github = await startGitHub({ treeLimit: TREE_LIMIT })
  github.commit({ 'm.yml': 'm' })
  // Read when GitHub's client is imported.
  vi.stubEnv('GITHUB_API_URL', github.apiUrl)
  const { openGitHub } = await import('../../src/github/github.ts')
  ;({ readCommittedFiles, blobIdsOf } = await import('../../src/github/committed-files.ts'))
  const { signal } = new AbortController()
  const token = github.issueToken({ contents: 'read' })
  const repository = { owner: 'acme', repo: 'permissions' }
  client = openGitHub({ token, repository, signal, clock: leapingClock() })
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await github.close()
})

function below(folder: string, files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.replace('code/', folder), text]))
}

interface Reading {
  /** Sorted. */
  readonly paths: readonly string[]
  readonly requests: number
}

/** Reads a commit with these files, and expects each file's id to be that of its text. */
async function read(files: Readonly<Record<string, string>>, ...alternatives: string[][]): Promise<Reading> {
  const commit = github.commit(files, { branch: null, parents: [] })
  const before = github.requests.length
  const found = await readCommittedFiles(client, { commit, alternatives })
  for (const [path, id] of found) expect(blobIdsOf(files[path] ?? 'none'), path).toContain(id)
  return { paths: [...found.keys()].sort(), requests: github.requests.length - before }
}

describe('the files of a commit', () => {
  it('are read with one request', async () => {
    const files = { 'm.yml': 'm', 'teams/a.yml': 'a', 'code/x.ts': 'x' }
    expect(await read(files, ['m.yml'])).toEqual({ paths: ['code/x.ts', 'm.yml', 'teams/a.yml'], requests: 1 })
  })

  const root = ['m.yml']
  const teams = ['teams/a.yml', 'teams/b.yml']
  const more = ['teams/more/c.yml']

  it.each<[string, string[], readonly string[], number]>([
    ['a file at the root', ['m.yml'], root, 2],
    ['a glob at the root', ['*.yml'], root, 2],
    ['a file in a folder', ['teams/a.yml'], teams, 3],
    ['a glob in a folder', ['teams/*.yml'], teams, 3],
    ['files and globs in the same folder', ['teams/a.yml', 'teams/b.yml', 'teams/*.yml'], teams, 3],
    ['a file in a nested folder', ['teams/more/c.yml'], more, 4],
    ['files in a folder and in its subfolder', ['teams/more/c.yml', 'teams/a.yml'], [...teams, ...more], 4],
    ['a recursive glob', ['teams/**/*.yml'], [...teams, ...more, 'teams/more/deep/d.yml'], 3],
    ['a recursive glob in a folder', ['teams/more/**'], more, 4],
    ['a glob for folders', ['teams/*/c.yml'], [...teams, ...more, 'teams/more/deep/d.yml'], 3],
    ['a glob for one of two folders', ['teams/@(more|less)/*.yml'], [...teams, ...more, 'teams/more/deep/d.yml'], 3],
    ['a glob for all folders but one', ['teams/!(less)/*.yml'], [...teams, ...more, 'teams/more/deep/d.yml'], 3],
    ['a file in a folder that does not exist', ['nothing/at/all.yml'], [], 2],
    ['a recursive glob in a folder that does not exist', ['nothing/**/*.yml'], [], 2],
    ['a file below a file', ['m.yml/x.yml'], [], 2],
    ['nothing', [], [], 2],
  ])('are read folder by folder if GitHub truncates the list: %s', async (_, patterns, paths, requests) => {
    expect(await read(LARGE, patterns)).toEqual({ paths, requests })
  })

  it.each([
    ['the repository', ['**/*.yml'], LARGE],
    ['the repository', ['m.yml', '*/a.yml'], LARGE],
    ['the folder code', ['code/1.yml'], LARGE],
    ['the folder code', ['code/*.yml'], LARGE],
    ['the folder code', ['code/**/*.yml'], LARGE],
    ['the folder teams/big', ['teams/big/**/*.yml'], below('teams/big/', CODE)],
    ['the repository', ['m.yml'], below('', CODE)],
  ])('are an error that names %s if GitHub truncates that list too: %j', async (folder, patterns, files) => {
    await expect(read({ 'm.yml': 'm', ...files }, patterns)).rejects.toMatchObject({
      name: 'ActionError',
      message: `GitHub cannot list all files of ${folder}, which the input manifest may match; use a narrower glob, or move the manifest to a folder of its own.`,
    })
  })
})

describe('a checkout in a subfolder of the workspace', () => {
  it.each<[string, string[][], readonly string[]]>([
    [
      'is recognized by the files of the commit',
      [['app/teams/*.yml'], ['teams/*.yml']],
      ['teams/a.yml', 'teams/b.yml'],
    ],
    ['is not assumed if the paths exist as they are', [['teams/more/c.yml'], ['more/c.yml']], ['teams/more/c.yml']],
    [
      'is recognized only if all patterns match',
      [
        ['app/m.yml', 'm.yml'],
        ['m.yml', 'teams/*.yml'],
      ],
      ['m.yml', 'teams/a.yml', 'teams/b.yml'],
    ],
    ['may use a glob', [['app/x.yml'], ['*.yml']], ['m.yml']],
    ['has no files if nothing matches', [['app/x.yml'], ['x/y.yml']], []],
  ])('%s', async (_, alternatives, paths) => {
    expect((await read(LARGE, ...alternatives)).paths).toEqual(paths)
  })

  it('may have no patterns at all', async () => {
    expect((await read(LARGE)).paths).toEqual([])
  })
})

describe('the id of a file', () => {
  it('is the one that Git computes', () => {
    expect(blobIdsOf('hello\n')[0]).toBe('ce013625030ba8dba906f756967f9e9ca394464a')
    expect(blobIdsOf('')[0]).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391')
  })

  it('is also the one with the repository’s line endings', () => {
    expect(blobIdsOf('hello\r\n')).toEqual([...blobIdsOf('hello\r\n').slice(0, 2), ...blobIdsOf('hello\n')])
    // Each of them with and without a byte order mark.
    expect(blobIdsOf('hello\r\n')).toHaveLength(4)
    expect(blobIdsOf('grüß')).toHaveLength(2)
  })
})
