// Reads a user's permissions, direct and through roles.

import * as z from 'zod'
import { compareText, type Grant, grantOf, nameOfRole, type Role } from '../access/grants.ts'
import type { Live } from '../access/live.ts'
import { readPagesOf, TOTAL } from './paging.ts'
import type { Session } from './token.ts'

const source = z.object({
  source_type: z.string(),
  source_id: z.string().optional(),
  source_name: z.string().optional(),
})
const permissionItem = z.object({
  permission_name: z.string(),
  resource_server_identifier: z.string(),
  // Optional in the published schema, but without it a role-derived permission would look like a grant.
  sources: z.array(source),
})
const schema = z
  .object({ permissions: z.array(permissionItem), total: TOTAL })
  .transform(({ permissions, total }) => ({ items: permissions, total }))

export async function readPermissions(session: Session, user: string): Promise<Live | undefined> {
  const items = await readPagesOf(session, {
    user,
    kind: 'permissions',
    schema,
    keyOf: grantIn,
    fullPages: true,
  })
  return items && liveOf(items)
}

type Item = z.infer<typeof permissionItem>

function grantIn({ resource_server_identifier: api, permission_name: name }: Item): Grant {
  return grantOf(api, name)
}

/** A grant is direct if any of its items says so. */
function liveOf(items: readonly Item[]): Live {
  const direct = new Set<Grant>()
  const derived = new Map<Grant, readonly Role[]>()
  for (const item of items) {
    const { sources } = item
    const grant = grantIn(item)
    if (sources.some(isDirect)) direct.add(grant)
    const roles = sources.filter(each => !isDirect(each)).map(roleOf)
    if (roles.length > 0) derived.set(grant, roles.sort(byName))
  }
  return { direct, derived }
}

type Source = z.infer<typeof source>

function isDirect({ source_type: type }: Source): boolean {
  return type === 'DIRECT'
}

function roleOf({ source_id: id, source_name: name }: Source): Role {
  return { role: id || 'with an unknown id', ...(name && { name }) }
}

function byName(a: Role, b: Role): number {
  return compareText(nameOfRole(a), nameOfRole(b))
}
