// Everything that a run has to tell, as data: it grows while the run goes on, whatever becomes of it, and outputs,
// summary and report file are all computed from it. Pure.

import type { Mode, Revoke, Scope } from '../inputs.ts'
import type { Place } from '../manifest/problem.ts'
import type { UserState } from '../plan/diff.ts'
import { type Permission, partsOf } from '../plan/grants.ts'
import type { UserEmail } from '../plan/identify.ts'
import { countOperations, type Held, type Plan, type UserOutcome } from '../plan/plan.ts'
import type { Traffic } from '../tenant/pace.ts'

type Result = 'unchanged' | 'planned' | 'applied' | 'partial' | 'failed'

/** Something that a person should look at, at a line of the manifest where it has one. */
export interface Finding {
  readonly message: string
  readonly place?: Place
  /** Whom it is about: the id, or the address where no id was found. */
  readonly user?: string
  /** The address that lists the user, where that is how. */
  readonly email?: string
}

/** A finding about one user, who is not converged because of it. */
export interface UserFailure extends Finding {
  readonly user: string
}

/** A permission that a listed user holds through roles. */
export interface Derived extends Permission {
  readonly user: string
  readonly roles: readonly string[]
}

interface Exported {
  readonly path: string
  readonly grants: number
}

/** What the ledger said, and where this run is recorded. */
interface LedgerFacts {
  readonly branch: string
  /** The newest commit that was applied; the page of the latest apply's run, and when it began. */
  readonly commit: string | undefined
  readonly run: string | undefined
  readonly at: string | undefined
  /** The head of the branch: as it was read, or as this run left it. */
  readonly head: string | undefined
}

export interface RunRecord {
  mode: Mode | undefined
  revoke: Revoke | undefined
  scope: Scope | undefined
  /** The tenant's host. */
  tenant: string | undefined
  /** The commit that holds the manifest, as people know it; empty or undefined where there is none. */
  commit: string | undefined
  /** The manifest's files. */
  files: readonly string[]
  /** How many users the manifest lists. */
  users: number
  /** Where the run ended early, why, in the words of the final sentence; nothing was written then. */
  stopped: 'inputs' | 'manifest' | 'refused' | 'error' | undefined
  cancelled: boolean
  /** `fail-on-changes` was asked for, and the plan is not empty. */
  drift: boolean
  /** What `mode: export` wrote. */
  exported: Exported | undefined
  errors: Finding[]
  warnings: Finding[]
  notices: Finding[]
  failures: UserFailure[]
  plan: Plan | undefined
  /** `sha256:…` */
  digest: string | undefined
  /** The input `approved-plan` asked for this digest, or for another one, or the plan is a saved one. */
  approval: 'approved' | 'other' | 'saved' | undefined
  outcomes: UserOutcome[]
  /** Users whom the manifest lists by an address; plans and outcomes have ids alone. */
  emails: readonly UserEmail[]
  /** Users who have left the manifest, and lose what it gave them. */
  left: readonly string[]
  /** How many users were read. */
  read: number
  derived: readonly Derived[]
  unmanaged: readonly Held[]
  /** What would make the manifest simpler, in sentences. */
  advice: readonly string[]
  ledger: LedgerFacts | undefined
  /** Paths of files with plans. */
  planFile: string | undefined
  undoPlanFile: string | undefined
  /** `sha256:…` of the undo plan. */
  undoDigest: string | undefined
  traffic: Traffic
  /** Milliseconds. */
  duration: number
}

export function derivedOf({ id, live }: Pick<UserState, 'id' | 'live'>): readonly Derived[] {
  return [...(live?.derived ?? [])].map(([grant, roles]) => ({ user: id, ...partsOf(grant), roles }))
}

/**
 * The report file: everything that a run has to tell, for scripts. What is unknown, or was not asked for, is null; plans
 * and outcomes are as in plan files, where such keys are left out.
 */
interface Report extends Conclusion {
  /** Raised when a key changes its meaning or goes; a new key does not raise it. */
  readonly format: 1
  /** The page of the workflow run. */
  readonly run: string | null
  /** The commit that holds the manifest, as people know it. */
  readonly commit: string | null
  /** When the run began, ISO 8601. */
  readonly started: string
  /** Milliseconds. */
  readonly duration: number
  readonly mode: Mode | null
  readonly revoke: Revoke | null
  readonly scope: Scope | null
  readonly tenant: string | null
  readonly files: readonly string[]
  readonly stopped: 'inputs' | 'manifest' | 'refused' | 'error' | null
  readonly cancelled: boolean
  readonly drift: boolean
  readonly approval: 'approved' | 'other' | 'saved' | null
  readonly exported: Exported | null
  readonly errors: readonly ReportedFinding[]
  readonly failures: readonly ReportedFinding[]
  readonly warnings: readonly ReportedFinding[]
  readonly notices: readonly ReportedFinding[]
  readonly plan: Plan | null
  readonly digest: string | null
  readonly outcomes: readonly UserOutcome[]
  readonly emails: readonly UserEmail[]
  readonly left: readonly string[]
  readonly read: number
  readonly derived: readonly Derived[]
  readonly unmanaged: readonly Held[]
  readonly advice: readonly string[]
  readonly ledger: Nullable<LedgerFacts> | null
  readonly planFile: string | null
  readonly undoPlanFile: string | null
  readonly undoDigest: string | null
  readonly traffic: Nullable<Traffic>
}

