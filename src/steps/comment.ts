// Keeps one comment with the plan on the pull request up to date. If that fails, the run warns and continues.

import { ActionError } from '../errors.ts'
import { addComment, type Comment, editComment, listComments, readLogin } from '../github/comments.ts'
import { compareCommits } from '../github/git.ts'
import type { GitHub } from '../github/github.ts'
import { markerOf, readStamp, renderComment, type Stamp } from '../report/comment.ts'
import type { RunRecord } from '../report/record.ts'
import { redactAll } from '../runner/secrets.ts'
import type { RunContext } from './context.ts'
import { isDenied, NO_TOKEN, RETRY_GITHUB } from './github-reason.ts'

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
  const marker = markerOf(domain.host)
  let own: Comment | undefined
  try {
    const { openGitHub } = await import('../github/github.ts')
    const github = openGitHub({ token, repository, signal })
    const [all, login] = await Promise.all([listComments(github, pullRequest), readLogin(github)])
    // By marker and author, because anybody could copy the marker into another comment.
    own = all.find(({ author, body }) => author === login && body.startsWith(marker))
    if (own === undefined && inputs.comment === 'changes' && !hasNews(record)) return
    // The runner masks secrets in logs, but not in comments.
    const body = renderComment(redactAll(record), { runUrl, replaces: own !== undefined })
    if (own === undefined) await addComment(github, { pullRequest, body })
    else if (await isNewer({ theirs: readStamp(own.body), own: readStamp(body) }, github)) journal.notice([NEWER])
    else await editComment(github, { id: own.id, body })
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    const advice = isDenied(error)
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
  /** The stamp of the existing comment. */
  readonly theirs: Stamp
  readonly own: Stamp
}

/** By the commits' history; after a force-push, or if the job may not read contents, by the run's id. */
async function isNewer({ theirs, own }: Stamps, github: GitHub): Promise<boolean> {
  if (theirs.commit === '' || own.commit === '' || theirs.commit === own.commit) return false
  const relation = await compareCommits(github, { base: own.commit, head: theirs.commit })
  if (relation === 'ahead') return true
  return relation !== 'behind' && theirs.run > own.run
}
