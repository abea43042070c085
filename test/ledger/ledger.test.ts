import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Grants, NO_GRANTS } from '../../src/access/grants.ts'
import {
  beginUsers,
  changedEntries,
  type Entries,
  type Entry,
  emptyLedger,
  endUsers,
  groupById,
  isUnchanged,
  keyOf,
  type Ledger,
  type Listing,
  listingOf,
  mergeLedgers,
  mergeUsers,
  type Observation,
  type Progress,
  rememberedUsers,
  removedUsers,
  revertUsers,
  type UserResult,
} from '../../src/ledger/ledger.ts'
import type { ListedUser } from '../../src/manifest/manifest.ts'
import { grants } from '../plan/fixtures.ts'

const NOBODY: Entries = new Map()
const mention = { file: 'm.yml', path: [], on: 'value' } as const

function set(...names: readonly string[]): Grants {
  return new Set(grants(names))
}

function entry(managed: readonly string[], known: Partial<Entry> = {}): Entry {
  return { listed: ['id'], managed: set(...managed), unfinished: false, ...known }
}

function byId(id: string, names: readonly string[]): ListedUser {
  return { id, mention, grants: new Map(grants(names).map(grant => [grant, {}])) }
}

function byEmail(email: string, names: readonly string[], connection?: string): ListedUser {
  return { email, connection, mention, grants: new Map(grants(names).map(grant => [grant, {}])) }
}

function observation(user: string, known: Partial<Observation> = {}): Observation {
  return { user, listed: ['id'], desired: set(), live: set(), grant: set(), revoke: set(), byHand: set(), ...known }
}

function progressOf(...observations: readonly Observation[]): Progress {
  return { observations, gone: new Set(), unread: new Set(), listings: new Map() }
}

function managedOf(users: Entries, user: string): Grants {
  return users.get(user)?.managed ?? NO_GRANTS
}

