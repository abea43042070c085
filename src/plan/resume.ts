// Computes what remains to be done of a saved plan. Pure.

import { accessOf, type Grants, listAccess, packAll } from '../access/grants.ts'
import { type Batch, batchesOf, type Exists, namesIn, operationsOf, stateAfter, type UserPlan } from './plan.ts'

export type Resumption =
  /** The operations that remain; undefined if all are done. */
  | { readonly kind: 'ready'; readonly remaining: UserPlan | undefined }
  /** Somebody else has changed the user since. */
  | { readonly kind: 'moved' }

export interface Present {
  /** What the user holds now: permissions, and roles that the plan concerns. */
  readonly live: Grants
  readonly exists: Exists
}

/**
 * A user can be resumed in the state that the plan was computed from, or in one that an earlier run of the same plan left.
 * Permissions and roles that no longer exist are ignored, because deleting them may have changed the user.
 */
export function resume(saved: UserPlan, { live, exists }: Present): Resumption {
  const batches = batchesOf(saved)
  const isNow = (done: readonly Batch[]) => {
    const state = stateAfter(saved.before ?? [], operationsOf(done, 'grant'), operationsOf(done, 'revoke'))
    return ![...packAll(state).symmetricDifference(live)].some(grant => exists(accessOf(grant)))
  }
  const done = subsetsOf(batches).find(isNow)
  if (done === undefined) return { kind: 'moved' }
  const remaining = batches.filter(batch => !done.includes(batch))
  if (remaining.length === 0) return { kind: 'ready', remaining: undefined }
  const before = listAccess(live, namesIn([...(saved.before ?? []), ...saved.grant, ...saved.revoke]))
  return {
    kind: 'ready',
    remaining: { ...saved, grant: operationsOf(remaining, 'grant'), revoke: operationsOf(remaining, 'revoke'), before },
  }
}

/** From none to all of them. */
function subsetsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_, index) => (bits >> index) & 1))
}
