// Reads lists of the Management API by numbered pages.

import type { TenantError } from '../errors.ts'
import { PER_PAGE } from './answers.ts'
import type { Answer } from './exchange.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** The number of items in the list. */
  readonly total: number
  readonly answer: Answer
}

export interface PagingOptions<T> {
  readonly keyOf: (item: T) => string
  /** The first page, if it has already been read. */
  readonly first?: Omit<Page<T>, 'answer'>
  /** The error if the list keeps changing while it is read. */
  readonly unstable: (page: Page<T>, found: number) => TenantError
}

/** The number of times that a list is read if it changes while it is read. */
export const LIST_READS = 3

/** Reads all items of a list, by key, until the total is reached, whatever the size of the pages. */
export async function readPages<T>(
  ask: (page: number) => Promise<Page<T>>,
  { keyOf, first, unstable }: PagingOptions<T>,
): Promise<ReadonlyMap<string, T>> {
  for (let attempt = 1; ; attempt++) {
    const known = attempt === 1 ? first : undefined
    const found = new Map((known?.items ?? []).map(item => [keyOf(item), item]))
    const totals = new Set(known && [known.total])
    let page: Page<T>
    let before: number
    let next = known === undefined ? 0 : 1
    do {
      before = found.size
      page = await ask(next++)
      totals.add(page.total)
      for (const item of page.items) found.set(keyOf(item), item)
    } while (found.size < page.total && found.size > before)
    // An item that moved to another page during the read would be missed.
    if (totals.size === 1 && totals.has(found.size)) return found
    if (attempt === LIST_READS) throw unstable(page, found.size)
  }
}

/** The query of a page with the total of the list. */
export function numbered(page: number): string {
  return `page=${page}&per_page=${PER_PAGE}&include_totals=true`
}
