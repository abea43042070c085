import { describe, expect, it } from 'vitest'
import { indexRoles } from '../../src/access/roles.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import {
  checkNames,
  checkRoles,
  checkTenant,
  type Document,
  locateRemarks,
  readManifest,
} from '../../src/manifest/manifest.ts'

const NOW = new Date('2026-06-15T12:00:00Z')

function documentsOf(...texts: readonly string[]): readonly Document[] {
  return texts.flatMap((text, index) => parseDocument(`m${index + 1}.yml`, text).documents)
}

/** Every mistake in the files as `file:line:column message`. */
function mistakesOf(...texts: readonly string[]): readonly string[] {
  const parsed = texts.map((text, index) => parseDocument(`m${index + 1}.yml`, text))
  const documents = parsed.flatMap(each => each.documents)
  const problems = parsed.flatMap(each => each.problems)
  const located = locateRemarks(documents, readManifest(documents, NOW).mistakes)
  return [...problems, ...located].map(
    ({ place, message }) => `${place.file.slice(0, 2)}:${place.line}:${place.column} ${message}`,
  )
}

describe('a missing value', () => {
  it.each<readonly [string, readonly string[]]>([
    ['users:\n  -\n', ['2:3']],
    ['users:\n  - id: "a|a-b" # a - b\n\n  - # nobody\n  -\n', ['4:3', '5:3']],
    ['users:\n  - &my-friend {id: a|a-b, permissions: {"u:": [x]}}\n  -\n  - *my-friend\n  -', ['3:3', '4:5', '5:3']],
    [
      'apis: {a: {identifier: u-v, permissions: [x-y]}}\nusers:\n  - id: >\n      - a\n      - b\n  -\n',
      ['4:1', '6:3'],
    ],
    ['users:\n  - id: a|b\n    bundles:\n', ['3:5']],
    ['users: [{? }] # none', ['1:9', '1:10']],
    ['users: []\n: 1 # one: two\n: 2\n', ['3:1', '3:1']],
    ['users: []\n? # none: ?\n? # none\n', ['3:1', '3:1']],
    ['users:\n  - &a-b\n  - !!null\n  -\n', ['2:5', '3:5', '4:3']],
    // The parser reports the start of the mapping after its question mark.
    ['users: [? ]', ['1:11', '1:12']],
  ])('is reported at its dash, its key or another mark: %j', (text, places) => {
    expect(mistakesOf(text).map(mistake => mistake.split(' ')[0])).toEqual(places.map(place => `m1:${place}`))
  })
})

