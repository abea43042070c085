// Decides when a request may be sent: a queue for each rate limit, which waits for the pace and for a failing tenant.

import type { Clock } from '../runner/clock.ts'
import { type Attempt, type Headers, nameOf, type Request } from './exchange.ts'
import { isFinal } from './failure.ts'
import { describeWait, GROUPS, type Limit, limitOf, type Moment, readBucket, readEnd, readReset } from './limits.ts'
import { delayByOutage, NO_OUTAGE, type Outage, withFailure, withSuccess } from './outage.ts'
import { delayBefore, isBlind, type Pace, type PaceLimits, received, sending, startPace, withdrawn } from './pace.ts'

/** The requests of a run. */
export interface Traffic {
  /** Including token requests and retries. */
  readonly requests: number
  /** Milliseconds that requests waited for a rate limit. */
  readonly waited: number
  /** What the run waits for; undefined while it sends requests. */
  readonly waitingFor: string | undefined
  /** Responses have no rate-limit headers, so the pace is a cautious guess. */
  readonly blind: boolean
}

/** The requests that count against one limit, in order. */
interface Lane {
  readonly limit: Limit
  queue: Promise<unknown>
  waiting: number
  inFlight: number
  outage: Outage
  /** When the limit ends, according to the latest response that says so. */
  end: Moment | undefined
}

interface Pause {
  readonly milliseconds: number
  readonly reason: string
  readonly byLimit: boolean
}

export interface Turns {
  readonly clock: Clock
  /** Ends all waits; aborted with a NotSentError. */
  readonly stopped: AbortSignal
  readonly traffic: Traffic & { requests: number; waited: number; blind: boolean }
  readonly lanes: Readonly<Record<Limit, Lane>>
  /** By when each of them ends. */
  readonly pauses: Map<Pause, number>
  /** The time of day at the clock's zero, read once because a machine's time of day may change during a run. */
  readonly epoch: number
  /** The pace of all lanes but the token endpoint's. */
  pace: Pace
}

export type TurnsOptions = Pick<Turns, 'clock' | 'stopped'> & { readonly limits: PaceLimits }

export function openTurns({ clock, stopped, limits }: TurnsOptions): Turns {
  const pauses = new Map<Pause, number>()
  return {
    clock,
    stopped,
    traffic: {
      requests: 0,
      waited: 0,
      get waitingFor() {
        const [longest] = [...pauses].sort(([, one], [, other]) => other - one)
        return longest?.[0].reason
      },
      blind: false,
    },
    lanes: {
      readingUsers: openLane('readingUsers'),
      writingUsers: openLane('writingUsers'),
      rest: openLane('rest'),
      tokens: openLane('tokens'),
    },
    pauses,
    epoch: Date.now() - clock.now(),
    pace: startPace(limits),
  }
}

function openLane(limit: Limit): Lane {
  return { limit, queue: Promise.resolve(), waiting: 0, inFlight: 0, outage: NO_OUTAGE, end: undefined }
}

export function laneOf({ lanes }: Turns, request: Request): Lane {
  return lanes[limitOf(request)]
}

interface TurnOptions {
  readonly request: Request
  readonly send: (headers: Headers | undefined) => Promise<Attempt>
}

/** Sends a request once, when its turn comes, after earlier ones of its lane. */
export async function takeTurn(turns: Turns, { request, send }: TurnOptions): Promise<Attempt> {
  const lane = laneOf(turns, request)
  const sent = await queue(turns, request)
  let headers: Headers | undefined
  try {
    headers = await request.headers?.()
    turns.stopped.throwIfAborted()
  } catch (error) {
    lane.inFlight--
    if (lane.limit !== 'tokens') turns.pace = withdrawn(turns.pace, lane.limit)
    throw error
  }
  turns.traffic.requests++
  const attempt = await send(headers)
  noteResult(turns, { attempt, sent })
  return attempt
}

/** @returns the pace right after the turn */
function queue(turns: Turns, request: Request): Promise<Pace> {
  const lane = laneOf(turns, request)
  lane.waiting++
  const mine = lane.queue.then(async () => {
    await waitForTurn(turns, request)
    lane.inFlight++
    if (lane.limit !== 'tokens') turns.pace = sending(turns.pace, { group: lane.limit, now: turns.clock.now() })
    return turns.pace
  })
  const turned = mine.finally(() => lane.waiting--)
  lane.queue = turned.catch(() => undefined)
  return turned
}

async function waitForTurn(turns: Turns, request: Request): Promise<void> {
  const { now } = turns.clock
  const lane = laneOf(turns, request)
  for (;;) {
    turns.stopped.throwIfAborted()
    const byOutage = delayByOutage(lane.outage, { inFlight: lane.inFlight, now: now() })
    const byPace = delayByPace(turns, lane)
    if (byOutage <= 0 && byPace <= 0) return
    const { throttled, end } = lane.outage
    const byLimit = throttled || byPace > byOutage
    const waiting = {
      limit: byLimit ? lane.limit : undefined,
      other: lane.limit === 'tokens' ? `a retry of ${nameOf(request)}` : 'the tenant to respond again',
      end: byPace > byOutage ? lane.end : end,
    }
    await pause(turns, { milliseconds: Math.max(byOutage, byPace), reason: describeWait(waiting, now()), byLimit })
  }
}

function delayByPace({ pace, lanes, clock }: Turns, { limit: group }: Lane): number {
  const waiting = GROUPS.filter(each => lanes[each].waiting > 0)
  return group === 'tokens' ? 0 : delayBefore(pace, { group, waiting, now: clock.now() })
}

export async function pause(turns: Turns, own: Pause): Promise<void> {
  const { clock, stopped, traffic, pauses } = turns
  const from = clock.now()
  pauses.set(own, from + own.milliseconds)
  try {
    await clock.sleep(own.milliseconds, stopped)
  } catch {
    stopped.throwIfAborted()
  } finally {
    pauses.delete(own)
    if (own.byLimit) traffic.waited += clock.now() - from
  }
}

/** Updates the pace and the outage. @param sent the pace right after the turn */
function noteResult(turns: Turns, { attempt, sent }: { readonly attempt: Attempt; readonly sent: Pace }): void {
  const { clock, epoch } = turns
  const { request, sentAt } = attempt
  const lane = laneOf(turns, request)
  const now = clock.now()
  const { status, headers } = 'fault' in attempt ? { status: 0, headers: {} } : attempt
  const at = { at: now, time: epoch + now }
  const throttled = status === 429
  const final = isFinal(attempt)
  const end = readEnd({ status, headers }, at)
  lane.inFlight--
  lane.end = end ?? readReset(headers, at) ?? lane.end
  lane.outage = final
    ? withSuccess(lane.outage, { sentAt, now })
    : withFailure(lane.outage, { request, sentAt, throttled, end, jitter: clock.random(), now })
  if (lane.limit === 'tokens') return
  const kind = final ? 'worked' : throttled ? 'throttled' : 'failed'
  turns.pace = received(turns.pace, { group: lane.limit, sent, kind, bucket: readBucket(headers, at), now })
  turns.traffic.blind = isBlind(turns.pace)
}
