// Records an apply in the ledger: what is about to be done, before the first write, and what was done, after the last.

import { compareText, listAccess, NO_GRANTS, packAll } from '../access/grants.ts'
import { ActionError } from '../errors.ts'
import type { BranchReading, LedgerBranch } from '../ledger/branch.ts'
import { SEAL_PROBLEMS } from '../ledger/file.ts'
import {
  beginUsers,
  changedEntries,
  type EndedProgress,
  type Entries,
  type Entry,
  type EntryChanges,
  endUsers,
  type Ledger,
  mergeLedgers,
  type Observation,
  type Progress,
  revertUsers,
} from '../ledger/ledger.ts'
import { type Counts, countOperations, type Restored, type RestoredEntry, type UserOutcome } from '../plan/plan.ts'
import { counted } from '../report/conclude.ts'
import type { PlannedContext, Planning } from './compute-plan.ts'
import type { Context } from './context.ts'
import { reasonOf } from './github-reason.ts'
import { needOf, reportUnremembered, WITHOUT_LEDGER } from './read-ledger.ts'

/** Where an apply is recorded. */
export interface Recording {
  /** undefined if the apply is not recorded */
  readonly branch: LedgerBranch | undefined
  /** The head of the branch; undefined if there is none. */
  readonly head: string | undefined
}

/** @returns undefined if the run is refused; why is reported */
export async function beginRecording(context: PlannedContext): Promise<Recording | undefined> {
  const { memory, planning, journal } = context
  const { branch, head } = memory
  const { users } = planning.plan
  if (branch === undefined || users.length === 0) return { branch, head }
  const entries = beginUsers(memory.ledger.users, progressOf(planning))
  const message = messageOf(context, `Begin ${operationsText(countOperations(users), users.length)}`)
  try {
    const moved = await branch.write({ ledger: ledgerOf(context, { users: entries, applying: true }), message, head })
    if (moved !== undefined) return { branch, head: moved }
    journal.refuse([
      `Another run updated the ledger's branch ${branch.name} after this run read it, so this run stopped before its first write. Run it again.`,
    ])
    return undefined
  } catch (error) {
    const why = reasonOf(error, context)
    if (needOf(context) === undefined) {
      reportUnremembered(context, why)
      return { branch: undefined, head }
    }
    journal.refuse([`The apply could not be recorded in the ledger before its first write. ${why} ${WITHOUT_LEDGER}`])
    return undefined
  }
}

/** The ledger's users after an apply. */
export interface Ending {
  readonly users: Entries
  /** The users whose entries change. */
  readonly changed: ReadonlySet<string>
  /** What changes in the ledger, for the undo plan. */
  readonly restores: readonly Restored[]
}

export function computeEnding(context: PlannedContext, outcomes: readonly UserOutcome[]): Ending {
  const { memory, planning } = context
  const before = memory.ledger.users
  const results = new Map(
    outcomes.map(({ user, status, revoked }) => [user, { status, revoked: packAll(revoked) }] as const),
  )
  const ended = endUsers(before, { ...progressOf(planning), results })
  const users = revertUsers(ended, changesToRevert(context, results))
  const changed = changedEntries(before, users)
  // Includes users whose entries do not change: undoing the revocation of a grant made by hand must not make it managed.
  const involved = new Set([...changed, ...planning.plan.users.map(({ user }) => user)])
  const restores = [...involved].sort(compareText).map(user => ({
    user,
    before: toRestored(before.get(user)),
    after: toRestored(users.get(user)),
  }))
  return { users, changed, restores }
}

/** What the undo plan reverts in the ledger: nothing if it was not read. An apply that is not recorded changed nothing there. */
export function restoresOf(
  { memory }: PlannedContext,
  { recording, ending }: Pick<EndOptions, 'recording' | 'ending'>,
): readonly Restored[] {
  if (recording.branch !== undefined) return ending.restores
  return memory.head === undefined ? [] : ending.restores.map(each => ({ ...each, after: each.before }))
}

export interface EndOptions {
  readonly context: PlannedContext
  readonly recording: Recording
  readonly ending: Ending
  readonly outcomes: readonly UserOutcome[]
}

export async function endRecording({ context, recording, ending, outcomes }: EndOptions): Promise<void> {
  const { memory, planning, journal } = context
  const { branch, head } = recording
  const { users, changed } = ending
  if (branch === undefined) return
  const ledger = ledgerOf(context, { users, applying: false })
  const begun = head !== memory.head
  // A ledger that was accepted without its seal is sealed by a new commit.
  const mustSeal = memory.doubt !== undefined
  if (!begun && !mustSeal && changed.size === 0 && isSameList(ledger.files, memory.ledger.files)) return
  const planned = planning.plan.users.length
  const title = planned === 0 ? `Update the entries of ${counted(changed.size, 'user')}` : resultText(outcomes, planned)
  const message = messageOf(context, title)
  try {
    const moved = await branch.write({ ledger, message, head })
    if (moved === undefined) await mergeRecording(context, { branch, ledger, changed, message })
    else journal.noteLedgerHead(moved)
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    journal.warn([
      `The result of this apply could not be recorded in the ledger, so the next run reads this run's users again. ${error.message}`,
    ])
  }
}

