import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExportedUser, exportManifest } from '../src/export.ts'
import { readManifest } from '../src/manifest/desired.ts'
import { parseDocument } from '../src/manifest/load.ts'
import { type Grant, grantOf } from '../src/plan/grants.ts'

const TENANT = 'acme.eu.auth0.com'

function user(id: string, ...grants: readonly (readonly [api: string, permission: string])[]): ExportedUser {
  return { id, direct: new Set(grants.map(([api, permission]) => grantOf(api, permission))) }
}

function write(users: readonly ExportedUser[]): string {
  return exportManifest({ tenant: TENANT, users })
}

/** What our own parser makes of the text. */
function readBack(text: string) {
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date())
  return { manifest, mistakes: [...problems, ...mistakes].map(({ message }) => message) }
}

const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://api.acme.com/billing/v2'

describe('an exported manifest', () => {
  it('is as people would write it', () => {
    const both = [
      [ORDERS, 'read:orders'],
      [ORDERS, 'write:orders'],
      [BILLING, 'read:invoices'],
    ] as const
    expect(
      write([
        user('auth0|2', ...both),
        user('auth0|1', ...both),
        user('auth0|3', [ORDERS, 'read:orders']),
        user('auth0|4'),
      ]),
    ).toBe(
      `# What these users hold directly, as exported from the tenant.
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
  - id: auth0|3
    permissions:
      orders: [read:orders]
  - id: auth0|4
`,
    )
  })

  it('of nobody is a manifest too', () => {
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
    ['__proto__', 'proto'],
  ])('calls the API %s %s', (identifier, alias) => {
    expect(write([user('u', [identifier, 'p'])])).toContain(`\n  ${alias}: `)
  })

  it('tells APIs apart that would have the same name', () => {
    const text = write([user('u', ['https://orders.acme.com/', 'p'], ['https://orders.acme.org/', 'p'])])
    expect(text).toContain('  orders: https://orders.acme.com/\n  orders-2: https://orders.acme.org/')
  })

  it.each([
    ['a blank at the end of a permission', user('auth0|1', [ORDERS, 'read ']), /"read ".*auth0\|1/],
    ['a name that is too long', user('auth0|1', [ORDERS, 'x'.repeat(281)]), /auth0\|1/],
    ['an identifier with a control character', user('auth0|1', ['a\u0007b', 'p']), /in apis/],
  ])('cannot hold %s, and says so', (_, odd, words) => {
    expect(() => write([odd])).toThrow(words)
  })
})

describe('for all that Auth0 could hold', () => {
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
    '日本', 'a\u2028b',
    'a\u00a0b',
    '<<',
    '__proto__',
  ]
  const name = fc.oneof(
    fc.constantFrom('read:orders', 'write:orders', 'read:invoices', ...NASTY),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(text => !/\p{Cc}|\p{Cs}|^\s|\s$/u.test(text)),
  )
  const api = fc.oneof(fc.constantFrom(ORDERS, BILLING, 'urn:acme:reports', 'https://orders.acme.org/'), name)
  const set = fc.uniqueArray(fc.tuple(api, name), { maxLength: 6, selector: pair => pair.join('\0') })
  const users = fc
    .tuple(
      fc.uniqueArray(fc.oneof(fc.constantFrom('auth0|1', 'waad|a b', 'email|x'), name), { maxLength: 6 }),
      fc.array(set, { minLength: 1, maxLength: 3 }),
    )
    .map(([ids, sets]) => ids.map((id, index) => user(id, ...(sets[index % sets.length] ?? []))))

  it('reads back as exactly what was exported', () => {
    fc.assert(
      fc.property(users, exported => {
        const { manifest, mistakes } = readBack(write(exported))
        expect(mistakes).toEqual([])
        const back = new Map(manifest.users.map(({ id, grants }) => [id, [...grants.keys()].sort()]))
        expect(back).toEqual(new Map(exported.map(({ id, direct }) => [id, [...direct].sort()])))
      }),
    )
  })

  it('is the same whatever the order', () => {
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
