// Further information: notices, unmanaged grants, advice, permissions through roles. Pure.

import { isPermission, type Role } from '../../access/grants.ts'
import { scalar } from '../../access/yaml.ts'
import { counted } from '../conclude.ts'
import type { RunRecord } from '../record.ts'
import { code } from '../text.ts'
import { listed } from './attention.ts'
import { fold, name, row } from './blocks.ts'
import { accessHtml, type Known, userHtml, userLines } from './changes.ts'
import { counting, cutting, type Lists } from './lists.ts'

export function renderAsides(record: RunRecord, lists: Lists): readonly string[] {
  const { unmanaged, derived } = record
  const owners = new Set(unmanaged.map(({ user }) => user)).size
  const unmanagedTitle = `${counted(unmanaged.length, 'direct grant')} of ${counted(owners, 'user')} that the manifest does not list`
  const derivedTitle = `${counted(derived.length, 'permission')} that users have through roles`
  return [
    ...listed(lists.notices, { title: 'Notices' }),
    lists.unmanaged.block &&
      fold(cutting(unmanagedTitle, lists.unmanaged), `<p>${unmanagedText(record)}</p>\n${lists.unmanaged.block}`),
    lists.advice.block && fold(counting('Advice', lists.advice), lists.advice.block),
    lists.derived.block && fold(cutting(derivedTitle, lists.derived), lists.derived.block),
  ]
}

function unmanagedText({ revoke }: RunRecord): string {
  return revoke === 'all'
    ? `The manifest does not name these APIs or roles, so they stay. To include them, add them under ${code('apis')} or ${code('roles')}.`
    : `They stay. To manage them, paste the line under the user's ${code('permissions')}, or add ${code('roles')} to the user; to revoke them, use ${code('revoke: all')}.`
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
