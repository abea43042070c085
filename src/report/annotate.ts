// Annotations, and whether the step fails.

import * as core from '@actions/core'
import { counted } from './conclude.ts'
import { asIs, harmless, logLine } from './log.ts'
import type { Finding } from './record.ts'
import { aboutText, placeText } from './text.ts'

/** GitHub shows ten annotations of each kind for a step. */
const SHOWN_ANNOTATIONS = 10
/** Findings beyond this number are only logged. */
const MAX_ANNOTATIONS = 100

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice }

export function annotate(kind: keyof typeof ANNOTATE, findings: readonly Finding[]): void {
  const say = ANNOTATE[kind]
  if (findings.length > SHOWN_ANNOTATIONS) {
    const all = counted(findings.length, kind)
    say(`${all}: GitHub shows ${SHOWN_ANNOTATIONS} for a step; the log and the job summary have all.`)
  }
  for (const [index, finding] of findings.entries()) {
    const { place } = finding
    const text = `${aboutText(finding, asIs)}${finding.message}`
    if (index < MAX_ANNOTATIONS) {
      say(harmless(text), place && { file: harmless(place.file), startLine: place.line, startColumn: place.column })
    } else {
      logLine(place === undefined ? text : `${placeText(place)} ${text}`)
    }
  }
}

/** Fails the step when the process ends. */
export function failStep(): void {
  process.exitCode = core.ExitCode.Failure
}
