// The object store of a repository, in memory, and its refs.

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
  /** All files of its tree, read on demand. */
  readonly files: Files
}

/** All objects by id. */
export interface Store {
  readonly blobs: Map<string, Buffer>
  readonly trees: Map<string, Tree>
  /** Commits, each after its parents. */
  readonly commits: Map<string, Commit>
  /** Commit ids by full ref name, such as `refs/heads/main`. */
  readonly refs: Map<string, string>
  defaultBranch: string
  /** How many commits a test has created, including removed ones. */
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

/** @returns the id, like addTree */
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
