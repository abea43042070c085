// Requests to the tenant's host: one pool, time-outs, retries, and a queue for each rate limit. It knows what a broken
// exchange is, and nothing of what an answer means.

import { once } from 'node:events'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { errorOf, NotSentError, type TenantError } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import type { Answer, Request } from './exchange.ts'
import { type Attempt, givenUp, hasWorked, interrupted, isLasting } from './failure.ts'
import {
  describeWait,
  type End,
  farTime,
  GROUPS,
  type Group,
  groupOf,
  type Limit,
  readBucket,
  readEnd,
  readReset,
} from './limits.ts'
import { delayByOutage, isDown, isOverdue, NO_OUTAGE, type Outage, withFailure, withSuccess } from './outage.ts'
import {
  delayBefore,
  isBlind,
  MOST_IN_FLIGHT,
  type Pace,
  type PaceLimits,
  received,
  sending,
  startPace,
  type Traffic,
  withdrawn,
} from './pace.ts'

export interface Http {
  /**
   * Sends a request until an answer comes that sending it again would not change.
   * @throws TenantError where none came, NotSentError where the run was asked to stop
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

export const TOKEN_PATH = '/oauth/token'

const FIRST_BACKOFF = 250
const MAX_BACKOFF = 16_000
/** A cancelled run lets what is in flight finish for this long; the runner kills it 10 s after the first signal. */
const GRACE = 4_500
const TIMEOUT = 20_000
const MAX_BODY = 8 * 1024 * 1024

/** Requests that count against one limit, in the order in which they were asked for. */
interface Lane {
  readonly limit: Limit
  /** What is waited for while the requests fail. */
  readonly work: string
  /** undefined for the token endpoint, which has no pace. */
  readonly group: Group | undefined
  queue: Promise<unknown>
  waiting: number
  inFlight: number
  outage: Outage
  /** When the limit ends, by the latest answer that says so. */
  end: End | undefined
}

interface TimedAttempt {
  readonly result: Attempt
  readonly sentAt: number
  /** The pace right after its turn. */
  readonly sent: Pace
}

interface Wait {
  readonly until: number
  readonly reason: string
}

export function createHttp(options: HttpOptions): Http {
  const { origin, mode, signal, dispatcher, clock } = options
  const { now, random } = clock
  // A machine's time of day may step during a run, so it is read once.
  const epoch = Date.now() - now()
  const traffic = { requests: 0, waited: 0, waitingFor: undefined as string | undefined, blind: false }
  const halted = new AbortController()
  const stopped = AbortSignal.any([signal, halted.signal])
  const inFlight = new AbortController()
  signal.addEventListener(
    'abort',
    () => clock.timeout(GRACE).addEventListener('abort', () => inFlight.abort(signal.reason)),
    { once: true },
  )

  const underWay = new Set<Promise<Attempt>>()
  const waits = new Set<Wait>()
  const lanes: Readonly<Record<Limit, Lane>> = {
    readingUsers: openLane('readingUsers'),
    writingUsers: openLane('writingUsers'),
    rest: openLane('rest'),
    tokens: openLane('tokens'),
  }
  let pace = startPace(options.limits)

  const wait = async (milliseconds: number, reason: string, byLimit: boolean): Promise<void> => {
    const from = now()
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
      if (byLimit) traffic.waited += now() - from
    }
  }

  const delayByPace = ({ group }: Lane): number => {
    const waiting = GROUPS.filter(each => lanes[each].waiting > 0)
    return group === undefined ? 0 : delayBefore(pace, { group, waiting, now: now() })
  }

  /** Waits until a request may go, after those that were asked for before. */
  const turn = (lane: Lane): Promise<Pace> => {
    lane.waiting++
    const mine = lane.queue.then(async () => {
      for (;;) {
        stopped.throwIfAborted()
        const byOutage = delayByOutage(lane.outage, { inFlight: lane.inFlight, now: now() })
        const byPace = delayByPace(lane)
        if (byOutage <= 0 && byPace <= 0) break
        const { throttled, end } = lane.outage
        const byLimit = throttled || byPace > byOutage
        const waiting = {
          limit: byLimit ? lane.limit : undefined,
          other: lane.work,
          end: byPace > byOutage ? lane.end : end,
        }
        await wait(Math.max(byOutage, byPace), describeWait(waiting, now()), byLimit)
      }
      lane.inFlight++
      if (lane.group !== undefined) pace = sending(pace, { group: lane.group, now: now() })
      return pace
    })
    const turned = mine.finally(() => lane.waiting--)
    lane.queue = turned.catch(() => undefined)
    return turned
  }

  const headersOf = async ({ headers, authorization }: Request): Promise<Request['headers']> => {
    const complete = authorization === undefined ? headers : { ...headers, authorization: await authorization() }
    stopped.throwIfAborted()
    return complete
  }

