import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, grantOf, roleGrantOf } from '../../src/access/grants.ts'
import { MAX_LISTED_GRANTS } from '../../src/manifest/desired.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { type Document, locateRemarks, readManifest } from '../../src/manifest/manifest.ts'
import { userIdentity } from '../../src/manifest/read.ts'

function documentsOf(contents: readonly (string | object)[]): readonly Document[] {
  return contents.flatMap(
    (content, index) =>
      parseDocument(`m${index + 1}.yml`, typeof content === 'string' ? content : JSON.stringify(content)).documents,
  )
}

/** Each user's permissions as `api permission`, sorted. */
function desiredOf(contents: readonly (string | object)[], now: string): Readonly<Record<string, readonly string[]>> {
  const { manifest } = readManifest(documentsOf(contents), new Date(now))
  return Object.fromEntries(
    manifest.users.map(({ id, email, grants }) => [
      id ?? email,
      [...grants.keys()].map(grant => Object.values(accessOf(grant)).join(' ')).sort(),
    ]),
  )
}

/** The end of a day, in UTC. */
function end(date: string): number {
  return Date.parse(date) + 24 * 3600 * 1000
}

describe('what is desired', () => {
  it('is resolved from aliases, identifiers and bundles', () => {
    const manifest = `
apis: {orders: 'https://orders/'}
bundles: {support: {orders: [read, refund], 'b:': [x]}}
users:
  - {id: a|u, bundles: [support], permissions: {orders: [write, read], 'https://plain/': [y]}}
  - {email: Grace@Acme.com}`
    expect(desiredOf([manifest], '2026-01-01')).toEqual({
      'a|u': ['b: x', 'https://orders/ read', 'https://orders/ refund', 'https://orders/ write', 'https://plain/ y'],
      'Grace@Acme.com': [],
    })
  })

  it('for a user in two files is the union of both', () => {
    const files = [
      { users: [{ id: 'a|u', permissions: { 'a:': ['x'] } }] },
      { users: [{ id: 'a|u', permissions: { 'a:': ['y'] } }] },
    ]
    expect(desiredOf(files, '2026-01-01')).toEqual({ 'a|u': ['a: x', 'a: y'] })
  })

  it('for a user listed by address is merged whatever the case of the address, which stays as written, and separate by connection', () => {
    const list = (email: string, permission: string, connection?: string) => ({
      users: [{ email, permissions: { 'a:': [permission] }, ...(connection !== undefined && { connection }) }],
    })
    const files = [
      list('G@acme.com', 'w'),
      list('g@ACME.com', 'x'),
      list('G@acme.com', 'y'),
      list('g@acme.com', 'z'),
      list('g@acme.com', 'z', 'db'),
    ]
    const { users } = readManifest(documentsOf(files), new Date('2026-01-01')).manifest
    expect(
      users.map(({ email, spellings, connection, grants }) => [email, spellings, connection, grants.size]),
    ).toEqual([
      ['G@acme.com', new Set(['g@ACME.com', 'g@acme.com']), undefined, 4],
      ['g@acme.com', undefined, 'db', 1],
    ])
  })

  it('is nothing for an entry without id and e-mail, which lists no user', () => {
    expect(desiredOf([{ users: [{ permissions: { 'a:': ['x'] } }, { connection: 'db' }] }], '2026-01-01')).toEqual({})
  })

  it('is nothing for an undefined bundle, even if the entry has no name', () => {
    const manifest = {
      bundles: { b: { 'a:': ['x'], alias: ['y'] } },
      users: [{ id: 'a|u', bundles: ['c', 7, { expires: '2099-01-01' }, { name: 'b' }] }],
    }
    expect(desiredOf([manifest], '2026-01-01')).toEqual({ 'a|u': ['a: x'] })
  })

  it('is nothing for an entry with an invalid id, which could reach another endpoint', () => {
    const permissions = { 'a:': ['x'] }
    const users = ['a|u', 'u', '../roles', 'a|'].map(id => ({ id, permissions }))
    expect(desiredOf([{ users }], '2026-01-01')).toEqual({ 'a|u': ['a: x'] })
  })

  it('is nothing on an API whose identifier is longer than 1,000 characters', () => {
    const [allowed, longer] = [`a:${'x'.repeat(998)}`, `a:${'x'.repeat(999)}`]
    const users = [{ id: 'a|u', permissions: { [allowed]: ['x'], [longer]: ['x'] } }]
    expect(desiredOf([{ users }], '2026-01-01')).toEqual({ 'a|u': [`${allowed} x`] })
  })

  it('is everything that can be resolved, if there are mistakes elsewhere', () => {
    const manifest = {
      users: [{ id: 'a|u', bundles: ['none'], permissions: { 'a:': ['x', 7, { nmae: 'z' }], noalias: ['y'] } }, 'text'],
    }
    expect(desiredOf([manifest], '2026-01-01')).toEqual({ 'a|u': ['a: x'] })
  })
})

