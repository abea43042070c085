// The embedded tenant: an HTTP server that behaves like Auth0's token endpoint and Management API. For tests, the demo and
// the benchmark; the action itself must not depend on it.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, answerError, Refusal } from './answer.ts'
import {
  type Bucket,
  type Buckets,
  type BucketsOptions,
  bucketHeaders,
  bucketOf,
  createBucket,
  createBuckets,
  take,
  type Warning,
  warn,
} from './bucket.ts'
import { type ArmedFault, armFault, echoOf, type Fault, takeFault } from './fault.ts'
import { ROUTES } from './management-api.ts'
import {
  type ApiOptions,
  addRole,
  addUser,
  assignRole,
  changeEmail,
  changeRoles,
  createStore,
  deleteRole,
  effectiveOf,
  type Grant,
  grant,
  grantsOf,
  type RoleOptions,
  removeUser,
  renameRole,
  revoke,
  rolesOf,
  type Store,
  snapshot,
  type UserOptions,
  unassignRole,
} from './store.ts'
import {
  answerTokenRequest,
  type ClientOptions,
  createTokenDesk,
  expireTokens,
  issueToken,
  scopesOf,
  type TokenDesk,
  type TokenOptions,
} from './token.ts'

export interface TenantOptions extends BucketsOptions {
  /** By default, or with 0, any free port. */
  readonly port?: number
  readonly apis?: readonly ApiOptions[]
  readonly roles?: readonly RoleOptions[]
  readonly users?: readonly UserOptions[]
  readonly clients?: readonly ClientOptions[]
  /** Milliseconds before every response. */
  readonly latency?: number
  /** Milliseconds since 1970, like Date.now. */
  readonly now?: () => number
  /** The only audience that the token endpoint accepts; by default, any `https://…/api/v2/`. */
  readonly audience?: string
  /** Called after each write that had or could have had an effect. */
  readonly onWrite?: () => void
}

export interface LoggedRequest {
  readonly method: string
  /** As sent: still encoded, with its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Milliseconds, by the tenant's clock. */
  readonly at: number
  /** The parsed JSON or form; undefined if there is none or it cannot be parsed. */
  readonly body: unknown
  /** Undefined until there is a response. */
  readonly status: number | undefined
}

export interface Tenant {
  /** `http://127.0.0.1:…` */
  readonly domain: string
  /** All requests, in order of arrival. */
  readonly requests: readonly LoggedRequest[]
  /** The tenant's log, with only the events of the rate limit. */
  readonly warnings: readonly Warning[]
  readonly grantsOf: (userId: string) => readonly Grant[]
  readonly snapshot: () => Readonly<Record<string, readonly Grant[]>>
  readonly grant: (userId: string, ...grants: readonly Grant[]) => void
  readonly revoke: (userId: string, ...grants: readonly Grant[]) => void
  readonly addUser: (user: UserOptions) => void
  readonly removeUser: (userId: string) => void
  /** Users keep its permissions, as names that no write accepts. @returns a function that adds it again */
  readonly removePermission: (api: string, permission: string) => () => void
  readonly removeApi: (identifier: string) => () => void
  /** Ids, sorted. */
  readonly rolesOf: (userId: string) => readonly string[]
  /** What the user may do: directly, or through roles. */
  readonly effectiveOf: (userId: string) => readonly Grant[]
  /** @param roles ids or names */
  readonly assignRoles: (userId: string, ...roles: readonly string[]) => void
  readonly unassignRoles: (userId: string, ...roles: readonly string[]) => void
  /** @returns its id */
  readonly addRole: (role: RoleOptions) => string
  readonly renameRole: (role: string, name: string) => void
  /** Users who have it lose it. */
  readonly deleteRole: (role: string) => void
  readonly setEmail: (userId: string, email: string, verified: boolean) => void
  readonly issueToken: (options?: TokenOptions) => string
  readonly expireTokens: () => void
  readonly fault: (fault: Fault) => void
  readonly close: () => Promise<void>
}