interface MergeOptions {
  readonly branch: LedgerBranch
  readonly ledger: Ledger
  readonly changed: ReadonlySet<string>
  readonly message: string
}

const MAX_MERGES = 5

/** Merges this run's users into a ledger that somebody else wrote while this run wrote to the tenant. */
async function mergeRecording({ journal }: Context, { branch, ledger, changed, message }: MergeOptions): Promise<void> {
  for (let attempt = 1; attempt <= MAX_MERGES; attempt++) {
    const newer = await branch.read()
    const problem = problemOf(newer)
    if (problem !== undefined) {
      journal.fail(
        `Somebody changed the ledger on the branch ${branch.name} while this run wrote to the tenant: ${problem}. What this run did is not recorded there. Revert the commit that changed it, and run this again.`,
      )
      return
    }
    const theirs = newer.kind === 'ledger' ? newer : undefined
    const merged = mergeLedgers({ newer: theirs?.ledger ?? ledger, own: ledger }, changed)
    if ((await branch.write({ ledger: merged, message, head: theirs?.head })) === undefined) continue
    const other = theirs === undefined ? 'Somebody deleted' : `${theirs.ledger.latest.run || 'Another run'} updated`
    journal.fail(
      `${other} the ledger's branch ${branch.name} while this run wrote to the tenant. This run's users were merged into the ledger, and the next run reads them again. Run the workflow again, and give it a concurrency group.`,
    )
    return
  }
  journal.fail(
    `Other runs updated the ledger's branch ${branch.name} ${MAX_MERGES} times while this run tried to record its result there. The result is not recorded, so the next run reads this run's users again. Run the workflow again, and give it a concurrency group.`,
  )
}

/** Why a ledger cannot be merged with. Merging would seal a change that was made without the key. */
function problemOf(reading: BranchReading): string | undefined {
  if (reading.kind === 'unreadable') return reading.problem
  const problem = reading.kind === 'ledger' ? SEAL_PROBLEMS[reading.seal] : undefined
  return problem && `it ${problem}`
}

function ledgerOf(
  { workflow, task, memory }: PlannedContext,
  { users, applying }: Pick<Ledger, 'users' | 'applying'>,
): Ledger {
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
  const restored = new Map(plan.restores?.map(({ user, before }) => [user, packAll(before?.managed ?? [])]))
  const observations = survey.states.map(({ id, listings, desired, live }): Observation => {
    const { grant = [], revoke = [] } = operations.get(id) ?? {}
    const before = restored.get(id)
    return {
      user: id,
      listed: listings,
      desired: before === undefined ? new Set(desired.keys()) : NO_GRANTS,
      live: live?.direct,
      grant: packAll(grant),
      revoke: packAll(revoke),
      byHand: before === undefined ? NO_GRANTS : packAll(grant).difference(before),
    }
  })
  const gone = new Set([...survey.gone, ...survey.missing].map(({ user }) => user))
  return { observations, gone, unread: survey.unread, listings }
}

/** What an undo plan reverts in the ledger, for users for whom all of it was done. */
function changesToRevert({ planning, task }: PlannedContext, results: EndedProgress['results']): EntryChanges {
  const revoked = new Map(task.saved?.users.map(({ user, revoke }) => [user, packAll(revoke)]))
  const planned = new Set(planning.plan.users.map(({ user }) => user))
  const settled = planning.plan.restores?.filter(
    ({ user }) => !planned.has(user) || results.get(user)?.status === 'done',
  )
  const changes = settled?.map(({ user, before, after }) => {
    const revokes = revoked.get(user) ?? NO_GRANTS
    return [user, { before: toEntry(before), after: toEntry(after), revokes }] as const
  })
  return new Map(changes)
}

function toEntry(entry: RestoredEntry | null): Entry | undefined {
  return entry === null
    ? undefined
    : { listed: entry.listed, managed: packAll(entry.managed), unfinished: entry.unfinished === true }
}

function toRestored(entry: Entry | undefined): RestoredEntry | null {
  if (entry === undefined) return null
  const { listed, managed, unfinished } = entry
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

function operationsText({ grants, revocations }: Counts, users: number): string {
  return `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} for ${counted(users, 'user')}`
}

function resultText(outcomes: readonly UserOutcome[], planned: number): string {
  const done = countOperations(outcomes.map(({ granted, revoked }) => ({ grant: granted, revoke: revoked })))
  const unfinished = outcomes.filter(({ status }) => status !== 'done').length
  const result = `End ${operationsText(done, planned)}`
  return unfinished === 0 ? result : `${result}, ${unfinished} unfinished`
}