describe('an apply', () => {
  const before = new Map([['u', entry(['a', 'b'])]])
  const change = observation('u', { desired: set('a', 'c'), live: set('a', 'b'), grant: set('c'), revoke: set('b') })

  it('that begins records what it is about to grant, and marks the user', () => {
    const begun = beginUsers(before, progressOf(change))
    expect(begun).toEqual(new Map([['u', entry(['a', 'b', 'c'], { unfinished: true })]]))
  })

  it.each<[string, UserResult | undefined, Entry]>([
    ['done', { status: 'done', revoked: set('b') }, entry(['a', 'c'])],
    ['failed, after a revocation', { status: 'failed', revoked: set('b') }, entry(['a', 'c'], { unfinished: true })],
    ['failed', { status: 'failed', revoked: set() }, entry(['a', 'b', 'c'], { unfinished: true })],
    ['not attempted', { status: 'not attempted', revoked: set() }, entry(['a', 'b'], { unfinished: true })],
    ['unknown because of a defect', undefined, entry(['a', 'b', 'c'], { unfinished: true })],
  ])('that ends records the result of a user: %s', (_, result, expected) => {
    const ended = endUsers(before, { ...progressOf(change), results: new Map(result && [['u', result]]) })
    expect(ended).toEqual(new Map([['u', expected]]))
  })

  it.each<[string, UserResult]>([
    ['done', { status: 'done', revoked: set('b') }],
    ['failed', { status: 'failed', revoked: set('b') }],
  ])('never makes managed what an undo plan gives back to a user who had it by hand: %s', (_, result) => {
    const undo = progressOf({ ...change, grant: set('c', 'hand'), byHand: set('hand') })
    expect(managedOf(beginUsers(before, undo), 'u')).toEqual(set('a', 'b', 'c'))
    expect(managedOf(endUsers(before, { ...undo, results: new Map([['u', result]]) }), 'u')).toEqual(set('a', 'c'))
  })

  it('that has nothing to do for a user settles what is managed', () => {
    const unfinished = new Map([['u', entry(['a', 'b'], { unfinished: true })]])
    const read = observation('u', { desired: set('a', 'c'), live: set('a', 'c') })
    expect(endUsers(unfinished, { ...progressOf(read), results: new Map() })).toEqual(
      new Map([['u', entry(['a', 'c'])]]),
    )
  })

  it('keeps a removed user, as last listed, until nothing is managed', () => {
    const listed: readonly Listing[] = [{ email: 'u@acme.com' }]
    const known = new Map([['u', entry(['a'], { listed })]])
    const progress = progressOf(observation('u', { listed: [], live: set('a'), revoke: set('a') }))
    const end = (result: UserResult) => endUsers(known, { ...progress, results: new Map([['u', result]]) })
    expect(beginUsers(known, progress)).toEqual(new Map([['u', entry(['a'], { listed, unfinished: true })]]))
    expect(end({ status: 'done', revoked: set('a') })).toEqual(NOBODY)
    const half = entry([], { listed, unfinished: true })
    expect(end({ status: 'failed', revoked: set('a') })).toEqual(new Map([['u', half]]))
    expect(beginUsers(NOBODY, progress)).toEqual(new Map([['u', entry([], { listed: [], unfinished: true })]]))
  })

  it('records every way in which a user is listed, including an address whose look-up failed', () => {
    const address: Listing = { email: 'u@acme.com' }
    const other: Listing = { ...address, connection: 'okta' }
    const users = new Map([['u', entry(['a'], { listed: ['id', address] })]])
    const begin = (listed: readonly Listing[], listings: readonly Listing[]) =>
      beginUsers(users, {
        ...progressOf(observation('u', { listed, live: set('a') })),
        listings: new Map([['u', listings]]),
      })
    expect(begin(['id'], ['id', { ...address }])).toEqual(new Map([['u', entry(['a'], { listed: ['id', address] })]]))
    expect(begin([other], [address])).toEqual(new Map([['u', entry(['a'], { listed: [other, address] })]]))
    expect(begin([], [address])).toEqual(new Map([['u', entry(['a'], { listed: [address] })]]))
  })

  it('keeps a user without managed grants whose address could not be looked up', () => {
    const listed: readonly Listing[] = [{ email: 'u@acme.com' }]
    const users = new Map([['u', entry([], { listed })]])
    const progress = { ...progressOf(observation('u', { listed: [] })), listings: new Map([['u', listed]]) }
    expect(endUsers(users, { ...progress, results: new Map() })).toEqual(users)
  })

  it('records a listed user without grants', () => {
    expect(beginUsers(NOBODY, progressOf(observation('u')))).toEqual(new Map([['u', entry([])]]))
  })

  it('forgets users who no longer exist, and updates how unread users are listed', () => {
    const users = new Map([
      ['u', entry(['a'])],
      ['v', entry(['b'], { unfinished: true })],
    ])
    const listed: readonly Listing[] = [{ email: 'v@acme.com' }]
    const listings = new Map([
      ['v', listed],
      ['w', listed],
    ])
    const after = beginUsers(users, { observations: [], gone: new Set(['u']), unread: new Set(), listings })
    expect(after).toEqual(new Map([['v', entry(['b'], { listed, unfinished: true })]]))
  })
})

describe('reverting an apply', () => {
  const listed: readonly Listing[] = [{ email: 'u@acme.com' }]
  const marked = entry([], { unfinished: true })

  it.each<[string, Record<'now' | 'before' | 'after', Entry | undefined>, Entry | undefined]>([
    ['the entry as it was', { now: entry(['a', 'b']), before: entry(['a']), after: entry(['a', 'b']) }, entry(['a'])],
    ['no entry if there was none', { now: entry(['a']), before: undefined, after: entry(['a']) }, undefined],
    [
      'an entry that was removed',
      { now: undefined, before: entry(['a'], { listed }), after: undefined },
      entry(['a'], { listed }),
    ],
    ['no entry if it was removed since', { now: undefined, before: undefined, after: entry(['a']) }, undefined],
    [
      'what later applies made managed',
      { now: entry(['a', 'c']), before: undefined, after: entry(['a']) },
      entry(['c']),
    ],
    [
      'a grant that later applies made managed after this one had revoked it',
      { now: entry(['a', 'b', 'hand']), before: entry(['a', 'b']), after: entry(['a']) },
      entry(['a', 'b', 'hand']),
    ],
    [
      'a grant that should have been revoked but was not, and so is still managed',
      { now: entry(['a', 'kept']), before: entry(['a']), after: entry(['a', 'kept']) },
      entry(['a', 'kept']),
    ],
    [
      'how the user was listed',
      { now: entry(['a']), before: entry(['a'], { listed }), after: entry(['a']) },
      entry(['a'], { listed }),
    ],
    [
      'how a later apply listed the user',
      { now: entry(['a'], { listed }), before: entry(['a'], { listed: [] }), after: entry(['a']) },
      entry(['a'], { listed }),
    ],
    ['a mark from before', { now: entry([]), before: marked, after: entry([]) }, marked],
    ['a mark since then', { now: marked, before: undefined, after: entry([]) }, marked],
  ])('results in %s', (_, { now, before, after }, expected) => {
    const users = new Map(now && [['u', now]])
    const reverted = revertUsers(users, new Map([['u', { before, after, revokes: set('kept') }]]))
    expect(reverted.get('u')).toEqual(expected)
  })
})

