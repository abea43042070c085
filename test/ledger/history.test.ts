import { describe, expect, it } from 'vitest'
import {
  changedSince,
  type Entry,
  goBack,
  type History,
  NO_HISTORY,
  type Revision,
  unionOf,
} from '../../src/ledger/history.ts'
import type { ListedUser } from '../../src/manifest/desired.ts'
import { grants } from '../plan/fixtures.ts'

const mention = { file: 'm.yml', path: [], on: 'value' } as const

function user(id: string, names: readonly string[]): ListedUser {
  return { id, mention, grants: new Map(grants(names).map(grant => [grant, {}])) }
}

function byEmail(email: string, names: readonly string[], connection?: string): ListedUser {
  return { email, connection, mention, grants: new Map(grants(names).map(grant => [grant, {}])) }
}

function entry(id: number, known: Partial<Entry> = {}): Entry {
  return { id, commit: `c${id}`, at: id, files: undefined, succeeded: false, undoes: undefined, ...known }
}

/** @param entries newest first */
function historyOf(...entries: readonly Entry[]): History {
  return entries.reduce((history, each) => (history.base === undefined ? goBack(history, each) : history), NO_HISTORY)
}

const ids = ({ base, attempts }: History) => [base?.id, attempts.map(({ id }) => id)]

describe('how far back the ledger counts', () => {
  it.each([
    ['nothing, where nothing was applied', [], [undefined, []]],
    ['the latest success alone', [entry(2, { succeeded: true }), entry(1, { succeeded: true })], [2, []]],
    [
      'every attempt after the latest success',
      [entry(4), entry(3), entry(2, { succeeded: true }), entry(1)],
      [2, [4, 3]],
    ],
    ['every attempt, where none succeeded', [entry(2), entry(1)], [undefined, [2, 1]]],
    [
      'over a success that was taken back, to the one before it',
      [entry(3, { succeeded: true, undoes: 2 }), entry(2, { succeeded: true }), entry(1, { succeeded: true })],
      [1, [3, 2]],
    ],
    [
      'over a success that somebody began to take back',
      [entry(3, { undoes: 2 }), entry(2, { succeeded: true }), entry(1, { succeeded: true })],
      [1, [3, 2]],
    ],
  ] as const)('%s', (_, entries, expected) => {
    expect(ids(historyOf(...entries))).toEqual(expected)
  })
})

describe('what is managed', () => {
  const managed = (...revisions: readonly Revision[]) =>
    [...unionOf(revisions)].map(([identity, { grants }]) => [identity, [...grants].sort()])

  it('is what any of the revisions asked for', () => {
    expect(managed([user('u', ['a'])], [user('u', ['b']), user('v', ['c'])])).toEqual([
      ['["u"]', grants(['a', 'b'])],
      ['["v"]', grants(['c'])],
    ])
  })

  it('keeps entries by e-mail apart by their connection', () => {
    const revision = [byEmail('a@acme.com', ['a']), byEmail('a@acme.com', ['b'], 'google')]
    expect(managed(revision).map(([identity]) => identity)).toEqual(['["a@acme.com",""]', '["a@acme.com","google"]'])
  })
})

describe('whom a revision changes', () => {
  const base = [user('same', ['a']), user('more', ['a']), user('less', ['a', 'b']), user('gone', ['a'])]
  const now = [user('same', ['a']), user('more', ['a', 'b']), user('less', ['a']), user('new', [])]

  it('is who gains, loses, comes or goes', () => {
    expect([...changedSince(base, [now])].sort()).toEqual(['["gone"]', '["less"]', '["more"]', '["new"]'])
  })

  it('is also whom an attempt in between asked otherwise for', () => {
    expect([...changedSince(base, [now, base])].sort()).toEqual([...changedSince(base, [now])].sort())
  })

  it('is nobody, where nothing differs', () => {
    expect([...changedSince(base, [[...base].reverse(), base])]).toEqual([])
  })
})