interface ReportedFinding {
  readonly message: string
  readonly place: Place | null
  /** Of a finding about a user: the id, or the address where no id was found. */
  readonly user: string | null
  /** Of the same user, as far as there are any: the id, and the address that lists the user. */
  readonly id: string | null
  readonly email: string | null
}

type Nullable<T> = { readonly [Key in keyof T]: undefined extends T[Key] ? Exclude<T[Key], undefined> | null : T[Key] }

/** What the record does not know of the run itself. */
export interface Circumstances {
  readonly run: string | undefined
  readonly started: Date
}

export function reportOf(record: Readonly<RunRecord>, { run, started }: Circumstances): Report {
  const { errors, failures, warnings, notices, commit, ledger, traffic, ...rest } = record
  return {
    format: 1,
    run: run ?? null,
    commit: commit || null,
    started: started.toISOString(),
    ...conclude(record),
    ...withNulls(rest),
    errors: errors.map(reportFinding),
    failures: failures.map(reportFinding),
    warnings: warnings.map(reportFinding),
    notices: notices.map(reportFinding),
    ledger: ledger === undefined ? null : withNulls(ledger),
    traffic: withNulls(traffic),
  }
}

function reportFinding({ message, place, user, email }: Finding): ReportedFinding {
  const id = user === email ? undefined : user
  return { message, place: place ?? null, user: user ?? null, id: id ?? null, email: email ?? null }
}

function withNulls<T extends object>(known: T): Nullable<T> {
  return Object.fromEntries(Object.entries(known).map(([key, value]) => [key, value ?? null])) as Nullable<T>
}

/** The addresses that list users, by id. */
export function emailsOf({ emails }: Pick<RunRecord, 'emails'>): ReadonlyMap<string, string> {
  return new Map(emails.map(({ user, email }) => [user, email]))
}

export function newRecord(): RunRecord {
  return {
    mode: undefined,
    revoke: undefined,
    scope: undefined,
    tenant: undefined,
    commit: undefined,
    files: [],
    users: 0,
    stopped: undefined,
    cancelled: false,
    drift: false,
    exported: undefined,
    errors: [],
    warnings: [],
    notices: [],
    failures: [],
    plan: undefined,
    digest: undefined,
    approval: undefined,
    outcomes: [],
    emails: [],
    left: [],
    read: 0,
    derived: [],
    unmanaged: [],
    advice: [],
    ledger: undefined,
    planFile: undefined,
    undoPlanFile: undefined,
    undoDigest: undefined,
    traffic: { requests: 0, waited: 0, waitingFor: undefined, blind: false },
    duration: 0,
  }
}

/** Of users whom the end of the run alone left unfinished one sentence tells; the outcomes say who they are. */
export function unfinishedOf(outcomes: readonly UserOutcome[], cancelled: boolean): readonly Finding[] {
  const [first, ...others] = shortfallsOf(outcomes, 0)
  if (first === undefined) return []
  const parts = [`${counted(first.count, 'user')} ${first.what}`, ...others.map(shortfallText)]
  const why = cancelled
    ? 'as the run was cancelled. Run it again: it finishes the rest.'
    : 'as an earlier request failed for all. The next run finishes the rest.'
  return [{ message: `${parts.join(' and ')}, ${why}` }]
}

interface Shortfall {
  readonly count: number
  readonly what: string
}

/** How users did not get what they should, as far as there are any. @param failed of whom a failure tells */
function shortfallsOf(outcomes: readonly UserOutcome[], failed: number): readonly Shortfall[] {
  const inPart = outcomes.filter(({ interrupted }) => interrupted).length
  const untouched = outcomes.filter(({ status }) => status === 'not attempted').length
  return [
    { count: failed, what: 'failed' },
    { count: inPart, what: `${inPart === 1 ? 'was' : 'were'} changed in part` },
    { count: untouched, what: `${untouched === 1 ? 'was' : 'were'} not attempted` },
  ].filter(({ count }) => count > 0)
}