describe('an apply that could not read a user', () => {
  it('marks the user, who is read again, and still knows what is managed', () => {
    const users = new Map([
      ['u', entry(['a'])],
      ['v', entry(['b'])],
    ])
    const progress = { ...progressOf(), unread: new Set(['v', 'w']) }
    const marked = new Map([
      ['u', entry(['a'])],
      ['v', entry(['b'], { unfinished: true })],
    ])
    expect(beginUsers(users, progress)).toEqual(marked)
    expect(endUsers(users, { ...progress, results: new Map() })).toEqual(marked)
  })
})

describe('the user whom an entry means', () => {
  it('has its id, or is remembered for its address and connection', () => {
    const okta = { email: 'u@acme.com', connection: 'okta' }
    const remembered = rememberedUsers(
      new Map([
        ['u', entry([], { listed: ['id', { email: 'u@acme.com' }] })],
        ['v', entry([], { listed: [okta, { email: 'v@acme.com' }] })],
      ]),
    )
    expect(remembered).toEqual(
      new Map([
        [keyOf({ email: 'u@acme.com' }), 'u'],
        [keyOf(okta), 'v'],
        [keyOf({ email: 'v@acme.com' }), 'v'],
      ]),
    )
    const listed = [
      byId('u', ['a']),
      byEmail('U@Acme.com', ['b']),
      byEmail('u@acme.com', ['c'], 'okta'),
      byId('new', ['d']),
      byEmail('u@acme.com', ['e'], 'google'),
      byEmail('new@acme.com', ['f']),
    ]
    expect(groupById(listed, remembered)).toEqual({
      known: new Map([
        ['u', [listed[0], listed[1]]],
        ['v', [listed[2]]],
        ['new', [listed[3]]],
      ]),
      unknown: [listed[4], listed[5]],
    })
    expect(groupById([], remembered)).toEqual({ known: new Map(), unknown: [] })
  })

  it.each<[ListedUser, Listing]>([
    [byId('u', []), 'id'],
    [byEmail('U@Acme.com', []), { email: 'u@acme.com' }],
    [byEmail('u@acme.com', [], 'okta'), { email: 'u@acme.com', connection: 'okta' }],
  ])('is remembered by how the manifest lists the user: %#', (user, expected) => {
    expect(listingOf(user)).toStrictEqual(expected)
  })

  it('has a key for each way in which it is listed', () => {
    const listings: readonly Listing[] = ['id', { email: 'id' }, { email: 'a' }, { email: 'a', connection: 'b' }]
    expect(new Set(listings.map(keyOf)).size).toBe(listings.length)
  })
})

