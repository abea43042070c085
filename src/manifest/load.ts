// Files and globs → parsed documents. A manifest may come from somebody hostile: everything is bounded here, and nothing
// outside of the workspace is read through it.

import { glob, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { constructFromEvents, type Event, parseEvents, YAMLException } from 'js-yaml'
import { findDuplicateKeys, placesIn, startOf } from './locate.ts'
import { type Problem, quote } from './problem.ts'

export interface Document {
  /** Relative to the workspace where it is in it, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly content: unknown
}

export const LIMITS = {
  /** Bytes of a file. */
  fileSize: 32 * 1024 * 1024,
  files: 1_000,
  /** Lists and mappings within each other. */
  nesting: 20,
  /** Values in a file, with what stands behind each alias counted every time. */
  values: 5_000_000,
} as const

export interface Loaded {
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
}

/** @param patterns paths or globs, relative to the workspace */
export async function loadManifest(patterns: readonly string[], workspace: string): Promise<Loaded> {
  const found = await Promise.all(patterns.map(pattern => findFiles(pattern, workspace)))
  const missing = patterns.filter((_, index) => found[index]?.length === 0)
  const paths = [...new Set(found.flat())]
  const problems = missing.map(pattern =>
    topOf(pattern, `No file matches ${quote(pattern)}; correct the input manifest, or add the file.`),
  )
  if (paths.length > LIMITS.files) {
    problems.push(topOf('manifest', `${paths.length} files match; at most ${LIMITS.files} are read.`))
  }
  const documents: Document[] = []
  for (const path of paths.slice(0, LIMITS.files)) {
    const loaded = await loadFile(path, workspace)
    documents.push(...loaded.documents)
    problems.push(...loaded.problems)
  }
  return { documents, problems }
}

async function findFiles(pattern: string, workspace: string): Promise<readonly string[]> {
  const literal = resolve(workspace, pattern)
  if (await exists(literal)) return [literal]
  if (!/[*?[{]/.test(pattern)) return []
  const matches = await Array.fromAsync(glob(pattern, { cwd: workspace }))
  return matches.map(match => resolve(workspace, match)).sort()
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function loadFile(path: string, workspace: string): Promise<Loaded> {
  const file = isWithin(path, workspace) ? relative(workspace, path).split(sep).join('/') : path
  const refuse = (message: string): Loaded => ({ documents: [], problems: [topOf(file, message)] })
  const target = await realpath(path)
  if (isWithin(path, workspace) && !isWithin(target, await realpath(workspace))) {
    return refuse('This is a link that leads out of the workspace; put the file itself here.')
  }
  const { size, ...stats } = await stat(target).then(found => ({ size: found.size, isFile: found.isFile() }))
  if (!stats.isFile) return refuse('This is not a file; name files, or a glob such as permissions/*.yml.')
  if (size > LIMITS.fileSize) {
    return refuse(`The file has ${size} bytes; at most ${LIMITS.fileSize} are read. Split it into several files.`)
  }
  const bytes = await readFile(target)
  try {
    return parseDocument(file, new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (error instanceof TypeError) return refuse('The file is not UTF-8 text; save it as UTF-8.')
    throw error
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Parses one file's text. Mistakes of YAML itself end here; what the text means is not looked at. */
export function parseDocument(file: string, text: string): Loaded {
  try {
    const events = parseEvents(text, { maxDepth: LIMITS.nesting })
    const [content, ...others] = constructFromEvents(events, { source: text, json: true })
    if (content === undefined || content === null) {
      return {
        documents: [],
        problems: [topOf(file, 'The manifest is empty; where nobody is listed, write users: [].')],
      }
    }
    if (others.length > 0) {
      const place = placesIn(file, text)(secondStart(events))
      const message = 'A file must hold one YAML document; put the second one into a file of its own.'
      return { documents: [], problems: [{ place, message }] }
    }
    const excess = checkSize(content)
    if (excess !== undefined) return { documents: [], problems: [topOf(file, excess)] }
    return { documents: [{ file, text, content }], problems: findDuplicateKeys(file, text, events) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const place = placesIn(file, text)(error.mark?.position ?? 0)
    return { documents: [], problems: [{ place, message: `This is not valid YAML: ${error.reason}.` }] }
  }
}

/** Aliases make one value stand in many places: the size is what a reader of all places would see. */
function checkSize(content: unknown): string | undefined {
  const sizes = new Map<object, number>()
  const open = new Set<object>()
  const sizeOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1
    if (open.has(value)) return Number.POSITIVE_INFINITY
    const known = sizes.get(value)
    if (known !== undefined) return known
    open.add(value)
    let size = 1
    for (const child of Object.values(value)) size += sizeOf(child)
    open.delete(value)
    sizes.set(value, size)
    return size
  }
  const size = sizeOf(content)
  if (size <= LIMITS.values) return undefined
  const found = Number.isFinite(size) ? `${size} values` : 'an alias within the value that it stands for'
  return `The manifest holds ${found}; at most ${LIMITS.values} values are read, with those behind each alias counted every time.`
}

function secondStart(events: readonly Event[]): number {
  const starts = events.flatMap(event => startOf(event) ?? [])
  const second = events.findLastIndex((event, index) => index > 0 && 'directives' in event)
  return startOf(events[second + 1]) ?? starts.at(-1) ?? 0
}

function topOf(file: string, message: string): Problem {
  return { place: { file, line: 1, column: 1 }, message }
}
