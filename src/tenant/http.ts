// Requests to the tenant's host: turns, retries, and an orderly end. It knows what a broken exchange is, and nothing of
// what an answer means.

import { once } from 'node:events'
import type { Dispatcher } from 'undici'
import { NotSentError, type TenantError } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import { exchange } from './dispatch.ts'
import type { Answer, Request } from './exchange.ts'
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
   * Sends a request until an answer comes that sending it again would not change.
   * @throws TenantError if none came, NotSentError if the run was asked to stop
   */
  readonly send: (request: Request) => Promise<Answer>
  /** From here on nothing is sent: what has just failed would fail for every request. */
  readonly halt: (cause: TenantError) => void
  readonly traffic: Traffic
  readonly close: () => Promise<void>
}

export interface HttpOptions {
  readonly origin: string
  /** In every mode but `apply`, every method but GET is refused, and POST to the token endpoint. */
  readonly mode: 'plan' | 'apply' | 'export'
  readonly limits: PaceLimits
  /** Its reason is a NotSentError. */
  readonly signal: AbortSignal
  readonly dispatcher: Dispatcher
  readonly clock: Clock
}

const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 16_000
/** A cancelled run lets what is in flight finish for this long; the runner kills it 10 s after the first signal. */
const GRACE_MS = 4_500

interface State {
  readonly options: HttpOptions
  readonly turns: Turns
  /** Ends what is in flight. */
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
    /** What was sent is let finish, so that the tenant saw all that is counted. */
    close: async () => {
      await Promise.race([Promise.all(underWay), once(clock.timeout(GRACE_MS), 'abort')])
      await dispatcher.destroy()
    },
  }
}

async function send(state: State, request: Request): Promise<Answer> {
  const { mode } = state.options
  if (mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
    throw new Error(`${request.method} ${request.path} in a mode that writes nothing`)
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

/** @throws TenantError if there is no other try */
async function waitForRetry({ options, turns }: State, failed: FailedAttempt): Promise<void> {
  const { request, lane, result, sentAt, attempts, since } = failed
  const { origin, clock } = options
  const isOver = isDown(lane.outage, sentAt) || (result.kind === 'fault' && isLasting(result.error))
  if (isOver || isOverdue({ failures: attempts, since, end: lane.outage.end }, sentAt)) {
    const reach = isOver || lane.group === undefined ? 'run' : 'user'
    const until = farTime(lane.outage.end, clock.now())
    throw givenUp({ request, attempts, result, origin, limit: lane.limit, until, reach })
  }
  // Else the outage holds everybody back.
  if (lane.outage.probingSince !== undefined) return
  const milliseconds = Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS) * (0.5 + clock.random() / 2)
  await pause(turns, { milliseconds, reason: `another try of ${request.method} ${request.path}`, byLimit: false })
}
