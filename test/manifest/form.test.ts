import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../src/manifest/load.ts'
import { locateRemarks, readManifest } from '../../src/manifest/manifest.ts'

function mistakesOf(...texts: readonly string[]): readonly string[] {
  const documents = texts.flatMap((text, index) => {
    const { documents, problems } = parseDocument(`m${index + 1}.yml`, text)
    expect(problems).toEqual([])
    return documents
  })
  const { mistakes } = readManifest(documents, new Date('2026-06-15T12:00:00Z'))
  return locateRemarks(documents, mistakes).map(({ place, message }) => `${place.line}:${place.column} ${message}`)
}

/** A user with this below `permissions:`, from line 4 on. */
const below = (text: string) => `users:\n  - id: a|b\n    permissions:\n${text}`

const NAME = 'A permission must be a name, or a mapping with name, expires and reason'
const ROLES = 'Roles must be a list of names, such as [Support]'
const USER = 'A user must be a mapping with id or email'
const LIST = 'Users must be a list; if nobody is listed, write users: []'
const aliasAdvice = (alias: string) =>
  `add the alias (apis: {${alias}: <identifier>}), or use the API's identifier as the key.`
const splitAdvice = (written: string, joined: string) =>
  `YAML reads ${written} as a mapping, not as a name, because of the space after the colon; write "${joined}", or quote it if the name has a space: "${written}".`

