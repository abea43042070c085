// What is left to do of a saved plan. Pure.

import { accessOf, type Grants, listAccess, packAll } from '../access/grants.ts'
import { type Batch, batchesOf, type Exists, namesIn, operationsOf, stateAfter, type UserPlan } from './plan.ts'

export type Resumption =
  /** As much of it as is still to be done; undefined where nothing is left. */
  | { readonly kind: 'ready'; readonly left: UserPlan | undefined }
  /** Somebody else has changed the user since. */
  | { readonly kind: 'moved' }

export interface Present {
  /** What the user holds now: permissions, and those of the plan's roles. */
  readonly live: Grants
  readonly exists: Exists
}

/**
 * A saved plan's user, in the state of now: as it was when the plan was computed, or as an earlier run of this very plan
 * left it. What no longer exists makes no difference: whether a user still has it is up to the tenant.
 */
export function resume(saved: UserPlan, { live, exists }: Present): Resumption {
  const batches = batchesOf(saved)
  const isNow = (done: readonly Batch[]) => {
    const state = stateAfter(saved.before ?? [], operationsOf(done, 'grant'), operationsOf(done, 'revoke'))
    return ![...packAll(state).symmetricDifference(live)].some(grant => exists(accessOf(grant)))
  }
  const done = subsetsOf(batches).find(isNow)
  if (done === undefined) return { kind: 'moved' }
  const left = batches.filter(batch => !done.includes(batch))
  if (left.length === 0) return { kind: 'ready', left: undefined }
  const before = listAccess(live, namesIn([...(saved.before ?? []), ...saved.grant, ...saved.revoke]))
  return {
    kind: 'ready',
    left: { ...saved, grant: operationsOf(left, 'grant'), revoke: operationsOf(left, 'revoke'), before },
  }
}

/** From none to all of them. */
function subsetsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_, index) => (bits >> index) & 1))
}
