// Writes the files of a run for later steps. One that cannot be written is reported and fails the step.

import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorOf } from '../errors.ts'
import { redact } from '../runner/secrets.ts'
import { annotate } from './log.ts'

/** The run's own folder under `$RUNNER_TEMP`; it is created with its first file. */
export interface RunFolder {
  /** @returns the file's path; undefined if it could not be written, which is reported */
  readonly save: (name: 'plan' | 'undo-plan' | 'report', render: () => string) => string | undefined
}

export function createRunFolder(): RunFolder {
  let folder: string | undefined
  return {
    save: (name, render) =>
      attemptFile(name, () => {
        folder ??= makeFolder()
        const path = join(folder, `${name}.json`)
        writeFileSync(path, redact(render()))
        return path
      }),
  }
}

function makeFolder(): string {
  const temp = process.env.RUNNER_TEMP || tmpdir()
  mkdirSync(temp, { recursive: true })
  return mkdtempSync(join(temp, 'auth0-permissions-'))
}

export function writeSummary(markdown: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY ?? ''
  if (path !== '') appendFileSync(path, markdown)
}

/** The runner's variable with the path that each of these is written to. */
const PLACES = {
  plan: 'RUNNER_TEMP',
  'undo-plan': 'RUNNER_TEMP',
  report: 'RUNNER_TEMP',
  outputs: 'GITHUB_OUTPUT',
  'job summary': 'GITHUB_STEP_SUMMARY',
} as const

/** Fails the step when the process ends. */
export function failStep(): void {
  process.exitCode = 1
}

/** A file that cannot be written fails the step, because later steps rely on it; the others are still written. */
export function attemptFile<T>(what: keyof typeof PLACES, write: () => T): T | undefined {
  try {
    return write()
  } catch (error) {
    failStep()
    const failure = `The ${what.replace('-', ' ')} could not be written: ${errorOf(error).message}.`
    annotate('error', [{ message: `${failure} Check the runner's disk and its variable ${PLACES[what]}.` }])
    return undefined
  }
}
