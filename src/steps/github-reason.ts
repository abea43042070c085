// Why a request to GitHub failed, and what to change.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import type { Context } from './context.ts'

export const NO_TOKEN = "The input github-token is empty; remove it to use the job's own token."

export const RETRY_GITHUB = 'Run this again when GitHub is available.'

export function isDenied(error: ActionError): boolean {
  return error instanceof GitHubError && (error.status === 403 || error.status === 404)
}

/** @throws errors that must end the run: a defect, or its cancellation */
export function reasonOf(error: unknown, { inputs }: Pick<Context, 'inputs'>): string {
  if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
  if (!(error instanceof GitHubError)) return error.message
  const permission = inputs.mode === 'apply' ? 'contents: write' : 'contents: read'
  return `${error.message} ${isDenied(error) ? `Add this to the job: "permissions: { ${permission} }".` : RETRY_GITHUB}`
}
