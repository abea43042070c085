// The benchmark's side of the tenant's process.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BucketsOptions } from '../servers/tenant/bucket.ts'
import type { Team } from './team.ts'

/** By default, there are no rate limits. */
export interface TenantProcessOptions extends BucketsOptions, Team {
  /** How many of the users have none of the grants in the manifest. */
  readonly without?: number
  /** Milliseconds before every response. */
  readonly latency?: number
}

export interface TenantAddress {
  /** `http://127.0.0.1:…` */
  readonly domain: string
  /** A ready Management API token. */
  readonly token: string
}

export interface Counts {
  readonly requests: number
  /** Requests that read or write roles and role assignments. */
  readonly aboutRoles: number
  /** Requests answered with 429. */
  readonly refused: number
  /** `api_limit_warning` events in the tenant's log, which Auth0 writes at most once a minute. */
  readonly warnings: number
}

/** Starts a new tenant, passes it to `use`, and returns its counts. */
export async function withTenant<T>(
  options: TenantProcessOptions,
  use: (tenant: TenantAddress) => Promise<T>,
): Promise<T & Counts> {
  const program = fileURLToPath(new URL('tenant-process.ts', import.meta.url))
  const child = fork(program, [JSON.stringify(options)], { execArgv: [] })
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the tenant's process ended with ${code}`)
  })
  exited.catch(() => undefined)
  const answer = async <M>(): Promise<M> => (await Promise.race([once(child, 'message'), exited]))[0]
  try {
    const result = await use(await answer<TenantAddress>())
    child.send('counts')
    return { ...result, ...(await answer<Counts>()) }
  } finally {
    if (child.connected) child.disconnect()
    await exited.catch(() => undefined)
  }
}
