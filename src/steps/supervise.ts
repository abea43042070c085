// The only catch-all: reports every error thrown during a run, and still writes all outputs.

import { ActionError, errorOf, InputError, NotSentError } from '../errors.ts'
import { createRunFolder, type RunFolder } from '../report/files.ts'
import { createJournal, type Journal } from '../report/journal.ts'
import { logLine } from '../report/log.ts'
import { type PublishOptions, publish } from '../report/publish.ts'

export interface Supervision {
  readonly journal: Journal
  readonly folder: RunFolder
  /** Aborted with a NotSentError when the run is cancelled or crashes. */
  readonly signal: AbortSignal
  /** @returns undefined if it failed; why is reported */
  readonly attempt: <T>(work: () => T | Promise<T>) => Promise<T | undefined>
  /** Called once the work on the tenant has ended. */
  readonly endWork: () => void
  /** @param page the URL of the workflow run */
  readonly endRun: (page: string | undefined) => void
}

/** @param cancelled aborted with a NotSentError */
export function supervise(cancelled: AbortSignal): Supervision {
  const started = new Date()
  const from = performance.now()
  const journal = createJournal()
  const folder = createRunFolder()
  const crashed = new AbortController()
  // For errors that nothing awaits, such as one from a library's callback.
  const stopOnCrash = (error: unknown) => {
    reportFailure(journal, error)
    crashed.abort(new NotSentError('An unexpected error stopped the run.'))
  }
  process.on('uncaughtException', stopOnCrash)
  const signal = AbortSignal.any([cancelled, crashed.signal])

  return {
    journal,
    folder,
    signal,
    attempt: async work => {
      try {
        return await work()
      } catch (error) {
        reportFailure(journal, error)
        return undefined
      }
    },
    endWork: () => journal.end({ cancelled: cancelled.aborted, duration: Math.round(performance.now() - from) }),
    endRun: page => {
      publishSafely(journal, { run: page, started, folder })
      process.off('uncaughtException', stopOnCrash)
      // An open request whose response is no longer needed must not keep the process alive.
      if (signal.aborted) process.exit()
    },
  }
}

/** If the record cannot be published, publishes at least the outputs and the reason. */
function publishSafely(journal: Journal, options: PublishOptions): void {
  try {
    publish(journal.entries(), options)
  } catch (error) {
    const { mode, outcomes } = journal.entries()
    const fallback = createJournal()
    reportFailure(fallback, error)
    publish({ ...fallback.entries(), mode, outcomes }, options)
  }
}

function reportFailure(journal: Journal, error: unknown): void {
  if (error instanceof InputError) {
    journal.rejectInputs(error.problems)
    return
  }
  if (error instanceof ActionError) {
    const { message } = error.cause instanceof ActionError ? error.cause : error
    journal.fail(message)
    return
  }
  const defect = errorOf(error)
  journal.fail(`This is a bug in the action; please report it: ${defect.message}`)
  for (const line of (defect.stack ?? '').split('\n')) logLine(line)
}
