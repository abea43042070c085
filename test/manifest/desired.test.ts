import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readManifest } from '../../src/manifest/desired.ts'
import { type Document, parseDocument } from '../../src/manifest/load.ts'
import { locateRemarks } from '../../src/manifest/locate.ts'
import { partsOf } from '../../src/plan/grants.ts'

function documentsOf(contents: readonly (string | object)[]): readonly Document[] {
  return contents.flatMap((content, index) =>
    typeof content === 'string'
      ? parseDocument(`m${index + 1}.yml`, content).documents
      : { file: `m${index + 1}.yml`, text: JSON.stringify(content), content },
  )
}

/** Each user's permissions as `api permission`, sorted. */
function desiredOf(contents: readonly (string | object)[], now: string): Readonly<Record<string, readonly string[]>> {
  const { manifest } = readManifest(documentsOf(contents), new Date(now))
  return Object.fromEntries(
    manifest.users.map(({ id, email, grants }) => [
      id ?? email,
      [...grants.keys()].map(grant => Object.values(partsOf(grant)).join(' ')).sort(),
    ]),
  )
}

describe('what is desired', () => {
  it('is what aliases, identifiers and bundles come to', () => {
    const manifest = `
apis: {orders: 'https://orders/'}
bundles: {support: {orders: [read, refund], 'b:': [x]}}
users:
  - {id: u, bundles: [support], permissions: {orders: [write, read], 'https://plain/': [y]}}
  - {email: Grace@Acme.com}`
    expect(desiredOf([manifest], '2026-01-01')).toEqual({
      u: ['b: x', 'https://orders/ read', 'https://orders/ refund', 'https://orders/ write', 'https://plain/ y'],
      'grace@acme.com': [],
    })
  })

  it('of a user in two files is what both ask for', () => {
    const files = [
      { users: [{ id: 'u', permissions: { 'a:': ['x'] } }] },
      { users: [{ id: 'u', permissions: { 'a:': ['y'] } }] },
    ]
    expect(desiredOf(files, '2026-01-01')).toEqual({ u: ['a: x', 'a: y'] })
  })

  it('is all that can be understood, where something else is wrong', () => {
    const manifest = {
      users: [{ id: 'u', bundles: ['none'], permissions: { 'a:': ['x', 7, { nmae: 'z' }], noalias: ['y'] } }, 'text'],
    }
    expect(desiredOf([manifest], '2026-01-01')).toEqual({ u: ['a: x'] })
  })
})

describe('the APIs that the manifest names', () => {
  it('are those under apis, in bundles and of users, sorted, whoever has a permission on them', () => {
    const manifest = {
      apis: { z: 'https://z/' },
      bundles: { b: { 'm:': ['x'] } },
      users: [{ id: 'u', permissions: { 'a:': [] } }],
    }
    expect([...readManifest(documentsOf([manifest]), new Date()).manifest.apis]).toEqual(['a:', 'https://z/', 'm:'])
  })
})

describe('expiry', () => {
  const until = (expires: string) => ({ users: [{ id: 'u', permissions: { 'a:': [{ name: 'x', expires }] } }] })
  it.each([
    ['a date at noon of its day', '2026-12-31', '2026-12-31T12:00:00Z', true],
    ['a date in the last millisecond of its day', '2026-12-31', '2026-12-31T23:59:59.999Z', true],
    ['a date at midnight after it', '2026-12-31', '2027-01-01T00:00:00Z', false],
    ['the 29th of February of a leap year', '2028-02-29', '2028-02-29T10:00:00Z', true],
    ['an instant just before it', '2026-12-31T18:00:00Z', '2026-12-31T17:59:59Z', true],
    ['an instant at it', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00Z', false],
    ['an instant in another zone', '2026-12-31T18:00:00+02:00', '2026-12-31T16:30:00Z', false],
  ])('%s', (_, expires, now, desired) => {
    expect(desiredOf([until(expires)], now)).toEqual({ u: desired ? ['a: x'] : [] })
  })

  it('along one way is the earliest of user, bundle entry and permission', () => {
    const manifest = {
      bundles: { b: { 'a:': ['plain', { name: 'item', expires: '2026-01-10' }] } },
      users: [
        { id: 'u', bundles: [{ name: 'b', expires: '2026-01-20' }] },
        { id: 'v', expires: '2026-01-05', bundles: [{ name: 'b', expires: '2026-01-20' }] },
      ],
    }
    expect(desiredOf([manifest], '2026-01-07')).toEqual({ u: ['a: item', 'a: plain'], v: [] })
    expect(desiredOf([manifest], '2026-01-15')).toEqual({ u: ['a: plain'], v: [] })
  })

  it('by several ways is the latest of them, with its terms', () => {
    const manifest = {
      users: [
        { id: 'u', permissions: { 'a:': [{ name: 'x', expires: '2026-03-01', reason: 'long' }] }, bundles: ['b'] },
      ],
      bundles: { b: { 'a:': [{ name: 'x', expires: '2026-02-01', reason: 'short' }] } },
    }
    const [user] = readManifest(documentsOf([manifest]), new Date('2026-01-01')).manifest.users
    expect([...(user?.grants.values() ?? [])]).toMatchObject([{ expires: '2026-03-01', reason: 'long' }])
    expect(desiredOf([manifest], '2026-02-15')).toEqual({ u: ['a: x'] })
  })

  it('that has come is told about once, at its line', () => {
    const text = `bundles: {b: {'a:': [{name: x, expires: 2026-01-01}]}}
users:
  - {id: u, bundles: [b]}
  - {id: v, bundles: [b], expires: 2099-01-01}`
    const documents = documentsOf([text])
    const { expired, mistakes } = readManifest(documents, new Date('2026-06-01'))
    expect(locateRemarks(documents, expired)).toEqual([
      { place: { file: 'm1.yml', line: 1, column: 41 }, message: expect.stringContaining('"2026-01-01"') },
    ])
    expect(mistakes).toEqual([])
  })
})

describe('properties', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
  const user = fc.record({
    id: fc.constantFrom('u', 'v', 'w'),
    permissions: fc.dictionary(fc.constantFrom('p:', 'q:'), names),
  })
  const files = fc.array(
    fc.uniqueArray(user, { selector: each => each.id }).map(users => ({ users })),
    { minLength: 1 },
  )

  it('the order of files and users never matters', () => {
    fc.assert(
      fc.property(files, contents => {
        const turned = contents.map(({ users }) => ({ users: [...users].reverse() })).reverse()
        expect(desiredOf(turned, '2026-01-01')).toEqual(desiredOf(contents, '2026-01-01'))
      }),
    )
  })

  it('splitting users among files never matters', () => {
    fc.assert(
      fc.property(files, contents => {
        const split = contents.flatMap(({ users }) => users.map(each => ({ users: [each] })))
        expect(desiredOf([...split, { users: [] }], '2026-01-01')).toEqual(desiredOf(contents, '2026-01-01'))
      }),
    )
  })
})
