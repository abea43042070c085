// Requests that failed for good: network faults, and responses that ask for a retry → errors that say what to do.

import { type NotSentError, type Reach, TenantError } from '../errors.ts'
import { answerError } from './answers.ts'
import { type Answer, nameOf, type Request } from './exchange.ts'
import { describeExhausted, type Limit } from './limits.ts'

export type Attempt = Answered | { readonly kind: 'fault'; readonly error: Error }

interface Answered {
  readonly kind: 'answer'
  readonly answer: Omit<Answer, 'attempts'>
}

export interface LastAttempt {
  readonly request: Request
  readonly attempts: number
  readonly result: Attempt
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
export function hasWorked(result: Attempt): result is Answered {
  if (result.kind === 'fault') return false
  const { status, body, request } = result.answer
  if (status === 429 || status === 408 || status >= 500) return false
  if (status < 200 || status > 299) return true
  // A success must have JSON, or after a write no body. Anything else is a truncated response or a proxy's.
  return typeof body === 'object' || (body === undefined && request.method !== 'GET')
}

export function givenUp({ request, attempts, result, origin, limit, until, reach }: LastAttempt): TenantError {
  if (result.kind === 'fault') {
    return new TenantError(
      `No response from ${origin}: ${`${codeOf(result.error)} ${result.error.message}`.trim()}`,
      { request: nameOf(request), reach, attempts, advice: adviceOn(result.error, origin) },
      { cause: result.error },
    )
  }
  const answer = { ...result.answer, attempts }
  if (answer.status !== 429) {
    const summary = `${origin} only returns errors${reach === 'run' ? '' : ' for this request'}`
    const advice = until === undefined ? LATER : `Run it again after ${until}.`
    return answerError(answer, { summary, reach, advice })
  }
  const advice = until === undefined ? 'Run it again when there is less other traffic.' : `Run it again after ${until}.`
  return answerError(answer, { summary: describeExhausted(limit, { origin, until }), reach, advice })
}

/** The tenant may have done what was requested, because the last response was lost or not awaited. */
export function interrupted(
  { request, attempts }: Pick<LastAttempt, 'request' | 'attempts'>,
  cause: NotSentError,
): TenantError {
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

/** Whether the name that was looked up is the tenant's, not a proxy's. */
function hasHost(fault: Error, origin: string): boolean {
  return !('hostname' in fault) || fault.hostname === new URL(origin).hostname
}

function adviceOn(fault: Error, origin: string): string {
  if (codeOf(fault) === 'ENOTFOUND') {
    return hasHost(fault, origin)
      ? 'Check the input domain: this host does not exist.'
      : "Check the runner's HTTPS_PROXY: the proxy's host does not exist."
  }
  if (isRefusedTunnel(fault)) return "Check the runner's HTTPS_PROXY and NO_PROXY, and what the proxy allows."
  if (!isLasting(fault)) return LATER
  return 'Check the input domain, and NODE_EXTRA_CA_CERTS if a proxy has its own certificate authority.'
}
