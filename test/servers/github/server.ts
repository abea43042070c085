// The embedded GitHub: an HTTP server that behaves like the few endpoints of GitHub's REST API in use, for one
// repository. It enforces a token's permissions. For tests; the action itself must not depend on it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ArmedFault, armFault, echoOf, type Fault, takeFault } from '../tenant/fault.ts'
import type { LoggedRequest } from '../tenant/tenant.ts'
import { type Answer, answerJson } from './answer.ts'
import { type Api, answerRequest, graphqlPath } from './api.ts'
import { controlOf, type RepositoryControl } from './control.ts'
import { createRateLimit, HOUR, MINUTE } from './rate-limit.ts'
import type { Repository } from './route.ts'
import { createStore } from './store.ts'
import { ACTIONS_BOT, type Permissions, tokenText } from './token.ts'

export interface GitHubOptions {
  /** Such as `/api/v3`, where GitHub Enterprise Server has its API. */
  readonly prefix?: string
  readonly repository?: string
  readonly visibility?: 'private' | 'public'
  /** Requests per hour. */
  readonly rateLimit?: number
  /** Content-creating requests per minute. */
  readonly contentLimit?: number
  /** The maximum number of entries in a response with a tree. */
  readonly treeLimit?: number
  /** Milliseconds since 1970, like Date.now. */
  readonly now?: () => number
}

/** Any fault may occur after the effect: then the request is executed, and its response is lost. */
type GitHubFault = Fault & { readonly after?: 'nothing' | 'effect' }

type RequestListener = (request: AnnouncedRequest) => void | Promise<void>

interface AnnouncedRequest {
  readonly method: string
  /** As sent: still encoded, with its query. */
  readonly path: string
  /** The request's number, starting with 1. */
  readonly number: number
}

export interface GitHub extends RepositoryControl {
  /** The values of `GITHUB_API_URL`, `GITHUB_GRAPHQL_URL`, `GITHUB_SERVER_URL` and `GITHUB_REPOSITORY`. */
  readonly apiUrl: string
  readonly graphqlUrl: string
  readonly serverUrl: string
  readonly repository: string
  /** All requests, in order of arrival. */
  readonly requests: readonly LoggedRequest[]
  /** A login that ends in `[bot]` gets an installation token, as jobs have; any other login gets a personal one. */
  readonly issueToken: (permissions?: Permissions, login?: string) => string
  readonly fault: (fault: GitHubFault) => void
  /**
   * Awaits the listener before it handles a request, so that another actor can act between two of them.
   *
   * @returns a function that removes the listener
   */
  readonly onRequest: (listener: RequestListener) => () => void
  readonly close: () => Promise<void>
}

interface State {
  readonly api: Api
  readonly listeners: Set<RequestListener>
  readonly faults: ArmedFault[]
  readonly requests: LoggedRequest[]
}

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const { prefix = '', repository: name = 'acme/permissions', visibility = 'private', now = Date.now } = options
  const server = createServer((incoming, outgoing) => {
    serve(state, incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy()
      // A client may disconnect while it sends; anything else is a defect of the test, and must not look like the network's.
      if (incoming.complete) throw error
    })
  })
  // Longer than any test, because closing an idle connection would look like a fault.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const serverUrl = prefix === '' ? 'https://github.com' : origin
  let lastId = 1_000
  const repository: Repository = {
    name,
    visibility,
    apiUrl: `${origin}${prefix}`,
    pageUrl: `${serverUrl}/${name}`,
    ...createStore(),
    comments: [],
    rulesets: [],
    treeLimit: options.treeLimit ?? 100_000,
    nextId: () => ++lastId,
    now,
  }
  const api: Api = {
    repository,
    prefix,
    tokens: new Map(),
    // The limit for a job's token and its repository.
    rateLimit: createRateLimit(options.rateLimit ?? 1_000, HOUR, now()),
    contentLimit: createRateLimit(options.contentLimit ?? 80, MINUTE, now()),
  }
  const state: State = { api, listeners: new Set(), faults: [], requests: [] }
  return {
    apiUrl: repository.apiUrl,
    graphqlUrl: `${origin}${graphqlPath(prefix)}`,
    serverUrl,
    repository: name,
    requests: state.requests,
    ...controlOf(repository),
    issueToken: (permissions = 'write-all', login = ACTIONS_BOT) => {
      const token = tokenText(login, api.tokens.size)
      api.tokens.set(token, { permissions, login })
      return token
    },
    fault: fault => void state.faults.push(armFault(fault)),
    onRequest: listener => {
      state.listeners.add(listener)
      return () => void state.listeners.delete(listener)
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

async function serve(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = incoming
  const request: { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] } = {
    method,
    path: url,
    headers,
    at: state.api.repository.now(),
    body: undefined,
    status: undefined,
  }
  const ordinal = state.requests.push(request)
  const sent = await text(incoming)
  request.body = parseJson(sent)
  for (const listener of state.listeners) await listener({ method, path: url, number: ordinal })
  const fault = takeFault(state.faults, request)
  if (fault?.kind === 'delay') await sleep(fault.ms, undefined, { ref: false })
  const isLost = fault !== undefined && fault.kind !== 'delay' && fault.kind !== 'truncate'
  const hasEffect = !isLost || ('after' in fault && fault.after === 'effect')
  const answer = hasEffect ? answerRequest(state.api, { ...request, hasBody: sent !== '', ordinal }) : undefined
  const send = (answer: Answer): void => {
    request.status = answer.status
    outgoing.writeHead(answer.status, lengthOf(answer))
    outgoing.end(answer.body)
  }
  switch (fault?.kind) {
    case 'hang':
      return
    case 'reset':
      incoming.socket.resetAndDestroy()
      return
    case 'status':
      return send(answerJson(fault.status, fault.body ?? {}, fault.headers))
    case 'echo':
      return send(answerJson(fault.status, echoOf(request, sent)))
    case 'garbage':
      return send({ ...answerJson(200, ''), body: fault.body })
    case 'truncate':
      request.status = answer?.status
      return answer && cut(outgoing, answer)
    default:
      return answer && send(answer)
  }
}

/** Undefined if it is not a JSON object. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function lengthOf({ status, headers, body }: Answer): Answer['headers'] {
  return status === 204 ? headers : { ...headers, 'content-length': `${Buffer.byteLength(body)}` }
}

function cut(outgoing: ServerResponse, answer: Answer): void {
  // A response without a body cannot be truncated, so the connection just ends.
  if (answer.body.length === 0) return void outgoing.destroy()
  outgoing.writeHead(answer.status, lengthOf(answer))
  outgoing.write(answer.body.slice(0, answer.body.length / 2), () => outgoing.destroy())
}
