import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LIMITS, parseDocument } from '../../src/manifest/load.ts'
import { loadManifest } from '../../src/manifest/manifest.ts'

import { fieldOf, type Mapping } from '../../src/manifest/scalars.ts'
import { cpuTime } from '../clock.ts'

let home: string
let workspace: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'load-'))
  workspace = join(home, 'workspace')
  await mkdir(join(workspace, 'teams/deep'), { recursive: true })
  await writeFile(join(workspace, 'one.yml'), 'users: []')
  await writeFile(join(workspace, 'teams/b.yml'), 'users: []')
  await writeFile(join(workspace, 'teams/a.yml'), 'users: []')
  await writeFile(join(workspace, 'teams/deep/c.yaml'), 'users: []')
})

afterEach(() => rm(home, { recursive: true }))

async function load(...patterns: readonly string[]) {
  const { documents, problems } = await loadManifest(patterns, workspace)
  return { files: documents.map(({ file }) => file), problems: problems.map(({ message }) => message) }
}

describe('the files', () => {
  it.each([
    ['a path', ['one.yml'], ['one.yml']],
    ['a glob, sorted', ['teams/*.yml'], ['teams/a.yml', 'teams/b.yml']],
    ['a recursive glob', ['**/*.{yml,yaml}'], ['one.yml', 'teams/a.yml', 'teams/b.yml', 'teams/deep/c.yaml']],
    ['several lines, each file once', ['teams/b.yml', './teams/*.yml'], ['teams/b.yml', 'teams/a.yml']],
  ])('of %s', async (_, patterns, files) => {
    expect(await load(...patterns)).toEqual({ files, problems: [] })
  })

  it('of a glob that also matches folders', async () => {
    expect((await load('teams/**')).files).toEqual(['teams/a.yml', 'teams/b.yml', 'teams/deep/c.yaml'])
  })

  it('of an absolute path with a name that looks like a glob', async () => {
    await writeFile(join(workspace, 'a[1].yml'), 'users: []')
    expect((await load(join(workspace, 'a[1].yml'))).files).toEqual(['a[1].yml'])
  })

  it('of an absolute glob', async () => {
    expect((await load(join(workspace, 'teams/*.yml'))).files).toEqual(['teams/a.yml', 'teams/b.yml'])
  })

  it('outside the workspace are read if the workflow names them', async () => {
    await writeFile(join(home, 'outside.yml'), 'users: []')
    expect((await load(join(home, 'outside.yml'))).problems).toEqual([])
  })
})

describe('a line of the input manifest', () => {
  it.each([
    ['a.yml,b.yml', 'No file matches "a.yml,b.yml"; write one path or glob per line, without separators.'],
    [
      '!one.yml',
      'No file matches "!one.yml"; nothing can be excluded: list the files to read, one path or glob per line.',
    ],
    [
      '!t*.yml',
      'No file matches "!t*.yml"; nothing can be excluded: list the files to read, one path or glob per line.',
    ],
    ['["one.yml"]', 'No file matches "[\\"one.yml\\"]"; write one path or glob per line, without brackets.'],
    ['teams\\a.yml', 'No file matches "teams\\\\a.yml"; write / between folders.'],
    [
      '/__w/r/r/one.yml',
      'No file matches "/__w/r/r/one.yml"; the workspace of a container has a different path, so do not use github.workspace: write the path relative to the workspace: one.yml.',
    ],
  ])('%s leads to an error with the allowed values', async (pattern, problem) => {
    expect((await load(pattern)).problems).toEqual([problem])
  })

  it('that is the name of a file is allowed', async () => {
    for (const name of ['a.yml,b.yml', '!x.yml', '["x"]', 'a\\b.yml']) {
      await writeFile(join(workspace, name), 'users: []')
      expect(await load(name)).toEqual({ files: [name], problems: [] })
    }
  })
})

