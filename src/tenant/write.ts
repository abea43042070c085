// Grants and revokes a user's direct permissions and roles.

import { type Access, isPermission } from '../access/grants.ts'
import { answerError, isUnknownUser, refusal, userPath } from './answers.ts'
import type { Session } from './token.ts'

export interface Write {
  readonly method: 'POST' | 'DELETE'
  readonly user: string
  /** Only permissions, or only roles: Auth0 does all of a request or nothing. */
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
  const answer = await send({ method, path: `${userPath(user)}/${kind}`, body })
  const { done, doing, unknown } = WRITES[kind][method]
  if (answer.status === done) return
  const summary = `${doing} ${user} failed`
  if (answer.status !== 404) throw refusal(answer, summary)
  if (isUnknownUser(answer)) throw answerError(answer, { summary, reach: 'user', advice: DELETED_USER })
  // One unknown name fails the whole request.
  throw answerError(answer, { summary, reach: 'operation', advice: unknown })
}

const DELETED_USER = 'The user was deleted from the tenant; remove it from the manifest.'

/**
 * `done`: Auth0's status for a successful write; any other may come from a proxy. `unknown`: what to do if a permission or
 * role, not the user, is unknown.
 */
const WRITES = {
  permissions: {
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
  },
  roles: {
    POST: {
      done: 204,
      doing: 'Assigning roles to',
      unknown: 'A role no longer exists, so the request had no effect. Remove it from the manifest.',
    },
    DELETE: {
      done: 204,
      doing: 'Removing roles from',
      unknown: 'A role was deleted, so the request had no effect. Run it again: the next run leaves it out.',
    },
  },
} as const