describe('the mistakes in a manifest', () => {
  const MANY = `version: 2
tenant: 42
apis:
  orders: https://orders.acme.com/
  billing:
    identifier: https://billing.acme.com/
    permissions: [read:invoices, write:invoices]
    premissions: []
  orders: https://other.acme.com/
bundles:
  support:
    order: [read:orders]
    billing: [read:invoicse]
  empty:
extra: true
users:
  - id: auth0|1
    permisions: {}
    permissions:
      billing: [raed:invoices]
      plain: [x]
  - id: auth0|1
  - id: auth0|2
    email: a@b.io
  - permissions: {}
  - email: not-an-address
    conection: x
  - id: auth0|3
    connection: db
    bundles: [suport]
    expires: 2026-02-30
  - id: 123
    permissions:
      billing: read:invoices
      orders:
        - name: read:orders
          expires: 2026-12-31T10:00:00
        - ''
        - {nmae: x}
        - "bad\\tname"
        - [x]
  - just text
`
  it('are all reported in one run, each at its line and column, with advice', () => {
    expect(mistakesOf(MANY)).toEqual([
      'm1:1:10 Version must be 1; found 2.',
      'm1:2:9 YAML reads 42 as a number, not as text; quote it: "42".',
      'm1:8:5 Unknown key "premissions". Did you mean "permissions"?',
      'm1:9:3 Duplicate key "orders"; merge both entries.',
      'm1:12:5 There is no API alias "order". Did you mean "orders"? If not, add the alias (apis: {order: <identifier>}), or use the API\'s identifier as the key.',
      'm1:13:15 The API "https://billing.acme.com/" has no permission "read:invoicse". Did you mean "read:invoices"?',
      'm1:14:3 Permissions must name APIs, each with a list, such as orders: [read:orders]; found nothing.',
      'm1:15:1 Unknown key "extra". Allowed keys: version, tenant, apis, roles, bundles, users.',
      'm1:18:5 Unknown key "permisions". Did you mean "permissions"?',
      'm1:20:17 The API "https://billing.acme.com/" has no permission "raed:invoices". Did you mean "read:invoices"?',
      'm1:21:7 There is no API alias "plain". Add the alias (apis: {plain: <identifier>}), or use the API\'s identifier as the key.',
      'm1:22:9 Duplicate user "auth0|1", first at users[0]; combine the entries.',
      'm1:24:12 A user can have an id or an email, not both; remove one.',
      'm1:25:5 A user needs an id or an email; add one.',
      'm1:26:12 "not-an-address" is not an e-mail address; write a complete address, such as grace@acme.com.',
      'm1:27:5 Unknown key "conection". Did you mean "connection"?',
      'm1:29:17 A connection narrows the look-up by email; remove it, or replace the id with an email.',
      'm1:30:15 There is no bundle "suport". Did you mean "support"?',
      'm1:31:14 "2026-02-30" is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.',
      'm1:32:9 YAML reads 123 as a number, not as text; quote it: "123".',
      'm1:32:9 "123" is not a complete user id; a user id has the form connection|identifier, such as auth0|5f7c8ec7c33c6c004bbafe82.',
      'm1:34:16 An API must have a list of permission names here, such as [read:orders]; found "read:invoices". Write [read:invoices].',
      'm1:37:20 "2026-12-31T10:00:00" has no time zone; add Z for UTC, or an offset such as +01:00.',
      'm1:38:11 A permission name must not be empty; found "".',
      'm1:39:11 "name" is missing; a permission name must be text.',
      'm1:39:12 Unknown key "nmae". Did you mean "name"?',
      'm1:40:11 A permission name must not begin or end with a space or contain control characters; found "bad\\tname".',
      'm1:41:11 A permission must be a name, or a mapping with name, expires and reason; found a list.',
      'm1:42:5 A user must be a mapping with id or email; found "just text".',
    ])
  })

  it('are shown up to a thousand, and the rest are counted', () => {
    const users = Array.from({ length: 1500 }, (_, index) => `  - {id: a|u${index}, x: 1}`)
    const mistakes = mistakesOf(`users:\n${users.join('\n')}\n`)
    expect(mistakes).toHaveLength(1001)
    expect(mistakes.at(-1)).toContain('500 more not shown')
  })
})

