// Reads the ledger, which some runs require and others can do without.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import type { Git } from '../github/git.ts'
import { type BranchReading, type LedgerBranch, openLedgerBranch } from '../ledger/branch.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Context } from './context.ts'

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
export async function readLedger(context: Context, git: Git | undefined): Promise<LedgerMemory | undefined> {
  const { inputs, workflow, journal } = context
  const { tenant, ledgerKey: key } = inputs
  try {
    if (workflow.repository === undefined) throw new ActionError(NO_REPOSITORY)
    if (git === undefined) throw new ActionError(NO_TOKEN)
    const branch = openLedgerBranch({ git, tenant, key })
    journal.noteLedger({ branch: branch.name, commit: undefined, run: undefined, at: undefined, head: undefined })
    return useReading(context, { branch, reading: await branch.read() })
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const need = needOf(context)
    const message = `${error.message} ${ledgerAdvice(context, error)}`.trim()
    if (need !== undefined) {
      journal.refuse([`The input ${need} needs the ledger. ${message}`])
      return undefined
    }
    // Outside GitHub nobody expects a ledger.
    if (workflow.repository !== undefined) reportUnremembered(context, message)
    return { ledger: emptyLedger(tenant), branch: undefined, head: undefined, doubt: undefined }
  }
}

const NO_REPOSITORY =
  'The ledger is a branch of the repository, but GITHUB_REPOSITORY is not set. Set revoke: never or revoke: all, and scope: all.'

export const NO_TOKEN = "The input github-token is empty; remove it to use the job's own token."

/** The setting that requires the ledger. */
function needOf({ inputs }: Context): string | undefined {
  if (inputs.revoke === 'managed') return 'revoke: managed'
  return inputs.scope === 'changed' ? 'scope: changed' : undefined
}

interface ReadBranch {
  readonly branch: LedgerBranch
  readonly reading: BranchReading
}

function useReading({ inputs, journal, workflow }: Context, { branch, reading }: ReadBranch): LedgerMemory {
  switch (reading.kind) {
    case 'none':
      journal.warn([
        `There is no ledger yet (branch ${branch.name}), which is normal before the first apply. If this tenant had one, somebody deleted the branch: restore it; without it, earlier grants are managed only if this manifest lists them.`,
      ])
      return { ledger: emptyLedger(inputs.tenant), branch, head: undefined, doubt: undefined }
    case 'unreadable':
      throw new ActionError(
        `The ledger on the branch ${branch.name} is not one that this action wrote: ${reading.problem}. Revert the commit that changed it on that branch; or delete the branch to start over.`,
      )
    case 'ledger': {
      const { ledger, head, seal } = reading
      const { latest, applying, commit } = ledger
      journal.noteLedger({ branch: branch.name, commit, run: latest.run, at: latest.at, head })
      if (applying && latest.run !== (workflow.runUrl ?? '')) {
        journal.warn([
          `The apply of ${latest.run || 'a run outside GitHub'}, which began at ${latest.at}, has not ended. If it is still running, wait for it and give the workflow a concurrency group; if it was stopped, this run rereads the users that it may have changed.`,
        ])
      }
      const doubt = seal === 'wrong' || seal === 'missing' ? doubtOf(branch, seal) : undefined
      return { ledger, branch, head, doubt }
    }
  }
}

function doubtOf({ name }: LedgerBranch, seal: 'wrong' | 'missing'): Doubt {
  const what =
    seal === 'missing' ? 'has no seal' : 'has a seal that does not match ledger-key, so it was changed without that key'
  return {
    refusal: `The ledger on the branch ${name} ${what}. Review its history (git log -p origin/${name}) and this plan. If both are correct, accept the ledger once: run mode: apply with approved-plan set to this plan's digest.`,
    acceptance: `The ledger on the branch ${name} ${what}. It was accepted because approved-plan has this plan's digest, and this run seals it again.`,
  }
}

/** What to do if GitHub refuses to read or write the ledger; empty for other errors, whose messages already say it. */
export function ledgerAdvice(context: Context, error: ActionError): string {
  if (!(error instanceof GitHubError)) return ''
  const permission = context.inputs.mode === 'apply' ? 'contents: write' : 'contents: read'
  const denied = error.status === 403 || error.status === 404
  const advice = denied ? `Add this to the job: "permissions: { ${permission} }".` : RETRY_GITHUB
  if (needOf(context) === undefined) return advice
  return `${advice} Or set revoke: never or revoke: all, and scope: all, which do not need the ledger.`
}

export function reportUnremembered({ inputs, journal }: Context, message: string): void {
  const what = inputs.mode === 'apply' ? 'This apply is not recorded in the ledger' : 'The ledger was not read'
  journal.warn([`${what}. ${message}`])
}

function emptyLedger(tenant: string): Ledger {
  const latest = { run: '', commit: '', at: '' }
  return { tenant, commit: '', branch: '', latest, applying: false, files: [], users: new Map() }
}

/** What to do if GitHub refuses to read something. */
export function readAdvice({ status }: GitHubError): string {
  return status === 403 || status === 404
    ? 'Add "permissions: { contents: read }" to the job (contents: write for mode apply).'
    : RETRY_GITHUB
}

export const RETRY_GITHUB = 'Run this again when GitHub is available.'
