// What a run can fail with on purpose. Every message says what is wrong and what to change; whatever else is thrown is a
// defect of this action and is reported as one. Pure.

/** The base of every failure that a user can do something about. */
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

/** The run stops, and what this is thrown for was not sent. */
export class NotSentError extends ActionError {
  override readonly name = 'NotSentError'
}

/**
 * How far a failed request's cause reaches: this operation alone (a permission that is gone), everything about this
 * user (who does not exist), or the whole run (a refused token, a tenant that does not answer).
 */
export type Reach = 'operation' | 'user' | 'run'

export interface TenantErrorDetails {
  /** Method and path as sent, without a query; never a body or a header. */
  readonly request: string
  readonly reach: Reach
  /** How often the request was sent. */
  readonly attempts: number
  readonly status?: number | undefined
  /** Auth0's own code, such as `inexistent_user`. */
  readonly errorCode?: string | undefined
  /** Auth0's own words. */
  readonly answer?: string | undefined
  /** What Auth0's support asks for. */
  readonly requestId?: string | undefined
  /** What to do about it. */
  readonly advice: string
}

/** A request that the tenant refused, or that did not get through. */
export class TenantError extends ActionError {
  override readonly name = 'TenantError'
  readonly details: TenantErrorDetails

  constructor(summary: string, details: TenantErrorDetails, options?: ErrorOptions) {
    const said = [details.status, details.errorCode, details.answer].filter(part => part !== undefined).join(' ')
    const facts = [
      details.request,
      details.attempts > 1 ? `${details.attempts} attempts` : undefined,
      said === '' ? undefined : `Auth0 said: ${said}`,
      details.requestId === undefined ? undefined : `request id ${details.requestId}`,
    ].filter(part => part !== undefined)
    super(`${summary} (${facts.join('; ')}). ${details.advice}`, options)
    this.details = details
  }
}

/** GitHub refused a request, or did not answer. */
export class GitHubError extends ActionError {
  override readonly name = 'GitHubError'
  /** undefined where no answer came */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** What was thrown, which may be anything, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