describe('a single mistake', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'no users',
      'version: 1',
      'm1:1:1 "users" is missing; users must be a list; if nobody is listed, write users: [].',
    ],
    ['empty users', 'users:', 'm1:1:1 Users must be a list; if nobody is listed, write users: []; found nothing.'],
    [
      'a merge key',
      'users:\n  - &a {id: a|x}\n  - <<: *a\n    id: a|y',
      'm1:3:5 Unknown key "<<". Merge keys (<<) are not supported; write the keys out, or use a bundle.',
    ],
    ['a list at the top', '- id: a|x', 'm1:1:1 A manifest must be a mapping with users; found a list.'],
    ['text at the top', 'users', 'm1:1:1 A manifest must be a mapping with users; found "users".'],
    ['an empty file', '', 'm1:1:1 The manifest is empty; if nobody is listed, write users: [].'],
    ['only a comment', '# nothing\n', 'm1:1:1 The manifest is empty; if nobody is listed, write users: [].'],
    ['broken YAML', 'users:\n  - id: "x', 'm1:2:9 This is not valid YAML: this " is not closed on its line'],
    ['two documents', 'users: []\n---\nusers: []\n', 'm1:3:1 A file must have one YAML document'],
    [
      'an alias without an anchor',
      'users: *nobody',
      'm1:1:8 This is not valid YAML: there is no anchor for the alias *nobody; a value that begins with * needs quotes: "*nobody".',
    ],
    [
      'a name of 281 characters',
      `users: [{id: a|x, permissions: {'a:b': [${'n'.repeat(281)}]}}]`,
      'm1:1:41 A permission name must have at most 280 characters',
    ],
    ['an empty id', "users: [{id: ''}]", 'm1:1:14 Id must not be empty; found "".'],
    [
      'an id with an unpaired surrogate',
      'users: [{id: "a|\\uD800"}]',
      'm1:1:14 "a|\\ud800" contains an invisible character (U+D800)',
    ],
    [
      '__proto__ among the permissions',
      'users: [{id: a|x, permissions: {__proto__: [a]}}]',
      'm1:1:33 There is no API alias "__proto__".',
    ],
    [
      '__proto__ as an alias',
      'apis: {__proto__: https://a/}\nusers: []',
      'm1:1:8 The name "__proto__" is not allowed; choose another.',
    ],
    ['__proto__ in a user', 'users: [{id: a|x, __proto__: {}}]', 'm1:1:19 Unknown key "__proto__".'],
    ['an address with spaces', 'users: [{email: "a b@c.io"}]', 'm1:1:17 "a b@c.io" contains a space'],
    [
      'an expired instant without a time zone',
      'users: [{id: a|x, expires: 2026-01-01T00:00}]',
      'm1:1:28 "2026-01-01T00:00" has no time zone',
    ],
    [
      'an hour that does not exist',
      'users: [{id: a|x, expires: 2026-01-01T25:00:00Z}]',
      'm1:1:28 "2026-01-01T25:00:00Z" is not a date',
    ],
    ['an empty expiry', "users: [{id: a|x, expires: ''}]", 'm1:1:28 "" is not a date'],
    [
      'an alias as a key',
      'apis: {&q o: "https://a/", *q : "https://b/"}\nusers: []',
      'm1:1:28 An alias cannot be a key here',
    ],
    ['a date that is a word', 'users: [{id: a|x, expires: tomorrow}]', 'm1:1:28 "tomorrow" is not a date'],
    [
      'the 31st of February',
      'users: [{id: a|x, expires: 2026-02-31T00:00:00Z}]',
      'm1:1:28 "2026-02-31T00:00:00Z" is not a date',
    ],
  ]
  it.each(cases)('%s', (_, text, expected) => {
    const [mistake, ...others] = mistakesOf(text)
    expect(mistake?.slice(0, expected.length)).toBe(expected)
    expect(others).toEqual([])
  })

  it.each([
    'users: []',
    '{"users": [{"id": "auth0|1", "permissions": {"https://a/": ["x"]}}]}',
    '\ufeffusers: []\r\n',
    'version: 1\nusers:\r\n  - id: a|/../b?#% ł\r\n',
    'apis: {constructor: https://a/}\nusers: [{id: a|toString, permissions: {constructor: [hasOwnProperty]}}]',
    'users: [{id: a|a, permissions: {"u:": &p [x]}}, {id: a|b, permissions: {"u:": *p}}]',
    'users: [{email: a@b.io}, {email: a@b.io, connection: db}]',
  ])('does not exist in %j', text => {
    expect(mistakesOf(text)).toEqual([])
  })
})

describe('several files', () => {
  it('share aliases and bundles, and only one of them needs users', () => {
    const shared = 'apis: {orders: https://orders/}\nbundles: {b: {orders: [x]}}'
    expect(mistakesOf(shared, 'users: [{id: a|a, bundles: [b], permissions: {orders: [y]}}]')).toEqual([])
  })
  it('without users in any of them are a mistake in each', () => {
    expect(mistakesOf('version: 1', 'version: 1')).toHaveLength(2)
  })
  it('may list the same user, and define the same name with the same content in any order', () => {
    const first = 'bundles: {b: {"a:": [x, y], "c:": [z]}}\nusers: [{id: a|u}]'
    expect(mistakesOf(first, 'bundles: {b: {"c:": [z], "a:": [y, x]}}\nusers: [{id: a|u}]')).toEqual([])
  })
  it.each([
    ['identifier', 'apis: {a: "https://one/"}\nusers: []', 'apis: {a: {identifier: "https://one/"}}\nusers: []'],
    [
      'catalogue',
      'apis: {a: {identifier: "a:", permissions: [x, y]}}\nusers: []',
      'apis: {a: {identifier: "a:", permissions: [y, x]}}\nusers: []',
    ],
  ])('may define an API with the same %s', (_, first, second) => {
    expect(mistakesOf(first, second)).toEqual([])
  })
  it('may each list a user once, by id or by address', () => {
    const twice = 'users: [{email: G@a.io}, {email: g@a.io}]'
    expect(mistakesOf('users: [{email: g@a.io}]', twice)).toEqual([
      'm2:1:34 Duplicate user "g@a.io", first at users[0]; combine the entries.',
    ])
  })
  it('that define a name differently are reported in the later file', () => {
    const second = 'apis: {a: "https://two/"}\nbundles: {b: {"c:": [y]}}\nusers: []'
    expect(mistakesOf('apis: {a: "https://one/"}\nbundles: {b: {"c:": [x]}}\nusers: []', second)).toEqual([
      'm2:1:8 The API alias "a" is defined differently in m1.yml; make both the same, or rename one.',
      'm2:2:11 The bundle "b" is defined differently in m1.yml; make both the same, or rename one.',
    ])
  })
})

