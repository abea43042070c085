// A run's record → the report file for scripts, which contains everything. Pure.

import { conclude } from './conclude.ts'
import type { Finding, RunRecord } from './record.ts'

/** Facts about the run that are not in the record. */
export interface Circumstances {
  /** The URL of the run's page. */
  readonly run: string | undefined
  readonly started: Date
}

/** JSON. Unknown values are null; plans and outcomes have the form of plan files, which omit such keys. */
export function renderReportFile(record: RunRecord, { run, started }: Circumstances): string {
  const { errors, failures, warnings, notices, commit, apis, ledger, traffic, ...rest } = record
  const report = {
    /** Raised when a key changes its meaning or is removed; a new key does not raise it. */
    format: 1,
    run,
    commit: commit || undefined,
    started,
    ...conclude(record),
    ...rest,
    errors: errors.map(identifyUser),
    failures: failures.map(identifyUser),
    warnings: warnings.map(identifyUser),
    notices: notices.map(identifyUser),
    apis,
    ledger,
    traffic,
  }
  return JSON.stringify(report, (_, value: unknown) => value ?? null, 2)
}

/** `user` is the id, or the address if no id was found. */
function identifyUser({ message, place, user, email }: Finding) {
  return { message, place, user, id: user === email ? undefined : user, email }
}
