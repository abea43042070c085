// Reads the users, and plans their differences from the manifest, or what remains of a saved plan.

import {
  accessOf,
  accessText,
  type Grants,
  isPermission,
  listAccess,
  NO_GRANTS,
  type RoleNames,
} from '../access/grants.ts'
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
import type { Unidentified, UserState } from '../live/user-state.ts'
import type { ListedUser } from '../manifest/manifest.ts'
import { adviseOn } from '../plan/advise.ts'
import { diff, unmanagedOf } from '../plan/diff.ts'
import { digestOf } from '../plan/digest.ts'
import { checkNever, checkSavedPlan, describeObsolete, warnOfHeldBack } from '../plan/guard.ts'
import { holdBackFor } from '../plan/hold-back.ts'
import { type Exists, type Plan, rolesOf, type Source, type UserPlan, withoutObsolete } from '../plan/plan.ts'
import { resume } from '../plan/resume.ts'
import { derivedOf, type UserFailure } from '../report/record.ts'
import { MAX_IN_FLIGHT } from '../tenant/pace.ts'
import type { AccessCheck } from './check-access.ts'
import type { ApiCheck } from './check-apis.ts'
import type { RoleCheck } from './check-roles.ts'
import type { Context, ManifestFiles } from './context.ts'
import { locateUsers } from './locate-users.ts'
import type { Memory } from './recall.ts'

/** The survey is what the plan was computed from. */
export interface Planning {
  readonly plan: Plan
  /** The digest of the plan as computed or saved, even if less remains to be done. */
  readonly digest: string
  readonly survey: Survey
  /** How the manifest lists each user, by user id; only ids and addresses that the ledger remembers. */
  readonly listings: ReadonlyMap<string, readonly Listing[]>
  readonly refused: boolean
}

export interface ComputePlanOptions {
  readonly context: Context
  readonly memory: Pick<Memory, 'ledger' | 'head'>
  readonly access: Pick<AccessCheck, 'assignOnly'>
  readonly apis: Pick<ApiCheck, 'exists'>
  readonly roles: Pick<RoleCheck, 'exists' | 'names'>
}

export async function computePlan(options: ComputePlanOptions): Promise<Planning> {
  const { context, memory } = options
  const { saved } = context.task
  const choice = chooseUsers(context, memory)
  const planning =
    saved === undefined ? await planManifest({ ...options, choice }) : await resumePlan({ ...options, choice }, saved)
  context.journal.notePlan(planning)
  return planning
}

interface Choice {
  readonly subjects: readonly Subject[]
  /** Entries whose address must be looked up to find the user. */
  readonly unknown: readonly ListedUser[]
  /** Listed users that the scope excludes. */
  readonly skipped: ReadonlySet<ListedUser>
  /** Every listed user with a known id. */
  readonly known: ReadonlyMap<string, readonly ListedUser[]>
  readonly remembered: ReadonlyMap<string, string>
}

