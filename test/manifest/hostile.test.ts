import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MOST_ASKS, readManifest } from '../../src/manifest/desired.ts'
import { LIMITS, loadManifest, parseDocument } from '../../src/manifest/load.ts'
import { locateRemarks } from '../../src/manifest/locate.ts'
import { cpuTime } from '../clock.ts'

function read(text: string) {
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date('2026-06-15T12:00:00Z'))
  return { manifest, messages: [...problems, ...locateRemarks(documents, mistakes)].map(({ message }) => message) }
}

function many(count: number, write: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => write(index)).join('\n')
}

/** A catalogue of one API with these names, and users who have one permission each on it. */
function catalogueAnd(names: readonly string[], asked: readonly string[]): string {
  const users = many(asked.length, index => ` - {id: u${index}, permissions: {o: [${asked[index]}]}}`)
  return `apis: {o: {identifier: 'https://o/', permissions: [${names.join()}]}}\nusers:\n${users}`
}

/**
 * Milliseconds of CPU time, which a busy machine does not stretch: far more than it takes, and far less than it took
 * before it was bounded. Code that counts its steps takes longer.
 */
const MAX_CPU_MS = process.env.NODE_V8_COVERAGE === undefined ? 8_000 : 25_000

describe('in bounded time', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `read:thing${index}x`)
  it.each([
    [
      'a huge unknown name is compared with huge known ones',
      catalogueAnd(['a'.repeat(40_000)], [`b${'a'.repeat(40_000)}`]),
    ],
    [
      'as many users as can be have an unknown permission of an API with as many',
      catalogueAnd(
        names(1_000),
        Array.from({ length: 20_000 }, (_, index) => `reed:thing${index}y`),
      ),
    ],
    [
      'long names differ only in their middle',
      catalogueAnd(
        Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(35)}${index + 1_000}${'b'.repeat(35)}`),
        Array.from({ length: 300 }, (_, index) => `${'a'.repeat(35)}${index + 5_000}zz${'b'.repeat(33)}`),
      ),
    ],
    [
      'aliases lead from one to the next, each within a key that stands twice',
      `x: &a0 []\n${many(20_000, index => `x: &a${index + 1} [*a${index}]`)}\nusers: []`,
    ],
    [
      'aliases lead from one to the next, further than any list is deep',
      `x:\n - &a0 []\n${many(3_000, index => ` - &a${index + 1} [*a${index}]`)}\nbundles: {y: *a3000}\nusers: []`,
    ],
    ['dashes have nothing behind them', `users:\n${' -\n'.repeat(200_000)}`],
    ['keys are left out', `users: [{${'? , '.repeat(300_000)}}]`],
    ['anchors are nothing’s', `users: [${'&a , '.repeat(200_000)}]`],
    ['one user has very many mistakes', `users: [{id: a, permissions: {'u:': [${'1,'.repeat(300_000)}]}}]`],
    ['a key stands very often', `users: []\n${'k: 1\n'.repeat(300_000)}`],
  ])('%s', (_, text) => {
    const before = cpuTime()
    const { messages } = read(text)
    expect(cpuTime() - before).toBeLessThan(MAX_CPU_MS)
    expect(messages.length).toBeGreaterThan(0)
    expect(messages.length).toBeLessThanOrEqual(2_002)
    expect(Math.max(...messages.map(message => message.length))).toBeLessThan(1_000)
  })
})

describe('a bundle that many users have', () => {
  const users = MOST_ASKS / 1_000 + 1
  const text = (size: number) => `bundles: {b: {'a:': [${many(size, index => `p${index}`).replaceAll('\n', ',')}]}}
users:
${many(users, index => ` - {id: u${index}, bundles: [b]}`)}`

  it('counts for each of them: beyond the limit the manifest is refused, with what to do', () => {
    const { messages } = read(text(1_000))
    expect(messages).toEqual([expect.stringMatching(/at most 5000000 permissions.*Split/)])
  })

  it('is no problem below it', () => {
    const { manifest, messages } = read(text(10))
    expect(messages).toEqual([])
    expect(manifest.users).toHaveLength(users)
  })
})

it('keys that stand twice are told up to a thousand, and the rest counted', () => {
  const { problems } = parseDocument('m.yml', `users: []\n${'k: 1\n'.repeat(1_501)}`)
  expect(problems).toHaveLength(1_001)
  expect(problems.at(-1)?.message).toContain('500 more')
})

it('too many values are refused where no alias multiplies them', () => {
  const { problems } = parseDocument('m.yml', `users: [${'1,'.repeat(LIMITS.values - 1)}]`)
  expect(problems).toMatchObject([{ message: expect.stringContaining('holds 5000001 values; at most 5000000') }])
})

it('an alias behind the deepest allowed nesting is refused, and one at it is not', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}x${']'.repeat(depth)}`
  const behind = (depth: number) =>
    parseDocument('m.yml', `a: &a ${nested(10)}\nb: ${nested(depth).replace('x', '*a')}`)
  expect(behind(LIMITS.nesting - 11).problems).toEqual([])
  expect(behind(LIMITS.nesting - 10).problems).toEqual([
    { place: { file: 'm.yml', line: 1, column: 1 }, message: expect.stringContaining('20 deep') },
  ])
})

it('files that are too large together are refused without being read', async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'hostile-'))
  try {
    const size = LIMITS.fileSize - 100
    const text = `users: [] #${' '.repeat(size)}`
    for (const name of ['a', 'b', 'c']) await writeFile(join(workspace, `${name}.yml`), text)
    const { documents, problems } = await loadManifest(['*.yml'], workspace)
    expect(documents).toHaveLength(2)
    expect(problems).toEqual([
      { place: { file: 'c.yml', line: 1, column: 1 }, message: expect.stringContaining('together') },
    ])
  } finally {
    await rm(workspace, { recursive: true })
  }
})
