// Checks that this run may follow the latest apply: its commit is not older, and it reads all files that still exist.

import { compareCommits } from '../github/git.ts'
import type { GitHub } from '../github/github.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Checkout, hasCommit, readCheckout } from './check-merged.ts'
import type { Context } from './context.ts'
import { reasonOf } from './github-reason.ts'

export interface FollowOptions {
  readonly context: Context
  readonly github: GitHub
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
  const { context } = options
  try {
    const inOrder = await isInOrder(options)
    const files = await keepFiles(options)
    return inOrder ? files : undefined
  } catch (error) {
    const why = reasonOf(error, context)
    context.journal.refuse([`Could not check whether this run may follow the latest apply. ${why}`])
    return undefined
  }
}

/**
 * An old run that is run again must not undo newer changes. To go back, revert the newer commit.
 * @returns false if the run is refused
 */
async function isInOrder({ context, github, ledger }: FollowOptions): Promise<boolean> {
  const { inputs, workflow, journal } = context
  const { commit: applied, branch } = ledger
  const { commit } = workflow
  if (applied === '' || commit === '' || applied === commit) return true
  const relation = await compareCommits(github, { base: applied, head: commit })
  if (relation === 'ahead' || relation === 'identical') return true
  if (relation === undefined || !(await hasCommit(github, { branch, commit: applied }))) {
    journal.warn([
      `The last applied commit ${applied} is no longer on the branch ${branch}, for example because of a force-push; this run treats ${commit} as newer.`,
    ])
    return true
  }
  const why =
    relation === 'behind'
      ? `is older than ${applied}, which was already applied. To go back, revert the newer commit`
      : `does not contain ${applied}, which was applied from the branch ${branch}; users listed only there would count as removed. Merge ${branch} first`
  const message = `This run's commit ${commit} ${why}.`
  if (inputs.mode === 'apply') journal.refuse([message])
  else journal.warn([message])
  return inputs.mode !== 'apply'
}

/** Users in a file that an earlier apply read, but this run does not, would look removed. */
async function keepFiles(options: FollowOptions): Promise<readonly string[] | undefined> {
  const { context, ledger, files, checkout } = options
  const { inputs, workflow, journal } = context
  const unread = ledger.files.filter(file => !files.includes(file))
  if (unread.length === 0 || workflow.commit === '') return files
  const found = checkout ?? (await readCheckout({ ...options, more: unread }))
  const kept = unread.filter(file => found.committed.has(file) && !found.files.includes(file))
  if (kept.length === 0 || inputs.revoke !== 'managed') return [...found.files, ...kept]
  journal.refuse([
    `This run does not read ${kept.join(', ')}, which an earlier apply to this tenant read and which the commit still contains, so users listed there would count as removed. List all of the tenant's files in the input manifest, or delete unused files.`,
  ])
  return undefined
}
