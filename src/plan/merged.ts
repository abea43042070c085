// Whether the manifest in the workspace is the one that a commit has, file by file. Pure.

import { matchesGlob } from 'node:path/posix'

interface WorkspaceFile {
  /** Relative to the workspace, with forward slashes. */
  readonly file: string
  /** The blob ids that Git may have given it. */
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

/** Tries the workspace first, then each folder that all files are in: `actions/checkout` may have been given a `path`. */
export function compareWithCommit(options: ComparisonOptions): Comparison {
  const comparisons = checkoutFolders(options.patterns).map(folder => ({
    folder,
    differences: differencesIn(folder, options),
    unknown: options.files.filter(({ file }) => !options.committed.has(below(folder, file))).length,
  }))
  // A file that the commit does not have shows a wrong folder; one that differs, or is left out, does not: another folder
  // may have a file of the same name and content.
  const sorted = comparisons.toSorted((a, b) => a.unknown - b.unknown)
  const { folder = '', differences = [] } = sorted[0] ?? {}
  return { folder, differences }
}

/** The workspace, and every folder that all patterns name as their beginning. */
export function checkoutFolders(patterns: readonly string[]): readonly string[] {
  const [first = [], ...others] = patterns.map(pattern => {
    const parts = pattern.split('/')
    const glob = parts.findIndex(isGlob)
    return parts.slice(0, glob === -1 ? -1 : glob)
  })
  const differing = first.findIndex((part, index) => others.some(parts => parts[index] !== part))
  const shared = differing === -1 ? first : first.slice(0, differing)
  return [...Array(shared.length + 1).keys()].map(depth => shared.slice(0, depth).join('/'))
}

export function isGlob(pattern: string): boolean {
  return /[*?[{]|[+@!]\(/.test(pattern)
}

function differencesIn(folder: string, { files, patterns, committed }: ComparisonOptions): readonly string[] {
  const inRepository = (path: string) => below(folder, path)
  const differences = files.flatMap(({ file, ids }) => {
    const id = committed.get(inRepository(file))
    if (id === undefined) return [`${file} is not in the commit`]
    return ids.includes(id) ? [] : [`${file} differs from the commit`]
  })
  const present = new Set(files.map(({ file }) => inRepository(file)))
  const isMatch = matcherOf(patterns.map(inRepository))
  const left = [...committed.keys()].filter(path => !present.has(path) && isMatch(path))
  return [...differences, ...left.map(path => `${path} is in the commit and not in the workspace`)]
}

/** A path of the workspace, relative to that folder of it. */
export function below(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1)
}

/** Most of a large repository's files are told apart by how they begin and end, which is much quicker. */
function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const known = globs.map(glob => {
    const [prefix = ''] = glob.split(/[*?[{]|[+@!]\(/, 1)
    const [suffix = ''] = /[^*?\]}[{()+@!]*$/.exec(glob) ?? []
    return { glob, prefix, suffix }
  })
  return path =>
    known.some(
      ({ glob, prefix, suffix }) => path.startsWith(prefix) && path.endsWith(suffix) && matchesGlob(path, glob),
    )
}
