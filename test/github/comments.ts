// Comments on pull requests.

import { pageOf, type Route } from './github.ts'

export interface Comment {
  readonly id: number
  readonly pullRequest: number
  readonly user: { readonly login: string }
  body: string
}

const TOO_LONG = { status: 422, body: { message: 'Body is too long (maximum is 65536 characters)', status: '422' } }

export const commentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^issues\/(\d+)\/comments$/,
    scope: 'pull-requests',
    level: 'read',
    answer: ({ url, parts: [number] }, { comments }) => ({
      status: 200,
      body: pageOf(
        comments.filter(({ pullRequest }) => pullRequest === Number(number)),
        url,
      ),
    }),
  },
  {
    method: 'POST',
    path: /^issues\/(\d+)\/comments$/,
    scope: 'pull-requests',
    level: 'write',
    answer: ({ body: { body }, parts: [number], login }, { comments }) => {
      if (String(body).length > 65_536) return TOO_LONG
      const comment = { id: 1 + comments.length, pullRequest: Number(number), user: { login }, body: String(body) }
      comments.push(comment)
      return { status: 201, body: comment }
    },
  },
  {
    method: 'PATCH',
    path: /^issues\/comments\/(\d+)$/,
    scope: 'pull-requests',
    level: 'write',
    answer: ({ body: { body }, parts: [id] }, { comments }) => {
      const comment = comments.find(each => each.id === Number(id))
      if (comment === undefined) return { status: 404, body: { message: 'Not Found' } }
      if (String(body).length > 65_536) return TOO_LONG
      comment.body = String(body)
      return { status: 200, body: comment }
    },
  },
]
