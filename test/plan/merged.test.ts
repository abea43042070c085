import { describe, expect, it } from 'vitest'
import { blobIdsOf } from '../../src/github/committed-files.ts'
import { checkoutFolders, compareWithCommit } from '../../src/plan/merged.ts'
import { cpuTime } from '../clock.ts'

/** Files by path, with a word as the content of each. */
type Files = Readonly<Record<string, string>>

function compare(patterns: readonly string[], workspace: Files, commit: Files) {
  const files = Object.entries(workspace).map(([file, content]) => ({ file, ids: [content, `${content} as CRLF`] }))
  return compareWithCommit({ files, patterns, committed: new Map(Object.entries(commit)) })
}

const GLOB = ['permissions/*.yml']
const TWO = { 'permissions/a.yml': 'a', 'permissions/b.yml': 'b' }

describe('the workspace compared with the commit', () => {
  const cases: readonly (readonly [string, readonly string[], Files, Files, readonly string[]])[] = [
    ['the same file: no difference', ['m.yml'], { 'm.yml': 'a' }, { 'm.yml': 'a', 'README.md': 'r' }, []],
    ['the same files by a glob: no difference', GLOB, TWO, { ...TWO, 'permissions/c.txt': 'c' }, []],
    ['other line endings: no difference', ['m.yml'], { 'm.yml': 'a' }, { 'm.yml': 'a as CRLF' }, []],
    ['a changed file differs', ['m.yml'], { 'm.yml': 'b' }, { 'm.yml': 'a' }, ['m.yml differs from the commit']],
    ['a generated file is not in the commit', ['m.yml'], { 'm.yml': 'a' }, {}, ['m.yml is not in the commit']],
    [
      'an additional file that the glob matches is not in the commit',
      GLOB,
      { ...TWO, 'permissions/c.yml': 'c' },
      TWO,
      ['permissions/c.yml is not in the commit'],
    ],
    [
      'a file that a sparse checkout omitted is not in the workspace',
      GLOB,
      { 'permissions/a.yml': 'a' },
      TWO,
      ['permissions/b.yml is in the commit but not in the workspace'],
    ],
    ['a file that the glob does not match may be missing', GLOB, TWO, { ...TWO, 'permissions/x/c.yml': 'c' }, []],
    [
      'a hidden file, which globs do not match, may be missing',
      ['**/*.yml'],
      TWO,
      { ...TWO, '.github/c.yml': 'c' },
      [],
    ],
    [
      'several files have their own differences',
      ['a.yml', 'b.yml', 'c.yml', 'd.yml'],
      { 'a.yml': 'a', 'b.yml': 'other', 'c.yml': 'c' },
      { 'a.yml': 'a', 'b.yml': 'b', 'd.yml': 'd' },
      [
        'b.yml differs from the commit',
        'c.yml is not in the commit',
        'd.yml is in the commit but not in the workspace',
      ],
    ],
  ]
  it.each(cases)('%s', (_, patterns, workspace, commit, differences) => {
    expect(compare(patterns, workspace, commit)).toEqual({ folder: '', differences })
  })

  const checkouts: readonly (readonly [string, readonly string[], Files, Files, string, readonly string[]])[] = [
    ['a checkout into a folder is recognized', ['code/m.yml'], { 'code/m.yml': 'a' }, { 'm.yml': 'a' }, 'code', []],
    [
      'a checkout into a nested folder is recognized',
      ['src/code/permissions/*.yml'],
      { 'src/code/permissions/a.yml': 'a', 'src/code/permissions/b.yml': 'b' },
      TWO,
      'src/code',
      [],
    ],
    [
      'a file that differs there is named by its path in the workspace',
      ['code/a.yml', 'code/b.yml'],
      { 'code/a.yml': 'a', 'code/b.yml': 'other' },
      { 'a.yml': 'a', 'b.yml': 'b' },
      'code',
      ['code/b.yml differs from the commit'],
    ],
    [
      'a file that is missing there is named by its path in the commit',
      ['code/permissions/*.yml'],
      { 'code/permissions/a.yml': 'a' },
      TWO,
      'code',
      ['permissions/b.yml is in the commit but not in the workspace'],
    ],
    [
      'the workspace itself is assumed if there are as many differences',
      ['code/m.yml'],
      { 'code/m.yml': 'a' },
      {},
      '',
      ['code/m.yml is not in the commit'],
    ],
    [
      'files of two checkouts do not match one commit',
      ['one/m.yml', 'two/m.yml'],
      { 'one/m.yml': 'a', 'two/m.yml': 'a' },
      { 'm.yml': 'a' },
      '',
      ['one/m.yml is not in the commit', 'two/m.yml is not in the commit'],
    ],
  ]
  it.each(checkouts)('%s', (_, patterns, workspace, commit, folder, differences) => {
    expect(compare(patterns, workspace, commit)).toEqual({ folder, differences })
  })

  it.each([
    ['permissions/{a,b}.yml', ['permissions/a.yml', 'permissions/b.yml']],
    ['permissions/[ab].y?ml', []],
    ['permissions/[ab].?ml', ['permissions/a.yml', 'permissions/b.yml']],
    ['permissions/**', ['permissions/a.yml', 'permissions/b.yml', 'permissions/x/c.txt']],
    ['**/{c,d}.txt', ['permissions/x/c.txt']],
    ['permissions/!(a)*.yml', ['permissions/b.yml']],
    ['@(permissions|more)/*.yml', ['permissions/a.yml', 'permissions/b.yml']],
  ])('the glob %s matches %j in the commit', (pattern, reached) => {
    const present = { 'permissions/m.yml': 'm' }
    const { differences } = compare([pattern], present, { ...present, ...TWO, 'permissions/x/c.txt': 'c' })
    expect(differences).toEqual(reached.map(file => `${file} is in the commit but not in the workspace`))
  })
})

