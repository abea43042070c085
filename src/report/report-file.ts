// A run's record → the report file for scripts, which contains everything. Pure.

import { conclude } from './conclude.ts'
import type { Finding, RunRecord } from './record.ts'

type Nullable<T> = { readonly [Key in keyof T]: undefined extends T[Key] ? Exclude<T[Key], undefined> | null : T[Key] }

/** Facts about the run that are not in the record. */
export interface Circumstances {
  readonly run: string | undefined
  readonly started: Date
}

/** Unknown values are null. Plans and outcomes have the form of plan files, which omit such keys. */
export function reportOf(record: RunRecord, { run, started }: Circumstances) {
  const { errors, failures, warnings, notices, commit, apis, ledger, traffic, ...rest } = record
  return {
    /** Raised when a key changes its meaning or is removed; a new key does not raise it. */
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

/** `user` is the id, or the address if no id was found; `id` and `email` are null if unknown. */
function reportFinding({ message, place, user, email }: Finding) {
  const id = user === email ? undefined : user
  return { message, place: place ?? null, user: user ?? null, id: id ?? null, email: email ?? null }
}

function withNulls<T extends object>(known: T): Nullable<T> {
  return Object.fromEntries(Object.entries(known).map(([key, value]) => [key, value ?? null])) as Nullable<T>
}
