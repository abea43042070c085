// The plan that reverts what an apply did. Pure.

import { compareText } from '../access/grants.ts'
import { bareAccess, type Operation, type Plan, type Restored, stateAfter, type UserOutcome } from './plan.ts'

export interface Applied {
  readonly outcomes: readonly UserOutcome[]
  readonly restores: readonly Restored[]
}

/**
 * A plan that reverts the part of this plan that was applied, for users whose before-state is known. Operations that
 * may have been done are reverted, too: an apply of the undo plan can resume from either state.
 */
export function undoOf({ tenant, source, users, holders }: Plan, { outcomes, restores }: Applied): Plan {
  const planned = new Map(users.map(user => [user.user, user]))
  const undone = outcomes.flatMap(({ user, granted, revoked, uncertain = [] }) => {
    const userPlan = planned.get(user)
    if (userPlan?.before === undefined) return []
    const grant = uncertain.includes('revoke') ? userPlan.revoke.map(asUncertain) : revoked.map(withoutTerms)
    const revoke = uncertain.includes('grant') ? userPlan.grant.map(asUncertain) : granted.map(withoutTerms)
    if (grant.length + revoke.length === 0) return []
    return { user, grant, revoke, before: stateAfter(userPlan.before, { grant: revoke, revoke: grant }) }
  })
  const complete = outcomes.length === users.length && outcomes.every(({ status }) => status === 'done')
  return {
    format: 2,
    tenant,
    source,
    users: undone.sort((a, b) => compareText(a.user, b.user)),
    heldBack: [],
    found: [],
    holders: complete ? holders.map(holders => ({ ...holders, before: holders.after, after: holders.before })) : [],
    restores,
  }
}

/** Expiry and reason belong to the manifest's request, not to its reversal. */
function withoutTerms(operation: Operation): Operation {
  return { ...bareAccess(operation), roles: operation.roles }
}

function asUncertain(operation: Operation): Operation {
  return { ...withoutTerms(operation), uncertain: true }
}
