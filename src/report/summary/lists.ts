// The lists of a report share its space. A list that is too long is shown with its head and a shorter tail. Pure.

import { grouped } from '../conclude.ts'
import { table } from './blocks.ts'

/**
 * The space that is reserved for each list, in percent. Unused space is given to the other lists in this order, so that
 * errors, failures and changes are cut last.
 */
const SHARES = {
  errors: 14,
  failures: 14,
  untouched: 4,
  heldBack: 4,
  changes: 36,
  warnings: 8,
  permissions: 8,
  notices: 4,
  unmanaged: 4,
  advice: 2,
  derived: 2,
} as const

export type ListName = keyof typeof SHARES

export interface List {
  /** As HTML. */
  readonly entries: readonly string[]
  /** The size of the entries, in bytes. */
  readonly size: number
  /** The entry that replaces those that are not shown. */
  readonly gap: (text: string) => string
  /** The block with these entries. */
  readonly frame: (entries: string) => string
}

/** The part of a list that fits. */
export interface Shown {
  /** Empty if there is nothing to list. */
  readonly block: string
  readonly length: number
  /** The number of entries that are not shown. */
  readonly cut: number
}

export type Lists = Readonly<Record<ListName, Shown>>

export function bullets(texts: readonly string[]): List {
  const item = (text: string) => `<li>${text}</li>`
  const entries = texts.map(item)
  return { entries, size: sizeOf(entries), gap: item, frame: shown => `<ul>\n${shown}\n</ul>` }
}

export function rows(headers: readonly string[], entries: readonly string[]): List {
  const span = headers.length === 1 ? '' : ` colspan="${headers.length}"`
  const gap = (text: string) => `<tr><td${span}>${text}</td></tr>`
  return { entries, size: sizeOf(entries), gap, frame: shown => table(headers, shown) }
}

export interface Room {
  /** In bytes of UTF-8, which are never fewer than the characters that GitHub counts. */
  readonly bytes: number
  /** Where the reader finds what is not shown, as HTML. */
  readonly whole: string
}

export function shortenLists(lists: Readonly<Record<ListName, List>>, { bytes, whole }: Room): Lists {
  const names = Object.keys(SHARES) as readonly ListName[]
  const guaranteed = (list: ListName) => Math.min(lists[list].size, Math.floor((bytes * SHARES[list]) / 100))
  let spare = bytes - names.reduce((sum, list) => sum + guaranteed(list), 0)
  const shortened = names.map(list => {
    const more = Math.min(lists[list].size - guaranteed(list), spare)
    spare -= more
    return [list, shorten(lists[list], { bytes: guaranteed(list) + more, whole })]
  })
  return Object.fromEntries(shortened) as Lists
}

function shorten({ entries, size, gap, frame }: List, { bytes, whole }: Room): Shown {
  const { length } = entries
  if (length === 0) return { block: '', length, cut: 0 }
  if (size <= bytes) return { block: frame(entries.join('\n')), length, cut: 0 }
  const head = countFitting(entries, bytes * 0.75)
  const tail = countFitting(entries.toReversed(), bytes * 0.25)
  const cut = length - head - tail
  const text = `… ${grouped(cut)} of ${grouped(length)} not shown here; ${whole}.`
  const shown = [...entries.slice(0, head), gap(text), ...entries.slice(length - tail)]
  return { block: frame(shown.join('\n')), length, cut }
}

/** The number of leading entries that fit, if not all do. */
function countFitting(entries: readonly string[], bytes: number): number {
  let size = 0
  return entries.findIndex(entry => {
    size += sizeOf([entry])
    return size > bytes
  })
}

/** Bytes, including each line's end and the `> ` of an alert. */
function sizeOf(entries: readonly string[]): number {
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 3, 0)
}

/** The title says how much is not shown, because nobody would look for that inside a folded list. */
export function titleWithCount(title: string, { length, cut }: Shown): string {
  return `${title} (${grouped(length)}${cut === 0 ? '' : `; ${grouped(cut)} not shown`})`
}

export function titleWithCut(title: string, { cut }: Shown): string {
  return cut === 0 ? title : `${title} (${grouped(cut)} not shown)`
}
