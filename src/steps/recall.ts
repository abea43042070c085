// Asks the ledger what earlier applies asked for, and whether this one may follow them.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import { changedSince, type Entry, type History, type ManagedUser, NO_HISTORY, unionOf } from '../ledger/history.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Context, type ManifestFiles, notice, refuse, warn } from './context.ts'

export interface Memory {
  /** Where this run is to be recorded; undefined where it cannot be. */
  readonly ledger: Ledger | undefined
  readonly history: History
  /** What earlier revisions asked for, by the identity of the user. */
  readonly managed: ReadonlyMap<string, ManagedUser>
  /** The identities of the users whom `scope: changed` reads; undefined where everybody is read. */
  readonly changed: ReadonlySet<string> | undefined
}

const NOTHING: Memory = { ledger: undefined, history: NO_HISTORY, managed: new Map(), changed: undefined }

/** @returns undefined where the run needs the ledger and cannot have it; why is told as a refusal */
export async function recall(context: Context): Promise<Memory | undefined> {
  const { inputs, workflow, record } = context
  const need = needOf(context)
  if (need === undefined && (inputs.mode === 'plan' || workflow.repository === undefined)) return NOTHING
  try {
    return await readLedger(context, await open(context), need)
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const message = `${error.message} ${ledgerAdvice(error)}`.trim()
    if (need !== undefined) {
      refuse(record, [`The input ${need} needs the ledger. ${message}`])
      return undefined
    }
    notice(record, [`This apply is not recorded in the ledger. ${message}`])
    return NOTHING
  }
}

/** The input that cannot do without the ledger. */
function needOf({ inputs }: Context): string | undefined {
  if (inputs.revoke === 'managed') return 'revoke: managed'
  return inputs.scope === 'changed' ? 'scope: changed' : undefined
}

async function open({ inputs, workflow, cancelled: signal }: Context): Promise<Ledger> {
  const { githubToken: token } = inputs
  const { repository } = workflow
  if (repository === undefined) {
    throw new ActionError(
      'It is kept on GitHub, and this run has no GITHUB_REPOSITORY. Set revoke: never or revoke: all, and scope: all.',
    )
  }
  if (token === undefined) {
    throw new ActionError(
      "It is kept on GitHub, and the input github-token is empty; leave it out, as its default is the job's own token.",
    )
  }
  const [{ openGitHub }, { openLedger }] = await Promise.all([import('../github.ts'), import('../ledger/ledger.ts')])
  return openLedger({ github: openGitHub({ token, repository, signal }), tenant: inputs.domain.host, workflow })
}

/** What to do where GitHub does not let the ledger be; empty where the error says it itself. */
export function ledgerAdvice(error: ActionError): string {
  if (!(error instanceof GitHubError)) return ''
  const instead = 'set revoke: never or revoke: all, and scope: all, which do without it'
  return error.status === 403 || error.status === 404
    ? `Add this to the job: "permissions: { contents: read, deployments: write }" (for mode plan, deployments: read is enough); or ${instead}.`
    : `Run it again when GitHub answers; or ${instead}.`
}

async function readLedger(context: Context, ledger: Ledger, need: string | undefined): Promise<Memory | undefined> {
  const { inputs, record, task } = context
  const history = await ledger.history()
  record.ledger = { base: history.base?.commit, attempts: history.attempts.length, deployment: undefined }
  await checkOrder(context, ledger, history)
  if (task.kind === 'saved') return { ...NOTHING, ledger, history }

  const doubts = await doubtsOf(context, ledger, history, task.files)
  if (doubts.length > 0 && need === undefined) {
    notice(record, [`This apply is not recorded in the ledger: ${doubts.join('; ')}.`])
    return { ...NOTHING, history }
  }
  refuse(
    record,
    doubts.map(doubt => `The input ${need} is refused: ${doubt}.`),
  )
  if (doubts.length > 0) return undefined
  if (need === undefined) return { ...NOTHING, ledger, history }

  const files = task.files.documents.map(({ file }) => file)
  const entries = history.base === undefined ? history.attempts : [history.base, ...history.attempts]
  const revisions = await ledger.revisionsOf(entries, files)
  const [base] = revisions
  const followsBase = inputs.scope === 'changed' && history.base !== undefined && base !== undefined
  if (inputs.scope === 'changed' && !followsBase) {
    notice(record, ['No apply has succeeded yet, so every listed user is read.'])
  }
  const later = [...revisions.slice(1), task.files.manifest.users]
  return {
    ledger,
    history,
    managed: unionOf(revisions),
    changed: followsBase ? changedSince(base, later) : undefined,
  }
}

/** Going back is a revert, a new commit: an old run that is started again must not undo what came after it. */
async function checkOrder(context: Context, ledger: Ledger, history: History): Promise<void> {
  const { inputs, record } = context
  const commit = commitOf(context)
  const entries = history.base === undefined ? history.attempts : [...history.attempts, history.base]
  const newer = await firstAfter(ledger, commit, entries)
  if (newer === undefined) return
  const message = `A newer revision of the manifest was applied already: ${newer.commit} comes after ${commit}, the commit of this run. An old run is not applied over a newer one; to go back, revert the newer commit.`
  if (inputs.mode === 'apply') refuse(record, [message])
  else warn(record, [message])
}

async function firstAfter(ledger: Ledger, commit: string, entries: readonly Entry[]): Promise<Entry | undefined> {
  const commits = new Set<string>()
  for (const entry of entries) {
    if (commit === '' || commits.has(entry.commit)) continue
    commits.add(entry.commit)
    if (await ledger.isBefore(commit, entry)) return entry
  }
  return undefined
}

/** The commit whose manifest this run applies; empty where no commit holds it. */
export function commitOf({ task, workflow }: Pick<Context, 'task' | 'workflow'>): string {
  return task.kind === 'saved' ? task.plan.source.commit : workflow.commit
}

/** Why the ledger would tell later runs something else than what this run asks for. */
async function doubtsOf(
  { inputs, workflow }: Context,
  ledger: Ledger,
  { base, attempts }: History,
  { documents }: ManifestFiles,
): Promise<readonly string[]> {
  const { commit } = workflow
  const differences = await ledger.differences({ commit, documents, patterns: inputs.manifest })
  if (differences.length > 0) {
    return [`${differences.join(', ')}; check out the commit of the run, with nothing changed and nothing left out`]
  }
  const present = new Set(documents.map(({ file }) => file))
  const left = [...new Set([...attempts, ...(base ? [base] : [])].flatMap(({ files = [] }) => files))].filter(
    file => !present.has(file),
  )
  const kept = await ledger.held(left, commit)
  if (kept.length === 0) return []
  return [
    `an earlier apply to this tenant read ${kept.join(', ')} too, which this commit still holds and this run does not read, so that its users would count as having left; name all files of a tenant in the input manifest, or delete those that are not in use`,
  ]
}
