// Files and globs → parsed documents. A manifest may be hostile, so everything is limited here, and links cannot lead out
// of the workspace.

import { existsSync, promises, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { quote } from '../access/quote.ts'
import { adviseOnPattern, isGlob } from '../runner/glob.ts'
import { isWithin } from '../runner/paths.ts'
import { findKeyMistakes, placesIn, startOf } from './locate.ts'
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
} as const

/** What remains of the limits. */
interface Budget {
  readonly size: number
  readonly lines: number
  readonly values: number
}

export interface Loaded {
  readonly documents: readonly Document[]
  readonly problems: readonly Problem[]
}

/** @param pattern a path or a glob, relative to the workspace */
export async function findFiles(pattern: string, workspace: string): Promise<readonly string[]> {
  const literal = resolve(workspace, pattern)
  if (existsSync(literal)) return [literal]
  if (!isGlob(pattern)) return []
  // Not from node:fs/promises, which every run would then load.
  const matches = await Array.fromAsync(promises.glob(pattern, { cwd: workspace, withFileTypes: true }))
  const files = matches.filter(match => !match.isDirectory())
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

/** Lines of the input that match nothing. */
export function missingFiles(patterns: readonly string[], workspace: string): readonly Problem[] {
  return patterns.map(pattern =>
    topOf(pattern, `No file matches ${quote(pattern)}; ${adviseOnPattern(pattern, workspace)}.`),
  )
}

export function loadFiles(paths: readonly string[], workspace: string): Loaded {
  const tooMany = topOf('manifest', `${paths.length} files match; at most ${LIMITS.files} are read.`)
  const problems = paths.length > LIMITS.files ? [tooMany] : []
  const documents: Document[] = []
  let budget: Budget = LIMITS
  for (const path of paths.slice(0, LIMITS.files)) {
    const loaded = loadFile({ path, workspace, budget })
    documents.push(...loaded.documents)
    problems.push(...loaded.problems)
    budget = loaded.budget
  }
  return { documents, problems }
}

function nameOf(path: string, workspace: string): string {
  return isWithin(path, workspace) ? relative(workspace, path).split(sep).join('/') : path
}

interface FileToLoad {
  readonly path: string
  readonly workspace: string
  readonly budget: Budget
}

/** A file, and the budget that remains for others. */
interface LoadedFile extends Loaded {
  readonly budget: Budget
}

function loadFile(source: FileToLoad): LoadedFile {
  try {
    return readFile(source)
  } catch (error) {
    // A broken link, a file without read permission, or one that was deleted in the meantime.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    const problem = topOf(nameOf(source.path, source.workspace), `This cannot be read: ${error.message}.`)
    return { documents: [], problems: [problem], budget: source.budget }
  }
}

/** @throws what the file system says */
function readFile({ path, workspace, budget }: FileToLoad): LoadedFile {
  const file = nameOf(path, workspace)
  const refuse = (message: string): LoadedFile => ({ documents: [], problems: [topOf(file, message)], budget })
  const target = realpathSync.native(path)
  if (isWithin(path, workspace) && !isWithin(target, realpathSync.native(workspace))) {
    return refuse('This is a link that leads out of the workspace; put the file itself here.')
  }
  const stats = statSync(target)
  if (!stats.isFile()) return refuse('This is not a file; name files, or a glob such as permissions/*.yml.')
  if (stats.size > budget.size) return refuse(excess('size'))
  const text = decode(readFileSync(target))
  if (text === undefined) return refuse('The file is not UTF-8 text; save it as UTF-8.')
  return parseWithin({ file, text }, budget)
}

function excess(limit: 'size' | 'lines' | 'values'): string {
  const amount = `${LIMITS[limit].toLocaleString('en')} ${limit === 'size' ? 'bytes' : limit}`
  const counted = limit === 'lines' ? '' : ', counting the value of an alias each time'
  return `The manifest is too large: all its files together may have ${amount}${counted}. List fewer users, or use bundles.`
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Parses one file's text, and reports YAML errors; does not check what the text means. */
export function parseDocument(file: string, text: string): Loaded {
  return parseWithin({ file, text }, LIMITS)
}

function parseWithin({ file, text }: Pick<Document, 'file' | 'text'>, budget: Budget): LoadedFile {
  const marks = countMarks(text)
  // A refused file counts too, because counting it took time.
  const remaining = subtract(budget, { size: text.length, ...marks })
  const refuse = (problem: Problem): LoadedFile => ({ documents: [], problems: [problem], budget: remaining })
  if (remaining.lines < 0) return refuse(topOf(file, excess('lines')))
  if (remaining.values < 0) return refuse(topOf(file, excess('values')))
  let events: Event[] = []
  try {
    events = parseEvents(text, { maxDepth: LIMITS.nesting })
    const { contents, hasDuplicateKeys } = construct(events, text)
    // A separator at the top or the end of a file makes an empty document.
    const [content, ...others] = contents.filter(isPresent)
    if (content === undefined) {
      return refuse(topOf(file, 'The manifest is empty; if nobody is listed, write users: [].'))
    }
    if (others.length > 0) {
      const message = 'A file must have one YAML document; move the others to separate files.'
      const offset = startOfDocument(events, contents.findLastIndex(isPresent))
      return refuse({ place: placesIn(file, text)(offset), message })
    }
    const hasAliases = events.some(event => event.type === EVENT_ID.ALIAS)
    const extent = hasAliases ? measure(content) : SCALAR
    if (extent === ENDLESS) return refuse(topOf(file, TOO_DEEP))
    const rest = subtract(remaining, {
      size: Math.max(0, extent.size - text.length),
      lines: 0,
      values: Math.max(0, extent.values - marks.values),
    })
    if (rest.values < 0) return refuse(topOf(file, excess('values')))
    if (rest.size < 0) return refuse(topOf(file, excess('size')))
    const keyMistakes = hasDuplicateKeys || hasAliases ? [...findKeyMistakes({ file, text }, events)] : []
    return { documents: [{ file, text, content, keyMistakes }], problems: [], budget: rest }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { offset, message } = explainYaml(text, {
      reason: error.reason,
      offset: Number(error.mark?.position),
      events,
    })
    return refuse({ place: placesIn(file, text)(offset), message: `This is not valid YAML: ${message}.` })
  }
}

function subtract(budget: Budget, taken: Budget): Budget {
  return {
    size: budget.size - taken.size,
    lines: budget.lines - taken.lines,
    values: budget.values - taken.values,
  }
}

const codes = (characters: string) => new Set([...characters].map(character => character.charCodeAt(0)))
/** NaN is the code after the last character. */
const BLANKS = codes(' \t\r\n').add(Number.NaN)
const FLOW_MARKS = codes(',[]{}')
const OPENING_MARKS = codes(',[{')
/** A key that ends with one of these needs no space after its colon. */
const CLOSING_MARKS = codes('"\']}')
const [LINE_FEED, CARRIAGE_RETURN, COLON] = [0x0a, 0x0d, 0x3a]
const DASH_OR_QUESTION_MARK = codes('-?')

/**
 * Counts line breaks and the marks that begin values, before parsing, because the parser needs far more memory than the
 * text has bytes. Each mark makes at most three events.
 */
function countMarks(text: string): Pick<Budget, 'lines' | 'values'> {
  let [lines, values] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const next = text.charCodeAt(at + 1)
    if (code === LINE_FEED || (code === CARRIAGE_RETURN && next !== LINE_FEED)) lines++
    else if (OPENING_MARKS.has(code)) values++
    else if (DASH_OR_QUESTION_MARK.has(code) && BLANKS.has(next)) values++
    else if (code === COLON) {
      const isMark = BLANKS.has(next) || FLOW_MARKS.has(next) || CLOSING_MARKS.has(text.charCodeAt(at - 1))
      if (isMark) values++
    }
  }
  return { lines, values }
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

function isPresent(content: unknown): boolean {
  return content !== null && content !== undefined
}

function startOfDocument(events: readonly Event[], index: number): number {
  let seen = 0
  const document = events.findIndex(event => event.type === EVENT_ID.DOCUMENT && seen++ === index)
  return Number(startOf(events[document + 1]))
}

function topOf(file: string, message: string): Problem {
  return { place: { file, line: 1, column: 1 }, message }
}
