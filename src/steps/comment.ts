// Keeps one comment with the plan on the pull request. A comment is for reading: when it cannot be written, the run goes
// on.

import { ActionError, GitHubError } from '../errors.ts'
import type { Comment, Comments } from '../github/comments.ts'
import type { Inputs } from '../inputs.ts'
import { markerOf, renderComment } from '../report/comment.ts'
import type { RunRecord } from '../report/record.ts'
import { redactAll } from '../secrets.ts'
import type { Workflow } from '../workflow.ts'
import { warn } from './context.ts'

export async function publishComment(
  inputs: Inputs,
  workflow: Workflow,
  record: RunRecord,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return
  if ((inputs.mode !== 'plan' && inputs.mode !== 'apply') || !inputs.comment) return
  const { pullRequest, repository, runUrl } = workflow
  const { githubToken: token, domain } = inputs
  if (pullRequest === undefined || repository === undefined) return
  if (token === undefined) {
    warn(record, ['There is no comment on the pull request, as the input github-token is empty.'])
    return
  }
  try {
    const { openGitHub } = await import('../github/github.ts')
    const { comments } = openGitHub({ token, repository, signal })
    const own = await findOwn(comments, pullRequest, markerOf(domain.host))
    // A comment is not masked by the runner.
    const body = renderComment(redactAll(record), { runUrl, replaces: own !== undefined })
    if (own === undefined) await comments.add(pullRequest, body)
    else await comments.edit(own.id, body)
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    const denied = error instanceof GitHubError && (error.status === 403 || error.status === 404)
    const advice = denied
      ? 'Add pull-requests: write to the permissions of the job; on a pull request from a fork the token never has it.'
      : 'Run it again when GitHub answers.'
    warn(record, [`There is no comment on the pull request. ${error.message} ${advice}`])
  }
}

/** By marker and author: anybody who can write may copy the marker into a comment of their own. */
async function findOwn(own: Comments, pullRequest: number, marker: string): Promise<Comment | undefined> {
  const [comments, login] = await Promise.all([own.list(pullRequest), own.login()])
  return comments.find(({ author, body }) => author === login && body.startsWith(marker))
}
