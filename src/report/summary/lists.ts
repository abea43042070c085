// The lists of a report share the room that there is: of a list that is too long, the head and a shorter tail are shown.
// Pure.

import { grouped } from '../conclude.ts'

/**
 * The share of the room that each list is sure to have, in percent. What some lists don't use is given to the others, in
 * this order: what a person must look at, and changes, are cut last.
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

/** Entries of HTML, and the one that replaces those that are not shown. */
export interface List {
  readonly entries: readonly string[]
  readonly gap: (text: string) => string
}

/** As much of a list as fits. */
export interface Shown {
  /** Empty if there is nothing to list. */
  readonly html: string
  /** How many entries there are. */
  readonly length: number
  /** How many of them are not shown. */
  readonly cut: number
}

export type Lists = Readonly<Record<ListName, Shown>>

export function bullets(texts: readonly string[]): List {
  return { entries: texts.map(text => `<li>${text}</li>`), gap: text => `<li>${text}</li>` }
}

export function rows(columns: 1 | 2, entries: readonly string[]): List {
  const span = columns === 1 ? '' : ` colspan="${columns}"`
  return { entries, gap: text => `<tr><td${span}>${text}</td></tr>` }
}

export interface Room {
  /** In bytes of UTF-8. */
  readonly bytes: number
  /** Where the reader finds what is not shown, as HTML. */
  readonly whole: string
}

export function shortenLists(lists: Readonly<Record<ListName, List>>, { bytes, whole }: Room): Lists {
  const names = Object.keys(SHARES) as readonly ListName[]
  const sizes = Object.fromEntries(names.map(list => [list, sizeOf(lists[list].entries)])) as Record<ListName, number>
  const sure = (list: ListName) => Math.min(sizes[list], Math.floor((bytes * SHARES[list]) / 100))
  let spare = bytes - names.reduce((sum, list) => sum + sure(list), 0)
  const shortened = names.map(list => {
    const more = Math.min(sizes[list] - sure(list), spare)
    spare -= more
    const fits = sizes[list] <= sure(list) + more
    return [list, fits ? showAll(lists[list]) : shorten(lists[list], { bytes: sure(list) + more, whole })]
  })
  return Object.fromEntries(shortened) as Lists
}

function showAll({ entries }: List): Shown {
  return { html: entries.join('\n'), length: entries.length, cut: 0 }
}

function shorten({ entries, gap }: List, { bytes, whole }: Room): Shown {
  const head = countFitting(entries, bytes * 0.75)
  const tail = countFitting(entries.toReversed(), bytes * 0.25)
  const cut = entries.length - head - tail
  const text = `… ${grouped(cut)} of ${grouped(entries.length)} are not shown here; ${whole}.`
  const shown = [...entries.slice(0, head), gap(text), ...entries.slice(entries.length - tail)]
  return { html: shown.join('\n'), length: entries.length, cut }
}

/** How many of the first entries fit; not all of them do. */
function countFitting(entries: readonly string[], bytes: number): number {
  let size = 0
  return entries.findIndex(entry => {
    size += sizeOf([entry])
    return size > bytes
  })
}

/** With the end of each line, and an alert's mark before it. */
function sizeOf(entries: readonly string[]): number {
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 3, 0)
}

/** The title of a fold says what is not shown in it, because nobody looks for that inside. */
export function counting(title: string, { length, cut }: Shown): string {
  return `${title} (${grouped(length)}${cut === 0 ? '' : `; ${grouped(cut)} not shown`})`
}

export function cutting(title: string, { cut }: Shown): string {
  return cut === 0 ? title : `${title} (${grouped(cut)} not shown)`
}
