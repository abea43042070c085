// Asks GitHub, before the tenant is read, whether the manifest is merged, what is managed, and whether this run may
// follow the latest apply.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import type { Git } from '../github/git.ts'
import { checkEvent } from '../plan/guard.ts'
import { assertRepository, type Checkout, findMergedBranch, readCheckout, refusalsOf } from './check-merged.ts'
import type { Context } from './context.ts'
import { followLatest } from './follow-latest.ts'
import { type LedgerMemory, NO_TOKEN, readAdvice, readLedger } from './read-ledger.ts'

export interface Memory extends LedgerMemory {
  /** The branch that has the run's commit; undefined if the ledger's commit should not change. */
  readonly mergedInto: string | undefined
  /** The manifest's files, and those of earlier applies that this run does not read. */
  readonly files: readonly string[]
}

/** @returns undefined if the run is refused; why is reported */
export async function recall(context: Context): Promise<Memory | undefined> {
  const { inputs, workflow, task, journal } = context
  const refusals = inputs.mode === 'apply' ? checkEvent(workflow) : []
  journal.refuse(refusals)
  if (refusals.length > 0) return undefined

  const git = await openRepository(context)
  const found = await readLedger(context, git)
  const mustBeMerged = inputs.mode === 'apply' && inputs.requireMerged
  const merged = mustBeMerged ? await checkMerged({ context, git, found }) : NOT_CHECKED
  if (found === undefined || merged === undefined) return undefined

  const { checkout, branch: mergedInto } = merged
  const own = checkout?.files ?? task.files.documents.map(({ file }) => file)
  if (git === undefined || found.head === undefined) return { ...found, mergedInto, files: own }
  const files = await followLatest({ context, git, ledger: found.ledger, files: own, checkout })
  return files && { ...found, mergedInto, files }
}

interface Merged {
  readonly branch: string | undefined
  /** undefined if it was not read */
  readonly checkout: Checkout | undefined
}

const NOT_CHECKED: Merged = { branch: undefined, checkout: undefined }

/** @returns undefined outside GitHub, or without a token */
async function openRepository({ inputs, workflow, cancelled: signal }: Context): Promise<Git | undefined> {
  const { githubToken: token } = inputs
  const { repository } = workflow
  if (repository === undefined || token === undefined) return undefined
  const { openGitHub } = await import('../github/github.ts')
  return openGitHub({ token, repository, signal }).git
}

interface MergedOptions {
  readonly context: Context
  readonly git: Git | undefined
  readonly found: LedgerMemory | undefined
}

/** @returns undefined if the manifest is not merged, or if that cannot be checked */
async function checkMerged({ context, git, found }: MergedOptions): Promise<Merged | undefined> {
  const { workflow, journal } = context
  try {
    assertRepository(workflow)
    if (git === undefined) throw new ActionError(NO_TOKEN)
    const checkout = await readCheckout({ context, git, more: found?.ledger.files ?? [] })
    const into = await findMergedBranch(git, workflow)
    const refusals = refusalsOf({ into, checkout, commit: workflow.commit })
    journal.refuse(refusals)
    return refusals.length > 0 ? undefined : { branch: into.branch, checkout }
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const advice = error instanceof GitHubError ? readAdvice(error) : ''
    journal.refuse([`The input require-merged cannot be checked. ${error.message} ${advice}`.trim()])
    return undefined
  }
}
