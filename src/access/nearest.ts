// Finds the known name that the author of an unknown one probably meant. Pure.

import { quote } from './quote.ts'

/** Suggests a similar known name; undefined if there is none. */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  const near = nearest(name, known)
  return near === undefined ? undefined : `Did you mean ${quote(near)}?`
}

// A manifest may be hostile, so the cost of a search is limited. Auth0 allows 1,000 permissions per API.
const MAX_CANDIDATES = 1_000
const MAX_COMPARED = 100
const MAX_MISTAKES = 3

/**
 * The known name with the fewest typing mistakes: at most one for each three characters, and one in a name of two. An
 * identifier of any length that differs only in its scheme, letter case or trailing slash comes first.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const core = coreOf(name)
  const wanted = name.toLowerCase()
  let best: string | undefined
  let fewest = Math.min(MAX_MISTAKES, Math.ceil((name.length - 1) / 3)) + 1
  let compared = 0
  for (const candidate of known) {
    if (compared++ >= MAX_CANDIDATES) break
    if (coreOf(candidate) === core) return candidate
    if (name.length > MAX_COMPARED || Math.abs(candidate.length - name.length) >= fewest) continue
    const mistakes = typingMistakes([wanted, candidate.toLowerCase()], fewest)
    if (mistakes >= fewest) continue
    fewest = mistakes
    best = candidate
  }
  return best
}

/** The part of an identifier or a host that people rarely mistype. */
export function coreOf(identifier: string): string {
  return identifier.toLowerCase().replace(/^https?:\/\/|\/$/g, '')
}

/**
 * The optimal string alignment distance: letters omitted, added, changed, or swapped with their neighbour. Only cells near
 * the diagonal are computed, because all others are at least `enough`.
 * @returns `enough` for every distance that is not smaller
 */
function typingMistakes([a, b]: readonly [string, string], enough: number): number {
  // Three rows are reused, because allocating one for each letter would cost more than the comparison. Bytes suffice,
  // because no cell exceeds `enough`.
  let beforeLast = new Uint8Array(b.length + 1)
  let last = beforeLast.map((_, column) => Math.min(column, enough))
  let current = new Uint8Array(b.length + 1)
  for (let row = 1; row <= a.length; row++) {
    const letter = a.charCodeAt(row - 1)
    const before = a.charCodeAt(row - 2)
    const from = Math.max(1, row - enough)
    const to = Math.min(b.length, row + enough)
    let least = Math.min(row, enough)
    current[from - 1] = least
    // Beyond the last column, this has no effect.
    current[to + 1] = enough
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
    ;[beforeLast, last, current] = [last, current, beforeLast]
  }
  return Number(last[b.length])
}
