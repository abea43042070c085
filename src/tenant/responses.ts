// Reads responses: data by a schema, or an error with Auth0's own message and with advice.

import * as z from 'zod'
import { TenantError, type TenantErrorDetails } from '../errors.ts'
import { redact } from '../runner/secrets.ts'
import { nameOf, type TenantResponse } from './exchange.ts'

/** The path of the Management API. */
export const BASE = '/api/v2'
/** Auth0's maximum number of items per page. */
export const PER_PAGE = 100

const optionalText = z.string().optional().catch(undefined)
/** The forms of the Management API and of the token endpoint. */
const errorBody = z.object({
  message: optionalText,
  errorCode: optionalText,
  error: optionalText,
  error_description: optionalText,
})

/** Headers in which Auth0, and the network in front of it, put the request id that their support asks for. */
const REQUEST_ID_HEADERS = ['ot-baggage-auth0-request-id', 'x-auth0-requestid', 'cf-ray']

const MAX_QUOTE = 300

/** What an error says about a response. */
export type Verdict = Pick<TenantErrorDetails, 'reach' | 'advice'> & { readonly summary: string }

export function responseError(response: TenantResponse, { summary, ...verdict }: Verdict): TenantError {
  const { message, errorCode, error, error_description: description } = errorIn(response)
  const words = message ?? description ?? (typeof response.body === 'string' ? response.body : undefined)
  // A response may quote the request. Redact before shortening, because a secret that is cut would not be recognized.
  const text = words && redact(words)
  return new TenantError(summary, {
    ...verdict,
    request: nameOf(response.request),
    attempts: response.attempts,
    status: response.status,
    errorCode: errorCode ?? error,
    message: text !== undefined && text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}…` : text,
    requestId: REQUEST_ID_HEADERS.map(name => response.headers[name]).find(value => typeof value === 'string'),
  })
}

export function errorIn({ body }: TenantResponse): Partial<z.infer<typeof errorBody>> {
  return errorBody.safeParse(body).data ?? {}
}

/** @returns undefined if the response is not a redirect */
export function redirectAdvice({ status, headers }: TenantResponse): string | undefined {
  if (status < 300 || status > 399) return undefined
  const target = URL.parse(String(headers.location))?.host
  const where = target === undefined ? '' : ` to ${target}`
  return `It redirects${where}, and redirects are never followed; set the input domain to the tenant's own domain.`
}

export function isUnknownUser(response: TenantResponse): boolean {
  return response.status === 404 && errorIn(response).errorCode === 'inexistent_user'
}

/** @throws TenantError for a response that is not a success, or has an unexpected format */
export function read<T>(response: TenantResponse, { schema, unread }: { schema: z.ZodType<T>; unread: string }): T {
  if (response.status < 200 || response.status > 299) throw refusal(response, unread)
  const { data, error } = schema.safeParse(response.body)
  if (error === undefined) return data
  const [where] = error.issues.map(({ path, message }) => `at ${path.join('.') || 'the top level'}: ${message}`)
  throw responseError(response, { ...STRANGE, summary: `${unread}: unexpected response format ${where}` })
}

const STRANGE = { reach: 'user', advice: 'Check the input domain, and any proxy in between.' } as const

export function refusal(response: TenantResponse, summary: string): TenantError {
  return responseError(response, { summary, ...meaningOf(response) })
}

/** What a response's status means for the rest of the run, and what to do. */
function meaningOf(response: TenantResponse): Omit<Verdict, 'summary'> {
  const redirected = redirectAdvice(response)
  if (redirected !== undefined) return { reach: 'run', advice: redirected }
  const { errorCode } = errorIn(response)
  switch (response.status) {
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
