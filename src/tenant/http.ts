// Requests to the tenant's host: one pool, time-outs, pace and retries. It knows what a broken exchange is, and nothing
// of what an answer means.

import { once } from 'node:events'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Clock } from '../clock.ts'
import { errorOf, NotSentError, type Reach, TenantError } from '../errors.ts'
import { answerError } from './answer-error.ts'
import {
  delayBefore,
  MOST_IN_FLIGHT,
  type PaceLimits,
  readBucket,
  received,
  sending,
  startPace,
  type Traffic,
  withdrawn,
} from './pace.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Encoded as it goes over the wire, without the query. */
  readonly path: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Asked for when the request's turn has come, as a token may expire while it waits. */
  readonly authorization?: () => Promise<string>
  readonly body?: string
  /** The token endpoint's bucket is not the Management API's. */
  readonly paced: boolean
}

export interface Answer {
  readonly request: Request
  readonly attempts: number
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed where it is JSON, else the text; undefined where there was none. */
  readonly body: unknown
}

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

const MAX_ATTEMPTS = 8
const FIRST_BACKOFF = 250
const LONGEST_BACKOFF = 16_000
/** Failed attempts in a row, over all requests, after which one request at a time goes to see whether that is over. */
const PROBE_AFTER = 8
/** How long such a row may be until the tenant counts as down. */
const DOWN_FOR = 20_000
/** How soon to look again whether that one request was answered. */
const LOOK_AGAIN = 20
/** A cancelled run lets what is in flight finish for this long; the runner kills it 10 s after the first signal. */
const GRACE = 4_500
const TIMEOUT = 20_000
/** How long a request is tried at the most, in attempts that got no answer: three time-outs. */
const PATIENCE = 60_000
const MAX_BODY = 8 * 1024 * 1024

const RATE_LIMIT = 'the rate limit'

