// A run's record → the report file: everything that a run has to report, for scripts. Pure.

import type { UserEmail } from '../live/user-state.ts'
import type { Place } from '../manifest/problem.ts'
import type { Held, Plan, UserOutcome } from '../plan/plan.ts'
import type { Mode, Revoke, Scope } from '../runner/inputs.ts'
import type { Traffic } from '../tenant/pace.ts'
import { type Conclusion, conclude } from './conclude.ts'
import type { Derived, Exported, Finding, LedgerFacts, NamedApi, RunRecord } from './record.ts'

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
  /** ISO 8601. */
  readonly nextExpiry: string | null
  readonly stopped: 'inputs' | 'manifest' | 'refused' | 'error' | null
  readonly cancelled: boolean
  readonly drift: boolean
  readonly saved: boolean
  readonly approval: 'approved' | 'other' | 'empty' | null
  readonly exported: Exported | null
  readonly errors: readonly ReportedFinding[]
  readonly failures: readonly ReportedFinding[]
  readonly warnings: readonly ReportedFinding[]
  readonly notices: readonly ReportedFinding[]
  readonly plan: Plan | null
  readonly digest: string | null
  readonly outcomes: readonly UserOutcome[]
  readonly emails: readonly UserEmail[]
  readonly removed: readonly string[]
  readonly read: number
  readonly apis: readonly Nullable<NamedApi>[]
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
  const { errors, failures, warnings, notices, commit, apis, ledger, traffic, ...rest } = record
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
    apis: apis.map(withNulls),
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
