// GitHub's responses as plain data, and its error bodies. Nothing here uses a socket.

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

interface ValidationError {
  readonly resource: string
  readonly code: string
  readonly field: string
  readonly message?: string
}

/** Ends a request early with an error; the only exception that the server expects. */
export class Refusal extends Error {
  readonly status: number
  readonly errors: readonly ValidationError[] | undefined

  constructor(status: number, message: string, errors?: readonly ValidationError[]) {
    super(message)
    this.status = status
    this.errors = errors
  }
}

export function answerJson(status: number, body: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  }
}

export function answerNothing(): Answer {
  return { status: 204, headers: {}, body: '' }
}

/** @param page of GitHub's documentation, below `rest/` */
export function answerRefusal({ status, message, errors }: Refusal, page = ''): Answer {
  const documentation_url = `https://docs.github.com/rest${page && `/${page}`}`
  return answerJson(status, { message, ...(errors && { errors }), documentation_url, status: `${status}` })
}

export function notFound(): Refusal {
  return new Refusal(404, 'Not Found')
}

/** A value that GitHub rejects. */
export function invalid(error: ValidationError): Refusal {
  return new Refusal(422, 'Validation Failed', [error])
}

/** @param name of the parameter */
export function invalidSha(name: string): Refusal {
  return new Refusal(422, `The ${name} parameter must be exactly 40 characters and contain only [0-9a-f].`)
}

export function emptyRepository(): Refusal {
  return new Refusal(409, 'Git Repository is empty.')
}
