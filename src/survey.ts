// From the users that the manifest lists to the users of the tenant and what they hold: look-ups by e-mail, then one
// read for each user. One who cannot be read does not stop the others.

import pMap from 'p-map'
import { TenantError } from './errors.ts'
import type { Identity } from './manifest/desired.ts'
import type { Mention } from './manifest/problem.ts'
import type { Live, Terms, UserState } from './plan/diff.ts'
import type { Grant, Grants } from './plan/grants.ts'
import { type Candidate, identify, type UserEmail } from './plan/identify.ts'

/** The reads that this is made of. */
export interface Reader {
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  /** The user's verified address, in lower case; undefined where there is none. */
  readonly emailOf: (user: string) => Promise<string | undefined>
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
}

/** A user whom the manifest lists, or an earlier revision of it did. */
export type Subject = Identity & {
  /** Absent for a user who has left the manifest. */
  readonly mention?: Mention
  readonly grants: ReadonlyMap<Grant, Terms>
  /** What earlier revisions asked for. */
  readonly managed: Grants
}

/** A sentence about one user, with the entry that lists the user. */
export interface UserFinding {
  /** The id, or the address where no id was found. */
  readonly user: string
  /** The address that lists the user, where that is how. */
  readonly email?: string
  readonly message: string
  readonly mention?: Mention
}

/** How the manifest lists a user: where, and by which address. */
type Listing = Pick<UserFinding, 'email' | 'mention'>

/** Of whatever lists a user. */
export function listingOf(user: { readonly email?: string | undefined; readonly mention?: Mention }): Listing {
  const { email, mention } = user
  return { ...(email !== undefined && { email }), ...(mention && { mention }) }
}

interface SurveyedUser extends UserState, Listing {}

export interface Survey {
  readonly states: readonly SurveyedUser[]
  /** Who was found by an address, read or not. */
  readonly emails: readonly UserEmail[]
  readonly failures: readonly UserFinding[]
  /** Whom the tenant does not have. */
  readonly missing: readonly UserFinding[]
  readonly warnings: readonly UserFinding[]
}

export interface SurveyOptions {
  /** How many requests at once. */
  readonly width: number
  /** Off, every user is taken to hold nothing that is known. */
  readonly readPermissions: boolean
  /** Listed users whom this run leaves alone, unless they turn out to be one that it does not. */
  readonly others: readonly Subject[]
  /** Whether one of these grants may be taken away from this user; absent where nothing is. */
  readonly mayLose?: (user: Subject, grants: Grants) => boolean
  readonly onUser: () => void
}

/** A user whose id is known. */
type KnownUser = Omit<SurveyedUser, 'live'>

type Step<T> =
  | { readonly value: T; readonly warning?: UserFinding }
  | { readonly failure: UserFinding }
  | { readonly missing: UserFinding }

/** @throws TenantError for what concerns the whole run, NotSentError where the run stops */
export async function survey(
  subjects: readonly Subject[],
  reader: Reader,
  { width, readPermissions, others, mayLose, onUser }: SurveyOptions,
): Promise<Survey> {
  const identifyAll = (batch: readonly Subject[]) =>
    pMap(batch, subject => identifySubject(subject, reader), { concurrency: width })
  const first = await identifyAll(subjects)
  const twins = await findTwins(subjects, valuesOf(first), reader, { width, others, ...(mayLose && { mayLose }) })
  const identified = [...first, ...(await identifyAll(twins))]
  const { users, warnings } = unite(valuesOf(identified))
  const read = await pMap(
    users,
    async user => {
      const step = readPermissions ? await readState(user, reader) : { value: { ...user, live: undefined } }
      onUser()
      return step
    },
    { concurrency: width },
  )
  const steps = [...identified, ...read]
  return {
    states: valuesOf(read),
    emails: users.flatMap(({ id, email }) => (email === undefined ? [] : [{ user: id, email }])),
    failures: steps.flatMap(step => ('failure' in step ? [step.failure] : [])),
    missing: steps.flatMap(step => ('missing' in step ? [step.missing] : [])),
    warnings: [...identified.flatMap(step => ('warning' in step && step.warning ? [step.warning] : [])), ...warnings],
  }
}