/** How many users did not get what they should. @param failed of whom a failure tells */
function shortfallOf(outcomes: readonly UserOutcome[], failed: number): number {
  return shortfallsOf(outcomes, failed).reduce((sum, { count }) => sum + count, 0)
}

function shortfallText({ count, what }: Shortfall): string {
  return `${grouped(count)} ${what}`
}

/** What the outputs say. */
export interface Conclusion {
  readonly result: Result
  readonly changed: boolean
  readonly grants: number
  readonly revocations: number
  readonly users: number
  readonly usersChanged: number
  readonly usersFailed: number
  readonly requests: number
  /** One sentence that says what happened. */
  readonly sentence: string
}

type Totals = Omit<Conclusion, 'result' | 'sentence'>

export function conclude(record: Readonly<RunRecord>): Conclusion {
  const totals = record.mode === 'apply' ? totalsDone(record) : totalsPlanned(record)
  const result = resultOf(record, totals)
  return { result, ...totals, sentence: sentenceOf(record, result, totals) }
}

function totalsPlanned({ plan, outcomes, users, failures, traffic }: Readonly<RunRecord>): Totals {
  const planned = plan?.users ?? []
  return {
    changed: planned.length > 0,
    ...countOperations(planned),
    users,
    usersChanged: planned.length,
    usersFailed: shortfallOf(outcomes, failures.length),
    requests: traffic.requests,
  }
}

function totalsDone({ outcomes, users, failures, traffic }: Readonly<RunRecord>): Totals {
  const written = outcomes.filter(({ granted, revoked }) => granted.length + revoked.length > 0)
  return {
    changed: written.length > 0,
    grants: written.reduce((sum, { granted }) => sum + granted.length, 0),
    revocations: written.reduce((sum, { revoked }) => sum + revoked.length, 0),
    users,
    usersChanged: written.length,
    usersFailed: shortfallOf(outcomes, failures.length),
    requests: traffic.requests,
  }
}

function resultOf({ mode, stopped, users }: Readonly<RunRecord>, { changed, usersFailed }: Totals): Result {
  if (stopped !== undefined) return changed && mode === 'apply' ? 'partial' : 'failed'
  if (usersFailed > 0) return usersFailed < users || changed ? 'partial' : 'failed'
  if (!changed) return 'unchanged'
  return mode === 'apply' ? 'applied' : 'planned'
}

function sentenceOf(record: Readonly<RunRecord>, result: Result, totals: Totals): string {
  const { mode, stopped, errors } = record
  const { grants, revocations, users, usersChanged } = totals
  if (record.cancelled) return `Cancelled: ${doneSoFar(mode, totals)}.`
  switch (stopped) {
    case 'inputs':
      return `The ${errors.length === 1 ? 'input is' : 'inputs are'} not usable; no request was sent.`
    case 'manifest':
      return `The manifest has ${counted(errors.length, 'mistake')}; nothing was written.`
    case 'refused':
      return `Refused for ${counted(errors.length, 'reason')}; nothing was written.`
    case 'error':
      return `Failed: ${doneSoFar(mode, totals)}.`
    case undefined:
  }
  if (record.exported !== undefined) {
    const { path, grants: held } = record.exported
    return `Exported: ${path} lists ${counted(users, 'user')} with ${counted(held, 'direct permission')}.`
  }
  const changes = `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')}`
  if (result === 'unchanged') {
    const [lookedAt, partial] =
      record.scope === 'changed' && record.read < users ? [record.read, 'in scope '] : [users, '']
    return mode === 'validate'
      ? `The manifest is valid; it lists ${counted(users, 'user')}.`
      : `Unchanged: every one of ${counted(lookedAt, 'listed user')} ${partial}has what the manifest says.`
  }
  const would = mode === 'apply' ? `changed: ${changes}` : `would change: ${changes}`
  return `${shortfallsText(record, users)}${grouped(usersChanged)} of ${counted(users, 'user')} ${would}.`
}

function shortfallsText({ outcomes, failures }: Readonly<RunRecord>, users: number): string {
  const [first, ...others] = shortfallsOf(outcomes, failures.length)
  if (first === undefined) return ''
  const parts = [`${grouped(first.count)} of ${counted(users, 'user')} ${first.what}`, ...others.map(shortfallText)]
  const last = parts.pop()
  return `${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}; `
}

function doneSoFar(mode: Mode | undefined, { changed, grants, revocations, usersChanged }: Totals): string {
  if (mode !== 'apply' || !changed) return 'nothing was written'
  return `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} were done for ${counted(usersChanged, 'user')}`
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A number as people read it: `12,400`, on every machine. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