describe("against the tenant's APIs", () => {
  const catalogue = new Map([['https://orders/', new Set(['read:orders'])]])
  const namesIn = (...texts: readonly string[]) => {
    const documents = documentsOf(...texts)
    return locateRemarks(documents, checkNames(documents, catalogue)).map(
      ({ place, message }) => `${place.line}:${place.column} ${message}`,
    )
  }

  it('an unknown API is reported where its alias is defined, or where its identifier is used', () => {
    const text = `apis: {o: https://order/}
users:
  - {id: a|a, permissions: {o: [x], https://bill/: [y]}}`
    expect(namesIn(text)).toEqual([
      '1:11 The tenant has no API "https://order/". Did you mean "https://orders/"?',
      '3:37 The tenant has no API "https://bill/". Correct the identifier, or create the API.',
    ])
  })

  it('a permission that is not text is only reported as such', () => {
    const text = "apis: {o: {identifier: 'https://a/', permissions: ['', read]}}\nusers: []"
    expect(mistakesOf(text)).toEqual([expect.stringMatching(/^m1:1:52 /)])
  })

  it('an unknown permission is reported once, even in a bundle of many users', () => {
    const text = `bundles: {b: {https://orders/: [read:oders]}}
users: [{id: a|a, bundles: [b]}, {id: a|c, bundles: [b]}, {id: a|d, permissions: {https://orders/: [{name: write}]}}]`
    expect(namesIn(text)).toEqual([
      '1:33 The API "https://orders/" has no permission "read:oders". Did you mean "read:orders"?',
      '2:108 The API "https://orders/" has no permission "write". Correct the name, or add the permission to the API.',
    ])
  })
})

