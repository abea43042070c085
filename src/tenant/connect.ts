// Assembles tenant/ on top of undici. Loaded only before requests are sent, so never by `validate`.

import { type Clock, SYSTEM_CLOCK } from '../runner/clock.ts'
import type { TenantInputs } from '../runner/inputs.ts'
import { openDispatcher } from './exchange.ts'
import { createHttp, type Http } from './http.ts'
import { openTenant, type Tenant } from './tenant.ts'
import { openSession, type Session, type SessionOptions } from './token.ts'

export interface Connection extends Pick<Http, 'traffic' | 'close'> {
  readonly tenant: Tenant
  readonly session: Session
}

/** @param signal aborted with a NotSentError */
export function connect(
  inputs: TenantInputs,
  signal: AbortSignal,
  mask: SessionOptions['mask'],
  clock: Clock = SYSTEM_CLOCK,
): Connection {
  const { domain, headroom, requestsPerSecond: ceiling, mode } = inputs
  const dispatcher = openDispatcher(domain.origin)
  const http = createHttp({ dispatcher, origin: domain.origin, mode, limits: { headroom, ceiling }, signal, clock })
  const session = openSession({ http, ...inputs, mask, clock })
  return { tenant: openTenant(session), session, traffic: http.traffic, close: http.close }
}
