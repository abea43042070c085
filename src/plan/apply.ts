// Applies a plan through a port. One user's failure does not stop the others; a failure that would affect every user
// does.

import pMap from 'p-map'
import { type Access, KINDS, type Kind } from '../access/grants.ts'
import { ActionError, NotSentError, type Reach, TenantError } from '../errors.ts'
import { countHeld, MAX_HELD, type OtherRoles } from './guard.ts'
import { type Batch, bareAccess, batchesOf, operationsOf, type Plan, type UserOutcome, type UserPlan } from './plan.ts'

/** The two writes that a plan is made of. */
export interface Writer {
  /** @param accesses all permissions, or all roles */
  readonly grant: (user: string, accesses: readonly Access[]) => Promise<void>
  readonly revoke: (user: string, accesses: readonly Access[]) => Promise<void>
}

export interface ApplyOptions {
  readonly writer: Writer
  /** How many users at once. */
  readonly width: number
  readonly otherRoles: OtherRoles
  readonly onOutcome: (outcome: UserOutcome) => void
}

/** One outcome for each user of the plan, in the plan's order. Rejects only for a defect of this action. */
export async function apply(plan: Plan, options: ApplyOptions): Promise<readonly UserOutcome[]> {
  let stop: ActionError | undefined
  const applyNext = async (userPlan: UserPlan): Promise<UserOutcome> => {
    const results = stop === undefined ? await applyUser(userPlan, options) : NOTHING_WRITTEN
    stop ??= results.failures.find(failure => reachOf(failure) === 'run')
    const outcome = outcomeOf(userPlan, results)
    options.onOutcome(outcome)
    return outcome
  }
  // The first user is changed alone, so that a failure that affects every user happens only once.
  const [first, ...others] = plan.users
  if (first === undefined) return []
  return [await applyNext(first), ...(await pMap(others, applyNext, { concurrency: options.width }))]
}

interface WriteResults {
  readonly done: readonly Batch[]
  readonly uncertain: readonly Batch[]
  readonly failures: readonly ActionError[]
  /** Not attempted, because what may replace it failed. */
  readonly kept: readonly Batch[]
}

const NOTHING_WRITTEN: WriteResults = { done: [], uncertain: [], failures: [], kept: [] }

const KEPT: Readonly<Record<Kind, string>> = {
  permission: 'No permission was revoked, because assigning the roles that may replace it failed.',
  role: 'No role was removed, because a grant that may replace it failed.',
}

async function applyUser(
  userPlan: UserPlan,
  { writer, otherRoles }: Pick<ApplyOptions, 'writer' | 'otherRoles'>,
): Promise<WriteResults> {
  const done: Batch[] = []
  const uncertain: Batch[] = []
  const failed: Batch[] = []
  const failures: ActionError[] = []
  const kept: Batch[] = []
  for (const batch of inOrder(userPlan, otherRoles)) {
    if (failed.some(earlier => mayReplace(earlier, batch))) {
      kept.push(batch)
      continue
    }
    try {
      await writer[batch.step](userPlan.user, batch.operations.map(bareAccess))
      done.push(batch)
    } catch (error) {
      if (!(error instanceof ActionError)) throw error
      failures.push(error)
      failed.push(batch)
      if (mayBeDone(error)) uncertain.push(batch)
      if (reachOf(error) !== 'operation') break
    }
  }
  return { done, uncertain, failures, kept }
}

/**
 * Grants come first, so that nobody loses access in between. If they would exceed Auth0's limit, revocations of the same
 * kind come right before them.
 */
function inOrder(userPlan: UserPlan, otherRoles: OtherRoles): readonly Batch[] {
  const full = KINDS.filter(kind => countHeld(userPlan, { kind, otherRoles }).withGrants > MAX_HELD[kind])
  const rank = ({ step, kind }: Batch) => {
    if (full.includes(kind)) return step === 'revoke' ? 1 : 2
    return step === 'grant' ? 0 : 3
  }
  return batchesOf(userPlan).toSorted((a, b) => rank(a) - rank(b))
}

/** A role that could not be assigned may have been meant to replace a permission or a role, and vice versa. */
function mayReplace(failed: Batch, next: Batch): boolean {
  const isAboutRoles = failed.kind === 'role' || next.kind === 'role'
  return failed.step === 'grant' && next.step === 'revoke' && isAboutRoles
}

function reachOf(error: ActionError): Reach {
  return error instanceof TenantError ? error.details.reach : 'run'
}

/**
 * Only a refused first attempt certainly had no effect: an earlier attempt may have succeeded and its response been
 * lost.
 */
function mayBeDone(error: ActionError): boolean {
  if (!(error instanceof TenantError)) return false
  const { attempts, status = 0 } = error.details
  const refused = status >= 400 && status < 500 && status !== 408
  return !refused || attempts > 1
}

function outcomeOf({ user }: UserPlan, { done, uncertain, failures, kept }: WriteResults): UserOutcome {
  const status = statusOf(done, failures)
  const { grant: granted, revoke: revoked } = operationsOf(done)
  return {
    user,
    status,
    granted,
    revoked,
    errors: [...failures.map(failure => failure.message), ...kept.map(({ kind }) => KEPT[kind])],
    ...(uncertain.length > 0 && { uncertain: [...new Set(uncertain.map(({ step }) => step))] }),
    ...(status === 'failed' && failures.every(isNotSent) && { interrupted: true }),
  }
}

/** A cancelled request was never sent, so a user without any other request was not attempted. */
function statusOf(done: readonly Batch[], failures: readonly ActionError[]): UserOutcome['status'] {
  if (done.length === 0 && failures.every(isNotSent)) return 'not attempted'
  return failures.length === 0 ? 'done' : 'failed'
}

function isNotSent(failure: ActionError): boolean {
  return failure instanceof NotSentError
}
