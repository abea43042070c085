// Only a merged manifest is applied: the run's commit is on the default branch, or on the protected branch that triggered
// the run, and the workspace has the commit's files.

import { isAbsolute, posix, relative, sep } from 'node:path'
import { shortList } from '../access/quote.ts'
import { ActionError } from '../errors.ts'
import { blobIdsOf, type CommittedFiles, readCommittedFiles } from '../github/committed-files.ts'
import { compareCommits, readDefaultBranch } from '../github/git.ts'
import type { GitHub } from '../github/github.ts'
import { below, checkoutFolders, compareWithCommit } from '../plan/merged.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { Context } from './context.ts'
import { NO_TOKEN, reasonOf } from './github-reason.ts'

/** The manifest's files in a commit, compared with the workspace. */
export interface Checkout {
  /** Blob ids by path, relative to the repository, of the files that the input `manifest` may match. */
  readonly committed: CommittedFiles
  /** The manifest's files, relative to the repository. */
  readonly files: readonly string[]
  readonly differences: readonly string[]
}

interface CheckoutOptions {
  readonly context: Pick<Context, 'inputs' | 'workflow' | 'task'>
  readonly github: GitHub
  /** More files to look for, relative to the repository. */
  readonly more: readonly string[]
}

export async function readCheckout({ context, github, more }: CheckoutOptions): Promise<Checkout> {
  const { inputs, workflow, task } = context
  const patterns = inputs.manifest.map(pattern => inWorkspace(pattern, workflow))
  const alternatives = checkoutFolders(patterns).map(folder => [
    ...patterns.map(pattern => below(folder, pattern)),
    ...more,
  ])
  const committed = await readCommittedFiles(github, { commit: workflow.commit, alternatives })
  const files = task.files.documents.map(({ file, text }) => ({ file, ids: blobIdsOf(text) }))
  const { folder, differences } = compareWithCommit({ files, patterns, committed })
  return { committed, files: files.map(({ file }) => below(folder, file)), differences }
}

function inWorkspace(pattern: string, { workspace }: Workflow): string {
  const path = isAbsolute(pattern) ? relative(workspace, pattern) : pattern
  return posix.normalize(path.split(sep).join('/'))
}

interface BranchCommit {
  readonly branch: string
  readonly commit: string
}

export async function hasCommit(github: GitHub, { branch, commit }: BranchCommit): Promise<boolean> {
  const relation = await compareCommits(github, { base: commit, head: branch })
  return relation === 'identical' || relation === 'ahead'
}

export interface Merged {
  /** The branch that has the run's commit. */
  readonly branch: string | undefined
  /** undefined if it was not read */
  readonly checkout: Checkout | undefined
}

interface MergedOptions extends Omit<CheckoutOptions, 'context' | 'github'> {
  readonly context: Context
  readonly github: GitHub | undefined
}

/** @returns undefined if the run is refused; why is reported */
export async function checkMerged({ context, github, more }: MergedOptions): Promise<Merged | undefined> {
  const { workflow, journal } = context
  const { repository, commit } = workflow
  try {
    if (repository === undefined || commit === '') throw new ActionError(NO_COMMIT)
    if (github === undefined) throw new ActionError(NO_TOKEN)
    const checkout = await readCheckout({ context, github, more })
    const defaultBranch = workflow.defaultBranch ?? (await readDefaultBranch(github))
    const branch = await findMergedBranch(github, { ...workflow, defaultBranch })
    const { differences } = checkout
    const unmerged = `Only a merged manifest is applied: the run's commit ${commit} is not on ${defaultBranch}, nor on a protected branch that triggered the run. Merge it first, or set require-merged: false for a trial.`
    const changed = `The manifest in the workspace must match the run's commit ${commit}: ${shortList(differences, MAX_DIFFERENCES)}. Check out that commit completely, without a sparse checkout, and change nothing before this step; or set require-merged: false for a manifest that the job generates.`
    const refusals = [...(branch === undefined ? [unmerged] : []), ...(differences.length > 0 ? [changed] : [])]
    journal.refuse(refusals)
    return refusals.length > 0 ? undefined : { branch, checkout }
  } catch (error) {
    journal.refuse([
      `Could not check whether the manifest is merged (input require-merged). ${reasonOf(error, context)}`,
    ])
    return undefined
  }
}

const MAX_DIFFERENCES = 5

const NO_COMMIT =
  'GITHUB_REPOSITORY or GITHUB_SHA is not set. Run this action in a workflow, or set require-merged: false for a trial.'

async function findMergedBranch(
  github: GitHub,
  { commit, ref, refProtected, defaultBranch }: Workflow & { readonly defaultBranch: string },
): Promise<string | undefined> {
  const [, own] = /^refs\/heads\/(.+)$/.exec(ref) ?? []
  const branches = new Set([...(own !== undefined && refProtected ? [own] : []), defaultBranch])
  for (const branch of branches) if (await hasCommit(github, { branch, commit })) return branch
  return undefined
}
