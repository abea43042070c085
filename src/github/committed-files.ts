// Reads which files a commit has, with their blob ids: from one recursive tree, or folder by folder if GitHub truncates it.

import { createHash } from 'node:crypto'
import { ActionError } from '../errors.ts'
import { foldersBeforeGlob, isGlob } from '../runner/glob.ts'
import { readTree, type Tree, type TreeEntry } from './git.ts'
import type { GitHub } from './github.ts'

/** Blob ids by path, relative to the repository. */
export type CommittedFiles = ReadonlyMap<string, string>

export interface CommittedFilesOptions {
  readonly commit: string
  /**
   * Patterns (paths and globs) relative to the repository, for each folder of the workspace that the repository may have
   * been checked out into. The result may contain more files than they match.
   */
  readonly alternatives: readonly (readonly string[])[]
}

/** @throws ActionError that names a folder whose tree GitHub also truncates */
export async function readCommittedFiles(
  github: GitHub,
  { commit, alternatives }: CommittedFilesOptions,
): Promise<CommittedFiles> {
  const whole = await readTree(github, { of: commit, recursive: true })
  if (!whole.truncated) return filesOf(whole, '')
  const root = await readTree(github, { of: commit })
  const trees = new Map([['', Promise.resolve(root)]])
  const find = async (folder: string): Promise<TreeEntry | undefined> => {
    const at = folder.lastIndexOf('/')
    const parent = folder.slice(0, Math.max(0, at))
    const entries = complete(await read(parent), parent)
    return entries.find(({ path, type }) => path === folder.slice(at + 1) && type === 'tree')
  }
  const read = (folder: string): Promise<Tree> => {
    const tree =
      trees.get(folder) ?? find(folder).then(entry => (entry ? readTree(github, { of: entry.sha }) : NO_TREE))
    trees.set(folder, tree)
    return tree
  }
  const readFolder = async ({ path, deep }: Folder): Promise<Tree> => {
    if (!deep) return read(path)
    if (path === '') return whole
    const entry = await find(path)
    return entry === undefined ? NO_TREE : readTree(github, { of: entry.sha, recursive: true })
  }

  const names = new Set(complete(root, '').map(({ path }) => path))
  const patterns = alternatives.find(each => each.every(pattern => isIn(names, pattern))) ?? alternatives[0] ?? []
  const files = new Map<string, string>()
  for (const folder of reachableFolders(patterns)) {
    for (const [file, id] of filesOf(await readFolder(folder), folder.path)) files.set(file, id)
  }
  return files
}

const NO_TREE: Tree = { tree: [], truncated: false }

/** Whether the first part of a pattern is a glob, or a name in the repository's root. */
function isIn(root: ReadonlySet<string>, pattern: string): boolean {
  const [first = ''] = pattern.split('/')
  return isGlob(first) || root.has(first)
}

function complete({ tree, truncated }: Tree, folder: string): readonly TreeEntry[] {
  if (!truncated) return tree
  const where = folder === '' ? 'the repository' : `the folder ${folder}`
  throw new ActionError(
    `GitHub cannot list all files of ${where}, which the input manifest may match; use a narrower glob, or move the manifest to a folder of its own.`,
  )
}

function filesOf(tree: Tree, folder: string): CommittedFiles {
  const blobs = complete(tree, folder).filter(({ type }) => type === 'blob')
  return new Map(blobs.map(({ path, sha }) => [folder === '' ? path : `${folder}/${path}`, sha]))
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
    const before = foldersBeforeGlob(pattern)
    const path = before.join('/')
    folders.set(path, (folders.get(path) ?? false) || before.length < pattern.split('/').length - 1)
  }
  return [...folders].map(([path, deep]) => ({ path, deep }))
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
