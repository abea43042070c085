// One exchange with the tenant's host: a request in, a response or a fault out. The only file that calls undici.

import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { errorOf } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import type { Request } from './exchange.ts'
import type { Attempt } from './failure.ts'
import { MAX_IN_FLIGHT } from './pace.ts'

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
  // Plain HTTP is only allowed to a loopback address, which a proxy would leave.
  return origin.startsWith('http:') ? new Agent(options) : new EnvHttpProxyAgent(options)
}

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher
  readonly origin: string
  readonly clock: Clock
  /** Aborts the exchange. */
  readonly signal: AbortSignal
}

export async function exchange(request: Request, options: ExchangeOptions): Promise<Attempt> {
  const { dispatcher, origin, clock, signal } = options
  const { method, path, query, headers, body } = request
  const overdue = clock.timeout(TIMEOUT_MS)
  try {
    // The path is sent as it is, because a URL parser would resolve a user id of two dots.
    const answer = await dispatcher.request({
      origin,
      path: query === undefined ? path : `${path}?${query}`,
      method,
      headers: { accept: 'application/json', 'user-agent': 'auth0-permissions-action', ...headers },
      body: body ?? null,
      signal: AbortSignal.any([signal, overdue]),
    })
    const text = await answer.body.text()
    return {
      kind: 'answer',
      answer: { request, status: answer.statusCode, headers: answer.headers, body: parse(text) },
    }
  } catch (error) {
    const late = overdue.aborted && !signal.aborted
    return {
      kind: 'fault',
      error: late ? new Error(`the response took longer than ${TIMEOUT_MS / 1000} s`) : errorOf(error),
    }
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
