import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEvents } from 'js-yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_LISTED_GRANTS } from '../../src/manifest/desired.ts'
import { LIMITS, parseDocument } from '../../src/manifest/load.ts'
import { loadManifest, locateRemarks, readManifest } from '../../src/manifest/manifest.ts'
import { cpuTime } from '../clock.ts'
import { HOSTILE_SHARE } from '../tools/soak.ts'

function read(text: string) {
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date('2026-06-15T12:00:00Z'))
  return { manifest, messages: [...problems, ...locateRemarks(documents, mistakes)].map(({ message }) => message) }
}

function many(count: number, write: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => write(index)).join('\n')
}

/** The same within brackets, in which a line would have to be indented. */
function inline(count: number, write: (index: number) => string): string {
  return many(count, write).replaceAll('\n', ' ')
}

/** A catalogue of one API with these names, and users who have one permission each on it. */
function catalogueAnd(names: readonly string[], asked: readonly string[]): string {
  const users = many(asked.length, index => ` - {id: a|${index}, permissions: {o: [${asked[index]}]}}`)
  return `apis: {o: {identifier: 'https://o/', permissions: [${names.join()}]}}\nusers:\n${users}`
}

/**
 * Milliseconds of CPU time at full size, which does not depend on how busy the machine is: far more than needed, and far
 * less than before it was bounded. Instrumented code takes longer.
 */
const MAX_CPU_MS = process.env.NODE_V8_COVERAGE === undefined ? 8_000 : 25_000

function size(full: number): number {
  return Math.ceil(full * HOSTILE_SHARE)
}

