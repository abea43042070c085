// Files and globs → parsed documents. A manifest may be hostile, so everything is limited here, and links cannot point
// outside the workspace.

import { isUtf8 } from 'node:buffer'
import { existsSync, promises, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { quote } from '../access/quote.ts'
import { adviseOnPattern, isGlob } from '../runner/glob.ts'
import { isWithin } from '../runner/paths.ts'
import { findDocuments, findKeyMistakes, placesIn } from './locate.ts'
import type { Problem } from './problem.ts'
import type { Document } from './read.ts'
import { construct, Mapping, Unquoted } from './scalars.ts'
import { explainYaml } from './yaml-advice.ts'

/** Limits for all files together. */
export const LIMITS = {
  /** Bytes. */
  size: 32 * 1024 * 1024,
  files: 1_000,
  /** Line breaks. */
  lines: 2_000_000,
  /** Scalars, lists and mappings; the value of an alias counts each time. */
  values: 1_500_000,
  /** Lists and mappings within each other. */
  nesting: 20,
}

const COUNTED = ['lines', 'values', 'size'] as const

/** What a file takes from the limits, or what remains of them. */
type Amounts = Record<(typeof COUNTED)[number], number>

export interface Loaded {
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
}

/** @param patterns paths or globs, relative to the workspace */
export async function loadFiles(patterns: readonly string[], workspace: string): Promise<Loaded> {
  const found = await Promise.all(patterns.map(pattern => findFiles(pattern, workspace)))
  const missing = patterns
    .filter((_, index) => found[index]?.length === 0)
    .map(pattern => topOf(pattern, `No file matches ${quote(pattern)}; ${adviseOnPattern(pattern, workspace)}.`))
  const paths = [...new Set(found.flat())]
  const tooMany = topOf('manifest', `${paths.length} files match; at most ${LIMITS.files} are read.`)
  // Each file takes its part.
  const budget = { ...LIMITS }
  const loaded = paths.slice(0, LIMITS.files).map(path => loadFile(path, { workspace, budget }))
  return partition([...missing, ...(paths.length > LIMITS.files ? [tooMany] : []), ...loaded])
}

/** @param pattern a path or a glob, relative to the workspace */
async function findFiles(pattern: string, workspace: string): Promise<readonly string[]> {
  const literal = resolve(workspace, pattern)
  if (existsSync(literal)) return [literal]
  if (!isGlob(pattern)) return []
  // Not from node:fs/promises, which every run would then load.
  const matches = await Array.fromAsync(promises.glob(pattern, { cwd: workspace, withFileTypes: true }))
  const files = matches.filter(match => !match.isDirectory())
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

function partition(loaded: readonly (Document | Problem)[]): Loaded {
  return {
    documents: loaded.filter(each => 'content' in each),
    problems: loaded.filter(each => 'message' in each),
  }
}

function loadFile(path: string, { workspace, budget }: { workspace: string; budget: Amounts }): Document | Problem {
  const file = isWithin(path, workspace) ? relative(workspace, path).split(sep).join('/') : path
  try {
    const target = realpathSync.native(path)
    if (isWithin(path, workspace) && !isWithin(target, realpathSync.native(workspace))) {
      return topOf(file, 'This symbolic link points outside the workspace; replace it with the file itself.')
    }
    const stats = statSync(target)
    if (!stats.isFile()) return topOf(file, 'This is not a file; list files, or use a glob such as permissions/*.yml.')
    if (stats.size > budget.size) return topOf(file, excess('size'))
    const bytes = readFileSync(target)
    if (!isUtf8(bytes)) return topOf(file, 'The file is not UTF-8 text; save it as UTF-8.')
    return parseWithin({ file, text: new TextDecoder().decode(bytes) }, budget)
  } catch (error) {
    // A broken link, a file without read permission, or one that was deleted in the meantime.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    return topOf(file, `This cannot be read: ${error.message}.`)
  }
}

function excess(limit: keyof Amounts): string {
  const amount = `${LIMITS[limit].toLocaleString('en')} ${limit === 'size' ? 'bytes' : limit}`
  const counted = limit === 'lines' ? '' : ', counting the value of an alias each time'
  return `The manifest is too large: all its files together may have at most ${amount}${counted}. List fewer users, or use bundles.`
}

/** Parses one file's text, and reports YAML errors; does not check what the text means. */
export function parseDocument(file: string, text: string): Loaded {
  return partition([parseWithin({ file, text }, { ...LIMITS })])
}

function parseWithin({ file, text }: Pick<Document, 'file' | 'text'>, budget: Amounts): Document | Problem {
  const amounts = { size: text.length, lines: count(text, LINE_BREAKS), values: count(text, MARKS) }
  const exceeded = exceededBy(amounts, budget)
  // A refused file counts too, because counting it took time.
  take(amounts, budget)
  if (exceeded !== undefined) return topOf(file, excess(exceeded))
  let events: Event[] = []
  try {
    events = parseEvents(text, { maxDepth: LIMITS.nesting })
    const { contents, hasDuplicateKeys } = construct(events, text)
    // A separator at the top or the end of a file makes an empty document.
    const [content, ...others] = contents.filter(content => content !== null)
    if (content === undefined) return topOf(file, 'The manifest is empty; if nobody is listed, write users: [].')
    if (others.length > 0) {
      const message = 'A file must have one YAML document; move the others to separate files.'
      const offset = Number(findDocuments(text, events)[contents.findLastIndex(content => content !== null)])
      return { place: placesIn(file, text)(offset), message }
    }
    const hasAliases = events.some(event => event.type === EVENT_ID.ALIAS)
    if (hasAliases) {
      const extent = measure(content)
      if (extent === ENDLESS) return topOf(file, TOO_DEEP)
      const more = {
        size: Math.max(0, extent.size - amounts.size),
        lines: 0,
        values: Math.max(0, extent.values - amounts.values),
      }
      const exceeded = exceededBy(more, budget)
      if (exceeded !== undefined) return topOf(file, excess(exceeded))
      take(more, budget)
    }
    const keyMistakes = hasDuplicateKeys || hasAliases ? [...findKeyMistakes({ file, text }, events)] : []
    return { file, text, content, keyMistakes }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const failure = { text, reason: error.reason, offset: Number(error.mark?.position), events }
    const { offset, message } = explainYaml(failure)
    return { place: placesIn(file, text)(offset), message: `This is not valid YAML: ${message}.` }
  }
}

function exceededBy(amounts: Amounts, budget: Amounts): keyof Amounts | undefined {
  return COUNTED.find(limit => amounts[limit] > budget[limit])
}

function take(amounts: Amounts, budget: Amounts): void {
  for (const limit of COUNTED) budget[limit] -= amounts[limit]
}

const LINE_BREAKS = /\n|\r(?!\n)/g
/** What may begin a value; each makes at most three events. A key that ends with a closing mark needs no space. */
const MARKS = /[,[{]|[-?](?=[ \t\r\n]|$)|:(?=[ \t\r\n,[\]{}]|$)|(?<=["'\]}]):/g
const MAX_COUNT = Math.max(LIMITS.lines, LIMITS.values) + 1

/** Counts before parsing, because the parser needs far more memory than the text has bytes. */
function count(text: string, pattern: RegExp): number {
  return text
    .matchAll(pattern)
    .take(MAX_COUNT)
    .reduce(sum => sum + 1, 0)
}

/** The size of a value with all its aliases expanded. */
interface Extent {
  /** Characters. */
  readonly size: number
  readonly values: number
  readonly depth: number
}

const SCALAR: Extent = { size: 0, values: 1, depth: 0 }
const ENDLESS: Extent = { ...SCALAR, depth: Number.POSITIVE_INFINITY }
const TOO_DEEP = `Aliases nest lists and mappings more than ${LIMITS.nesting} deep, or an alias is within its own anchor's value; write the values out.`

/** With aliases, a value can occur in many places, deeper than the parser has checked, or even within itself. */
function measure(content: unknown): Extent {
  const measured = new Map<object, Extent>()
  const visit = (value: unknown, above: number): Extent => {
    const text = value instanceof Unquoted ? value.text : value
    if (!(text instanceof Mapping || Array.isArray(text))) {
      return typeof text === 'string' ? { ...SCALAR, size: text.length } : SCALAR
    }
    const known = measured.get(text)
    if (above + (known?.depth ?? 1) > LIMITS.nesting) return ENDLESS
    if (known !== undefined) return known
    let [size, values, depth] = [0, 1, 1]
    if (text instanceof Mapping) for (const key of text.keys()) size += key.length
    for (const child of text.values()) {
      const extent = visit(child, above + 1)
      // Stops at the first such child, because measuring the others could take arbitrarily long.
      if (extent === ENDLESS) return ENDLESS
      size += extent.size
      values += extent.values
      depth = Math.max(depth, extent.depth + 1)
    }
    const extent = { size, values, depth }
    measured.set(text, extent)
    return extent
  }
  return visit(content, 0)
}

function topOf(file: string, message: string): Problem {
  return { place: { file, line: 1, column: 1 }, message }
}
