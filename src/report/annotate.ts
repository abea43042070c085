// Annotations, and whether the step fails.

import * as core from '@actions/core'
import { counted } from './conclude.ts'
import { asIs, harmless, logLine } from './log.ts'
import type { Finding } from './record.ts'
import { aboutText } from './text.ts'

/** GitHub shows ten annotations of each kind for a step. */
const SHOWN_ANNOTATIONS = 10
/** Findings beyond this number are only logged. */
const MAX_ANNOTATIONS = 100

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice }

export function annotate(kind: keyof typeof ANNOTATE, findings: readonly Finding[]): void {
  const say = ANNOTATE[kind]
  if (findings.length > SHOWN_ANNOTATIONS) {
    say(
      `${counted(findings.length, kind)}: GitHub shows ${SHOWN_ANNOTATIONS} for a step; the log and the job summary have all.`,
    )
  }
  for (const finding of findings.slice(0, MAX_ANNOTATIONS)) {
    const { place } = finding
    say(
      harmless(findingText(finding)),
      place && { file: harmless(place.file), startLine: place.line, startColumn: place.column },
    )
  }
  for (const finding of findings.slice(MAX_ANNOTATIONS)) {
    const { place } = finding
    const text = findingText(finding)
    logLine(place === undefined ? text : `${place.file}:${place.line}:${place.column} ${text}`)
  }
}

function findingText(finding: Finding): string {
  return `${aboutText(finding, asIs)}${finding.message}`
}

/** Fails the step when the process ends. */
export function failStep(): void {
  process.exitCode = core.ExitCode.Failure
}
