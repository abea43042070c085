// A test's access to the repository without a request.

import { addComment, type Comment, type NewComment } from './comment-routes.ts'
import { addCommit, type CommitOptions, findCommit, forgetCommit, historyOf, type NewFiles, refOf } from './commits.ts'
import type { Repository } from './route.ts'
import type { Ruleset } from './rules.ts'
import type { Commit } from './store.ts'
import { entryAt } from './trees.ts'
import { writeRepository } from './write-repository.ts'

/** A ref is an id, a branch or a tag. */
export interface RepositoryControl {
  /** Commits by id, each after its parents. */
  readonly commits: ReadonlyMap<string, Commit>
  /** Commit ids by full ref name, such as `refs/heads/main`. */
  readonly refs: ReadonlyMap<string, string>
  readonly comments: readonly Comment[]
  /** @returns the commit's id */
  readonly commit: (files: NewFiles, options?: CommitOptions) => string
  /** The commit no longer exists. */
  readonly forget: (commit: string) => void
  /** As after a force push; creates a missing branch. */
  readonly moveBranch: (branch: string, commit: string) => void
  readonly deleteBranch: (branch: string) => void
  readonly setDefaultBranch: (branch: string) => void
  /** @returns the head of a branch, if it exists */
  readonly tip: (branch: string) => string | undefined
  /** Newest first. */
  readonly history: (ref: string) => readonly Commit[]
  /** @returns a file's text, if it exists */
  readonly file: (ref: string, path: string) => string | undefined
  readonly addRuleset: (ruleset: Ruleset) => void
  readonly comment: (comment: NewComment) => Comment
  /** Writes all objects and refs into a new bare repository, for inspection with Git. */
  readonly writeTo: (folder: string) => Promise<void>
}

export function controlOf(repository: Repository): RepositoryControl {
  const commitIn = (id: string): string => {
    if (!repository.commits.has(id)) throw new Error(`no such commit: ${id}`)
    return id
  }
  return {
    commits: repository.commits,
    refs: repository.refs,
    comments: repository.comments,
    commit: (files, options = {}) => addCommit(repository, files, { ...options, at: repository.now() }),
    forget: commit => forgetCommit(repository, commit),
    moveBranch: (branch, commit) => void repository.refs.set(refOf(branch), commitIn(commit)),
    deleteBranch: branch => void repository.refs.delete(refOf(branch)),
    setDefaultBranch: branch => {
      repository.defaultBranch = branch
    },
    tip: branch => repository.refs.get(refOf(branch)),
    history: ref => historyOf(repository, ref),
    file: (ref, path) => {
      const commit = findCommit(repository, ref)
      const entry = commit && entryAt(repository, commit.tree, path)
      return entry && repository.blobs.get(entry.sha)?.toString()
    },
    addRuleset: ruleset => void repository.rulesets.push(ruleset),
    comment: given => addComment(repository, given),
    writeTo: folder => writeRepository(repository, folder),
  }
}
