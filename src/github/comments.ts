// Comments on a pull request, and their author.

import * as z from 'zod'
import type { Client } from './client.ts'

export interface Comment {
  readonly id: number
  readonly author: string
  readonly body: string
}

export interface Comments {
  /** The author of comments that this token writes. */
  readonly login: () => Promise<string>
  readonly list: (pullRequest: number) => Promise<readonly Comment[]>
  readonly add: (pullRequest: number, body: string) => Promise<void>
  readonly edit: (comment: number, body: string) => Promise<void>
}

/** The author of comments that a job's own token writes. */
const ACTIONS_BOT = 'github-actions[bot]'

const answers = {
  created: z.object({ id: z.int() }),
  comments: z.array(
    z.object({ id: z.int(), user: z.object({ login: z.string() }).nullish(), body: z.string().nullish() }),
  ),
}

export function openComments({ rest: { issues }, graphql, repository, write, pages }: Client): Comments {
  return {
    login: async () => {
      try {
        const { viewer } = await graphql<{ readonly viewer: { readonly login: string } }>('{ viewer { login } }')
        return viewer.login
      } catch {
        return ACTIONS_BOT
      }
    },
    list: async pullRequest => {
      const list = { ...repository, issue_number: pullRequest }
      const found = await Array.fromAsync(
        pages('read the comments', page => issues.listComments({ ...list, ...page }), answers.comments),
      )
      return found.map(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' }))
    },
    add: async (pullRequest, body) => {
      const work = () => issues.createComment({ ...repository, issue_number: pullRequest, body })
      await write('write a comment', work, answers.created)
    },
    edit: async (comment, body) => {
      const work = () => issues.updateComment({ ...repository, comment_id: comment, body })
      await write('edit a comment', work, answers.created)
    },
  }
}
