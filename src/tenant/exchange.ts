// Requests to the tenant's host, and its responses. Pure.

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Encoded as sent, without the query. */
  readonly path: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Called when it is the request's turn, because a token may expire while the request waits. */
  readonly authorization?: () => Promise<string>
  readonly body?: string
  /** False for the token endpoint, which has its own rate limit. */
  readonly paced: boolean
}

export interface Answer {
  readonly request: Request
  readonly attempts: number
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed if it is JSON, otherwise the text; undefined if it is empty. */
  readonly body: unknown
}

/** As in messages; without the query, which may contain a search or an address. */
export function nameOf({ method, path }: Request): string {
  return `${method} ${path}`
}