/** Faults that do not pass by themselves; everything else on the way to an answer is worth another try. */
const LASTING_FAULT = /^(ENOTFOUND|UND_ERR_INVALID_ARG|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/

type Attempt =
  | { readonly kind: 'answer'; readonly answer: Omit<Answer, 'attempts'> }
  | { readonly kind: 'fault'; readonly error: Error; readonly lasting: boolean }

interface TimedAttempt {
  readonly result: Attempt
  /** When it was sent. */
  readonly from: number
  /** Milliseconds. */
  readonly took: number
}

/** Failed attempts with no good answer in between. */
interface Failures {
  readonly inRow: number
  /** When the first of them failed. */
  readonly since: number
  /** How many came one after the other: those that were under way together count once. */
  readonly waves: number
  /** When the latest wave came. */
  readonly at: number
  /** When to try again. */
  readonly until: number
}

const NO_FAILURES: Failures = { inRow: 0, since: 0, waves: 0, at: Number.NEGATIVE_INFINITY, until: 0 }

export function createHttp(options: HttpOptions): Http {
  const { origin, mode, signal, dispatcher, clock } = options
  const { now, random } = clock
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
  let pace = startPace(options.limits)
  let failures = NO_FAILURES
  let queue: Promise<unknown> = Promise.resolve()

  const wait = async (milliseconds: number, waitingFor: string): Promise<void> => {
    const from = now()
    traffic.waitingFor = waitingFor
    try {
      await clock.sleep(milliseconds, stopped)
    } catch {
      stopped.throwIfAborted()
    } finally {
      traffic.waitingFor = undefined
      if (waitingFor === RATE_LIMIT) traffic.waited += now() - from
    }
  }

  /** While everything fails, one request at a time goes to see: what would be sent beside it would fail too. */
  const delayByFailures = (): number => {
    if (failures.inRow < PROBE_AFTER) return 0
    return pace.inFlight > 0 ? LOOK_AGAIN : failures.until - now()
  }

  /** Requests go one after the other, in the order in which they were asked for. */
  const turn = (): Promise<void> => {
    const mine = queue.then(async () => {
      for (;;) {
        stopped.throwIfAborted()
        const [byFailures, byPace] = [delayByFailures(), delayBefore(pace, now())]
        if (byFailures <= 0 && byPace <= 0) break
        await (byFailures > byPace ? wait(byFailures, 'the tenant to answer again') : wait(byPace, RATE_LIMIT))
      }
      pace = sending(pace, now())
    })
    queue = mine.catch(() => undefined)
    return mine
  }

  const headersOf = async ({ headers, authorization }: Request): Promise<Request['headers']> => {
    const complete = authorization === undefined ? headers : { ...headers, authorization: await authorization() }
    stopped.throwIfAborted()
    return complete
  }

  const attempt = async (request: Request): Promise<TimedAttempt> => {
    if (request.paced) await turn()
    const headers = await headersOf(request).catch(error => {
      if (request.paced) pace = withdrawn(pace)
      throw error
    })
    traffic.requests++
    const from = now()
    const exchanging = exchange(options, { ...request, ...(headers && { headers }) }, inFlight.signal)
    underWay.add(exchanging)
    const result = await exchanging.finally(() => underWay.delete(exchanging))
    const took = now() - from
    if (request.paced) {
      const answer = result.kind === 'answer' ? result.answer : undefined
      const outcome = {
        bucket: answer && readBucket(answer.headers, now(), Date.now()),
        answered: answer !== undefined,
        throttled: answer?.status === 429,
        latency: took,
        jitter: random(),
      }
      pace = received(pace, outcome, now())
      traffic.blind = pace.blind
    }
    return { result, from, took }
  }

  const send = async (request: Request): Promise<Answer> => {
    if (mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
      throw new Error(`${request.method} ${request.path} in a mode that writes nothing`)
    }
    let attempts = 0
    let unanswered = 0
    try {
      for (;;) {
        const { result, from, took } = await attempt(request)
        attempts++
        if (result.kind === 'answer' && !isPassing(result.answer)) {
          failures = NO_FAILURES
          return { ...result.answer, attempts }
        }
        const throttled = result.kind === 'answer' && result.answer.status === 429
        if (!throttled) countFailure(from)
        if (result.kind === 'fault') unanswered += took
        const lasting = result.kind === 'fault' && result.lasting
        const down = failures.inRow >= PROBE_AFTER && now() - failures.since >= DOWN_FOR
        const hopeless = down || pace.refusals.inRow >= MAX_ATTEMPTS || lasting
        if (hopeless || attempts === MAX_ATTEMPTS || unanswered >= PATIENCE) {
          throw givenUp(request, attempts, result, origin, hopeless ? 'run' : 'user')
        }
        // After a refusal the pace holds everybody back; it knows nothing of the token endpoint's bucket.
        if (!throttled || !request.paced) {
          await wait(backoff(attempts), `another try of ${request.method} ${request.path}`)
        }
      }
    } catch (error) {
      if (error instanceof NotSentError && attempts > 0) throw interrupted(request, attempts, error)
      throw error
    }
  }

  const countFailure = (sentAt: number): void => {
    const { inRow, since, waves, at, until } = failures
    const soFar = { inRow: inRow + 1, since: inRow === 0 ? now() : since }
    failures =
      sentAt > at
        ? { ...soFar, waves: waves + 1, at: now(), until: now() + backoff(waves + 1) }
        : { ...soFar, waves, at, until }
  }

  const backoff = (attempts: number): number =>
    Math.min(FIRST_BACKOFF * 2 ** (attempts - 1), LONGEST_BACKOFF) * (0.5 + random() / 2)

  const halt = (cause: TenantError): void =>
    halted.abort(new NotSentError('An earlier request failed for all.', { cause }))

  /** What was sent is let finish, so that the tenant saw all that is counted. */
  const close = async (): Promise<void> => {
    await Promise.race([Promise.all(underWay), once(clock.timeout(GRACE), 'abort')])
    await dispatcher.destroy()
  }

  return { send, halt, traffic, close }
}

/** An answer that says "not now". */
function isPassing({ status, body, request }: Omit<Answer, 'attempts'>): boolean {
  if (status === 429 || status === 408 || status >= 500) return true
  if (status < 200 || status > 299) return false
  // Half a page, or a proxy's own: what is expected here is JSON, and nothing at all only where something was written.
  return typeof body !== 'object' && (body !== undefined || request.method === 'GET')
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
    const fault = late ? new Error(`the answer took longer than ${TIMEOUT / 1000} s`) : errorOf(error)
    return { kind: 'fault', error: fault, lasting: LASTING_FAULT.test(codeOf(fault)) || isRefusedTunnel(fault) }
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** undici has no code of its own for a tunnel that the proxy does not open. */
function isRefusedTunnel({ message }: Error): boolean {
  return /^Proxy response \(4\d\d\)/.test(message)
}

function givenUp(request: Request, attempts: number, result: Attempt, origin: string, reach: Reach): TenantError {
  if (result.kind === 'answer') {
    const busy = result.answer.status === 429
    return answerError(
      { ...result.answer, attempts },
      busy
        ? `${origin} is busy with other traffic`
        : `${origin} answers ${reach === 'run' ? '' : 'this request '}with errors alone`,
      reach,
      busy ? 'Run it again later.' : LATER,
    )
  }
  return new TenantError(
    `No answer from ${origin}: ${`${codeOf(result.error)} ${result.error.message}`.trim()}`,
    { request: `${request.method} ${request.path}`, reach, attempts, advice: adviceOn(result.error) },
    { cause: result.error },
  )
}

/** The tenant may have done what it was asked, as the last answer was lost or never awaited. */
function interrupted(request: Request, attempts: number, cause: NotSentError): TenantError {
  return new TenantError(
    'The run stopped before an answer came; whether the tenant did it is not known',
    { request: `${request.method} ${request.path}`, reach: 'run', attempts, advice: 'Run it again to be sure.' },
    { cause },
  )
}

const LATER = "Run it again when the tenant and the way to it work; Auth0's status page is https://status.auth0.com."

function adviceOn(fault: Error): string {
  const code = codeOf(fault)
  if (code === 'ENOTFOUND') return 'Check the input domain: no host has this name.'
  if (isRefusedTunnel(fault)) return 'Check HTTPS_PROXY and NO_PROXY of the runner, and what the proxy lets through.'
  if (!LASTING_FAULT.test(code)) return LATER
  return 'Check the input domain, and NODE_EXTRA_CA_CERTS where a proxy has a certificate authority of its own.'
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
