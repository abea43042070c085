// The only writer of log, annotations, summary, outputs and files. Every line from outside passes text.ts on its way.

import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as core from '@actions/core'
import { errorOf } from '../errors.ts'
import { countOperations, type Operation, type Plan } from '../plan/plan.ts'
import { redact, redactAll } from '../runner/secrets.ts'
import type { Traffic } from '../tenant/pace.ts'
import { type Conclusion, conclude, counted, driftOf } from './conclude.ts'
import { emailsOf, type Finding, type RunRecord } from './record.ts'
import { type Circumstances, reportOf } from './report-file.ts'
import { operationNotes } from './summary/changes.ts'
import { renderSummary } from './summary.ts'
import { aboutText, plain, userText } from './text.ts'

/** GitHub shows ten annotations of a kind for a step. */
const SHOWN_ANNOTATIONS = 10
/** More than these are lines of the log alone. */
const MOST_ANNOTATIONS = 100
/** Milliseconds; with time to spare, as every five seconds is promised. */
const PROGRESS_EVERY = 4_000

function harmless(text: string): string {
  return plain(redact(text))
}

/** For names in a text that is made harmless as a whole. */
function asIs(name: string): string {
  return name
}

export function logLine(text: string): void {
  core.info(harmless(text))
}

/** Users one by one, each operation on a line of its own, told apart by sign and word; what is taken away comes first. */
export function logPlan(record: Pick<RunRecord, 'plan' | 'digest' | 'emails'>): void {
  const { plan, digest } = record
  if (plan === undefined || digest === undefined) return
  if (plan.users.length + plan.heldBack.length > 0) logChanges(plan, emailsOf(record))
  logLine(`The plan's digest is ${digest}${plan.users.length === 0 ? ', of an empty plan' : ''}`)
}

function logChanges(plan: Plan, emails: ReadonlyMap<string, string>): void {
  const { grants, revocations } = countOperations(plan.users)
  const counts = [
    counted(plan.users.length, 'user'),
    counted(revocations, 'revocation'),
    counted(grants, 'grant'),
  ].join(', ')
  core.startGroup(harmless(`Plan for ${plan.tenant}: ${counts}`))
  for (const { user, grant, revoke } of plan.users) {
    logLine(userText({ user, email: emails.get(user) }, asIs))
    for (const operation of revoke) core.info(`  - revoke ${operationText(operation, 'still effective')}`)
    for (const operation of grant) core.info(`  + grant ${operationText(operation, 'already effective')}`)
  }
  for (const { user, api, permission, entry } of plan.heldBack) {
    const who = userText({ user, email: emails.get(user) }, asIs)
    logLine(`Held back: revoke ${permission} on ${api} from ${who}, because ${entry} cannot be identified`)
  }
  core.endGroup()
}

function operationText(operation: Operation, effective: string): string {
  return `${harmless(`${operation.permission} on ${operation.api}`)}${operationNotes(operation, effective, harmless)}`
}

export interface Progress {
  readonly step: () => void
  readonly end: () => void
}

/** What is said of the list that is being worked through; undefined between lists. */
let current: (() => string) | undefined

/**
 * Tells every few seconds what the run is at and what it waits for, also where it waits for a token or for GitHub.
 * @returns ends it
 */
export function logHeartbeat(traffic: Traffic): () => void {
  const timer = setInterval(() => {
    const doing = current?.() ?? `Still at work: ${counted(traffic.requests, 'request')} sent to the tenant so far`
    const waiting = traffic.waitingFor === undefined ? '' : `; waiting for ${traffic.waitingFor}`
    logLine(`${doing}${waiting}`)
  }, PROGRESS_EVERY)
  return () => clearInterval(timer)
}

/** For the heartbeat: how far a long list is, how fast it goes, and when it will be through. */
export function logProgress(doing: string, total: number, traffic: Traffic): Progress {
  const from = { at: performance.now(), requests: traffic.requests }
  let done = 0
  current = () => {
    const seconds = (performance.now() - from.at) / 1000
    const pace = `${((traffic.requests - from.requests) / seconds).toFixed(1)} requests a second`
    const end = done === 0 ? '' : `, about ${Math.ceil((seconds / done) * (total - done))} s left`
    return `${doing}: ${done} of ${total}, ${total - done} to go, ${pace}${end}`
  }
  return {
    step: () => {
      done++
    },
    end: () => {
      current = undefined
      if (total > 0) core.info(`${doing}: ${done} of ${total}`)
    },
  }
}

