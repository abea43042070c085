// Reads what GitHub provides to a step about its workflow run.

import { readFileSync, statSync } from 'node:fs'
import * as z from 'zod'
import { ActionError } from '../errors.ts'

export interface WorkflowEvent {
  /** For example `push` or `pull_request`; empty outside a workflow. */
  readonly name: string
  /** For example `refs/heads/main`; empty outside a workflow. */
  readonly ref: string
  /** Whether the ref is a branch, or a tag, that rules protect. */
  readonly refProtected: boolean
  readonly defaultBranch: string | undefined
}

export interface Workflow extends WorkflowEvent {
  readonly workspace: string
  /** undefined outside GitHub */
  readonly repository: Repository | undefined
  /** The run's commit; empty outside GitHub. */
  readonly commit: string
  /** For a pull request its newest commit, because `commit` is then GitHub's own merge; otherwise the same as `commit`. */
  readonly knownCommit: string
  /** The URL of the run's page. */
  readonly runUrl: string | undefined
  /** The number of the pull request that the run is for. */
  readonly pullRequest: number | undefined
  /** Why GitHub gives the run no secrets, or other secrets than usual. */
  readonly secretsWithheld: 'fork' | 'dependabot' | undefined
}

export interface Repository {
  readonly owner: string
  readonly repo: string
}

/** An event may be any JSON, and any of its keys may be missing. */
function maybe<T extends z.ZodType>(form: T) {
  return form.optional().catch(undefined)
}

const eventPayload = z.object({
  repository: maybe(z.object({ default_branch: maybe(z.string().min(1)) })),
  pull_request: maybe(
    z.object({
      number: maybe(z.int().positive()),
      head: maybe(
        z.object({
          sha: maybe(z.string()),
          /** null once a fork was deleted */
          repo: maybe(z.object({ full_name: z.string() }).nullable()),
        }),
      ),
    }),
  ),
})

type Payload = z.infer<typeof eventPayload>

/** @throws ActionError if there is no folder to work in */
export function readWorkflow(): Workflow {
  const env = process.env
  const payload = readPayload(env.GITHUB_EVENT_PATH ?? '')
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? '').split('/')
  const ref = env.GITHUB_REF ?? ''
  const server = env.GITHUB_SERVER_URL || 'https://github.com'
  const commit = env.GITHUB_SHA ?? ''
  const mergeRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1]
  return {
    name: env.GITHUB_EVENT_NAME ?? '',
    ref,
    refProtected: env.GITHUB_REF_PROTECTED === 'true',
    defaultBranch: payload.repository?.default_branch,
    workspace: env.GITHUB_WORKSPACE || currentFolder(),
    repository: owner && repo ? { owner, repo } : undefined,
    commit,
    // Only for merge refs, because pull_request_target runs for the base branch.
    knownCommit: (mergeRef && payload.pull_request?.head?.sha) || commit,
    secretsWithheld: secretsWithheld(payload),
    runUrl: repo && env.GITHUB_RUN_ID ? `${server}/${owner}/${repo}/actions/runs/${env.GITHUB_RUN_ID}` : undefined,
    pullRequest: payload.pull_request?.number ?? (mergeRef === undefined ? undefined : Number(mergeRef)),
  }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    const advice = 'set GITHUB_WORKSPACE, or run this in an existing folder'
    throw new ActionError(`The current folder no longer exists; ${advice}.`, { cause })
  }
}

/**
 * @see https://docs.github.com/en/actions/security-for-github-actions/security-guides/using-secrets-in-github-actions
 * @see https://docs.github.com/en/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions
 */
function secretsWithheld(payload: Payload): Workflow['secretsWithheld'] {
  const { GITHUB_ACTOR, GITHUB_EVENT_NAME = '', GITHUB_REPOSITORY = '' } = process.env
  if (GITHUB_ACTOR === 'dependabot[bot]') return 'dependabot'
  const head = payload.pull_request?.head?.repo
  if (head === undefined || !/^pull_request(?!_target)/.test(GITHUB_EVENT_NAME)) return undefined
  return head?.full_name.toLowerCase() === GITHUB_REPOSITORY.toLowerCase() ? undefined : 'fork'
}

/** Empty if there is no event, as outside a workflow, or if it cannot be read. */
function readPayload(path: string): Payload {
  try {
    // Reading a device may never end.
    return statSync(path).isFile() ? eventPayload.parse(JSON.parse(readFileSync(path, 'utf8'))) : {}
  } catch {
    return {}
  }
}
