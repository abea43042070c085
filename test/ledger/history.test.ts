import fc from 'fast-check'
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

describe('properties', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const listed = fc.tuple(fc.constantFrom('u', 'v', 'w'), fc.uniqueArray(name)).map(([id, names]) => user(id, names))
  const revision: fc.Arbitrary<Revision> = fc.uniqueArray(listed, { selector: ({ id }) => id })
  const revisions = fc.array(revision, { maxLength: 4 })
  const facts = fc.record({
    succeeded: fc.boolean(),
    undoes: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  })
  /** Newest first; what takes something back is newer than that. */
  const entries = fc
    .array(facts, { maxLength: 8 })
    .map(all =>
      all
        .map(({ succeeded, undoes }, index) =>
          entry(index + 1, { succeeded, undoes: undoes !== undefined && undoes <= index ? undoes : undefined }),
        )
        .reverse(),
    )

  /** Everything that is asked for, as `user grant`. */
  const asked = (all: readonly Revision[]) =>
    new Set(all.flat().flatMap(({ id, grants }) => [...grants.keys()].map(grant => `${JSON.stringify([id])} ${grant}`)))
  const managed = (all: readonly Revision[]) =>
    new Set([...unionOf(all)].flatMap(([identity, { grants }]) => [...grants].map(grant => `${identity} ${grant}`)))

  it('what is managed is what any revision asked for, no more and no less, in any order', () => {
    fc.assert(
      fc.property(revisions, all => {
        expect(managed(all)).toEqual(asked(all))
        expect(managed([...all].reverse())).toEqual(managed(all))
      }),
    )
  })

  it('who was listed at all is known, also with nothing to ask for', () => {
    fc.assert(
      fc.property(revisions, all => {
        const known = [...unionOf(all)].map(([identity, { user }]) => [identity, user.id])
        const ids = new Set(all.flat().map(({ id }) => id))
        expect(known.sort()).toEqual([...ids].map(id => [JSON.stringify([id]), id]).sort())
      }),
    )
  })

  it('one attempt more never makes anything less managed', () => {
    fc.assert(fc.property(revisions, revision, (all, attempt) => managed(all).isSubsetOf(managed([...all, attempt]))))
  })

  it('no attempt after the base is forgotten, and nothing before it counts', () => {
    fc.assert(
      fc.property(entries, all => {
        const { base, attempts } = historyOf(...all)
        const counted = [...attempts, ...(base === undefined ? [] : [base])]
        expect(counted).toEqual(all.slice(0, counted.length))
        if (base === undefined) expect(counted).toHaveLength(all.length)
      }),
    )
  })

  it('the base is the newest success that neither takes back nor is taken back', () => {
    fc.assert(
      fc.property(entries, all => {
        const takenBack = new Set(all.map(({ undoes }) => undoes))
        const sound = all.filter(each => each.succeeded && each.undoes === undefined && !takenBack.has(each.id))
        expect(historyOf(...all).base).toEqual(sound[0])
      }),
    )
  })

  it('whom revisions change is whose line reads otherwise in one of them', () => {
    fc.assert(
      fc.property(revision, revisions, (base, later) => {
        const line = (from: Revision, id: string) => {
          const found = from.find(each => each.id === id)
          return found && [...found.grants.keys()].sort().join()
        }
        const changed = ['u', 'v', 'w'].filter(id => later.some(each => line(each, id) !== line(base, id)))
        expect([...changedSince(base, later)].sort()).toEqual(changed.map(id => JSON.stringify([id])))
        expect([...changedSince(base, [base])]).toEqual([])
      }),
    )
  })
})
