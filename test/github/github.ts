// The embedded GitHub: a real HTTP server that behaves as GitHub does at the few endpoints in use, for one repository.
// It refuses what the token's permissions would refuse.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Comment, commentRoutes } from './comments.ts'
import { type Deployment, deploymentRoutes } from './deployments.ts'
import { type Commit, repositoryRoutes } from './repository.ts'

type Scope = 'contents' | 'deployments' | 'pull-requests'
type Level = 'none' | 'read' | 'write'
export type Permissions = Readonly<Partial<Record<Scope, Level>>>

/** What a request is answered from. */
interface State {
  readonly commits: Map<string, Commit>
  readonly deployments: Deployment[]
  readonly comments: Comment[]
}

interface Call {
  readonly url: URL
  /** What the route's groups matched. */
  readonly parts: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
  readonly accept: string
  /** Whose token it is. */
  readonly login: string
}

export interface Reply {
  readonly status: number
  /** A text is sent as it is. */
  readonly body: unknown
}

export interface Route {
  readonly method: string
  /** Matched against the path below the repository. */
  readonly path: RegExp
  readonly scope: Scope
  readonly level: 'read' | 'write'
  readonly answer: (call: Call, state: State) => Reply
}

export interface GitHubOptions {
  /** Such as `/api/v3`, where GitHub Enterprise Server has its API. */
  readonly prefix?: string
}

export interface GitHub extends State {
  /** What `GITHUB_API_URL` says. */
  readonly apiUrl: string
  /** Method and path of every request. */
  readonly requests: readonly string[]
  /** Headers and bodies of every request, as they came. */
  readonly received: readonly string[]
  readonly commit: (files: Readonly<Record<string, string>>, parent?: string) => string
  readonly issueToken: (permissions: Permissions, login?: string) => string
  /** Answers the next requests with this status alone. */
  readonly fail: (status: number, times: number) => void
  /** Answers nothing any more. */
  readonly hang: () => void
  readonly close: () => Promise<void>
}

export const REPOSITORY = 'acme/permissions'
const ROUTES = [...deploymentRoutes, ...repositoryRoutes, ...commentRoutes]
const LEVELS: readonly Level[] = ['none', 'read', 'write']

export async function startGitHub({ prefix = '' }: GitHubOptions = {}): Promise<GitHub> {
  const state: State = { commits: new Map(), deployments: [], comments: [] }
  const tokens = new Map<string, { readonly permissions: Permissions; readonly login: string }>()
  const requests: string[] = []
  const received: string[] = []
  let failing = { status: 500, left: 0 }
  let hanging = false

  const reply = (method: string, url: URL, headers: IncomingMessage['headers'], body: string): Reply => {
    const token = tokens.get((headers.authorization ?? '').replace(/^(token|bearer) /i, ''))
    if (token === undefined) return { status: 401, body: { message: 'Bad credentials', status: '401' } }
    if (failing.left > 0) {
      failing = { ...failing, left: failing.left - 1 }
      return { status: failing.status, body: { message: 'Server Error' } }
    }
    if (url.pathname.endsWith('/graphql')) return { status: 200, body: { data: { viewer: { login: token.login } } } }
    const path = decodeURIComponent(url.pathname)
    const base = `${prefix}/repos/${REPOSITORY}/`
    for (const route of path.startsWith(base) ? ROUTES : []) {
      const match = route.path.exec(path.slice(base.length))
      if (match === null || route.method !== method) continue
      const level = token.permissions[route.scope] ?? 'write'
      // A private repository is not there at all for who may not read it.
      if (level === 'none' && route.scope === 'contents') return NOT_FOUND
      if (LEVELS.indexOf(level) < LEVELS.indexOf(route.level)) return DENIED
      const call = {
        url,
        parts: match.slice(1),
        body: body === '' ? {} : JSON.parse(body),
        accept: headers.accept ?? '',
        login: token.login,
      }
      return route.answer(call, state)
    }
    return NOT_FOUND
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    requests.push(`${method} ${url}`)
    if (hanging) return
    const sent = await text(request)
    received.push(`${JSON.stringify(headers)} ${sent}`)
    const { status, body } = reply(method, new URL(url, 'http://github'), headers, sent)
    const raw = typeof body === 'string'
    response.writeHead(status, {
      'content-type': raw ? 'application/vnd.github.raw' : 'application/json; charset=utf-8',
    })
    response.end(raw ? body : JSON.stringify(body))
  }

  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...state,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    requests,
    received,
    commit: (files, parent) => {
      const sha = createHash('sha1')
        .update(JSON.stringify([files, parent, state.commits.size]))
        .digest('hex')
      state.commits.set(sha, { parents: parent === undefined ? [] : [parent], files })
      return sha
    },
    issueToken: (permissions, login = 'github-actions[bot]') => {
      const token = `ghs_${createHash('sha256').update(`${tokens.size}`).digest('hex').slice(0, 36)}`
      tokens.set(token, { permissions, login })
      return token
    },
    fail: (status, times) => {
      failing = { status, left: times }
    },
    hang: () => {
      hanging = true
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export const NOT_FOUND: Reply = { status: 404, body: { message: 'Not Found', status: '404' } }
const DENIED: Reply = { status: 403, body: { message: 'Resource not accessible by integration', status: '403' } }

/** One page of a list, as `page` and `per_page` ask for. */
export function pageOf<T>(list: readonly T[], { searchParams }: URL): readonly T[] {
  const size = Math.min(Number(searchParams.get('per_page') ?? 30), 100)
  const page = Number(searchParams.get('page') ?? 1)
  return list.slice((page - 1) * size, page * size)
}
