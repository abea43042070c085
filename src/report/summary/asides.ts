// Further information: notices, unmanaged grants, advice, permissions through roles. Pure.

import { isPermission, type Role } from '../../access/grants.ts'
import { scalar } from '../../access/yaml.ts'
import type { Held } from '../../plan/plan.ts'
import { counted } from '../conclude.ts'
import type { Derived, RunRecord } from '../record.ts'
import { code, userText } from '../text.ts'
import { listed } from './attention.ts'
import { fold, list, name, row, table } from './blocks.ts'
import { accessHtml, type Known, userLines } from './changes.ts'
import { counting, cutting, type Lists, type Shown } from './lists.ts'

export function renderAsides(record: RunRecord, lists: Lists): readonly string[] {
  const { unmanaged, derived } = record
  const owners = new Set(unmanaged.map(({ user }) => user)).size
  const unmanagedTitle = `${counted(unmanaged.length, 'direct grant')} of ${counted(owners, 'user')} that the manifest does not list`
  const derivedTitle = `${counted(derived.length, 'permission')} that users have through roles`
  return [
    ...listed(lists.notices, { title: 'Notices', isTitled: true }),
    ...folded(lists.unmanaged, {
      title: cutting(unmanagedTitle, lists.unmanaged),
      blocks: [
        `<p>${unmanagedText(record)}</p>`,
        table(['User, and the lines that would list what they have'], lists.unmanaged.html),
      ],
    }),
    ...folded(lists.advice, { title: counting('Advice', lists.advice), blocks: [list(lists.advice.html)] }),
    ...folded(lists.derived, {
      title: cutting(derivedTitle, lists.derived),
      blocks: [table(['User, and what they have through roles'], lists.derived.html)],
    }),
  ]
}

interface Fold {
  readonly title: string
  readonly blocks: readonly string[]
}

function folded({ length }: Shown, { title, blocks }: Fold): readonly string[] {
  return length === 0 ? [] : [fold(title, blocks.join('\n'))]
}

function unmanagedText({ revoke }: RunRecord): string {
  return revoke === 'all'
    ? `The manifest does not name these APIs or roles, so they stay. To include them, add them under ${code('apis')} or ${code('roles')}.`
    : `They stay. To manage them, paste the line under the user's ${code('permissions')}, or add ${code('roles')} to the user; to revoke them, use ${code('revoke: all')}.`
}

/** With the manifest's lines that would list these grants. */
export function unmanagedRows(unmanaged: readonly Held[], known: Known): readonly string[] {
  return heldRows(unmanaged, {
    known,
    linesOf: held =>
      userLines([...Map.groupBy(held, ({ api }) => api)], ([api, accesses]) => {
        const names = accesses.map(access => scalar(isPermission(access) ? access.permission : referenceTo(access)))
        const key = api === undefined ? 'roles' : scalar(known.aliases.get(api) ?? api)
        return code(`${key}: [${names.join(', ')}]`)
      }),
  })
}

/** The role's name if a manifest can contain it and it is unambiguous, otherwise the id. */
function referenceTo({ role, name = '' }: Role): string {
  return /^[\p{L}\p{N}]([\p{L}\p{N} ._&/-]*[\p{L}\p{N}])?$/u.test(name) && !/^rol_/.test(name) ? name : role
}

export function derivedRows(derived: readonly Derived[], known: Known): readonly string[] {
  return heldRows(derived, {
    known,
    linesOf: held =>
      userLines(held, each => `${accessHtml(each, known.aliases)}, through ${each.roles.map(name).join(', ')}`),
  })
}

interface RowOptions<T> {
  readonly known: Known
  /** What one user has. */
  readonly linesOf: (items: readonly T[]) => string
}

function heldRows<T extends Held>(
  items: readonly T[],
  { known: { emails }, linesOf }: RowOptions<T>,
): readonly string[] {
  return [...Map.groupBy(items, ({ user }) => user)].map(([user, owned]) =>
    row([`${userText({ user, email: emails.get(user) }, name)}<br>${linesOf(owned)}`]),
  )
}
