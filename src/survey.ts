// From the users that the manifest lists to the users of the tenant and what they hold: look-ups by e-mail, then one
// read for each user. One who cannot be read does not stop the others.

import pMap from 'p-map'
import { TenantError } from './errors.ts'
import type { ListedUser } from './manifest/desired.ts'
import type { Mention } from './manifest/problem.ts'
import type { Live, UserState } from './plan/diff.ts'
import { type Candidate, identify } from './plan/identify.ts'

/** The two reads that this is made of. */
export interface Reader {
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
}

/** A sentence about one user, with the entry that lists the user. */
export interface UserFinding {
  /** The id, or the address where no id was found. */
  readonly user: string
  readonly message: string
  readonly mention: Mention
}

interface SurveyedUser extends UserState {
  readonly mention: Mention
}

export interface Survey {
  readonly states: readonly SurveyedUser[]
  readonly failures: readonly UserFinding[]
  readonly warnings: readonly UserFinding[]
}

export interface SurveyOptions {
  /** How many requests at once. */
  readonly width: number
  /** Off, every user is taken to hold nothing that is known. */
  readonly readPermissions: boolean
  readonly onUser: () => void
}

/** A listed user whose id is known. */
type KnownUser = Omit<SurveyedUser, 'live'>

type Step<T> = { readonly value: T; readonly warning?: UserFinding } | { readonly failure: UserFinding }

/** @throws TenantError for what concerns the whole run, NotSentError where the run stops */
export async function survey(
  listed: readonly ListedUser[],
  reader: Reader,
  { width, readPermissions, onUser }: SurveyOptions,
): Promise<Survey> {
  const identified = await pMap(listed, user => identifyListed(user, reader), { concurrency: width })
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
  return {
    states: valuesOf(read),
    failures: [...failuresOf(identified), ...failuresOf(read)],
    warnings: [...identified.flatMap(step => ('warning' in step && step.warning ? [step.warning] : [])), ...warnings],
  }
}

async function identifyListed(user: ListedUser, reader: Reader): Promise<Step<KnownUser>> {
  const { id, email, connection, mention, grants } = user
  if (email === undefined) return { value: { id, mention, desired: grants } }
  return attempt(email, mention, async () => {
    const found = identify(email, connection, await reader.findByEmail(email))
    if (found.kind === 'refused') return { failure: { user: email, message: found.message, mention } }
    const value = { id: found.id, mention, desired: grants }
    if (found.warning === undefined) return { value }
    return { value, warning: { user: found.id, message: found.warning, mention } }
  })
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
    united.set(
      user.id,
      first === undefined ? user : { ...first, desired: new Map([...user.desired, ...first.desired]) },
    )
    if (first === undefined) continue
    const message = `This entry and another one are the same user, ${user.id}; their permissions are united. Make one entry of them.`
    warnings.push({ user: user.id, message, mention: user.mention })
  }
  return { users: [...united.values()], warnings }
}

async function readState(user: KnownUser, reader: Reader): Promise<Step<SurveyedUser>> {
  return attempt(user.id, user.mention, async () => {
    const live = await reader.permissionsOf(user.id)
    if (live !== undefined) return { value: { ...user, live } }
    const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`
    return { failure: { user: user.id, message, mention: user.mention } }
  })
}

async function attempt<T>(user: string, mention: Mention, work: () => Promise<Step<T>>): Promise<Step<T>> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
    return { failure: { user, message: error.message, mention } }
  }
}

function valuesOf<T>(steps: readonly Step<T>[]): readonly T[] {
  return steps.flatMap(step => ('value' in step ? [step.value] : []))
}

function failuresOf(steps: readonly Step<unknown>[]): readonly UserFinding[] {
  return steps.flatMap(step => ('failure' in step ? [step.failure] : []))
}
