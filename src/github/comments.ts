// Comments on a pull request, and their author.

import * as z from 'zod'
import { GitHubError } from '../errors.ts'
import type { GitHub } from './github.ts'

export interface Comment {
  readonly id: number
  readonly author: string
  readonly body: string
}

/** The author of comments that a job's own token writes. */
const ACTIONS_BOT = 'github-actions[bot]'

const viewerForm = z.object({ viewer: z.object({ login: z.string() }) })
const forbidden = z.object({ errors: z.array(z.object({ type: z.literal('FORBIDDEN') })).min(1) })

/** The author of comments that this token writes. */
export async function readLogin({ graphql, read }: GitHub): Promise<string> {
  const ofJob = { viewer: { login: ACTIONS_BOT } }
  const request = async () => {
    try {
      return { data: await graphql('{ viewer { login } }') }
    } catch (error) {
      if (forbidden.safeParse(error).success) return { data: ofJob }
      throw error
    }
  }
  try {
    return (await read({ action: "read the token's login", request, schema: viewerForm })).viewer.login
  } catch (error) {
    // After any other error, the comment would not be found, and a second one would be added.
    if (error instanceof GitHubError && (error.status === 403 || error.status === 404)) return ACTIONS_BOT
    throw error
  }
}

const listed = z.array(
  z
    .object({ id: z.int(), user: z.object({ login: z.string() }).nullish(), body: z.string().nullish() })
    .transform(({ id, user, body }): Comment => ({ id, author: user?.login ?? '', body: body ?? '' })),
)

export function listComments({ rest, repository, pages }: GitHub, pullRequest: number): Promise<readonly Comment[]> {
  const fetchPage = (page: object) => rest.issues.listComments({ ...repository, issue_number: pullRequest, ...page })
  return Array.fromAsync(pages({ action: 'read the comments', fetchPage, schema: listed }))
}

const written = z.object({ id: z.int() })

interface NewComment {
  readonly pullRequest: number
  readonly body: string
}

export async function addComment(
  { rest, repository, write }: GitHub,
  { pullRequest, body }: NewComment,
): Promise<void> {
  const request = () => rest.issues.createComment({ ...repository, issue_number: pullRequest, body })
  await write({ action: 'write a comment', request, schema: written })
}

export async function editComment(
  { rest, repository, write }: GitHub,
  { id, body }: Omit<Comment, 'author'>,
): Promise<void> {
  const request = () => rest.issues.updateComment({ ...repository, comment_id: id, body })
  await write({ action: 'edit a comment', request, schema: written })
}
