// Comments on a pull request, and their author.

import * as z from 'zod'
import type { GitHub } from './github.ts'

export interface Comment {
  readonly id: number
  readonly author: string
  readonly body: string
}

/** The author of comments that a job's own token writes. */
const ACTIONS_BOT = 'github-actions[bot]'

/** The author of comments that this token writes. */
export async function readLogin({ graphql }: GitHub): Promise<string> {
  try {
    const { viewer } = await graphql<{ readonly viewer: { readonly login: string } }>('{ viewer { login } }')
    return viewer.login
  } catch {
    return ACTIONS_BOT
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
