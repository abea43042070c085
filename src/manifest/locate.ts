// Remarks about values → lines and columns, from the parser's events. Runs only if there is something to report. Pure.

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { KeyMistake } from './document.ts'
import type { Mention, Path, Place } from './problem.ts'

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

/** Every duplicate key, of which the parser keeps the last, and every alias as a key, which may hide a duplicate. */
export function findKeyMistakes(text: string, events: readonly Event[]): readonly KeyMistake[] {
  const found: KeyMistake[] = []
  walk<Set<string>>(text, events, new Set(), (keys, { key, keyAt, opens }) => {
    const within = opens ? new Set<string>() : keys
    if (keyAt === undefined) return within
    if (key === ALIAS) found.push({ duplicate: undefined, offset: keyAt })
    else if (keys.has(String(key))) found.push({ duplicate: String(key), offset: keyAt })
    keys.add(String(key))
    return within
  })
  return found
}

/** The offset of the first key that is a list or a mapping. */
export function findComplexKey(events: readonly Event[]): number {
  /** For each open list and mapping: whether a key comes next; undefined for a list. */
  const open: (boolean | undefined)[] = []
  const key = events.find(event => {
    if (event.type === EVENT_ID.POP) {
      open.pop()
      return false
    }
    const isKey = open.at(-1)
    const opens = event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE
    if (isKey !== undefined) open[open.length - 1] = !isKey
    if (opens) open.push(event.type === EVENT_ID.MAPPING ? true : undefined)
    return isKey === true && opens
  })
  return Number(startOf(key))
}

/** The offset at which an event begins; undefined for one that closes. */
export function startOf(event: Event | undefined): number | undefined {
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      // An empty value may have a tag or an anchor, whose offset is after the ampersand.
      if (event.valueStart < 0) return Math.max(event.tagStart, event.anchorStart - 1)
      // The parser's offset is after the quote.
      return isQuoted(event) ? event.valueStart - 1 : event.valueStart
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1
    default:
      return undefined
  }
}

/** The offset after which the next event may begin. */
function endOf(event: Event): number | undefined {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return Math.max(event.valueEnd, event.tagEnd, event.anchorEnd)
    case EVENT_ID.ALIAS:
      return event.anchorEnd
    default:
      return undefined
  }
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
}

interface Step {
  readonly key: string | number
  /** The key's offset; undefined in a list. */
  readonly keyAt: number | undefined
  /** The value's offset. */
  readonly valueAt: number
  /** Whether the value is a list or a mapping. */
  readonly opens: boolean
}

/** Replaces an alias as a key; no other key can be the same, because YAML does not allow a NUL. */
const ALIAS = '\0alias'

interface Frame<State> {
  readonly state: State
  readonly kind: 'document' | 'list' | 'mapping'
  index: number
  key: Key
}

interface Key {
  readonly text: string
  readonly at: number
}

/** For a mapping whose next scalar is a key. */
const NO_KEY: Key = { text: '', at: 0 }

/** Calls `enter` for every value that has a key or an index, and passes its result to the values within. */
function walk<State>(
  text: string,
  events: readonly Event[],
  root: State,
  enter: (parent: State, step: Step) => State,
): void {
  const frames: Frame<State>[] = []
  const visit = (valueAt: number, opens: boolean): State => {
    const frame = frames.at(-1)
    if (frame === undefined || frame.kind === 'document') return root
    if (frame.kind === 'list') return enter(frame.state, { key: frame.index++, keyAt: undefined, valueAt, opens })
    const { text: key, at } = frame.key
    frame.key = NO_KEY
    return enter(frame.state, { key, keyAt: at, valueAt, opens })
  }
  let end = 0
  for (const event of events) {
    const frame = frames.at(-1)
    const isKey = frame?.kind === 'mapping' && frame.key === NO_KEY
    const start = startOf(event) ?? end
    const at = start < 0 ? leftOutAt(text, end, frame) : start
    end = Math.max(end, start < 0 ? at + 1 : (endOf(event) ?? at))
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        frames.push({ state: root, kind: 'document', index: 0, key: NO_KEY })
        break
      case EVENT_ID.SEQUENCE:
        frames.push({ state: visit(at, true), kind: 'list', index: 0, key: NO_KEY })
        break
      case EVENT_ID.MAPPING:
        frames.push({ state: visit(at, true), kind: 'mapping', index: 0, key: NO_KEY })
        break
      case EVENT_ID.SCALAR:
        if (isKey) frame.key = { text: getScalarValue(text, event), at }
        else visit(at, false)
        break
      case EVENT_ID.ALIAS:
        if (isKey) frame.key = { text: ALIAS, at }
        else visit(at, false)
        break
      case EVENT_ID.POP:
        frames.pop()
        break
    }
  }
}

/** The offset of an empty value or key after `end`: that of its dash, its key, or for a key its own mark. */
function leftOutAt(text: string, end: number, frame: Frame<unknown> | undefined): number {
  if (frame?.kind === 'mapping' && frame.key !== NO_KEY) return frame.key.at
  // Between two values are blanks, comments, and closing marks.
  const marks = frame?.kind === 'list' ? /-|#.*/g : /[?:]|#.*/g
  marks.lastIndex = end
  let found = marks.exec(text)
  while (found?.[0].startsWith('#')) found = marks.exec(text)
  // If there is none, searching again from each value could take arbitrarily long.
  return found?.index ?? text.length
}

/** The paths to find, as a tree. */
interface Wanted {
  readonly children: Map<string, Wanted>
  found?: Offsets
}

interface Offsets {
  readonly key: number
  readonly value: number
}

const TOP: Offsets = { key: 0, value: 0 }

/** The offset of each mention; if its path leads through an alias or to a missing value, that of the nearest ancestor. */
export function findOffsets<M extends Mention>(
  text: string,
  mentions: readonly M[],
): readonly (readonly [M, number])[] {
  const root: Wanted = { children: new Map() }
  for (const { path } of mentions) want(root, path)
  walk<Wanted | undefined>(text, parseEvents(text, {}), root, (parent, { key, keyAt, valueAt }) => {
    const wanted = parent?.children.get(String(key))
    if (wanted !== undefined) wanted.found = { key: keyAt ?? valueAt, value: valueAt }
    return wanted
  })
  return mentions.map(mention => [mention, mention.offset ?? offsetOf(root, mention)])
}

function offsetOf(root: Wanted, { path, on }: Mention): number {
  let wanted = root
  let nearest = TOP
  for (const key of path) {
    const next = wanted.children.get(String(key))
    if (next?.found === undefined) return nearest.value
    wanted = next
    nearest = next.found
  }
  return nearest[on]
}

function want(root: Wanted, path: Path): void {
  let wanted = root
  for (const key of path) {
    const next: Wanted = wanted.children.get(String(key)) ?? { children: new Map() }
    wanted.children.set(String(key), next)
    wanted = next
  }
}
