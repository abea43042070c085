import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf } from '../../src/access/grants.ts'
import { isPlainScalar } from '../../src/access/yaml.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { locateRemarks, readManifest } from '../../src/manifest/manifest.ts'

function read(text: string) {
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date('2026-06-15T12:00:00Z'))
  const all = [...problems, ...locateRemarks(documents, mistakes)]
  return {
    mistakes: all.map(({ place, message }) => `${place.line}:${place.column} ${message}`),
    grants: manifest.users.flatMap(({ grants }) => [...grants.keys()].map(grant => Object.values(accessOf(grant)))),
  }
}

/** As written, and what YAML reads it as. */
const SCALARS = [
  ['1.10', 'a number'],
  ['1.1', 'a number'],
  ['1.0', 'a number'],
  ['1.', 'a number'],
  ['.5', 'a number'],
  ['007', 'a number'],
  ['0', 'a number'],
  ['-1', 'a number'],
  ['+1', 'a number'],
  ['0x1F', 'a number'],
  ['0o17', 'a number'],
  ['0b101', 'a number'],
  ['1e3', 'a number'],
  ['1E-3', 'a number'],
  ['1_000', 'a number'],
  ['12:30', 'a number'],
  ['.inf', 'a number'],
  ['-.INF', 'a number'],
  ['.NaN', 'a number'],
  ['2026', 'a number'],
  ['true', 'a boolean'],
  ['False', 'a boolean'],
  ['TRUE', 'a boolean'],
  ['yes', 'a boolean'],
  ['No', 'a boolean'],
  ['on', 'a boolean'],
  ['OFF', 'a boolean'],
  ['2026-10-01', 'a date'],
  ['2026-10-01T10:00:00Z', 'a date'],
  ['null', 'nothing'],
  ['Null', 'nothing'],
  ['~', 'nothing'],
] as const

/** Manifests with a name in one place of the second line. */
const PLACES = [
  ['an API alias', 'apis:\n  NAME: "u:x"\nusers: []'],
  ['an identifier', 'apis:\n  a: NAME\nusers: []'],
  ['an identifier in a mapping', 'apis:\n  a: {identifier: NAME}\nusers: []'],
  ['a name in a catalogue', 'apis:\n  a: {identifier: "u:x", permissions: [NAME]}\nusers: []'],
  ['a role in a catalogue', 'roles:\n  - NAME\nusers: []'],
  ['the name of a bundle', 'bundles:\n  NAME: {"u:x": [z]}\nusers: []'],
  ['a permission of a bundle', 'bundles:\n  b: {"u:x": [NAME]}\nusers: []'],
  ['a permission', 'users:\n  - {id: a|b, permissions: {"u:x": [NAME]}}'],
  ['a permission with terms', 'users:\n  - {id: a|b, permissions: {"u:x": [{name: NAME}]}}'],
  ['a key under permissions', 'users:\n  - {id: a|b, permissions: {NAME: [z]}}\napis: {"KNOWN": "u:x"}'],
  ['a bundle with terms', 'users:\n  - {id: a|b, bundles: [{name: NAME}]}\nbundles: {"KNOWN": {}}'],
  ['a bundle', 'users:\n  - {id: a|b, bundles: [NAME]}\nbundles: {"KNOWN": {}}'],
  ['a role', 'users:\n  - {id: a|b, roles: [NAME]}'],
  ['a role with terms', 'users:\n  - {id: a|b, roles: [{name: NAME}]}'],
  ['a connection', 'users:\n  - {email: a@b.io, connection: NAME}'],
  ['a reason', 'users:\n  - {id: a|b, reason: NAME}'],
  ['a tenant', 'users: []\ntenant: NAME'],
] as const

function write(template: string, name: string, known = name): string {
  return template.replace('NAME', name).replace('KNOWN', known)
}

