// Finds the tenant's users for the manifest's entries, and reads what they hold: look-ups by e-mail, then one read for
// each user. A user who cannot be read does not stop the others.

import { type Grants, NO_GRANTS, roleGrantOf } from '../access/grants.ts'
import type { Candidate, Live } from '../access/live.ts'
import { TenantError } from '../errors.ts'
import { type Listing, listingOf as ledgerListingOf } from '../ledger/ledger.ts'
import { type Identity, type ListedUser, type Mention, mergeGrants } from '../manifest/manifest.ts'
import { candidatesOf, type Identification, type IdentifyOptions, identify } from './identify.ts'
import { mapWithProgress, type ProgressOptions, resultOrError } from './progress.ts'
import { type HeldRoles, type RoleReader, readRoles } from './roles.ts'
import type { Unidentified, UserEmail, UserState } from './user-state.ts'

export type { StartProgress } from './progress.ts'
export type { Unidentified, UserEmail, UserState } from './user-state.ts'

/** The reads that a survey uses. */
export interface Reader extends RoleReader {
  /** The users with exactly this address. */
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
}

/** A user to read: listed in the manifest, or only in the ledger. */
export type Subject = Identity &
  Pick<ListedUser, 'spellings' | 'grants' | 'expired'> &
  Partial<Pick<ListedUser, 'mention'>> & {
    /** False for a removed user. */
    readonly listed: boolean
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
  readonly addresses: readonly UserEmail[]
}

export interface Survey {
  readonly states: readonly SurveyedUser[]
  /** Users who were found by an address, read or not. */
  readonly emails: readonly UserEmail[]
  readonly failures: readonly UserFinding[]
  /** The ids of users who were not read: of `failures`, and users to whom a listed address referred before. */
  readonly unread: ReadonlySet<string>
  /** Listed users who do not exist in the tenant. */
  readonly missing: readonly UserFinding[]
  /** Removed users who do not exist in the tenant, or whose ids it refuses. */
  readonly gone: readonly UserFinding[]
  readonly warnings: readonly UserFinding[]
  /** Entries that turned out to be the same user as an earlier one. */
  readonly duplicates: readonly UserFinding[]
  readonly unidentified: readonly Unidentified[]
}

export interface SurveyOptions extends ProgressOptions {
  readonly reader: Reader
  /** If false, nothing is known about what users hold. */
  readonly readPermissions: boolean
  /** Ids of the roles to look for. */
  readonly roles: ReadonlySet<string>
  /** A user's managed grants, according to the ledger. */
  readonly managedOf: (user: string) => Grants
  /** Other entries for this user, which are not looked up because they have not changed. */
  readonly alsoListed: (user: string) => readonly ListedUser[]
}

/** A user whose id is known. */
type KnownUser = Omit<SurveyedUser, 'live' | 'managed'> & { readonly expired: Grants }
type ManagedUser = Omit<SurveyedUser, 'live'>

type Reading<T> =
  | { readonly kind: 'value'; readonly value: T; readonly warning?: UserFinding }
  | {
      readonly kind: 'failure' | 'missing' | 'gone'
      readonly finding: UserFinding
      /** The user's id, if known. */
      readonly id?: string | undefined
      readonly unidentified?: Unidentified
    }

/** @throws TenantError if a failure affects the whole run, NotSentError if the run stops */
export async function survey(subjects: readonly Subject[], options: SurveyOptions): Promise<Survey> {
  const { alsoListed, managedOf } = options
  const identified = await identifySubjects(subjects, options)
  const { users, duplicates } = mergeDuplicates(valuesOf(identified))
  const listed = users.map(user => {
    const others = alsoListed(user.id).map(entry => knownUser(user.id, { ...entry, listed: true }))
    return { ...others.reduce(mergeUsers, user), managed: managedOf(user.id) }
  })
  const read = await readStates(listed, options)
  const readings: readonly Reading<unknown>[] = [...identified, ...read]
  const findings = (kind: 'failure' | 'missing' | 'gone') =>
    readings.flatMap(reading => (reading.kind === kind ? [reading.finding] : []))
  return {
    states: valuesOf(read),
    emails: listed.flatMap(({ addresses }) => addresses),
    failures: findings('failure'),
    unread: new Set(readings.flatMap(reading => (reading.kind !== 'value' && reading.id) || [])),
    missing: findings('missing'),
    gone: findings('gone'),
    warnings: identified.flatMap(reading => (reading.kind === 'value' && reading.warning) || []),
    duplicates,
    unidentified: identified.flatMap(reading => ('unidentified' in reading && reading.unidentified) || []),
  }
}

async function identifySubjects(
  subjects: readonly Subject[],
  options: SurveyOptions,
): Promise<readonly Reading<KnownUser>[]> {
  const addressed = subjects.filter(({ email }) => email !== undefined)
  const work = (subject: Subject) => identifySubject(subject, options.reader)
  const found = await mapWithProgress(addressed, { ...options, label: 'Looking up addresses', work })
  const byAddress = new Map(addressed.map((subject, index) => [subject, found[index]]))
  return Promise.all(subjects.map(subject => byAddress.get(subject) ?? work(subject)))
}

