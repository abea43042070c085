// Remarks about values → lines and columns, from the parser's events. Runs only if there is something to report. Pure.

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml'
import { quote } from '../access/quote.ts'
import type { Mention, Path, Place, Remark } from './problem.ts'
import type { Document } from './read.ts'

/** Converts offsets of one text into places; lines are counted once. */
export function placesIn(file: string, text: string): (offset: number) => Place {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return offset => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (Number(starts[middle]) <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - Number(starts[low]) + 1 }
  }
}

/** The offset at which an event begins; undefined for a document. */
function startOf(event: Event): number | undefined {
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1
  if (event.type !== EVENT_ID.SCALAR) return undefined
  // An empty value may have a tag or an anchor, whose offset is after the ampersand.
  if (event.valueStart < 0) return Math.max(event.tagStart, event.anchorStart - 1)
  // The parser's offset is after the quote.
  const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
  return isQuoted ? event.valueStart - 1 : event.valueStart
}

/** The offset after which the next event may begin. */
function endOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return Math.max(event.valueEnd, event.tagEnd, event.anchorEnd)
  return event.type === EVENT_ID.ALIAS ? event.anchorEnd : 0
}

/** A document, or a key or a value in it. */
interface Node {
  readonly event: Event
  readonly at: number
  readonly parent: Node | undefined
  /** Its number among the keys and values of its parent. */
  readonly index: number
  /** The key of a value in a mapping. */
  readonly key: Node | undefined
  /** The number of keys and values read, and a key whose value comes next. */
  size: number
  openKey: Node | undefined
}

/** All documents, keys and values, from top to bottom. */
function* nodesIn(text: string, events: readonly Event[]): Generator<Node> {
  let parent: Node | undefined
  let end = 0
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      parent = parent?.parent
      continue
    }
    const start = startOf(event) ?? end
    const at = start < 0 ? leftOutAt({ text, end, parent }) : start
    end = Math.max(end, start < 0 ? at + 1 : at, endOf(event))
    const key = parent?.openKey
    const node: Node = { event, at, parent, index: parent?.size ?? 0, key, size: 0, openKey: undefined }
    yield node
    if (parent !== undefined) {
      parent.size++
      parent.openKey = isKey(node) ? node : undefined
    }
    if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) parent = node
  }
}

function isKey({ parent, key }: Node): boolean {
  return parent?.event.type === EVENT_ID.MAPPING && key === undefined
}

/** The offset of an empty value or key after `end`: that of its dash, its key, or for a key its own mark. */
function leftOutAt({ text, end, parent }: { text: string; end: number; parent: Node | undefined }): number {
  if (parent?.openKey !== undefined) return parent.openKey.at
  // Between two values are blanks, comments, and closing marks.
  const marks = parent?.event.type === EVENT_ID.SEQUENCE ? /-|#.*/g : /[?:]|#.*/g
  marks.lastIndex = end
  let found = marks.exec(text)
  while (found?.[0].startsWith('#')) found = marks.exec(text)
  // If there is none, searching again from each value could take arbitrarily long.
  return found?.index ?? text.length
}

/** Every duplicate key, of which the parser keeps the last, and every alias as a key, which may hide a duplicate. */
export function* findKeyMistakes(
  { file, text }: Pick<Document, 'file' | 'text'>,
  events: readonly Event[],
): Generator<Remark> {
  const keysOf = new WeakMap<Node, Set<string>>()
  for (const node of nodesIn(text, events)) {
    const { event, at, parent } = node
    if (parent === undefined || !isKey(node)) continue
    const mention: Mention = { file, path: [], on: 'key', offset: at }
    if (event.type !== EVENT_ID.SCALAR) {
      yield { ...mention, message: () => 'An alias cannot be a key here; write the key out.' }
      continue
    }
    const key = getScalarValue(text, event)
    const keys = keysOf.get(parent) ?? new Set()
    keysOf.set(parent, keys)
    if (keys.has(key)) yield { ...mention, message: () => `Duplicate key ${quote(key)}; merge both entries.` }
    keys.add(key)
  }
}

/** The offset of the value of each document. */
export function findDocuments(text: string, events: readonly Event[]): readonly number[] {
  const values = nodesIn(text, events).filter(({ parent }) => parent?.event.type === EVENT_ID.DOCUMENT)
  return Array.from(values, ({ at }) => at)
}

/** The offset of the first key that is a list or a mapping. */
export function findComplexKey(text: string, events: readonly Event[]): number {
  const isComplex = ({ type }: Event) => type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING
  return Number(nodesIn(text, events).find(node => isKey(node) && isComplex(node.event))?.at)
}

/** A step of the paths to find, which share their beginnings. */
interface Wanted {
  readonly above: Wanted | undefined
  readonly children: Map<string, Wanted>
  found?: { readonly key: number; readonly value: number }
}

/**
 * Mentions in a document with their places, from top to bottom. If a path leads through an alias or to a missing value, the
 * place is that of the nearest ancestor.
 */
export function findPlaces<M extends Mention>(
  { file, text }: Document,
  mentions: readonly M[],
): readonly (readonly [M, Place])[] {
  const root: Wanted = { above: undefined, children: new Map() }
  const wanted = mentions.map(mention => [mention, mention.path.reduce(stepFrom, root)] as const)
  const wantedOf = new Map<Node, Wanted>()
  for (const node of nodesIn(text, parseEvents(text, {}))) {
    const { at, parent, index, key } = node
    if (parent?.parent === undefined) wantedOf.set(node, root)
    else if (!isKey(node) && key?.event.type !== EVENT_ID.ALIAS) {
      const step = key?.event.type === EVENT_ID.SCALAR ? getScalarValue(text, key.event) : String(index)
      const wanted = wantedOf.get(parent)?.children.get(step)
      if (wanted === undefined) continue
      wanted.found = { key: key?.at ?? at, value: at }
      wantedOf.set(node, wanted)
    }
  }
  const placeAt = placesIn(file, text)
  return wanted
    .map(([mention, wanted]) => [mention, mention.offset ?? offsetOf(wanted, mention.on)] as const)
    .sort(([, a], [, b]) => a - b)
    .map(([mention, offset]) => [mention, placeAt(offset)])
}

function stepFrom(above: Wanted, key: Path[number]): Wanted {
  const child = above.children.get(String(key)) ?? { above, children: new Map() }
  above.children.set(String(key), child)
  return child
}

function offsetOf({ above, found }: Wanted, on: Mention['on']): number {
  return found?.[on] ?? (above === undefined ? 0 : offsetOf(above, 'value'))
}
