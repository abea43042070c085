// What a route is: where it answers, what a token must be allowed for it, and what it is given to answer from.

import type { z } from 'zod'
import { type Answer, answerJson, Refusal } from './answer.ts'
import type { Comment } from './comment-routes.ts'
import type { Ruleset } from './rules.ts'
import type { Store } from './store.ts'
import type { Scope } from './token.ts'

/** One repository, and where it is. */
export interface Repository extends Store {
  /** Such as `acme/permissions`. */
  readonly name: string
  readonly visibility: 'private' | 'public'
  /** Of GitHub's API. */
  readonly apiUrl: string
  /** Of its own page. */
  readonly pageUrl: string
  /** Oldest first. */
  readonly comments: Comment[]
  readonly rulesets: Ruleset[]
  /** Entries in the answer for a tree, before it is truncated. */
  readonly treeLimit: number
  /** Never the same number twice, even after a deletion. */
  readonly nextId: () => number
  readonly now: () => number
}

export interface Call {
  readonly repository: Repository
  /** What the groups of the route's path matched. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** An object. */
  readonly body: unknown
  readonly accept: string
  /** Who asks. */
  readonly login: string
  /** Of the request, without its query, as GitHub itself writes it into links. */
  readonly url: string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Matched against the decoded path below the repository. */
  readonly path: RegExp
  /** Any of them is enough: `read` for GET, else `write`. */
  readonly needs: readonly Scope[]
  /** Of GitHub's documentation, below `rest/`. */
  readonly page: string
  /** Whether a repository without any commit refuses it. */
  readonly needsCommits?: boolean
  readonly answer: (call: Call) => Answer
}

/** @throws Refusal in the words in which GitHub tells of a body that is not of the form */
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

/** The page of a list that `page` and `per_page` ask for, and the links to the others. */
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

/** GitHub takes the default for a number that makes no sense. */
export function pageIn(query: URLSearchParams): { readonly page: number; readonly perPage: number } {
  const number = (name: string, otherwise: number) => {
    const value = Number(query.get(name))
    return Number.isInteger(value) && value > 0 ? value : otherwise
  }
  return { page: number('page', 1), perPage: Math.min(number('per_page', 30), 100) }
}

/** GitHub's clock shows no fractions of a second. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, '')
}
