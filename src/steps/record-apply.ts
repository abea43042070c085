// Records an apply in the ledger: what is about to be done, before the first write, and what was done, after the last.

import { compareText, listAccess, NO_GRANTS, packAll } from '../access/grants.ts'
import { ActionError, NotSentError } from '../errors.ts'
import {
  beginUsers,
  changedEntries,
  type Entries,
  type Entry,
  endUsers,
  type Ledger,
  mergeUsers,
  type Observation,
  type Progress,
  restoreUsers,
  type UserResult,
} from '../ledger/ledger.ts'
import { countOperations, type Plan, type Restored, type UserOutcome } from '../plan/plan.ts'
import { counted } from '../report/conclude.ts'
import type { Planning } from './compute-plan.ts'
import type { Context } from './context.ts'
import { ledgerAdvice, reportUnremembered } from './read-ledger.ts'
import type { Memory } from './recall.ts'

interface ApplyOptions {
  readonly context: Context
  readonly memory: Memory
  readonly planning: Planning
}

/** Where an apply is recorded. */
export interface Recording {
  /** undefined if the apply is not recorded */
  readonly branch: Memory['branch']
  /** The head of the branch; undefined if there is none. */
  readonly head: string | undefined
}

/** @returns undefined if the run is refused; why is reported */
export async function beginRecording({ context, memory, planning }: ApplyOptions): Promise<Recording | undefined> {
  const { journal } = context
  const { branch, head } = memory
  const { plan } = planning
  if (branch === undefined || plan.users.length === 0) return { branch, head }
  const users = beginUsers(memory.ledger.users, progressOf(planning))
  try {
    const moved = await branch.write({
      ledger: ledgerOf({ context, memory, users, applying: true }),
      message: messageOf(context, `Begin ${operationsText(plan)}`),
      head,
    })
    if (moved !== undefined) return { branch, head: moved }
    journal.refuse([
      `Another run updated the ledger's branch ${branch.name} after this run read it, so this run stopped before its first write. Run it again.`,
    ])
    return undefined
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const { inputs } = context
    const why = `${error.message} ${ledgerAdvice(context, error)}`.trim()
    if (inputs.revoke === 'managed' || inputs.scope === 'changed') {
      journal.refuse([`The apply could not be recorded in the ledger before its first write. ${why}`])
      return undefined
    }
    reportUnremembered(context, why)
    return { branch: undefined, head }
  }
}

/** The ledger's users after an apply. */
export interface Ending {
  readonly users: Entries
  /** The users whose entries change. */
  readonly changed: ReadonlySet<string>
  /** What was managed before, for the undo plan. */
  readonly restores: readonly Restored[]
}

export function computeEnding(
  { memory: { ledger }, planning }: ApplyOptions,
  outcomes: readonly UserOutcome[],
): Ending {
  const users = endUsersOf({ before: ledger.users, planning, outcomes })
  const changed = changedEntries(ledger.users, users)
  // Includes users whose entries do not change: undoing the revocation of a grant made by hand must not make it managed.
  const concerned = new Set([...changed, ...planning.plan.users.map(({ user }) => user)])
  return { users, changed, restores: restoresOf(ledger.users, concerned) }
}

interface EndOptions extends ApplyOptions {
  readonly recording: Recording
  readonly ending: Ending
  readonly outcomes: readonly UserOutcome[]
}

export async function endRecording(options: EndOptions): Promise<void> {
  const { context, memory, planning, recording, ending, outcomes } = options
  const { branch, head } = recording
  const { users, changed } = ending
  if (branch === undefined) return
  const ledger = ledgerOf({ context, memory, users, applying: false })
  const begun = head !== memory.head
  // A ledger that was accepted without its seal is sealed by a new commit.
  const mustSeal = memory.doubt !== undefined
  if (!begun && !mustSeal && changed.size === 0 && isSameList(ledger.files, memory.ledger.files)) return
  try {
    const message = messageOf(context, resultText({ plan: planning.plan, outcomes, changed: changed.size }))
    const moved = await branch.write({ ledger, message, head })
    if (moved === undefined) await mergeRecording(context, { branch, ledger, changed, message })
    else context.journal.noteLedgerHead(moved)
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    context.journal.warn([
      `The result of this apply could not be recorded in the ledger, so the next run reads its users again. ${error.message}`,
    ])
  }
}

interface MergeOptions {
  readonly branch: NonNullable<Memory['branch']>
  readonly ledger: Ledger
  readonly changed: ReadonlySet<string>
  readonly message: string
}

const MAX_MERGES = 5

