// Checks that this run may follow the latest apply: its commit is not older, and it reads all files that still exist.

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
  /** undefined if it was not read */
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
      `Could not check whether this run may follow the latest apply. ${error.message} ${advice}`.trim(),
    ])
    return undefined
  }
}

/**
 * An old run that is run again must not undo newer changes. To go back, revert the newer commit.
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
        ? `is older than ${applied}, which was already applied. To go back, revert the newer commit`
        : `does not contain ${applied}, which was applied from the branch ${branch}; users listed only there would count as removed. Merge ${branch} first`
    const message = `This run's commit ${commit} ${why}.`
    if (mayGoBack) journal.warn([message])
    else journal.refuse([message])
    return mayGoBack
  }
  journal.warn([
    `The last applied commit ${applied} is no longer on the branch ${branch}, as after a force-push; this run treats ${commit} as newer.`,
  ])
  return true
}

/** Users in a file that an earlier apply read, but this run does not, would look removed. */
async function keepFiles({
  context,
  git,
  ledger,
  files,
  checkout,
}: FollowOptions): Promise<readonly string[] | undefined> {
  const { inputs, workflow, journal } = context
  const unread = ledger.files.filter(file => !files.includes(file))
  if (unread.length === 0 || workflow.commit === '') return files
  const found = checkout ?? (await readCheckout({ context, git, more: unread }))
  const kept = unread.filter(file => found.committed.has(file) && !found.files.includes(file))
  if (kept.length > 0 && inputs.revoke === 'managed') {
    journal.refuse([
      `This run does not read ${kept.join(', ')}, which an earlier apply to this tenant read and the commit still has, so users listed there would count as removed. Name all of the tenant's files in the input manifest, or delete unused files.`,
    ])
    return undefined
  }
  return [...found.files, ...kept]
}
