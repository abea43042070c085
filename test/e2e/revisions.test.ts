// The ledger's promises, checked against an oracle. Whatever revisions, people, failures, kills and other runs came
// before: no listed user loses a requested grant, no removed user keeps a grant that the action made, no grant made by
// hand is revoked by `revoke: managed`, and a run after a successful one changes nothing.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { SEQUENCE_SEEDS, SEQUENCES } from '../tools/soak.ts'
import { acme, BILLING, CLIENT, MANIFEST, ORDERS } from './acme.ts'
import type { ActionRun } from './action.ts'
import { acmeRepository, type Repository } from './repository.ts'

const PEOPLE = ['ada', 'grace', 'joan', 'mary'] as const
type Person = (typeof PEOPLE)[number]

/** What the manifest may request, and what people grant by hand. */
const ASKED = ['a', 'b', 'c']
const BY_HAND = ['x', 'y']
const APIS = [
  { identifier: ORDERS, permissions: [...ASKED, ...BY_HAND] },
  { identifier: BILLING, permissions: ['z'] },
]

/** The same for roles. Each may be renamed, and deleted and created again with another id. */
const ROLES_ASKED = ['first', 'second'] as const
const ROLES = [...ROLES_ASKED, 'by hand'] as const
type RoleKey = (typeof ROLES)[number]
const SCOPES = [
  ...['read:users', 'update:users', 'read:resource_servers'],
  ...['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
]

const entry = fc.record({
  by: fc.constantFrom('id', 'email', 'email'),
  permissions: fc.uniqueArray(fc.constantFrom(...ASKED)),
  roles: fc.uniqueArray(fc.constantFrom(...ROLES_ASKED)),
  rolesBy: fc.constantFrom('id', 'name'),
  /** Whether the entry also has an expired permission and an expired role. */
  expired: fc.boolean(),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

const event = fc.oneof(
  fc.record({ kind: fc.constant('hand'), person: fc.constantFrom(...PEOPLE), permission: fc.constantFrom(...BY_HAND) }),
  fc.record({ kind: fc.constant('drop'), person: fc.constantFrom(...PEOPLE), permission: fc.constantFrom(...BY_HAND) }),
  fc.record({ kind: fc.constant('swap'), person: fc.constantFrom(...PEOPLE), other: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constantFrom('verify', 'unverify', 'delete', 'create'), person: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constantFrom('assign', 'unassign'), person: fc.constantFrom(...PEOPLE) }),
  fc.record({ kind: fc.constantFrom('rename', 'delete role', 'create role'), role: fc.constantFrom(...ROLES) }),
  fc.record({ kind: fc.constant('force-push') }),
)
const EVENTS = [
  ...['hand', 'drop', 'swap', 'verify', 'unverify', 'delete', 'create', 'force-push'],
  ...['assign', 'unassign', 'rename', 'delete role', 'create role'],
]
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** `deprived`: a role is deleted during the run, and another renamed. */
const FATES = ['done', 'skipped', 'failed', 'killed', 'cancelled', 'interleaved', 'undone', 'deprived'] as const

const revision = fc.record({
  events: fc.array(event, { maxLength: 2 }),
  entries: fc.dictionary(fc.constantFrom(...PEOPLE), entry, { noNullPrototype: true }),
  fate: fc.constantFrom('done', 'done', ...FATES),
  /** The request to the tenant or to GitHub before which it happens. */
  at: fc.integer({ min: 1, max: 30 }),
  host: fc.constantFrom('tenant', 'github'),
  revoke: fc.constantFrom('managed', 'managed', 'managed', 'never', 'all'),
  scope: fc.constantFrom('all', 'changed'),
  /** Whether the manifest has a catalogue of all roles, including those assigned by hand. */
  catalogue: fc.boolean(),
})
type Revision = typeof revision extends fc.Arbitrary<infer T> ? T : never

interface World {
  readonly tenant: Tenant
  readonly repository: Repository
  /** The current address of each person, whether it is verified, and whether the user exists. */
  readonly people: Map<Person, { email: string; verified: boolean; exists: boolean }>
  /** The roles that exist. */
  readonly roles: Map<RoleKey, { readonly id: string; readonly name: string }>
}

const idOf = (person: Person) => `auth0|${person}`

async function createWorld(): Promise<World> {
  const people = new Map(
    PEOPLE.map(person => [person, { email: `${person}@acme.com`, verified: true, exists: true }] as const),
  )
  const users = PEOPLE.map(person => ({ id: idOf(person), email: `${person}@acme.com` }))
  const tenant = await acme({ apis: APIS, users, clients: [{ ...CLIENT, scopes: SCOPES }] })
  const world: World = { tenant, repository: await acmeRepository(tenant), people, roles: new Map() }
  for (const role of ROLES) happen(world, { kind: 'create role', role })
  return world
}

/** Names of permissions and ids of roles. */
function held({ tenant, people }: World, person: Person): ReadonlySet<string> {
  if (!people.get(person)?.exists) return new Set()
  return new Set([
    ...tenant.grantsOf(idOf(person)).map(({ permission }) => permission),
    ...tenant.rolesOf(idOf(person)),
  ])
}

/** Names of permissions and ids of roles that people grant by hand. */
function byHand({ roles }: World): readonly string[] {
  return [...BY_HAND, ...idsOf(roles, ['by hand'])]
}

function idsOf(roles: World['roles'], keys: readonly RoleKey[]): readonly string[] {
  return keys.flatMap(key => roles.get(key)?.id ?? [])
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
  if ('role' in event) happenToRole(world, event)
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
    case 'assign':
    case 'unassign':
      tenant[event.kind === 'assign' ? 'assignRoles' : 'unassignRoles'](
        idOf(person),
        ...idsOf(world.roles, ['by hand']),
      )
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

function happenToRole({ tenant, roles }: World, { kind, role }: Extract<Event, { readonly role: RoleKey }>): void {
  const existing = roles.get(role)
  if (existing === undefined) {
    if (kind !== 'create role') return
    const permissions = role === 'first' ? [{ api: ORDERS, permission: 'a' }] : []
    roles.set(role, { id: tenant.addRole({ name: role, permissions }), name: role })
  } else if (kind === 'rename') {
    const name = existing.name === role ? `the ${role}` : role
    tenant.renameRole(existing.id, name)
    roles.set(role, { ...existing, name })
  } else if (kind === 'delete role') {
    tenant.deleteRole(existing.id)
    roles.delete(role)
  }
}

/** The manifest uses the current names of roles, and has only roles that exist. */
function manifestIn({ roles }: World, { entries, catalogue }: Pick<Revision, 'entries' | 'catalogue'>): string {
  return JSON.stringify({
    ...(catalogue && { roles: [...roles.values()].map(({ name }) => name) }),
    users: usersOf(entries, roles),
  })
}

/** The manifest lists people by their original addresses, whoever has those now. */
function usersOf(entries: Revision['entries'], roles: World['roles']): readonly object[] {
  return Object.entries(entries).map(([person, { by, permissions, roles: keys, rolesBy, expired }]) => {
    const reference = (key: RoleKey) => roles.get(key)?.[rolesBy] ?? []
    return {
      [by]: by === 'id' ? idOf(person as Person) : `${person}@acme.com`,
      permissions: { [ORDERS]: [...permissions, ...(expired ? expiredOf(ASKED, permissions) : [])] },
      roles: [
        ...keys.flatMap(reference),
        ...(expired ? expiredOf(ROLES_ASKED.flatMap(reference), keys.flatMap(reference)) : []),
      ],
    }
  })
}

function expiredOf(all: readonly string[], desired: readonly string[]): readonly object[] {
  const [name] = all.filter(each => !desired.includes(each))
  return name === undefined ? [] : [{ name, expires: '2020-01-01' }]
}

interface Meaning {
  /** Names of permissions and ids of roles. */
  readonly desired: readonly string[]
  /** The users whom the entry may mean; undefined if it may mean anybody. */
  readonly candidates: readonly Person[] | undefined
  /** The user whom it certainly means. */
  readonly person: Person | undefined
}

/** Derived from the state of the world and from the ledger. */
function meaningsOf(
  { people, repository, roles }: World,
  { entries, scope }: Pick<Revision, 'entries' | 'scope'>,
): readonly Meaning[] {
  const ledger = repository.ledger()?.users ?? []
  return Object.entries(entries).map(([name, { by, permissions, roles: keys }]: [string, Entry]) => {
    const person = name as Person
    const desired = [...permissions, ...idsOf(roles, keys)]
    if (by === 'id') return { desired, candidates: [person], person }
    const address = `${person}@acme.com`
    const having = PEOPLE.filter(each => people.get(each)?.exists && people.get(each)?.email === address)
    const remembered = ledger.find(({ listed }) => JSON.stringify(listed).includes(`"${address}"`))?.id
    const known = PEOPLE.find(each => idOf(each) === remembered)
    // An address that the ledger remembers may not be looked up again.
    const found = known !== undefined && scope === 'changed' ? [] : having
    const candidates = [...new Set([...found, ...(known === undefined ? [] : [known])])]
    const [match] = having.filter(each => people.get(each)?.verified)
    const meant = match !== undefined && (known === undefined || known === match) ? match : undefined
    return { desired, candidates: candidates.length === 0 ? undefined : candidates, person: meant }
  })
}

function arm(world: World, { fate, at, host }: Revision, kill: (signal: NodeJS.Signals) => void) {
  const { tenant, repository } = world
  let requests = 0
  const isHit = () => ++requests === at
  if (fate === 'deprived') {
    const when = () => {
      if (!isHit()) return false
      happenToRole(world, { kind: 'delete role', role: 'first' })
      happenToRole(world, { kind: 'rename', role: 'second' })
      return false
    }
    tenant.fault({ kind: 'delay', ms: 0, when })
    return () => {
      requests = at
    }
  }
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
  const commit = repository.commit(manifestIn(world, revision))
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

/** Holds however the run ends. */
function checkLosses(
  before: ReadonlyMap<Person, ReadonlySet<string>>,
  world: World,
  meanings: readonly Meaning[],
): void {
  for (const { desired, candidates = PEOPLE } of meanings) {
    for (const person of candidates) {
      const had = desired.filter(grant => before.get(person)?.has(grant) && !isGone(world, grant))
      expect(
        had.filter(grant => !held(world, person).has(grant)),
        `${person} lost`,
      ).toEqual([])
    }
  }
}

/** Whether the grant is the id of a deleted role. */
function isGone({ roles }: World, grant: string): boolean {
  return /^rol_/.test(grant) && !roles.values().some(({ id }) => id === grant)
}

function checkByHand(before: ReadonlyMap<Person, ReadonlySet<string>>, world: World): void {
  for (const person of PEOPLE) {
    const lost = byHand(world).filter(grant => before.get(person)?.has(grant) && !held(world, person).has(grant))
    expect(lost, `given to ${person} by hand`).toEqual([])
  }
}

/** Holds after a run that reports success. */
function checkHealthy(world: World, meanings: readonly Meaning[]): void {
  for (const person of PEOPLE.filter(each => world.people.get(each)?.exists)) {
    const desired = new Set(meanings.filter(each => each.person === person).flatMap(each => each.desired))
    const live = [...held(world, person)].filter(grant => !byHand(world).includes(grant))
    expect(live.sort(), person).toEqual([...desired].filter(grant => !isGone(world, grant)).sort())
  }
}

async function undo(world: World, run: ActionRun, revision: Revision): Promise<void> {
  const { repository } = world
  const files = { [MANIFEST]: manifestIn(world, revision), 'undo.json': run.undoPlan }
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
      await undo(world, run, revision)
      checkByHand(done, world)
    }
  }
  await settle(world)
}

/** The final state is the desired one, and another run keeps it. */
async function settle(world: World): Promise<void> {
  const { repository } = world
  const entries = Object.fromEntries(
    PEOPLE.slice(0, 2).map(person => [
      person,
      { by: 'id', permissions: ['a'], roles: ['first'], rolesBy: 'name', expired: false },
    ]),
  )
  for (const person of PEOPLE) happen(world, { kind: 'create', person })
  for (const role of ROLES) happen(world, { kind: 'create role', role })
  const commit = repository.commit(manifestIn(world, { entries: entries as Revision['entries'], catalogue: false }))
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

/** Long, because several sequences run at the same time on few cores. */
const TIMEOUT = { timeout: 120_000 * SEQUENCES }

it.each(SEQUENCE_SEEDS)('the ledger’s promises hold over sequences of 20 revisions, seed %i', TIMEOUT, async seed => {
  const kinds = new Set<string>()
  const sequence = fc.array(revision, { minLength: 20, maxLength: 20 })
  const property = fc.asyncProperty(sequence, async revisions => {
    for (const { fate, events } of revisions)
      for (const kind of [fate, ...events.map(each => each.kind)]) kinds.add(kind)
    await play(revisions)
  })
  // The first sequence of the first seed has every kind.
  await fc.assert(property, { numRuns: SEQUENCES, seed, endOnFailure: true })
  expect([...kinds].sort()).toEqual([...FATES, ...EVENTS].sort())
})
