// What a run found besides its changes. First what needs attention: errors, failed users, revocations, warnings. Later
// further information: notices, unmanaged grants, advice, permissions through roles. Pure.

import { isPermission, type Role } from '../../access/grants.ts'
import { scalar } from '../../access/yaml.ts'
import { countOperations, type HeldBack } from '../../plan/plan.ts'
import { counted, grouped } from '../conclude.ts'
import type { Finding, RunRecord } from '../record.ts'
import { aboutText, code, placeText } from '../text.ts'
import { alert, FOLD_AFTER, fold, message, name, row } from './blocks.ts'
import { accessHtml, isWritten, type Known, userHtml, userLines } from './changes.ts'
import { type Lists, type Shown, titleWithCount, titleWithCut } from './lists.ts'

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
      ...listed(lists.failures, { title: 'Failed users', isTitled: both }),
      ...listed(lists.untouched, { title: 'Users not attempted' }),
    ]),
    alert('WARNING', [
      revocationsInShort(record),
      ...listed(lists.heldBack, { title: 'Revocations held back' }),
      ...listed(lists.warnings, { title: 'Warnings', isTitled: lists.heldBack.length > 0 }),
    ]),
  ]
}

export function renderAsides(record: RunRecord, lists: Lists): readonly string[] {
  const { unmanaged, derived } = record
  const owners = new Set(unmanaged.map(({ user }) => user)).size
  const unmanagedTitle = `${counted(unmanaged.length, 'direct grant')} that the manifest does not list (${counted(owners, 'user')})`
  const derivedTitle = `${counted(derived.length, 'permission')} that users have through roles`
  return [
    ...listed(lists.notices, { title: 'Notices' }),
    lists.unmanaged.block &&
      fold(titleWithCut(unmanagedTitle, lists.unmanaged), `<p>${unmanagedText(record)}</p>\n${lists.unmanaged.block}`),
    lists.advice.block && fold(titleWithCount('Advice', lists.advice), lists.advice.block),
    lists.derived.block && fold(titleWithCut(derivedTitle, lists.derived), lists.derived.block),
  ]
}

/** A list, folded if it is long; a folded list always has its title. */
function listed(
  shown: Shown,
  { title, isTitled = true }: { readonly title: string; readonly isTitled?: boolean },
): readonly string[] {
  if (shown.length === 0) return []
  const strong = `<strong>${titleWithCount(title, shown)}</strong>`
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

function unmanagedText({ revoke }: RunRecord): string {
  return revoke === 'all'
    ? `The manifest does not name these APIs or roles, so the grants are kept. To include them, name the API under ${code('apis')} or the role under ${code('roles')}.`
    : `These grants are kept. To manage them, paste the line under the user's ${code('permissions')}, or add ${code('roles')} to the user; to revoke them, use ${code('revoke: all')}.`
}

/** With the manifest's lines that would list these grants. */
export function unmanagedRows({ unmanaged }: RunRecord, known: Known): readonly string[] {
  return [...Map.groupBy(unmanaged, ({ user }) => user)].map(([user, held]) => {
    const byApi = [...Map.groupBy(held, ({ api }) => api)]
    const lines = userLines(byApi, ([api, accesses]) => {
      const names = accesses.map(access => scalar(isPermission(access) ? access.permission : referenceTo(access)))
      const key = api === undefined ? 'roles' : scalar(known.aliases.get(api) ?? api)
      return code(`${key}: [${names.join(', ')}]`)
    })
    return row([`${userHtml(user, known)}<br>${lines}`])
  })
}

/** The role's name if a manifest can contain it and it is unambiguous, otherwise the id. */
function referenceTo({ role, name = '' }: Role): string {
  return /^[\p{L}\p{N}]([\p{L}\p{N} ._&/-]*[\p{L}\p{N}])?$/u.test(name) && !/^rol_/.test(name) ? name : role
}

export function derivedRows({ derived }: RunRecord, known: Known): readonly string[] {
  return [...Map.groupBy(derived, ({ user }) => user)].map(([user, held]) => {
    const lines = userLines(held, each => `${accessHtml(each, known)}, through ${each.roles.map(name).join(', ')}`)
    return row([`${userHtml(user, known)}<br>${lines}`])
  })
}