async function identifySubject(subject: Subject, reader: Reader): Promise<Step<KnownUser>> {
  const { id, email, connection, mention, grants, managed } = subject
  const known = { ...listingOf(subject), listed: mention !== undefined, desired: grants, managed }
  if (email === undefined) return { value: { id, ...known } }
  return attempt({ ...listingOf(subject), id: email }, async () => {
    const found = identify(email, connection, await reader.findByEmail(email))
    if (found.kind !== 'found') {
      const finding = { user: email, message: found.message, ...listingOf(subject) }
      return found.kind === 'missing' ? { missing: finding } : { failure: finding }
    }
    const value = { id: found.id, ...known }
    if (found.warning === undefined) return { value }
    return { value, warning: { user: found.id, message: found.warning, ...listingOf(subject) } }
  })
}

/**
 * Entries among the others that may mean a user of this run in another way: what such an entry asks for must not be
 * taken away because another entry does not ask for it any more.
 */
async function findTwins(
  subjects: readonly Subject[],
  known: readonly KnownUser[],
  reader: Reader,
  { width, others, mayLose }: Pick<SurveyOptions, 'width' | 'others' | 'mayLose'>,
): Promise<readonly Subject[]> {
  if (others.length === 0 || mayLose === undefined) return []
  const ids = new Set(known.map(({ id }) => id))
  const emails = new Set(subjects.flatMap(({ email }) => email ?? []))
  // An address is looked up only where an entry with one asks for something that would be taken away.
  const askedByEmail = new Set(others.flatMap(({ email, grants }) => (email === undefined ? [] : [...grants.keys()])))
  const atRisk = subjects.flatMap(subject =>
    subject.id !== undefined && mayLose(subject, askedByEmail) ? [subject.id] : [],
  )
  for (const email of await pMap(atRisk, reader.emailOf, { concurrency: width })) {
    if (email !== undefined) emails.add(email)
  }
  return others.filter(({ id, email }) => (id === undefined ? emails.has(email) : ids.has(id)))
}

/** Entries that turn out to be the same user ask for what all of them ask for. */
function unite(users: readonly KnownUser[]): {
  readonly users: readonly KnownUser[]
  readonly warnings: readonly UserFinding[]
} {
  const united = new Map<string, KnownUser>()
  const warnings: UserFinding[] = []
  for (const user of users) {
    const first = united.get(user.id)
    united.set(user.id, first === undefined ? user : both(first, user))
    if (!first?.listed || !user.listed) continue
    const message = `This entry and another one are the same user, ${user.id}; their permissions are united. Make one entry of them.`
    warnings.push({ user: user.id, message, ...listingOf(user) })
  }
  return { users: [...united.values()], warnings }
}

function both(first: KnownUser, second: KnownUser): KnownUser {
  return {
    id: first.id,
    ...listingOf({ ...(first.listed ? first : second), email: first.email ?? second.email }),
    listed: first.listed || second.listed,
    desired: new Map([...second.desired, ...first.desired]),
    managed: first.managed.union(second.managed),
  }
}

async function readState(user: KnownUser, reader: Reader): Promise<Step<SurveyedUser>> {
  return attempt(user, async () => {
    const live = await reader.permissionsOf(user.id)
    if (live !== undefined) return { value: { ...user, live } }
    const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`
    return { missing: { user: user.id, message, ...listingOf(user) } }
  })
}

async function attempt<T>(user: Listing & { readonly id: string }, work: () => Promise<Step<T>>): Promise<Step<T>> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
    return { failure: { user: user.id, message: error.message, ...listingOf(user) } }
  }
}

function valuesOf<T>(steps: readonly Step<T>[]): readonly T[] {
  return steps.flatMap(step => ('value' in step ? [step.value] : []))
}
