// Plan × a port → what became of every user. A user who fails does not stop the others; what would fail for everybody
// does.

import pMap from 'p-map'
import type { Permission } from '../access/grants.ts'
import { ActionError, NotSentError, type Reach, TenantError } from '../errors.ts'
import { MAX_DIRECT_PERMISSIONS } from './guard.ts'
import type { Operation, Plan, UserOutcome, UserPlan } from './plan.ts'

/** The two writes that a plan is made of. */
export interface Writer {
  readonly grant: (user: string, permissions: readonly Permission[]) => Promise<void>
  readonly revoke: (user: string, permissions: readonly Permission[]) => Promise<void>
}

export interface ApplyOptions {
  /** How many users at once. */
  readonly width: number
  readonly onOutcome: (outcome: UserOutcome) => void
}

/** One outcome for each user of the plan, in the plan's order. Rejects only for a defect of this action. */
export async function apply(plan: Plan, writer: Writer, options: ApplyOptions): Promise<readonly UserOutcome[]> {
  let stop: ActionError | undefined
  const applyNext = async (userPlan: UserPlan): Promise<UserOutcome> => {
    const attempt = stop === undefined ? await applyUser(userPlan, writer) : NOTHING_ATTEMPTED
    stop ??= attempt.failures.find(failure => reachOf(failure) === 'run')
    const outcome = outcomeOf(userPlan, attempt)
    options.onOutcome(outcome)
    return outcome
  }
  // The first goes alone, so that what fails for everybody fails once.
  const [first, ...others] = plan.users
  if (first === undefined) return []
  return [await applyNext(first), ...(await pMap(others, applyNext, { concurrency: options.width }))]
}

type Step = 'grant' | 'revoke'

interface Attempt {
  readonly done: readonly Step[]
  readonly uncertain: readonly Step[]
  readonly failures: readonly ActionError[]
}

const NOTHING_ATTEMPTED: Attempt = { done: [], uncertain: [], failures: [] }

async function applyUser(userPlan: UserPlan, writer: Writer): Promise<Attempt> {
  const done: Step[] = []
  const uncertain: Step[] = []
  const failures: ActionError[] = []
  for (const step of stepsOf(userPlan)) {
    try {
      await writer[step](userPlan.user, userPlan[step].map(barePermission))
      done.push(step)
    } catch (error) {
      if (!(error instanceof ActionError)) throw error
      failures.push(error)
      if (mayBeDone(error)) uncertain.push(step)
      if (reachOf(error) !== 'operation') break
    }
  }
  return { done, uncertain, failures }
}

/** Grants go first, so that nobody is without access in between, unless Auth0's limit leaves no room for them. */
function stepsOf({ grant, revoke, before }: UserPlan): readonly Step[] {
  const full = (before?.length ?? 0) + grant.length > MAX_DIRECT_PERMISSIONS
  const steps: readonly Step[] = full ? ['revoke', 'grant'] : ['grant', 'revoke']
  return steps.filter(step => (step === 'grant' ? grant : revoke).length > 0)
}

function barePermission({ api, permission }: Operation): Permission {
  return { api, permission }
}

function reachOf(error: ActionError): Reach {
  return error instanceof TenantError ? error.details.reach : 'run'
}

/** Only a refusal of the very first attempt rules it out: the answer to an earlier one may have been lost. */
function mayBeDone(error: ActionError): boolean {
  if (!(error instanceof TenantError)) return false
  const { attempts, status = 0 } = error.details
  const refused = status >= 400 && status < 500 && status !== 408
  return !refused || attempts > 1
}

function outcomeOf({ user, grant, revoke }: UserPlan, { done, uncertain, failures }: Attempt): UserOutcome {
  const status = statusOf(done, failures)
  return {
    user,
    status,
    granted: done.includes('grant') ? grant : [],
    revoked: done.includes('revoke') ? revoke : [],
    errors: failures.map(failure => failure.message),
    ...(uncertain.length > 0 && { uncertain }),
    ...(status === 'failed' && failures.every(isNotSent) && { interrupted: true }),
  }
}

/** A cancelled request was never sent, so a user for whom nothing else happened is as untouched as one never reached. */
function statusOf(done: readonly Step[], failures: readonly ActionError[]): UserOutcome['status'] {
  if (done.length === 0 && failures.every(isNotSent)) return 'not attempted'
  return failures.length === 0 ? 'done' : 'failed'
}

function isNotSent(failure: ActionError): boolean {
  return failure instanceof NotSentError
}
