// Files and globs → parsed documents. A manifest may come from somebody hostile: everything is bounded here, and nothing
// outside of the workspace is read through it.

import { existsSync, promises, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { constructFromEvents, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { adviseOnPattern, isGlob } from './glob.ts'
import { checkKeys, placesIn, startOf } from './locate.ts'
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
  /** Bytes of all files. */
  totalSize: 64 * 1024 * 1024,
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
    topOf(pattern, `No file matches ${quote(pattern)}; ${adviseOnPattern(pattern, workspace)}.`),
  )
  if (paths.length > LIMITS.files) {
    problems.push(topOf('manifest', `${paths.length} files match; at most ${LIMITS.files} are read.`))
  }
  const documents: Document[] = []
  let left: number = LIMITS.totalSize
  for (const path of paths.slice(0, LIMITS.files)) {
    const loaded = loadFile(path, workspace, left)
    documents.push(...loaded.documents)
    problems.push(...loaded.problems)
    for (const { text } of loaded.documents) left -= text.length
  }
  return { documents, problems }
}

async function findFiles(pattern: string, workspace: string): Promise<readonly string[]> {
  const literal = resolve(workspace, pattern)
  if (existsSync(literal)) return [literal]
  if (!isGlob(pattern)) return []
  // Not from node:fs/promises, which every run would load then.
  const matches = await Array.fromAsync(promises.glob(pattern, { cwd: workspace, withFileTypes: true }))
  const files = matches.filter(match => !match.isDirectory())
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

function nameOf(path: string, workspace: string): string {
  return isWithin(path, workspace) ? relative(workspace, path).split(sep).join('/') : path
}

/** @param left how many bytes may still be read */
function loadFile(path: string, workspace: string, left: number): Loaded {
  try {
    return readFile(path, workspace, left)
  } catch (error) {
    // A link to nothing, a file without read permission, or one that is gone again.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    return { documents: [], problems: [topOf(nameOf(path, workspace), `This cannot be read: ${error.message}.`)] }
  }
}

/** @throws what the file system says */
function readFile(path: string, workspace: string, left: number): Loaded {
  const file = nameOf(path, workspace)
  const refuse = (message: string): Loaded => ({ documents: [], problems: [topOf(file, message)] })
  const target = realpathSync.native(path)
  if (isWithin(path, workspace) && !isWithin(target, realpathSync.native(workspace))) {
    return refuse('This is a link that leads out of the workspace; put the file itself here.')
  }
  const stats = statSync(target)
  if (!stats.isFile()) return refuse('This is not a file; name files, or a glob such as permissions/*.yml.')
  if (stats.size > LIMITS.fileSize) {
    return refuse(`The file has ${stats.size} bytes; at most ${LIMITS.fileSize} are read. Split it into several files.`)
  }
  if (stats.size > left)
    return refuse(`The files have more than ${LIMITS.totalSize} bytes together; this one is not read.`)
  const text = decode(readFileSync(target))
  return text === undefined ? refuse('The file is not UTF-8 text; save it as UTF-8.') : parseDocument(file, text)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function isWithin(path: string, folder: string): boolean {
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
      const place = placesIn(file, text)(lastStart(events))
      const message = 'A file must hold one YAML document; put the others into files of their own.'
      return { documents: [], problems: [{ place, message }] }
    }
    const excess = isWritten(events) ? undefined : checkExtent(content)
    if (excess !== undefined) return { documents: [], problems: [topOf(file, excess)] }
    return { documents: [{ file, text, content }], problems: checkKeys(file, text, events) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const place = placesIn(file, text)(Number(error.mark?.position))
    return { documents: [], problems: [{ place, message: `This is not valid YAML: ${error.reason}.` }] }
  }
}

/** Whether there are not too many values, each where it is written: the parser has seen then how deep they are. */
function isWritten(events: readonly Event[]): boolean {
  return events.length <= LIMITS.values && events.every(event => event.type !== EVENT_ID.ALIAS)
}

/** A value's size, as a reader of every place where it stands would see it, and the depth of what is in it. */
interface Extent {
  readonly size: number
  readonly depth: number
}

const SCALAR: Extent = { size: 1, depth: 0 }
const ENDLESS: Extent = { size: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY }

/** Aliases make one value stand in many places, and deeper than the parser has seen it, or even within itself. */
function checkExtent(content: unknown): string | undefined {
  const measured = new Map<object, Extent>()
  const measure = (value: unknown, above: number): Extent => {
    if (typeof value !== 'object' || value === null) return SCALAR
    const known = measured.get(value)
    if (above + (known?.depth ?? 1) > LIMITS.nesting) return ENDLESS
    if (known !== undefined) return known
    let [size, depth] = [1, 1]
    for (const child of Object.values(value)) {
      const extent = measure(child, above + 1)
      // One such child is enough; to measure the others too would take as long as the bomb wants.
      if (extent === ENDLESS) return ENDLESS
      size += extent.size
      depth = Math.max(depth, extent.depth + 1)
    }
    const extent = { size, depth }
    measured.set(value, extent)
    return extent
  }
  const { size } = measure(content, 0)
  if (size <= LIMITS.values) return undefined
  return size === ENDLESS.size
    ? `Aliases nest lists and mappings more than ${LIMITS.nesting} deep, or put an alias within the value that it stands for; write out what they stand for.`
    : `The manifest holds ${size} values; at most ${LIMITS.values} values are read, with those behind each alias counted every time.`
}

/** Where the last document begins; an empty one is nowhere. */
function lastStart(events: readonly Event[]): number {
  const document = events.findLastIndex(event => event.type === EVENT_ID.DOCUMENT)
  return Math.max(0, Number(startOf(events[document + 1])))
}

function topOf(file: string, message: string): Problem {
  return { place: { file, line: 1, column: 1 }, message }
}
