// Processes a list and reports progress.

import pMap from 'p-map'
import { TenantError } from '../errors.ts'

/** Begins to report how much of a list is done. @param label such as `Reading users` */
export type StartProgress = (label: string, total: number) => { readonly step: () => void; readonly end: () => void }

export interface ProgressOptions {
  readonly startProgress: StartProgress
  /** How many items at once. */
  readonly width: number
}

/** The results, in the order of the items. */
export async function mapWithProgress<T, R>(
  items: readonly T[],
  {
    label,
    work,
    startProgress,
    width,
  }: ProgressOptions & { readonly label: string; readonly work: (item: T) => Promise<R> },
): Promise<readonly R[]> {
  const progress = startProgress(label, items.length)
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
