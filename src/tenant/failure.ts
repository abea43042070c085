// Requests that failed for good: network faults, and responses that ask for a retry → errors that say what to do.

import { type NotSentError, type Reach, TenantError } from '../errors.ts'
import { type Attempt, type Fault, nameOf, type TenantResponse } from './exchange.ts'
import { describeExhausted, type Limit } from './limits.ts'
import { responseError } from './responses.ts'

export interface FailureContext {
  readonly origin: string
  readonly limit: Limit
  /** The time of day at which a limit ends, if that is more than a minute away. */
  readonly until: string | undefined
  readonly reach: Reach
}

const LASTING_FAULT = /^(ENOTFOUND|UND_ERR_INVALID_ARG|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/

const LATER = "Run it again when the tenant is reachable; Auth0's status page is https://status.auth0.com."

/** Whether a fault is permanent; any other fault is worth a retry. */
export function isLasting(fault: Error): boolean {
  return LASTING_FAULT.test(codeOf(fault)) || isRefusedTunnel(fault)
}

/** Whether a response is final, so that a retry would not change it. */
export function isFinal(attempt: Attempt): attempt is Attempt & TenantResponse {
  if ('fault' in attempt) return false
  const { status, body, request } = attempt
  if (status === 429 || status === 408 || status >= 500) return false
  if (status < 200 || status > 299) return true
  // A success must have JSON, or after a write no body. Anything else is a truncated response or a proxy's.
  return typeof body === 'object' || (body === undefined && request.method !== 'GET')
}

export function givenUp(last: TenantResponse | Fault, { origin, limit, until, reach }: FailureContext): TenantError {
  if ('fault' in last) {
    const { request, attempts, fault: cause } = last
    return new TenantError(
      `No response from ${origin}: ${`${codeOf(cause)} ${cause.message}`.trim()}`,
      { request: nameOf(request), reach, attempts, advice: adviceOn(cause, origin) },
      { cause },
    )
  }
  const isThrottled = last.status === 429
  const later = isThrottled ? 'Run it again when there is less other traffic.' : LATER
  return responseError(last, {
    summary: isThrottled
      ? describeExhausted(limit, { origin, until })
      : `${origin} only returns errors${reach === 'run' ? '' : ' for this request'}`,
    reach,
    advice: until === undefined ? later : `Run it again after ${until}.`,
  })
}

/** The tenant may have done what was requested, because the last response was lost or not awaited. */
export function interrupted({ request, attempts }: Attempt, cause: NotSentError): TenantError {
  return new TenantError(
    'The run stopped before a response arrived, so the request may have taken effect',
    { request: nameOf(request), reach: 'run', attempts, advice: 'Run it again to be sure.' },
    { cause },
  )
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** undici has no error code for a tunnel that the proxy refuses. */
function isRefusedTunnel({ message }: Error): boolean {
  return /^Proxy response \(4\d\d\)/.test(message)
}

function adviceOn(fault: Error, origin: string): string {
  if (codeOf(fault) === 'ENOTFOUND') {
    const isProxy = 'hostname' in fault && fault.hostname !== new URL(origin).hostname
    if (isProxy) return "Check the runner's HTTPS_PROXY: the proxy's host does not exist."
    return 'Check the input domain: this host does not exist.'
  }
  if (isRefusedTunnel(fault)) return "Check the runner's HTTPS_PROXY and NO_PROXY, and what the proxy allows."
  if (!isLasting(fault)) return LATER
  return 'Check the input domain, and NODE_EXTRA_CA_CERTS if a proxy has its own certificate authority.'
}
