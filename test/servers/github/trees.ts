// Trees: written from changes to another tree, and read by path. Only changed parts are rehashed.

import { type Files, type Tree, type TreeEntry, typeOf } from './objects.ts'
import { addTree, type Store } from './store.ts'

/** The new entry at a path; undefined if there is none. */
export type Change = readonly [path: string, entry: TreeEntry | undefined]

export interface ListedEntry extends TreeEntry {
  readonly path: string
}

/**
 * @param base the tree to change; by default, an empty one
 * @returns the id of the new tree
 */
export function writeTree(store: Store, base: string | undefined, changes: Iterable<Change>): string {
  return addTree(store, writeEntries(store, base, changes))
}

function writeEntries(store: Store, base: string | undefined, changes: Iterable<Change>): Map<string, TreeEntry> {
  const entries = new Map(base === undefined ? [] : store.trees.get(base)?.entries)
  for (const [name, group] of groupByFolder(changes)) {
    for (const entry of group.here) {
      if (entry === undefined) entries.delete(name)
      else entries.set(name, entry)
    }
    if (group.below.length === 0) continue
    const present = entries.get(name)
    const below = writeEntries(store, present?.mode === '040000' ? present.sha : undefined, group.below)
    // Git has no empty folders.
    if (below.size === 0) entries.delete(name)
    else entries.set(name, { mode: '040000', sha: addTree(store, below) })
  }
  return entries
}

interface Group {
  readonly here: (TreeEntry | undefined)[]
  readonly below: Change[]
}

function groupByFolder(changes: Iterable<Change>): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const [path, entry] of changes) {
    const slash = path.indexOf('/')
    const name = slash < 0 ? path : path.slice(0, slash)
    const group = groups.get(name) ?? { here: [], below: [] }
    groups.set(name, group)
    if (slash < 0) group.here.push(entry)
    else group.below.push([path.slice(slash + 1), entry])
  }
  return groups
}

/** @returns undefined if there is no such entry; the tree itself for an empty path */
export function entryAt({ trees }: Store, tree: string, path: string): TreeEntry | undefined {
  const parts = path.split('/').filter(part => part !== '')
  return parts.reduce<TreeEntry | undefined>(
    (at, name) => (at?.mode === '040000' ? trees.get(at.sha)?.entries.get(name) : undefined),
    { mode: '040000', sha: tree },
  )
}

/** All entries below a tree, each folder before its content. */
export function listTree(store: Store, tree: string): readonly ListedEntry[] {
  const list: ListedEntry[] = []
  const add = ({ entries }: Tree, prefix: string): void => {
    for (const [name, { mode, sha }] of entries) {
      const path = `${prefix}${name}`
      list.push({ path, mode, sha })
      const folder = mode === '040000' && store.trees.get(sha)
      if (folder) add(folder, `${path}/`)
    }
  }
  const top = store.trees.get(tree)
  if (top !== undefined) add(top, '')
  return list
}

export function readFiles(store: Store, tree: string): Files {
  const files = listTree(store, tree).flatMap(({ path, mode, sha }) => {
    const content = typeOf(mode) === 'blob' ? store.blobs.get(sha) : undefined
    return content ? [[path, content] as const] : []
  })
  return Object.fromEntries(files)
}
