// Lists of the Management API that come in numbered pages.

import type { TenantError } from '../errors.ts'
import { PER_PAGE } from './answers.ts'
import type { Answer } from './exchange.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** How many items the list has. */
  readonly total: number
  readonly answer: Answer
}

export interface PagingOptions<T> {
  readonly keyOf: (item: T) => string
  /** The first page, if it was read already. */
  readonly first?: Omit<Page<T>, 'answer'>
  /** What to report if the list keeps changing while it is read. */
  readonly unstable: (page: Page<T>, found: number) => TenantError
}

/** How often a list that changes while it is read is read again. */
export const LIST_READS = 3

/** All items of a list by key, page by page until the total is reached, whatever the size of the pages. */
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
    // Whoever moved from one page to another while they were read would be overlooked.
    if (totals.size === 1 && totals.has(found.size)) return found
    if (attempt === LIST_READS) throw unstable(page, found.size)
  }
}

/** The query of a page with the total of the list. */
export function numbered(page: number): string {
  return `page=${page}&per_page=${PER_PAGE}&include_totals=true`
}
