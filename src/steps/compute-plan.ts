// From the manifest, or a saved plan, to what is left to do: the users are read, and what differs is planned.

import { NO_GRANTS, partsOf } from '../access/grants.ts'
import {
  type Entry,
  groupById,
  isUnchanged,
  keyOf,
  type Listing,
  listingOf,
  rememberedUsers,
  removedUsers,
} from '../ledger/ledger.ts'
import { type Subject, type Survey, type SurveyOptions, survey } from '../live/survey.ts'
import type { Unidentified } from '../live/user-state.ts'
import type { ListedUser } from '../manifest/desired.ts'
import { adviseOn } from '../plan/advise.ts'
import { diff, unmanagedOf } from '../plan/diff.ts'
import { digestOf } from '../plan/digest.ts'
import { checkNever, checkSavedPlan, describeObsolete, warnOfHeldBack } from '../plan/guard.ts'
import { holdBackFor } from '../plan/hold-back.ts'
import { type Exists, type Plan, resume, type Source, type UserPlan, withoutObsolete } from '../plan/plan.ts'
import { derivedOf } from '../report/record.ts'
import { logProgress } from '../report/report.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { Access } from './check-access.ts'
import { type Context, locateUsers, type ManifestFiles, notice, refuse, warn } from './context.ts'
import type { Memory } from './recall.ts'

/** The survey is what the plan was computed from. */
export interface Planning {
  readonly plan: Plan
  /** Of the plan as it was computed or saved; less may be left to do. */
  readonly digest: string
  readonly survey: Survey
  /** How the manifest lists users by id, and by addresses that the ledger remembers. */
  readonly listings: ReadonlyMap<string, readonly Listing[]>
}

interface Knowledge extends Access {
  readonly exists: Exists
}

export async function computePlan(context: Context, memory: Memory, knowledge: Knowledge): Promise<Planning> {
  const { task, record } = context
  const choice = chooseUsers(context, memory)
  const planning =
    task.saved === undefined
      ? await planManifest(context, memory, { ...knowledge, choice })
      : await resumePlan(context, memory, { ...knowledge, choice, saved: task.saved })
  record.plan = planning.plan
  record.digest = planning.digest
  return planning
}

interface Choice {
  readonly subjects: readonly Subject[]
  /** Entries with an address of which nobody knows whom it means before it is looked up. */
  readonly unknown: readonly ListedUser[]
  /** Listed users whom the scope leaves out. */
  readonly skipped: ReadonlySet<ListedUser>
  /** Every listed user of whom the id is known for sure. */
  readonly known: ReadonlyMap<string, readonly ListedUser[]>
  readonly remembered: ReadonlyMap<string, string>
}

/** Whom this run reads: listed users within the scope, and with `revoke: managed` those who were removed. */
function chooseUsers({ inputs, task, record }: Context, { ledger, head }: Memory): Choice {
  const remembered = rememberedUsers(ledger.users)
  const { known, unknown } = groupById(task.files.manifest.users, remembered)
  const skipped = new Set<ListedUser>()
  const choice = { known, unknown, remembered, skipped }
  if (task.saved !== undefined) return { ...choice, subjects: subjectsOf(task.saved, choice) }
  if (inputs.scope === 'changed') {
    if (head === undefined) notice(record, ['Nothing was applied yet, so every listed user is read.'])
    for (const [id, users] of known) {
      if (isUnchanged(ledger.users.get(id), users)) for (const user of users) skipped.add(user)
    }
  }
  const listed = task.files.manifest.users.filter(user => !skipped.has(user))
  const removed = inputs.revoke === 'managed' ? removedUsers(ledger.users, known) : new Map<string, Entry>()
  const subjects = [
    ...listed.map(user => toSubject(user, remembered)),
    ...[...removed.keys()].map(id => ({ id, listed: false, grants: new Map() })),
  ]
  return { ...choice, subjects }
}

function toSubject(user: ListedUser, remembered: ReadonlyMap<string, string>): Subject {
  return { ...user, listed: true, remembered: remembered.get(keyOf(listingOf(user))) }
}

/** The users of a saved plan, by every entry that may list them. */
function subjectsOf(
  { users, found, addresses = [] }: Plan,
  { known, unknown, remembered }: Omit<Choice, 'subjects'>,
): readonly Subject[] {
  const ids = new Set([...users, ...found].map(({ user }) => user))
  const claimed = new Set(addresses.map(address => keyOf(listingOf(address))))
  const listed = [...ids].flatMap(id => known.get(id) ?? [])
  const byAddress = unknown.filter(user => claimed.has(keyOf(listingOf(user))))
  const others = [...ids].filter(id => !known.has(id)).map(id => ({ id, listed: false, grants: new Map() }))
  return [...[...listed, ...byAddress].map(user => toSubject(user, remembered)), ...others]
}

interface ManifestOptions extends Knowledge {
  readonly choice: Choice
}

async function planManifest(
  context: Context,
  memory: Memory,
  { assignOnly, exists, choice }: ManifestOptions,
): Promise<Planning> {
  const { inputs, record, task } = context
  const { manifest } = task.files
  if (assignOnly) {
    warn(record, ['The token may not read users, so desired permissions are assigned without reading existing ones.'])
  }
  const surveyed = await readUsers(context, choice, memory, { readPermissions: !assignOnly })
  const computed = diff({
    tenant: inputs.tenant,
    source: sourceOf(context, task.files),
    users: surveyed.states,
    revoke: inputs.revoke,
    apis: manifest.apis,
    holdBack: holdBackFor(surveyed.unidentified),
  })
  record.unmanaged = unmanagedOf(surveyed.states, computed)
  const { plan, obsolete } = withoutObsolete(withAddresses(computed, surveyed), exists)
  notice(record, describeObsolete(obsolete, 'revoke'))
  warn(record, warnOfHeldBack(plan))
  record.advice = adviseOn(surveyed.states)
  return { plan, digest: digestOf(plan), survey: surveyed, listings: listingsOf(choice) }
}

