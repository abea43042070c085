// Finds the tenant's users for the manifest's entries, and reads what they hold: look-ups by e-mail, then one read for
// each user. A user who cannot be read does not stop the others.

import { type Grant, type Grants, NO_GRANTS, roleGrantOf, type Terms } from '../access/grants.ts'
import type { Candidate, Live } from '../access/live.ts'
import { TenantError } from '../errors.ts'
import { type Listing, listingOf as ledgerListingOf } from '../ledger/ledger.ts'
import { type Identity, type ListedUser, longerTerms, type Mention } from '../manifest/manifest.ts'
import { type Follow, mapFollowed } from './follow.ts'
import { candidatesOf, type IdentifyOptions, identify } from './identify.ts'
import { type Held, type RoleReader, readRoles } from './roles.ts'
import type { Unidentified, UserEmail, UserState } from './user-state.ts'

/** The reads that a survey uses. */
export interface Reader extends RoleReader {
  /** The users with exactly this address. */
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
}

/** A user to read: listed in the manifest, or only in the ledger. */
export type Subject = Identity & {
  /** False for a removed user. */
  readonly listed: boolean
  /** The place in the manifest that lists the user. */
  readonly mention?: Mention
  /** The same address in other letter cases. */
  readonly spellings?: ReadonlySet<string>
  readonly grants: ReadonlyMap<Grant, Terms>
  readonly expired?: Grants
  /** The user that the address referred to, according to the ledger. */
  readonly remembered?: string | undefined
}

/** A sentence about one user, with the entry that lists the user. */
export interface UserFinding {
  /** The id, or the address if no id was found. */
  readonly user: string
  /** The address, if the manifest lists the user by one. */
  readonly email?: string
  readonly message: string
  readonly mention?: Mention
}

/** How the manifest lists a user: the place, and the address if there is one. */
type Listed = Pick<UserFinding, 'email' | 'mention'>

export function listedAs(user: { readonly email?: string | undefined; readonly mention?: Mention }): Listed {
  const { email, mention } = user
  return { ...(email !== undefined && { email }), ...(mention && { mention }) }
}

interface SurveyedUser extends UserState, Listed {
  /** All listings of the user, for the ledger; empty for a removed user. */
  readonly listings: readonly Listing[]
  /** The addresses among them, as written. */
  readonly addresses: readonly Address[]
}

type Address = Omit<UserEmail, 'user'>

export interface Survey {
  readonly states: readonly SurveyedUser[]
  /** Users who were found by an address, read or not. */
  readonly emails: readonly UserEmail[]
  readonly failures: readonly UserFinding[]
  /** Listed users who do not exist in the tenant. */
  readonly missing: readonly UserFinding[]
  /** Removed users who do not exist in the tenant, or whose ids it refuses. */
  readonly gone: readonly UserFinding[]
  readonly warnings: readonly UserFinding[]
  readonly unidentified: readonly Unidentified[]
}

export interface SurveyOptions {
  /** The number of concurrent requests. */
  readonly width: number
  /** If false, nothing is known of what users hold. */
  readonly readPermissions: boolean
  /** Ids of the roles to look for. */
  readonly roles: ReadonlySet<string>
  /** A user's managed grants, according to the ledger. */
  readonly managedOf: (user: string) => Grants
  /** Other entries for this user, which are not looked up because they have not changed. */
  readonly alsoListed: (user: string) => readonly ListedUser[]
  readonly follow: Follow
}

/** A user whose id is known. */
type KnownUser = Omit<SurveyedUser, 'live' | 'managed'>

type Reading<T> =
  | { readonly kind: 'value'; readonly value: T; readonly warning?: UserFinding }
  | { readonly kind: 'failure' | 'missing'; readonly finding: UserFinding; readonly unidentified?: Unidentified }
  | { readonly kind: 'gone'; readonly finding: UserFinding }

