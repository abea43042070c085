// Connects to the tenant for as long as it is used.

import { startHeartbeat } from '../report/heartbeat.ts'
import type { TenantInputs } from '../runner/inputs.ts'
import { mask } from '../runner/secrets.ts'
import type { RunContext, TenantContext } from './context.ts'

export async function withTenant<I extends TenantInputs>(
  run: RunContext<I>,
  use: (context: TenantContext<I>) => Promise<void>,
): Promise<void> {
  const { inputs, journal, cancelled } = run
  const { connect } = await import('../tenant/tenant.ts')
  const { tenant, session, width, traffic, close } = connect(inputs, { signal: cancelled, mask })
  journal.noteTraffic(traffic)
  const heartbeat = startHeartbeat(traffic)
  try {
    await use({ ...run, tenant, session, width, heartbeat })
  } finally {
    heartbeat.end()
    if (traffic.blind) journal.warn([BLIND])
    await close()
  }
}

const BLIND =
  "The tenant's responses have no rate-limit headers, so at most 10 requests a second were sent; set requests-per-second if you know that the limit is lower."