/** Whoever applies the saved plan has to know which entries to look up. */
function withAddresses(plan: Plan, { emails }: Survey): Plan {
  const users = new Set([...plan.users, ...plan.found].map(({ user }) => user))
  const addresses = emails.filter(({ user }) => users.has(user))
  return addresses.length === 0 ? plan : { ...plan, addresses }
}

function listingsOf({ known }: Choice): Planning['listings'] {
  return new Map([...known].map(([id, users]) => [id, users.map(listingOf)]))
}

function sourceOf({ workflow }: Context, { documents, manifest, at }: ManifestFiles): Source {
  return {
    commit: workflow.commit,
    files: documents.map(({ file }) => file),
    at: at.toISOString(),
    users: manifest.users.length,
  }
}

interface SavedOptions extends ManifestOptions {
  readonly saved: Plan
}

/** A saved plan is applied exactly, or not at all for a user who has changed since. */
async function resumePlan(
  context: Context,
  memory: Memory,
  { saved, choice, exists }: SavedOptions,
): Promise<Planning> {
  const { inputs, record, task } = context
  const { apis } = task.files.manifest
  const surveyed = await readUsers(context, choice, memory, { readPermissions: true })
  const states = new Map(surveyed.states.map(state => [state.id, state]))
  const { plan: possible, obsolete } = withoutObsolete(saved, exists)
  notice(record, describeObsolete(obsolete, 'revoke'))
  warn(record, describeObsolete(obsolete, 'grant'))
  const users: UserPlan[] = []
  const untouchable = new Set(possible.users.map(({ user }) => user))
  for (const userPlan of possible.users) {
    const held = states.get(userPlan.user)?.live?.direct
    if (held === undefined) continue
    const resumption = resume(userPlan, { live: held, exists })
    if (resumption.kind === 'moved') {
      const now = [...held].map(grant => `${partsOf(grant).permission} on ${partsOf(grant).api}`).sort()
      const message = `${userPlan.user} has changed since the plan was computed, and has ${now.join(', ') || 'nothing'} directly now. Make a new plan for this user.`
      record.failures.push({ user: userPlan.user, message })
      continue
    }
    untouchable.delete(userPlan.user)
    if (resumption.left !== undefined) users.push(resumption.left)
  }
  const restores = saved.restores?.filter(({ user }) => !untouchable.has(user))
  const plan = { ...possible, users, ...(restores && { restores }) }
  const digest = digestOf(saved)
  const holdBack = holdBackFor([...surveyed.unidentified, ...notLookedUp(choice)])
  refuse(record, checkNever(plan, inputs.revoke))
  if (inputs.approvedPlan !== digest)
    refuse(record, checkSavedPlan(plan, { states, revoke: inputs.revoke, apis, holdBack }))
  return { plan, digest, survey: surveyed, listings: listingsOf(choice) }
}

/** Entries that a saved plan does not know of, and that may mean anybody. */
function notLookedUp({ unknown, subjects }: Choice): readonly Unidentified[] {
  const lookedUp = new Set(subjects.map(({ mention }) => mention))
  return unknown.flatMap(({ email = '', grants, mention }) =>
    lookedUp.has(mention) ? [] : [{ entry: email, desired: new Set(grants.keys()), candidates: undefined }],
  )
}

async function readUsers(
  { inputs, task, tenant, record }: Context,
  { subjects, known, skipped }: Choice,
  { ledger }: Memory,
  { readPermissions }: Pick<SurveyOptions, 'readPermissions'>,
): Promise<Survey> {
  const progress = logProgress(readPermissions ? 'Reading users' : 'Listing users', subjects.length, record.traffic)
  const surveyed = await survey(subjects, tenant, {
    readPermissions,
    width: MOST_IN_FLIGHT,
    managedOf: user => ledger.users.get(user)?.managed ?? NO_GRANTS,
    alsoListed: user => known.get(user)?.filter(each => skipped.has(each)) ?? [],
    onUser: progress.step,
  }).finally(progress.end)
  reportSurvey(surveyed, task.files, inputs.missingUsers, record)
  return surveyed
}

function reportSurvey(
  surveyed: Survey,
  { documents }: ManifestFiles,
  missingUsers: PlanInputs['missingUsers'],
  record: Context['record'],
): void {
  record.failures.push(...locateUsers(documents, surveyed.failures))
  const missing = locateUsers(documents, surveyed.missing)
  if (missingUsers === 'warn') record.warnings.push(...missing)
  else record.failures.push(...missing)
  record.warnings.push(...locateUsers(documents, surveyed.warnings))
  record.notices.push(...surveyed.gone)
  const { removed = [], listed = [] } = Object.groupBy(surveyed.states, ({ listed }) => (listed ? 'listed' : 'removed'))
  record.emails = surveyed.emails
  record.read = listed.length
  record.removed = removed.map(({ id }) => id)
  record.derived = listed.flatMap(derivedOf)
}