/** @throws TenantError if a failure affects the whole run, NotSentError if the run stops */
export async function survey(subjects: readonly Subject[], reader: Reader, options: SurveyOptions): Promise<Survey> {
  const { alsoListed, managedOf, roles, follow, width } = options
  const identified = await identifySubjects(subjects, reader, options)
  const { users, warnings } = mergeDuplicates(valuesOf(identified))
  const listed = users.map(user => ({
    ...withOtherEntries(user, alsoListed(user.id)),
    managed: managedOf(user.id),
  }))
  const read = await readStates(listed, reader, options)
  const present = valuesOf(read).filter(({ live }) => live !== undefined)
  const held = await readRoles({ users: present.map(({ id }) => id), roles, follow, width }, reader)
  const complete = read.map(reading =>
    reading.kind === 'value' ? withRoles(reading.value, held.get(reading.value.id)) : reading,
  )
  const readings: readonly Reading<unknown>[] = [...identified, ...complete]
  const findings = (kind: 'failure' | 'missing' | 'gone') =>
    readings.flatMap(reading => (reading.kind === kind ? [reading.finding] : []))
  return {
    states: valuesOf(complete),
    emails: listed.flatMap(({ id, addresses }) => addresses.map(address => ({ user: id, ...address }))),
    failures: findings('failure'),
    missing: findings('missing'),
    gone: findings('gone'),
    warnings: [...identified.flatMap(reading => (reading.kind === 'value' && reading.warning) || []), ...warnings],
    unidentified: identified.flatMap(reading => ('unidentified' in reading && reading.unidentified) || []),
  }
}

async function identifySubjects(
  subjects: readonly Subject[],
  reader: Reader,
  { follow, width }: SurveyOptions,
): Promise<readonly Reading<KnownUser>[]> {
  const addressed = subjects.filter(({ email }) => email !== undefined)
  const identifyNext = (subject: Subject) => identifySubject(subject, reader)
  const found = await mapFollowed(addressed, identifyNext, { doing: 'Looking up addresses', follow, width })
  const byAddress = new Map(addressed.map((subject, index) => [subject, found[index]]))
  return Promise.all(subjects.map(subject => byAddress.get(subject) ?? identifyNext(subject)))
}

async function readStates(
  users: readonly Omit<SurveyedUser, 'live'>[],
  reader: Reader,
  { readPermissions, follow, width }: SurveyOptions,
): Promise<readonly Reading<SurveyedUser>[]> {
  if (!readPermissions) return users.map(user => ({ kind: 'value', value: { ...user, live: undefined } }))
  return mapFollowed(users, user => readState(user, reader), { doing: 'Reading users', follow, width })
}

function addressesOf({ email, connection }: Identity): readonly Address[] {
  return email === undefined ? [] : [{ email, ...(connection !== undefined && { connection }) }]
}

async function identifySubject(subject: Subject, reader: Reader): Promise<Reading<KnownUser>> {
  const { id, email, connection, listed, grants, expired = NO_GRANTS, remembered } = subject
  const listings = listed ? [ledgerListingOf(subject)] : []
  const known = { ...listedAs(subject), listed, listings, addresses: addressesOf(subject), desired: grants, expired }
  if (email === undefined) return { kind: 'value', value: { id, ...known } }
  const unidentified = (candidates: ReadonlySet<string> | undefined): { readonly unidentified: Unidentified } => ({
    unidentified: { entry: email, desired: new Set(grants.keys()), candidates },
  })
  const reading = await attempt<KnownUser>({ ...listedAs(subject), id: email }, async () => {
    const identification = identify({ connection, remembered, ...(await lookUp(subject, reader)) })
    if (identification.kind !== 'found') {
      const { kind, message, candidates } = identification
      const finding = { user: email, message, ...listedAs(subject) }
      return { kind: kind === 'missing' ? 'missing' : 'failure', finding, ...unidentified(candidates) }
    }
    const value = { id: identification.id, ...known }
    if (identification.warning === undefined) return { kind: 'value', value }
    const warning = { user: identification.id, message: identification.warning, ...listedAs(subject) }
    return { kind: 'value', value, warning }
  })
  return reading.kind === 'failure' ? { ...unidentified(candidatesOf([], remembered)), ...reading } : reading
}

/** Also in lower case: Auth0 compares case-sensitively, and stores database users in lower case, others as written. */
async function lookUp(
  { email, spellings = new Set() }: Subject & { readonly email: string },
  reader: Reader,
): Promise<Pick<IdentifyOptions, 'spellings' | 'found'>> {
  const asked = [...new Set([email, ...spellings, email.toLowerCase()])]
  const found = new Map<string, Candidate>()
  for (const spelling of asked) for (const user of await reader.findByEmail(spelling)) found.set(user.id, user)
  return { spellings: asked, found: [...found.values()] }
}

