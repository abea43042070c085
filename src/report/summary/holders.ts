// For each permission and role: how many listed users have it before and after. Pure.

import { type Grant, packAccess } from '../../access/grants.ts'
import type { Holders, Operation, UserPlan } from '../../plan/plan.ts'
import { grouped } from '../conclude.ts'
import { row } from './blocks.ts'
import { accessHtml, type Known } from './changes.ts'

interface HolderOptions extends Pick<Known, 'removed' | 'aliases'> {
  readonly holders: readonly Holders[]
  readonly users: readonly UserPlan[]
}

/** Permissions and roles that somebody loses come first. */
export function holderRows({ holders, users, removed, aliases }: HolderOptions): readonly string[] {
  const listed = users.filter(({ user }) => !removed.has(user))
  const gains = countByGrant(listed.flatMap(({ grant }) => grant))
  const losses = countByGrant(listed.flatMap(({ revoke }) => revoke))
  const changes = holders.map(each => ({ holders: each, change: changeOf(each, { gains, losses }) }))
  return changes
    .toSorted((a, b) => Number(b.change.fewer > 0) - Number(a.change.fewer > 0))
    .map(({ holders: { before, after, ...access }, change }) =>
      row([accessHtml(access, aliases), `${grouped(before)} → ${grouped(after)} (${changeText(change)})`]),
    )
}

function countByGrant(operations: readonly Operation[]): ReadonlyMap<Grant, number> {
  const counts = new Map<Grant, number>()
  for (const grant of operations.map(packAccess)) {
    counts.set(grant, (counts.get(grant) ?? 0) + 1)
  }
  return counts
}

/** How many gain and how many lose a permission or a role. */
interface Change {
  readonly more: number
  readonly fewer: number
}

interface Counts {
  readonly gains: ReadonlyMap<Grant, number>
  readonly losses: ReadonlyMap<Grant, number>
}

/** Counts the operations. If some of a saved plan were done earlier, only the difference of before and after is known. */
function changeOf(holders: Holders, { gains, losses }: Counts): Change {
  const { before, after } = holders
  const grant = packAccess(holders)
  const change = { more: gains.get(grant) ?? 0, fewer: losses.get(grant) ?? 0 }
  if (change.more - change.fewer === after - before) return change
  return { more: Math.max(0, after - before), fewer: Math.max(0, before - after) }
}

function changeText({ more, fewer }: Change): string {
  const parts = [more === 0 ? '' : `${grouped(more)} more`, fewer === 0 ? '' : `${grouped(fewer)} fewer`]
  return parts.filter(part => part !== '').join(', ') || 'unchanged'
}
