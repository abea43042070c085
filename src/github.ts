// GitHub's API in this project's words: deployments, files at commits, ancestry, comments. To be loaded only where it is
// needed, as its client takes longer to load than a small run takes.

import { once } from 'node:events'
import { getOctokit } from '@actions/github'
import { retry } from '@octokit/plugin-retry'
import * as z from 'zod'
import { type Clock, SYSTEM_CLOCK } from './clock.ts'
import { errorOf, GitHubError, NotSentError } from './errors.ts'
import type { Repository } from './workflow.ts'

export interface Deployment {
  readonly id: number
  /** The commit that it is of. */
  readonly commit: string
  /** When it was created, in milliseconds since 1970. */
  readonly createdAt: number
  /** What its creator gave it, read as JSON where it is JSON. */
  readonly payload: unknown
}

/** Which deployments, in GitHub's words. */
interface Deployments {
  readonly task: string
  readonly environment: string
}

interface NewDeployment extends Deployments {
  readonly commit: string
  readonly payload: object
  readonly description: string
}

export type DeploymentState = 'in_progress' | 'success' | 'failure'

interface StateChange {
  readonly state: DeploymentState
  readonly description: string
  readonly runUrl: string | undefined
}

export interface Comment {
  readonly id: number
  readonly author: string
  readonly body: string
}

export interface GitHub {
  /** Newest first; pages are read as they are asked for. */
  readonly deployments: (which: Deployments) => AsyncIterable<Deployment>
  /** All states that it ever had. */
  readonly statesOf: (deployment: number) => Promise<readonly string[]>
  readonly createDeployment: (deployment: NewDeployment) => Promise<number>
  readonly changeState: (deployment: number, change: StateChange) => Promise<void>
  /** The text of a file; undefined where the commit does not hold it. */
  readonly textAt: (commit: string, path: string) => Promise<string | undefined>
  /** Paths of all files below a folder; none where the commit does not hold it. */
  readonly filesIn: (commit: string, folder: string) => Promise<readonly string[]>
  readonly isAncestor: (ancestor: string, commit: string) => Promise<boolean>
  /** Who this token writes as. */
  readonly login: () => Promise<string>
  readonly comments: (pullRequest: number) => Promise<readonly Comment[]>
  readonly addComment: (pullRequest: number, body: string) => Promise<void>
  readonly editComment: (comment: number, body: string) => Promise<void>
}

/** Milliseconds; GitHub answers within a second or not at all. */
const TIMEOUT = 15_000
/** What is left to say when the run is cancelled; the runner kills it 10 s after the first signal. */
const LAST_WORD = 1_500
/** A rate limit that ends later is told, and not waited for. */
const LONGEST_LIMIT = 60_000
const LIMIT_TRIES = 3
const PER_PAGE = 100
/** More than any list here has, so that a run ends whatever is answered. */
const MOST_PAGES = 100
const state = z.object({ state: z.string() })

/** An answer that was cut off comes as an empty text, and must not be taken for an empty list. */
const answers = {
  deployments: z.array(
    z.object({
      id: z.int(),
      sha: z.string().min(1),
      created_at: z.string().transform(Date.parse).pipe(z.number()),
      payload: z.unknown(),
    }),
  ),
  states: z.array(state),
  state,
  created: z.object({ id: z.int() }),
  content: z.union([
    z.array(z.object({ type: z.string(), path: z.string().min(1) })),
    z.object({ type: z.string(), content: z.string(), encoding: z.string() }),
    z.object({ type: z.string() }),
  ]),
  raw: z.union([z.string(), z.instanceof(ArrayBuffer)]),
  comparison: z.object({ status: z.string() }),
  comments: z.array(
    z.object({ id: z.int(), user: z.object({ login: z.string() }).nullish(), body: z.string().nullish() }),
  ),
}

/** Who the token of a workflow's job writes as. */
const ACTIONS_BOT = 'github-actions[bot]'

