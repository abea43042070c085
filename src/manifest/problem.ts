// What is wrong with a manifest, and where: first as a remark about a place in the data, then as a problem at a line
// and column of the file. Pure.

/** Keys and indexes from the top of a document to a value in it. */
export type Path = readonly (string | number)[]

/** A value in a file, or its key. */
export interface Mention {
  readonly file: string
  readonly path: Path
  readonly on: 'key' | 'value'
}

/** One or two sentences: what is wrong, and what would be right. */
export interface Remark extends Mention {
  readonly message: string
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

const LONGEST_QUOTE = 80

/** A value of the manifest within a message: on one line, and never long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…`
}

/** What would be right: the known name that is near, or else the general advice. */
export function advise(name: string, known: Iterable<string>, otherwise: string): string {
  const near = nearest(name, known)
  return near === undefined ? otherwise : `Did you mean ${quote(near)}?`
}

/** The known name that takes the fewest typing mistakes to become `name`: at most one for each three characters. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(Math.min(name.length, LONGEST_QUOTE) / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue
    const mistakes = typingMistakes(name.toLowerCase(), candidate.toLowerCase())
    if (mistakes >= fewest) continue
    fewest = mistakes
    best = candidate
  }
  return best
}

/** The optimal string alignment distance: letters left out, added, changed, or swapped with their neighbour. */
function typingMistakes(a: string, b: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const changed = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped =
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? (beforeLast[column - 2] ?? 0) + 1 : changed
      current.push(Math.min(changed, swapped, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}