describe('a commit of 100,000 files', () => {
  const COUNT = 100_000
  const MAX_CPU_MS = 1_000
  const commitOf = (pathOf: (index: number) => string) =>
    new Map(Array.from({ length: COUNT }, (_, index) => [pathOf(index), 'a']))

  it.each<readonly [string, readonly string[], (index: number) => string, number]>([
    ['with code and one folder of manifests', ['permissions/*.yml'], index => `src/${index % 100}/${index}.ts`, 0],
    ['with code and manifests anywhere', ['**/auth0.yml'], index => `src/${index % 100}/${index}.ts`, 0],
    [
      'with 3,000 services that have one manifest each',
      ['services/*/auth0.yml'],
      index => `services/${index % 3_000}/${index < 3_000 ? 'auth0.yml' : `${index}.ts`}`,
      3_000,
    ],
    ['that are all manifests', ['**/*.yml'], index => `services/${index}/auth0.yml`, COUNT],
  ])('%s, is compared quickly', (_, patterns, pathOf, missing) => {
    const committed = commitOf(pathOf)
    const before = cpuTime()
    const { differences } = compareWithCommit({ files: [], patterns, committed })
    const took = cpuTime() - before
    expect(differences).toHaveLength(missing)
    expect(took).toBeLessThan(MAX_CPU_MS)
  })
})

describe('the folders that a repository may have been checked out into', () => {
  it.each([
    ['for a file in the workspace', ['m.yml'], ['']],
    ['for a file in folders', ['a/b/m.yml'], ['', 'a', 'a/b']],
    ['for a glob in a folder', ['a/*.yml'], ['', 'a']],
    ['for a glob that matches folders', ['a/*/b/m.yml'], ['', 'a']],
    ['for a glob that starts with a folder', ['*/m.yml'], ['']],
    ['for a glob for one of two folders', ['a/@(b|c)/*.yml'], ['', 'a']],
    ['for a glob for all folders but one', ['a/!(b)/*.yml'], ['', 'a']],
    ['for a glob with a repeated name', ['a/+(b)/*.yml'], ['', 'a']],
    ['for several files in the same folder', ['a/b/m.yml', 'a/b/*.yml'], ['', 'a', 'a/b']],
    ['for several files in subfolders of the same folder', ['a/b/m.yml', 'a/c/m.yml'], ['', 'a']],
    ['for a file in a subfolder of the other’s folder', ['a/b/m.yml', 'a/m.yml'], ['', 'a']],
    ['for a file above the other', ['a/m.yml', 'a/b/m.yml'], ['', 'a']],
    ['for files without a common folder', ['a/m.yml', 'b/m.yml'], ['']],
    ['for the same folder name at another depth', ['a/b/m.yml', 'c/b/m.yml'], ['']],
    ['for no patterns at all', [], ['']],
  ])('%s', (_, patterns, folders) => {
    expect(checkoutFolders(patterns)).toEqual(folders)
  })
})

describe('the blob ids that a text may have in Git', () => {
  const LF = 'dd16570a6ba621615521ec3042f1b243ce86d2f1'
  // printf '…' | git hash-object --stdin
  it.each([
    ['an empty text', '', 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'],
    ['lines that end with LF', 'users: []\n', LF],
    ['lines that end with CRLF, committed unchanged', 'users: []\r\n', '1e10ea5195c283aabaf8b2fd6ada3bd48754adc0'],
    ['lines that end with CRLF, committed with LF', 'users: []\r\n', LF],
    ['both line endings, committed unchanged', 'a: 1\r\nb: 2\n', '69166996c0495871d570be6cfe7ab47cfb3d4615'],
    ['both line endings, committed with LF', 'a: 1\r\nb: 2\n', '083c5aec5d713f2f8285b135c6dc515a71bbe814'],
    ['a single CR, which Git keeps', 'a\rb\n', '68c19c3972d8ecad900e640b8390f513c3d7a588'],
    ['multibyte characters', 'reason: Zoë ✓\n', 'ad4279321065b7704a4b371e31a352b2576f8a64'],
    [
      'a byte order mark, which is removed when a file is read',
      'users: []\n',
      '5fddb6eb6eacde2b59b866957ec93abf02fab0b4',
    ],
  ])('%s', (_, text, id) => {
    expect(blobIdsOf(text)).toContain(id)
  })

  it('differ from those of another text', () => {
    expect(blobIdsOf('users: [ ]\n')).not.toContain(LF)
    expect(blobIdsOf('users: []')).not.toContain(LF)
  })
})
