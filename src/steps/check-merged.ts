// Only a merged manifest is applied: the run's commit is on the default branch, or on the protected branch that triggered
// the run, and the workspace has the commit's files.

import { isAbsolute, posix, relative, sep } from 'node:path'
import { ActionError } from '../errors.ts'
import { blobIdsOf, type CommittedFiles, readCommittedFiles } from '../github/committed-files.ts'
import type { Git } from '../github/git.ts'
import { below, checkoutFolders, compareWithCommit } from '../plan/merged.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { Context } from './context.ts'

/** The manifest's files in a commit, compared with the workspace. */
export interface Checkout {
  /** Blob ids by path, relative to the repository, of the files that the input `manifest` may match. */
  readonly committed: CommittedFiles
  /** The manifest's files, relative to the repository. */
  readonly files: readonly string[]
  readonly differences: readonly string[]
}

export interface CheckoutOptions {
  readonly context: Pick<Context, 'inputs' | 'workflow' | 'task'>
  readonly git: Git
  /** More files to look for, relative to the repository. */
  readonly more: readonly string[]
}

export async function readCheckout({ context, git, more }: CheckoutOptions): Promise<Checkout> {
  const { inputs, workflow, task } = context
  const patterns = inputs.manifest.map(pattern => inWorkspace(pattern, workflow))
  const alternatives = checkoutFolders(patterns).map(folder => [
    ...patterns.map(pattern => below(folder, pattern)),
    ...more,
  ])
  const committed = await readCommittedFiles(git, workflow.commit, alternatives)
  const files = task.files.documents.map(({ file, text }) => ({ file, ids: blobIdsOf(text) }))
  const { folder, differences } = compareWithCommit({ files, patterns, committed })
  return { committed, files: files.map(({ file }) => below(folder, file)), differences }
}

function inWorkspace(pattern: string, { workspace }: Workflow): string {
  const path = isAbsolute(pattern) ? relative(workspace, pattern) : pattern
  return posix.normalize(path.split(sep).join('/'))
}

export interface MergedInto {
  /** The branch that has the run's commit; undefined if it is on no branch that counts. */
  readonly branch: string | undefined
  readonly defaultBranch: string
}

export async function findMergedBranch(git: Git, workflow: Workflow): Promise<MergedInto> {
  const { commit, ref, refProtected } = workflow
  const defaultBranch = workflow.defaultBranch ?? (await git.defaultBranch())
  const [, own] = /^refs\/heads\/(.+)$/.exec(ref) ?? []
  const branches = new Set([...(own !== undefined && refProtected ? [own] : []), defaultBranch])
  for (const branch of branches) if (await hasCommit(git, { branch, commit })) return { branch, defaultBranch }
  return { branch: undefined, defaultBranch }
}

interface BranchCommit {
  readonly branch: string
  readonly commit: string
}

export async function hasCommit(git: Git, { branch, commit }: BranchCommit): Promise<boolean> {
  const relation = await git.compare(commit, branch)
  return relation === 'identical' || relation === 'ahead'
}

export interface MergedState {
  readonly into: MergedInto
  readonly checkout: Checkout
  /** The run's commit. */
  readonly commit: string
}

/** Why the manifest does not count as merged; empty if it does. */
export function refusalsOf({ into, checkout, commit }: MergedState): readonly string[] {
  const { branch, defaultBranch } = into
  const { differences } = checkout
  const unmerged = `Only a merged manifest is applied: the run's commit ${commit} is not on ${defaultBranch}, nor on a protected branch that triggered the run. Merge it first, or set require-merged: false for a trial.`
  const changed = `The manifest in the workspace must match the run's commit ${commit}: ${shortList(differences)}. Check out that commit completely, without a sparse checkout, and change nothing before this step; or set require-merged: false for a manifest that the job generates.`
  return [...(branch === undefined ? [unmerged] : []), ...(differences.length > 0 ? [changed] : [])]
}

const MAX_LISTED = 5

function shortList(items: readonly string[]): string {
  const more = items.length - MAX_LISTED
  return [...items.slice(0, MAX_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** @throws ActionError outside GitHub, where a merge cannot be checked */
export function assertRepository({ repository, commit }: Workflow): void {
  if (repository !== undefined && commit !== '') return
  throw new ActionError(
    'GITHUB_REPOSITORY or GITHUB_SHA is not set. Run it in a workflow, or set require-merged: false for a trial.',
  )
}
