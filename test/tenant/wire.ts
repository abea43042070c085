// The action's view of an embedded tenant, through HTTP.

import { SYSTEM_CLOCK } from '../../src/runner/clock.ts'
import { openDispatcher } from '../../src/tenant/exchange.ts'
import { createHttp } from '../../src/tenant/http.ts'
import { openTenant, type Tenant } from '../../src/tenant/tenant.ts'
import { openSession } from '../../src/tenant/token.ts'
import type { Tenant as EmbeddedTenant } from '../servers/tenant/tenant.ts'

/** @param scopes of the token; the embedded tenant's defaults if omitted */
export function connectTo(embedded: Pick<EmbeddedTenant, 'domain' | 'issueToken'>, scopes?: readonly string[]) {
  const http = createHttp({
    dispatcher: openDispatcher(embedded.domain),
    origin: embedded.domain,
    mode: 'apply',
    limits: { headroom: 0, ceiling: undefined },
    signal: new AbortController().signal,
    clock: SYSTEM_CLOCK,
  })
  const session = openSession({
    http,
    domain: { host: new URL(embedded.domain).host, origin: embedded.domain },
    audience: 'https://acme.eu.auth0.com/api/v2/',
    credential: { kind: 'access-token', accessToken: embedded.issueToken(scopes && { scopes }) },
    mask: () => undefined,
    clock: SYSTEM_CLOCK,
  })
  const tenant: Tenant = openTenant(session)
  return { tenant, close: http.close }
}
