// An answer that is not what was hoped for → an error with Auth0's own words in it.

import * as z from 'zod'
import { type Reach, TenantError } from '../errors.ts'
import { redact } from '../runner/secrets.ts'
import type { Answer } from './exchange.ts'

/** The Management API's form, and the token endpoint's. */
const errorBody = z.object({
  message: z.string().optional(),
  errorCode: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
})

/** Where Auth0, and the network before it, put the id that their support asks for. */
const REQUEST_ID_HEADERS = ['ot-baggage-auth0-request-id', 'x-auth0-requestid', 'cf-ray']

const LONGEST_QUOTE = 300

export function answerError(answer: Answer, summary: string, reach: Reach, advice: string): TenantError {
  const { data } = errorBody.safeParse(answer.body)
  const words = data?.message ?? data?.error_description ?? (typeof answer.body === 'string' ? answer.body : undefined)
  // An answer may quote what it was sent, and of a secret that is cut in two nothing would be recognised later.
  const said = words && redact(words)
  return new TenantError(summary, {
    request: `${answer.request.method} ${answer.request.path}`,
    reach,
    attempts: answer.attempts,
    status: answer.status,
    errorCode: data?.errorCode ?? data?.error,
    answer: said !== undefined && said.length > LONGEST_QUOTE ? `${said.slice(0, LONGEST_QUOTE)}…` : said,
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
  return `It redirects${where}, which is never followed; set the input domain to the tenant's own domain.`
}
