// The tenant's responses as plain data, and Auth0's error bodies. Nothing here uses a socket.

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Ends a request early with a response; the only exception that the server expects. */
export class Refusal extends Error {
  readonly answer: Answer

  constructor(answer: Answer) {
    super(`${answer.status} ${answer.body}`)
    this.answer = answer
  }
}

// A 204 has it too (recording).
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
}

export function answerJson(status: number, body: unknown): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(body) }
}

export function answerNothing(): Answer {
  return { status: 204, headers: JSON_TYPE, body: '' }
}

/** Auth0's error body, without `errorCode` if none is known. */
export function answerError(status: number, message: string, errorCode?: string): Answer {
  return answerJson(status, { statusCode: status, error: REASONS[status], message, ...(errorCode && { errorCode }) })
}

/** A 401 repeats its message under `attributes` (seen in public reports). */
export function answerUnauthorized(message: string): Answer {
  return answerJson(401, { statusCode: 401, error: REASONS[401], message, attributes: { error: message } })
}

/** Errors of the token endpoint follow OAuth: RFC 6749, section 5.2. */
export function answerOAuthError(status: number, error: string, description: string): Answer {
  return answerJson(status, { error, error_description: description })
}
