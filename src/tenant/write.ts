// Grants and revokes a user's direct permissions and roles.

import { type Access, isPermission } from '../access/grants.ts'
import { isUnknownUser, refusal, responseError, userPath } from './responses.ts'
import type { Session } from './token.ts'

export interface Write {
  readonly method: 'POST' | 'DELETE'
  readonly user: string
  /** Only permissions, or only roles: Auth0 performs a request completely or not at all. */
  readonly accesses: readonly Access[]
}

export function kindOf({ accesses }: Write): keyof typeof WRITES {
  return accesses.every(isPermission) ? 'permissions' : 'roles'
}

export async function writeAccesses({ send }: Session, write: Write): Promise<void> {
  const { method, user, accesses } = write
  const kind = kindOf(write)
  const items = accesses.map(access =>
    isPermission(access) ? { resource_server_identifier: access.api, permission_name: access.permission } : access.role,
  )
  const body = JSON.stringify({ [kind]: items })
  const response = await send({ method, path: `${userPath(user)}/${kind}`, body })
  const { done, action, unknown } = WRITES[kind][method]
  if (response.status === done) return
  const summary = `${action} ${user} failed`
  if (response.status !== 404) throw refusal(response, summary)
  if (isUnknownUser(response)) throw responseError(response, { summary, reach: 'user', advice: DELETED_USER })
  // One unknown name fails the whole request.
  throw responseError(response, { summary, reach: 'operation', advice: unknown })
}

const DELETED_USER = 'The user was deleted from the tenant; remove the entry from the manifest.'

/**
 * `done`: Auth0's status for a successful write; any other may come from a proxy. `unknown`: what to do if a permission or
 * role, not the user, is unknown.
 */
const WRITES = {
  permissions: {
    POST: {
      done: 201,
      action: 'Granting permissions to',
      unknown:
        'A permission does not exist on its API, so the request had no effect. Add it to the API, or remove it from the manifest.',
    },
    DELETE: {
      done: 204,
      action: 'Revoking permissions from',
      unknown:
        'A permission was removed from its API, so the request had no effect. Run it again: the next run leaves it out.',
    },
  },
  roles: {
    POST: {
      done: 204,
      action: 'Assigning roles to',
      unknown: 'A role no longer exists, so the request had no effect. Remove it from the manifest.',
    },
    DELETE: {
      done: 204,
      action: 'Removing roles from',
      unknown: 'A role was deleted, so the request had no effect. Run it again: the next run leaves it out.',
    },
  },
} as const
