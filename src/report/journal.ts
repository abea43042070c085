// The only writer of a run's record, with a verb for each thing that can happen. No step reads control flow from it; steps
// return what they find.

import type { InputProblem } from '../errors.ts'
import type { Plan, UserOutcome } from '../plan/plan.ts'
import type { Inputs } from '../runner/inputs.ts'
import type { Traffic } from '../tenant/turns.ts'
import { type Finding, type LedgerFacts, newRecord, type RunRecord, type UserFailure } from './record.ts'

/** A sentence, optionally with its place and its user. */
type Remark = string | Finding

export interface Journal {
  readonly begin: (inputs: Inputs) => void
  /** Inputs that cannot be used. */
  readonly rejectInputs: (problems: readonly InputProblem[]) => void
  /** Mistakes in the manifest; an empty list does nothing. */
  readonly rejectManifest: (mistakes: readonly Finding[]) => void
  /** Why nothing may be written; an empty list does nothing. */
  readonly refuse: (reasons: readonly Remark[]) => void
  /** The run ends because of this. */
  readonly fail: (message: string) => void
  /** Users who could not be read or fully updated. */
  readonly failUsers: (failures: readonly UserFailure[]) => void
  /** Users who were not finished because the run ended early. */
  readonly noteUnfinished: (findings: readonly Finding[]) => void
  readonly warn: (remarks: readonly Remark[]) => void
  readonly notice: (remarks: readonly Remark[]) => void
  readonly noteCommit: (commit: string) => void
  readonly noteManifest: (manifest: Pick<RunRecord, 'files' | 'users' | 'nextExpiry'>) => void
  /** The plan is read from `plan-file`. */
  readonly noteSaved: () => void
  /** @param traffic changes during the run */
  readonly noteTraffic: (traffic: Traffic) => void
  readonly noteLedger: (ledger: LedgerFacts) => void
  /** This run moved the ledger's branch. */
  readonly noteLedgerHead: (head: string) => void
  readonly noteApis: (apis: RunRecord['apis']) => void
  readonly noteUsers: (users: Partial<Pick<RunRecord, 'emails' | 'read' | 'removed' | 'derived'>>) => void
  readonly noteAdvice: (advice: Pick<RunRecord, 'unmanaged' | 'advice'>) => void
  readonly notePlan: (planning: { readonly plan: Plan; readonly digest: string }) => void
  readonly notePlanFile: (path: string | undefined) => void
  readonly noteApproval: (approval: NonNullable<RunRecord['approval']>) => void
  /** `fail-on-changes` is set, and the plan is not empty. */
  readonly noteDrift: () => void
  readonly noteOutcome: (outcome: UserOutcome) => void
  readonly noteUndo: (undo: Pick<RunRecord, 'undoPlanFile' | 'undoDigest'>) => void
  readonly noteExport: (exported: Pick<RunRecord, 'exported' | 'users'>) => void
  /** An error ends the run. If there is no plan yet, these users were not attempted. */
  readonly abandon: (users: readonly string[]) => void
  /** Work on the tenant has ended. */
  readonly end: (run: Pick<RunRecord, 'cancelled' | 'duration'>) => void
  readonly entries: () => RunRecord
}

type Draft = { -readonly [Key in keyof RunRecord]: RunRecord[Key] }

export function createJournal(): Journal {
  const draft: Draft = newRecord()
  // Grows user by user, so it is not copied each time like the other lists.
  const outcomes: UserOutcome[] = []
  const note = (facts: Partial<RunRecord>) => void Object.assign(draft, facts)
  return {
    ...collectRemarks(draft),
    begin: inputs => {
      note({ mode: inputs.mode, tenant: inputs.domain?.host })
      if ('revoke' in inputs) note({ revoke: inputs.revoke, scope: inputs.scope })
    },
    noteCommit: commit => note({ commit }),
    noteManifest: note,
    noteSaved: () => note({ saved: true }),
    noteTraffic: traffic => note({ traffic }),
    noteLedger: ledger => note({ ledger }),
    noteLedgerHead: head => {
      if (draft.ledger !== undefined) note({ ledger: { ...draft.ledger, head } })
    },
    noteApis: apis => note({ apis }),
    noteUsers: note,
    noteAdvice: note,
    notePlan: ({ plan, digest }) => note({ plan, digest }),
    notePlanFile: planFile => note({ planFile }),
    noteApproval: approval => note({ approval }),
    noteDrift: () => note({ drift: true }),
    noteOutcome: outcome => void outcomes.push(outcome),
    noteUndo: note,
    noteExport: note,
    abandon: users => {
      if (draft.plan !== undefined) return
      for (const user of users) outcomes.push({ user, status: 'not attempted', granted: [], revoked: [], errors: [] })
    },
    end: ({ cancelled, duration }) => {
      // A signal that arrived after everything was done cancelled nothing.
      const undone = draft.stopped !== undefined || outcomes.some(({ status }) => status !== 'done')
      note({ cancelled: cancelled && undone, duration })
    },
    entries: () => ({ ...draft, outcomes: [...outcomes] }),
  }
}

type RemarkVerb =
  | 'rejectInputs'
  | 'rejectManifest'
  | 'refuse'
  | 'fail'
  | 'failUsers'
  | 'noteUnfinished'
  | 'warn'
  | 'notice'

function collectRemarks(draft: Draft): Pick<Journal, RemarkVerb> {
  const add = (kind: 'errors' | 'warnings' | 'notices', remarks: readonly Remark[]) => {
    draft[kind] = [...draft[kind], ...remarks.map(findingOf)]
  }
  const stop = (stopped: NonNullable<RunRecord['stopped']>, remarks: readonly Remark[]) => {
    if (remarks.length > 0) draft.stopped = stopped
    add('errors', remarks)
  }
  return {
    rejectInputs: problems => stop('inputs', problems),
    rejectManifest: mistakes => stop('manifest', mistakes),
    refuse: reasons => stop('refused', reasons),
    fail: message => stop('error', [message]),
    failUsers: failures => {
      draft.failures = [...draft.failures, ...failures]
    },
    noteUnfinished: findings => add('errors', findings),
    warn: remarks => add('warnings', remarks),
    notice: remarks => add('notices', remarks),
  }
}

function findingOf(remark: Remark): Finding {
  return typeof remark === 'string' ? { message: remark } : remark
}
