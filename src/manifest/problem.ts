// What is wrong with a manifest, and where: first as a remark about a place in the data, then as a problem at a line
// and column of the file. Pure.

/** Keys and indexes from the top of a document to a value in it. */
export type Path = readonly (string | number)[]

/** A value in a file, or its key. */
export interface Mention {
  readonly file: string
  readonly path: Path
  readonly on: 'key' | 'value'
  /** Where it begins in the text, if no path leads there. */
  readonly offset?: number
}

/** Something that is wrong. */
export interface Remark extends Mention {
  /** One or two sentences: what is wrong, and what would be right. Only asked for what is shown, as it takes time. */
  readonly message: () => string
}

/** Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly place: Place
  readonly message: string
}

/** Mistakes that are shown with their places; a hostile manifest has millions. */
export const MAX_PROBLEMS = 1_000

/** What nobody sees, or takes for an ordinary space. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu')

/** @param replacement of each character that nobody sees, or takes for an ordinary space */
export function replaceUnseen(text: string, replacement: (character: string) => string): string {
  return text.replaceAll(EVERY_UNSEEN, replacement)
}

/** The first character that nobody sees; undefined if there is none. */
export function describeUnseen(text: string): string | undefined {
  const [character] = UNSEEN.exec(text) ?? []
  if (character === undefined) return undefined
  const what =
    character === '\u00a0'
      ? 'a no-break space'
      : /\p{Zs}/u.test(character)
        ? 'a special space'
        : /\p{Cc}/u.test(character)
          ? 'a control character'
          : 'an invisible character'
  return `${what} (U+${codeOf(character).toUpperCase()})`
}

function codeOf(character: string): string {
  return Number(character.codePointAt(0)).toString(16).padStart(4, '0')
}

const MAX_QUOTE = 80

/** The beginning of a long text. */
export function clip(text: string): string {
  return text.length <= MAX_QUOTE ? text : `${text.slice(0, MAX_QUOTE)}…`
}

/** A value of the manifest within a message: on one line, never long, and nothing in it that cannot be seen. */
export function quote(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTE + 1) : value) ?? String(value)
  const seen = replaceUnseen(text, character => `\\u{${codeOf(character)}}`)
  return clip(seen)
}

export function capitalize(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
}

/** What would be right: the known name that is near, and the general advice if there is none. */
export function advise(name: string, known: Iterable<string>, otherwise: string): string {
  const near = nearest(name, known)
  return near === undefined ? otherwise : `Did you mean ${quote(near)}?`
}

// A manifest may come from somebody hostile, so what one search costs is bounded: Auth0 itself allows 1,000 permissions
// of an API, and nobody needs help with a name that is too long to be read.
const MOST_CANDIDATES = 1_000
const LONGEST_COMPARED = 100
const MOST_MISTAKES = 3

/**
 * The known name that takes the fewest typing mistakes to become `name`: at most one for each three characters, and one
 * for two. An identifier that differs only in its scheme, its case or a slash at its end comes first, however long it is.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const core = coreOf(name)
  const wanted = name.toLowerCase()
  let best: string | undefined
  let fewest = Math.min(MOST_MISTAKES, Math.ceil((name.length - 1) / 3)) + 1
  let compared = 0
  for (const candidate of known) {
    if (compared++ >= MOST_CANDIDATES) break
    if (coreOf(candidate) === core) return candidate
    if (name.length > LONGEST_COMPARED || Math.abs(candidate.length - name.length) >= fewest) continue
    const mistakes = typingMistakes(wanted, candidate.toLowerCase(), fewest)
    if (mistakes >= fewest) continue
    fewest = mistakes
    best = candidate
  }
  return best
}

/** What people rarely get wrong of an identifier. */
function coreOf(identifier: string): string {
  return identifier
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
}

/**
 * The optimal string alignment distance: letters left out, added, changed, or swapped with their neighbour. Only cells
 * near the diagonal are looked at: whatever is further off has taken `enough` mistakes by then.
 * @returns `enough` for every distance that is no less
 */
function typingMistakes(a: string, b: string, enough: number): number {
  // Three rows are enough, of bytes, as no cell is more than `enough`: a new one for each letter would keep the garbage
  // collector busier than the comparison.
  let beforeLast = new Uint8Array(b.length + 1)
  let last = beforeLast.map((_, column) => Math.min(column, enough))
  let current = new Uint8Array(b.length + 1)
  for (let row = 1; row <= a.length; row++) {
    const letter = a.charCodeAt(row - 1)
    const before = a.charCodeAt(row - 2)
    const from = Math.max(1, row - enough)
    const to = Math.min(b.length, row + enough)
    let least = from === 1 ? Math.min(row, enough) : enough
    current[from - 1] = least
    if (to < b.length) current[to + 1] = enough
    for (let column = from; column <= to; column++) {
      const changed = Number(last[column - 1]) + (letter === b.charCodeAt(column - 1) ? 0 : 1)
      const swapped =
        letter === b.charCodeAt(column - 2) && before === b.charCodeAt(column - 1)
          ? Number(beforeLast[column - 2]) + 1
          : changed
      const cell = Math.min(changed, swapped, Number(last[column]) + 1, Number(current[column - 1]) + 1, enough)
      current[column] = cell
      least = Math.min(least, cell)
    }
    if (least >= enough) return enough
    const spare = beforeLast
    beforeLast = last
    last = current
    current = spare
  }
  return Number(last[b.length])
}
