// Asks GitHub, before the tenant is read, whether the manifest is merged, what is managed, and whether this run may
// follow the latest apply.

import type { GitHub } from '../github/github.ts'
import { checkEvent } from '../plan/guard.ts'
import { checkMerged, type Merged } from './check-merged.ts'
import type { Context } from './context.ts'
import { followLatest } from './follow-latest.ts'
import { type LedgerMemory, readLedger } from './read-ledger.ts'

export interface Memory extends LedgerMemory {
  /** The branch that has the run's commit; undefined if the ledger's commit should not change. */
  readonly mergedInto: string | undefined
  /** The manifest's files, and those of earlier applies that this run does not read. */
  readonly files: readonly string[]
}

export interface RecalledContext extends Context {
  readonly memory: Memory
}

/** @returns undefined if the run is refused; why is reported */
export async function recall(context: Context): Promise<Memory | undefined> {
  const { inputs, workflow, task, journal } = context
  const refusals = inputs.mode === 'apply' ? checkEvent(workflow) : []
  journal.refuse(refusals)
  if (refusals.length > 0) return undefined

  const github = await openRepository(context)
  const found = await readLedger(context, github)
  const mustBeMerged = inputs.mode === 'apply' && inputs.requireMerged
  const more = found?.ledger.files ?? []
  const merged = mustBeMerged ? await checkMerged({ context, github, more }) : NOT_CHECKED
  if (found === undefined || merged === undefined) return undefined

  const { checkout, branch: mergedInto } = merged
  const own = checkout?.files ?? task.files.documents.map(({ file }) => file)
  if (github === undefined || found.head === undefined) return { ...found, mergedInto, files: own }
  const files = await followLatest({ context, github, ledger: found.ledger, files: own, checkout })
  return files && { ...found, mergedInto, files }
}

const NOT_CHECKED: Merged = { branch: undefined, checkout: undefined }

/** @returns undefined outside GitHub, or without a token */
async function openRepository({ inputs, workflow, cancelled: signal }: Context): Promise<GitHub | undefined> {
  const { githubToken: token } = inputs
  const { repository } = workflow
  if (repository === undefined || token === undefined) return undefined
  const { openGitHub } = await import('../github/github.ts')
  return openGitHub({ token, repository, signal })
}
