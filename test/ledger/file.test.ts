import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grantOf, roleGrantOf } from '../../src/access/grants.ts'
import { formatLedger, parseLedger } from '../../src/ledger/file.ts'
import type { Entry, Ledger, Listing } from '../../src/ledger/ledger.ts'
import { BILLING, grants, roles } from '../plan/fixtures.ts'
import { HOSTILE_MISTAKES } from '../tools/soak.ts'

const KEY = 'a key that only the workflow has'

const LEDGER: Ledger = {
  tenant: 'acme.eu.auth0.com',
  commit: 'c0ffee',
  branch: 'main',
  latest: { run: 'https://github.com/acme/access/actions/runs/7', commit: 'c0ffee', at: '2026-11-23T12:00:00.000Z' },
  applying: false,
  files: ['m.yml', 'teams/a.yml'],
  users: new Map<string, Entry>([
    ['auth0|1', { listed: ['id'], managed: new Set(grants(['read:orders', 'write:orders'])), unfinished: false }],
    [
      'auth0|2',
      {
        listed: ['id', { email: 'grace@acme.com' }, { email: 'grace@acme.com', connection: 'okta' }],
        managed: new Set([...grants(['read:orders']), ...grants(['read:invoices'], BILLING)]),
        unfinished: true,
      },
    ],
    ['auth0|3', { listed: [], managed: new Set(), unfinished: true }],
  ]),
}

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
/** Without the separator of the two, which no name in a manifest contains. */
const part = fc
  .oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b', '__proto__', 'constructor', '7') }, name)
  .filter(each => !each.includes('\0'))
const grant = fc.oneof(
  fc.tuple(part, part).map(([api, permission]) => grantOf(api, permission)),
  part.map(roleGrantOf),
)
const listing: fc.Arbitrary<Listing> = fc.oneof(
  fc.constant('id' as const),
  fc.record({ email: name, connection: name }, { requiredKeys: ['email'], noNullPrototype: true }),
)
const entry: fc.Arbitrary<Entry> = fc.record({
  listed: fc.array(listing, { maxLength: 3 }),
  managed: fc.uniqueArray(grant, { maxLength: 6 }).map(each => new Set(each)),
  unfinished: fc.boolean(),
})
const text = fc.string({ unit: 'binary', maxLength: 12 })
const time = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
const ledger: fc.Arbitrary<Ledger> = fc.record({
  tenant: name,
  commit: text,
  branch: text,
  latest: fc.record({ run: text, commit: text, at: time.map(each => each.toISOString()) }),
  applying: fc.boolean(),
  files: fc.uniqueArray(name, { maxLength: 4 }).map(each => each.sort()),
  users: fc.uniqueArray(fc.tuple(name, entry), { maxLength: 5, selector: ([id]) => id }).map(each => new Map(each)),
})
const key = fc.option(fc.string({ minLength: 1 }), { nil: undefined })

describe('a ledger file', () => {
  it('has a user’s roles by id after the permissions, and no key roles for a user without any', () => {
    const managed = new Set([...roles('Clerk', 'Auditor'), ...grants(['read:orders'])])
    const users = new Map<string, Entry>([
      ['auth0|1', { listed: ['id'], managed, unfinished: true }],
      ['auth0|2', { listed: ['id'], managed: new Set(), unfinished: false }],
    ])
    const [first, second] = formatLedger({ ...LEDGER, users }, undefined)
      .split('\n')
      .slice(-5)
    expect([first, second]).toEqual([
      '{"id":"auth0|1","listed":["id"],"managed":{"https://orders.acme.com/":["read:orders"]},"roles":["rol_auditor","rol_clerk"],"unfinished":true},',
      '{"id":"auth0|2","listed":["id"],"managed":{}}',
    ])
  })

  it('has one line per property and per user, in order', () => {
    expect(formatLedger(LEDGER, undefined)).toBe(
      [
        '{',
        '"format": 1,',
        '"tenant": "acme.eu.auth0.com",',
        '"commit": "c0ffee",',
        '"branch": "main",',
        '"latest": {"run":"https://github.com/acme/access/actions/runs/7","commit":"c0ffee","at":"2026-11-23T12:00:00.000Z"},',
        '"applying": false,',
        '"files": ["m.yml","teams/a.yml"],',
        '"users": [',
        '{"id":"auth0|1","listed":["id"],"managed":{"https://orders.acme.com/":["read:orders","write:orders"]}},',
        '{"id":"auth0|2","listed":["id",{"email":"grace@acme.com"},{"email":"grace@acme.com","connection":"okta"}],"managed":{"https://billing.acme.com/":["read:invoices"],"https://orders.acme.com/":["read:orders"]},"unfinished":true},',
        '{"id":"auth0|3","listed":[],"managed":{},"unfinished":true}',
        ']',
        '}',
        '',
      ].join('\n'),
    )
  })

  it('ends with its seal, on a line of its own', () => {
    const [unsealed, sealed] = [undefined, KEY].map(each => formatLedger(LEDGER, each).split('\n'))
    expect(sealed?.slice(0, -4)).toEqual(unsealed?.slice(0, -3))
    expect(sealed?.slice(-4)).toEqual(['],', expect.stringMatching(/^"seal": "hmac-sha256:[0-9a-f]{64}"$/), '}', ''])
  })

  it('has an empty list if there are no users', () => {
    expect(formatLedger({ ...LEDGER, users: new Map() }, undefined)).toContain('"users": []\n}\n')
  })

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(ledger, key, (written, key) => {
        const reading = parseLedger(formatLedger(written, key), key)
        expect(reading).toEqual({ kind: 'ledger', ledger: written, seal: key === undefined ? 'unchecked' : 'right' })
      }),
    )
  })

  it('has the same bytes for equal ledgers, in whatever order they were built', () => {
    fc.assert(
      fc.property(ledger, key, (one, key) => {
        const users = [...one.users]
          .reverse()
          .map(([id, each]) => [id, { ...each, managed: new Set([...each.managed].reverse()) }] as const)
        const other: Ledger = { ...one, files: [...one.files].reverse(), users: new Map(users) }
        expect(formatLedger(other, key)).toBe(formatLedger(one, key))
      }),
    )
  })

  it('has one line per user, whatever their names', () => {
    fc.assert(
      fc.property(ledger, key, (written, key) => {
        const lines = formatLedger(written, key).split('\n')
        const ids = lines.filter(line => line.startsWith('{"id":')).map(line => JSON.parse(line.replace(/,$/, '')).id)
        expect(ids).toEqual([...written.users.keys()].sort())
        const userLines = written.users.size === 0 ? 0 : written.users.size + 1
        expect(lines).toHaveLength(11 + userLines + (key === undefined ? 0 : 1))
      }),
    )
  })
})