describe('the APIs that the manifest names', () => {
  it('are those under apis, in bundles and for users, sorted, even without a user who has permissions on them', () => {
    const manifest = {
      apis: { z: 'https://z/' },
      bundles: { b: { 'm:': ['x'] } },
      users: [{ id: 'a|u', permissions: { 'a:': [] } }],
    }
    expect([...readManifest(documentsOf([manifest]), new Date()).manifest.apis]).toEqual(['a:', 'https://z/', 'm:'])
  })

  it('do not include names that are neither alias nor identifier', () => {
    const manifest = { users: [{ id: 'a|u', permissions: { noalias: ['x'], 'a:': ['x'] } }] }
    expect([...readManifest(documentsOf([manifest]), new Date()).manifest.apis]).toEqual(['a:'])
  })
})

describe('the roles that the manifest names', () => {
  it('are those in catalogues and for users, as written', () => {
    const files = [
      { roles: ['Support', 7], users: [{ id: 'a|u', roles: ['rol_1', { name: 'Auditor' }] }] },
      { roles: ['Admin'], users: [{ email: 'a@b.io', roles: ['Support', { expires: '2026-12-31' }] }] },
    ]
    expect(readManifest(documentsOf(files), new Date()).manifest.roles).toEqual(
      new Set(['Support', 'Admin', 'rol_1', 'Auditor']),
    )
  })

  it('are empty for a manifest without roles', () => {
    expect(readManifest(documentsOf([{ users: [{ id: 'a|u' }] }]), new Date()).manifest.roles).toEqual(new Set())
  })
})

describe('the roles of a user', () => {
  const read = (user: object, now = '2026-06-01') =>
    readManifest(documentsOf([{ users: [{ id: 'a|u', ...user }] }]), new Date(now)).manifest.users[0]

  it('are grants, as permissions are', () => {
    expect(
      desiredOf([{ users: [{ id: 'a|u', roles: ['Support'], permissions: { 'a:': ['x'] } }] }], '2026-01-01'),
    ).toEqual({ 'a|u': ['Support', 'a: x'] })
  })

  it('have their own terms, restricted by those of the user', () => {
    const roles = ['R', { name: 'S', expires: '2026-12-31', reason: 'own' }, { name: 'T', expires: '2027-12-31' }]
    expect([...(read({ roles, expires: '2027-06-30', reason: 'given' })?.grants ?? [])]).toMatchObject([
      [roleGrantOf('R'), { expires: '2027-06-30', reason: 'given' }],
      [roleGrantOf('S'), { expires: '2026-12-31', reason: 'own' }],
      [roleGrantOf('T'), { expires: '2027-06-30', reason: 'given' }],
    ])
  })

  it('last until the later expiry if they are listed twice', () => {
    const roles = [
      { name: 'R', expires: '2026-12-31' },
      { name: 'R', expires: '2027-12-31' },
    ]
    expect([...(read({ roles })?.grants ?? [])]).toMatchObject([[roleGrantOf('R'), { expires: '2027-12-31' }]])
  })

  it('expire', () => {
    const user = read({ roles: ['R', { name: 'S', expires: '2026-05-31' }] })
    expect([...(user?.grants.keys() ?? [])]).toEqual([roleGrantOf('R')])
    expect(user?.expired).toEqual(new Set([roleGrantOf('S')]))
  })
})

