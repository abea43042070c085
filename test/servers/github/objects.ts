// Git's objects: files and folders, each with the id that git itself gives it (pure).

import { createHash } from 'node:crypto'

/** Contents by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface Blob {
  readonly type: 'blob'
  readonly path: string
  readonly sha: string
  readonly content: Buffer
}

export interface Tree {
  readonly type: 'tree'
  /** Empty at the top. */
  readonly path: string
  readonly sha: string
  /** By name, in git's order. */
  readonly entries: ReadonlyMap<string, Blob | Tree>
}

export function objectId(kind: 'blob' | 'tree' | 'commit', content: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex')
}

export function treeOf(files: Files): Tree {
  return treeAt('', Object.entries(files))
}

/** @param files below the path, by what follows it */
function treeAt(path: string, files: readonly (readonly [string, string | Uint8Array])[]): Tree {
  const byName = Map.groupBy(files, ([name]) => name.split('/', 1)[0] ?? '')
  const entries = [...byName].map(([name, group]): readonly [string, Blob | Tree] => {
    const at = path === '' ? name : `${path}/${name}`
    const [[first, content] = ['', '']] = group
    if (first === name) return [name, blobOf(at, content)]
    const below = group.map(([path, content]) => [path.slice(name.length + 1), content] as const)
    return [name, treeAt(at, below)]
  })
  const sorted = entries.sort((left, right) => Buffer.compare(sortKey(left), sortKey(right)))
  const bytes = sorted.map(([name, { type, sha }]) =>
    Buffer.concat([Buffer.from(`${type === 'tree' ? '40000' : '100644'} ${name}\0`), Buffer.from(sha, 'hex')]),
  )
  return { type: 'tree', path, sha: objectId('tree', Buffer.concat(bytes)), entries: new Map(sorted) }
}

function blobOf(path: string, text: string | Uint8Array): Blob {
  const content = Buffer.from(text)
  return { type: 'blob', path, sha: objectId('blob', content), content }
}

/** Git sorts folders as if their names ended in a slash. */
function sortKey([name, { type }]: readonly [string, Blob | Tree]): Buffer {
  return Buffer.from(type === 'tree' ? `${name}/` : name)
}

/** @returns undefined where there is nothing */
export function entryAt(tree: Tree, path: string): Blob | Tree | undefined {
  const parts = path.split('/').filter(part => part !== '')
  return parts.reduce<Blob | Tree | undefined>(
    (at, name) => (at?.type === 'tree' ? at.entries.get(name) : undefined),
    tree,
  )
}

/** All that is below a folder, each folder before what is in it. */
export function entriesBelow({ entries }: Tree): readonly (Blob | Tree)[] {
  return [...entries.values()].flatMap(entry => [entry, ...(entry.type === 'tree' ? entriesBelow(entry) : [])])
}