describe('a file that is not a ledger', () => {
  const content = JSON.parse(formatLedger(LEDGER, undefined))
  const [user] = content.users

  it.each([
    ['nothing', ''],
    ['not JSON', '{'],
    ['a list', '[]'],
    ['with another format', JSON.stringify({ ...content, format: 2 })],
    ['with an unknown property', JSON.stringify({ ...content, more: 1 })],
    ['without a tenant', JSON.stringify({ ...content, tenant: '' })],
    ['without a time', JSON.stringify({ ...content, latest: { ...content.latest, at: 'yesterday' } })],
    ['with a user without an id', JSON.stringify({ ...content, users: [{ ...user, id: '' }] })],
    [
      'with a user who is listed in an unknown way',
      JSON.stringify({ ...content, users: [{ ...user, listed: ['x'] }] }),
    ],
    ['with a grant without a name', JSON.stringify({ ...content, users: [{ ...user, managed: { a: [''] } }] })],
    ['with an empty seal', JSON.stringify({ ...content, seal: '' })],
  ])('(%s) is unreadable', (_, text) => {
    for (const key of [undefined, KEY]) {
      expect(parseLedger(text, key)).toEqual({ kind: 'unreadable', problem: expect.stringMatching(/.{10}/) })
    }
  })

  it('is reported with the place of the mistake', () => {
    const text = JSON.stringify({ ...content, users: [user, { ...user, id: 1 }] })
    expect(parseLedger(text, undefined)).toMatchObject({ problem: expect.stringMatching(/^users\.1\.id: /) })
  })

  it('may be one with a duplicate user', () => {
    const text = JSON.stringify({ ...content, users: [user, user] })
    expect(parseLedger(text, undefined)).toEqual({ kind: 'unreadable', problem: 'it lists a user twice' })
  })
})

