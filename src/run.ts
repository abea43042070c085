// The story of a run, top to bottom, and the only place that knows everybody. Whatever happens on the way is told.

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ActionError, InputError, NotSentError } from './errors.ts'
import { type Inputs, readInputs, type TenantInputs } from './inputs.ts'
import { checkNames, checkTenant } from './manifest/check.ts'
import { type Manifest, readManifest } from './manifest/desired.ts'
import { type Document, loadManifest } from './manifest/load.ts'
import { locateRemarks, placesOf } from './manifest/locate.ts'
import { apply } from './plan/apply.ts'
import { diff } from './plan/diff.ts'
import {
  checkEvent,
  checkLimit,
  checkRevocations,
  checkScopes,
  type WorkflowEvent,
  warnOfApis,
  warnOfRef,
} from './plan/guard.ts'
import type { Plan } from './plan/plan.ts'
import { counted, derivedOf, type Finding, newRecord, type RunRecord, type UserFailure } from './report/record.ts'
import { logLine, logPlan, logProgress, publish } from './report/report.ts'
import { mask } from './secrets.ts'
import { type Survey, survey, type UserFinding } from './survey.ts'
import { createHttp } from './tenant/http.ts'
import { MOST_IN_FLIGHT } from './tenant/pace.ts'
import { openTenant, type Tenant } from './tenant/tenant.ts'
import { openSession } from './tenant/token.ts'

export async function run(): Promise<void> {
  const started = Date.now()
  const record = newRecord()
  const cancelled = cancelOnSignal()
  try {
    await story(record, cancelled)
  } catch (error) {
    tellFailure(record, error)
  } finally {
    // A signal that came too late to leave anything undone is no news.
    const undone = record.stopped !== undefined || record.outcomes.some(({ status }) => status !== 'done')
    record.cancelled = cancelled.aborted && undone
    record.duration = Date.now() - started
    await publish(record)
  }
}

async function story(record: RunRecord, cancelled: AbortSignal): Promise<void> {
  const inputs = readInputs()
  record.mode = inputs.mode
  const { documents, manifest } = await readFiles(inputs, record)
  if (record.stopped !== undefined || inputs.mode === 'validate') return

  record.tenant = inputs.domain.host
  record.revoke = inputs.revoke
  const http = createHttp({
    origin: inputs.domain.origin,
    mode: inputs.mode,
    limits: { headroom: inputs.headroom, ceiling: inputs.requestsPerSecond },
    signal: cancelled,
  })
  record.traffic = http.traffic
  try {
    const session = openSession({ http, ...inputs, mask })
    const tenant = openTenant(session)
    const access = accessOf(inputs, manifest, await session.scopes())
    refuse(record, access.refusals)
    if (inputs.mode === 'apply') judgeEvent(workflowEvent(), record)
    if (access.readApis) await judgeApis(tenant, documents, manifest, record)
    if (!access.readUsers && !access.assignOnly) return

    const surveyed = await surveyUsers(documents, manifest, tenant, access, record)
    const plan = diff({
      tenant: inputs.domain.host,
      users: surveyed.states,
      revoke: inputs.revoke,
      apis: manifest.apis,
    })
    record.plan = plan
    logPlan(plan)
    judgePlan(plan, inputs, record)
    if (record.stopped !== undefined || inputs.mode === 'plan') return

    await applyPlan(documents, plan, surveyed, tenant, record)
  } finally {
    if (http.traffic.blind) warn(record, [BLIND])
    await http.close()
  }
}

async function readFiles(
  inputs: Inputs,
  record: RunRecord,
): Promise<{ readonly documents: readonly Document[]; readonly manifest: Manifest }> {
  const workspace = process.env.GITHUB_WORKSPACE || process.cwd()
  const { documents, problems } = await loadManifest(inputs.manifest, workspace)
  const { manifest, mistakes, expired } = readManifest(documents, new Date())
  const mismatch = inputs.domain === undefined ? [] : checkTenant(documents, inputs.domain.host)
  record.files = documents.map(document => document.file)
  record.users = manifest.users.length
  record.notices.push(...locateRemarks(documents, expired))
  record.errors.push(...problems, ...locateRemarks(documents, [...mistakes, ...mismatch]))
  if (record.errors.length > 0) record.stopped = 'manifest'
  return { documents, manifest }
}

interface Access {
  readonly readApis: boolean
  readonly readUsers: boolean
  /** The token may write and not read, and the run only grants: it assigns what is desired, whatever is there. */
  readonly assignOnly: boolean
  readonly refusals: readonly string[]
}

function accessOf(inputs: TenantInputs, manifest: Manifest, scopes: ReadonlySet<string> | undefined): Access {
  const has = (scope: string) => scopes === undefined || scopes.has(scope)
  const assignOnly =
    inputs.mode === 'apply' &&
    inputs.revoke === 'never' &&
    has('update:users') &&
    !has('read:users') &&
    manifest.users.every(user => user.id !== undefined)
  const toRead = assignOnly ? [] : ['read:users', 'read:resource_servers']
  const toWrite = inputs.mode === 'apply' ? ['update:users'] : []
  return {
    readApis: has('read:resource_servers'),
    readUsers: has('read:users'),
    assignOnly,
    refusals: checkScopes(scopes, [...toRead, ...toWrite]),
  }
}

