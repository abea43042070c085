// Logs lines, annotations and the plan. Outside text is made harmless first.

import * as core from '@actions/core'
import { accessText } from '../access/grants.ts'
import { countOperations, type Operation, type Plan } from '../plan/plan.ts'
import { redact } from '../runner/secrets.ts'
import { counted } from './conclude.ts'
import { emailsOf, type Finding, type RunRecord } from './record.ts'
import { operationNotes } from './summary/changes.ts'
import { aboutText, placeText, plain, userText } from './text.ts'

/** GitHub shows ten annotations of each kind per step. */
const SHOWN_ANNOTATIONS = 10
/** Findings beyond this number are only logged. */
const MAX_ANNOTATIONS = 100

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice }

function harmless(text: string): string {
  return plain(redact(text))
}

export function logLine(text: string): void {
  core.info(harmless(text))
}

export function annotate(kind: keyof typeof ANNOTATE, findings: readonly Finding[]): void {
  const say = ANNOTATE[kind]
  if (findings.length > SHOWN_ANNOTATIONS) {
    const all = counted(findings.length, kind)
    say(`${all}: GitHub shows only ${SHOWN_ANNOTATIONS} per step; the log and the job summary list them all.`)
  }
  for (const [index, finding] of findings.entries()) {
    const { place } = finding
    // As a whole, the text is made harmless below.
    const text = `${aboutText(finding, String)}${finding.message}`
    if (index < MAX_ANNOTATIONS) {
      say(harmless(text), place && { file: harmless(place.file), startLine: place.line, startColumn: place.column })
    } else {
      logLine(place === undefined ? text : `${placeText(place)} ${text}`)
    }
  }
}

export interface PlanFacts extends Pick<RunRecord, 'emails'> {
  readonly digest: string
}

/** One line for each user and each operation, with a sign and a verb; revocations come first. */
export function logPlan(plan: Plan, { digest, emails }: PlanFacts): void {
  if (plan.users.length + plan.heldBack.length > 0) logChanges(plan, emailsOf({ emails }))
  logLine(`The plan's digest is ${digest}${plan.users.length === 0 ? ' (the plan is empty)' : ''}`)
}

function logChanges(plan: Plan, emails: ReadonlyMap<string, string>): void {
  const { grants, revocations } = countOperations(plan.users)
  const counts = `${counted(plan.users.length, 'user')}, ${counted(revocations, 'revocation')}, ${counted(grants, 'grant')}`
  core.startGroup(harmless(`Plan for ${plan.tenant}: ${counts}`))
  for (const { user, grant, revoke } of plan.users) {
    logLine(userText({ user, email: emails.get(user) }, String))
    for (const operation of revoke) core.info(`  - revoke ${operationText(operation, 'still effective')}`)
    for (const operation of grant) core.info(`  + grant ${operationText(operation, 'already effective')}`)
  }
  for (const { user, entry, ...access } of plan.heldBack) {
    const who = userText({ user, email: emails.get(user) }, String)
    logLine(`Held back: revoke ${accessText(access)} from ${who}, because ${entry} cannot be identified`)
  }
  core.endGroup()
}

function operationText(operation: Operation, effective: string): string {
  return `${harmless(accessText(operation))}${operationNotes(operation, { effective, show: harmless })}`
}
