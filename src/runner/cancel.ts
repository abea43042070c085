// Cancellation: the runner sends SIGINT, SIGTERM 7.5 s later, and kills the process 2.5 s after that.

import { NotSentError } from '../errors.ts'

/** Aborted with a NotSentError at the first of these signals. */
export function cancelOnSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new NotSentError(`Cancelled by ${signal}.`)))
  }
  return controller.signal
}
