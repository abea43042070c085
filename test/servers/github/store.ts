// The object store of a repository, in memory, and the refs that lead into it.

import {
  type CommitFields,
  encodeTree,
  type Files,
  objectId,
  sortEntries,
  type Tree,
  type TreeEntry,
} from './objects.ts'

export interface Commit extends CommitFields {
  readonly sha: string
  /** All files of its tree, read when they are asked for. */
  readonly files: Files
}

/** Everything by its id. */
export interface Store {
  readonly blobs: Map<string, Buffer>
  readonly trees: Map<string, Tree>
  /** Each after its parents. */
  readonly commits: Map<string, Commit>
  /** Commits by the full names of the refs that are at them, such as `refs/heads/main`. */
  readonly refs: Map<string, string>
  defaultBranch: string
  /** How many commits a test has made, forgotten ones too. */
  made: number
}

export function createStore(): Store {
  return {
    blobs: new Map(),
    trees: new Map(),
    commits: new Map(),
    refs: new Map(),
    defaultBranch: 'main',
    made: 0,
  }
}

/** @returns its id, as addTree does */
export function addBlob({ blobs }: Store, content: string | Uint8Array): string {
  const bytes = Buffer.from(content)
  const sha = objectId('blob', bytes)
  if (!blobs.has(sha)) blobs.set(sha, bytes)
  return sha
}

export function addTree({ trees }: Store, entries: Iterable<readonly [string, TreeEntry]>): string {
  const sorted = sortEntries(entries)
  const sha = objectId('tree', encodeTree(sorted))
  if (!trees.has(sha)) trees.set(sha, { sha, entries: new Map(sorted) })
  return sha
}