describe('the place of a user', () => {
  it('is the id or the e-mail of the entry that lists it first', () => {
    const files = [
      { users: [{ id: 'a|u' }, { email: 'g@acme.com' }] },
      { users: [{ email: 'g@acme.com' }, { id: 'a|v' }, { id: 'a|u' }] },
    ]
    const { users } = readManifest(documentsOf(files), new Date('2026-01-01')).manifest
    expect(users.map(({ mention }) => mention)).toEqual([
      { file: 'm1.yml', path: ['users', 0, 'id'], on: 'value' },
      { file: 'm1.yml', path: ['users', 1, 'email'], on: 'value' },
      { file: 'm2.yml', path: ['users', 1, 'id'], on: 'value' },
    ])
  })
})

describe('two entries are for the same user', () => {
  it.each([
    ['with the same id', { id: 'a|u' }, { id: 'a|u' }, true],
    ['but not with different ids', { id: 'a|u' }, { id: 'a|v' }, false],
    [
      'with the same address',
      { email: 'a@x.io', connection: undefined },
      { email: 'a@x.io', connection: undefined },
      true,
    ],
    [
      'with the same address in another case',
      { email: 'A@x.io', connection: 'B' },
      { email: 'a@X.io', connection: 'B' },
      true,
    ],
    [
      'but not with different connections',
      { email: 'a@x.io', connection: 'a' },
      { email: 'a@x.io', connection: 'b' },
      false,
    ],
    [
      'but not if only one has a connection',
      { email: 'a@x.io', connection: 'a' },
      { email: 'a@x.io', connection: undefined },
      false,
    ],
    ['but not if an id looks like an address', { id: 'a@x.io' }, { email: 'a@x.io', connection: undefined }, false],
  ])('%s', (_, one, other, same) => {
    expect(userIdentity(one) === userIdentity(other)).toBe(same)
  })
})

describe('a manifest with more grants than the limit', () => {
  const permissions = Array.from({ length: 1_000 }, (_, index) => `p${index}`)
  // Without an id, so that the entries are counted without being written out.
  const full = { bundles: Array.from({ length: MAX_LISTED_GRANTS / 1_000 }, () => 'b') }
  const read = (...users: readonly object[]) =>
    readManifest(
      documentsOf([{ bundles: { b: { 'a:': permissions.slice(0, 600), 'b:': permissions.slice(600) } }, users }]),
      new Date('2026-01-01'),
    )
  const refusals = (...users: readonly object[]) =>
    [...read(...users).mistakes]
      .map(remark => ({ ...remark, message: remark.message() }))
      .filter(({ message }) => /at most 5/.test(message))

  it('is refused at the first permission above the limit, with the number and what to do', () => {
    const user = { id: 'a|u', permissions: { 'a:': ['x', 'y'], 'b:': ['z'] }, roles: ['R', { name: 'S' }] }
    expect(refusals(full, user, { id: 'a|v' })).toEqual([
      {
        file: 'm1.yml',
        path: ['users', 1],
        on: 'value',
        message:
          'Up to this user, the manifest lists 5000005 permissions and roles; at most 5000000 are allowed, and those of a bundle count for each of its users. List fewer users, or shorten the bundles.',
      },
    ])
  })

  it('is refused at a bundle above the limit', () => {
    const [refusal] = refusals(full, { id: 'a|u' }, { id: 'a|v', bundles: ['b'] })
    expect(refusal).toMatchObject({ path: ['users', 2], message: expect.stringContaining('lists 5001000') })
  })

  it('lists no users', () => {
    expect(read(full, { id: 'a|u', permissions: { 'a:': ['x'] } }).manifest.users).toEqual([])
  })

  it('is accepted at the limit, and undefined bundles do not count', () => {
    expect(refusals({ id: 'a|u', bundles: [{ name: 'none' }, { expires: '2026-01-01' }] }, full)).toEqual([])
    expect(read({ id: 'a|u', permissions: { 'a:': ['x'] } }).manifest.users).toHaveLength(1)
  })
})

