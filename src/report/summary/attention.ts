// What needs attention: errors, failed users, revocations, warnings. Pure.

import { countOperations, type HeldBack } from '../../plan/plan.ts'
import { counted, grouped } from '../conclude.ts'
import type { Finding, RunRecord } from '../record.ts'
import { aboutText, placeText } from '../text.ts'
import { alert, FOLD_AFTER, fold, message, name } from './blocks.ts'
import { accessHtml, isWritten, type Known, userHtml } from './changes.ts'
import { counting, type Lists, type Shown } from './lists.ts'

const ERROR_TITLES: Readonly<Record<NonNullable<RunRecord['stopped']>, string>> = {
  inputs: 'Inputs that cannot be used',
  manifest: 'Mistakes in the manifest',
  refused: 'Reasons for the refusal',
  error: 'Errors',
}

export function renderAttention(record: RunRecord, lists: Lists): readonly string[] {
  const { errors, failures, stopped } = record
  const both = errors.length > 0 && failures.length > 0
  return [
    alert('CAUTION', [
      ...listed(lists.errors, { title: ERROR_TITLES[stopped ?? 'error'], isTitled: both }),
      ...listed(lists.failures, { title: 'Users that failed', isTitled: both }),
      ...listed(lists.untouched, { title: 'Users that were not attempted' }),
    ]),
    alert('WARNING', [
      revocationsInShort(record),
      ...listed(lists.heldBack, { title: 'Revocations held back' }),
      ...listed(lists.warnings, { title: 'Warnings', isTitled: lists.heldBack.length > 0 }),
    ]),
  ]
}

/** A list, folded if it is long; a folded list always has its title. */
export function listed(
  shown: Shown,
  { title, isTitled = true }: { readonly title: string; readonly isTitled?: boolean },
): readonly string[] {
  if (shown.length === 0) return []
  const strong = `<strong>${counting(title, shown)}</strong>`
  if (shown.length > FOLD_AFTER) return [fold(strong, shown.block)]
  return isTitled ? [`<p>${strong}</p>`, shown.block] : [shown.block]
}

export function findingHtml(finding: Finding): string {
  const { place } = finding
  const where = place === undefined ? '' : `${name(placeText(place))}<br>`
  return `${where}${aboutText(finding, name)}${message(finding.message)}`
}

export function heldBackHtml({ user, entry, ...access }: HeldBack, known: Known): string {
  return `${userHtml(user, known)} keeps ${accessHtml(access, known)}, because ${name(entry)} cannot be identified`
}

function revocationsInShort(record: RunRecord): string {
  const losing = (record.plan?.users ?? []).filter(({ revoke }) => revoke.length > 0)
  if (losing.length === 0) return ''
  const { revocations: planned } = countOperations(losing)
  const done = record.outcomes.reduce((sum, { revoked }) => sum + revoked.length, 0)
  const verb = isWritten(record) ? 'revoked' : 'would be revoked'
  const text =
    isWritten(record) && done < planned
      ? `${grouped(done)} of ${counted(planned, 'planned revocation')} done`
      : `${counted(planned, 'grant')} ${verb}, from ${counted(losing.length, 'user')}`
  return `<p><strong>− ${text}</strong></p>`
}