describe('a hostile manifest is checked in bounded time if', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `read:thing${index}x`)
  it.each([
    [
      'a huge unknown name is compared with huge known ones',
      catalogueAnd(['a'.repeat(40_000)], [`b${'a'.repeat(40_000)}`]),
    ],
    [
      'long names differ only in their middle',
      catalogueAnd(
        Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(35)}${index + 1_000}${'b'.repeat(35)}`),
        Array.from({ length: size(300) }, (_, index) => `${'a'.repeat(35)}${index + 5_000}zz${'b'.repeat(33)}`),
      ),
    ],
    [
      'aliases are chained, each within a duplicate key',
      `x: &a0 []\n${many(20_000, index => `x: &a${index + 1} [*a${index}]`)}\nusers: []`,
    ],
    [
      'aliases are chained, more often than lists may be nested',
      `x:\n - &a0 []\n${many(3_000, index => ` - &a${index + 1} [*a${index}]`)}\nbundles: {y: *a3000}\nusers: []`,
    ],
    ['nothing follows the dashes', `users:\n${' -\n'.repeat(size(200_000))}`],
    ['keys are missing', `users: [{${'? , '.repeat(size(300_000))}}]`],
    ['anchors have no value', `users: [${'&a , '.repeat(size(200_000))}]`],
    ['one user has very many mistakes', `users: [{id: a, permissions: {'u:': [${'1,'.repeat(size(300_000))}]}}]`],
    ['a key occurs very often', `users: []\n${'k: 1\n'.repeat(size(300_000))}`],
    ['very many keys are unknown', `users: []\n${many(size(300_000), index => `k${index}:`)}`],
    ['very many keys need quotes', `apis: {${inline(size(300_000), index => `1.${index}: 1,`)}}\nusers: []`],
    ['very many ids are invalid', `users:\n${many(size(100_000), index => `- id: 5f7c${index}`)}`],
    ['very many addresses are invalid', `users:\n${many(size(100_000), index => `- email: <a${index}@acme.com>`)}`],
    ['very many names are empty', `users: [{id: a|b, permissions: {'u:': [${"'',".repeat(size(300_000))}]}}]`],
    [
      'many APIs have the same identifier',
      `apis: {${inline(size(100_000), index => `a${index}: {identifier: u:x, permissions: [p${index}]},`)}}\nusers: [a]`,
    ],
    [
      'a very long identifier has very many permissions',
      `users: [{id: a|b, permissions: {"u:${'x'.repeat(10_000_000)}": [${inline(size(300_000), index => `p${index},`)}]}}]`,
    ],
    ['a very long name is repeated by aliases', `x-a: &a ${'b'.repeat(9_000_000)}\nusers: [*a, *a, *a]`],
    ['a line never ends', `users: [{id: ${'a '.repeat(10_000_000)}]`],
    ['a line of colons never ends', `users: a ${'a:'.repeat(size(5_000_000))}: [`],
    ['brackets open and never close', `users: ${'[ ],'.repeat(size(300_000))}]`],
  ])('%s', (_, text) => {
    expectWithin(MAX_CPU_MS * HOSTILE_SHARE, text)
  })

  // At any size, similar names are searched only for the mistakes that are shown.
  it.each([
    [
      'very many users have an unknown permission of an API with very many permissions',
      catalogueAnd(
        names(1_000),
        Array.from({ length: size(20_000) }, (_, index) => `reed:thing${index}y`),
      ),
    ],
    [
      'very many roles are unknown',
      `roles: [${inline(1_000, index => `role ${index}x,`)}]\nusers: [{id: a|b, roles: [${inline(size(300_000), index => `rule ${index}y,`)}]}]`,
    ],
  ])('%s', (_, text) => {
    expectWithin(MAX_CPU_MS * Math.max(1 / 3, HOSTILE_SHARE), text)
  })

  function expectWithin(limit: number, text: string): void {
    const before = cpuTime()
    const { messages } = read(text)
    expect(cpuTime() - before).toBeLessThan(limit)
    expect(messages.length).toBeGreaterThan(0)
    expect(messages.length).toBeLessThanOrEqual(1_002)
    expect(Math.max(...messages.map(message => message.length))).toBeLessThan(1_000)
  }
})

describe('a bundle that many users have', () => {
  const users = MAX_LISTED_GRANTS / 1_000 + 1
  const text = (size: number) => `bundles: {b: {'a:': [${many(size, index => `p${index}`).replaceAll('\n', ',')}]}}
users:
${many(users, index => ` - {id: a|${index}, bundles: [b]}`)}`

  it('counts for every user: above the limit the manifest is refused, with advice', () => {
    const { messages } = read(text(1_000))
    expect(messages).toEqual([expect.stringMatching(/at most 5000000 are allowed.*List fewer users/)])
  })

  it('is accepted below it', () => {
    const { manifest, messages } = read(text(10))
    expect(messages).toEqual([])
    expect(manifest.users).toHaveLength(users)
  })
})

it('too many values are refused before they are parsed', () => {
  const { problems } = parseDocument('m.yml', `users: [${'1,'.repeat(LIMITS.values)}]`)
  expect(problems).toMatchObject([{ message: expect.stringContaining('may have at most 1,500,000 values') }])
})

it('too many lines are refused before they are parsed', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const { problems } = parseDocument('m.yml', `users: []${end.repeat(LIMITS.lines + 1)}`)
    expect(problems).toMatchObject([{ message: expect.stringContaining('may have at most 2,000,000 lines') }])
  }
})

describe('values start', () => {
  it.each([
    ['keys without values', 1, '{', 'a,', '}'],
    ['pairs without keys', 2, '[', ':,', ']'],
    ['pairs with a question mark', 2, '[', '? ,', ']'],
    ['keys of JSON', 2, '{', '"a":1,', '}'],
    ['colons after a list', 3, '[', '[]:a,', ']'],
    ['dashes', 1, '', '\n- ', ''],
    ['question marks', 1, '', '\n? ', ''],
    ['colons', 1, '', '\n: ', ''],
    ['separators', 1, '', '\n---', ''],
  ])('after marks, at most three for each: %s', (_, marks, opening, part, closing) => {
    const { problems } = parseDocument('m.yml', opening + part.repeat(LIMITS.values / marks + 1) + closing)
    expect(problems).toMatchObject([{ message: expect.stringContaining('1,500,000 values') }])
    const count = 1_000
    const events = parseEvents(opening + part.repeat(count) + closing, {})
    expect(events.length).toBeLessThan(3 * marks * count + 10)
  })
})

it('an alias below the deepest allowed nesting is refused, and one at it is not', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}x${']'.repeat(depth)}`
  const behind = (depth: number) =>
    parseDocument('m.yml', `a: &a ${nested(10)}\nb: ${nested(depth).replace('x', '*a')}`)
  expect(behind(LIMITS.nesting - 11).problems).toEqual([])
  expect(behind(LIMITS.nesting - 10).problems).toEqual([
    { place: { file: 'm.yml', line: 1, column: 1 }, message: expect.stringContaining('20 deep') },
  ])
})

describe('the limits of all files together', () => {
  let workspace: string

  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'hostile-'))
  })
  afterEach(() => rm(workspace, { recursive: true }))

  async function load(...texts: readonly string[]) {
    for (const [index, text] of texts.entries()) await writeFile(join(workspace, `${index}.yml`), text)
    const { documents, problems } = await loadManifest(['*.yml'], workspace)
    return {
      files: documents.map(({ file }) => file),
      problems: problems.map(
        ({ place, message }) => `${place.file} ${message.replace(/(, counting the value|\. List).*/, '')}`,
      ),
      documents,
    }
  }
  const refusal = 'The manifest is too large: all its files together may have at most'
  const third = Math.ceil(LIMITS.values / 3)

  it('apply to bytes', async () => {
    const text = `users: [] #${' '.repeat(LIMITS.size / 2)}`
    expect(await load(text, 'users: []', text)).toMatchObject({
      files: ['0.yml', '1.yml'],
      problems: [`2.yml ${refusal} 33,554,432 bytes`],
    })
  })

  it('apply to values', async () => {
    const text = `users: [${'a,'.repeat(third)}]`
    expect(await load(text, text, text)).toMatchObject({
      files: ['0.yml', '1.yml'],
      problems: [`2.yml ${refusal} 1,500,000 values`],
    })
  })

  it('apply to values of aliases', async () => {
    const text = `x-a: &a [${'b,'.repeat(100)}]\nusers: [${'*a,'.repeat(third / 100)}]`
    expect(await load(text, text, text)).toMatchObject({
      files: ['0.yml', '1.yml'],
      problems: [`2.yml ${refusal} 1,500,000 values`],
    })
  })

  it('apply to characters of aliases', async () => {
    const text = `x-a: &a ${'b'.repeat(1_000)}\nusers: [${'*a,'.repeat(LIMITS.size / 2_500)}]`
    expect(await load(text, text, text)).toMatchObject({
      files: ['0.yml', '1.yml'],
      problems: [`2.yml ${refusal} 33,554,432 bytes`],
    })
  })

  it('apply to lines', async () => {
    const text = `users: []${'\n'.repeat(LIMITS.lines / 2)}`
    expect(await load(text, text, text)).toMatchObject({
      files: ['0.yml', '1.yml'],
      problems: [`2.yml ${refusal} 2,000,000 lines`],
    })
  })

  it('also count refused files', async () => {
    const text = `users: "${' '.repeat(LIMITS.size / 2)}`
    const { files, problems } = await load(text, text, 'users: []', text)
    expect(files).toEqual(['2.yml'])
    expect(problems).toEqual([
      expect.stringContaining('0.yml This is not valid YAML'),
      `1.yml ${refusal} 33,554,432 bytes`,
      `3.yml ${refusal} 33,554,432 bytes`,
    ])
  })

  it('apply to mistakes: a thousand are shown, and the rest are counted', async () => {
    const { documents } = await load(`users: [${'a,'.repeat(700)}]`, `users: []\n${'k: 1\n'.repeat(701)}`)
    const shown = locateRemarks(documents, readManifest(documents, new Date()).mistakes)
    expect(shown).toHaveLength(1_001)
    // Each of them, 700 duplicate keys, and an unknown key.
    expect(shown.at(-1)?.message).toBe('401 more not shown.')
  })
})
