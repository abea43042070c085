// Decides when a request may be sent: a queue for each rate limit, which waits for the pace and for a failing tenant.

import type { Clock } from '../runner/clock.ts'
import type { Request } from './exchange.ts'
import { type Attempt, hasWorked } from './failure.ts'
import {
  describeWait,
  type End,
  GROUPS,
  type Group,
  groupOf,
  type Limit,
  readBucket,
  readEnd,
  readReset,
} from './limits.ts'
import { delayByOutage, NO_OUTAGE, type Outage, withFailure, withSuccess } from './outage.ts'
import {
  delayBefore,
  isBlind,
  type Pace,
  type PaceLimits,
  received,
  sending,
  startPace,
  type Traffic,
  withdrawn,
} from './pace.ts'

export const TOKEN_PATH = '/oauth/token'

/** The requests that count against one limit, in order. */
export interface Lane {
  readonly limit: Limit
  /** What the run waits for while the requests fail. */
  readonly work: string
  /** undefined for the token endpoint, which has no pace. */
  readonly group: Group | undefined
  queue: Promise<unknown>
  waiting: number
  inFlight: number
  outage: Outage
  /** When the limit ends, according to the latest response that says so. */
  end: End | undefined
}

interface Wait {
  readonly until: number
  readonly reason: string
}

export interface Turns {
  readonly clock: Clock
  /** Ends all waits; aborted with a NotSentError. */
  readonly stopped: AbortSignal
  readonly traffic: { -readonly [Key in keyof Traffic]: Traffic[Key] }
  readonly lanes: Readonly<Record<Limit, Lane>>
  readonly waits: Set<Wait>
  /** The time of day at the clock's zero, read once because a machine's time of day may change during a run. */
  readonly epoch: number
  pace: Pace
}

export type TurnsOptions = Pick<Turns, 'clock' | 'stopped'> & { readonly limits: PaceLimits }

export function openTurns({ clock, stopped, limits }: TurnsOptions): Turns {
  return {
    ...{ clock, stopped },
    traffic: { requests: 0, waited: 0, waitingFor: undefined, blind: false },
    lanes: {
      readingUsers: openLane('readingUsers'),
      writingUsers: openLane('writingUsers'),
      rest: openLane('rest'),
      tokens: openLane('tokens'),
    },
    waits: new Set(),
    epoch: Date.now() - clock.now(),
    pace: startPace(limits),
  }
}

function openLane(limit: Limit): Lane {
  const [group, work] =
    limit === 'tokens' ? [undefined, `a retry of POST ${TOKEN_PATH}`] : [limit, 'the tenant to respond again']
  return { limit, group, work, queue: Promise.resolve(), waiting: 0, inFlight: 0, outage: NO_OUTAGE, end: undefined }
}

export function laneOf({ lanes }: Turns, request: Request): Lane {
  return lanes[request.paced ? groupOf(request) : 'tokens']
}

/** Waits until a request of this lane may be sent, after earlier ones. @returns the pace at that moment */
export function takeTurn(turns: Turns, lane: Lane): Promise<Pace> {
  lane.waiting++
  const mine = lane.queue.then(async () => {
    await waitForTurn(turns, lane)
    lane.inFlight++
    if (lane.group !== undefined) turns.pace = sending(turns.pace, { group: lane.group, now: turns.clock.now() })
    return turns.pace
  })
  const turned = mine.finally(() => lane.waiting--)
  lane.queue = turned.catch(() => undefined)
  return turned
}

async function waitForTurn(turns: Turns, lane: Lane): Promise<void> {
  const { now } = turns.clock
  for (;;) {
    turns.stopped.throwIfAborted()
    const byOutage = delayByOutage(lane.outage, { inFlight: lane.inFlight, now: now() })
    const byPace = delayByPace(turns, lane)
    if (byOutage <= 0 && byPace <= 0) return
    const { throttled, end } = lane.outage
    const byLimit = throttled || byPace > byOutage
    const waiting = {
      limit: byLimit ? lane.limit : undefined,
      other: lane.work,
      end: byPace > byOutage ? lane.end : end,
    }
    await pause(turns, { milliseconds: Math.max(byOutage, byPace), reason: describeWait(waiting, now()), byLimit })
  }
}

function delayByPace({ pace, lanes, clock }: Turns, { group }: Lane): number {
  const waiting = GROUPS.filter(each => lanes[each].waiting > 0)
  return group === undefined ? 0 : delayBefore(pace, { group, waiting, now: clock.now() })
}

interface Pause {
  readonly milliseconds: number
  readonly reason: string
  readonly byLimit: boolean
}

export async function pause(turns: Turns, { milliseconds, reason, byLimit }: Pause): Promise<void> {
  const { clock, stopped, traffic, waits } = turns
  const from = clock.now()
  const own: Wait = { until: from + milliseconds, reason }
  waits.add(own)
  traffic.waitingFor = longestOf(waits)?.reason
  try {
    await clock.sleep(milliseconds, stopped)
  } catch {
    stopped.throwIfAborted()
  } finally {
    waits.delete(own)
    traffic.waitingFor = longestOf(waits)?.reason
    if (byLimit) traffic.waited += clock.now() - from
  }
}

function longestOf(waits: ReadonlySet<Wait>): Wait | undefined {
  return [...waits].reduce<Wait | undefined>(
    (longest, each) => (each.until > (longest?.until ?? 0) ? each : longest),
    undefined,
  )
}

/** For a request that is not sent after all. */
export function giveUpTurn(turns: Turns, lane: Lane): void {
  lane.inFlight--
  if (lane.group !== undefined) turns.pace = withdrawn(turns.pace, lane.group)
}

export interface TimedAttempt {
  readonly result: Attempt
  readonly sentAt: number
  /** The pace right after its turn. */
  readonly sent: Pace
}

interface EndedTurn extends TimedAttempt {
  readonly lane: Lane
  readonly request: Request
}

/** Updates the pace and the outage with the result of an attempt. */
export function endTurn(turns: Turns, { lane, request, result, sentAt, sent }: EndedTurn): void {
  const { clock, epoch } = turns
  const now = clock.now()
  const { status = 0, headers = {} } = result.kind === 'answer' ? result.answer : {}
  const at = { at: now, time: epoch + now }
  const throttled = status === 429
  const worked = hasWorked(result)
  const end = readEnd({ status, headers }, at)
  lane.inFlight--
  lane.end = end ?? readReset(headers, at) ?? lane.end
  lane.outage = worked
    ? withSuccess(lane.outage, { sentAt, now })
    : withFailure(lane.outage, { request, sentAt, throttled, end, jitter: clock.random(), now })
  if (lane.group === undefined) return
  const kind = worked ? 'worked' : throttled ? 'throttled' : 'failed'
  turns.pace = received(turns.pace, { group: lane.group, sent, kind, bucket: readBucket(headers, at), now })
  turns.traffic.blind = isBlind(turns.pace)
}