/** The end of a run, whatever became of it: annotations, outputs, files, and the step's fate. */
export function publish(whole: Readonly<RunRecord>, circumstances: Circumstances): void {
  const record = redactAll(whole)
  const conclusion = conclude(record)
  annotate('error', [...record.errors, ...record.failures, ...driftOf(record)])
  annotate('warning', record.warnings)
  annotate('notice', record.notices)
  logLine(conclusion.sentence)
  const failed = conclusion.result === 'failed' || conclusion.result === 'partial' || record.drift
  if (failed) process.exitCode = core.ExitCode.Failure

  const reportFile = saveFile('report', () => JSON.stringify(reportOf(record, circumstances), undefined, 2))
  logFiles({ 'Report file': reportFile, 'Plan file': record.planFile, 'Undo plan file': record.undoPlanFile })
  attemptFile('outputs', () => writeOutputs(conclusion, { ...record, reportFile }))
  attemptFile('job summary', () => writeSummary(renderSummary(record)))
  folder = undefined
}

interface Files
  extends Readonly<Pick<RunRecord, 'digest' | 'planFile' | 'undoDigest' | 'undoPlanFile' | 'nextExpiry'>> {
  readonly reportFile: string | undefined
}

function writeOutputs(conclusion: Conclusion, files: Files): void {
  const outputs = {
    result: conclusion.result,
    changed: conclusion.changed,
    grants: conclusion.grants,
    revocations: conclusion.revocations,
    users: conclusion.users,
    'users-changed': conclusion.usersChanged,
    'users-failed': conclusion.usersFailed,
    'plan-digest': files.digest,
    'plan-file': files.planFile,
    'undo-plan-digest': files.undoDigest,
    'undo-plan-file': files.undoPlanFile,
    requests: conclusion.requests,
    'next-expiry': files.nextExpiry,
    'report-file': files.reportFile,
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value ?? '')
}

function logFiles(files: Readonly<Record<string, string | undefined>>): void {
  for (const [file, path] of Object.entries(files)) if (path !== undefined) logLine(`${file}: ${path}`)
}

/** Where the files of this run are. */
let folder: string | undefined

function createFolder(): string {
  const temp = process.env.RUNNER_TEMP || tmpdir()
  mkdirSync(temp, { recursive: true })
  return mkdtempSync(join(temp, 'auth0-permissions-'))
}

/**
 * Writes a file for later steps, in a folder of its own under `$RUNNER_TEMP`.
 * @returns its path; undefined if it could not be written, which is reported
 */
export function saveFile(name: 'plan' | 'undo-plan' | 'report', render: () => string): string | undefined {
  return attemptFile(name, () => {
    folder ??= createFolder()
    const path = join(folder, `${name}.json`)
    writeFileSync(path, redact(render()))
    return path
  })
}

function writeSummary(markdown: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY ?? ''
  if (path !== '') appendFileSync(path, markdown)
}

/** The runner's variable that tells where each of these is written. */
const PLACES = {
  plan: 'RUNNER_TEMP',
  'undo-plan': 'RUNNER_TEMP',
  report: 'RUNNER_TEMP',
  outputs: 'GITHUB_OUTPUT',
  'job summary': 'GITHUB_STEP_SUMMARY',
} as const

/** What cannot be written fails the step, because later steps rely on it, and keeps nothing else from being written. */
function attemptFile<T>(what: keyof typeof PLACES, write: () => T): T | undefined {
  try {
    return write()
  } catch (error) {
    process.exitCode = core.ExitCode.Failure
    const failure = `The ${what.replace('-', ' ')} could not be written: ${errorOf(error).message}.`
    core.error(harmless(`${failure} Check the runner's disk and its variable ${PLACES[what]}.`))
    return undefined
  }
}

const ANNOTATE = { error: core.error, warning: core.warning, notice: core.notice }

function annotate(kind: keyof typeof ANNOTATE, findings: readonly Finding[]): void {
  const say = ANNOTATE[kind]
  if (findings.length > SHOWN_ANNOTATIONS) {
    say(
      `${counted(findings.length, kind)}: GitHub shows ${SHOWN_ANNOTATIONS} for a step; the log and the job summary have all.`,
    )
  }
  for (const finding of findings.slice(0, MOST_ANNOTATIONS)) {
    const { place } = finding
    say(
      harmless(findingText(finding)),
      place && { file: harmless(place.file), startLine: place.line, startColumn: place.column },
    )
  }
  for (const finding of findings.slice(MOST_ANNOTATIONS)) {
    const { place } = finding
    const text = findingText(finding)
    logLine(place === undefined ? text : `${place.file}:${place.line}:${place.column} ${text}`)
  }
}

function findingText(finding: Finding): string {
  return `${aboutText(finding, asIs)}${finding.message}`
}
