// The part of a run that uses the tenant, in process: reads, plan and writes through the action's own HTTP client,
// without inputs, files, GitHub and reports.

import { expect } from 'vitest'
import { type Grant, NO_GRANTS } from '../../src/access/grants.ts'
import { ActionError, errorOf, NotSentError } from '../../src/errors.ts'
import { type Subject, survey } from '../../src/live/survey.ts'
import { apply } from '../../src/plan/apply.ts'
import { diff } from '../../src/plan/diff.ts'
import { holdBackFor } from '../../src/plan/hold-back.ts'
import type { UserOutcome } from '../../src/plan/plan.ts'
import type { Clock } from '../../src/runner/clock.ts'
import type { PlanInputs } from '../../src/runner/inputs.ts'
import { MAX_IN_FLIGHT } from '../../src/tenant/pace.ts'
import { connect } from '../../src/tenant/tenant.ts'
import { idleClock } from '../clock.ts'
import { acme, CLIENT, ORDERS } from '../e2e/acme.ts'
import { grants, SOURCE } from '../plan/fixtures.ts'
import type { Fault, FaultKind } from '../servers/tenant/fault.ts'
import type { LoggedRequest, Tenant } from '../servers/tenant/tenant.ts'

export interface ReconcileOptions {
  /** Ids or e-mail addresses of the users who shall have `desired`, and nothing else, on the orders API. */
  readonly users: readonly string[]
  readonly clock?: Clock
  /** Where requests are sent instead of to the tenant. */
  readonly origin?: string
}

export interface Reconciled {
  /** The error that ended the run, and the errors of users. */
  readonly errors: readonly string[]
  readonly outcomes: readonly UserOutcome[]
  readonly granted: number
  readonly revoked: number
  readonly requests: number
  /** Milliseconds of the clock. */
  readonly duration: number
}

const DESIRED: ReadonlyMap<Grant, object> = new Map(grants(['read:orders']).map(grant => [grant, {}]))

export async function reconcile(
  tenant: Tenant,
  { users, clock = idleClock(), origin = tenant.domain }: ReconcileOptions,
): Promise<Reconciled> {
  const inputs = {
    mode: 'apply',
    domain: { host: new URL(origin).host, origin },
    audience: 'https://acme.eu.auth0.com/api/v2/',
    credential: { kind: 'client-secret', clientId: CLIENT.id, clientSecret: CLIENT.secret },
    headroom: 0.25,
    requestsPerSecond: undefined,
  } as PlanInputs
  const from = clock.now()
  const connection = connect(inputs, { signal: new AbortController().signal, mask: () => undefined, clock })
  const errors: string[] = []
  const outcomes: UserOutcome[] = []
  try {
    await connection.session.scopes()
    await connection.tenant.apis([ORDERS])
    const subjects = users.map(user => ({ ...identityOf(user), listed: true, grants: DESIRED }) as Subject)
    const { states, failures, missing } = await survey(subjects, {
      reader: connection.tenant,
      width: MAX_IN_FLIGHT,
      readPermissions: true,
      roles: new Set(),
      managedOf: () => NO_GRANTS,
      alsoListed: () => [],
      startProgress: () => ({ step: () => undefined, end: () => undefined }),
    })
    errors.push(...[...failures, ...missing].map(({ message }) => message))
    const holdBack = holdBackFor([])
    const plan = diff({
      tenant: '',
      source: SOURCE,
      users: states,
      revoke: 'all',
      named: { apis: new Set([ORDERS]), roles: new Set() },
      roleNames: new Map(),
      holdBack,
    })
    outcomes.push(
      ...(await apply(plan, {
        writer: connection.tenant,
        width: MAX_IN_FLIGHT,
        otherRoles: new Map(),
        onOutcome: () => undefined,
      })),
    )
    errors.push(...outcomes.flatMap(outcome => outcome.errors))
  } catch (error) {
    // Anything else is a defect.
    if (!(error instanceof ActionError)) throw error
    errors.push(error instanceof NotSentError ? errorOf(error.cause).message : error.message)
  } finally {
    await connection.close()
  }
  const count = (step: 'granted' | 'revoked') => outcomes.reduce((sum, outcome) => sum + outcome[step].length, 0)
  return {
    errors,
    outcomes,
    granted: count('granted'),
    revoked: count('revoked'),
    requests: connection.traffic.requests,
    duration: clock.now() - from,
  }
}

function identityOf(user: string): object {
  return user.includes('@') ? { email: user, connection: undefined } : { id: user }
}

/** One user, found by e-mail, who gains one permission and loses another: a run with a request of each kind. */
export const ADA = { id: 'auth0|ada', email: 'ada@acme.com' }
export const BEFORE = { api: ORDERS, permission: 'write:orders' }
export const AFTER = { api: ORDERS, permission: 'read:orders' }

export type When = (request: LoggedRequest) => boolean

export const KINDS = {
  'the token request': ({ path }) => path === '/oauth/token',
  'the API read': ({ path }) => path.includes('/resource-servers'),
  'the look-up by e-mail': ({ path }) => path.includes('/users-by-email'),
  'the permission read': ({ method, path }) => method === 'GET' && path.includes('/permissions'),
  'the grant': ({ method, path }) => method === 'POST' && path.includes('/permissions'),
  'the revocation': ({ method }) => method === 'DELETE',
} as const satisfies Readonly<Record<string, When>>

export type Kind = keyof typeof KINDS
export const ALL_KINDS = Object.keys(KINDS) as readonly Kind[]

export interface Faulty {
  readonly tenant: Tenant
  readonly run: Reconciled
  /** How often the faulty request was sent. */
  readonly sent: number
}

export async function reconcileAda(
  fault: FaultKind & Pick<Fault, 'times'>,
  kind: Kind,
  clock = idleClock(),
): Promise<Faulty> {
  const tenant = await acme({ users: [{ ...ADA, direct: [BEFORE] }] })
  tenant.fault({ ...fault, when: KINDS[kind] })
  const run = await reconcile(tenant, { users: [ADA.email], clock })
  return { tenant, run, sent: tenant.requests.filter(KINDS[kind]).length }
}

export function expectConverged({ tenant, run }: Pick<Faulty, 'tenant' | 'run'>): void {
  expect(run).toMatchObject({ errors: [], granted: 1, revoked: 1 })
  expect(tenant.grantsOf(ADA.id)).toEqual([AFTER])
}
