// Reads the users, and plans their differences from the manifest, or what remains of a saved plan.

import { isPermission, NO_GRANTS } from '../access/grants.ts'
import type { Listing } from '../ledger/ledger.ts'
import { listedAs, type Survey, survey } from '../live/survey.ts'
import { adviseOn } from '../plan/advise.ts'
import { diff, unmanagedOf } from '../plan/diff.ts'
import { digestOf } from '../plan/digest.ts'
import { checkNever, checkSavedPlan, describeObsolete, warnOfHeldBack } from '../plan/guard.ts'
import { holdBackFor } from '../plan/hold-back.ts'
import { type Exists, type Plan, rolesOf, type Source, withoutObsolete } from '../plan/plan.ts'
import { resumePlan } from '../plan/resume.ts'
import { derivedOf } from '../report/record.ts'
import type { AccessCheck } from './check-access.ts'
import type { ApiCheck } from './check-apis.ts'
import type { RoleCheck } from './check-roles.ts'
import { type Choice, chooseUsers, listingsOf, notLookedUp } from './choose-users.ts'
import type { Context } from './context.ts'
import { locateUsers } from './locate-users.ts'
import type { RecalledContext } from './recall.ts'

export interface CheckedContext extends RecalledContext {
  readonly access: Pick<AccessCheck, 'assignOnly'>
  readonly apis: Pick<ApiCheck, 'exists'>
  readonly roles: Pick<RoleCheck, 'exists' | 'names'>
}

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

export interface PlannedContext extends RecalledContext {
  readonly planning: Planning
}

export async function computePlan(context: CheckedContext): Promise<Planning> {
  const { saved } = context.task
  const choice = chooseUsers(context)
  const surveyed = await readUsers(context, choice)
  const { plan, digest, refusals } =
    saved === undefined ? planChanges(context, surveyed) : planRest({ ...context, choice, saved }, surveyed)
  context.journal.refuse(refusals)
  context.journal.notePlan({ plan, digest })
  return { plan, digest, survey: surveyed, listings: listingsOf(choice), refused: refusals.length > 0 }
}

interface Planned extends Pick<Planning, 'plan' | 'digest'> {
  readonly refusals: readonly string[]
}

function planChanges(context: CheckedContext, surveyed: Survey): Planned {
  const { inputs, journal, task, roles } = context
  const ours = { revoke: inputs.revoke, named: task.files.manifest, roleNames: roles.names }
  const computed = diff({
    tenant: inputs.tenant,
    source: sourceOf(context),
    users: surveyed.states,
    ...ours,
    holdBack: holdBackFor(surveyed.unidentified),
  })
  const { plan, obsolete } = withoutObsolete(withAddresses(computed, surveyed), existsIn(context))
  journal.notice(describeObsolete(obsolete, 'revoke'))
  journal.warn(warnOfHeldBack(plan))
  journal.noteAdvice({
    unmanaged: unmanagedOf(surveyed.states, ours),
    advice: adviseOn(surveyed.states, computed),
  })
  return { plan, digest: digestOf(plan), refusals: [] }
}

function existsIn({ apis, roles }: CheckedContext): Exists {
  return access => (isPermission(access) ? apis.exists(access) : roles.exists(access))
}

/** Adds the addresses that must be looked up again when the saved plan is applied. */
function withAddresses(plan: Plan, { emails }: Survey): Plan {
  const users = new Set([...plan.users, ...plan.found].map(({ user }) => user))
  const addresses = emails.filter(({ user }) => users.has(user))
  return addresses.length === 0 ? plan : { ...plan, addresses }
}

function sourceOf({ workflow, task }: Context): Source {
  const { documents, manifest, at } = task.files
  return {
    commit: workflow.commit,
    files: documents.map(({ file }) => file),
    at: at.toISOString(),
    users: manifest.users.length,
  }
}

interface SavedContext extends CheckedContext {
  readonly saved: Plan
  readonly choice: Choice
}

/** A saved plan is applied exactly; for a user who has changed since, it is not applied at all. */
function planRest(context: SavedContext, surveyed: Survey): Planned {
  const { inputs, journal, task, saved, choice } = context
  const { manifest } = task.files
  const exists = existsIn(context)
  const states = new Map(surveyed.states.map(state => [state.id, state]))
  const { plan: possible, obsolete } = withoutObsolete(saved, exists)
  journal.notice(describeObsolete(obsolete, 'revoke'))
  journal.warn(describeObsolete(obsolete, 'grant'))
  const roles = rolesOf(saved).union(manifest.roles)
  const gone = new Set(surveyed.gone.map(({ user }) => user))
  const { plan, failures } = resumePlan(possible, { states, gone, exists, names: context.roles.names, roles })
  const findings = failures.map(failure => ({ ...failure, ...listedAs(states.get(failure.user) ?? {}) }))
  journal.failUsers(locateUsers(task.files.documents, findings))
  const digest = digestOf(saved)
  const { revoke, approvedPlan } = inputs
  const holdBack = holdBackFor([...surveyed.unidentified, ...notLookedUp(choice)])
  const problems = approvedPlan === digest ? [] : checkSavedPlan(plan, { states, revoke, named: manifest, holdBack })
  return { plan, digest, refusals: [...checkNever(plan, revoke), ...problems] }
}

async function readUsers(context: CheckedContext, { subjects, known, skipped }: Choice): Promise<Survey> {
  const { access, roles, memory, tenant, width, heartbeat, journal } = context
  if (access.assignOnly) {
    journal.warn(['The token cannot read users, so desired permissions are assigned without reading existing ones.'])
  }
  const surveyed = await survey(subjects, {
    reader: tenant,
    readPermissions: !access.assignOnly,
    roles: new Set(roles.names.keys()),
    width,
    managedOf: user => memory.ledger.users.get(user)?.managed ?? NO_GRANTS,
    alsoListed: user => known.get(user)?.filter(each => skipped.has(each)) ?? [],
    startProgress: heartbeat.startProgress,
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
  journal.warn(locateUsers(documents, [...surveyed.warnings, ...surveyed.duplicates]))
  journal.notice(surveyed.gone)
  const { removed = [], listed = [] } = Object.groupBy(surveyed.states, ({ listed }) => (listed ? 'listed' : 'removed'))
  const read = listed.filter(({ live }) => live !== undefined)
  journal.noteUsers({
    emails: surveyed.emails,
    // As the manifest counts users: several entries may turn out to be the same user.
    read: read.reduce((sum, { listings }) => sum + listings.length, 0),
    removed: removed.map(({ id }) => id),
    derived: listed.flatMap(derivedOf),
  })
}
