// Sends requests to GitHub: with a time-out for each, retries for temporary failures, and waits for short rate limits.
// Loaded only when needed, because GitHub's client is large.

import { getOctokit } from '@actions/github'
import * as z from 'zod'
import { errorOf, GitHubError, NotSentError } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
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
type Work = () => Promise<{ readonly data: unknown }>

export interface Client {
  readonly rest: Octokit['rest']
  readonly graphql: Octokit['graphql']
  readonly repository: Repository
  /**
   * Stops when the run is cancelled.
   * @param doing completes "could not …"
   * @throws GitHubError, or NotSentError when the run is cancelled
   */
  readonly read: <T>(doing: string, work: Work, form: z.ZodType<T>) => Promise<T>
  /** Also finishes in a cancelled run, within FINAL_WRITE_TIMEOUT_MS. */
  readonly write: <T>(doing: string, work: Work, form: z.ZodType<T>) => Promise<T>
  /** The items of all pages, which are read on demand. */
  readonly pages: <T>(
    doing: string,
    ask: (page: { readonly per_page: number; readonly page: number }) => ReturnType<Work>,
    form: z.ZodType<readonly T[]>,
  ) => AsyncGenerator<T>
}

export interface ClientOptions {
  readonly token: string
  readonly repository: Repository
  /** Aborted with a NotSentError. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

export function openClient({ token, repository, signal, clock }: ClientOptions): Client {
  const octokit = getOctokit(token, { log: SILENT })
  octokit.hook.before('request', options => {
    options.request.signal = clock.timeout(REQUEST_TIMEOUT_MS)
  })
  const cancelled = rejectionOf(signal, signal)
  const late = new AbortController()
  const startTimeout = () =>
    clock.timeout(FINAL_WRITE_TIMEOUT_MS).addEventListener('abort', () => late.abort(signal.reason))
  if (signal.aborted) startTimeout()
  else signal.addEventListener('abort', startTimeout, { once: true })
  const tooLate = rejectionOf(late.signal, signal)

  const send = async <T>(doing: string, work: Work, form: z.ZodType<T>, stop: Promise<never>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await Promise.race([attemptOnce(work, form), stop])
      if (outcome.kind === 'answer') return outcome.answer
      const pause = outcome.limit ?? (outcome.passing ? backoff(attempt) : undefined)
      if (pause === undefined || pause > MAX_LIMIT_WAIT_MS || attempt === MAX_ATTEMPTS) throw outcome.failure(doing)
      await Promise.race([clock.sleep(pause), stop])
    }
  }
  const backoff = (attempt: number) => FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + clock.random() / 2)

  const read: Client['read'] = async (doing, work, form) => {
    signal.throwIfAborted()
    return send(doing, work, form, cancelled)
  }
  return {
    rest: octokit.rest,
    graphql: octokit.graphql,
    repository,
    read,
    write: (doing, work, form) => send(doing, work, form, tooLate),
    pages: async function* (doing, ask, form) {
      for (let page = 1; page <= MAX_PAGES; page++) {
        const found = await read(doing, () => ask({ per_page: PER_PAGE, page }), form)
        yield* found
        if (found.length < PER_PAGE) return
      }
      throw new GitHubError(`GitHub returned more than ${MAX_PAGES} pages, so this run could not ${doing}.`, undefined)
    },
  }
}

/** @returns rejects with the reason of the cancellation once `signal` is aborted */
function rejectionOf(signal: AbortSignal, cancellation: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    const stop = () => reject(cancellation.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  rejection.catch(ignore)
  return rejection
}

type Outcome<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | {
      readonly kind: 'failure'
      /** Milliseconds until the rate limit ends. */
      readonly limit: number | undefined
      /** Whether another try may succeed. */
      readonly passing: boolean
      readonly failure: (doing: string) => GitHubError
    }

async function attemptOnce<T>(work: Work, form: z.ZodType<T>): Promise<Outcome<T>> {
  try {
    const { data } = await work()
    const { data: answer } = form.safeParse(data)
    if (answer !== undefined) return { kind: 'answer', answer }
    // A truncated response arrives as an empty text, and must not count as an empty list.
    const failure = (doing: string) =>
      new GitHubError(`GitHub's response was incomplete or unexpected, so this run could not ${doing}.`, undefined)
    return { kind: 'failure', limit: undefined, passing: true, failure }
  } catch (error) {
    if (error instanceof NotSentError) throw error
    const limit = limitOf(error)
    // A rate limit may also be a 403, which is not a missing permission then.
    const status = limit === undefined ? statusOf(error) : 429
    const passing = status === undefined || status === 408 || status >= 500
    const failure = (doing: string) =>
      new GitHubError(
        `This run could not ${doing} on GitHub (${status ?? 'no response'}): ${errorOf(error).message}.`,
        status,
        { cause: error },
      )
    return { kind: 'failure', limit, passing, failure }
  }
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

const answered = z.object({ response: z.object({ status: z.int() }) })

/** undefined if no response arrived, for which the client invents a status. */
function statusOf(error: unknown): number | undefined {
  return answered.safeParse(error).data?.response.status
}
