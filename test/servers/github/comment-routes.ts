// Comments on pull requests. Every number is one of a pull request.

import { z } from 'zod'
import { answerJson, answerNothing, invalid, notFound } from './answer.ts'
import { answerPage, type Call, type Repository, type Route, readBody, timeText } from './route.ts'
import { type User, userOf } from './token.ts'

export interface Comment {
  readonly id: number
  readonly pullRequest: number
  readonly user: User
  body: string
  readonly created_at: string
  updated_at: string
}

export interface NewComment {
  readonly pullRequest: number
  readonly body: string
  readonly login: string
}

const newBody = z.object({ body: z.string() })

/** The maximum length of a comment, in characters. */
const BODY_MAX = 65_536
/** A pull request is also an issue. */
const NEEDS: Route['needs'] = ['issues', 'pull-requests']

export const commentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^issues\/(\d+)\/comments$/,
    needs: NEEDS,
    page: 'issues/comments#list-issue-comments',
    answer: call => {
      const { repository, parts } = call
      const found = repository.comments.filter(({ pullRequest }) => pullRequest === Number(parts[0]))
      return answerPage(
        found.map(comment => commentBody(repository, comment)),
        call,
      )
    },
  },
  {
    method: 'POST',
    path: /^issues\/(\d+)\/comments$/,
    needs: NEEDS,
    page: 'issues/comments#create-an-issue-comment',
    answer: ({ repository, parts, body, login }) => {
      const comment = addComment(repository, {
        pullRequest: Number(parts[0]),
        body: checkBody(readBody(newBody, body).body),
        login,
      })
      return answerJson(201, commentBody(repository, comment))
    },
  },
  {
    method: 'PATCH',
    path: /^issues\/comments\/(\d+)$/,
    needs: NEEDS,
    page: 'issues/comments#update-an-issue-comment',
    answer: call => {
      const comment = commentIn(call)
      comment.body = checkBody(readBody(newBody, call.body).body)
      comment.updated_at = timeText(call.repository.now())
      return answerJson(200, commentBody(call.repository, comment))
    },
  },
  {
    method: 'DELETE',
    path: /^issues\/comments\/(\d+)$/,
    needs: NEEDS,
    page: 'issues/comments#delete-an-issue-comment',
    answer: call => {
      const { comments } = call.repository
      comments.splice(comments.indexOf(commentIn(call)), 1)
      return answerNothing()
    },
  },
]

export function addComment({ comments, nextId, now }: Repository, { pullRequest, body, login }: NewComment): Comment {
  const at = timeText(now())
  const comment = { id: nextId(), pullRequest, user: userOf(login), body, created_at: at, updated_at: at }
  comments.push(comment)
  return comment
}

function checkBody(body: string): string {
  const problem =
    body.trim() === ''
      ? 'Body cannot be blank'
      : [...body].length > BODY_MAX && `Body is too long (maximum is ${BODY_MAX} characters)`
  if (!problem) return body
  throw invalid({ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: problem })
}

function commentIn({ repository, parts: [id] }: Call): Comment {
  const found = repository.comments.find(each => each.id === Number(id))
  if (found === undefined) throw notFound()
  return found
}

function commentBody({ apiUrl, name, pageUrl }: Repository, { pullRequest, ...comment }: Comment): object {
  return {
    url: `${apiUrl}/repos/${name}/issues/comments/${comment.id}`,
    html_url: `${pageUrl}/pull/${pullRequest}#issuecomment-${comment.id}`,
    issue_url: `${apiUrl}/repos/${name}/issues/${pullRequest}`,
    ...comment,
    author_association: 'NONE',
  }
}
