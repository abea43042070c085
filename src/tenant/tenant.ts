// The Management API in this project's terms: the folder's entry point, loaded before the first request. Whatever a
// manifest contains, a request reaches only the intended endpoint of the tenant's host.

import type { Access, RoleNames } from '../access/grants.ts'
import type { Candidate, Live, Members } from '../access/live.ts'
import { TenantError } from '../errors.ts'
import { type Clock, SYSTEM_CLOCK } from '../runner/clock.ts'
import type { TenantInputs } from '../runner/inputs.ts'
import { openDispatcher } from './exchange.ts'
import { createHttp, type Http, type HttpOptions } from './http.ts'
import { MAX_IN_FLIGHT } from './pace.ts'
import { readPermissions } from './permissions.ts'
import { type Apis, listIdentifiers, readApis } from './resource-servers.ts'
import { readAllMembers, readMembers, readRoles, readRolesOf } from './roles.ts'
import { openSession, type Session, type SessionOptions } from './token.ts'
import { findByEmail, searchUsers } from './users.ts'
import { kindOf, type Write, writeAccesses } from './write.ts'

export type { Apis } from './resource-servers.ts'
export type { Traffic } from './turns.ts'

export interface Tenant {
  /** The APIs among `identifiers` that exist in the tenant. */
  readonly apis: (identifiers: readonly string[]) => Promise<Apis>
  /** All APIs of the tenant, up to a few hundred; for suggestions if one is unknown. */
  readonly identifiers: () => Promise<readonly string[]>
  /** All roles of the tenant, without those of organizations. */
  readonly roles: () => Promise<RoleNames>
  /** undefined if the tenant has no such user; without roles */
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
  /** Ids of roles; undefined if the tenant has no such user. */
  readonly rolesOf: (user: string) => Promise<ReadonlySet<string> | undefined>
  /** The users who hold a role, from the first request. */
  readonly membersOf: (role: string) => Promise<Members>
  /** All users who hold the role. */
  readonly allMembersOf: (first: Members) => Promise<ReadonlySet<string>>
  /** Only users with exactly this address, even if Auth0 returns others. */
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  /** Ids of all users that match, in Auth0's user query syntax. @throws TenantError if there are more than 1,000 */
  readonly searchUsers: (query: string) => Promise<readonly string[]>
  /** @param accesses only permissions, or only roles: one request, which Auth0 performs completely or not at all */
  readonly grant: (user: string, accesses: readonly Access[]) => Promise<void>
  readonly revoke: (user: string, accesses: readonly Access[]) => Promise<void>
}

export interface Connection extends Pick<Http, 'traffic' | 'close'> {
  readonly tenant: Tenant
  readonly session: Session
  /** How many users to work on at once. */
  readonly width: number
}

export interface ConnectOptions extends Pick<SessionOptions, 'mask'>, Pick<HttpOptions, 'signal'> {
  readonly clock?: Clock
}

export function connect(inputs: TenantInputs, { signal, mask, clock = SYSTEM_CLOCK }: ConnectOptions): Connection {
  const { domain, headroom, requestsPerSecond: ceiling, mode } = inputs
  const dispatcher = openDispatcher(domain.origin)
  const http = createHttp({ dispatcher, origin: domain.origin, mode, limits: { headroom, ceiling }, signal, clock })
  const session = openSession({ http, ...inputs, mask, clock })
  return { tenant: openTenant(session), session, width: MAX_IN_FLIGHT, traffic: http.traffic, close: http.close }
}

/** Refusals in a row for several users, after which the token, not the user, is considered the cause. */
const FORBIDDEN_FOR_ALL = 3

export function openTenant(session: Session): Tenant {
  const worked = new Set<string>()
  let forbiddenInRow = 0

  /**
   * Stops all waiting requests after a failure that affects the whole run. A 403 may concern one user or the token: the
   * token, if no request of this kind has succeeded yet, or if requests for several users are refused in a row.
   */
  const halting = async <T>(kind: string, work: Promise<T>): Promise<T> => {
    try {
      const result = await work
      worked.add(kind)
      forbiddenInRow = 0
      return result
    } catch (error) {
      if (!(error instanceof TenantError)) throw error
      const { reach, status, errorCode } = error.details
      const forbidden = status === 403
      forbiddenInRow = forbidden ? forbiddenInRow + 1 : 0
      const unseen = errorCode === 'insufficient_scope' && !worked.has(kind)
      if (reach === 'run' || (forbidden && (unseen || forbiddenInRow >= FORBIDDEN_FOR_ALL))) session.halt(error)
      throw error
    }
  }

  const write = (change: Write) => halting(`${change.method} ${kindOf(change)}`, writeAccesses(session, change))

  return {
    apis: identifiers => halting('apis', readApis(session, identifiers)),
    identifiers: () => halting('identifiers', listIdentifiers(session)),
    // Sent once, and an export continues without them.
    roles: () => readRoles(session),
    permissionsOf: user => halting('permissionsOf', readPermissions(session, user)),
    rolesOf: user => halting('rolesOf', readRolesOf(session, user)),
    membersOf: role => halting('membersOf', readMembers(session, role)),
    allMembersOf: first => halting('membersOf', readAllMembers(session, first)),
    findByEmail: email => halting('findByEmail', findByEmail(session, email)),
    searchUsers: query => halting('searchUsers', searchUsers(session, query)),
    grant: (user, accesses) => write({ method: 'POST', user, accesses }),
    revoke: (user, accesses) => write({ method: 'DELETE', user, accesses }),
  }
}
