// Sends requests to the tenant's host, with turns, retries and an orderly end. It detects failed attempts, but does not
// interpret responses.

import { once } from 'node:events'
import { NotSentError, type TenantError } from '../errors.ts'
import { type Attempt, type ExchangeOptions, exchange, nameOf, type Request, type TenantResponse } from './exchange.ts'
import { givenUp, interrupted, isFinal, isLasting } from './failure.ts'
import { farTime, TOKEN_PATH } from './limits.ts'
import { isDown, isOverdue } from './outage.ts'
import type { PaceLimits } from './pace.ts'
import { laneOf, openTurns, pause, type Traffic, type Turns, takeTurn } from './turns.ts'

export interface Http {
  /**
   * Sends a request until a final response arrives, which a retry would not change.
   * @throws TenantError if none arrived, NotSentError if the run stopped before the request was sent
   */
  readonly send: (request: Request) => Promise<TenantResponse>
  /** Sends nothing from now on, because the failure would affect every request. */
  readonly halt: (cause: TenantError) => void
  readonly traffic: Traffic
  readonly close: () => Promise<void>
}

export interface HttpOptions extends Pick<ExchangeOptions, 'dispatcher' | 'origin' | 'clock'> {
  /** Every mode but `apply` allows only GET, and POST to the token endpoint. */
  readonly mode: 'plan' | 'apply' | 'export'
  readonly limits: PaceLimits
  /** Aborted with a NotSentError. */
  readonly signal: AbortSignal
}

const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 16_000
/** How long a cancelled run waits for requests in flight; the runner kills it 10 s after the first signal. */
const GRACE_MS = 4_500

interface State {
  readonly options: HttpOptions
  readonly turns: Turns
  /** Aborts requests in flight. */
  readonly inFlight: AbortSignal
  readonly underWay: Set<Promise<Attempt>>
}

export function createHttp(options: HttpOptions): Http {
  const { signal, dispatcher, clock, limits } = options
  const halted = new AbortController()
  const inFlight = new AbortController()
  signal.addEventListener(
    'abort',
    () => clock.timeout(GRACE_MS).addEventListener('abort', () => inFlight.abort(signal.reason)),
    { once: true },
  )
  const turns = openTurns({ clock, limits, stopped: AbortSignal.any([signal, halted.signal]) })
  const underWay = new Set<Promise<Attempt>>()
  const state: State = { options, turns, inFlight: inFlight.signal, underWay }
  return {
    send: request => send(state, request),
    halt: cause => halted.abort(new NotSentError('An earlier failure affected every user.', { cause })),
    traffic: turns.traffic,
    // Waits for requests in flight, so that the tenant received all that are counted. undici's own close() would do so, too,
    // but its agents forget their connections then, and no later destroy() ends one that hangs.
    close: async () => {
      halted.abort(new NotSentError('The run has ended.'))
      await Promise.race([Promise.all(underWay), once(clock.timeout(GRACE_MS), 'abort')])
      await dispatcher.destroy()
    },
  }
}

async function send(state: State, request: Request): Promise<TenantResponse> {
  const { options, turns, inFlight: signal, underWay } = state
  if (options.mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
    throw new Error(`${nameOf(request)} in a mode that writes nothing`)
  }
  let failed: Attempt | undefined
  let since: number | undefined
  try {
    for (let attempts = 1; ; attempts++) {
      const attempt = await takeTurn(turns, {
        request,
        send: headers => {
          const exchanging = exchange(request, { ...options, signal, headers, attempts })
          underWay.add(exchanging)
          return exchanging.finally(() => underWay.delete(exchanging))
        },
      })
      if (isFinal(attempt)) return attempt
      failed = attempt
      since ??= attempt.sentAt
      await waitForRetry(state, { failed, since })
    }
  } catch (error) {
    if (error instanceof NotSentError && failed !== undefined) throw interrupted(failed, error)
    throw error
  }
}

/**
 * @param since when the first attempt was sent
 * @throws TenantError if the request is not retried
 */
async function waitForRetry(
  { options, turns }: State,
  { failed, since }: { readonly failed: Attempt; readonly since: number },
): Promise<void> {
  const { request, attempts, sentAt } = failed
  const { origin, clock } = options
  const { limit, outage } = laneOf(turns, request)
  const isOver = isDown(outage, sentAt) || ('fault' in failed && isLasting(failed.fault))
  if (isOver || isOverdue({ failures: attempts, since, end: outage.end }, sentAt)) {
    const reach = isOver || limit === 'tokens' ? 'run' : 'user'
    throw givenUp(failed, { origin, limit, until: farTime(outage.end, clock.now()), reach })
  }
  // During an outage, all requests wait for the probe instead.
  if (outage.probingSince !== undefined) return
  const milliseconds = Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS) * (0.5 + clock.random() / 2)
  await pause(turns, { milliseconds, reason: `a retry of ${nameOf(request)}`, byLimit: false })
}
