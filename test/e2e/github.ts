// The runner's variables for a step about a run on the embedded GitHub.

import type { GitHub } from '../servers/github/server.ts'

export interface WorkflowRun {
  readonly commit: string
  /** Such as `workflow_dispatch`; by default, the event of the pull request if there is one, else `push`. */
  readonly event?: string
  /** By default, the merge ref of the pull request if there is one, else the default branch. */
  readonly ref?: string
  /** The pull request's number. */
  readonly pullRequest?: number
  readonly runId?: number
}

/** The `env` for runAction; the token is an input. */
export function workflowVariables(github: GitHub, run: WorkflowRun): Readonly<Record<string, string>> {
  const { commit, pullRequest, runId = 77 } = run
  const isPullRequest = pullRequest !== undefined
  return {
    GITHUB_API_URL: github.apiUrl,
    GITHUB_GRAPHQL_URL: github.graphqlUrl,
    GITHUB_SERVER_URL: github.serverUrl,
    GITHUB_REPOSITORY: github.repository,
    GITHUB_SHA: commit,
    GITHUB_RUN_ID: `${runId}`,
    GITHUB_EVENT_NAME: run.event ?? (isPullRequest ? 'pull_request' : 'push'),
    GITHUB_REF: run.ref ?? (isPullRequest ? `refs/pull/${pullRequest}/merge` : 'refs/heads/main'),
  }
}