async function identifySubject(subject: Subject, reader: Reader): Promise<Reading<KnownUser>> {
  const { id, email, connection, grants, remembered } = subject
  if (email === undefined) return { kind: 'value', value: knownUser(id, subject) }
  const found = await resultOrError(lookUp(subject, reader))
  const identification: Identification =
    found instanceof TenantError
      ? { kind: 'refused', message: found.message, candidates: candidatesOf([], remembered) }
      : identify({ connection, remembered, ...found })
  if (identification.kind === 'found') {
    const { id: user, warning: message } = identification
    const warning = message === undefined ? {} : { warning: { user, message, ...listedAs(subject) } }
    return { kind: 'value', value: knownUser(user, subject), ...warning }
  }
  const { kind, message, candidates } = identification
  return {
    kind: kind === 'missing' ? 'missing' : 'failure',
    finding: { user: email, message, ...listedAs(subject) },
    id: remembered,
    unidentified: { entry: email, desired: new Set(grants.keys()), candidates },
  }
}

function knownUser(id: string, subject: Subject): KnownUser {
  const { email, connection, listed, grants: desired, expired = NO_GRANTS } = subject
  return {
    id,
    ...listedAs(subject),
    listed,
    listings: listed ? [ledgerListingOf(subject)] : [],
    addresses: email === undefined ? [] : [{ user: id, email, ...(connection !== undefined && { connection }) }],
    desired,
    expired,
  }
}

/** Also in lower case: Auth0 compares case-sensitively, and stores database users in lower case, others as written. */
async function lookUp(
  { email, spellings = new Set() }: Subject & { readonly email: string },
  reader: Reader,
): Promise<Pick<IdentifyOptions, 'spellings' | 'found'>> {
  const lookedUp = [...new Set([email, ...spellings, email.toLowerCase()])]
  const found = new Map<string, Candidate>()
  for (const spelling of lookedUp) for (const user of await reader.findByEmail(spelling)) found.set(user.id, user)
  return { spellings: lookedUp, found: [...found.values()] }
}

/** Merges entries that turn out to be the same user. */
function mergeDuplicates(users: readonly KnownUser[]): {
  readonly users: readonly KnownUser[]
  readonly duplicates: readonly UserFinding[]
} {
  const merged = new Map<string, KnownUser>()
  const duplicates: UserFinding[] = []
  for (const user of users) {
    const first = merged.get(user.id)
    merged.set(user.id, first === undefined ? user : mergeUsers(first, user))
    if (!first?.listed || !user.listed) continue
    const message = `${entryOf(first)} and ${entryOf(user)} refer to the same user; their permissions and roles were merged. Combine the entries.`
    duplicates.push({ user: user.id, message, ...listedAs(user) })
  }
  return { users: [...merged.values()], duplicates }
}

/** As the manifest lists the user. */
function entryOf({ id, addresses: [address] }: KnownUser): string {
  if (address === undefined) return id
  return address.connection === undefined ? address.email : `${address.email} in connection ${address.connection}`
}

function mergeUsers(first: KnownUser, second: KnownUser): KnownUser {
  return {
    id: first.id,
    ...listedAs({ ...(first.listed ? first : second), email: first.email ?? second.email }),
    listed: first.listed || second.listed,
    listings: [...first.listings, ...second.listings],
    addresses: [...first.addresses, ...second.addresses],
    desired: mergeGrants([...first.desired, ...second.desired]),
    expired: first.expired.union(second.expired),
  }
}

async function readStates(
  users: readonly ManagedUser[],
  options: SurveyOptions,
): Promise<readonly Reading<SurveyedUser>[]> {
  const { reader, readPermissions } = options
  if (!readPermissions) return users.map(user => ({ kind: 'value', value: { ...user, live: undefined } }))
  const read = await mapWithProgress(users, {
    ...options,
    label: 'Reading users',
    work: user => readState(user, reader),
  })
  const held = await readRoles({ ...options, users: valuesOf(read).map(({ id }) => id) }, reader)
  return read.map(reading =>
    reading.kind === 'value' ? withRoles(reading.value, held.get(reading.value.id)) : reading,
  )
}

async function readState(user: ManagedUser, reader: Reader): Promise<Reading<SurveyedUser>> {
  const live = await resultOrError(reader.permissionsOf(user.id))
  if (live instanceof TenantError) return failedReading(user, live)
  if (live !== undefined) return { kind: 'value', value: { ...user, live } }
  if (!user.listed) return goneUser(user.id, 'no longer exists in the tenant')
  const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`
  return { kind: 'missing', finding: { user: user.id, message, ...listedAs(user) } }
}

function withRoles(user: SurveyedUser, held: HeldRoles | TenantError | undefined): Reading<SurveyedUser> {
  const { live } = user
  if (held instanceof TenantError) return failedReading(user, held)
  if (live === undefined || held === undefined) return { kind: 'value', value: user }
  const { roles, others } = held
  const direct = live.direct.union(new Set([...roles].map(roleGrantOf)))
  const complete = { ...live, direct, ...(others !== undefined && { otherRoles: others }) }
  return { kind: 'value', value: { ...user, live: complete } }
}

function failedReading(user: ManagedUser, { message, details }: TenantError): Reading<never> {
  // No user can have this id. A removed user must not make every later run fail.
  if (!user.listed && details.status === 400) return goneUser(user.id, 'has an id that Auth0 refuses')
  return { kind: 'failure', finding: { user: user.id, message, ...listedAs(user) }, id: user.id }
}

function goneUser(user: string, why: string): Reading<never> {
  const message = `${user} was removed from the manifest and ${why}, so nothing is revoked.`
  return { kind: 'gone', finding: { user, message } }
}

function valuesOf<T>(readings: readonly Reading<T>[]): readonly T[] {
  return readings.flatMap(reading => (reading.kind === 'value' ? [reading.value] : []))
}