interface State {
  readonly store: Store
  readonly desk: TokenDesk
  readonly buckets: Buckets
  readonly tokenBucket: Bucket
  readonly faults: ArmedFault[]
  readonly requests: LoggedRequest[]
  readonly warnings: Warning[]
  readonly latency: number
  readonly now: () => number
  readonly onWrite: () => void
}

interface Arrival {
  readonly request: { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] }
  readonly host: string
  readonly id: string
  readonly text: string
}

const API = '/api/v2/'
// RFC 3986 path characters, and the bar in user ids, which clients may send unencoded.
const SEGMENT = /^(?:[\w.~!$&'()*+,;=:@|-]|%[\dA-Fa-f]{2})+$/
// Auth0's own format `user-id`: a connection's strategy, a bar, and what identifies the user there (public reports).
const USER_ID = /^[^|]+\|./s

export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const now = options.now ?? Date.now
  const store = createStore(options.apis ?? [], options.roles ?? [], options.users ?? [])
  const state: State = {
    store,
    desk: createTokenDesk(options.clients ?? [], options.audience, now),
    buckets: createBuckets(options, now()),
    // The token endpoint has its own bucket. It never refuses; its headers must not be mistaken for the other's.
    tokenBucket: createBucket({ limit: 30, perMinute: 30 }, now()),
    faults: [],
    requests: [],
    warnings: [],
    latency: options.latency ?? 0,
    now,
    onWrite: options.onWrite ?? (() => undefined),
  }
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
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    domain: `http://${host}`,
    requests: state.requests,
    warnings: state.warnings,
    grantsOf: userId => grantsOf(store, userId),
    snapshot: () => snapshot(store),
    grant: (userId, ...grants) => grant(store, userId, grants),
    revoke: (userId, ...grants) => revoke(store, userId, grants),
    addUser: user => addUser(store, user),
    removeUser: userId => removeUser(store, userId),
    removePermission: (api, permission) => removeFrom(store.apis.get(api)?.permissions, permission),
    removeApi: identifier => removeFrom(store.apis, identifier),
    rolesOf: userId => rolesOf(store, userId),
    effectiveOf: userId => effectiveOf(store, userId),
    assignRoles: (userId, ...roles) => changeRoles(store, userId, roles, assignRole),
    unassignRoles: (userId, ...roles) => changeRoles(store, userId, roles, unassignRole),
    addRole: role => addRole(store, role),
    renameRole: (role, name) => renameRole(store, role, name),
    deleteRole: role => deleteRole(store, role),
    setEmail: (userId, email, verified) => changeEmail(store, userId, { email, emailVerified: verified }),
    issueToken: (token = {}) => issueToken(state.desk, host, token),
    expireTokens: () => expireTokens(state.desk),
    fault: fault => void state.faults.push(armFault(fault)),
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

function removeFrom<T>(items: Map<string, T> | undefined, key: string): () => void {
  const item = items?.get(key)
  if (!items || item === undefined) throw new Error(`the tenant has no ${key}`)
  items.delete(key)
  return () => void items.set(key, item)
}

async function serve(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = incoming
  const request: Arrival['request'] = {
    method,
    path: url,
    headers,
    at: state.now(),
    body: undefined,
    status: undefined,
  }
  const id = state.requests.push(request).toString(16).padStart(16, '0')
  const arrival: Arrival = { request, host: headers.host ?? '', id, text: await text(incoming) }
  request.body = parseBody(arrival.text, headers['content-type'])
  const fault = takeFault(state.faults, request)
  const delay = state.latency + (fault?.kind === 'delay' ? fault.ms : 0)
  if (delay > 0) await sleep(delay, undefined, { ref: false })
  const send = (answer: Answer): void => {
    request.status = answer.status
    sendAnswer(outgoing, answer)
  }
  switch (fault?.kind) {
    case 'hang':
      return
    case 'reset':
      if (fault.after === 'effect') answerRequest(state, arrival)
      incoming.socket.resetAndDestroy()
      return
    case 'status':
      return send(faultAnswer(fault.status, fault.body, fault.headers))
    case 'echo':
      return send(faultAnswer(fault.status, echoOf(request, arrival.text)))
    case 'garbage':
      return send(faultAnswer(200, fault.body))
    case 'truncate': {
      const answer = answerRequest(state, arrival)
      request.status = answer.status
      truncateAnswer(outgoing, answer)
      return
    }
    default:
      return send(answerRequest(state, arrival))
  }
}

function answerRequest(state: State, arrival: Arrival): Answer {
  const { path, method } = arrival.request
  const [rawPath = ''] = path.split('?', 1)
  if (rawPath === '/oauth/token' && method === 'POST') {
    take(state.tokenBucket, state.now())
    const answer = catchRefusal(() => answerTokenRequest(state.desk, arrival.host, arrival.request.body))
    return withHeaders(answer, { 'x-auth0-requestid': arrival.id, ...bucketHeaders(state.tokenBucket) })
  }
  if (!rawPath.startsWith(API)) return answerError(404, 'Not Found')
  const bucket = bucketOf(state.buckets, method, rawPath)
  const taken = take(bucket, state.now())
  warn(state.warnings, bucket, taken, { method, path: rawPath })
  const answer = taken
    ? catchRefusal(() => answerApi(state, arrival, rawPath))
    : answerError(429, 'Global limit has been reached', 'too_many_requests')
  return withHeaders(answer, {
    ...bucketHeaders(bucket),
    'ot-baggage-auth0-request-id': arrival.id,
    'cf-ray': `${arrival.id}-FRA`,
  })
}

function answerApi({ store, desk, onWrite }: State, { request, host, text }: Arrival, rawPath: string): Answer {
  const segments = rawPath.slice(API.length).split('/')
  const route = ROUTES.find(({ method, path }) => method === request.method && matches(path, segments))
  if (!route) return answerError(404, 'Not Found')
  const scopes = scopesOf(desk, request.headers.authorization)
  const has = (scope: string) => scopes.includes(scope)
  if (route.needsAll ? !route.scopes.every(has) : !route.scopes.some(has)) {
    const which = route.needsAll ? 'all' : 'any'
    return answerError(403, `Insufficient scope, expected ${which} of: ${route.scopes.join(',')}`, 'insufficient_scope')
  }
  const id = decodeSegment(segments[route.path.indexOf('{id}')] ?? '')
  if (route.path[0] === 'users' && route.path.includes('{id}') && !USER_ID.test(id)) {
    return answerError(400, `Object didn't pass validation for format user-id: ${id}`, 'invalid_uri')
  }
  if (text !== '' && request.method !== 'GET') {
    if (!request.headers['content-type']?.startsWith('application/json')) {
      return answerError(415, 'Unsupported Media Type')
    }
    if (request.body === undefined) return answerError(400, 'Invalid request payload JSON format')
  }
  const answer = route.answer({
    store,
    managementApi: desk.audience ?? `https://${host}${API}`,
    id,
    query: new URLSearchParams(request.path.slice(rawPath.length + 1)),
    body: request.body,
  })
  if (request.method !== 'GET') onWrite()
  return answer
}

/** Dot segments match nothing, because a URL parser would have removed them. */
function matches(path: readonly string[], segments: readonly string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((part, index) => (part === '{id}' ? !/^\.{0,2}$/.test(segments[index] ?? '') : part === segments[index]))
  )
}

function decodeSegment(segment: string): string {
  const refusal = new Refusal(answerError(400, 'Bad Request'))
  if (segment !== '' && !SEGMENT.test(segment)) throw refusal
  try {
    return decodeURIComponent(segment)
  } catch {
    throw refusal
  }
}

function parseBody(body: string, type = ''): unknown {
  if (body === '') return undefined
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body))
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function catchRefusal(answer: () => Answer): Answer {
  try {
    return answer()
  } catch (error) {
    if (error instanceof Refusal) return error.answer
    throw error
  }
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

function faultAnswer(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Answer {
  const type = typeof body === 'string' && body.startsWith('<') ? 'text/html' : 'application/json'
  return {
    status,
    headers: { 'content-type': `${type}; charset=utf-8`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

function sendAnswer(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
}

function truncateAnswer(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  // A response without a body cannot be truncated, so the connection just ends.
  if (body === '') return void outgoing.destroy()
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  outgoing.write(body.slice(0, body.length / 2), () => outgoing.destroy())
}
