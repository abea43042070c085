// An unexpected response → an error that contains Auth0's own message.

import * as z from 'zod'
import { type Reach, TenantError } from '../errors.ts'
import { redact } from '../runner/secrets.ts'
import type { Answer } from './exchange.ts'

/** The forms of the Management API and of the token endpoint. */
const errorBody = z.object({
  message: z.string().optional(),
  errorCode: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
})

/** Headers in which Auth0, and the network in front of it, put the request id that their support asks for. */
const REQUEST_ID_HEADERS = ['ot-baggage-auth0-request-id', 'x-auth0-requestid', 'cf-ray']

const MAX_QUOTE = 300

export function answerError(answer: Answer, summary: string, reach: Reach, advice: string): TenantError {
  const { data } = errorBody.safeParse(answer.body)
  const words = data?.message ?? data?.error_description ?? (typeof answer.body === 'string' ? answer.body : undefined)
  // A response may quote the request. Redact before shortening, because a secret that is cut would not be recognized.
  const said = words && redact(words)
  return new TenantError(summary, {
    request: `${answer.request.method} ${answer.request.path}`,
    reach,
    attempts: answer.attempts,
    status: answer.status,
    errorCode: data?.errorCode ?? data?.error,
    answer: said !== undefined && said.length > MAX_QUOTE ? `${said.slice(0, MAX_QUOTE)}…` : said,
    requestId: REQUEST_ID_HEADERS.map(name => answer.headers[name]).find(value => typeof value === 'string') as
      | string
      | undefined,
    advice,
  })
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

export function redirectAdvice({ location }: Answer['headers']): string {
  const target = URL.parse(String(location))?.host
  const where = target === undefined ? '' : ` to ${target}`
  return `It redirects${where}, and redirects are never followed; set the input domain to the tenant's own domain.`
}