describe('a name that YAML does not read as text', () => {
  it.each(PLACES)('is a mistake without quotes, and text with them: %s', (_, template) => {
    const column = Number(template.split('\n')[1]?.indexOf('NAME')) + 1
    for (const [name, kind] of SCALARS) {
      const otherwise = kind === 'nothing' ? ', or remove it' : ''
      const message = `YAML reads ${name} as ${kind}, not as text; quote it: "${name}"${otherwise}.`
      expect(read(write(template, name)).mistakes).toEqual([`2:${column} ${message}`])
      expect(read(write(template, `"${name}"`, name)).mistakes).toEqual([])
      expect(read(write(template, `'${name}'`, name)).mistakes).toEqual([])
    }
  })

  it.each(SCALARS)('is not an id or an address either: %s', (name, kind) => {
    const quoted = kind === 'nothing' ? [] : [expect.stringContaining('is not')]
    const unquoted = expect.stringMatching(/^1:\d+ YAML reads .* quote it: /)
    expect(read(`users: [{id: ${name}}]`).mistakes).toEqual([unquoted, ...quoted])
    expect(read(`users: [{email: ${name}}]`).mistakes).toEqual([unquoted, ...quoted])
  })

  it.each(['!!int "5"', '!!bool "true"', '!!float 1', "!!null 'null'"])(
    'because of its tag is a mistake too: %s',
    name => {
      expect(read(`users: [{id: a|b, permissions: {"u:x": [${name}]}}]`).mistakes).toEqual([
        expect.stringContaining('quote it: "'),
      ])
    },
  )

  it('is shown as written in JSON too', () => {
    const text = '{"users": [{"id": "a|b", "permissions": {"u:x": [1.10, true, null]}}]}'
    expect(read(text).mistakes).toEqual([
      '1:50 YAML reads 1.10 as a number, not as text; quote it: "1.10".',
      '1:56 YAML reads true as a boolean, not as text; quote it: "true".',
      '1:62 YAML reads null as nothing, not as text; quote it: "null", or remove it.',
    ])
  })

  it('is shown as written if something else is expected', () => {
    expect(read('version: 1.5\nusers: true').mistakes).toEqual([
      '1:10 Version must be 1; found 1.5.',
      '2:8 Users must be a list; if nobody is listed, write users: []; found true.',
    ])
    expect(read('users: [007, {id: a|b, permissions: 1.10}, {id: a|c, bundles: ~}]').mistakes).toEqual([
      '1:9 A user must be a mapping with id or email; found 007.',
      '1:37 Permissions must name APIs, each with a list, such as orders: [read:orders]; found 1.10.',
      '1:63 Bundles must be a list of names, such as [support]; found ~.',
    ])
    expect(read('12').mistakes).toEqual(['1:1 A manifest must be a mapping with users; found 12.'])
  })
})

describe('a name that YAML reads as text', () => {
  it.each([
    'y',
    'N',
    'v1.10',
    '1.2.3',
    '1.10.',
    '0xG',
    '12:60:61',
    '2026-13',
    '2026-10-01x',
    'nil',
    'none',
    '-',
    '!!str 5',
    '! 5',
  ])('needs no quotes: %s', name => {
    const expected = name.replace(/^!\S* /, '')
    expect(read(`users:\n  - {id: a|b, permissions: {"u:x": ["-", ${name === '-' ? '"-"' : name}]}}`)).toEqual({
      mistakes: [],
      grants: [...new Set(['-', expected])].map(permission => ['u:x', permission]),
    })
  })
})

describe('a name without quotes', () => {
  it('is written only if YAML reads it as text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...SCALARS.map(([name]) => name)), fc.stringMatching(/^[A-Za-z][\w.~:+-]{0,4}$/)),
        name => {
          if (!isPlainScalar(name)) return
          expect(read(`users:\n  - {id: a|b, permissions: {"u:x": [${name}]}}`)).toEqual({
            mistakes: [],
            grants: [['u:x', name]],
          })
        },
      ),
    )
  })
})

