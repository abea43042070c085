import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, type Grant, grantOf, isPermission, type RoleNames, roleGrantOf } from '../../src/access/grants.ts'
import { isUserId } from '../../src/access/identities.ts'
import { indexRoles } from '../../src/access/roles.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import {
  checkRoles,
  type ExportedUser,
  exportManifest,
  locateRemarks,
  readManifest,
  resolveRoles,
} from '../../src/manifest/manifest.ts'

const TENANT = 'acme.eu.auth0.com'

function user(id: string, ...grants: readonly (readonly [api: string, permission: string])[]): ExportedUser {
  return { id, direct: new Set(grants.map(([api, permission]) => grantOf(api, permission))) }
}

function withRoles({ direct, ...user }: ExportedUser, ...roles: readonly string[]): ExportedUser {
  return { ...user, direct: direct.union(new Set(roles.map(roleGrantOf))) }
}

const ROLE_NAMES: RoleNames = new Map([
  ['rol_1', 'Support'],
  ['rol_2', 'Auditor'],
  ['rol_3', 'Twin'],
  ['rol_4', 'Twin'],
])

function write(users: readonly ExportedUser[], roleNames = ROLE_NAMES): string {
  return exportManifest({ tenant: TENANT, users, roleNames }).text ?? ''
}

function refusalsOf(users: readonly ExportedUser[]): readonly string[] {
  return exportManifest({ tenant: TENANT, users, roleNames: ROLE_NAMES }).refusals ?? []
}

/** The text as our own parser reads it. */
function readBack(text: string) {
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date())
  return {
    documents,
    manifest,
    mistakes: [...problems, ...locateRemarks(documents, mistakes)].map(({ message }) => message),
  }
}

const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://api.acme.com/billing/v2'