/** Merges this run's users into a ledger that somebody else wrote while this run wrote to the tenant. */
async function mergeRecording({ journal }: Context, { branch, ledger, changed, message }: MergeOptions): Promise<void> {
  for (let attempt = 1; attempt <= MAX_MERGES; attempt++) {
    const newer = await branch.read()
    // Merging would seal a change that was made without the key.
    const unsealed = newer.kind === 'ledger' && (newer.seal === 'wrong' || newer.seal === 'missing')
    if (newer.kind === 'unreadable' || unsealed) {
      const problem = newer.kind === 'unreadable' ? newer.problem : 'its seal is missing or does not match ledger-key'
      journal.fail(
        `Somebody changed the ledger on the branch ${branch.name} while this run wrote to the tenant: ${problem}. What this run did is not recorded there. Revert the commit that changed it, and run this again.`,
      )
      return
    }
    const merged: Ledger =
      newer.kind === 'none'
        ? ledger
        : {
            ...newer.ledger,
            files: [...new Set([...newer.ledger.files, ...ledger.files])],
            users: mergeUsers(newer.ledger.users, ledger.users, changed),
          }
    const head = newer.kind === 'none' ? undefined : newer.head
    if ((await branch.write({ ledger: merged, message, head })) === undefined) continue
    const other = newer.kind === 'none' ? 'Somebody deleted' : `${newer.ledger.latest.run || 'Another run'} updated`
    journal.fail(
      `${other} the ledger's branch ${branch.name} while this run wrote to the tenant. This run's users were merged into the ledger, and the next run reads them again: run it, and give the workflow a concurrency group.`,
    )
    return
  }
  throw new ActionError(`Other runs updated the branch ${branch.name} ${MAX_MERGES} times in a row.`)
}

interface LedgerOptions extends Pick<Ledger, 'users' | 'applying'>, Pick<ApplyOptions, 'context' | 'memory'> {}

function ledgerOf({ context, memory, users, applying }: LedgerOptions): Ledger {
  const { workflow, task } = context
  const { ledger, mergedInto, files } = memory
  const { commit, runUrl: run = '' } = workflow
  return {
    ...ledger,
    ...(mergedInto !== undefined && { commit, branch: mergedInto }),
    latest: { run, commit, at: task.files.at.toISOString() },
    applying,
    files,
    users,
  }
}

function progressOf({ plan, survey, listings }: Planning): Progress {
  const operations = new Map(plan.users.map(user => [user.user, user]))
  // An undo plan says what is managed after it, so it adopts nothing.
  const restored = new Set(plan.restores?.map(({ user }) => user))
  const observations = survey.states.map(({ id, listings, desired, live }): Observation => {
    const { grant = [], revoke = [] } = operations.get(id) ?? {}
    return {
      user: id,
      listed: listings,
      desired: restored.has(id) ? NO_GRANTS : new Set(desired.keys()),
      live: live?.direct,
      grant: packAll(grant),
      revoke: packAll(revoke),
    }
  })
  return { observations, gone: new Set([...survey.gone, ...survey.missing].map(({ user }) => user)), listings }
}

interface Applied {
  readonly before: Entries
  readonly planning: Planning
  readonly outcomes: readonly UserOutcome[]
}

function endUsersOf({ before, planning, outcomes }: Applied): Entries {
  const results = new Map(
    outcomes.map(({ user, status, revoked }): [string, UserResult] => [user, { status, revoked: packAll(revoked) }]),
  )
  const users = endUsers(before, progressOf(planning), results)
  const settled = planning.plan.restores?.filter(({ user }) => (results.get(user)?.status ?? 'done') === 'done') ?? []
  return restoreUsers(
    users,
    new Map(settled.map(({ user, entry }) => [user, entry === null ? undefined : toEntry(entry)])),
  )
}

function toEntry({ listed, managed, unfinished }: NonNullable<Restored['entry']>): Entry {
  return { listed, managed: packAll(managed), unfinished: unfinished === true }
}

function restoresOf(before: Entries, users: ReadonlySet<string>): readonly Restored[] {
  return [...users].sort(compareText).map(user => {
    const entry = before.get(user)
    return { user, entry: entry === undefined ? null : toRestored(entry) }
  })
}

function toRestored({ listed, managed, unfinished }: Entry): Restored['entry'] {
  return { listed, managed: listAccess(managed), ...(unfinished && { unfinished }) }
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set(a).isSubsetOf(new Set(b))
}

/** A commit message for people who read the branch's history. */
function messageOf({ workflow }: Context, title: string): string {
  const { runUrl, commit } = workflow
  const facts = [runUrl && `Run: ${runUrl}`, commit && `Commit: ${commit}`].filter(Boolean)
  return [title, facts.join('\n'), '[skip ci]'].filter(part => part !== '').join('\n\n')
}

function operationsText({ users }: Plan): string {
  const { grants, revocations } = countOperations(users)
  return `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} for ${counted(users.length, 'user')}`
}

interface Result {
  readonly plan: Plan
  readonly outcomes: readonly UserOutcome[]
  /** How many entries of the ledger changed. */
  readonly changed: number
}

function resultText({ plan: { users }, outcomes, changed }: Result): string {
  if (users.length === 0) return `Update managed grants of ${counted(changed, 'user')}`
  const grants = outcomes.reduce((sum, { granted }) => sum + granted.length, 0)
  const revocations = outcomes.reduce((sum, { revoked }) => sum + revoked.length, 0)
  const unfinished = outcomes.filter(({ status }) => status !== 'done').length
  const done = `End ${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} for ${counted(users.length, 'user')}`
  return unfinished === 0 ? done : `${done}, ${unfinished} unfinished`
}