describe('a hostile file', () => {
  const DEEP = 150_000
  const content = JSON.parse(formatLedger(LEDGER, undefined))
  const [user] = content.users
  const many = <T>(item: T): readonly T[] => Array.from({ length: HOSTILE_MISTAKES }, () => item)
  const withUser = (changes: object) => JSON.stringify({ ...content, users: [{ ...user, ...changes }] })
  const deep = (open: string, close: string) => `${open.repeat(DEEP)}1${close.repeat(DEEP)}`
  /** Replaces a part of the JSON with text that no JavaScript value is serialized to. */
  const spliced = (place: string, json: string) => JSON.stringify(content).replace(place, json)

  it.each<[string, () => string]>([
    ['with a mistake in each of very many files', () => JSON.stringify({ ...content, files: many(1) })],
    ['with a mistake in each of very many users', () => JSON.stringify({ ...content, users: many(1) })],
    ['with a mistake in each of a user’s very many addresses', () => withUser({ listed: many(1) })],
    ['with a mistake in each of an API’s very many names', () => withUser({ managed: { a: many(1) } })],
    [
      'with a mistake in each of a user’s very many APIs',
      () => withUser({ managed: Object.fromEntries(many(1).map((each, index) => [`a${index}`, each])) }),
    ],
    ['with very many unknown properties', () => JSON.stringify({ ...content, ...many(1) })],
    ['of nested lists', () => deep('[', ']')],
    ['of nested objects', () => deep('{"a":', '}')],
    ['with a user listed by nested lists', () => spliced('"listed":["id"]', `"listed":${deep('[', ']')}`)],
    ['with a prototype', () => spliced('{', '{"__proto__":{"format":1},')],
    ['with a user with a prototype', () => spliced('{"id"', '{"__proto__":{"unfinished":true},"id"')],
    ['with users as an object', () => JSON.stringify({ ...content, users: { ...content.users } })],
    ['with a user with another mark', () => withUser({ unfinished: false })],
    ['with a user’s permissions as a list', () => withUser({ managed: [['a', ['b']]] })],
    ['with an address and an id', () => withUser({ listed: [{ email: 'a@acme.com', id: 'u' }] })],
    ['with a connection without an address', () => withUser({ listed: [{ connection: 'okta' }] })],
  ])('(%s) is unreadable for a reason', { timeout: 60_000 }, (_, textOf) => {
    const text = textOf()
    for (const key of [undefined, KEY]) {
      expect(parseLedger(text, key)).toEqual({ kind: 'unreadable', problem: expect.stringMatching(/^.{10,300}$/) })
    }
  })

  it('may have names with a meaning in JavaScript, which are ordinary names here', () => {
    const names = ['__proto__', 'constructor', 'toString']
    const managed = new Set(names.flatMap(api => grants(names, api)))
    const listed = names.map(email => ({ email, connection: email }))
    const users = new Map(names.map(id => [id, { listed, managed, unfinished: false }]))
    const reading = parseLedger(formatLedger({ ...LEDGER, users }, KEY), KEY)
    expect(reading).toEqual({ kind: 'ledger', ledger: { ...LEDGER, users }, seal: 'right' })
  })

  it('with a duplicate property does not have the seal of either', () => {
    const sealed = formatLedger(LEDGER, KEY)
    for (const line of [/"users": \[\n/, /"applying": .*/, /"tenant": .*/]) {
      const twice = sealed.replace(line, found =>
        found.endsWith('\n') ? `"users": [],\n${found}` : `${found}\n${found}`,
      )
      expect(parseLedger(twice, KEY)).toMatchObject({ kind: 'ledger', ledger: LEDGER, seal: 'wrong' })
    }
  })
})

describe('a seal', () => {
  const sealed = formatLedger(LEDGER, KEY)

  function sealOf(content: string, key: string | undefined = KEY): string {
    const reading = parseLedger(content, key)
    return reading.kind === 'ledger' ? reading.seal : reading.kind
  }

  function withSealOf(other: string): string {
    return sealed.replace(/"seal": .*/, /"seal": .*/.exec(other)?.[0] ?? '')
  }

  it('is valid for the key that it was made with', () => {
    expect(sealOf(sealed)).toBe('right')
    expect(sealOf(sealed, 'another key')).toBe('wrong')
  })

  it('is unchecked without a key, and missing if a key expects one', () => {
    expect(parseLedger(sealed, undefined)).toMatchObject({ seal: 'unchecked' })
    expect(parseLedger(sealed.replace('hmac', 'HMAC'), undefined)).toMatchObject({ seal: 'unchecked' })
    expect(sealOf(formatLedger(LEDGER, undefined))).toBe('missing')
  })

  it('is invalid once a single byte is changed, removed or added', () => {
    const bytes = Buffer.from(sealed)
    const found = new Set<string>()
    for (const [at, byte] of bytes.entries()) {
      const changed = [byte ^ 1, byte ^ 0x20, byte ^ 0x80, 0x20].map(each => [each])
      for (const edit of [...changed, [], [byte, 0x20], [byte, byte]]) {
        const content = Buffer.concat([bytes.subarray(0, at), Buffer.from(edit), bytes.subarray(at + 1)])
        if (!content.equals(bytes)) found.add(sealOf(content.toString('utf8')))
      }
    }
    expect([...found].sort()).toEqual(['unreadable', 'wrong'])
  })

  it.each([
    ['with the seal twice', sealed.replace(/"seal": .*/, '$&,\n$&')],
    [
      'with the seal first',
      sealed.replace(/,\n("seal": .*)/, '').replace('{', `{\n${/"seal": .*/.exec(sealed)?.[0]},`),
    ],
    ['with other line endings', sealed.replaceAll('\n', '\r\n')],
    ['without its last newline', sealed.slice(0, -1)],
    ['with the seal in capitals', sealed.replace(/[0-9a-f]{64}/, hash => hash.toUpperCase())],
    ['with the seal of another ledger', withSealOf(formatLedger({ ...LEDGER, applying: true }, KEY))],
    ['with a seal by another key', withSealOf(formatLedger(LEDGER, 'another key'))],
    ['on one line', JSON.stringify(JSON.parse(sealed))],
  ])('is invalid in a file %s', (_, content) => {
    expect(content).not.toBe(sealed)
    expect(sealOf(content)).toBe('wrong')
  })
})
