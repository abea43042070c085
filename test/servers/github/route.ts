// The definition of a route: its path, the required permission, and the data for its response.

import type { z } from 'zod'
import { type Answer, answerJson, Refusal } from './answer.ts'
import type { Comment } from './comment-routes.ts'
import type { Ruleset } from './rules.ts'
import type { Store } from './store.ts'
import type { Scope } from './token.ts'

/** One repository, and its addresses. */
export interface Repository extends Store {
  /** Such as `acme/permissions`. */
  readonly name: string
  readonly visibility: 'private' | 'public'
  /** The address of the API. */
  readonly apiUrl: string
  /** The address of the repository's page. */
  readonly pageUrl: string
  /** Oldest first. */
  readonly comments: Comment[]
  readonly rulesets: Ruleset[]
  /** The maximum number of entries in a response with a tree. */
  readonly treeLimit: number
  /** Returns a new number every time, even after a deletion. */
  readonly nextId: () => number
  readonly now: () => number
}

export interface Call {
  readonly repository: Repository
  /** The matches of the groups in the route's path. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** The JSON object in the request's body. */
  readonly body: unknown
  readonly accept: string
  /** The account that sends the request. */
  readonly login: string
  /** The request's address without its query, as in GitHub's links. */
  readonly url: string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Matched against the decoded path below the repository. */
  readonly path: RegExp
  /** Any of these is sufficient: `read` for GET, else `write`. */
  readonly needs: readonly Scope[]
  /** The page in GitHub's documentation, below `rest/`. */
  readonly page: string
  /** Whether the route is refused in a repository without commits. */
  readonly needsCommits?: boolean
  readonly answer: (call: Call) => Answer
}

/** @throws Refusal with GitHub's message for an invalid body */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  if (error === undefined) return data as T
  const [issue] = error.issues
  const key = String(issue?.path[0] ?? '')
  const given = (body as Readonly<Record<string, unknown>>)[key]
  const complaint =
    given === undefined
      ? `"${key}" wasn't supplied.`
      : `For 'properties/${key}', ${JSON.stringify(given)} is not valid.`
  throw new Refusal(422, `Invalid request.\n\n${complaint}`)
}

/** The page of a list according to `page` and `per_page`, and the links to other pages. */
export function answerPage(items: readonly unknown[], { query, url }: Call): Answer {
  const { page, perPage } = pageIn(query)
  const last = Math.max(1, Math.ceil(items.length / perPage))
  const links: readonly (readonly [string, number, boolean])[] = [
    ['prev', page - 1, page > 1],
    ['next', page + 1, page < last],
    ['last', last, page < last],
    ['first', 1, page > 1],
  ]
  const link = links.flatMap(([rel, number, isThere]) => {
    const parameters = new URLSearchParams(query)
    parameters.set('page', `${number}`)
    return isThere ? [`<${url}?${parameters}>; rel="${rel}"`] : []
  })
  const shown = items.slice((page - 1) * perPage, page * perPage)
  return answerJson(200, shown, link.length > 0 ? { link: link.join(', ') } : {})
}

/** GitHub uses the default for an invalid number. */
export function pageIn(query: URLSearchParams): { readonly page: number; readonly perPage: number } {
  const number = (name: string, otherwise: number) => {
    const value = Number(query.get(name))
    return Number.isInteger(value) && value > 0 ? value : otherwise
  }
  return { page: number('page', 1), perPage: Math.min(number('per_page', 30), 100) }
}

/** GitHub's timestamps have no fractions of a second. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, '')
}
