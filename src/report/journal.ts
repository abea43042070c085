// The only writer of a run's record, with a verb for each thing that can happen. No step reads control flow from it; steps
// return what they find.

import type { InputProblem } from '../errors.ts'
import type { Plan, UserOutcome } from '../plan/plan.ts'
import type { Inputs } from '../runner/inputs.ts'
import type { Traffic } from '../tenant/tenant.ts'
import { byPlace, type Finding, type LedgerFacts, newRecord, type RunRecord, type UserFailure } from './record.ts'

/** A sentence, optionally with its place and its user. */
type Remark = string | Finding

type Draft = { -readonly [Key in keyof RunRecord]: RunRecord[Key] }

type Facts<Key extends keyof RunRecord> = Pick<RunRecord, Key>

export type Journal = ReturnType<typeof createJournal>

export function createJournal() {
  const draft: Draft = newRecord()
  // Grows user by user, so it is not copied each time like the other lists.
  const outcomes = new Map<string, UserOutcome>()
  return {
    ...remarkVerbs(draft),
    ...factVerbs(draft),
    noteOutcome: (outcome: UserOutcome) => void outcomes.set(outcome.user, outcome),
    /** An error ends the run. Users of the plan (if there is none yet, of `users`) without an outcome were not attempted. */
    abandon: (users: readonly string[]) => {
      for (const user of draft.plan?.users.map(({ user }) => user) ?? users) {
        const untouched: UserOutcome = { user, status: 'not attempted', granted: [], revoked: [], errors: [] }
        if (!outcomes.has(user)) outcomes.set(user, untouched)
      }
    },
    /** Work on the tenant has ended. */
    end: ({ cancelled, duration }: Facts<'cancelled' | 'duration'>) => {
      // A signal that arrived after everything was done cancelled nothing.
      const undone = draft.stopped !== undefined || [...outcomes.values()].some(({ status }) => status !== 'done')
      Object.assign(draft, { cancelled: cancelled && undone, duration })
    },
    entries: (): RunRecord => ({
      ...draft,
      failures: draft.failures.toSorted(byPlace(draft.files)),
      outcomes: [...outcomes.values()],
    }),
  }
}

function remarkVerbs(draft: Draft) {
  const add = (kind: 'errors' | 'warnings' | 'notices', remarks: readonly Remark[]) => {
    const findings = remarks.map(remark => (typeof remark === 'string' ? { message: remark } : remark))
    draft[kind] = [...draft[kind], ...findings]
  }
  const stop = (stopped: Draft['stopped'], remarks: readonly Remark[]) => {
    if (remarks.length > 0) draft.stopped = stopped
    add('errors', remarks)
  }
  return {
    rejectInputs: (problems: readonly InputProblem[]) => stop('inputs', problems),
    /** Mistakes in the manifest; an empty list does nothing. */
    rejectManifest: (mistakes: readonly Finding[]) => stop('manifest', mistakes),
    /** Why nothing may be written; an empty list does nothing. */
    refuse: (reasons: readonly Remark[]) => stop('refused', reasons),
    /** The run ends because of this. */
    fail: (message: string) => stop('error', [message]),
    /** Users who could not be read or fully updated. */
    failUsers: (failures: readonly UserFailure[]) => {
      draft.failures = [...draft.failures, ...failures]
    },
    /** Users who were not finished because the run ended early. */
    noteUnfinished: (findings: readonly Finding[]) => add('errors', findings),
    warn: (remarks: readonly Remark[]) => add('warnings', remarks),
    notice: (remarks: readonly Remark[]) => add('notices', remarks),
  }
}

function factVerbs(draft: Draft) {
  const note = (facts: Partial<RunRecord>) => void Object.assign(draft, facts)
  return {
    begin: (inputs: Inputs) => {
      note({ mode: inputs.mode, tenant: inputs.domain?.host })
      if ('revoke' in inputs) note({ revoke: inputs.revoke, scope: inputs.scope })
    },
    noteCommit: (commit: string) => note({ commit }),
    noteManifest: (manifest: Facts<'files' | 'users' | 'nextExpiry'>) => note(manifest),
    noteSaved: () => note({ saved: true }),
    /** @param traffic changes during the run */
    noteTraffic: (traffic: Traffic) => note({ traffic }),
    noteLedger: (ledger: LedgerFacts) => note({ ledger }),
    /** This run moved the ledger's branch. */
    noteLedgerHead: (head: string) => note({ ledger: draft.ledger && { ...draft.ledger, head } }),
    noteApis: (apis: RunRecord['apis']) => note({ apis }),
    noteUsers: (users: Partial<Facts<'emails' | 'read' | 'removed' | 'derived'>>) => note(users),
    noteAdvice: (advice: Facts<'unmanaged' | 'advice'>) => note(advice),
    notePlan: ({ plan, digest }: { readonly plan: Plan; readonly digest: string }) => note({ plan, digest }),
    notePlanFile: (planFile: string | undefined) => note({ planFile }),
    noteApproval: (approval: NonNullable<RunRecord['approval']>) => note({ approval }),
    noteDrift: () => note({ drift: true }),
    noteUndo: (undo: Facts<'undoPlanFile' | 'undoDigest'>) => note(undo),
    noteExport: (exported: Facts<'exported' | 'users'>) => note(exported),
  }
}
