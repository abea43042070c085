// Commits: added to the store, created from files without a request, and resolved from refs.

import { logOf } from './compare.ts'
import { type CommitFields, encodeCommit, type Mode, objectId, type Person } from './objects.ts'
import { addBlob, type Commit, type Store } from './store.ts'
import { type Change, readFiles, writeTree } from './trees.ts'

/** A file's content, or its content and the mode of a link or an executable; null deletes the file. */
type NewFile = string | Uint8Array | { readonly mode: Mode; readonly content: string | Uint8Array } | null

export type NewFiles = Readonly<Record<string, NewFile>>

export interface CommitOptions {
  /** By default, the head of the branch, if there is one. */
  readonly parents?: readonly string[]
  /**
   * Moved to the new commit; by default, the default branch. With null, the commit is on no branch, like a fork's commit
   * in the parent repository.
   */
  readonly branch?: string | null
  /** Whether to keep the other files of the first parent; by default, they are removed. */
  readonly keepFiles?: boolean
  readonly message?: string
  readonly author?: Pick<Person, 'name' | 'email'>
}

const OCTOCAT = { name: 'Octocat', email: 'octocat@github.com' }

export function addCommitObject(store: Store, fields: CommitFields): Commit {
  const sha = objectId('commit', encodeCommit(fields))
  const commit: Commit = {
    ...fields,
    sha,
    get files() {
      return readFiles(store, fields.tree)
    },
  }
  const known = store.commits.get(sha)
  if (known === undefined) store.commits.set(sha, commit)
  return known ?? commit
}

/** @returns the commit's id */
export function addCommit(
  store: Store,
  files: NewFiles,
  { branch, parents, keepFiles, message, author = OCTOCAT, at }: CommitOptions & { readonly at: number },
): string {
  const ref = refOf(branch ?? store.defaultBranch)
  const tip = store.refs.get(ref)
  const line = parents ?? (tip === undefined ? [] : [tip])
  const unknown = line.filter(parent => !store.commits.has(parent))
  if (unknown.length > 0) throw new Error(`no such parents: ${unknown}`)
  const base = keepFiles ? store.commits.get(line[0] ?? '')?.tree : undefined
  const person = { ...author, at }
  store.made += 1
  const { sha } = addCommitObject(store, {
    tree: writeTree(store, base, changesFrom(store, files)),
    parents: line,
    author: person,
    committer: person,
    // Numbered, because Git would give two identical commits the same id.
    message: `${message ?? `Change ${store.made}`}\n`,
  })
  if (branch !== null) store.refs.set(ref, sha)
  return sha
}

function* changesFrom(store: Store, files: NewFiles): Iterable<Change> {
  for (const [path, file] of Object.entries(files)) {
    if (file === null) {
      yield [path, undefined]
      continue
    }
    const isPlain = typeof file === 'string' || file instanceof Uint8Array
    const { mode, content } = isPlain ? { mode: '100644' as const, content: file } : file
    yield [path, { mode, sha: addBlob(store, content) }]
  }
}

/** As after a force push and garbage collection: branches at the commit move back to its first parent. */
export function forgetCommit({ commits, refs }: Store, sha: string): void {
  const parent = commits.get(sha)?.parents[0]
  commits.delete(sha)
  for (const [ref, tip] of refs) {
    if (tip !== sha) continue
    if (parent === undefined) refs.delete(ref)
    else refs.set(ref, parent)
  }
}

/** @param branch the name, with or without `refs/heads/` */
export function refOf(branch: string): string {
  return `refs/heads/${branch.replace(/^(?:refs\/)?heads\//, '')}`
}

/** @param ref an id, a branch or a tag, in any form that GitHub accepts; the default branch if empty */
export function findCommit({ commits, refs, defaultBranch }: Store, ref: string): Commit | undefined {
  const name = ref === '' || ref === 'HEAD' ? defaultBranch : ref
  const tip = [refOf(name), `refs/tags/${name}`, `refs/${name}`, name].map(each => refs.get(each)).find(Boolean)
  return commits.get(tip ?? ref)
}

/** @returns newest first, as in `git log`; empty if the ref does not exist */
export function historyOf(store: Store, ref: string): readonly Commit[] {
  const commit = findCommit(store, ref)
  return commit ? logOf(store, commit.sha) : []
}
