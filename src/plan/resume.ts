// Computes the part of a saved plan that remains to be done. Pure.

import {
  accessOf,
  accessText,
  type Grants,
  isPermission,
  listAccess,
  packAll,
  type RoleNames,
} from '../access/grants.ts'
import type { UserState } from '../live/survey.ts'
import {
  type Batch,
  batchesOf,
  type Exists,
  namesIn,
  operationsOf,
  type Plan,
  stateAfter,
  type UserPlan,
} from './plan.ts'

export interface ResumeOptions {
  /** By id; missing for users who could not be read. */
  readonly states: ReadonlyMap<string, Pick<UserState, 'live'>>
  /** Removed users who do not exist in the tenant; they have nothing left to revoke. */
  readonly gone: ReadonlySet<string>
  readonly exists: Exists
  readonly names: RoleNames
  /** Ids of the roles that count as a change of a user, who may hold others. */
  readonly roles: ReadonlySet<string>
}

export interface Resumed {
  /** What remains; restores nothing for users who could not be read, or have changed since. */
  readonly plan: Plan
  readonly failures: readonly { readonly user: string; readonly message: string }[]
}

export function resumePlan(saved: Plan, { states, gone, exists, names, roles }: ResumeOptions): Resumed {
  const users: UserPlan[] = []
  const failures: { user: string; message: string }[] = []
  const blocked = new Set(saved.users.map(({ user }) => user))
  for (const userPlan of saved.users) {
    const { user } = userPlan
    const { direct } = states.get(user)?.live ?? {}
    if (gone.has(user) && userPlan.grant.length > 0) {
      const message = `${user} no longer exists in the tenant, so the plan cannot grant anything to this user.`
      failures.push({ user, message })
    }
    if (direct === undefined) continue
    const live = packAll(listAccess(direct).filter(access => isPermission(access) || roles.has(access.role)))
    const resumption = resume(userPlan, { live, exists })
    if (resumption.kind === 'moved') {
      const now = listAccess(live, names).map(accessText).sort()
      const message = `${user} has changed since the plan was computed. Current direct grants: ${now.join(', ') || 'none'}. Make a new plan for this user.`
      failures.push({ user, message })
      continue
    }
    blocked.delete(user)
    if (resumption.remaining !== undefined) users.push(resumption.remaining)
  }
  const restores = saved.restores?.filter(({ user }) => !blocked.has(user))
  return { plan: { ...saved, users, ...(restores && { restores }) }, failures }
}

export type Resumption =
  /** The operations that remain; undefined if all are done. */
  | { readonly kind: 'ready'; readonly remaining: UserPlan | undefined }
  /** Somebody else has changed the user since. */
  | { readonly kind: 'moved' }

export interface Present {
  /** What the user holds now: permissions, and roles that the plan involves. */
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
    const state = stateAfter(saved.before ?? [], operationsOf(done))
    return ![...packAll(state).symmetricDifference(live)].some(grant => exists(accessOf(grant)))
  }
  const done = subsetsOf(batches).find(isNow)
  if (done === undefined) return { kind: 'moved' }
  const remaining = batches.filter(batch => !done.includes(batch))
  if (remaining.length === 0) return { kind: 'ready', remaining: undefined }
  const before = listAccess(live, namesIn([...(saved.before ?? []), ...saved.grant, ...saved.revoke]))
  return {
    kind: 'ready',
    remaining: { ...saved, ...operationsOf(remaining), before },
  }
}

/** From none to all of them. */
function subsetsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_, index) => (bits >> index) & 1))
}
