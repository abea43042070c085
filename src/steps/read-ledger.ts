// Reads the ledger, which some runs require and others can do without.

import { ActionError } from '../errors.ts'
import type { GitHub } from '../github/github.ts'
import { type BranchReading, type LedgerBranch, openLedgerBranch } from '../ledger/branch.ts'
import { SEAL_PROBLEMS } from '../ledger/file.ts'
import { emptyLedger, type Ledger } from '../ledger/ledger.ts'
import type { Context } from './context.ts'
import { NO_TOKEN, reasonOf } from './github-reason.ts'

export interface LedgerMemory {
  readonly ledger: Ledger
  /** Where this run will be recorded; undefined if it cannot be. */
  readonly branch: LedgerBranch | undefined
  /** The head of the branch that the ledger was read from; undefined if there is none. */
  readonly head: string | undefined
  /** Why somebody must approve a plan that is computed from this ledger. */
  readonly doubt: Doubt | undefined
}

interface Doubt {
  readonly refusal: string
  /** Reported once somebody has approved the plan. */
  readonly acceptance: string
}

/** @returns undefined if the run requires the ledger and cannot read it */
export async function readLedger(context: Context, github: GitHub | undefined): Promise<LedgerMemory | undefined> {
  const { inputs, workflow, journal } = context
  const { tenant, ledgerKey: key } = inputs
  try {
    if (workflow.repository === undefined) throw new ActionError(NO_REPOSITORY)
    if (github === undefined) throw new ActionError(NO_TOKEN)
    const branch = openLedgerBranch({ github, tenant, key })
    journal.noteLedger({ branch: branch.name, commit: undefined, run: undefined, at: undefined, head: undefined })
    return useReading(context, { branch, reading: await branch.read() })
  } catch (error) {
    const why = reasonOf(error, context)
    const need = needOf(context)
    if (need !== undefined) {
      journal.refuse([`The input ${need} needs the ledger. ${why} ${WITHOUT_LEDGER}`])
      return undefined
    }
    // Outside GitHub nobody expects a ledger.
    if (workflow.repository !== undefined) reportUnremembered(context, why)
    return { ledger: emptyLedger(tenant), branch: undefined, head: undefined, doubt: undefined }
  }
}

const NO_REPOSITORY =
  'The ledger is a branch of the repository, but GITHUB_REPOSITORY is not set. Run this action in a workflow.'

export const WITHOUT_LEDGER = 'Or set revoke: never or revoke: all, and scope: all, which do not need the ledger.'

/** The setting that requires the ledger. */
export function needOf({ inputs }: Context): string | undefined {
  if (inputs.revoke === 'managed') return 'revoke: managed'
  return inputs.scope === 'changed' ? 'scope: changed' : undefined
}

interface ReadBranch {
  readonly branch: LedgerBranch
  readonly reading: BranchReading
}

function useReading({ inputs, journal, workflow }: Context, { branch, reading }: ReadBranch): LedgerMemory {
  if (reading.kind === 'none') {
    journal.warn([
      `There is no ledger yet (branch ${branch.name}), which is normal before the first apply. If this tenant had one, somebody deleted the branch: restore it; without it, earlier grants are managed only if this manifest lists them.`,
    ])
    return { ledger: emptyLedger(inputs.tenant), branch, head: undefined, doubt: undefined }
  }
  if (reading.kind === 'unreadable') {
    throw new ActionError(
      `The ledger on the branch ${branch.name} is not one that this action wrote: ${reading.problem}. Revert the commit that changed it on that branch; or delete the branch to start over.`,
    )
  }
  const { ledger, head, seal } = reading
  const { latest, applying, commit } = ledger
  journal.noteLedger({ branch: branch.name, commit, run: latest.run, at: latest.at, head })
  if (applying && latest.run !== workflow.runUrl) {
    journal.warn([
      `The apply of ${latest.run || 'a run outside GitHub'}, which began at ${latest.at}, has not ended. If it is still running, wait for it and give the workflow a concurrency group; if it was stopped, this run rereads the users that it may have changed.`,
    ])
  }
  const problem = SEAL_PROBLEMS[seal]
  return { ledger, branch, head, doubt: problem && doubtOf(branch, problem) }
}

function doubtOf({ name }: LedgerBranch, problem: string): Doubt {
  return {
    refusal: `The ledger on the branch ${name} ${problem}. Review its history (git log -p origin/${name}) and this plan. If both are correct, accept the ledger once: run mode: apply with approved-plan set to this plan's digest.`,
    acceptance: `The ledger on the branch ${name} ${problem}. It was accepted because approved-plan has this plan's digest, and this run seals it again.`,
  }
}

export function reportUnremembered({ inputs, journal }: Context, why: string): void {
  const what = inputs.mode === 'apply' ? 'This apply is not recorded in the ledger' : 'The ledger was not read'
  journal.warn([`${what}. ${why}`])
}