describe('a user', () => {
  it.each<[string, boolean, Entry | undefined, readonly ListedUser[]]>([
    ['unknown to the ledger', false, undefined, [byId('u', [])]],
    ['with the managed grants', true, entry(['a', 'b']), [byId('u', ['b', 'a'])]],
    [
      'with the managed grants in several entries',
      true,
      entry(['a', 'b']),
      [byId('u', ['a']), byEmail('u@a.io', ['a', 'b'])],
    ],
    ['without grants, as before', true, entry([]), [byId('u', [])]],
    ['with more grants', false, entry(['a']), [byId('u', ['a', 'b'])]],
    ['with fewer grants', false, entry(['a', 'b']), [byId('u', ['a'])]],
    ['with other grants', false, entry(['a']), [byId('u', ['b'])]],
    ['whom the latest apply left unfinished', false, entry(['a'], { unfinished: true }), [byId('u', ['a'])]],
  ])('%s is unchanged: %s', (_, expected, known, listed) => {
    expect(isUnchanged(known, listed)).toBe(expected)
  })

  const both: readonly Listing[] = ['id', { email: 'u@acme.com' }]
  const inOkta: readonly Listing[] = [{ email: 'u@acme.com', connection: 'okta' }]

  it.each<[string, boolean, Entry | undefined, Entry | undefined]>([
    ['who is new', true, undefined, entry([])],
    ['who is forgotten', true, entry([]), undefined],
    ['with the same grants', false, entry(['a', 'b']), entry(['b', 'a'])],
    ['with the same listings', false, entry([], { listed: both }), entry([], { listed: [...both].reverse() })],
    ['with more grants', true, entry(['a']), entry(['a', 'b'])],
    ['with fewer grants', true, entry(['a', 'b']), entry(['a'])],
    ['with other grants', true, entry(['a']), entry(['b'])],
    ['who is finished', true, entry(['a'], { unfinished: true }), entry(['a'])],
    ['who is listed only by id', true, entry([], { listed: both }), entry([])],
    ['who is listed in a connection', true, entry([], { listed: both.slice(1) }), entry([], { listed: inOkta })],
  ])('%s has a changed entry: %s', (_, expected, before, after) => {
    const usersOf = (each: Entry | undefined): Entries => new Map(each && [['u', each]])
    expect(changedEntries(usersOf(before), usersOf(after))).toEqual(new Set(expected ? ['u'] : []))
  })

  it('is removed if something is managed and the manifest does not list the user', () => {
    const users = new Map([
      ['listed', entry(['a'])],
      ['removed', entry(['a'])],
      ['with nothing', entry([], { unfinished: true })],
    ])
    expect(removedUsers(users, new Map([['listed', true]]))).toEqual(['removed'])
    expect(removedUsers(NOBODY, new Map())).toEqual([])
  })
})

describe('a ledger', () => {
  const empty = emptyLedger('acme.eu.auth0.com')

  it('starts empty', () => {
    expect(empty).toEqual({
      tenant: 'acme.eu.auth0.com',
      commit: '',
      branch: '',
      latest: { run: '', commit: '', at: '' },
      applying: false,
      files: [],
      users: NOBODY,
    })
  })

  it('of another run is merged with the files and the changed users of this one', () => {
    const newer: Ledger = {
      ...empty,
      commit: 'theirs',
      applying: true,
      files: ['a.yml', 'b.yml'],
      users: new Map([['u', entry(['a'])]]),
    }
    const users = new Map([
      ['u', entry(['b'])],
      ['v', entry(['c'])],
      ['unchanged', entry(['d'])],
    ])
    const own: Ledger = { ...empty, commit: 'ours', files: ['b.yml', 'c.yml'], users }
    expect(mergeLedgers({ newer, own }, new Set(['u', 'v', 'forgotten by both']))).toEqual({
      ...newer,
      files: ['a.yml', 'b.yml', 'c.yml'],
      users: new Map([
        ['u', entry(['a', 'b'], { unfinished: true })],
        ['v', entry(['c'], { unfinished: true })],
      ]),
    })
  })
})

