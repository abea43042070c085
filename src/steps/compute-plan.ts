// From the task to a plan: the users of the manifest, or those of a saved plan, are read, and what differs is planned.

import type { Revoke } from '../inputs.ts'
import { type ListedUser, userIdentity } from '../manifest/desired.ts'
import { adviseOn } from '../plan/advise.ts'
import { diff, unmanagedOf } from '../plan/diff.ts'
import { digestOf } from '../plan/digest.ts'
import { type Grant, NO_GRANTS, partsOf } from '../plan/grants.ts'
import { type Plan, resume, type Source, type UserPlan } from '../plan/plan.ts'
import { derivedOf } from '../report/record.ts'
import { logProgress } from '../report/report.ts'
import { type Subject, type Survey, type SurveyOptions, survey } from '../survey.ts'
import { MOST_IN_FLIGHT } from '../tenant/pace.ts'
import type { Access } from './check-access.ts'
import { type Context, locateUsers, type ManifestFiles, type Task, warn } from './context.ts'
import type { Memory } from './recall.ts'

/** The survey is what the plan was computed from. */
export interface Planning {
  readonly plan: Plan
  /** Of the plan as it was computed or saved; less may be left to do. */
  readonly digest: string
  readonly survey: Survey
}

export async function computePlan(context: Context, memory: Memory, access: Access): Promise<Planning> {
  const { task, record } = context
  const planning =
    task.kind === 'saved'
      ? await resumePlan(context, task.plan)
      : await planManifest(context, task.files, memory, access)
  record.plan = planning.plan
  record.digest = planning.digest
  return planning
}

async function planManifest(
  context: Context,
  files: ManifestFiles,
  memory: Memory,
  { assignOnly }: Access,
): Promise<Planning> {
  const { inputs, record } = context
  if (assignOnly) {
    warn(record, ['The token may not read users, so what is desired is assigned without looking at what is there.'])
  }
  const { chosen, others } = chooseSubjects(files.manifest.users, memory, inputs.revoke === 'managed')
  const surveyed = await readUsers(context, chosen, { readPermissions: !assignOnly, others })
  const plan = diff({
    tenant: inputs.domain.host,
    source: sourceOf(context, files, memory),
    users: surveyed.states,
    revoke: inputs.revoke,
    apis: files.manifest.apis,
  })
  record.unmanaged = unmanagedOf(surveyed.states, plan)
  record.advice = adviseOn(surveyed.states)
  return { plan, digest: digestOf(plan), survey: surveyed }
}

function sourceOf({ workflow }: Context, { documents, manifest, at }: ManifestFiles, { history }: Memory): Source {
  const newest = history.attempts[0] ?? history.base
  return {
    commit: workflow.commit,
    files: documents.map(({ file }) => file),
    at: at.toISOString(),
    users: manifest.users.length,
    ...(newest && { entry: newest.id }),
  }
}

/** Listed users with what is managed of them, those who have left the manifest, and those whom the scope leaves out. */
function chooseSubjects(
  listed: readonly ListedUser[],
  { managed, changed }: Memory,
  offBoard: boolean,
): { readonly chosen: readonly Subject[]; readonly others: readonly Subject[] } {
  const subjects = new Map<string, Subject>()
  for (const user of listed) {
    const identity = userIdentity(user)
    subjects.set(identity, { ...user, managed: managed.get(identity)?.grants ?? NO_GRANTS })
  }
  for (const [identity, { user, grants }] of offBoard ? managed : []) {
    if (subjects.has(identity)) continue
    const { mention: _, ...left } = user
    subjects.set(identity, { ...left, grants: new Map(), managed: grants })
  }
  const isChosen = ([identity]: readonly [string, Subject]) => changed === undefined || changed.has(identity)
  const { chosen = [], others = [] } = Object.groupBy(subjects, entry => (isChosen(entry) ? 'chosen' : 'others'))
  return { chosen: chosen.map(([, subject]) => subject), others: others.map(([, subject]) => subject) }
}

/** A saved plan is done exactly, or not at all for a user who has changed since. */
async function resumePlan(context: Context, saved: Plan): Promise<Planning> {
  const { record } = context
  const subjects = saved.users.map(({ user }) => ({ id: user, grants: new Map(), managed: NO_GRANTS }))
  const surveyed = await readUsers(context, subjects, { readPermissions: true, others: [] })
  const live = new Map(surveyed.states.map(state => [state.id, state.live?.direct]))
  const users: UserPlan[] = []
  for (const userPlan of saved.users) {
    const held = live.get(userPlan.user)
    if (held === undefined) continue
    const resumption = resume(userPlan, held)
    if (resumption.kind === 'moved') {
      const now = [...held].map(grant => `${partsOf(grant).permission} on ${partsOf(grant).api}`).sort()
      const message = `${userPlan.user} has changed since the plan was computed, and holds ${now.join(', ') || 'nothing'} directly now. Make a new plan for this user.`
      record.failures.push({ user: userPlan.user, message })
    } else if (resumption.left !== undefined) users.push(resumption.left)
  }
  return { plan: { ...saved, users }, digest: digestOf(saved), survey: surveyed }
}

function mayRevoke(revoke: Revoke, { managed }: Subject, grant: Grant): boolean {
  return revoke === 'all' || (revoke === 'managed' && managed.has(grant))
}

async function readUsers(
  { inputs, task, tenant, record }: Context,
  subjects: readonly Subject[],
  options: Pick<SurveyOptions, 'readPermissions' | 'others'>,
): Promise<Survey> {
  const { revoke } = inputs
  const progress = logProgress(
    options.readPermissions ? 'Reading users' : 'Listing users',
    subjects.length,
    record.traffic,
  )
  const surveyed = await survey(subjects, tenant, {
    ...options,
    width: MOST_IN_FLIGHT,
    mayLose: (user, grants) => [...grants].some(grant => !user.grants.has(grant) && mayRevoke(revoke, user, grant)),
    onUser: progress.step,
  }).finally(progress.end)
  tellSurvey(surveyed, task, inputs.missingUsers === 'warn', record)
  return surveyed
}

function tellSurvey(surveyed: Survey, task: Task, missingIsFine: boolean, record: Context['record']): void {
  const documents = task.kind === 'saved' ? [] : task.files.documents
  const { listed = [], left = [] } = Object.groupBy(surveyed.missing, ({ mention }) =>
    mention === undefined && task.kind === 'manifest' ? 'left' : 'listed',
  )
  record.failures.push(...locateUsers(documents, surveyed.failures))
  const missing = locateUsers(documents, listed)
  if (missingIsFine) record.warnings.push(...missing)
  else record.failures.push(...missing)
  record.warnings.push(...locateUsers(documents, surveyed.warnings))
  for (const finding of left) {
    const { user, email } = finding
    if (email === undefined) {
      const message = `${user} has left the manifest and is not in the tenant any more; there is nothing left to revoke.`
      record.notices.push({ user, message })
    } else {
      const message = `${user} has left the manifest, and no user of the tenant has this address now. Where the address was changed and not the user deleted, what was granted is still held: revoke it by hand.`
      record.warnings.push({ user, email, message })
    }
  }
  const { left: gone = [], listed: here = [] } = Object.groupBy(surveyed.states, ({ listed }) =>
    listed || task.kind === 'saved' ? 'listed' : 'left',
  )
  record.emails = surveyed.emails
  record.read = here.length
  record.left = gone.map(({ id }) => id)
  record.derived = here.flatMap(derivedOf)
}
