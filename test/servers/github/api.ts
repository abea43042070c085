// GitHub's API as a function from a request and a repository to a response. Nothing here uses a socket.

import type { LoggedRequest } from '../tenant/tenant.ts'
import { type Answer, answerJson, answerRefusal, emptyRepository, notFound, Refusal } from './answer.ts'
import { blobRoutes } from './blob-routes.ts'
import { commentRoutes } from './comment-routes.ts'
import { commitRoutes } from './commit-routes.ts'
import { contentRoutes } from './content-routes.ts'
import { gitCommitRoutes } from './git-commit-routes.ts'
import { checkPermission, permissionHeaders } from './permissions.ts'
import { answerRateLimit, answerSecondaryLimit, type RateLimit, rateLimitHeaders, takeRequest } from './rate-limit.ts'
import { refRoutes } from './ref-routes.ts'
import { repositoryRoutes } from './repository-routes.ts'
import type { Repository, Route } from './route.ts'
import { isBot, refusalFor, type Token, tokenIn, userOf } from './token.ts'
import { treeRoutes } from './tree-routes.ts'

export interface Api {
  readonly repository: Repository
  /** The prefix of all paths. */
  readonly prefix: string
  readonly tokens: Map<string, Token>
  readonly rateLimit: RateLimit
  /** The limit on requests that create content. */
  readonly contentLimit: RateLimit
}

interface Request extends Pick<LoggedRequest, 'method' | 'path' | 'headers' | 'body'> {
  readonly hasBody: boolean
  /** The request's number among all requests to this GitHub. */
  readonly ordinal: number
}

const ROUTES = [
  ...repositoryRoutes,
  ...refRoutes,
  ...gitCommitRoutes,
  ...treeRoutes,
  ...blobRoutes,
  ...contentRoutes,
  ...commitRoutes,
  ...commentRoutes,
]

/** Any request, even one that GitHub would not expect. */
export function answerRequest(api: Api, request: Request): Answer {
  const { rateLimit, repository } = api
  if (request.headers['user-agent'] === undefined) return NO_USER_AGENT
  const left = takeRequest(rateLimit, repository.now())
  const answer = left ? answerToken(api, request) : answerRateLimit()
  const common = {
    'x-github-request-id': `C0DE:${request.ordinal.toString(16).toUpperCase().padStart(8, '0')}`,
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    ...rateLimitHeaders(rateLimit),
  }
  return { ...answer, headers: { ...common, ...answer.headers } }
}

function answerToken({ repository, prefix, tokens, contentLimit }: Api, request: Request): Answer {
  const [rawPath = ''] = request.path.split('?', 1)
  let route: Route | undefined
  try {
    const token = tokens.get(tokenIn(request.headers.authorization))
    if (token === undefined) throw new Refusal(401, 'Bad credentials')
    if (request.hasBody && request.body === undefined) throw new Refusal(400, 'Problems parsing JSON')
    if (rawPath === graphqlPath(prefix) && request.method === 'POST') return answerGraphql(request.body ?? {}, token)
    const path = decodePath(rawPath)
    if (path === `${prefix}/user` && request.method === 'GET') return answerUser(token)
    const below = pathBelow(repository, prefix, path)
    if (below === undefined) throw notFound()
    route = ROUTES.find(each => each.method === request.method && each.path.test(below))
    if (route === undefined) throw notFound()
    checkPermission(route, token, repository.visibility)
    const now = repository.now()
    if (route.method !== 'GET' && !takeRequest(contentLimit, now)) return answerSecondaryLimit(contentLimit, now)
    if (route.needsCommits && repository.refs.size === 0) throw emptyRepository()
    const answer = route.answer({
      repository,
      parts: route.path.exec(below)?.slice(1) ?? [],
      query: new URLSearchParams(request.path.slice(rawPath.length + 1)),
      body: request.body ?? {},
      accept: request.headers.accept ?? '',
      login: token.login,
      url: `${repository.apiUrl}/repositories/1/${below}`,
    })
    return withHeaders(answer, permissionHeaders(route))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return withHeaders(answerRefusal(error, route?.page), route ? permissionHeaders(route) : {})
  }
}

/** The only query that is sent to it. */
function answerGraphql(body: unknown, { login }: Token): Answer {
  const { query } = body as { readonly query?: unknown }
  return /^(?:query)?\s*\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*$/.test(String(query))
    ? answerJson(200, { data: { viewer: { login } } })
    : answerJson(200, { errors: [{ message: `Only "{ viewer { login } }" is known here, not: ${query}` }] })
}

function answerUser(token: Token): Answer {
  if (isBot(token.login))
    return answerRefusal(new Refusal(403, refusalFor(token)), 'users/users#get-the-authenticated-user')
  return answerJson(200, userOf(token.login))
}

/** GitHub's links identify a repository by its number, and so may requests. */
function pathBelow({ name }: Repository, prefix: string, path: string): string | undefined {
  const base = [`${prefix}/repos/${name}`, `${prefix}/repositories/1`].find(each => `${path}/`.startsWith(`${each}/`))
  return base && path.slice(base.length + 1)
}

/** GitHub Enterprise Server has it at `/api/graphql`, next to `/api/v3`. */
export function graphqlPath(prefix: string): string {
  return `${prefix.replace(/\/v3$/, '')}/graphql`
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new Refusal(400, 'Bad Request')
  }
}

const NO_USER_AGENT: Answer = {
  status: 403,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n',
}

function withHeaders(answer: Answer, headers: Answer['headers']): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