describe('properties', () => {
  const USERS = ['u', 'v', 'w']
  const user = fc.constantFrom(...USERS)
  const some = fc.subarray(['a', 'b', 'c', 'd']).map(names => set(...names))
  const listing = fc.constantFrom<Listing>('id', { email: 'u@a.io' }, { email: 'u@a.io', connection: 'okta' })
  const listed = fc.uniqueArray(listing, { selector: keyOf })
  const anyEntry: fc.Arbitrary<Entry> = fc.record({ listed, managed: some, unfinished: fc.boolean() })
  const users: fc.Arbitrary<Entries> = fc
    .uniqueArray(fc.tuple(user, anyEntry), { selector: ([id]) => id })
    .map(entries => new Map(entries))
  const status = fc.constantFrom<UserResult['status']>('done', 'failed', 'not attempted')
  const statuses = fc.record({ u: status, v: status, w: status })

  type Read = Pick<Observation, 'user' | 'listed' | 'desired'> & { readonly live: Grants }

  /** Grants what is missing, and revokes what is managed but not desired. */
  function planned(before: Entries, reads: readonly Read[]): readonly (Observation & Read)[] {
    return reads.map(read => {
      const { user, live } = read
      const desired = read.listed.length === 0 ? set() : read.desired
      const revoke = managedOf(before, user).intersection(live).difference(desired)
      return { ...read, desired, grant: desired.difference(live), revoke, byHand: set() }
    })
  }

  function resultsOf(observations: readonly Observation[], by: Readonly<Record<string, UserResult['status']>> = {}) {
    const concerned = observations.filter(({ grant, revoke }) => grant.size + revoke.size > 0)
    return new Map(
      concerned.map(({ user, revoke }): [string, UserResult] => {
        const status = by[user] ?? 'done'
        return [user, { status, revoked: status === 'done' ? revoke : set() }]
      }),
    )
  }

  function expectSame(actual: Grants, expected: Grants): void {
    expect([...actual].sort()).toEqual([...expected].sort())
  }

  const run = fc
    .tuple(
      users,
      fc.uniqueArray(fc.record({ user, listed, desired: some, live: some }), { selector: read => read.user }),
    )
    .map(([before, reads]) => ({ before, observations: planned(before, reads) }))

  it('an attempted grant stays managed until a read shows otherwise', () => {
    fc.assert(
      fc.property(run, statuses, some, ({ before, observations }, by, live) => {
        const begun = beginUsers(before, progressOf(...observations))
        const results = resultsOf(observations, by)
        const ended = endUsers(begun, { ...progressOf(...observations), results })
        const unread = observations.map(each => ({ ...each, live: undefined, grant: set(), revoke: set() }))
        const later = beginUsers(begun, progressOf(...unread))
        const corrected = beginUsers(
          begun,
          progressOf(
            ...planned(
              begun,
              observations.map(each => ({ ...each, live })),
            ),
          ),
        )
        for (const { user, desired, grant } of observations) {
          expect(grant.isSubsetOf(managedOf(begun, user))).toBe(true)
          const result = results.get(user)
          if (result?.status === 'done' || result?.status === 'failed') {
            expect(grant.isSubsetOf(managedOf(ended, user))).toBe(true)
          }
          if (result !== undefined) expect(ended.get(user)?.unfinished ?? false).toBe(result.status !== 'done')
          expectSame(managedOf(later, user), managedOf(begun, user))
          expectSame(managedOf(corrected, user), managedOf(begun, user).intersection(live).union(desired))
        }
      }),
    )
  })

  it('a grant that is neither live nor desired is not managed after a read', () => {
    fc.assert(
      fc.property(run, statuses, ({ before, observations }, by) => {
        const begun = beginUsers(before, progressOf(...observations))
        const ended = endUsers(before, { ...progressOf(...observations), results: resultsOf(observations, by) })
        for (const { user, live, desired } of observations) {
          for (const after of [begun, ended]) expect(managedOf(after, user).isSubsetOf(live.union(desired))).toBe(true)
        }
      }),
    )
  })

  it('an apply after a killed one converges, whatever that one did', () => {
    fc.assert(
      fc.property(run, some, ({ before, observations }, sent) => {
        const begun = beginUsers(before, progressOf(...observations))
        const next = planned(
          begun,
          observations.map(each => ({
            ...each,
            live: each.live.union(each.grant.intersection(sent)).difference(each.revoke.intersection(sent)),
          })),
        )
        const ended = endUsers(beginUsers(begun, progressOf(...next)), {
          ...progressOf(...next),
          results: resultsOf(next),
        })
        const whole = endUsers(before, { ...progressOf(...observations), results: resultsOf(observations) })
        for (const [index, { user, live, grant, revoke }] of next.entries()) {
          const first = observations[index]
          // The tenant and the ledger are in the same state as without a killed run.
          const held = first?.live.union(first.grant).difference(first.revoke)
          expectSame(live.union(grant).difference(revoke), held ?? set())
          expectSame(managedOf(ended, user), managedOf(whole, user))
          expect(ended.get(user)?.unfinished ?? false).toBe(false)
        }
      }),
    )
  })

  it('after an apply, managed grants are the desired ones and earlier ones that are live and were not revoked', () => {
    fc.assert(
      fc.property(run, some, ({ before, observations }, heldBack) => {
        const partly = observations.map(each => ({ ...each, revoke: each.revoke.difference(heldBack) }))
        for (const start of [before, beginUsers(before, progressOf(...partly))]) {
          const ended = endUsers(start, { ...progressOf(...partly), results: resultsOf(partly) })
          for (const { user, desired, live, revoke } of partly) {
            const kept = managedOf(before, user).intersection(live).difference(revoke)
            expectSame(managedOf(ended, user), desired.union(kept))
            expect(ended.get(user)?.unfinished ?? false).toBe(false)
          }
        }
      }),
    )
  })

  it('grants made by hand never become managed, unless the manifest lists them', () => {
    fc.assert(
      fc.property(run, statuses, ({ before, observations }, by) => {
        const begun = beginUsers(before, progressOf(...observations))
        const ended = endUsers(begun, { ...progressOf(...observations), results: resultsOf(observations, by) })
        for (const { user, live, desired } of observations) {
          const byHand = live.difference(managedOf(before, user)).difference(desired)
          for (const after of [begun, ended]) expect(managedOf(after, user).isDisjointFrom(byHand)).toBe(true)
        }
      }),
    )
  })

  it('entries of users who were not read do not change', () => {
    fc.assert(
      fc.property(run, statuses, ({ before, observations }, by) => {
        const read = new Set(observations.map(({ user }) => user))
        const ended = endUsers(before, { ...progressOf(...observations), results: resultsOf(observations, by) })
        for (const after of [beginUsers(before, progressOf(...observations)), ended]) {
          expect(changedEntries(before, after).isSubsetOf(read)).toBe(true)
        }
      }),
    )
  })

  it('a merge keeps the managed grants of both sides, and marks the users', () => {
    fc.assert(
      fc.property(users, users, fc.subarray(USERS), (newer, own, chosen) => {
        const merged = mergeUsers({ newer, own }, new Set(chosen))
        for (const user of USERS) {
          const [theirs, ours, both] = [newer.get(user), own.get(user), merged.get(user)]
          if (!chosen.includes(user)) {
            expect(both).toBe(theirs)
            continue
          }
          expectSame(managedOf(merged, user), managedOf(newer, user).union(managedOf(own, user)))
          expect(both?.unfinished).toBe(theirs === undefined && ours === undefined ? undefined : true)
          expect(both?.listed).toEqual((ours ?? theirs)?.listed)
        }
      }),
    )
  })

  const finished = users.map(all => new Map(Array.from(all, ([id, entry]) => [id, { ...entry, unfinished: false }])))
  const changesOf = (before: Entries, after: Entries) =>
    USERS.map(user => [user, { before: before.get(user), after: after.get(user), revokes: NO_GRANTS }] as const)

  it('reverting the latest apply results in the entries before it', () => {
    fc.assert(
      fc.property(users, finished, (before, after) => {
        expect(changedEntries(before, revertUsers(after, new Map(changesOf(before, after))))).toEqual(new Set())
        expect(revertUsers(after, new Map())).toEqual(after)
      }),
    )
  })

  it('reverting an earlier apply only takes back what it made managed, and gives back what it did not keep', () => {
    fc.assert(
      fc.property(users, users, users, (before, after, now) => {
        const reverted = revertUsers(now, new Map(changesOf(before, after)))
        for (const user of USERS) {
          const [had, has, holds] = [before, after, now].map(each => managedOf(each, user)) as [Grants, Grants, Grants]
          const gained = has.difference(had)
          expectSame(managedOf(reverted, user), holds.difference(gained).union(had.difference(has)))
        }
      }),
    )
  })
})
