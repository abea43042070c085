// The known name that somebody probably meant. Pure.

import { quote } from './quote.ts'

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
