// Reads a user's permissions, direct and through roles, and writes the direct ones.

import * as z from 'zod'
import { compareText, type Grant, grantOf, type Permission, type Role } from '../access/grants.ts'
import type { Live } from '../access/live.ts'
import { answerError } from './answer-error.ts'
import { isUnknownUser, PER_PAGE, read, refuseWrite, userPath, type WriteMethod } from './answers.ts'
import { LIST_READS } from './paging.ts'
import type { Session } from './token.ts'

/** More than any user holds: 1,000 direct permissions, and those of many roles. */
const MAX_PAGES = 500

const permissionPage = z.object({
  permissions: z.array(
    z.object({
      permission_name: z.string(),
      resource_server_identifier: z.string(),
      // Optional in the published schema, but without it a role-derived permission would look like a grant.
      sources: z.array(
        z.object({ source_type: z.string(), source_id: z.string().optional(), source_name: z.string().optional() }),
      ),
    }),
  ),
  total: z.int().nonnegative(),
})

type PermissionItem = z.infer<typeof permissionPage>['permissions'][number]

/** @returns undefined if the tenant has no such user */
export async function readPermissions({ send }: Session, user: string): Promise<Live | undefined> {
  for (let attempt = 1; ; attempt++) {
    const items: PermissionItem[] = []
    let answer: Awaited<ReturnType<typeof send>>
    let page: z.infer<typeof permissionPage>
    let pages = 0
    do {
      const query = `page=${pages}&per_page=${PER_PAGE}&include_totals=true`
      answer = await send({ method: 'GET', path: pathOf(user), query })
      if (isUnknownUser(answer)) return undefined
      page = read(permissionPage, answer, `The permissions of ${user} could not be read`)
      items.push(...page.permissions)
      pages++
      // A page that is not full is the last one, whatever the total says.
    } while (items.length < page.total && page.permissions.length >= PER_PAGE && pages < MAX_PAGES)
    const { live, size } = liveOf(items)
    if (size === page.total) return live
    if (attempt === LIST_READS) {
      const summary = `The permissions of ${user} changed while they were read: ${size} of ${page.total} were found`
      throw answerError(answer, summary, 'user', 'Run it again when nothing else writes to this user.')
    }
  }
}

function liveOf(items: readonly PermissionItem[]): { readonly live: Live; readonly size: number } {
  const direct = new Set<Grant>()
  const derived = new Map<Grant, readonly Role[]>()
  const all = new Set<Grant>()
  for (const item of items) {
    const grant = grantOf(item.resource_server_identifier, item.permission_name)
    all.add(grant)
    if (item.sources.some(source => source.source_type === 'DIRECT')) direct.add(grant)
    const roles = item.sources.filter(source => source.source_type !== 'DIRECT').map(roleOf)
    if (roles.length > 0) derived.set(grant, roles.sort(byName))
  }
  return { live: { direct, derived }, size: all.size }
}

function roleOf({ source_id: id, source_name: name }: PermissionItem['sources'][number]): Role {
  return { role: id || 'of an unknown id', ...(name && { name }) }
}

function byName(a: Role, b: Role): number {
  return compareText(a.name ?? a.role, b.name ?? b.role)
}

export interface PermissionWrite {
  readonly method: WriteMethod
  readonly user: string
  readonly permissions: readonly Permission[]
}

/** Auth0 does all of it or nothing. */
export async function writePermissions(
  { send }: Session,
  { method, user, permissions }: PermissionWrite,
): Promise<void> {
  const items = permissions.map(({ api, permission }) => ({
    resource_server_identifier: api,
    permission_name: permission,
  }))
  const answer = await send({ method, path: pathOf(user), body: JSON.stringify({ permissions: items }) })
  const { done, doing, unknown } = WRITES[method]
  if (answer.status !== done) throw refuseWrite(answer, { user, doing, unknown })
}

/** `done`: Auth0's status for a successful write; any other may come from a proxy. */
const WRITES = {
  POST: {
    done: 201,
    doing: 'Granting to',
    unknown:
      'A permission does not exist on its API, so the request had no effect. Add it to the API, or remove it from the manifest.',
  },
  DELETE: {
    done: 204,
    doing: 'Revoking from',
    unknown:
      'A permission was removed from its API, so the request had no effect. Run it again: the next run leaves it out.',
  },
} as const

function pathOf(user: string): string {
  return `${userPath(user)}/permissions`
}