function judgeEvent(event: WorkflowEvent, record: RunRecord): void {
  refuse(record, checkEvent(event))
  warn(record, warnOfRef(event))
}

async function judgeApis(
  tenant: Tenant,
  documents: readonly Document[],
  manifest: Manifest,
  record: RunRecord,
): Promise<void> {
  const apis = await tenant.apis([...manifest.apis])
  const unknown = checkNames(documents, new Map([...apis].map(([identifier, api]) => [identifier, api.permissions])))
  if (unknown.length > 0) record.stopped = 'refused'
  record.errors.push(...locateRemarks(documents, unknown))
  warn(record, warnOfApis(apis.values()))
}

async function surveyUsers(
  documents: readonly Document[],
  manifest: Manifest,
  tenant: Tenant,
  { assignOnly }: Access,
  record: RunRecord,
): Promise<Survey> {
  if (assignOnly) {
    warn(record, ['The token may not read users, so what is desired is assigned without looking at what is there.'])
  }
  const progress = logProgress(assignOnly ? 'Listing users' : 'Reading users', manifest.users.length, record.traffic)
  const surveyed = await survey(manifest.users, tenant, {
    width: MOST_IN_FLIGHT,
    readPermissions: !assignOnly,
    onUser: progress.step,
  }).finally(progress.end)
  record.failures.push(...locateUsers(documents, surveyed.failures))
  record.warnings.push(...locateUsers(documents, surveyed.warnings))
  record.derived = surveyed.states.flatMap(derivedOf)
  return surveyed
}

function judgePlan(plan: Plan, inputs: TenantInputs, record: RunRecord): void {
  refuse(record, checkLimit(plan))
  const tooMany = checkRevocations(plan, inputs.maxRevocations)
  if (inputs.mode === 'apply') refuse(record, tooMany)
  else warn(record, tooMany)
}

async function applyPlan(
  documents: readonly Document[],
  plan: Plan,
  surveyed: Survey,
  tenant: Tenant,
  record: RunRecord,
): Promise<void> {
  const progress = logProgress('Changing users', plan.users.length, record.traffic)
  await apply(plan, tenant, {
    width: MOST_IN_FLIGHT,
    onOutcome: outcome => {
      record.outcomes.push(outcome)
      progress.step()
    },
  }).finally(progress.end)
  const mentions = new Map(surveyed.states.map(({ id, mention }) => [id, mention]))
  const failed = record.outcomes.filter(outcome => outcome.status === 'failed')
  const failures = failed.flatMap(({ user, errors }) => {
    const mention = mentions.get(user)
    return mention === undefined ? [] : { user, message: errors.join(' '), mention }
  })
  record.failures.push(...locateUsers(documents, failures))
  const left = record.outcomes.filter(outcome => outcome.status === 'not attempted').length
  if (left > 0) record.errors.push({ message: `${counted(left, 'user')} of the plan were not attempted.` })
}

function locateUsers(documents: readonly Document[], findings: readonly UserFinding[]): readonly UserFailure[] {
  const places = placesOf(
    documents,
    findings.map(({ mention }) => mention),
  )
  return findings.map(({ user, message }, index) => {
    const place = places[index]
    return { user, message, ...(place && { place }) }
  })
}

function refuse(record: RunRecord, messages: readonly string[]): void {
  if (messages.length > 0) record.stopped = 'refused'
  record.errors.push(...messages.map(findingOf))
}

function warn(record: RunRecord, messages: readonly string[]): void {
  record.warnings.push(...messages.map(findingOf))
}

function findingOf(message: string): Finding {
  return { message }
}

function tellFailure(record: RunRecord, error: unknown): void {
  if (error instanceof InputError) {
    record.stopped = 'inputs'
    record.errors.push(...error.problems)
    return
  }
  record.stopped = 'error'
  if (error instanceof ActionError) {
    const { message } = error.cause instanceof ActionError ? error.cause : error
    record.errors.push({ message })
    return
  }
  const defect = error instanceof Error ? error : new Error(String(error))
  record.errors.push({ message: `This is a defect of the action itself; please report it: ${defect.message}` })
  for (const line of (defect.stack ?? '').split('\n')) logLine(line)
}

const BLIND =
  "The tenant's answers have no rate-limit headers, so at most 10 requests a second were sent; set requests-per-second if you know the limit is lower."

/** The runner sends SIGINT, SIGTERM 7.5 s later, and ends the process 2.5 s after that. */
function cancelOnSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new NotSentError(`Cancelled by ${signal}.`)))
  }
  return controller.signal
}

const eventPayload = z.object({ repository: z.object({ default_branch: z.string() }) })

function workflowEvent(): WorkflowEvent {
  const { GITHUB_EVENT_NAME: name = '', GITHUB_REF: ref = '', GITHUB_EVENT_PATH: path = '' } = process.env
  return { name, ref, defaultBranch: defaultBranchOf(path) }
}

/** undefined where the event does not tell, as outside of a workflow. */
function defaultBranchOf(eventPath: string): string | undefined {
  try {
    return eventPayload.parse(JSON.parse(readFileSync(eventPath, 'utf8'))).repository.default_branch
  } catch {
    return undefined
  }
}
