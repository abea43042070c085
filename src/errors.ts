// The errors that a run throws on purpose. Every message says what is wrong and what to change. Anything else that is
// thrown is a bug in this action, and is reported as one. Pure.

/** The base of every error that a user can fix. */
export class ActionError extends Error {
  override readonly name: string = 'ActionError'
}

/** One input that cannot be used, by the name it has in `action.yml`. */
export interface InputProblem {
  readonly input: string
  readonly message: string
}

export class InputError extends ActionError {
  override readonly name = 'InputError'
  readonly problems: readonly InputProblem[]

  constructor(problems: readonly InputProblem[]) {
    super(problems.map(problem => problem.message).join('\n'))
    this.problems = problems
  }
}

/** The run stopped before the request was sent. */
export class NotSentError extends ActionError {
  override readonly name = 'NotSentError'
}

/**
 * What the cause of a failed request affects: this operation alone (a deleted permission), everything about this user
 * (who does not exist), or the whole run (a refused token, a tenant that does not respond).
 */
export type Reach = 'operation' | 'user' | 'run'

export interface TenantErrorDetails {
  /** Method and path as sent, without a query; never a body or a header. */
  readonly request: string
  readonly reach: Reach
  /** The number of times the request was sent. */
  readonly attempts: number
  readonly status?: number | undefined
  /** Auth0's own code, such as `inexistent_user`. */
  readonly errorCode?: string | undefined
  /** Auth0's own message. */
  readonly message?: string | undefined
  /** The request's id, which Auth0's support asks for. */
  readonly requestId?: string | undefined
  /** What to do about it. */
  readonly advice: string
}

/** A request that the tenant refused, or that failed without a response. */
export class TenantError extends ActionError {
  override readonly name = 'TenantError'
  readonly details: TenantErrorDetails

  constructor(summary: string, details: TenantErrorDetails, options?: ErrorOptions) {
    const text = [details.status, details.errorCode, details.message].filter(part => part !== undefined).join(' ')
    const facts = [
      details.request,
      details.attempts > 1 ? `${details.attempts} attempts` : undefined,
      text === '' ? undefined : `Auth0 responded: ${text}`,
      details.requestId === undefined ? undefined : `request id ${details.requestId}`,
    ].filter(part => part !== undefined)
    super(`${summary} (${facts.join('; ')}). ${details.advice}`, options)
    this.details = details
  }
}

/** GitHub refused a request, or did not respond. */
export class GitHubError extends ActionError {
  override readonly name = 'GitHubError'
  /** undefined if no response arrived */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** Converts a thrown value, which may be anything, into an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
