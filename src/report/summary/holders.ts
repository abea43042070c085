// For each permission and role: how many listed users have it before and after. Pure.

import { isPermission, packAccess } from '../../access/grants.ts'
import type { Plan } from '../../plan/plan.ts'
import { counted, grouped } from '../conclude.ts'
import type { RunRecord } from '../record.ts'
import { FOLD_AFTER, fold, row } from './blocks.ts'
import { accessHtml, isWritten, type Known } from './changes.ts'
import { type Lists, titleWithCut } from './lists.ts'

export function renderHolders(record: RunRecord, { changes, permissions }: Lists): readonly string[] {
  if (changes.length === 0 || permissions.length === 0) return []
  const [header] = holderHeaders(record)
  const isPlanned = isWritten(record) && !isComplete(record)
  const title = `By ${header.toLowerCase()}${isPlanned ? ', as planned' : ''}`
  // For one user or a long list, it adds little to the table of users.
  if (changes.length > 1 && permissions.length <= FOLD_AFTER) return [`### ${title}`, permissions.block]
  return [fold(titleWithCut(`${title} (${grouped(permissions.length)})`, permissions), permissions.block)]
}

function isComplete({ plan, outcomes }: RunRecord): boolean {
  return outcomes.length === plan?.users.length && outcomes.every(({ status }) => status === 'done')
}

/** The headers of the table. A user who was not read cannot be counted. */
export function holderHeaders({ plan, read, users }: RunRecord): readonly [string, string] {
  const hasRoles = plan?.holders.some(access => !isPermission(access))
  const counts = read < users ? `${counted(read, 'user')} read` : counted(users, 'listed user')
  return [hasRoles ? 'Permission or role' : 'Permission', `Holders among ${counts}`]
}

/** Permissions and roles that somebody loses come first. */
export function holderRows({ holders, users }: Pick<Plan, 'holders' | 'users'>, known: Known): readonly string[] {
  const listed = users.filter(({ user }) => !known.removed.has(user))
  const gains = Map.groupBy(
    listed.flatMap(({ grant }) => grant),
    packAccess,
  )
  const losses = Map.groupBy(
    listed.flatMap(({ revoke }) => revoke),
    packAccess,
  )
  const changes = holders.map(({ before, after, ...access }) => {
    const grant = packAccess(access)
    let more = gains.get(grant)?.length ?? 0
    let fewer = losses.get(grant)?.length ?? 0
    // If part of a saved plan was applied earlier, only the difference of before and after is known.
    if (more - fewer !== after - before) {
      more = Math.max(0, after - before)
      fewer = Math.max(0, before - after)
    }
    const parts = [more > 0 ? `${grouped(more)} more` : '', fewer > 0 ? `${grouped(fewer)} fewer` : '']
    const change = parts.filter(Boolean).join(', ') || 'unchanged'
    const cells = [accessHtml(access, known), `${grouped(before)} → ${grouped(after)} (${change})`]
    return { isLost: fewer > 0, html: row(cells) }
  })
  return changes.toSorted((a, b) => Number(b.isLost) - Number(a.isLost)).map(({ html }) => html)
}
