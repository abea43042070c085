// Sends requests to the tenant's host, with turns, retries and an orderly end. It knows failed exchanges, but not what a
// response means.

import { once } from 'node:events'
import type { Dispatcher } from 'undici'
import { NotSentError, type TenantError } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import { exchange } from './dispatch.ts'
import { type Answer, nameOf, type Request } from './exchange.ts'
import { type Attempt, givenUp, hasWorked, interrupted, isLasting } from './failure.ts'
import { farTime } from './limits.ts'
import { isDown, isOverdue } from './outage.ts'
import type { PaceLimits, Traffic } from './pace.ts'
import {
  endTurn,
  giveUpTurn,
  type Lane,
  laneOf,
  openTurns,
  pause,
  type TimedAttempt,
  TOKEN_PATH,
  type Turns,
  takeTurn,
} from './turns.ts'

export interface Http {
  /**
   * Sends a request until a final response arrives, which a retry would not change.
   * @throws TenantError if none arrived, NotSentError if the run stopped before the request was sent
   */
  readonly send: (request: Request) => Promise<Answer>
  /** Sends nothing from now on, because the failure would affect every request. */
  readonly halt: (cause: TenantError) => void
  readonly traffic: Traffic
  readonly close: () => Promise<void>
}

export interface HttpOptions {
  readonly origin: string
  /** Every mode but `apply` allows only GET, and POST to the token endpoint. */
  readonly mode: 'plan' | 'apply' | 'export'
  readonly limits: PaceLimits
  /** Aborted with a NotSentError. */
  readonly signal: AbortSignal
  readonly dispatcher: Dispatcher
  readonly clock: Clock
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
    /** Waits for requests in flight, so that the tenant received all that are counted. */
    close: async () => {
      await Promise.race([Promise.all(underWay), once(clock.timeout(GRACE_MS), 'abort')])
      await dispatcher.destroy()
    },
  }
}

async function send(state: State, request: Request): Promise<Answer> {
  const { mode } = state.options
  if (mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
    throw new Error(`${nameOf(request)} in a mode that writes nothing`)
  }
  const lane = laneOf(state.turns, request)
  let attempts = 0
  let since: number | undefined
  try {
    for (;;) {
      const { result, sentAt } = await attempt(state, { request, lane })
      attempts++
      if (hasWorked(result)) return { ...result.answer, attempts }
      since ??= sentAt
      await waitForRetry(state, { request, lane, result, sentAt, attempts, since })
    }
  } catch (error) {
    if (error instanceof NotSentError && attempts > 0) throw interrupted({ request, attempts }, error)
    throw error
  }
}

interface LaneRequest {
  readonly request: Request
  readonly lane: Lane
}

async function attempt(
  { options, turns, inFlight, underWay }: State,
  { request, lane }: LaneRequest,
): Promise<TimedAttempt> {
  const sent = await takeTurn(turns, lane)
  const headers = await headersOf(turns, request).catch(error => {
    giveUpTurn(turns, lane)
    throw error
  })
  turns.traffic.requests++
  const sentAt = turns.clock.now()
  const exchanging = exchange({ ...request, ...(headers && { headers }) }, { ...options, signal: inFlight })
  underWay.add(exchanging)
  const result = await exchanging.finally(() => underWay.delete(exchanging))
  endTurn(turns, { lane, request, result, sentAt, sent })
  return { result, sentAt, sent }
}

async function headersOf({ stopped }: Turns, { headers, authorization }: Request): Promise<Request['headers']> {
  const complete = authorization === undefined ? headers : { ...headers, authorization: await authorization() }
  stopped.throwIfAborted()
  return complete
}

interface FailedAttempt extends LaneRequest {
  readonly result: Attempt
  readonly sentAt: number
  readonly attempts: number
  /** When the first attempt was sent. */
  readonly since: number
}

/** @throws TenantError if the request is not retried */
async function waitForRetry({ options, turns }: State, failed: FailedAttempt): Promise<void> {
  const { request, lane, result, sentAt, attempts, since } = failed
  const { origin, clock } = options
  const isOver = isDown(lane.outage, sentAt) || (result.kind === 'fault' && isLasting(result.error))
  if (isOver || isOverdue({ failures: attempts, since, end: lane.outage.end }, sentAt)) {
    const reach = isOver || lane.group === undefined ? 'run' : 'user'
    const until = farTime(lane.outage.end, clock.now())
    throw givenUp({ request, attempts, result, origin, limit: lane.limit, until, reach })
  }
  // During an outage, all requests wait for the probe instead.
  if (lane.outage.probingSince !== undefined) return
  const milliseconds = Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS) * (0.5 + clock.random() / 2)
  await pause(turns, { milliseconds, reason: `a retry of ${nameOf(request)}`, byLimit: false })
}