describe('a message that leads to the fix', () => {
  it.each<readonly [string, string, readonly string[]]>([
    [
      'a name with a space after its colon',
      below("      'u:':\n        - read: orders\n"),
      [`5:11 ${splitAdvice('read: orders', 'read:orders')}`],
    ],
    [
      'such a name in brackets',
      below("      'u:': [read: orders]"),
      [`4:14 ${splitAdvice('read: orders', 'read:orders')}`],
    ],
    [
      'such a name with a number',
      below("      'u:': [read: 1.10]"),
      [`4:14 ${splitAdvice('read: 1.10', 'read:1.10')}`],
    ],
    [
      'a name with a trailing colon',
      below("      'u:': [read:]"),
      ['4:14 YAML reads read: as a mapping, not as a name, because of the space after the colon; quote it: "read:".'],
    ],
    [
      'such a name for a bundle',
      'bundles: {"support:eu": {}}\nusers: [{id: a|b, bundles: [support: eu]}]',
      [`2:29 ${splitAdvice('support: eu', 'support:eu')}`],
    ],
    ['such an identifier', 'apis: {a: {urn: acme}}\nusers: []', [`1:11 ${splitAdvice('urn: acme', 'urn:acme')}`]],
    [
      'a mapping that is none of these',
      below("      'u:': [{a: [b]}, {nmae: x}, {name: y, b: c}, {}]"),
      [
        '4:14 "name" is missing; a permission name must be text.',
        '4:15 Unknown key "a". Allowed keys: name, expires, reason.',
        '4:24 "name" is missing; a permission name must be text.',
        '4:25 Unknown key "nmae". Did you mean "name"?',
        '4:45 Unknown key "b". Allowed keys: name, expires, reason.',
        '4:52 "name" is missing; a permission name must be text.',
      ],
    ],
    [
      'a name that YAML reads as a comment',
      below("      'u:':\n        - #admin\n"),
      [`5:9 ${NAME}; found nothing. Quote a name that begins with # or &.`],
    ],
    ['a list instead of a name', below("      'u:': [[x]]"), [`4:14 ${NAME}; found a list.`]],
    [
      'a name instead of a list',
      below("      'u:': read:orders"),
      [
        '4:13 An API must have a list of permission names here, such as [read:orders]; found "read:orders". Write [read:orders].',
      ],
    ],
    [
      'half a list',
      below("      'u:': read:orders]"),
      [
        '4:13 An API must have a list of permission names here, such as [read:orders]; found "read:orders]". Write [read:orders].',
      ],
    ],
    [
      'dashes without a space',
      below("      'u:':\n        -read:orders\n        -write:orders\n"),
      [
        '5:9 An API must have a list of permission names here, such as [read:orders]; found "-read:orders -write:orders". Write a space after the dash.',
      ],
    ],
    [
      'a bundle instead of a list',
      'users: [{id: a|b, bundles: support}]',
      ['1:28 Bundles must be a list of names, such as [support]; found "support". Write [support].'],
    ],
    [
      'a catalogue that is not a list',
      'apis: {a: {identifier: "u:", permissions: x}}\nusers: []',
      ['1:43 Permissions of an API must be a list of names, such as [read:orders]; found "x". Write [x].'],
    ],
    // Roles
    [
      'a role instead of a list',
      'users: [{id: a|b, roles: Support}]',
      [`1:26 ${ROLES}; found "Support". Write [Support].`],
    ],
    [
      'a catalogue of roles that is a name',
      'roles: Support\nusers: []',
      [`1:8 ${ROLES}; found "Support". Write [Support].`],
    ],
    [
      'a mapping of roles',
      'users:\n  - id: a|b\n    roles:\n      Support:\n      a b:\n',
      [`4:7 ${ROLES}; found a mapping. Write [Support, "a b"].`],
    ],
    [
      'a mapping of roles that expire',
      'users: [{id: a|b, roles: {Support: , Auditor: {expires: 2026-12-31}}}]',
      [`1:26 ${ROLES}; found a mapping. Write [Support, {name: Auditor, expires: 2026-12-31}].`],
    ],
    [
      'a mapping of roles in a catalogue, whose names do not expire',
      'roles: {Support: {expires: 2026-12-31}}\nusers: []',
      [`1:8 ${ROLES}; found a mapping. Begin each entry of the list with a dash and a space.`],
    ],
    [
      'another mapping, a long one, or an empty one',
      `users: [{id: a|b, roles: {name: Support}}, {id: a|c, roles: {${'abcdefghijk'.split('').join(': , ')}: }}, {id: a|d, roles: {}}]`,
      [26, 61, 136].map(
        column => `1:${column} ${ROLES}; found a mapping. Begin each entry of the list with a dash and a space.`,
      ),
    ],
    [
      'a mapping of permissions',
      below("      'u:': {'read:orders': }"),
      [
        '4:13 An API must have a list of permission names here, such as [read:orders]; found a mapping. Write [read:orders].',
      ],
    ],
    ['a role without its s', 'users: [{id: a|b, role: [x]}]', ['1:19 Unknown key "role". Did you mean "roles"?']],
    ['a catalogue without its s', 'role: [x]\nusers: []', ['1:1 Unknown key "role". Did you mean "roles"?']],
    [
      'roles without quotes',
      'roles: [007]\nusers: [{id: a|b, roles: [true, {name: 1.10}]}]',
      [
        '1:9 YAML reads 007 as a number, not as text; quote it: "007".',
        '2:27 YAML reads true as a boolean, not as text; quote it: "true".',
        '2:40 YAML reads 1.10 as a number, not as text; quote it: "1.10".',
      ],
    ],
    [
      'roles that are not names',
      "roles: ['', [x]]\nusers: [{id: a|b, roles: ['', [x], {nmae: x}, {name: rol_1, expires: [], more: 1}]}]",
      [
        '1:9 The name of a role must not be empty; found "".',
        '1:13 The name of a role must be text; found a list.',
        '2:27 The name of a role must not be empty; found "".',
        '2:31 A role must be a name or an id, or a mapping with name, expires and reason; found a list.',
        '2:36 "name" is missing; the name of a role must be text.',
        '2:37 Unknown key "nmae". Did you mean "name"?',
        '2:70 Expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z; found a list.',
        '2:74 Unknown key "more". Allowed keys: name, expires, reason.',
      ],
    ],
    [
      'a role with a space after its colon',
      'users: [{id: a|b, roles: [eu: support]}]',
      [`1:27 ${splitAdvice('eu: support', 'eu:support')}`],
    ],
    [
      'a role that is too long, or ends with a space',
      `users: [{id: a|b, roles: ['x ', ${'r'.repeat(281)}]}]`,
      [
        '1:27 The name of a role must not begin or end with a space or contain control characters; found "x ".',
        `1:33 The name of a role must have at most 280 characters; found "${'r'.repeat(79)}….`,
      ],
    ],
    [
      'a role with an invalid date',
      'users: [{id: a|b, roles: [{name: x, expires: soon}]}]',
      ['1:46 "soon" is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.'],
    ],
    // Users
    ['a user who is an id', 'users: [auth0|1]', [`1:9 ${USER}; found "auth0|1". Write id: "auth0|1".`]],
    ['a user who is an address', 'users: [a@b.io]', [`1:9 ${USER}; found "a@b.io". Write email: "a@b.io".`]],
    ['a user who is something else', 'users: [grace]', [`1:9 ${USER}; found "grace".`]],
    [
      'a user without a space',
      'users: ["id:auth0|1"]',
      [`1:9 ${USER}; found "id:auth0|1". Write a space after the colon: id: auth0|1.`],
    ],
    [
      'a user after a no-break space',
      'users:\n  - id:\u00a0auth0|1\n',
      [`2:5 ${USER}; found "id:\\u{00a0}auth0|1". It contains a no-break space (U+00A0); use ordinary spaces.`],
    ],
    [
      'an id as a key',
      'users: [{auth0|1: {}}]',
      ['1:9 A user needs an id or an email; add one.', '1:10 Unknown key "auth0|1". Write id: "auth0|1".'],
    ],
    [
      'an address as a key',
      'users: [{a@b.io: {}}]',
      ['1:9 A user needs an id or an email; add one.', '1:10 Unknown key "a@b.io". Write email: "a@b.io".'],
    ],
    [
      'users without dashes',
      'users:\n  id: auth0|1\n',
      [`2:3 ${LIST}; found a mapping. Begin each entry of the list with a dash and a space.`],
    ],
    [
      'a dash without a space',
      'users:\n  -id: auth0|1\n',
      [`2:3 ${LIST}; found a mapping. Write a space after the dash.`],
    ],
    [
      'a dash before a no-break space',
      'users:\n  -\u00a0id: auth0|1\n',
      [`2:3 ${LIST}; found a mapping. It contains a no-break space (U+00A0); use ordinary spaces.`],
    ],
    [
      'an empty mapping',
      'users: {}',
      [`1:8 ${LIST}; found a mapping. Begin each entry of the list with a dash and a space.`],
    ],
    // Spaces
    [
      'keys after no-break spaces',
      'users:\n  - id: a|b\n\u00a0\u00a0permissions:\n\u00a0\u00a0\u00a0orders: [x]\n',
      [
        '3:1 Unknown key "\\u{00a0}\\u{00a0}permissions". It contains a no-break space (U+00A0); indent with ordinary spaces.',
        '4:1 Unknown key "\\u{00a0}\\u{00a0}\\u{00a0}orders". It contains a no-break space (U+00A0); indent with ordinary spaces.',
      ],
    ],
    [
      'a key after an invisible character',
      'users: []\n\u200bversion: 1\n',
      ['2:1 Unknown key "\\u{200b}version". It contains an invisible character (U+200B); indent with ordinary spaces.'],
    ],
    ['a key with a dash', 'users: []\n-version: 1\n', ['2:1 Unknown key "-version". Write a space after the dash.']],
    ['no key', 'users: []\n: 1\n', ['2:1 Unknown key "". Write a key before the colon.']],
    [
      'permissions without a space',
      'users: [{id: a|b, permissions: "orders:[x]"}]',
      [
        '1:32 Permissions must name APIs, each with a list, such as orders: [read:orders]; found "orders:[x]". Write a space after the colon: orders: [x].',
      ],
    ],
    [
      'permissions that are a name',
      'users: [{id: a|b, permissions: read:orders}]',
      ['1:32 Permissions must name APIs, each with a list, such as orders: [read:orders]; found "read:orders".'],
    ],
    [
      'users without a space',
      'users:[]',
      ['1:1 A manifest must be a mapping with users; found "users:[]". Write a space after the colon: users: [].'],
    ],
    ['a manifest that is an id', 'auth0|1', ['1:1 A manifest must be a mapping with users; found "auth0|1".']],
    ['an id that is a mapping', 'users: [{id: {auth0: 1}}]', ['1:14 Id must be text; found a mapping.']],
    // Versions
    ['a version in quotes', 'version: "1"\nusers: []', ['1:10 Version must be 1; found "1". Write it without quotes.']],
    ['another version in quotes', 'version: "2"\nusers: []', ['1:10 Version must be 1; found "2".']],
    ['another version', 'version: 2\nusers: []', ['1:10 Version must be 1; found 2.']],
    ['a version with a letter', 'version: v1\nusers: []', ['1:10 Version must be 1; found "v1".']],
    ['no version', 'version:\nusers: []', ['1:1 Version must be 1; found nothing.']],
    // Terms
    [
      'no date',
      'users: [{id: a|b, expires: , reason: [x]}]',
      [
        '1:19 Expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z; found nothing.',
        '1:38 Reason must be text; found a list.',
      ],
    ],
    [
      'a reason that is too long',
      `users: [{id: a|b, reason: ${'r'.repeat(1_001)}}]`,
      [`1:27 Reason must have at most 1000 characters; found "${'r'.repeat(79)}….`],
    ],
    // Aliases
    [
      'an unknown alias',
      below('      billing: [x]'),
      [`4:7 There is no API alias "billing". ${aliasAdvice('billing').replace('add', 'Add')}`],
    ],
    [
      'a misspelled alias',
      `${below('      order: [x]')}\napis: {orders: "u:"}`,
      [`4:7 There is no API alias "order". Did you mean "orders"? If not, ${aliasAdvice('order')}`],
    ],
    [
      'an alias that needs quotes',
      below('      "1.0": [x]\n      a, b: [y]\n      "on": [z]'),
      [
        `4:7 There is no API alias "1.0". ${aliasAdvice('"1.0"').replace('add', 'Add')}`,
        `5:7 There is no API alias "a, b". ${aliasAdvice('"a, b"').replace('add', 'Add')}`,
        `6:7 There is no API alias "on". ${aliasAdvice('"on"').replace('add', 'Add')}`,
      ],
    ],
    // Merge keys
    [
      'a merge key under permissions',
      'x-a: &a {"u:": [x]}\nusers: [{id: a|b, permissions: {<<: *a}}]',
      ['2:33 Merge keys (<<) are not supported; write the keys out, or use a bundle.'],
    ],
    [
      'a merge key in a user',
      'x-a: &a {id: a|b}\nusers: [{<<: *a}]',
      [
        '2:9 A user needs an id or an email; add one.',
        '2:10 Unknown key "<<". Merge keys (<<) are not supported; write the keys out, or use a bundle.',
      ],
    ],
    [
      'a merge key among bundles',
      'x-a: &a {b: {}}\nusers: []\nbundles: {<<: *a}',
      ['3:11 Merge keys (<<) are not supported; write the keys out, or use a bundle.'],
    ],
    [
      'a merge key in a permission',
      below("      'u:': [{<<: x}]"),
      [
        '4:14 "name" is missing; a permission name must be text.',
        '4:15 Unknown key "<<". Merge keys (<<) are not supported; write the keys out, or use a bundle.',
      ],
    ],
    // Ids and addresses, which have their own tables
    [
      'an id that is an address',
      'users: [{id: grace@acme.com}]',
      ['1:14 "grace@acme.com" is an e-mail address, not a user id; write email: "grace@acme.com".'],
    ],
    [
      'an address that is not one',
      'users: [{email: <Grace@Acme.com>}]',
      ['1:17 "<Grace@Acme.com>" is not a plain e-mail address; write "Grace@Acme.com".'],
    ],
    [
      'an id that is too long',
      `users: [{id: a|${'b'.repeat(1_000)}}]`,
      [`1:14 Id must have at most 1000 characters; found "a|${'b'.repeat(77)}….`],
    ],
  ])('%s', (_, text, expected) => {
    expect(mistakesOf(text)).toEqual(expected)
  })
})

