// Writes the store as a bare Git repository, for inspection with Git.
// https://git-scm.com/docs/gitrepository-layout

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { encodeCommit, encodeTree, headerOf, type ObjectType } from './objects.ts'
import type { Store } from './store.ts'

/** @param folder where `git -C <folder> log` works afterwards; created if needed */
export async function writeRepository(store: Store, folder: string): Promise<void> {
  const objects = [
    ...Array.from(store.blobs, ([sha, content]) => ({ sha, type: 'blob' as const, content })),
    ...Array.from(store.trees, ([sha, { entries }]) => ({ sha, type: 'tree' as const, content: encodeTree(entries) })),
    ...Array.from(store.commits, ([sha, commit]) => ({ sha, type: 'commit' as const, content: encodeCommit(commit) })),
  ]
  await mkdir(join(folder, 'objects'), { recursive: true })
  await mkdir(join(folder, 'refs'), { recursive: true })
  for (const { sha, type, content } of objects) {
    await write(join(folder, 'objects', sha.slice(0, 2), sha.slice(2)), await looseObject(type, content))
  }
  for (const [ref, sha] of store.refs) await write(join(folder, ref), `${sha}\n`)
  await write(join(folder, 'HEAD'), `ref: refs/heads/${store.defaultBranch}\n`)
  await write(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
}

function looseObject(type: ObjectType, content: Buffer): Promise<Buffer> {
  return promisify(deflate)(Buffer.concat([Buffer.from(headerOf(type, content)), content]))
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