describe('an exported manifest', () => {
  it('is formatted as people would write it', () => {
    const both = [
      [ORDERS, 'read:orders'],
      [ORDERS, 'write:orders'],
      [BILLING, 'read:invoices'],
    ] as const
    expect(
      write([
        user('auth0|2', ...both),
        user('auth0|1', ...both),
        { ...withRoles(user('auth0|3', [ORDERS, 'read:orders']), 'rol_2', 'rol_1'), email: 'grace@acme.com' },
        withRoles(user('auth0|4', ...both), 'rol_1'),
        withRoles(user('auth0|5'), 'rol_3'),
      ]),
    ).toBe(
      `# The direct permissions and roles that users had in the tenant when this file was exported.
# Users without any are left out.
version: 1
tenant: acme.eu.auth0.com

apis:
  acme-billing: https://api.acme.com/billing/v2
  orders: https://orders.acme.com/

bundles:
  acme-billing-and-orders:
    acme-billing: [read:invoices]
    orders: [read:orders, write:orders]

users:
  - id: auth0|1
    bundles: [acme-billing-and-orders]
  - id: auth0|2
    bundles: [acme-billing-and-orders]
  - id: auth0|3 # grace@acme.com
    roles: [Auditor, Support]
    permissions:
      orders: [read:orders]
  - id: auth0|4
    roles: [Support]
    bundles: [acme-billing-and-orders]
  - id: auth0|5
    roles: [rol_3]
`,
    )
  })

  it.each(['a\u2028b@acme.com', '1@acme.com', 'a\nusers: []@acme.com'])(
    'has an address only as a comment: %j',
    email => {
      const text = write([{ ...user('auth0|1', [ORDERS, 'read:orders']), email }])
      expect(text.match(/ # (.*)$/m)?.[1]).toMatch(/^"[\x20-\x7e]+"$/)
      expect(readBack(text)).toMatchObject({ manifest: { users: [{ id: 'auth0|1' }] }, mistakes: [] })
    },
  )

  it('without users is valid too', () => {
    expect(readBack(write([]))).toMatchObject({ manifest: { users: [] }, mistakes: [] })
  })

  it.each([
    ['https://orders.acme.com/', 'orders'],
    ['https://api.acme.com/billing/v2', 'acme-billing'],
    ['https://www.acme.com', 'acme'],
    ['urn:acme:reports', 'reports'],
    ['orders', 'orders'],
    ['Bestellungen & mehr', 'bestellungen-mehr'],
    ['***', 'api'],
    ['https://api.acme.co.uk:8443/v1/orders?x=1', 'acme-orders-x-1'],
    ['https://hr.eu.acme.com/admin/', 'hr-admin'],
    ['https://acme.eu.auth0.com/api/v2/', 'auth0-management'],
    ['api://5f7c8ec7', 'api-5f7c8ec7'],
    ['true', 'api-true'],
    ['urn:api', 'api'],
    [`https://${'x'.repeat(900)}.com/`, 'x'.repeat(40)],
    ['__proto__', 'proto'],
  ])('calls the API %s %s', (identifier, alias) => {
    expect(write([user('auth0|u', [identifier, 'p'])])).toContain(`\n  ${alias}: `)
  })

  it('gives different aliases to APIs that would have the same', () => {
    const text = write([user('auth0|u', ['https://orders.acme.com/', 'p'], ['https://orders.acme.org/', 'p'])])
    expect(text).toContain('  orders: https://orders.acme.com/\n  orders-2: https://orders.acme.org/')
  })

  it.each([
    [
      'by their versions',
      ['https://api.acme.com/billing/v1', 'https://api.acme.com/billing/v2'],
      ['acme-billing-v1', 'acme-billing-v2'],
    ],
    ['by the company', ['https://orders.acme.com/', 'https://orders.beta.com/'], ['acme-orders', 'beta-orders']],
    [
      'and never uses the identifier of another API as an alias',
      ['orders', 'https://orders.acme.com/'],
      ['acme-orders', 'orders'],
    ],
    [
      'and keeps an identifier that is like an alias for its API',
      ['ORDERS', 'orders', 'Orders'],
      ['orders', 'orders-2', 'orders-3'],
    ],
    ['by numbers if nothing else differs', ['urn:api', 'URN:API', 'api'], ['api', 'api-2', 'api-3']],
  ])('distinguishes APIs %s', (_, identifiers, aliases) => {
    const text = write([user('auth0|u', ...identifiers.map(identifier => [identifier, 'p'] as const))])
    expect([...text.matchAll(/^ {2}([\w-]+): /gm)].map(([, alias]) => alias)).toEqual(aliases)
    // An alias that is also an identifier belongs to that API.
    for (const alias of aliases) if (identifiers.includes(alias)) expect(text).toContain(`  ${alias}: ${alias}\n`)
  })

  it.each<[string, readonly (readonly [string, string])[], string]>([
    [
      'by its actions on one API',
      [
        [ORDERS, 'read:orders'],
        [ORDERS, 'write:orders'],
      ],
      'orders-read-write',
    ],
    [
      'by its actions too if names begin with the API',
      [
        [ORDERS, 'orders:read'],
        [ORDERS, 'orders.write'],
      ],
      'orders-write-read',
    ],
    [
      'only by the API if that would be long',
      [...'abcdef'].map(verb => [ORDERS, `${verb.repeat(9)}:x`] as const),
      'orders-bundle',
    ],
    [
      'only by the API if names contain nothing else',
      [
        [ORDERS, 'orders'],
        [ORDERS, 'orders:orders'],
      ],
      'orders-bundle',
    ],
    [
      'by the APIs if there are several',
      [
        [ORDERS, 'a'],
        ['urn:reports', 'a'],
      ],
      'orders-and-reports',
    ],
    [
      'by a fixed word if there are many APIs',
      [...'abcdefghij'].map(letter => [`urn:${letter.repeat(9)}`, 'p'] as const),
      'bundle',
    ],
  ])('names a bundle %s', (_, grants, name) => {
    const text = write([user('auth0|u1', ...grants), user('auth0|u2', ...[...grants].reverse())])
    expect(text).toContain(`\nbundles:\n  ${name}:\n`)
    expect(text.match(/ {4}bundles: .*/g)).toEqual([`    bundles: [${name}]`, `    bundles: [${name}]`])
  })

  it('does not number an API with the name of another', () => {
    const text = write([user('auth0|u', ['Orders', 'p'], ['orders', 'p'], ['orders-2', 'p'])])
    expect(text).toContain('  orders: orders\n')
    expect(text).toContain('  orders-2: orders-2\n')
    expect(text).toContain('  orders-3: Orders\n')
  })

  it('does not name a bundle like the alias of an API', () => {
    const grants = [
      [ORDERS, 'read:a'],
      [ORDERS, 'read:b'],
    ] as const
    const text = write([user('auth0|1', ...grants), user('auth0|2', ...grants), user('auth0|3', ['orders-read', 'p'])])
    expect(text).toContain('  orders-read: orders-read\n')
    expect(text).toContain('    bundles: [orders-bundle]\n')
  })

  it('numbers bundles that would have the same name', () => {
    const [read, write1, write2] = [
      [ORDERS, 'read:a'],
      [ORDERS, 'write:a'],
      [ORDERS, 'write:b'],
    ] as const
    const text = write([
      ...['auth0|1', 'auth0|2'].map(id => user(id, read, write2)),
      ...['auth0|3', 'auth0|4'].map(id => user(id, write1, read)),
    ])
    expect(text).toContain('  orders-read-write:\n    orders: [read:a, write:a]\n')
    expect(text).toContain('  orders-read-write-2:\n    orders: [read:a, write:b]\n')
  })

  it('puts names that do not fit on one line on separate lines', () => {
    const names = Array.from({ length: 8 }, (_, index) => `read:things-${index + 10}`)
    const text = write([user('auth0|u', ...names.map(name => [ORDERS, name] as const))])
    expect(text).toContain('      orders:\n        - read:things-10\n        - read:things-11\n')
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(120)
  })

  it.each<[string, readonly (readonly [string, string])[], string, string]>([
    ['its name', [['rol_1', 'Support']], 'rol_1', 'Support'],
    ['its quoted name', [['rol_1', 'On call: EU']], 'rol_1', '"On call: EU"'],
    ['its id if the name is unknown', [], 'rol_1', 'rol_1'],
    [
      'its id if another role has the same name',
      [
        ['rol_1', 'a'],
        ['rol_2', 'a'],
      ],
      'rol_1',
      'rol_1',
    ],
    ['its id if a manifest cannot contain the name', [['rol_1', 'a ']], 'rol_1', 'rol_1'],
    ['its id if the name looks like an id', [['rol_1', 'rol_9']], 'rol_1', 'rol_1'],
    [
      'its id if the name is the id of another role',
      [
        ['rol_1', 'x'],
        ['x', 'Support'],
      ],
      'rol_1',
      'rol_1',
    ],
  ])('lists a role by %s', (_, names, id, expected) => {
    const text = write([withRoles(user('auth0|u'), id)], new Map(names))
    expect(text).toContain(`  - id: auth0|u\n    roles: [${expected}]\n`)
  })

  it('puts roles that do not fit on one line on separate lines', () => {
    const names = Array.from({ length: 9 }, (_, index): [string, string] => [
      `rol_${index}`,
      `Approver of level ${index}`,
    ])
    const users = [withRoles(user('auth0|u'), ...names.map(([id]) => id))]
    const text = write(users, new Map(names))
    expect(text).toContain('    roles:\n      - "Approver of level 0"\n      - "Approver of level 1"\n')
  })

  it('escapes invisible characters', () => {
    const text = write([
      user('auth0|u', [ORDERS, 'a\u202eb'], [ORDERS, 'c\ufeffd'], [ORDERS, 'e\u{e0001}f'], [ORDERS, 'g\u00a0h']),
    ])
    expect(text).toContain('orders: ["a\\u202eb", "c\\ufeffd", "e\\U000e0001f", "g\\u00a0h"]')
  })

  it('reports everything that it cannot contain at once', () => {
    const odd = Array.from({ length: 30 }, (_, index) => user('auth0|1', [ORDERS, `read ${index} `]).direct)
    const all = { id: 'auth0|2', direct: odd.reduce((united, set) => united.union(set)) }
    const refusals = refusalsOf([user(' auth0|3'), user('auth0|4', [' x', 'p']), all, user('auth0|1', [' x', 'p'])])
    expect(refusals).toHaveLength(32)
    const turned = { id: 'auth0|2', direct: new Set([...all.direct].reverse()) }
    const again = refusalsOf([user('auth0|1', [' x', 'p']), turned, user(' auth0|3'), user('auth0|4', [' x', 'p'])])
    expect(again).toEqual(refusals)
    expect(refusals[0]).toContain('The user " auth0|3" cannot be written to a manifest: id must have the form')
    expect(refusals[1]).toContain('The permission "p" of the API " x", which the user "auth0|1" holds')
  })

  it.each([
    ['a space at the end of a permission', user('auth0|1', [ORDERS, 'read ']), /"read ".*auth0\|1/],
    ['a name that is too long', user('auth0|1', [ORDERS, 'x'.repeat(281)]), /auth0\|1/],
    ['an identifier with a control character', user('auth0|1', ['a\u0007b', 'p']), /in apis/],
    [
      'a role with an id that a manifest cannot contain',
      withRoles(user('auth0|1'), 'a\nb'),
      /The role "a\\nb", which the user "auth0\|1" holds, cannot be written to a manifest: in roles, /,
    ],
  ])('cannot contain %s, and says so', (_, odd, words) => {
    expect(refusalsOf([odd])).toEqual([expect.stringMatching(words)])
  })
})

describe('for any state of a tenant, an exported manifest', () => {
  const NASTY = [
    'yes',
    'null',
    '1.0',
    '0x1',
    '2026-12-31',
    '- x',
    '# x',
    'a: b',
    'a #b',
    '*',
    '&a',
    '!t',
    '@x',
    '%x',
    '{',
    '[',
    '"',
    "'",
    '\\',
    '|',
    '>',
    '?',
    '~',
    'ä',
    '日本',
    'a\u2028b',
    'a\u00a0b',
    'a\ufeffb',
    'a\uffffb',
    '\u202eb',
    '\u{1f469}\u200d\u{1f680}',
    ...['No', 'ON', 'y', 'NULL', '.inf', '1e3', '0o7', '12:30:45', '---', '...', 'a:', 'a,b', 'a, b', ']', '`'],
    ...['toString', 'constructor', 'orders', 'acme-orders', 'api', 'http://', 'x'.repeat(280)],
    '<<',
    '__proto__',
  ]
  const name = fc.oneof(
    fc.constantFrom('read:orders', 'write:orders', 'read:invoices', ...NASTY),
    fc
      .string({
        unit: fc.oneof(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
          fc.constantFrom(...': #,[]{}&*"\'\\\u2028\u0085\ufffe'),
        ),
        minLength: 1,
        maxLength: 12,
      })
      .filter(text => !/\p{Cc}|\p{Cs}|^\s|\s$/u.test(text)),
  )
  const api = fc.oneof(fc.constantFrom(ORDERS, BILLING, 'urn:acme:reports', 'https://orders.acme.org/'), name)
  const set = fc.uniqueArray(fc.tuple(api, name), { minLength: 1, maxLength: 6, selector: pair => pair.join('\0') })
  // No user in Auth0 has one of these ids, and a manifest may not contain them.
  const id = fc
    .oneof(
      fc.constantFrom('auth0|1', 'waad|a b', 'email|x'),
      name,
      name.map(text => `ad|${text}`),
    )
    .filter(isUserId)
  const users = fc
    .tuple(fc.uniqueArray(id, { maxLength: 6 }), fc.array(set, { minLength: 1, maxLength: 3 }))
    .map(([ids, sets]) => ids.map((id, index) => user(id, ...(sets[index % sets.length] ?? []))))
  const ROLE_IDS = ['rol_a', 'rol_b', 'rol_c', 'rol_d']
  const roleNames = fc
    .array(fc.oneof(name, fc.constantFrom('Support', ' x', 'rol_a')), { minLength: 4, maxLength: 4 })
    .map(names => new Map(ROLE_IDS.map((id, index): [string, string] => [id, String(names[index])])))
  const roleSets = fc.array(fc.subarray(ROLE_IDS), { minLength: 1, maxLength: 3 })

  it('reads back exactly as exported', () => {
    fc.assert(
      fc.property(users, roleNames, roleSets, (withPermissions, roleNames, roles) => {
        const exported = withPermissions.map((user, index) => withRoles(user, ...(roles[index % roles.length] ?? [])))
        const { documents, manifest: unresolved, mistakes } = readBack(write(exported, roleNames))
        expect(mistakes).toEqual([])
        const tenantRoles = indexRoles(roleNames)
        expect([...checkRoles(documents, tenantRoles)]).toEqual([])
        const manifest = resolveRoles(unresolved, tenantRoles)
        const access = exported.flatMap(({ direct }) => Array.from(direct, grant => accessOf(grant)))
        expect(new Set(manifest.apis)).toEqual(new Set(access.filter(isPermission).map(({ api }) => api)))
        expect(manifest.roles).toEqual(new Set(access.flatMap(({ role }) => role ?? [])))
        expect(manifest.users.map(({ id }) => id)).toEqual(exported.map(({ id }) => id).sort())
        const back = new Map(manifest.users.map(({ id, grants }) => [id, [...grants.keys()].sort()]))
        expect(back).toEqual(new Map(exported.map(({ id, direct }) => [id, [...direct].sort()])))
      }),
    )
  })

  it('is the same whatever the order of users and grants', () => {
    fc.assert(
      fc.property(users, exported => {
        const turned = exported
          .map(({ id, direct }) => ({ id, direct: new Set<Grant>([...direct].reverse()) }))
          .reverse()
        expect(write(turned)).toBe(write(exported))
      }),
    )
  })

  it('gives users with the same two permissions one bundle', () => {
    fc.assert(
      fc.property(users, exported => {
        const text = write(exported)
        const sizes = exported.map(({ direct }) => [...direct].sort().join()).sort()
        const shared = exported.some(
          ({ direct }) => direct.size > 1 && sizes.filter(key => key === [...direct].sort().join()).length > 1,
        )
        expect(/^bundles:$/m.test(text)).toBe(shared)
      }),
    )
  })
})