/** Merges entries that turn out to be the same user. */
function mergeDuplicates(users: readonly KnownUser[]): {
  readonly users: readonly KnownUser[]
  readonly warnings: readonly UserFinding[]
} {
  const merged = new Map<string, KnownUser>()
  const warnings: UserFinding[] = []
  for (const user of users) {
    const first = merged.get(user.id)
    merged.set(user.id, first === undefined ? user : mergeUsers(first, user))
    if (!first?.listed || !user.listed) continue
    const message = `${entryOf(first)} and ${entryOf(user)} refer to the same user; their permissions and roles were merged. Combine the entries.`
    warnings.push({ user: user.id, message, ...listedAs(user) })
  }
  return { users: [...merged.values()], warnings }
}

/** As the manifest lists the user. */
function entryOf({ id, addresses: [address] }: KnownUser): string {
  if (address === undefined) return id
  return address.connection === undefined ? address.email : `${address.email} in connection ${address.connection}`
}

/** If two entries ask for a grant, the later expiry counts. */
function mergeDesired(first: KnownUser['desired'], second: KnownUser['desired']): KnownUser['desired'] {
  const merged = new Map(first)
  for (const [grant, terms] of second) {
    const other = first.get(grant)
    merged.set(grant, other === undefined ? terms : longerTerms(other, terms))
  }
  return merged
}

function mergeUsers(first: KnownUser, second: KnownUser): KnownUser {
  return {
    id: first.id,
    ...listedAs({ ...(first.listed ? first : second), email: first.email ?? second.email }),
    listed: first.listed || second.listed,
    listings: [...first.listings, ...second.listings],
    addresses: [...first.addresses, ...second.addresses],
    desired: mergeDesired(first.desired, second.desired),
    expired: (first.expired ?? NO_GRANTS).union(second.expired ?? NO_GRANTS),
  }
}

function withOtherEntries(user: KnownUser, others: readonly ListedUser[]): KnownUser {
  return others.reduce<KnownUser>(
    (all, other) =>
      mergeUsers(all, {
        id: user.id,
        ...listedAs(other),
        listed: true,
        listings: [ledgerListingOf(other)],
        addresses: addressesOf(other),
        desired: other.grants,
        expired: other.expired ?? NO_GRANTS,
      }),
    user,
  )
}

async function readState(user: Omit<SurveyedUser, 'live'>, reader: Reader): Promise<Reading<SurveyedUser>> {
  return attempt<SurveyedUser>(user, async () => {
    const live = await reader.permissionsOf(user.id)
    if (live !== undefined) return { kind: 'value', value: { ...user, live } }
    if (!user.listed) return goneUser(user.id, 'no longer exists in the tenant')
    const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`
    return { kind: 'missing', finding: { user: user.id, message, ...listedAs(user) } }
  })
}

function withRoles(user: SurveyedUser, held: Held | TenantError | undefined): Reading<SurveyedUser> {
  const { live } = user
  if (held instanceof TenantError) return failedReading(user, held)
  if (live === undefined || held === undefined) return { kind: 'value', value: user }
  const { roles, others } = held
  const direct = live.direct.union(new Set([...roles].map(roleGrantOf)))
  const complete = { ...live, direct, ...(others !== undefined && { otherRoles: others }) }
  return { kind: 'value', value: { ...user, live: complete } }
}

function failedReading(
  { id, listed, ...entry }: Listed & { readonly id: string; readonly listed?: boolean },
  { message, details }: TenantError,
): Reading<never> {
  // No user can have this id. A removed user must not make every later run fail.
  if (listed === false && details.status === 400) return goneUser(id, 'has an id that Auth0 refuses')
  return { kind: 'failure', finding: { user: id, message, ...listedAs(entry) } }
}

function goneUser(user: string, why: string): Reading<never> {
  const message = `${user} was removed from the manifest and ${why}, so nothing is revoked.`
  return { kind: 'gone', finding: { user, message } }
}

async function attempt<T>(
  user: Listed & { readonly id: string; readonly listed?: boolean },
  work: () => Promise<Reading<T>>,
): Promise<Reading<T>> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
    return failedReading(user, error)
  }
}

function valuesOf<T>(readings: readonly Reading<T>[]): readonly T[] {
  return readings.flatMap(reading => (reading.kind === 'value' ? [reading.value] : []))
}
