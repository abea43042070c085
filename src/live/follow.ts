// Work through a list whose progress is reported.

import pMap from 'p-map'

interface Progress {
  readonly step: () => void
  readonly end: () => void
}

/** Begins to report how much of a list is done. @param doing such as `Reading users` */
export type Follow = (doing: string, total: number) => Progress

export interface FollowOptions {
  readonly doing: string
  readonly follow: Follow
  /** How many items at once. */
  readonly width: number
}

/** The results, in the order of the items. */
export async function mapFollowed<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  { doing, follow, width }: FollowOptions,
): Promise<readonly R[]> {
  const progress = follow(doing, items.length)
  const workOn = async (item: T) => {
    const result = await work(item)
    progress.step()
    return result
  }
  return pMap(items, workOn, { concurrency: width }).finally(progress.end)
}
