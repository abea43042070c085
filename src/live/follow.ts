// Work through a list whose progress is reported.

import pMap from 'p-map'
import { TenantError } from '../errors.ts'

/** Begins to report how much of a list is done. @param doing such as `Reading users` */
export type Follow = (doing: string, total: number) => { readonly step: () => void; readonly end: () => void }

export interface Following {
  readonly follow: Follow
  /** How many items at once. */
  readonly width: number
}

/** The results, in the order of the items. */
export async function mapFollowed<T, R>(
  items: readonly T[],
  { doing, work, follow, width }: Following & { readonly doing: string; readonly work: (item: T) => Promise<R> },
): Promise<readonly R[]> {
  const progress = follow(doing, items.length)
  const workOn = async (item: T) => {
    const result = await work(item)
    progress.step()
    return result
  }
  return pMap(items, workOn, { concurrency: width }).finally(progress.end)
}

/** The result, or the error of a failure that does not affect the whole run. */
export async function resultOrError<T>(work: Promise<T>): Promise<T | TenantError> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof TenantError) || error.details.reach === 'run') throw error
    return error
  }
}
