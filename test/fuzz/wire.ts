// Raw responses, bytes and headers, for everything that reads them.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Dispatcher } from 'undici'
import type { GitHub } from '../../src/github/github.ts'
import { createHttp } from '../../src/tenant/http.ts'
import { openTenant, type Tenant } from '../../src/tenant/tenant.ts'
import { openSession } from '../../src/tenant/token.ts'
import { leapingClock } from '../clock.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array
  /** The code of an error that occurs instead of a response. */
  readonly fault?: string | undefined
}

interface Connection {
  readonly tenant: Tenant
  readonly scopes: () => Promise<unknown>
  /** How many requests were sent so far. */
  readonly requests: () => number
  /** The milliseconds waited so far. */
  readonly waited: () => number
}

/** A tenant that repeats these responses, for an action whose clock only advances while it waits. */
export function connectTenant(replies: readonly Reply[]): Connection {
  let requests = 0
  const clock = leapingClock()
  const started = clock.now()
  const http = createHttp({
    dispatcher: new Replier(() => replies[requests++ % replies.length]),
    origin: 'https://acme.eu.auth0.com',
    mode: 'apply',
    limits: { headroom: 0.25, ceiling: undefined },
    signal: new AbortController().signal,
    clock,
  })
  const session = openSession({
    http,
    domain: { host: 'acme.eu.auth0.com', origin: 'https://acme.eu.auth0.com' },
    audience: 'https://acme.eu.auth0.com/api/v2/',
    credential: { kind: 'client-secret', clientId: 'client', clientSecret: 'a-secret' },
    mask: () => undefined,
    clock,
  })
  return {
    tenant: openTenant(session),
    scopes: session.scopes,
    requests: () => requests,
    waited: () => clock.now() - started,
  }
}

/** A connection on which each request gets the next reply. */
class Replier extends Dispatcher {
  readonly #next: () => Reply | undefined

  constructor(next: () => Reply | undefined) {
    super()
    this.#next = next
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Required<Dispatcher.DispatchHandler>): boolean {
    const controller = { abort: () => undefined, resume: () => undefined } as unknown as Dispatcher.DispatchController
    const reply = this.#next()
    handler.onRequestStart(controller, {})
    if (reply === undefined || reply.fault !== undefined) {
      handler.onResponseError(controller, Object.assign(new Error('a fault'), { code: reply?.fault }))
      return true
    }
    handler.onResponseStart(controller, reply.status, reply.headers as IncomingHttpHeaders)
    for (const chunk of chunksOf(reply.body)) handler.onResponseData(controller, chunk)
    handler.onResponseEnd(controller, {})
    return true
  }

  override async destroy(): Promise<void> {}
}

function chunksOf(body: Uint8Array): readonly Buffer[] {
  const middle = body.length >> 1
  return [body.subarray(0, middle), body.subarray(middle)].map(part => Buffer.from(part))
}

let replies: readonly Reply[] = []
let served = 0

const server = createServer((request, response) => {
  request.resume()
  const reply = replies[served++ % replies.length]
  if (reply === undefined || reply.fault !== undefined) return void response.destroy()
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
  response.end(reply.body)
})

const githubClock = leapingClock()
let connectedAt = 0
let github: Promise<GitHub> | undefined

async function openEmbedded(): Promise<GitHub> {
  server.unref()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // Read when GitHub's client is imported.
  process.env.GITHUB_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { openGitHub } = await import('../../src/github/github.ts')
  const repository = { owner: 'acme', repo: 'permissions' }
  return openGitHub({ token: 'a-token', repository, signal: new AbortController().signal, clock: githubClock })
}

/** GitHub's client with a server that repeats these responses. */
export async function connectGitHub(answers: readonly Reply[]): Promise<GitHub> {
  github ??= openEmbedded()
  replies = answers
  served = 0
  connectedAt = githubClock.now()
  return github
}

/** The number of requests to GitHub since it was connected, and the milliseconds waited. */
export function costOfGitHub(): { readonly requests: number; readonly waited: number } {
  return { requests: served, waited: githubClock.now() - connectedAt }
}
