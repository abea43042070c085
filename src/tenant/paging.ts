// Reads lists of the Management API by numbered pages.

import * as z from 'zod'
import type { TenantResponse } from './exchange.ts'
import { isUnknownUser, PER_PAGE, read, responseError, userPath, type Verdict } from './responses.ts'
import type { Session } from './token.ts'

interface Page<T> {
  readonly items: readonly T[]
  /** The number of items in the list. */
  readonly total: number
}

/** A page's total, in schemas. */
export const TOTAL = z.int().nonnegative()

interface Paging<T> {
  /** Equal for the same item on two pages. */
  readonly keyOf: (item: T) => string
  /** A page that is not full is the last one, whatever the total says. */
  readonly fullPages?: boolean
  /** The first page, if it has already been read. */
  readonly first?: Page<T>
  /** The error if the list keeps changing while it is being read. @param found such as `99 of 101` */
  readonly unstable: (found: string) => Verdict
}

/** The number of times that a list is read if it changes while it is being read. */
export const LIST_READS = 3
/** More than any list has. */
const MAX_PAGES = 500

/** Reads all items of a list until the total is reached, whatever the size of the pages. An item may occur twice. */
export async function readPages<T>(
  fetchPage: (page: number) => Promise<Page<T> & { readonly response: TenantResponse }>,
  { keyOf, fullPages = false, first, unstable }: Paging<T>,
): Promise<readonly T[]> {
  for (let attempt = 1; ; attempt++) {
    const known = attempt === 1 ? first : undefined
    const all = [...(known?.items ?? [])]
    const found = new Set(all.map(keyOf))
    const totals = new Set(known && [known.total])
    let next = known === undefined ? 0 : 1
    for (;;) {
      const before = found.size
      const { items, total, response } = await fetchPage(next++)
      totals.add(total)
      for (const item of items) {
        all.push(item)
        found.add(keyOf(item))
      }
      const isLast = found.size === before || next === MAX_PAGES || (fullPages && items.length < PER_PAGE)
      if (found.size < total && !isLast) continue
      // An item that moved to another page during the read would be missed.
      if (totals.size === 1 && found.size === total) return all
      if (attempt === LIST_READS) throw responseError(response, unstable(`${found.size} of ${total}`))
      break
    }
  }
}

/** The query of a page with the total of the list. */
export function numbered(page: number): string {
  return `page=${page}&per_page=${PER_PAGE}&include_totals=true`
}

interface UserList<T> extends Pick<Paging<T>, 'keyOf' | 'fullPages'> {
  readonly user: string
  readonly kind: 'permissions' | 'roles'
  readonly schema: z.ZodType<Page<T>>
}

/** What a user holds. @returns undefined if the tenant has no such user */
export async function readPagesOf<T>(
  { send }: Session,
  { user, kind, schema, ...options }: UserList<T>,
): Promise<readonly T[] | undefined> {
  const unread = `The ${kind} of ${user} could not be read`
  let isUnknown = false
  const fetchPage = async (page: number) => {
    const response = await send({ method: 'GET', path: `${userPath(user)}/${kind}`, query: numbered(page) })
    isUnknown = isUnknownUser(response)
    return { ...(isUnknown ? { items: [], total: 0 } : read(response, { schema, unread })), response }
  }
  const found = await readPages(fetchPage, {
    ...options,
    unstable: count => ({
      summary: `The ${kind} of ${user} changed while they were being read: ${count} were found`,
      reach: 'user',
      advice: 'Run it again when nothing else writes to this user.',
    }),
  })
  return isUnknown ? undefined : found
}
