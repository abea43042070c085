// What is sent to the tenant's host, and what it answers. Pure.

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Encoded as it goes over the wire, without the query. */
  readonly path: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Asked for when the request's turn has come, as a token may expire while it waits. */
  readonly authorization?: () => Promise<string>
  readonly body?: string
  /** The token endpoint's bucket is not the Management API's. */
  readonly paced: boolean
}

export interface Answer {
  readonly request: Request
  readonly attempts: number
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed where it is JSON, else the text; undefined where there was none. */
  readonly body: unknown
}
