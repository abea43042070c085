// Reads which files a commit has, with their blob ids: from one recursive tree, or folder by folder if GitHub truncates it.

import { createHash } from 'node:crypto'
import { ActionError } from '../errors.ts'
import { isGlob } from '../runner/glob.ts'
import type { Git, TreeEntry } from './git.ts'

/** Blob ids by path, relative to the repository. */
export type CommittedFiles = ReadonlyMap<string, string>

/**
 * @param alternatives patterns (paths and globs) relative to the repository, for each folder of the workspace that the
 *   repository may have been checked out into; the result may contain more files than they match
 * @throws ActionError that names a folder whose tree GitHub also truncates
 */
export async function readCommittedFiles(
  git: Git,
  commit: string,
  alternatives: readonly (readonly string[])[],
): Promise<CommittedFiles> {
  const whole = await git.tree(commit, 'recursive')
  if (!whole.truncated) return filesOf(whole.entries, '')
  const root = complete(await git.tree(commit, 'flat'), '')
  const listings = new Map([['', Promise.resolve(root)]])
  const list = (folder: string): Promise<readonly TreeEntry[]> => {
    const known = listings.get(folder)
    if (known !== undefined) return known
    const listing = find(folder).then(async entry =>
      entry === undefined ? [] : complete(await git.tree(entry.sha, 'flat'), folder),
    )
    listings.set(folder, listing)
    return listing
  }
  const find = async (folder: string): Promise<TreeEntry | undefined> => {
    const [parent, name] = splitPath(folder)
    return (await list(parent)).find(({ path, type }) => path === name && type === 'tree')
  }

  const names = new Set(root.map(({ path }) => path))
  const patterns = alternatives.find(each => each.every(pattern => isIn(names, pattern))) ?? alternatives[0] ?? []
  const files = new Map<string, string>()
  for (const { path, deep } of reachableFolders(patterns)) {
    const entry = deep && path !== '' ? await find(path) : undefined
    const entries = entry === undefined ? await list(path) : complete(await git.tree(entry.sha, 'recursive'), path)
    // The tree of the whole commit was already truncated.
    if (deep && path === '') complete(whole, path)
    for (const [file, sha] of filesOf(entries, path)) files.set(file, sha)
  }
  return files
}

/** Whether the first part of a pattern is a glob, or a name in the repository's root. */
function isIn(root: ReadonlySet<string>, pattern: string): boolean {
  const [first = ''] = pattern.split('/')
  return isGlob(first) || root.has(first)
}

function complete({ entries, truncated }: Awaited<ReturnType<Git['tree']>>, folder: string): readonly TreeEntry[] {
  if (!truncated) return entries
  const where = folder === '' ? 'the repository' : `the folder ${folder}`
  throw new ActionError(
    `GitHub cannot list all files of ${where}, which the input manifest reaches; use a narrower glob, or move the manifest to a folder of its own.`,
  )
}

function filesOf(entries: readonly TreeEntry[], folder: string): CommittedFiles {
  const prefix = folder === '' ? '' : `${folder}/`
  return new Map(entries.flatMap(({ path, type, sha }) => (type === 'blob' ? [[`${prefix}${path}`, sha]] : [])))
}

interface Folder {
  readonly path: string
  /** Whether files in its subfolders can match, too. */
  readonly deep: boolean
}

/** The folders that contain all matches. */
function reachableFolders(patterns: readonly string[]): readonly Folder[] {
  const folders = new Map<string, boolean>()
  for (const pattern of patterns) {
    const parts = pattern.split('/')
    const glob = parts.findIndex(isGlob)
    const depth = glob === -1 ? parts.length - 1 : glob
    const path = parts.slice(0, depth).join('/')
    folders.set(path, (folders.get(path) ?? false) || depth < parts.length - 1)
  }
  return [...folders].map(([path, deep]) => ({ path, deep }))
}

function splitPath(path: string): readonly [parent: string, name: string] {
  const at = path.lastIndexOf('/')
  return [path.slice(0, Math.max(0, at)), path.slice(at + 1)]
}

/**
 * The ids that Git may have given a file with this text: as it is or with the repository's line endings, and with or
 * without the byte order mark that decoding drops.
 */
export function blobIdsOf(text: string): readonly string[] {
  const texts = new Set([text, text.replaceAll('\r\n', '\n')])
  return [...texts].flatMap(each => [blobId(each), blobId(`\uFEFF${each}`)])
}

/** @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(text: string): string {
  const content = Buffer.from(text)
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}
