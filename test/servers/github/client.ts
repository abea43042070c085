// A client of the embedded GitHub for its tests: GitHub's own client, and plain requests if the bytes matter.

import { getOctokit } from '@actions/github'
import { afterEach } from 'vitest'
import { MANIFEST } from '../../e2e/acme.ts'
import { type GitHub, type GitHubOptions, startGitHub } from './server.ts'
import type { Permissions } from './token.ts'

export type Octokit = ReturnType<typeof getOctokit>

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface Client {
  readonly github: GitHub
  readonly octokit: Octokit
  /** Another client, with its own token. */
  readonly as: (permissions: Permissions, login?: string) => Octokit
  /** @param path below the repository, or from the root if it starts with a slash */
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Reply>
  /** Like `send`, with JSON as request and response. */
  readonly sendJson: (method: string, path: string, body?: object, token?: string) => Promise<JsonReply>
}

interface JsonReply {
  readonly status: number
  /** Undefined if it is empty. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

interface SendOptions {
  readonly token?: string
  readonly body?: string
  readonly accept?: string
}

export const REPOSITORY = { owner: 'acme', repo: 'permissions' }
export const FILES = {
  [MANIFEST]: 'users: []\n',
  'a.txt': 'x',
  'a/b.bin': Uint8Array.of(0xff, 0xfe, 0x00),
  'a/b/c.txt': 'hello\n',
}
export const NEW_YEAR = Date.parse('2026-01-01T00:00:00Z')

const githubs: GitHub[] = []

afterEach(async () => {
  await Promise.all(githubs.splice(0).map(github => github.close()))
})

/** Starts a server that is closed after the test. */
export async function start(options: GitHubOptions = {}): Promise<Client> {
  const github = await startGitHub(options)
  githubs.push(github)
  const client = (token: string) => getOctokit(token, { baseUrl: github.apiUrl, log: SILENT })
  const writeAll = github.issueToken()
  const send: Client['send'] = async (method, path, { token = writeAll, body, accept = '' } = {}) => {
    const below = path.startsWith('/') ? path : `/repos/acme/permissions/${path}`
    const headers = { authorization: `Bearer ${token}`, accept }
    const response = await fetch(`${github.apiUrl}${below}`, { method, headers, ...(body !== undefined && { body }) })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return {
    github,
    octokit: client(writeAll),
    as: (permissions, login) => client(github.issueToken(permissions, login)),
    send,
    sendJson: async (method, path, body, token = writeAll) => {
      const { status, text } = await send(method, path, { token, ...(body && { body: JSON.stringify(body) }) })
      return { status, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
}

export const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** The response to a request that GitHub's client reports as failed. */
export async function refusalOf(
  work: Promise<unknown>,
): Promise<{ readonly status: number; readonly message: string }> {
  return work.then(
    () => {
      throw new Error('this went through')
    },
    ({ status, message }) => ({ status, message }),
  )
}
