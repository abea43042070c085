// The promises of the ledger, against an oracle: whatever revisions, people, failures, kills and other runs come before,
// nobody who is listed loses what is asked for, nobody who was removed keeps what the action gave, no grant made by hand
// is revoked by `revoke: managed`, and after a healthy run a further one changes nothing.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { SEQUENCES } from '../tools/soak.ts'
import { acme, BILLING, ORDERS } from './acme.ts'
import type { ActionRun } from './action.ts'
import { acmeRepository, manifestOf, type Repository } from './repository.ts'

const PEOPLE = ['ada', 'grace', 'joan', 'mary'] as const
type Person = (typeof PEOPLE)[number]

/** What the manifest may ask for, and what people give by hand. */
const ASKED = ['a', 'b', 'c']
const BY_HAND = ['x', 'y']
const APIS = [
  { identifier: ORDERS, permissions: [...ASKED, ...BY_HAND] },
  { identifier: BILLING, permissions: ['z'] },
]

const entry = fc.record({
  by: fc.constantFrom('id', 'email', 'email'),
  permissions: fc.uniqueArray(fc.constantFrom(...ASKED)),
  /** Whether one more permission is listed that has expired. */
  expired: fc.boolean(),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

const event = fc.oneof(
  fc.record({ kind: fc.constant('hand'), person: fc.constantFrom(...PEOPLE), permission: fc.constantFrom(...BY_HAND) }),
  fc.record({ kind: fc.constant('drop'), person: fc.constantFrom(...PEOPLE), permission: fc.constantFrom(...BY_HAND) }),
  fc.record({ kind: fc.constant('swap'), person: fc.constantFrom(...PEOPLE), other: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constantFrom('verify', 'unverify', 'delete', 'create'), person: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constant('force-push') }),
)
const EVENTS = ['hand', 'drop', 'swap', 'verify', 'unverify', 'delete', 'create', 'force-push']
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

const FATES = ['done', 'skipped', 'failed', 'killed', 'cancelled', 'interleaved', 'undone'] as const

const revision = fc.record({
  events: fc.array(event, { maxLength: 2 }),
  entries: fc.dictionary(fc.constantFrom(...PEOPLE), entry, { noNullPrototype: true }),
  fate: fc.constantFrom('done', 'done', ...FATES),
  /** Before which request, to the tenant or to GitHub, it happens. */
  at: fc.integer({ min: 1, max: 24 }),
  host: fc.constantFrom('tenant', 'github'),
  revoke: fc.constantFrom('managed', 'managed', 'managed', 'never', 'all'),
  scope: fc.constantFrom('all', 'changed'),
})
type Revision = typeof revision extends fc.Arbitrary<infer T> ? T : never

interface World {
  readonly tenant: Tenant
  readonly repository: Repository
  /** The address that each person has now, whether it is verified, and how often the person was made anew. */
  readonly people: Map<Person, { email: string; verified: boolean; exists: boolean }>
}

const idOf = (person: Person) => `auth0|${person}`

async function createWorld(): Promise<World> {
  const people = new Map(
    PEOPLE.map(person => [person, { email: `${person}@acme.com`, verified: true, exists: true }] as const),
  )
  const users = PEOPLE.map(person => ({ id: idOf(person), email: `${person}@acme.com` }))
  const tenant = await acme({ apis: APIS, users })
  return { tenant, repository: await acmeRepository(tenant), people }
}

function held({ tenant, people }: World, person: Person): ReadonlySet<string> {
  if (!people.get(person)?.exists) return new Set()
  return new Set(tenant.grantsOf(idOf(person)).map(({ permission }) => permission))
}

function snapshot(world: World): ReadonlyMap<Person, ReadonlySet<string>> {
  return new Map(PEOPLE.map(person => [person, held(world, person)]))
}

function happen(world: World, event: Event): void {
  const { tenant, repository, people } = world
  if (event.kind === 'force-push') {
    const [newest] = repository.github.history('main')
    const [parent] = newest?.parents ?? []
    if (parent !== undefined) repository.github.moveBranch('main', parent)
    return
  }
  if (!('person' in event)) return
  const { person } = event
  const state = people.get(person)
  if (state === undefined) return
  if (event.kind === 'create' && !state.exists) {
    state.exists = true
    tenant.addUser({ id: idOf(person), email: state.email, emailVerified: state.verified })
  }
  if (!state.exists) return
  const update = (of: Person) => {
    const { email, verified, exists } = people.get(of) ?? state
    if (exists) tenant.setEmail(idOf(of), email, verified)
  }
  switch (event.kind) {
    case 'hand':
    case 'drop':
      if ('permission' in event) {
        tenant[event.kind === 'hand' ? 'grant' : 'revoke'](idOf(person), { api: ORDERS, permission: event.permission })
      }
      return
    case 'swap': {
      const other = 'other' in event ? people.get(event.other) : undefined
      if (other === undefined || other === state || !('other' in event)) return
      ;[state.email, other.email] = [other.email, state.email]
      update(person)
      update(event.other)
      return
    }
    case 'verify':
    case 'unverify':
      state.verified = event.kind === 'verify'
      update(person)
      return
    case 'delete':
      state.exists = false
      tenant.removeUser(idOf(person))
  }
}

/** The manifest lists a person by the address that the person began with, whoever has it now. */
function usersOf(entries: Revision['entries']): readonly object[] {
  return Object.entries(entries).map(([person, { by, permissions, expired }]) => ({
    [by]: by === 'id' ? idOf(person as Person) : `${person}@acme.com`,
    permissions: { [ORDERS]: [...permissions, ...(expired ? expiredOf(permissions) : [])] },
  }))
}

function expiredOf(permissions: readonly string[]): readonly object[] {
  const [name] = ASKED.filter(permission => !permissions.includes(permission))
  return name === undefined ? [] : [{ name, expires: '2020-01-01' }]
}

interface Meaning {
  readonly desired: readonly string[]
  /** Who the entry may mean; undefined if it may mean anybody. */
  readonly candidates: readonly Person[] | undefined
  /** Who it means for sure. */
  readonly person: Person | undefined
}

/** By the world as it is, and by what the ledger remembers. */
function meaningsOf(
  { people, repository }: World,
  { entries, scope }: Pick<Revision, 'entries' | 'scope'>,
): readonly Meaning[] {
  const ledger = repository.ledger()?.users ?? []
  return Object.entries(entries).map(([name, { by, permissions }]: [string, Entry]) => {
    const person = name as Person
    if (by === 'id') return { desired: permissions, candidates: [person], person }
    const address = `${person}@acme.com`
    const having = PEOPLE.filter(each => people.get(each)?.exists && people.get(each)?.email === address)
    const remembered = ledger.find(({ listed }) => JSON.stringify(listed).includes(`"${address}"`))?.id
    const known = PEOPLE.find(each => idOf(each) === remembered)
    // An address that the ledger remembers may not be looked up again.
    const found = known !== undefined && scope === 'changed' ? [] : having
    const candidates = [...new Set([...found, ...(known === undefined ? [] : [known])])]
    const [match] = having.filter(each => people.get(each)?.verified)
    const meant = match !== undefined && (known === undefined || known === match) ? match : undefined
    return { desired: permissions, candidates: candidates.length === 0 ? undefined : candidates, person: meant }
  })
}

function arm({ tenant, repository }: World, { fate, at, host }: Revision, kill: (signal: NodeJS.Signals) => void) {
  let requests = 0
  const isHit = () => ++requests === at
  if (fate === 'failed') {
    let armed = true
    const when = ({ method }: { readonly method: string }) => armed && method !== 'GET' && ++requests > at % 4
    tenant.fault({ kind: 'status', status: 400, body: {}, when, times: Number.POSITIVE_INFINITY })
    return () => {
      armed = false
    }
  }
  const signal = fate === 'killed' ? 'SIGKILL' : 'SIGINT'
  if (host === 'github') {
    return repository.github.onRequest(() => {
      if (isHit()) kill(signal)
    })
  }
  let armed = true
  const when = () => {
    if (armed && isHit()) kill(signal)
    return armed && fate === 'killed' && requests === at
  }
  tenant.fault({ kind: 'reset', after: at % 2 === 0 ? 'effect' : 'nothing', when, times: 1 })
  return () => {
    armed = false
  }
}

async function apply(world: World, revision: Revision): Promise<ActionRun> {
  const { repository } = world
  const { fate, revoke, scope, at } = revision
  const commit = repository.commit(manifestOf(usersOf(revision.entries)))
  const inputs = { revoke, scope, 'max-revocations': '1000' }
  if (fate === 'interleaved') {
    let requests = 0
    const stop = repository.github.onRequest(async () => {
      if (++requests === at) await repository.run(commit, { inputs, run: { runId: 1_000 } })
    })
    try {
      return await repository.run(commit, { inputs })
    } finally {
      stop()
    }
  }
  let disarm = () => undefined as unknown
  const run = await repository.run(commit, {
    inputs,
    ...(fate === 'done' || fate === 'undone'
      ? {}
      : {
          onStart: (kill: (signal: NodeJS.Signals) => void) => {
            disarm = arm(world, revision, kill)
          },
        }),
  })
  disarm()
  return run
}

/** Whatever becomes of the run. */
function checkLosses(
  before: ReadonlyMap<Person, ReadonlySet<string>>,
  world: World,
  meanings: readonly Meaning[],
): void {
  for (const { desired, candidates = PEOPLE } of meanings) {
    for (const person of candidates) {
      const had = desired.filter(permission => before.get(person)?.has(permission))
      expect(
        had.filter(permission => !held(world, person).has(permission)),
        `${person} lost`,
      ).toEqual([])
    }
  }
}

function checkByHand(before: ReadonlyMap<Person, ReadonlySet<string>>, world: World): void {
  for (const person of PEOPLE) {
    const lost = BY_HAND.filter(
      permission => before.get(person)?.has(permission) && !held(world, person).has(permission),
    )
    expect(lost, `given to ${person} by hand`).toEqual([])
  }
}

/** After a run that says that all went well. */
function checkHealthy(world: World, meanings: readonly Meaning[]): void {
  for (const person of PEOPLE.filter(each => world.people.get(each)?.exists)) {
    const desired = new Set(meanings.filter(each => each.person === person).flatMap(each => each.desired))
    const live = [...held(world, person)].filter(permission => ASKED.includes(permission))
    expect(live.sort(), person).toEqual([...desired].sort())
  }
}

async function undo({ repository }: World, run: ActionRun, entries: Revision['entries']): Promise<void> {
  const files = { '.github/auth0-permissions.yml': manifestOf(usersOf(entries)), 'undo.json': run.undoPlan }
  const digest = run.outputs['undo-plan-digest'] ?? ''
  const inputs = { 'plan-file': 'undo.json', 'approved-plan': digest, 'max-revocations': '1000' }
  await repository.run(repository.head(), { files, inputs })
}

async function play(revisions: readonly Revision[]): Promise<void> {
  const world = await createWorld()
  for (const revision of revisions) {
    for (const each of revision.events) happen(world, each)
    if (revision.fate === 'skipped') continue
    const before = snapshot(world)
    const meanings = meaningsOf(world, revision)
    const run = await apply(world, revision)
    expect(run.log).not.toContain('defect')
    checkLosses(before, world, meanings)
    if (revision.revoke !== 'all') checkByHand(before, world)
    const identified = meanings.every(({ person }) => person !== undefined && world.people.get(person)?.exists)
    // An entry that has not changed is not looked up with scope: changed, and so cannot fail.
    if (revision.fate === 'done' && (identified || revision.scope === 'all')) {
      expect(run.exitCode, run.log).toBe(identified ? 0 : 1)
    }
    if (run.exitCode === 0 && revision.revoke === 'managed' && identified) checkHealthy(world, meanings)
    if (revision.fate === 'undone' && run.undoPlan !== '') {
      const done = snapshot(world)
      await undo(world, run, revision.entries)
      checkByHand(done, world)
    }
  }
  await settle(world)
}

/** In the end, everything is as it should be, and stays so. */
async function settle(world: World): Promise<void> {
  const { repository } = world
  const entries = Object.fromEntries(
    PEOPLE.slice(0, 2).map(person => [person, { by: 'id', permissions: ['a'], expired: false }]),
  )
  for (const person of PEOPLE) happen(world, { kind: 'create', person })
  const commit = repository.commit(manifestOf(usersOf(entries as Revision['entries'])))
  const before = snapshot(world)
  const healthy = await repository.run(commit, { inputs: { 'max-revocations': '1000' } })
  expect(healthy.exitCode, healthy.log).toBe(0)
  checkHealthy(world, meaningsOf(world, { entries: entries as Revision['entries'], scope: 'all' }))
  checkByHand(before, world)
  const log = repository.ledgerLog()
  const further = await repository.run(commit)
  expect(further.outputs).toMatchObject({ result: 'unchanged' })
  expect(repository.ledgerLog()).toEqual(log)
}

it('hold over sequences of 20 revisions of any kind', { timeout: 60_000 * SEQUENCES }, async () => {
  const kinds = new Set<string>()
  const sequence = fc.array(revision, { minLength: 20, maxLength: 20 })
  const property = fc.asyncProperty(sequence, async revisions => {
    for (const { fate, events } of revisions)
      for (const kind of [fate, ...events.map(each => each.kind)]) kinds.add(kind)
    await play(revisions)
  })
  // The first sequence of this seed has every kind.
  await fc.assert(property, { numRuns: SEQUENCES, seed: 175, endOnFailure: true })
  expect([...kinds].sort()).toEqual([...FATES, ...EVENTS].sort())
})
