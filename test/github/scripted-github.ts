// A stand-in for GitHub that sends the responses of a test's script, one after the other.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A string is sent unchanged. */
  readonly body: unknown
}

/** `broken`: the connection is closed without a response; `cut`: in the middle of it; `silent`: there is no response. */
export type Reaction = Answer | 'broken' | 'cut' | 'silent'

export interface ScriptedGitHub {
  readonly apiUrl: string
  /** Methods and paths with queries, in order of arrival. */
  readonly requests: readonly string[]
  /** Replaces the script and forgets earlier requests. The last reaction is repeated. */
  readonly script: (...reactions: readonly Reaction[]) => void
  /** Called with each request, before the reaction. */
  onRequest: (reaction: Reaction) => void | Promise<void>
  readonly close: () => void
}

export async function startScriptedGitHub(): Promise<ScriptedGitHub> {
  let reactions: readonly Reaction[] = []
  const requests: string[] = []
  const react = async ({ method = '', url = '' }: IncomingMessage, response: ServerResponse) => {
    const reaction = reactions[Math.min(requests.length, reactions.length - 1)] ?? 'silent'
    requests.push(`${method} ${decodeURIComponent(url)}`)
    await github.onRequest(reaction)
    if (reaction === 'silent') return
    if (reaction === 'broken') return void response.destroy()
    if (reaction === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"name":', () => response.destroy())
      return
    }
    const { status = 200, type = 'application/json; charset=utf-8', headers, body } = reaction
    response.writeHead(status, { ...headers, 'content-type': type })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    request.resume()
    void react(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const github: ScriptedGitHub = {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...next) => {
      reactions = next
      requests.length = 0
      github.onRequest = () => undefined
    },
    onRequest: () => undefined,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return github
}
