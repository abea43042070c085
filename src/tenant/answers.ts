// Reads responses: data by a schema, or an error with Auth0's own message and with advice.

import * as z from 'zod'
import { TenantError, type TenantErrorDetails } from '../errors.ts'
import { redact } from '../runner/secrets.ts'
import { type Answer, nameOf } from './exchange.ts'

/** The path of the Management API. */
export const BASE = '/api/v2'
/** Auth0's maximum number of items per page. */
export const PER_PAGE = 100

const text = z.string().optional().catch(undefined)
/** The forms of the Management API and of the token endpoint. */
const errorBody = z.object({ message: text, errorCode: text, error: text, error_description: text })

/** Headers in which Auth0, and the network in front of it, put the request id that their support asks for. */
const REQUEST_ID_HEADERS = ['ot-baggage-auth0-request-id', 'x-auth0-requestid', 'cf-ray']

const MAX_QUOTE = 300

/** What an error says about a response. */
export type Verdict = Pick<TenantErrorDetails, 'reach' | 'advice'> & { readonly summary: string }

export function answerError(answer: Answer, { summary, ...verdict }: Verdict): TenantError {
  const { message, errorCode, error, error_description: description } = errorIn(answer)
  const words = message ?? description ?? (typeof answer.body === 'string' ? answer.body : undefined)
  // A response may quote the request. Redact before shortening, because a secret that is cut would not be recognized.
  const said = words && redact(words)
  return new TenantError(summary, {
    ...verdict,
    request: nameOf(answer.request),
    attempts: answer.attempts,
    status: answer.status,
    errorCode: errorCode ?? error,
    answer: said !== undefined && said.length > MAX_QUOTE ? `${said.slice(0, MAX_QUOTE)}…` : said,
    requestId: REQUEST_ID_HEADERS.map(name => answer.headers[name]).find(value => typeof value === 'string'),
  })
}

export function errorIn({ body }: Answer): Partial<z.infer<typeof errorBody>> {
  return errorBody.safeParse(body).data ?? {}
}

/** @returns undefined if the response is no redirect */
export function redirectAdvice({ status, headers }: Answer): string | undefined {
  if (status < 300 || status > 399) return undefined
  const target = URL.parse(String(headers.location))?.host
  const where = target === undefined ? '' : ` to ${target}`
  return `It redirects${where}, and redirects are never followed; set the input domain to the tenant's own domain.`
}

export function isUnknownUser(answer: Answer): boolean {
  return answer.status === 404 && errorIn(answer).errorCode === 'inexistent_user'
}

/** @throws TenantError for a response that is not a success, or has an unexpected format */
export function read<T>(answer: Answer, { schema, unread }: { schema: z.ZodType<T>; unread: string }): T {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer, unread)
  const { data, error } = schema.safeParse(answer.body)
  if (error === undefined) return data
  const [where] = error.issues.map(({ path, message }) => `at ${path.join('.') || 'its top'}: ${message}`)
  throw answerError(answer, { ...STRANGE, summary: `${unread}: unexpected response format ${where}` })
}

const STRANGE = { reach: 'user', advice: 'Check the input domain, and any proxy in between.' } as const

export function refusal(answer: Answer, summary: string): TenantError {
  return answerError(answer, { summary, ...meaningOf(answer) })
}

/** What a response's status means for the rest of the run, and what to do. */
function meaningOf(answer: Answer): Omit<Verdict, 'summary'> {
  const redirected = redirectAdvice(answer)
  if (redirected !== undefined) return { reach: 'run', advice: redirected }
  const { errorCode } = errorIn(answer)
  switch (answer.status) {
    case 400:
      return { reach: 'operation', advice: errorCode === 'invalid_uri' ? INVALID_ID : 'The request had no effect.' }
    case 401:
      return { reach: 'run', advice: INVALID_TOKEN }
    case 403:
      return { reach: 'user', advice: errorCode === 'insufficient_scope' ? MISSING_SCOPE : FORBIDDEN }
    default:
      return STRANGE
  }
}

const INVALID_ID = 'A user id has the form connection|identifier, such as auth0|5f7c8ec7c33c6c004bbafe82; correct it.'
const INVALID_TOKEN =
  'The token has expired or is for another tenant; check the credential and the inputs domain and audience.'
const MISSING_SCOPE = 'Authorize the application for the missing scope of the Auth0 Management API.'
const FORBIDDEN = 'Auth0, or a proxy in between, does not allow this; its message says why.'

/** The path leads to this user only, whatever the id contains. */
export function userPath(user: string): string {
  // encodeURIComponent does not encode dots, but URL parsers resolve a segment of one or two dots.
  const segment = encodeURIComponent(user).replace(/^\.{1,2}$/, dots => dots.replaceAll('.', '%2E'))
  return `${BASE}/users/${segment}`
}
