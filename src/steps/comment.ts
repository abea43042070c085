// Keeps one comment with the plan on the pull request up to date. If that fails, the run warns and continues.

import { ActionError, GitHubError } from '../errors.ts'
import type { Comment, Comments } from '../github/comments.ts'
import type { Git } from '../github/git.ts'
import { markerOf, readStamp, renderComment, type Stamp } from '../report/comment.ts'
import type { RunRecord } from '../report/record.ts'
import { redactAll } from '../runner/secrets.ts'
import type { RunContext } from './context.ts'
import { NO_TOKEN, RETRY_GITHUB } from './read-ledger.ts'

export interface CommentOptions {
  readonly context: RunContext
  /** What the comment shows. */
  readonly record: RunRecord
}

export async function publishComment({ context, record }: CommentOptions): Promise<void> {
  const { inputs, workflow, journal, cancelled: signal } = context
  if (signal.aborted) return
  if ((inputs.mode !== 'plan' && inputs.mode !== 'apply') || !inputs.comment) return
  const { pullRequest, repository, runUrl } = workflow
  const { githubToken: token, domain } = inputs
  if (pullRequest === undefined || repository === undefined) return
  if (token === undefined) {
    journal.warn([`No comment was written on the pull request. ${NO_TOKEN}`])
    return
  }
  let own: Comment | undefined
  try {
    const { openGitHub } = await import('../github/github.ts')
    const { comments, git } = openGitHub({ token, repository, signal })
    own = await findOwn(comments, { pullRequest, marker: markerOf(domain.host) })
    if (own === undefined && inputs.comment === 'changes' && !hasNews(record)) return
    // The runner masks secrets in logs, but not in comments.
    const body = renderComment(redactAll(record), { runUrl, replaces: own !== undefined })
    if (own === undefined) await comments.add(pullRequest, body)
    else if (await isNewer({ theirs: readStamp(own.body), own: readStamp(body) }, git)) journal.notice([NEWER])
    else await comments.edit(own.id, body)
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    const denied = error instanceof GitHubError && (error.status === 403 || error.status === 404)
    const advice = denied
      ? "Add pull-requests: write to the job's permissions; a pull request from a fork never gets it."
      : RETRY_GITHUB
    const state =
      own === undefined
        ? 'No comment was written on the pull request.'
        : 'The comment on the pull request is out of date.'
    journal.warn([`${state} ${error.message} ${advice}`])
  }
}

const NEWER = 'The comment on the pull request is for a newer commit, so this run did not update it.'

/** A change, a failure, or something to look at. */
function hasNews({ plan, errors, warnings, failures }: RunRecord): boolean {
  const planned = plan === undefined ? 0 : plan.users.length + plan.heldBack.length
  return planned + errors.length + warnings.length + failures.length > 0
}

interface Stamps {
  /** Of the existing comment. */
  readonly theirs: Stamp
  readonly own: Stamp
}

/** By the commits' history; after a force-push, by the run's id. */
async function isNewer({ theirs, own }: Stamps, git: Git): Promise<boolean> {
  if (theirs.commit === '' || own.commit === '' || theirs.commit === own.commit) return false
  const relation = await compare(git, { base: own.commit, head: theirs.commit })
  if (relation === 'ahead') return true
  return relation !== 'behind' && theirs.run > own.run
}

interface Commits {
  readonly base: string
  readonly head: string
}

/** undefined if GitHub refuses to compare them: the job may lack the permission to read contents. */
async function compare(git: Git, { base, head }: Commits): ReturnType<Git['compare']> {
  try {
    return await git.compare(base, head)
  } catch (error) {
    if (error instanceof GitHubError) return undefined
    throw error
  }
}

interface Marked {
  readonly pullRequest: number
  readonly marker: string
}

/** By marker and author, because anybody could copy the marker into another comment. */
async function findOwn(comments: Comments, { pullRequest, marker }: Marked): Promise<Comment | undefined> {
  const [all, login] = await Promise.all([comments.list(pullRequest), comments.login()])
  return all.find(({ author, body }) => author === login && body.startsWith(marker))
}