describe('references to roles', () => {
  const user = (rest: string) => `users: [{id: a|b, ${rest}}]`

  it.each([
    [
      'a name that the catalogue does not have',
      `roles: [Support, Auditor]\n${user('roles: [Suport, {name: auditor}, X, Support]')}`,
      [
        'm1:2:27 The catalogue under roles has no role "Suport". Did you mean "Support"?',
        'm1:2:42 The catalogue under roles has no role "auditor". Did you mean "Auditor"?',
        'm1:2:52 The catalogue under roles has no role "X". Correct the name, or add it to the catalogue.',
      ],
    ],
    [
      'any name with an empty catalogue',
      `roles: []\n${user('roles: [Support]')}`,
      ['m1:2:27 The catalogue under roles has no role "Support". Correct the name, or add it to the catalogue.'],
    ],
    [
      'a bundle among roles',
      `roles: [Support]\nbundles: {suport: {}}\n${user('roles: [suport]')}`,
      ['m1:3:27 The catalogue under roles has no role "suport". That is a bundle; list it under the user\'s bundles.'],
    ],
    [
      'a role among bundles',
      `roles: [Support]\nbundles: {support: {}}\n${user('bundles: [Support, {name: rol_1}]')}`,
      [
        'm1:3:29 There is no bundle "Support". That is a role; list it under a user\'s roles.',
        'm1:3:45 There is no bundle "rol_1". That is a role; list it under a user\'s roles.',
      ],
    ],
    [
      'a role among APIs, and among permissions',
      `roles: [Support]\napis: {o: {identifier: "o:", permissions: [x]}}\n${user('permissions: {Support: [x], o: [Support]}')}`,
      [
        'm1:3:33 There is no API alias "Support". That is a role; list it under a user\'s roles.',
        'm1:3:51 The API "o:" has no permission "Support". That is a role; list it under a user\'s roles.',
      ],
    ],
    [
      'roles in a bundle, and among permissions',
      `bundles: {b: {roles: [Support]}}\n${user('permissions: {roles: [Support]}')}`,
      [
        `m1:1:15 There is no API alias "roles". Permissions and bundles cannot contain roles; list them under a user's roles.`,
        `m1:2:33 There is no API alias "roles". Permissions and bundles cannot contain roles; list them under a user's roles.`,
      ],
    ],
    ['an id, which needs no catalogue', `roles: [Support]\n${user('roles: [rol_Xm0eYj1cLKpPqZ7T]')}`, []],
    ['a name without a catalogue', user('roles: [Support]'), []],
    ['an id and a name in a catalogue', `roles: [rol_1, Support]\n${user('roles: [Support]')}`, []],
  ])('%s', (_, text, expected) => {
    expect(mistakesOf(text)).toEqual(expected)
  })

  it('are checked against the catalogues of all files', () => {
    expect(mistakesOf('roles: [Support]', 'roles: [Auditor]', user('roles: [Auditor, Support]'))).toEqual([])
    expect(mistakesOf('roles: [Support]', user('roles: [Auditor]'))).toEqual([
      'm2:1:27 The catalogue under roles has no role "Auditor". Correct the name, or add it to the catalogue.',
    ])
  })

  const ROLES = indexRoles(
    new Map([
      ['rol_1', 'Support'],
      ['rol_2', 'Auditor'],
      ['rol_4', 'Twin'],
      ['rol_3', 'Twin'],
      ...Array.from({ length: 7 }, (_, index): [string, string] => [`rol_7${index}`, 'Many']),
    ]),
  )
  const rolesIn = (...texts: readonly string[]) => {
    const documents = documentsOf(...texts)
    return locateRemarks(documents, checkRoles(documents, ROLES)).map(
      ({ place, message }) => `${place.file.slice(0, 2)}:${place.line}:${place.column} ${message}`,
    )
  }

  it.each([
    ['a name', 'Support', undefined],
    ['an id', 'rol_1', undefined],
    ['a misspelled name', 'Suport', 'The tenant has no role "Suport". Did you mean "Support"?'],
    ['another name', 'Nobody', 'The tenant has no role "Nobody". Correct the name, or create the role.'],
    ['an unknown id', 'rol_0', 'The tenant has no role "rol_0". Correct the id, or list the role by its name.'],
    ['the name of two roles', 'Twin', 'The tenant has 2 roles "Twin": rol_3, rol_4. List the intended one by its id.'],
    [
      'the name of many roles',
      'Many',
      'The tenant has 7 roles "Many": rol_70, rol_71, rol_72, rol_73, rol_74 and 2 more. List the intended one by its id.',
    ],
    ['the id of one of them', 'rol_3', undefined],
  ])('are checked against the tenant, for a user or in a catalogue: %s', (_, reference, message) => {
    const found = (place: string) => (message === undefined ? [] : [`${place} ${message}`])
    expect(rolesIn(`roles: [${reference}]\nusers: []`)).toEqual(found('m1:1:9'))
    expect(rolesIn(user(`roles: [${reference}]`))).toEqual(found('m1:1:27'))
    expect(rolesIn(user(`roles: [Support, {expires: 2026-12-31, name: ${reference}}]`))).toEqual(found('m1:1:64'))
  })

  it('that are unknown in the tenant may be bundles', () => {
    expect(rolesIn(`bundles: {support: {}}\n${user('roles: [support]')}`)).toEqual([
      'm1:2:27 The tenant has no role "support". That is a bundle; list it under the user\'s bundles.',
    ])
  })

  it('are reported at each line, in every file', () => {
    const text = 'users:\n  - {id: a|b, roles: [X]}\n  - {id: a|c, roles: [Y, X]}'
    expect(rolesIn(text, text).map(each => each.split(' ')[0])).toEqual([
      ...['m1:2:23', 'm1:3:23', 'm1:3:26'],
      ...['m2:2:23', 'm2:3:23', 'm2:3:26'],
    ])
  })

  it('that are not text are reported elsewhere', () => {
    expect(rolesIn(`roles: [1, [x]]\n${user('roles: [1, {nmae: x}]')}`)).toEqual([])
    expect(rolesIn('roles: Support\nusers: [{id: a|b, roles: Support}]')).toEqual([])
  })
})

describe('the tenant', () => {
  it('is the same in all files', () => {
    const file = (tenant: string) => `tenant: ${tenant}\nusers: []`
    expect(mistakesOf(file('acme.eu.auth0.com'), file('https://ACME.eu.auth0.com'))).toEqual([])
    expect(mistakesOf(file('acme.eu.auth0.com'), file('other.auth0.com'))).toEqual([
      'm2:1:9 This file is for the tenant "other.auth0.com", but m1.yml is for "acme.eu.auth0.com"; use one tenant per run.',
    ])
  })

  it.each(['acme.eu.auth0.com', 'https://ACME.eu.auth0.com/'])('%s is the input domain', tenant => {
    expect(checkTenant(documentsOf(`tenant: ${tenant}\nusers: []`), 'acme.eu.auth0.com')).toEqual([])
  })
  it('that differs is a mistake that names both', () => {
    const [remark] = checkTenant(documentsOf('tenant: other.auth0.com\nusers: []'), 'acme.eu.auth0.com')
    expect(remark).toMatchObject({ path: ['tenant'] })
    expect(remark?.message()).toMatch(/other\.auth0\.com.*acme\.eu/)
  })
})