describe('keys that begin with x-', () => {
  it('are ignored at the top level, whatever they contain', () => {
    expect(mistakesOf('x-: 1\nx-team: {owner: 007, ~: [1.10, 2026-10-01, !!int "5"]}\nusers: []')).toEqual([])
  })

  it('may have anchors', () => {
    const text = 'x-read: &read [read:a, read:b]\nusers: [{id: a|b, permissions: {"u:": *read}}]'
    const { documents } = parseDocument('m.yml', text)
    const { manifest, mistakes } = readManifest(documents, new Date())
    expect([...mistakes]).toEqual([])
    expect(manifest.users.map(({ grants }) => grants.size)).toEqual([2])
  })

  it('are checked if an alias uses them elsewhere', () => {
    expect(mistakesOf('x-read: &read [1.10]\nusers: [{id: a|b, permissions: {"u:": *read}}]')).toEqual([
      '2:39 YAML reads 1.10 as a number, not as text; quote it: "1.10".',
    ])
  })

  it.each([
    ['X-team: 1\nusers: []', '1:1 Unknown key "X-team". '],
    ['x_team: 1\nusers: []', '1:1 Unknown key "x_team". '],
    ['users: [{id: a|b, x-team: 1}]', '1:19 Unknown key "x-team". '],
    ['users: []\napis: {a: {identifier: "u:", x-team: 1}}', '2:30 Unknown key "x-team". '],
  ])('must be spelled like this, and at the top level: %j', (text, expected) => {
    expect(mistakesOf(text)).toEqual([expect.stringContaining(expected)])
  })

  it('are not enough for a manifest', () => {
    expect(mistakesOf('x-a: 1')).toEqual([
      '1:1 "users" is missing; users must be a list; if nobody is listed, write users: [].',
    ])
    expect(mistakesOf('x-a: 1', 'users: []')).toEqual([])
  })
})

describe('several files', () => {
  it('need users in one of them, and no mistakes in any', () => {
    expect(mistakesOf('version: 1', 'users: [a]')).toEqual([`1:9 ${USER}; found "a".`])
    expect(mistakesOf('users: nobody', 'users: []')).toEqual([`1:8 ${LIST}; found "nobody".`])
  })
})
