import { expect, it } from 'vitest'
import { type Grant, grantOf } from '../../src/access/grants.ts'
import type { Unidentified } from '../../src/live/user-state.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import { BILLING, ORDERS } from './fixtures.ts'

const READ = grantOf(ORDERS, 'read')
const WRITE = grantOf(ORDERS, 'write')

function entry(name: string, desired: readonly Grant[], candidates?: readonly string[]): Unidentified {
  return { entry: name, desired: new Set(desired), candidates: candidates && new Set(candidates) }
}

const ANYBODY = entry('ada@acme.com', [READ])
const ONE = entry('bob@acme.com', [READ], ['u'])
const OTHER = entry('eve@acme.com', [READ], ['v'])

const cases: readonly (readonly [string, readonly Unidentified[], Grant, string | undefined])[] = [
  ['without unidentified entries, nothing is held back', [], READ, undefined],
  ['an entry that may mean anybody holds its grant back from everybody', [ANYBODY], READ, 'ada@acme.com'],
  ['an entry that may mean the user holds its grant back', [ONE], READ, 'bob@acme.com'],
  ['an entry that can only mean somebody else holds nothing back', [OTHER], READ, undefined],
  ['an entry that cannot mean any user holds nothing back', [entry('a@x.io', [READ], [])], READ, undefined],
  ['a grant that the entry does not request can be revoked', [ANYBODY, ONE], WRITE, undefined],
  ['the same permission of another API can be revoked', [ANYBODY], grantOf(BILLING, 'read'), undefined],
  ['an entry without permissions holds nothing back', [entry('a@x.io', [])], READ, undefined],
  ['the first entry that may mean the user is named', [OTHER, ONE, ANYBODY], READ, 'bob@acme.com'],
  ['each grant has its own entries', [ONE, entry('ada@acme.com', [WRITE])], WRITE, 'ada@acme.com'],
]

it.each(cases)('%s', (_, entries, grant, expected) => {
  expect(holdBackFor(entries)('u', grant)).toBe(expected)
})