  const attempt = async (request: Request, lane: Lane): Promise<TimedAttempt> => {
    const sent = await turn(lane)
    const headers = await headersOf(request).catch(error => {
      lane.inFlight--
      if (lane.group !== undefined) pace = withdrawn(pace, lane.group)
      throw error
    })
    traffic.requests++
    const sentAt = now()
    const exchanging = exchange(options, { ...request, ...(headers && { headers }) }, inFlight.signal)
    underWay.add(exchanging)
    const result = await exchanging.finally(() => underWay.delete(exchanging))
    lane.inFlight--
    learn(request, lane, { result, sentAt, sent })
    return { result, sentAt, sent }
  }

  const learn = (request: Request, lane: Lane, { result, sentAt, sent }: TimedAttempt): void => {
    const { status = 0, headers = {} } = result.kind === 'answer' ? result.answer : {}
    const at = { at: now(), time: epoch + now() }
    const throttled = status === 429
    const worked = hasWorked(result)
    const end = readEnd({ status, headers }, at)
    lane.end = end ?? readReset(headers, at) ?? lane.end
    lane.outage = worked
      ? withSuccess(lane.outage, { sentAt, now: now() })
      : withFailure(lane.outage, { request, sentAt, throttled, end, jitter: random(), now: now() })
    if (lane.group === undefined) return
    const kind = worked ? 'worked' : throttled ? 'throttled' : 'failed'
    pace = received(pace, { group: lane.group, sent, kind, bucket: readBucket(headers, at), now: now() })
    traffic.blind = isBlind(pace)
  }

  const send = async (request: Request): Promise<Answer> => {
    if (mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
      throw new Error(`${request.method} ${request.path} in a mode that writes nothing`)
    }
    const lane = lanes[request.paced ? groupOf(request) : 'tokens']
    let attempts = 0
    let since: number | undefined
    try {
      for (;;) {
        const { result, sentAt } = await attempt(request, lane)
        attempts++
        if (hasWorked(result)) return { ...result.answer, attempts }
        since ??= sentAt
        const isOver = isDown(lane.outage, sentAt) || (result.kind === 'fault' && isLasting(result.error))
        if (isOver || isOverdue({ failures: attempts, since, end: lane.outage.end }, sentAt)) {
          const reach = isOver || lane.group === undefined ? 'run' : 'user'
          const until = farTime(lane.outage.end, now())
          throw givenUp({ request, attempts, result, origin, limit: lane.limit, until, reach })
        }
        // Else the outage holds everybody back.
        if (lane.outage.probingSince === undefined) {
          await wait(backoff(attempts), `another try of ${request.method} ${request.path}`, false)
        }
      }
    } catch (error) {
      if (error instanceof NotSentError && attempts > 0) throw interrupted({ request, attempts }, error)
      throw error
    }
  }

  const backoff = (attempts: number): number =>
    Math.min(FIRST_BACKOFF * 2 ** (attempts - 1), MAX_BACKOFF) * (0.5 + random() / 2)

  const halt = (cause: TenantError): void =>
    halted.abort(new NotSentError('An earlier failure affected every user.', { cause }))

  /** What was sent is let finish, so that the tenant saw all that is counted. */
  const close = async (): Promise<void> => {
    await Promise.race([Promise.all(underWay), once(clock.timeout(GRACE), 'abort')])
    await dispatcher.destroy()
  }

  return { send, halt, traffic, close }
}

function openLane(limit: Limit): Lane {
  const [group, work] =
    limit === 'tokens' ? [undefined, `another try of POST ${TOKEN_PATH}`] : [limit, 'the tenant to answer again']
  return { limit, group, work, queue: Promise.resolve(), waiting: 0, inFlight: 0, outage: NO_OUTAGE, end: undefined }
}

function longestOf(waits: ReadonlySet<Wait>): Wait | undefined {
  return [...waits].reduce<Wait | undefined>(
    (longest, each) => (each.until > (longest?.until ?? 0) ? each : longest),
    undefined,
  )
}

async function exchange(options: HttpOptions, request: Request, signal: AbortSignal): Promise<Attempt> {
  const { dispatcher, origin, clock } = options
  const { method, path, query, headers, body } = request
  const overdue = clock.timeout(TIMEOUT)
  try {
    // The path goes as it is: a URL parser would take a user id of two dots for a step up.
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
      error: late ? new Error(`the answer took longer than ${TIMEOUT / 1000} s`) : errorOf(error),
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

/** @param origin reached through the runner's proxy, which prepareEnvironment has made readable */
export function openDispatcher(origin: string): Dispatcher {
  const options = {
    connections: MOST_IN_FLIGHT,
    allowH2: false,
    connect: { timeout: 10_000 },
    headersTimeout: TIMEOUT,
    bodyTimeout: TIMEOUT,
    maxResponseSize: MAX_BODY,
  }
  // Plain HTTP never goes through a proxy: it would leave the loopback address, the only one it is allowed to.
  return origin.startsWith('http:') ? new Agent(options) : new EnvHttpProxyAgent(options)
}
