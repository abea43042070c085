// Compares the manifest in the workspace with that of a commit, file by file. Pure.

import { matchesGlob } from 'node:path/posix'
import { foldersBeforeGlob } from '../runner/glob.ts'

interface WorkspaceFile {
  /** Relative to the workspace, with forward slashes. */
  readonly file: string
  /** The blob ids that Git may have given it, depending on line endings. */
  readonly ids: readonly string[]
}

export interface Comparison {
  /** The folder of the workspace that the repository was checked out into; empty for the workspace itself. */
  readonly folder: string
  /** What differs, in words; empty if nothing does. */
  readonly differences: readonly string[]
}

export interface ComparisonOptions {
  readonly files: readonly WorkspaceFile[]
  /** The input `manifest`, relative to the workspace. */
  readonly patterns: readonly string[]
  /** The commit's files that the patterns can reach: blob ids by path. */
  readonly committed: ReadonlyMap<string, string>
}

/**
 * Compares relative to the folder under which the fewest files are unknown to the commit, because `actions/checkout` may
 * have been given a `path`. A file that differs or is missing does not mean that the folder is wrong.
 */
export function compareWithCommit(options: ComparisonOptions): Comparison {
  const { files, patterns, committed } = options
  const unknownIn = (folder: string) => files.filter(({ file }) => !committed.has(below(folder, file))).length
  const folder = checkoutFolders(patterns).reduce((best, next) => (unknownIn(next) < unknownIn(best) ? next : best), '')
  return { folder, differences: differencesIn(folder, options) }
}

/** The workspace, and every folder that all patterns begin with. */
export function checkoutFolders(patterns: readonly string[]): readonly string[] {
  const [first = [], ...others] = patterns.map(foldersBeforeGlob)
  const differing = first.findIndex((part, index) => others.some(parts => parts[index] !== part))
  const shared = differing === -1 ? first : first.slice(0, differing)
  return [...Array(shared.length + 1).keys()].map(depth => shared.slice(0, depth).join('/'))
}

function differencesIn(folder: string, { files, patterns, committed }: ComparisonOptions): readonly string[] {
  const inRepository = (path: string) => below(folder, path)
  const differences = files.flatMap(({ file, ids }) => {
    const id = committed.get(inRepository(file))
    if (id === undefined) return [`${file} is not in the commit`]
    return ids.includes(id) ? [] : [`${file} differs from the commit`]
  })
  const present = new Set(files.map(({ file }) => inRepository(file)))
  const globs = patterns.map(inRepository)
  const missing = [...committed.keys()].filter(
    path => !present.has(path) && globs.some(glob => matchesGlob(path, glob)),
  )
  return [...differences, ...missing.map(path => `${path} is in the commit but not in the workspace`)]
}

/** A workspace path, relative to a folder of the workspace. */
export function below(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1)
}
