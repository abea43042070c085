// Sends requests to GitHub: with a time-out for each, retries for temporary failures, and waits for short rate limits.
// Loaded only when needed, because GitHub's client is large.

import { getOctokit } from '@actions/github'
import * as z from 'zod'
import { errorOf, GitHubError, NotSentError } from '../errors.ts'
import { type Clock, SYSTEM_CLOCK } from '../runner/clock.ts'
import type { Repository } from '../runner/workflow.ts'

const REQUEST_TIMEOUT_MS = 15_000
/** Time for the last writes after a cancellation; the runner kills the process 10 s after the first signal. */
const FINAL_WRITE_TIMEOUT_MS = 7_500
/** A rate limit that ends later is reported instead of waited for. */
const MAX_LIMIT_WAIT_MS = 60_000
const MAX_ATTEMPTS = 4
const FIRST_BACKOFF_MS = 1_000
/** More pages than any list here has, so that a run ends whatever GitHub returns. */
const MAX_PAGES = 100
const PER_PAGE = 100

type Octokit = ReturnType<typeof getOctokit>

export interface Request<T> {
  /** Completes "could not …". */
  readonly action: string
  readonly request: () => Promise<{ readonly data: unknown }>
  readonly schema: z.ZodType<T>
}

export interface ListRequest<T> extends Omit<Request<readonly T[]>, 'request'> {
  readonly fetchPage: (page: { readonly per_page: number; readonly page: number }) => ReturnType<Request<T>['request']>
}

/** Requests throw a GitHubError, or a NotSentError when the run is cancelled. */
export interface GitHub {
  readonly rest: Octokit['rest']
  readonly graphql: Octokit['graphql']
  readonly repository: Repository
  /** Stops when the run is cancelled. */
  readonly read: <T>(options: Request<T>) => Promise<T>
  /** Also finishes in a cancelled run, within FINAL_WRITE_TIMEOUT_MS. */
  readonly write: <T>(options: Request<T>) => Promise<T>
  /** The items of all pages, which are read on demand. */
  readonly pages: <T>(options: ListRequest<T>) => AsyncGenerator<T>
}

export interface GitHubOptions {
  readonly token: string
  readonly repository: Repository
  /** Aborted with a NotSentError. */
  readonly signal: AbortSignal
  readonly clock?: Clock
}

export function openGitHub({ token, repository, signal, clock = SYSTEM_CLOCK }: GitHubOptions): GitHub {
  const octokit = getOctokit(token, { log: SILENT })
  octokit.hook.before('request', options => {
    options.request.signal = clock.timeout(REQUEST_TIMEOUT_MS)
  })
  const cancelled = createStop()
  const tooLate = createStop()
  whenAborted(signal, () => {
    cancelled.reject(signal.reason)
    whenAborted(clock.timeout(FINAL_WRITE_TIMEOUT_MS), () => tooLate.reject(signal.reason))
  })

  const send = async <T>({ action, request, schema }: Request<T>, stop: Promise<never>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const { data } = await Promise.race([request(), stop])
        return schema.parse(data)
      } catch (error) {
        if (error instanceof NotSentError) throw error
        const failure = explain(error, action)
        const backoff = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + clock.random() / 2)
        const pause = failure.limit ?? (failure.isTemporary ? backoff : Number.POSITIVE_INFINITY)
        if (pause > MAX_LIMIT_WAIT_MS || attempt === MAX_ATTEMPTS) throw failure.error
        await Promise.race([clock.sleep(pause), stop])
      }
    }
  }
  const read: GitHub['read'] = async options => {
    signal.throwIfAborted()
    return send(options, cancelled.promise)
  }
  return {
    rest: octokit.rest,
    graphql: octokit.graphql,
    repository,
    read,
    write: options => send(options, tooLate.promise),
    pages: async function* ({ action, fetchPage, schema }) {
      for (let page = 1; page <= MAX_PAGES; page++) {
        const found = await read({ action, request: () => fetchPage({ per_page: PER_PAGE, page }), schema })
        yield* found
        if (found.length < PER_PAGE) return
      }
      throw new GitHubError(`GitHub returned more than ${MAX_PAGES} pages, so this run could not ${action}.`, undefined)
    },
  }
}

/** A promise that can only be rejected, and that nothing needs to await. */
function createStop(): PromiseWithResolvers<never> {
  const stop = Promise.withResolvers<never>()
  stop.promise.catch(ignore)
  return stop
}

function whenAborted(signal: AbortSignal, work: () => void): void {
  if (signal.aborted) work()
  else signal.addEventListener('abort', work, { once: true })
}

interface Failure {
  readonly error: GitHubError
  /** Milliseconds until the rate limit ends. */
  readonly limit?: number | undefined
  /** Whether a retry may succeed. */
  readonly isTemporary: boolean
}

function explain(error: unknown, action: string): Failure {
  // A truncated response arrives as an empty text, and must not count as an empty list.
  if (error instanceof z.ZodError) {
    const message = `GitHub's response was incomplete or unexpected, so this run could not ${action}.`
    return { error: new GitHubError(message, undefined), isTemporary: true }
  }
  const limit = limitOf(error)
  // A rate limit may also arrive as a 403, which then does not mean a missing permission.
  const status = limit === undefined ? statusOf(error) : 429
  const message = `This run could not ${action} on GitHub (${status ?? 'no response'}): ${errorOf(error).message}.`
  const isTemporary = status === undefined || status === 408 || status >= 500
  return { error: new GitHubError(message, status, { cause: error }), limit, isTemporary }
}

/** Only `report/` writes to the log. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {}

const limited = z.object({
  status: z.union([z.literal(403), z.literal(429)]),
  message: z.string(),
  response: z.object({
    headers: z.object({
      'retry-after': z.coerce.number().optional(),
      'x-ratelimit-remaining': z.coerce.number().optional(),
      'x-ratelimit-reset': z.coerce.number().optional(),
    }),
  }),
})

/**
 * Milliseconds until a rate limit ends; undefined for any other error.
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function limitOf(error: unknown): number | undefined {
  const { data } = limited.safeParse(error)
  if (data === undefined) return undefined
  const { 'retry-after': after, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = data.response.headers
  if (after !== undefined) return after * 1000
  if (remaining === 0 && reset !== undefined) return Math.max(0, reset * 1000 - Date.now())
  return /rate limit/i.test(data.message) ? MAX_LIMIT_WAIT_MS : undefined
}

const responded = z.object({ response: z.object({ status: z.int() }) })

/** undefined if no response arrived, for which the client invents a status. */
function statusOf(error: unknown): number | undefined {
  return responded.safeParse(error).data?.response.status
}
