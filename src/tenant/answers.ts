// Reads the Management API's responses: data by a schema, or an error with advice.

import * as z from 'zod'
import type { Reach, TenantError } from '../errors.ts'
import { answerError, isRedirect, redirectAdvice } from './answer-error.ts'
import type { Answer } from './exchange.ts'

/** The path of the Management API. */
export const BASE = '/api/v2'
/** Auth0's maximum number of items per page. */
export const PER_PAGE = 100

export function isUnknownUser(answer: Answer): boolean {
  return answer.status === 404 && isCode(answer.body, 'inexistent_user')
}

const errorBody = z.object({ errorCode: z.string() })

function isCode(body: unknown, errorCode: string): boolean {
  return errorBody.safeParse(body).data?.errorCode === errorCode
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

/** @throws TenantError for a response that is not a success, or has an unexpected format */
export function read<T>(schema: z.ZodType<T>, answer: Answer, summary: string): T {
  if (!isSuccess(answer)) throw refusal(answer, summary)
  const parsed = schema.safeParse(answer.body)
  if (parsed.success) return parsed.data
  const [where] = parsed.error.issues.map(({ path, message }) => `at ${path.join('.') || 'its top'}: ${message}`)
  throw answerError(
    answer,
    `${summary}: unexpected response format ${where}`,
    'user',
    'Check the input domain, and any proxy in between.',
  )
}

function refusal(answer: Answer, summary: string): TenantError {
  const { reach, advice } = meaningOf(answer)
  return answerError(answer, summary, reach, advice)
}

/** What a response's status means for the rest of the run, and what to do. */
function meaningOf({ status, headers, body }: Answer): { readonly reach: Reach; readonly advice: string } {
  if (isRedirect(status)) return { reach: 'run', advice: redirectAdvice(headers) }
  switch (status) {
    case 400:
      return {
        reach: 'operation',
        advice: isCode(body, 'invalid_uri')
          ? 'A user id has the form connection|identifier, such as auth0|5f7c8ec7c33c6c004bbafe82; correct it.'
          : 'The request had no effect.',
      }
    case 401:
      return {
        reach: 'run',
        advice:
          'The token has expired or is for another tenant; check the credential and the inputs domain and audience.',
      }
    case 403:
      return {
        reach: 'user',
        advice: isCode(body, 'insufficient_scope')
          ? 'Authorize the application for the missing scope of the Auth0 Management API.'
          : 'Auth0, or a proxy in between, does not allow this; its message says why.',
      }
    default:
      return { reach: 'user', advice: 'Check the input domain, and any proxy in between.' }
  }
}

export type WriteMethod = 'POST' | 'DELETE'

interface FailedWrite {
  readonly user: string
  /** What the request does, such as `Granting to`. */
  readonly doing: string
  /** What to do if a permission or role, not the user, is unknown. */
  readonly unknown: string
}

/** A write that was not done. */
export function refuseWrite(answer: Answer, { user, doing, unknown }: FailedWrite): TenantError {
  const summary = `${doing} ${user} failed`
  if (isUnknownUser(answer)) {
    return answerError(answer, summary, 'user', 'The user was deleted from the tenant; remove it from the manifest.')
  }
  // One unknown name fails the whole request.
  if (answer.status === 404) return answerError(answer, summary, 'operation', unknown)
  return refusal(answer, summary)
}

/** The path leads to this user only, whatever the id contains. */
export function userPath(user: string): string {
  // encodeURIComponent does not encode dots, but URL parsers resolve a segment of one or two dots.
  const segment = encodeURIComponent(user).replace(/^\.{1,2}$/, dots => dots.replaceAll('.', '%2E'))
  return `${BASE}/users/${segment}`
}
