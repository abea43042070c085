// One exchange with the tenant's host: a request in, a response or a fault out. The only file that calls undici.

import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { errorOf } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import { MAX_IN_FLIGHT } from './pace.ts'

export type Headers = Readonly<Record<string, string>>

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Encoded as sent, without the query. */
  readonly path: string
  readonly query?: string
  /** Called when it is the request's turn, because a token may expire while the request waits. */
  readonly headers?: () => Promise<Headers>
  readonly body?: string
}

export interface TenantResponse {
  readonly request: Request
  /** The number of times that the request has been sent. */
  readonly attempts: number
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed if it is JSON, otherwise the text; undefined if it is empty. */
  readonly body: unknown
}

/** What came instead of a response. */
export interface Fault extends Pick<TenantResponse, 'request' | 'attempts'> {
  readonly fault: Error
}

/** The result of sending a request once. */
export type Attempt = (TenantResponse | Fault) & { readonly sentAt: number }

const TIMEOUT_MS = 20_000
const CONNECT_TIMEOUT_MS = 10_000
const MAX_BODY_BYTES = 8 * 1024 * 1024

/** @param origin reached through the runner's proxy, whose variables prepareEnvironment has corrected */
export function openDispatcher(origin: string): Dispatcher {
  const options = {
    connections: MAX_IN_FLIGHT,
    allowH2: false,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    maxResponseSize: MAX_BODY_BYTES,
  }
  // Plain HTTP is only allowed for a loopback address, and a proxy would send it elsewhere.
  return origin.startsWith('http:') ? new Agent(options) : new EnvHttpProxyAgent(options)
}

export interface ExchangeOptions extends Pick<TenantResponse, 'attempts'> {
  readonly dispatcher: Dispatcher
  readonly origin: string
  readonly clock: Clock
  /** Aborts the exchange. */
  readonly signal: AbortSignal
  readonly headers: Headers | undefined
}

export async function exchange(request: Request, options: ExchangeOptions): Promise<Attempt> {
  const { dispatcher, origin, clock, signal, headers, attempts } = options
  const { method, path, query, body = null } = request
  const attempt = { request, attempts, sentAt: clock.now() }
  const overdue = clock.timeout(TIMEOUT_MS)
  try {
    // The path is sent as it is, because a URL parser would resolve a user id of two dots.
    const response = await dispatcher.request({
      origin,
      path: query === undefined ? path : `${path}?${query}`,
      method,
      headers: { accept: 'application/json', 'user-agent': 'auth0-permissions-action', ...headers },
      body,
      signal: AbortSignal.any([signal, overdue]),
    })
    const text = await response.body.text()
    return { ...attempt, status: response.statusCode, headers: response.headers, body: parse(text) }
  } catch (error) {
    const isLate = overdue.aborted && !signal.aborted
    const fault = isLate ? new Error(`the response took longer than ${TIMEOUT_MS / 1000} s`) : errorOf(error)
    return { ...attempt, fault }
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}

/** As in messages; without the query. */
export function nameOf({ method, path }: Request): string {
  return `${method} ${path}`
}