describe('dates for expires', () => {
  it.each(['2026-12-31', '"2026-12-31"', "'2026-12-31'", '2026-12-31T18:00:00Z', '2026-12-31T18:00:00+01:00'])(
    'need no quotes: %s',
    expires => {
      const text = `users: [{id: a|b, expires: ${expires}, permissions: {"u:x": [{name: y, expires: ${expires}}]}}]`
      expect(read(text)).toEqual({ mistakes: [], grants: [['u:x', 'y']] })
    },
  )

  it.each(['2026', 'true', '~', '2026-12-31 18:00:00', '20261231'])(
    'are shown as written if they are invalid: %s',
    expires => {
      expect(read(`users: [{id: a|b, expires: ${expires}}]`).mistakes).toEqual([
        `1:28 "${expires}" is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.`,
      ])
    },
  )
})

describe('two keys', () => {
  it.each([
    ['that are the same number', 'apis: {1.1: "u:a", 1.10: "u:b"}', [/1\.1 as/, /1\.10 as/]],
    ['that are the same text', 'apis: {a: "u:a", "a": "u:b"}', [/^1:18 Duplicate key "a"; merge both entries/]],
    ['that are the same after an escape', 'apis: {a: "u:a", "\\x61": "u:b"}', [/^1:18 Duplicate key "a"/]],
    ['one of which needs quotes', 'apis: {1: "u:a", "1": "u:b"}', [/1 as a number/, /^1:18 Duplicate key "1"/]],
    ['that both need quotes', 'apis: {~: "u:a", ~: "u:b"}', [/^1:18 Duplicate key "~"/, /~ as nothing/]],
    ['in a bundle', 'bundles: {b: {"u:": [x], "u:": [y]}}', [/^1:26 Duplicate key "u:"/]],
    ['in a user', 'x-a: 1\nusers: [{id: a|b, id: a|c}]', [/^2:19 Duplicate key "id"/]],
    [
      'that are __proto__',
      'users: [{id: a|b, permissions: {"u:": [x]}}]\n__proto__: 1\n__proto__: 2',
      [/Duplicate/, /Unknown/],
    ],
    ['in an ignored part', 'x-a: {b: 1, b: 2}', [/^1:13 Duplicate key "b"/]],
  ])('%s are never merged silently', (_, text, expected) => {
    const { mistakes } = read(text.includes('users:') ? text : `${text}\nusers: []`)
    expect(mistakes).toHaveLength(expected.length)
    for (const message of expected) expect(mistakes).toContainEqual(expect.stringMatching(message))
  })

  it('that differ in case or in the number of zeros are two', () => {
    const text = `apis: {orders: "u:a", Orders: "u:b", "1.1": "u:c", "1.10": "u:d", "01.1": "u:e"}
users: [{id: a|b, permissions: {orders: [x], Orders: [x], "1.1": [x], "1.10": [x], "01.1": [x]}}]`
    expect(read(text)).toEqual({ mistakes: [], grants: ['u:a', 'u:b', 'u:c', 'u:d', 'u:e'].map(api => [api, 'x']) })
  })

  it('cannot be aliases', () => {
    expect(read('apis: {&q o: "u:a", *q : "u:b"}\nusers: []').mistakes).toEqual([
      '1:21 An alias cannot be a key here; write the key out.',
    ])
  })

  it('that are numbers are compared as text in suggestions', () => {
    const text = `bundles: {"2026.10": {"u:": [x]}, "2026.1": {"u:": [z]}, "007": {}}
users: [{id: a|b, bundles: ["2026.11", "2026.1", "07"]}]`
    expect(read(text).mistakes).toEqual([
      '2:29 There is no bundle "2026.11". Did you mean "2026.10"?',
      '2:50 There is no bundle "07". Did you mean "007"?',
    ])
  })
})