/** Listed users within the scope, and with `revoke: managed` removed users. */
function chooseUsers({ inputs, task, journal }: Context, { ledger, head }: ComputePlanOptions['memory']): Choice {
  const remembered = rememberedUsers(ledger.users)
  const { known, unknown } = groupById(task.files.manifest.users, remembered)
  const skipped = new Set<ListedUser>()
  const choice = { known, unknown, remembered, skipped }
  if (task.saved !== undefined) return { ...choice, subjects: subjectsOf(task.saved, choice) }
  if (inputs.scope === 'changed') {
    if (head === undefined) journal.notice(['Nothing has been applied yet, so every listed user is read.'])
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

/** The users of a saved plan, with every entry that may list them. */
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

interface ChoiceOptions extends ComputePlanOptions {
  readonly choice: Choice
}

async function planManifest(options: ChoiceOptions): Promise<Planning> {
  const { context, access, roles, choice } = options
  const { inputs, journal, task } = context
  const readPermissions = !access.assignOnly
  if (!readPermissions) {
    journal.warn(['The token cannot read users, so desired permissions are assigned without reading existing ones.'])
  }
  const surveyed = await readUsers(options, { readPermissions })
  const computed = diff({
    tenant: inputs.tenant,
    source: sourceOf(context, task.files),
    users: surveyed.states,
    revoke: inputs.revoke,
    named: task.files.manifest,
    roleNames: roles.names,
    holdBack: holdBackFor(surveyed.unidentified),
  })
  const { plan, obsolete } = withoutObsolete(withAddresses(computed, surveyed), existsIn(options))
  journal.notice(describeObsolete(obsolete, 'revoke'))
  journal.warn(warnOfHeldBack(plan))
  journal.noteAdvice({
    unmanaged: unmanagedOf(surveyed.states, computed, roles.names),
    advice: adviseOn(surveyed.states, computed),
  })
  return { plan, digest: digestOf(plan), survey: surveyed, listings: listingsOf(choice), refused: false }
}

function existsIn({ apis, roles }: ComputePlanOptions): Exists {
  return access => (isPermission(access) ? apis.exists(access) : roles.exists(access))
}

/** Adds the addresses that must be looked up again when the saved plan is applied. */
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

/** A saved plan is applied exactly; for a user who has changed since, it is not applied at all. */
async function resumePlan(options: ChoiceOptions, saved: Plan): Promise<Planning> {
  const { choice } = options
  const exists = existsIn(options)
  const { inputs, journal, task } = options.context
  const surveyed = await readUsers(options, { readPermissions: true })
  const states = new Map(surveyed.states.map(state => [state.id, state]))
  const { plan: possible, obsolete } = withoutObsolete(saved, exists)
  journal.notice(describeObsolete(obsolete, 'revoke'))
  journal.warn(describeObsolete(obsolete, 'grant'))
  const { users, blocked, failures } = resumeUsers(possible, {
    states,
    exists,
    names: options.roles.names,
    roles: rolesOf(saved).union(task.files.manifest.roles),
  })
  journal.failUsers(failures)
  const restores = saved.restores?.filter(({ user }) => !blocked.has(user))
  const plan = { ...possible, users, ...(restores && { restores }) }
  const digest = digestOf(saved)
  const holdBack = holdBackFor([...surveyed.unidentified, ...notLookedUp(choice)])
  const isApproved = inputs.approvedPlan === digest
  const refusals = [
    ...checkNever(plan, inputs.revoke),
    ...(isApproved
      ? []
      : checkSavedPlan(plan, { states, revoke: inputs.revoke, named: task.files.manifest, holdBack })),
  ]
  journal.refuse(refusals)
  return { plan, digest, survey: surveyed, listings: listingsOf(choice), refused: refusals.length > 0 }
}

interface ResumeOptions {
  readonly states: ReadonlyMap<string, UserState>
  readonly exists: Exists
  readonly names: RoleNames
  /** Ids of the roles that count as a change of a user. */
  readonly roles: ReadonlySet<string>
}

interface Resumed {
  readonly users: readonly UserPlan[]
  /** Users who could not be read, or have changed since. */
  readonly blocked: ReadonlySet<string>
  readonly failures: readonly UserFailure[]
}

function resumeUsers(saved: Plan, { states, exists, names, roles }: ResumeOptions): Resumed {
  const users: UserPlan[] = []
  const failures: UserFailure[] = []
  const blocked = new Set(saved.users.map(({ user }) => user))
  for (const userPlan of saved.users) {
    const { user } = userPlan
    const live = states.get(user)?.live?.direct
    if (live === undefined) continue
    const held = withinPlan(live, roles)
    const resumption = resume(userPlan, { live: held, exists })
    if (resumption.kind === 'moved') {
      const now = listAccess(held, names).map(accessText).sort()
      const message = `${user} has changed since the plan was computed. Current direct grants: ${now.join(', ') || 'none'}. Make a new plan for this user.`
      failures.push({ user, message })
      continue
    }
    blocked.delete(user)
    if (resumption.remaining !== undefined) users.push(resumption.remaining)
  }
  return { users, blocked, failures }
}

/** Ignores roles outside the plan, because a user may hold others. */
function withinPlan(live: Grants, roles: ReadonlySet<string>): Grants {
  return new Set([...live].filter(grant => roles.has(accessOf(grant).role ?? '') || isPermission(accessOf(grant))))
}

/** Entries that are not in the saved plan and may refer to any user. */
function notLookedUp({ unknown, subjects }: Choice): readonly Unidentified[] {
  const lookedUp = new Set(subjects.map(({ mention }) => mention))
  return unknown.flatMap(({ email = '', grants, mention }) =>
    lookedUp.has(mention) ? [] : [{ entry: email, desired: new Set(grants.keys()), candidates: undefined }],
  )
}

async function readUsers(
  { context, roles, memory: { ledger }, choice: { subjects, known, skipped } }: ChoiceOptions,
  { readPermissions }: Pick<SurveyOptions, 'readPermissions'>,
): Promise<Survey> {
  const surveyed = await survey(subjects, context.tenant, {
    readPermissions,
    roles: new Set(roles.names.keys()),
    width: MAX_IN_FLIGHT,
    managedOf: user => ledger.users.get(user)?.managed ?? NO_GRANTS,
    alsoListed: user => known.get(user)?.filter(each => skipped.has(each)) ?? [],
    follow: context.heartbeat.follow,
  })
  reportSurvey(context, surveyed)
  return surveyed
}

function reportSurvey({ inputs, task, journal }: Context, surveyed: Survey): void {
  const { documents } = task.files
  journal.failUsers(locateUsers(documents, surveyed.failures))
  const missing = locateUsers(documents, surveyed.missing)
  if (inputs.missingUsers === 'warn') journal.warn(missing)
  else journal.failUsers(missing)
  journal.warn(locateUsers(documents, surveyed.warnings))
  journal.notice(surveyed.gone)
  const { removed = [], listed = [] } = Object.groupBy(surveyed.states, ({ listed }) => (listed ? 'listed' : 'removed'))
  journal.noteUsers({
    emails: surveyed.emails,
    read: listed.length,
    removed: removed.map(({ id }) => id),
    derived: listed.flatMap(derivedOf),
  })
}