describe('expiry', () => {
  const until = (expires: string) => ({ users: [{ id: 'a|u', permissions: { 'a:': [{ name: 'x', expires }] } }] })
  it.each([
    ['a date at noon of its day', '2026-12-31', '2026-12-31T12:00:00Z', true],
    ['a date in the last millisecond of its day', '2026-12-31', '2026-12-31T23:59:59.999Z', true],
    ['a date at midnight after it', '2026-12-31', '2027-01-01T00:00:00Z', false],
    ['the 29th of February of a leap year', '2028-02-29', '2028-02-29T10:00:00Z', true],
    ['an instant just before it', '2026-12-31T18:00:00Z', '2026-12-31T17:59:59Z', true],
    ['an instant exactly at it', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00Z', false],
    ['an instant in another zone', '2026-12-31T18:00:00+02:00', '2026-12-31T16:30:00Z', false],
  ])('%s', (_, expires, now, desired) => {
    expect(desiredOf([until(expires)], now)).toEqual({ 'a|u': desired ? ['a: x'] : [] })
  })

  it('of one path to a grant is the earliest of user, bundle entry and permission', () => {
    const manifest = {
      bundles: { b: { 'a:': ['plain', { name: 'item', expires: '2026-01-10' }] } },
      users: [
        { id: 'a|u', bundles: [{ name: 'b', expires: '2026-01-20' }] },
        { id: 'a|v', expires: '2026-01-05', bundles: [{ name: 'b', expires: '2026-01-20' }] },
      ],
    }
    expect(desiredOf([manifest], '2026-01-07')).toEqual({ 'a|u': ['a: item', 'a: plain'], 'a|v': [] })
    expect(desiredOf([manifest], '2026-01-15')).toEqual({ 'a|u': ['a: plain'], 'a|v': [] })
  })

  it('of several paths to a grant is the latest of them, with its terms', () => {
    const manifest = {
      users: [
        { id: 'a|u', permissions: { 'a:': [{ name: 'x', expires: '2026-03-01', reason: 'long' }] }, bundles: ['b'] },
      ],
      bundles: { b: { 'a:': [{ name: 'x', expires: '2026-02-01', reason: 'short' }] } },
    }
    const [user] = readManifest(documentsOf([manifest]), new Date('2026-01-01')).manifest.users
    expect([...(user?.grants.values() ?? [])]).toMatchObject([{ expires: '2026-03-01', reason: 'long' }])
    expect(desiredOf([manifest], '2026-02-15')).toEqual({ 'a|u': ['a: x'] })
  })

  const terms = (user: object, bundles: object = {}) =>
    readManifest(
      documentsOf([{ users: [{ id: 'a|u', ...user }], bundles }]),
      new Date('2026-01-01'),
    ).manifest.users.flatMap(({ grants }) => [...grants.values()])
  const item = (more: object) => ({ permissions: { 'a:': [{ name: 'x', ...more }] } })
  const forever = Number.POSITIVE_INFINITY
  it.each([
    ['of a bare name are empty', item({}), { until: forever }],
    ['may be only a reason', item({ reason: 'r' }), { until: forever, reason: 'r' }],
    ['may be only an expiry', item({ expires: '2026-02-01' }), { until: end('2026-02-01'), expires: '2026-02-01' }],
    ['do not expire if the date is invalid', item({ expires: 'soon' }), { until: forever, expires: 'soon' }],
    [
      'of the user apply to each permission',
      { ...item({}), expires: '2026-02-01' },
      { until: end('2026-02-01'), expires: '2026-02-01' },
    ],
    [
      'are the earlier expiry, and the reason of the permission',
      { ...item({ expires: '2026-03-01', reason: 'r' }), expires: '2026-02-01' },
      { until: end('2026-02-01'), expires: '2026-02-01', reason: 'r' },
    ],
    [
      'are the expiry of the permission if that is earlier',
      { ...item({ expires: '2026-02-01' }), expires: '2026-03-01' },
      { until: end('2026-02-01'), expires: '2026-02-01' },
    ],
    [
      'are those of the permission if both expire together',
      { ...item({ expires: '2026-02-02T00:00:00Z' }), expires: '2026-02-01' },
      { until: end('2026-02-01'), expires: '2026-02-02T00:00:00Z' },
    ],
    [
      'take the expiry from the user if the permission only has a reason',
      { ...item({ reason: 'r' }), expires: '2026-02-01' },
      { until: end('2026-02-01'), expires: '2026-02-01', reason: 'r' },
    ],
  ])('terms %s', (_, user, expected) => {
    expect(terms(user)).toStrictEqual([expected])
  })

  it('terms of a bundle entry supply a missing reason', () => {
    const bundles = { b: { 'a:': ['x', { name: 'y', reason: 'own' }, { name: 'z', expires: '2026-02-01' }] } }
    expect(terms({ bundles: [{ name: 'b', reason: 'given' }] }, bundles)).toStrictEqual([
      { until: forever, reason: 'given' },
      { until: forever, reason: 'own' },
      { until: end('2026-02-01'), expires: '2026-02-01', reason: 'given' },
    ])
  })

  it('terms of a grant that is listed twice with the same expiry are the first', () => {
    const twice = { permissions: { 'a:': [{ name: 'x', reason: 'first' }] }, bundles: ['b'] }
    const bundles = { b: { 'a:': [{ name: 'x', reason: 'second' }] } }
    expect(terms(twice, bundles)).toStrictEqual([{ until: forever, reason: 'first' }])
  })

  it('that is now has passed', () => {
    const documents = documentsOf([until('2026-01-01T00:00:00Z')])
    const [remark, ...others] = readManifest(documents, new Date('2026-01-01')).expired
    expect(remark).toMatchObject({
      file: 'm1.yml',
      path: ['users', 0, 'permissions', 'a:', 0, 'expires'],
      on: 'value',
    })
    expect(remark?.message()).toBe(
      '"x" of a|u expired at 2026-01-01T00:00:00Z and no longer applies; remove it, or give it a later date.',
    )
    expect(others).toEqual([])
    expect([...readManifest(documents, new Date('2025-12-31T23:59:59.999Z')).expired]).toEqual([])
  })

  it('that is invalid has not passed', () => {
    expect([...readManifest(documentsOf([until('soon')]), new Date('2026-01-01')).expired]).toEqual([])
  })

  it('that has passed is reported once, at its line', () => {
    const text = `bundles: {b: {'a:': [{name: x, expires: 2026-01-01}]}}
users:
  - {id: a|u, bundles: [b]}
  - {id: a|v, bundles: [b], expires: 2099-01-01}`
    const documents = documentsOf([text])
    const { expired, mistakes } = readManifest(documents, new Date('2026-06-01'))
    expect(locateRemarks(documents, expired)).toEqual([
      { place: { file: 'm1.yml', line: 1, column: 41 }, message: expect.stringContaining('on 2026-01-01') },
    ])
    expect([...mistakes]).toEqual([])
  })

  it.each([
    ["a user's permission", `{id: a|u, permissions: {'a:': [{name: x, expires: 2026-01-01}]}}`, '"x" of a|u'],
    ["an address's", `{email: G@a.io, permissions: {'a:': [{name: x, expires: 2026-01-01}]}}`, '"x" of G@a.io'],
    ["a user's bundle", '{id: a|u, bundles: [{name: b, expires: 2026-01-01}]}', 'The bundle "b" of a|u'],
    ["a user's role", '{id: a|u, roles: [{name: Support, expires: 2026-01-01}]}', 'The role "Support" of a|u'],
    ['a role without its name', '{id: a|u, roles: [{expires: 2026-01-01}]}', 'The entry of a|u'],
    ['a user', '{id: a|u, expires: 2026-01-01}', 'The entry of a|u'],
    ['a bundle without its name', '{id: a|u, bundles: [{expires: 2026-01-01}]}', 'The entry of a|u'],
    ['a user without a name', '{expires: 2026-01-01}', 'This'],
    ['a role of a user without a name', '{roles: [{name: Support, expires: 2026-01-01}]}', 'This'],
    ['a bundle of a user without a name', '{bundles: [{name: b, expires: 2026-01-01}]}', 'This'],
  ])('that has passed is reported with what it ends: %s', (_, user, what) => {
    const [remark] = readManifest(documentsOf([`users: [${user}]`]), new Date('2026-06-01')).expired
    const rest = 'expired on 2026-01-01 and no longer applies; remove it, or give it a later date.'
    expect(remark?.message()).toBe(`${what} ${rest}`)
  })

  it("that has passed is reported for a bundle's permission", () => {
    const text = `bundles: {b: {'a:': [{name: x, expires: 2026-01-01}]}}\nusers: []`
    const [remark] = readManifest(documentsOf([text]), new Date('2026-06-01')).expired
    expect(remark?.message()).toMatch(/^"x" of the bundle "b" expired on /)
  })
})

describe('properties', () => {
  const DAYS = ['2026-01-01', '2026-01-02', '2026-01-03'] as const
  const expires = fc.option(fc.constantFrom(...DAYS), { nil: undefined })
  const permission = fc.record({ name: fc.constantFrom('a', 'b', 'c'), expires }, { requiredKeys: ['name'] })
  const lists = fc.dictionary(fc.constantFrom('p:', 'q:'), fc.uniqueArray(permission, { selector: ({ name }) => name }))
  const bundles = fc.record({ one: lists, two: lists })
  const bundle = fc.record({ name: fc.constantFrom('one', 'two'), expires }, { requiredKeys: ['name'] })
  const user = fc.record(
    {
      id: fc.constantFrom('a|u', 'a|v', 'a|w'),
      permissions: lists,
      bundles: fc.uniqueArray(bundle, { selector: ({ name }) => name }),
      expires,
    },
    { requiredKeys: ['id'] },
  )
  const users = fc.uniqueArray(user, { selector: ({ id }) => id })
  const files = fc.array(
    users.map(users => ({ users })),
    { minLength: 1, maxLength: 3 },
  )
  const moment = fc.constantFrom(
    '2025-12-31T12:00:00Z',
    '2026-01-02T00:00:00Z',
    '2026-01-02T12:00:00Z',
    '2026-01-04T00:00:00Z',
  )

  type User = typeof user extends fc.Arbitrary<infer Value> ? Value : never
  type Bundles = typeof bundles extends fc.Arbitrary<infer Value> ? Value : never

  it('the order of files, users, bundles and permissions never matters', () => {
    const turn = (lists: object = {}) =>
      Object.fromEntries(
        Object.entries(lists)
          .map(([key, items]) => [key, [...items].reverse()])
          .reverse(),
      )
    fc.assert(
      fc.property(bundles, files, moment, ({ one, two }, contents, now) => {
        const turned = contents
          .map(({ users }) => ({
            users: users
              .map(each => ({
                ...each,
                permissions: turn(each.permissions),
                bundles: [...(each.bundles ?? [])].reverse(),
              }))
              .reverse(),
          }))
          .reverse()
        const shared = { bundles: { two: turn(two), one: turn(one) }, users: [] }
        expect(desiredOf([...turned, shared], now)).toEqual(
          desiredOf([{ bundles: { one, two }, users: [] }, ...contents], now),
        )
      }),
    )
  })

  it('several files request the union of their grants', () => {
    fc.assert(
      fc.property(bundles, files, moment, (bundles, contents, now) => {
        const union = new Map<string, Set<string>>()
        for (const content of contents) {
          for (const [id, grants] of Object.entries(desiredOf([{ bundles, ...content }], now))) {
            union.set(id, (union.get(id) ?? new Set()).union(new Set(grants)))
          }
        }
        const expected = [...union].map(([id, grants]) => [id, [...grants].sort()])
        expect(desiredOf([{ bundles, users: [] }, ...contents], now)).toEqual(Object.fromEntries(expected))
      }),
    )
  })

  it('splitting users among files never matters', () => {
    fc.assert(
      fc.property(bundles, files, moment, (bundles, contents, now) => {
        const split = contents.flatMap(({ users }) => users.map(each => ({ users: [each] })))
        const shared = { bundles, users: [] }
        expect(desiredOf([...split, shared], now)).toEqual(desiredOf([...contents, shared], now))
      }),
    )
  })

  /** By definition: on some path from the user to the permission, nothing has expired yet. */
  function asked({ permissions = {}, bundles: entries = [], expires }: User, bundles: Bundles, now: string): string[] {
    const over = (date: string | undefined) => date !== undefined && end(date) <= Date.parse(now)
    const ways = [permissions, ...entries.flatMap(entry => (over(entry.expires) ? [] : [bundles[entry.name]]))]
    const names = ways.flatMap(lists =>
      Object.entries(lists).flatMap(([api, items]) =>
        items.flatMap(item => (over(expires) || over(item.expires) ? [] : `${api} ${item.name}`)),
      ),
    )
    return [...new Set(names)].sort()
  }

  it('a grant is desired at a moment if and only if nothing has expired on some path to it', () => {
    fc.assert(
      fc.property(bundles, users, moment, (bundles, users, now) => {
        const expected = users.map(each => [each.id, asked(each, bundles, now)])
        expect(desiredOf([{ bundles, users }], now)).toEqual(Object.fromEntries(expected))
      }),
      { numRuns: 300 },
    )
  })

  it('the passage of time only removes grants', () => {
    fc.assert(
      fc.property(bundles, users, (bundles, users) => {
        const [before, after] = ['2026-01-02T12:00:00Z', '2026-01-03T12:00:00Z'].map(now =>
          desiredOf([{ bundles, users }], now),
        )
        for (const { id } of users) expect(before?.[id]).toEqual(expect.arrayContaining([...(after?.[id] ?? [])]))
      }),
    )
  })
})

describe('future expiries', () => {
  const NOW = new Date('2026-12-01T00:00:00Z')
  const readExpiries = (...expires: readonly string[]) =>
    readManifest(
      documentsOf([
        {
          users: [
            { id: 'auth0|u', permissions: { 'a:': expires.map((each, at) => ({ name: `p${at}`, expires: each })) } },
          ],
        },
      ]),
      NOW,
    )

  it.each([
    ['none', [], undefined],
    ['only past ones', ['2026-11-30', '2020-01-01'], undefined],
    ['the end of a day in UTC', ['2026-12-31'], '2027-01-01T00:00:00.000Z'],
    ['the earliest of several', ['2027-01-31', '2020-01-01', '2026-12-31T18:00:00+01:00'], '2026-12-31T17:00:00.000Z'],
  ])('the next is: %s', (_, expires, next) => {
    expect(readExpiries(...expires).nextExpiry).toBe(next)
  })

  it.each([
    ['2026-12-01', 'expires on 2026-12-01, within a day.'],
    ['2026-12-01T12:00:00Z', 'expires at 2026-12-01T12:00:00Z, within a day.'],
    ['2026-12-03', 'expires on 2026-12-03, within 3 days.'],
    ['2026-12-07', 'expires on 2026-12-07, within 7 days.'],
  ])('are announced during the week before: %s', (expires, words) => {
    const [remark, ...others] = readExpiries(expires).expiring
    expect(remark).toMatchObject({ path: ['users', 0, 'permissions', 'a:', 0, 'expires'], on: 'value' })
    expect(remark?.message()).toBe(`"p0" of auth0|u ${words} If it is still needed, give it a later date.`)
    expect(others).toEqual([])
  })

  it.each(['2026-12-08', '2026-11-30', 'soon'])(
    'are not announced earlier, afterwards, or without a date: %s',
    expires => {
      expect([...readExpiries(expires).expiring]).toEqual([])
    },
  )

  it('may belong to roles', () => {
    const roles = [{ name: 'R', expires: '2026-12-03' }]
    const { expiring, nextExpiry } = readManifest(documentsOf([{ users: [{ id: 'a|u', roles }] }]), NOW)
    const [remark] = expiring
    expect(remark).toMatchObject({ path: ['users', 0, 'roles', 0, 'expires'], on: 'value' })
    expect(remark?.message()).toMatch(/^The role "R" of a\|u expires on 2026-12-03, within 3 days\./)
    expect(nextExpiry).toBe('2026-12-04T00:00:00.000Z')
  })

  it('keep expired grants with the user, unless another entry still requests them', () => {
    const [user] = readExpiries('2026-11-30', '2027-01-31').manifest.users
    expect([...(user?.expired ?? [])]).toEqual([grantOf('a:', 'p0')])
    expect(readExpiries('2027-01-31').manifest.users[0]?.expired).toBeUndefined()
  })
})
