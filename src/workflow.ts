// What GitHub tells a step about the run that it is part of.

import { readFileSync } from 'node:fs'
import * as z from 'zod'
import type { WorkflowEvent } from './plan/guard.ts'

export interface Workflow extends WorkflowEvent {
  readonly workspace: string
  /** undefined outside of GitHub */
  readonly repository: Repository | undefined
  /** The commit that the run is for; empty outside of GitHub. */
  readonly commit: string
  /** The same as people know it: of a pull request the newest commit, where `commit` is GitHub's own merge of it. */
  readonly knownCommit: string
  /** The page of the run. */
  readonly runUrl: string | undefined
  /** The page of the repository. */
  readonly repositoryUrl: string | undefined
  /** The number of the pull request that the run is for. */
  readonly pullRequest: number | undefined
}

export interface Repository {
  readonly owner: string
  readonly repo: string
}

const eventPayload = z.object({
  repository: z.object({ default_branch: z.string() }).optional().catch(undefined),
  pull_request: z
    .object({ number: z.int(), head: z.object({ sha: z.string() }).optional().catch(undefined) })
    .optional()
    .catch(undefined),
})

export function readWorkflow(): Workflow {
  const env = process.env
  const payload = readPayload(env.GITHUB_EVENT_PATH ?? '')
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? '').split('/')
  const ref = env.GITHUB_REF ?? ''
  const page = `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${owner}/${repo}`
  const commit = env.GITHUB_SHA ?? ''
  const mergeRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1]
  return {
    name: env.GITHUB_EVENT_NAME ?? '',
    ref,
    refProtected: env.GITHUB_REF_PROTECTED === 'true',
    defaultBranch: payload?.repository?.default_branch,
    workspace: env.GITHUB_WORKSPACE || process.cwd(),
    repository: owner && repo ? { owner, repo } : undefined,
    commit,
    // Only there: pull_request_target runs for the base branch.
    knownCommit: (mergeRef && payload?.pull_request?.head?.sha) || commit,
    runUrl: repo && env.GITHUB_RUN_ID ? `${page}/actions/runs/${env.GITHUB_RUN_ID}` : undefined,
    repositoryUrl: repo ? page : undefined,
    pullRequest: payload?.pull_request?.number ?? (mergeRef === undefined ? undefined : Number(mergeRef)),
  }
}

/** undefined where there is none, as outside of a workflow */
function readPayload(path: string): z.infer<typeof eventPayload> | undefined {
  try {
    return eventPayload.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
