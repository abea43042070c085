// Whether this run may follow the latest apply: it is not older, and has not fewer files.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import type { Git } from '../github/git.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Checkout, hasCommit, readCheckout } from './check-merged.ts'
import type { Context } from './context.ts'
import { readAdvice } from './read-ledger.ts'

export interface FollowOptions {
  readonly context: Context
  readonly git: Git
  readonly ledger: Ledger
  /** The manifest's files. */
  readonly files: readonly string[]
  /** undefined if it was not looked at */
  readonly checkout: Checkout | undefined
}

/**
 * @returns the manifest's files, and those of earlier applies that this run does not read; undefined if the run is
 *   refused, and why is reported
 */
export async function followLatest(options: FollowOptions): Promise<readonly string[] | undefined> {
  try {
    const inOrder = await isInOrder(options)
    const files = await keepFiles(options)
    return inOrder ? files : undefined
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const advice = error instanceof GitHubError ? readAdvice(error) : ''
    options.context.journal.refuse([
      `It is not known whether this run may follow the latest apply. ${error.message} ${advice}`.trim(),
    ])
    return undefined
  }
}

/**
 * To go back, revert: an old run that is started again must not undo what came after it.
 * @returns false if the run is refused
 */
async function isInOrder({ context, git, ledger }: FollowOptions): Promise<boolean> {
  const { inputs, workflow, journal } = context
  const { commit: applied, branch } = ledger
  const { commit } = workflow
  if (applied === '' || commit === '' || applied === commit) return true
  const relation = await git.compare(applied, commit)
  if (relation === 'ahead' || relation === 'identical') return true
  const mayGoBack = inputs.mode !== 'apply'
  if (relation !== undefined && (await hasCommit(git, { branch, commit: applied }))) {
    const why =
      relation === 'behind'
        ? `is older than ${applied}, which was applied already; an old run is not applied over a newer one. To go back, revert the newer commit`
        : `does not contain ${applied}, which was applied from the branch ${branch}; two branches would take each other's users for removed. Merge ${branch} first`
    const message = `This run's commit ${commit} ${why}.`
    if (mayGoBack) journal.warn([message])
    else journal.refuse([message])
    return mayGoBack
  }
  journal.warn([
    `The commit ${applied}, which was applied last, is not on the branch ${branch} any more, as after a force-push; ${commit} is taken to follow it.`,
  ])
  return true
}

/** Users of a file that this run does not read, but an earlier apply did, would look removed. */
async function keepFiles({
  context,
  git,
  ledger,
  files,
  checkout,
}: FollowOptions): Promise<readonly string[] | undefined> {
  const { inputs, workflow, journal } = context
  const left = ledger.files.filter(file => !files.includes(file))
  if (left.length === 0 || workflow.commit === '') return files
  const found = checkout ?? (await readCheckout({ context, git, more: left }))
  const kept = left.filter(file => found.committed.has(file) && !found.files.includes(file))
  if (kept.length > 0 && inputs.revoke === 'managed') {
    journal.refuse([
      `An earlier apply to this tenant also read ${kept.join(', ')}, which the commit still has and this run does not read, so its users would count as removed. Name all files of the tenant in the input manifest, or delete the files that are not in use.`,
    ])
    return undefined
  }
  return [...found.files, ...kept]
}