describe('a problem is', () => {
  it('a path or glob without a file', async () => {
    expect((await load('none.yml', 'none/*.yml', 'one.yml')).problems).toEqual([
      expect.stringContaining('"none.yml"'),
      expect.stringContaining('"none/*.yml"'),
    ])
  })
  it('a folder', async () => {
    expect((await load('teams')).problems).toEqual([expect.stringContaining('not a file')])
  })
  it('a pipe, which is never opened', async () => {
    execFileSync('mkfifo', [join(workspace, 'pipe')])
    expect((await load('pipe')).problems).toEqual([expect.stringContaining('not a file')])
  })
  it('a link that points outside the workspace', async () => {
    await writeFile(join(home, 'secret'), 'users: []')
    await symlink(join(home, 'secret'), join(workspace, 'link.yml'))
    expect(await load('link.yml')).toEqual({ files: [], problems: [expect.stringContaining('outside the workspace')] })
  })
  it('but not a link within it', async () => {
    await symlink('one.yml', join(workspace, 'link.yml'))
    expect((await load('link.yml')).problems).toEqual([])
  })
  it('a dangling link, whether it is named or matched', async () => {
    await symlink('nothing', join(workspace, 'link.yml'))
    expect((await load('link.yml')).problems).toHaveLength(1)
    const { files, problems } = await load('*.yml')
    expect(files).toEqual(['one.yml'])
    expect(problems).toEqual([expect.stringContaining('cannot be read')])
  })
  it('a file that is not UTF-8', async () => {
    await writeFile(join(workspace, 'latin.yml'), Buffer.from([0x75, 0xff, 0xfe]))
    expect((await load('latin.yml')).problems).toEqual([expect.stringContaining('UTF-8')])
  })
  it('more files than the limit', async () => {
    await mkdir(join(workspace, 'many'))
    const names = Array.from({ length: LIMITS.files + 1 }, (_, index) => join(workspace, 'many', `${index}.yml`))
    await Promise.all(names.map(name => writeFile(name, 'users: []')))
    const { files, problems } = await load('many/*.yml')
    expect(files).toHaveLength(LIMITS.files)
    expect(problems).toEqual([`${LIMITS.files + 1} files match; at most ${LIMITS.files} are read.`])
  })
  it('a file that is too large', async () => {
    await writeFile(join(workspace, 'large.yml'), Buffer.alloc(LIMITS.size + 1, 0x20))
    expect((await load('large.yml')).problems).toEqual([expect.stringContaining('33,554,432 bytes')])
  })
})

describe('hostile text', () => {
  const bomb = Array.from({ length: 12 }, (_, index) =>
    index === 0
      ? 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]'
      : `a${index}: &a${index} [${Array(10)
          .fill(`*a${index - 1}`)
          .join()}]`,
  )
  it.each([
    ['an alias bomb', bomb.join('\n'), /1,500,000 values, counting the value of an alias each time/],
    ['an alias within itself', 'users: &u [*u]', /alias is within its own anchor/],
    ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, /not valid YAML/],
    [
      'deep indentation',
      Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      /not valid YAML/,
    ],
    ['a tag for another language', 'users: !!js/function x', /not valid YAML/],
    ['control characters', 'users: \u0007', /not valid YAML/],
  ])('with %s is refused quickly', (_, text, message) => {
    const from = cpuTime()
    const { documents, problems } = parseDocument('m.yml', text)
    expect(cpuTime() - from).toBeLessThan(2_000)
    expect(documents).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toMatch(message)
  })

  it('with a merge key merges nothing: << is an ordinary key', () => {
    const { documents } = parseDocument('m.yml', 'a: &a {x: y}\nb: {<<: *a}')
    const { content } = documents[0] ?? {}
    expect([...(fieldOf(content, 'b') as Mapping).keys()]).toEqual(['<<'])
  })

  it('does not change prototypes', () => {
    parseDocument('m.yml', '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

it('a defect is not reported as a file that cannot be read', async () => {
  const decode = vi.spyOn(TextDecoder.prototype, 'decode').mockReturnValue(5 as unknown as string)
  await expect(load('one.yml').finally(() => decode.mockRestore())).rejects.toThrow(TypeError)
})

it('a defect is not reported as a mistake in the text', () => {
  const noText = { length: 0, matchAll: () => [].values() } as unknown as string
  expect(() => parseDocument('m.yml', noText)).toThrow(TypeError)
})

describe('a file', () => {
  it.each([
    ['ends with a separator', 'users: []\n---\n'],
    ['ends with a separator and a comment', 'users: []\n--- # the end\n'],
    ['ends with an end marker', 'users: []\n...\n'],
    ['ends with both', 'users: []\n...\n---\n'],
    ['begins with a separator', '---\nusers: []\n'],
    ['begins with two separators', '---\n---\nusers: []'],
    ['begins with a directive', '%YAML 1.2\n---\nusers: []'],
  ])('that %s has one document', (_, text) => {
    const { documents, problems } = parseDocument('m.yml', text)
    expect(problems).toEqual([])
    expect(documents.map(({ content }) => [...(content as Mapping).keys()])).toEqual([['users']])
  })

  it.each(['', '# a comment', '---', '---\n# nothing\n---\n', '...'])('without content is empty: %j', text => {
    const { problems } = parseDocument('m.yml', text)
    expect(problems.map(({ message }) => message)).toEqual([
      'The manifest is empty; if nobody is listed, write users: [].',
    ])
  })

  it('cannot have a second document', () => {
    const { problems } = parseDocument('m.yml', 'users: []\n---\nversion: 1\n')
    expect(problems).toMatchObject([
      { place: { line: 3, column: 1 }, message: expect.stringContaining('one YAML document') },
    ])
  })

  it('cannot have a second document, even if the last one is empty', () => {
    const { problems } = parseDocument('m.yml', 'users: []\n---\nversion: 1\n---')
    expect(problems).toMatchObject([{ place: { line: 3, column: 1 } }])
  })
})