export interface GitHubOptions {
  readonly token: string
  readonly repository: Repository
  /** Its reason is a NotSentError. */
  readonly signal: AbortSignal
  readonly clock?: Clock
}

export function openGitHub({ token, repository, signal, clock = SYSTEM_CLOCK }: GitHubOptions): GitHub {
  const octokit = getOctokit(token, { log: SILENT }, retry)
  octokit.hook.before('request', options => {
    options.request.signal = clock.timeout(TIMEOUT)
  })
  const { repos, issues } = octokit.rest

  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  cancelled.catch(ignore)
  const lastWord = () => once(clock.timeout(LAST_WORD), 'abort').then(() => Promise.reject(signal.reason))

  /** Waits for a rate limit, as long as that is not long. */
  const sendPatiently = async <T>(work: () => Promise<T>, attempt = 1): Promise<T> => {
    try {
      return await Promise.race([work(), signal.aborted ? lastWord() : cancelled])
    } catch (error) {
      const pause = limitOf(error)
      if (pause === undefined || pause > LONGEST_LIMIT || attempt === LIMIT_TRIES) throw error
      await Promise.race([clock.sleep(pause), cancelled])
      return sendPatiently(work, attempt + 1)
    }
  }

  /** @throws GitHubError, NotSentError where the run stops */
  const call = async <T>(
    doing: string,
    work: () => Promise<{ readonly data: unknown }>,
    form: z.ZodType<T>,
  ): Promise<T> => {
    try {
      const { data } = await sendPatiently(work)
      const { data: answer } = form.safeParse(data)
      if (answer !== undefined) return answer
    } catch (error) {
      if (error instanceof NotSentError) throw error
      // A rate limit comes as 403 too, and is no missing permission.
      const status = limitOf(error) === undefined ? statusOf(error) : 429
      const { message } = errorOf(error)
      throw new GitHubError(`GitHub did not let this run ${doing} (${status ?? 'no answer'}): ${message}.`, status, {
        cause: error,
      })
    }
    throw new GitHubError(`GitHub's answer was cut off or is not its own, so this run could not ${doing}.`, undefined)
  }

  /** What all pages hold, which are read as they are asked for. */
  const pagesOf = async function* <T>(
    doing: string,
    ask: (page: { readonly per_page: number; readonly page: number }) => Promise<{ readonly data: unknown }>,
    form: z.ZodType<readonly T[]>,
  ): AsyncGenerator<T> {
    for (let page = 1; page <= MOST_PAGES; page++) {
      const found = await call(doing, () => ask({ per_page: PER_PAGE, page }), form)
      yield* found
      if (found.length < PER_PAGE) return
    }
    throw new GitHubError(`GitHub's list has no end, so this run could not ${doing}.`, undefined)
  }

  const contentAt = async (commit: string, path: string): Promise<z.infer<typeof answers.content> | undefined> => {
    const work = () => repos.getContent({ ...repository, path, ref: commit })
    return orMissing(call(`read ${path} at ${commit}`, work, answers.content))
  }

  const textAt: GitHub['textAt'] = async (commit, path) => {
    const file = await contentAt(commit, path)
    if (file === undefined || Array.isArray(file) || file.type !== 'file') return undefined
    if ('content' in file && file.encoding === 'base64') return Buffer.from(file.content, 'base64').toString('utf8')
    // A file over 1 MiB comes without its content; then as text or bytes, by the type that the answer names.
    const work = () => repos.getContent({ ...repository, path, ref: commit, mediaType: { format: 'raw' } })
    const raw = await call(`read ${path} at ${commit}`, work, answers.raw)
    return typeof raw === 'string' ? raw : Buffer.from(raw).toString('utf8')
  }

  const filesIn: GitHub['filesIn'] = async (commit, folder) => {
    const entries = await contentAt(commit, folder)
    if (entries === undefined || !Array.isArray(entries)) return []
    // A folder within itself would be read for ever.
    const within = entries.filter(({ path }) => folder === '' || path.startsWith(`${folder}/`))
    const below = await Promise.all(
      within.map(({ type, path }) => (type === 'dir' ? filesIn(commit, path) : type === 'file' ? [path] : [])),
    )
    return below.flat()
  }

  return {
    deployments: async function* (which) {
      const list = { ...repository, ...which }
      const pages = pagesOf(
        'read the deployments',
        page => repos.listDeployments({ ...list, ...page }),
        answers.deployments,
      )
      for await (const { id, sha, created_at, payload } of pages) {
        yield { id, commit: sha, createdAt: created_at, payload: parsed(payload) }
      }
    },
    statesOf: async deployment => {
      const list = { ...repository, deployment_id: deployment, per_page: PER_PAGE }
      const states = await call(
        'read the states of a deployment',
        () => repos.listDeploymentStatuses(list),
        answers.states,
      )
      return states.map(({ state }) => state)
    },
    createDeployment: async ({ commit, task, environment, payload, description }) => {
      const work = () =>
        repos.createDeployment({
          ...repository,
          ref: commit,
          task,
          environment,
          payload: { ...payload },
          description,
          auto_merge: false,
          required_contexts: [],
        })
      const { id } = await call('create a deployment', work, answers.created)
      return id
    },
    changeState: async (deployment, { state, description, runUrl }) => {
      const work = () =>
        repos.createDeploymentStatus({
          ...repository,
          deployment_id: deployment,
          state,
          description,
          ...(runUrl !== undefined && { log_url: runUrl }),
          auto_inactive: false,
        })
      await call(`set a deployment to ${state}`, work, answers.state)
    },
    textAt,
    filesIn,
    isAncestor: async (ancestor, commit) => {
      const work = () =>
        repos.compareCommitsWithBasehead({ ...repository, basehead: `${ancestor}...${commit}`, per_page: 1 })
      const comparison = await orMissing(call(`compare ${ancestor} with ${commit}`, work, answers.comparison))
      return comparison?.status === 'ahead'
    },
    login: async () => {
      try {
        const { viewer } = await octokit.graphql<{ readonly viewer: { readonly login: string } }>(
          '{ viewer { login } }',
        )
        return viewer.login
      } catch {
        return ACTIONS_BOT
      }
    },
    comments: async pullRequest => {
      const list = { ...repository, issue_number: pullRequest }
      const pages = pagesOf('read the comments', page => issues.listComments({ ...list, ...page }), answers.comments)
      const found = await Array.fromAsync(pages)
      return found.map(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' }))
    },
    addComment: async (pullRequest, body) => {
      const work = () => issues.createComment({ ...repository, issue_number: pullRequest, body })
      await call('write a comment', work, answers.created)
    },
    editComment: async (comment, body) => {
      const work = () => issues.updateComment({ ...repository, comment_id: comment, body })
      await call('edit a comment', work, answers.created)
    },
  }
}

/** undefined for a 404 */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return undefined
    throw error
  }
}

/** The log is written by report.ts alone. */
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
 * Milliseconds until a rate limit is over; undefined where the error is of another kind.
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function limitOf(error: unknown): number | undefined {
  const { data } = limited.safeParse(error)
  if (data === undefined) return undefined
  const { 'retry-after': after, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = data.response.headers
  if (after !== undefined) return after * 1000
  if (remaining === 0 && reset !== undefined) return Math.max(0, reset * 1000 - Date.now())
  return /rate limit/i.test(data.message) ? LONGEST_LIMIT : undefined
}

const answered = z.object({ response: z.object({ status: z.int() }) })

/** undefined where no answer came, for which the client has a status of its own. */
function statusOf(error: unknown): number | undefined {
  return answered.safeParse(error).data?.response.status
}

/** GitHub gives a payload back as it was given: an object, or a text. */
function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}
