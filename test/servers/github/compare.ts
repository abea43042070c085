// The order of commits in history.

import type { Commit, Store } from './store.ts'

export interface Comparison {
  readonly status: 'identical' | 'ahead' | 'behind' | 'diverged'
  /** Oldest first. */
  readonly ahead: readonly Commit[]
  readonly behind: readonly Commit[]
  /** Undefined if the two have no common history. */
  readonly mergeBase: Commit | undefined
}

type Commits = Pick<Store, 'commits'>

export function compareCommits({ commits }: Commits, base: string, head: string): Comparison {
  const [ofBase, ofHead] = [ancestorsOf({ commits }, base), ancestorsOf({ commits }, head)]
  // The store has each commit after its parents.
  const either = [...commits.values()].filter(({ sha }) => ofBase.has(sha) || ofHead.has(sha))
  const ahead = either.filter(({ sha }) => !ofBase.has(sha))
  const behind = either.filter(({ sha }) => !ofHead.has(sha))
  const status =
    ahead.length > 0 ? (behind.length > 0 ? 'diverged' : 'ahead') : behind.length > 0 ? 'behind' : 'identical'
  const mergeBase = either.findLast(({ sha }) => ofBase.has(sha) && ofHead.has(sha))
  return { status, ahead, behind, mergeBase }
}

/** The commits themselves, and all their ancestors. */
export function ancestorsOf({ commits }: Commits, ...tips: readonly string[]): ReadonlySet<string> {
  const found = new Set(tips)
  // The iteration of a set includes elements that are added during it.
  for (const sha of found) {
    for (const parent of commits.get(sha)?.parents ?? []) found.add(parent)
  }
  return found
}

/** Newest first, as in `git log`. */
export function logOf({ commits }: Commits, tip: string): readonly Commit[] {
  const line = ancestorsOf({ commits }, tip)
  return [...commits.values()].filter(({ sha }) => line.has(sha)).reverse()
}
