// What is asked of GitHub before the tenant is read: whether the manifest is merged, what is managed, and whether this
// run may follow the latest apply.

import { ActionError, GitHubError, NotSentError } from '../errors.ts'
import type { Git } from '../github/git.ts'
import { type BranchReading, type LedgerBranch, openLedgerBranch } from '../ledger/branch.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { checkEvent } from '../plan/guard.ts'
import {
  assertRepository,
  type Checkout,
  findMergedBranch,
  hasCommit,
  readCheckout,
  refusalsOf,
} from './check-merged.ts'
import { type Context, refuse, warn } from './context.ts'

export interface Memory {
  readonly ledger: Ledger
  /** Where this run is to be recorded; undefined if it cannot be. */
  readonly branch: LedgerBranch | undefined
  /** The head of the branch that the ledger was read from; undefined if there is none. */
  readonly head: string | undefined
  /** The branch that has the run's commit; undefined if the ledger's commit is to stay as it is. */
  readonly mergedInto: string | undefined
  /** The manifest's files, and those of earlier applies that this run does not read. */
  readonly files: readonly string[]
  /** Why the ledger counts only once somebody has approved what follows from it. */
  readonly doubt: Doubt | undefined
}

interface Doubt {
  readonly refusal: string
  /** What is reported once somebody has approved it. */
  readonly acceptance: string
}

/** @returns undefined if the run is refused; why is reported */
export async function recall(context: Context): Promise<Memory | undefined> {
  const { inputs, record } = context
  if (inputs.mode === 'apply') refuse(record, checkEvent(context.workflow))
  if (record.stopped !== undefined) return undefined
  const git = await openRepository(context)
  const found = await readLedger(context, git)
  const mustBeMerged = inputs.mode === 'apply' && inputs.requireMerged
  const merged = mustBeMerged ? await checkMerged(context, git, found) : NOT_CHECKED
  if (found === undefined || merged === undefined) return undefined
  const memory: Memory = { ...found, mergedInto: merged.branch, files: filesOf(context, merged.checkout) }
  if (git === undefined || found.head === undefined) return memory
  return followLatest(context, { git, memory, checkout: merged.checkout })
}

interface Merged {
  readonly branch: string | undefined
  /** undefined if it was not looked at */
  readonly checkout: Checkout | undefined
}

const NOT_CHECKED: Merged = { branch: undefined, checkout: undefined }

/** @returns undefined outside GitHub, or without a token */
async function openRepository({ inputs, workflow, cancelled: signal }: Context): Promise<Git | undefined> {
  const { githubToken: token } = inputs
  const { repository } = workflow
  if (repository === undefined || token === undefined) return undefined
  const { openGitHub } = await import('../github/github.ts')
  return openGitHub({ token, repository, signal }).git
}

/** @returns undefined if the manifest is not merged, or nobody knows */
async function checkMerged(
  context: Context,
  git: Git | undefined,
  found: Found | undefined,
): Promise<Merged | undefined> {
  const { workflow, record } = context
  try {
    assertRepository(workflow)
    if (git === undefined) throw new ActionError(NO_TOKEN)
    const checkout = await readCheckout(context, git, found?.ledger.files ?? [])
    const into = await findMergedBranch(git, workflow)
    const refusals = refusalsOf(into, checkout, workflow.commit)
    refuse(record, refusals)
    return refusals.length > 0 ? undefined : { branch: into.branch, checkout }
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const advice = error instanceof GitHubError ? readAdvice(error) : ''
    refuse(record, [`The input require-merged cannot be checked. ${error.message} ${advice}`.trim()])
    return undefined
  }
}

const NO_TOKEN = "The input github-token is empty; remove it, because its default is the job's own token."

function readAdvice({ status }: GitHubError): string {
  return status === 403 || status === 404
    ? 'Add "permissions: { contents: read }" to the job (contents: write for mode apply).'
    : 'Run it again when GitHub answers.'
}

/** The input that cannot do without the ledger. */
function needOf({ inputs }: Context): string | undefined {
  if (inputs.revoke === 'managed') return 'revoke: managed'
  return inputs.scope === 'changed' ? 'scope: changed' : undefined
}

type Found = Pick<Memory, 'ledger' | 'branch' | 'head' | 'doubt'>

/** @returns undefined if the run needs the ledger and cannot have it */
async function readLedger(context: Context, git: Git | undefined): Promise<Found | undefined> {
  const { inputs, workflow, record } = context
  const { tenant, ledgerKey: key } = inputs
  const nothing: Found = { ledger: emptyLedger(tenant), branch: undefined, head: undefined, doubt: undefined }
  try {
    if (workflow.repository === undefined) throw new ActionError(NO_REPOSITORY)
    if (git === undefined) throw new ActionError(NO_TOKEN)
    const branch = openLedgerBranch({ git, tenant, key })
    record.ledger = { branch: branch.name, commit: undefined, run: undefined, at: undefined, head: undefined }
    return useReading(context, branch, await branch.read(), nothing)
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const need = needOf(context)
    const message = `${error.message} ${ledgerAdvice(context, error)}`.trim()
    if (need !== undefined) {
      refuse(record, [`The input ${need} needs the ledger. ${message}`])
      return undefined
    }
    // Outside GitHub there is nothing to remember it in, and nobody expects it.
    if (workflow.repository !== undefined) reportUnremembered(context, message)
    return nothing
  }
}

const NO_REPOSITORY =
  'The ledger is a branch of the repository, and this run has no GITHUB_REPOSITORY. Set revoke: never or revoke: all, and scope: all.'

function useReading(context: Context, branch: LedgerBranch, reading: BranchReading, nothing: Found): Found {
  const { record, workflow } = context
  switch (reading.kind) {
    case 'none':
      warn(record, [
        `There is no ledger yet (branch ${branch.name}), as is expected before the first apply. If this tenant had one, somebody has deleted the branch: restore it, because earlier grants are managed only if this manifest asks for them.`,
      ])
      return { ...nothing, branch }
    case 'unreadable':
      throw new ActionError(
        `The ledger on the branch ${branch.name} is not one that this action wrote: ${reading.problem}. Revert the commit that changed it on that branch; to start anew instead, delete the branch.`,
      )
    case 'ledger': {
      const { ledger, head, seal } = reading
      const { latest, applying, commit } = ledger
      record.ledger = { branch: branch.name, commit, run: latest.run, at: latest.at, head }
      if (applying && latest.run !== (workflow.runUrl ?? '')) {
        warn(record, [
          `The apply of ${latest.run || 'a run outside GitHub'}, which began at ${latest.at}, has not ended. If it is still running, wait for it and give the workflow a concurrency group; if it was stopped, this run reads again whom it may have changed.`,
        ])
      }
      const doubt = seal === 'wrong' || seal === 'missing' ? doubtOf(branch, seal) : undefined
      return { ledger, branch, head, doubt }
    }
  }
}

function doubtOf({ name }: LedgerBranch, seal: 'wrong' | 'missing'): Doubt {
  const what =
    seal === 'missing' ? 'has no seal' : 'does not have the seal of ledger-key, so somebody else has changed it'
  return {
    refusal: `The ledger on the branch ${name} ${what}. Look at its history (git log -p origin/${name}) and at this plan. If both are right, accept the ledger once: run mode: apply with approved-plan set to this plan's digest.`,
    acceptance: `The ledger on the branch ${name} ${what}. It was accepted because approved-plan has this plan's digest, and is sealed again by this run.`,
  }
}

/** What to do if GitHub does not let the ledger be read or written; empty if the error says it itself. */
export function ledgerAdvice(context: Context, error: ActionError): string {
  if (!(error instanceof GitHubError)) return ''
  const permission = context.inputs.mode === 'apply' ? 'contents: write' : 'contents: read'
  const denied = error.status === 403 || error.status === 404
  const advice = denied ? `Add this to the job: "permissions: { ${permission} }"` : 'Run it again when GitHub answers'
  if (needOf(context) === undefined) return `${advice}.`
  return `${advice}; or set revoke: never or revoke: all, and scope: all, which do without the ledger.`
}

export function reportUnremembered({ inputs, record }: Context, message: string): void {
  const what = inputs.mode === 'apply' ? 'This apply is not remembered in the ledger' : 'The ledger was not read'
  warn(record, [`${what}. ${message}`])
}

function emptyLedger(tenant: string): Ledger {
  const latest = { run: '', commit: '', at: '' }
  return { tenant, commit: '', branch: '', latest, applying: false, files: [], users: new Map() }
}

function filesOf({ task }: Context, checkout: Checkout | undefined): readonly string[] {
  return checkout?.files ?? task.files.documents.map(({ file }) => file)
}

interface Following {
  readonly git: Git
  readonly memory: Memory
  readonly checkout: Checkout | undefined
}

/** Whether this run may follow the latest apply: not an older one, and not with fewer files. */
async function followLatest(context: Context, following: Following): Promise<Memory | undefined> {
  const { record } = context
  try {
    await checkOrder(context, following)
    const files = await checkFiles(context, following)
    return record.stopped === undefined ? { ...following.memory, files } : undefined
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof NotSentError) throw error
    const advice = error instanceof GitHubError ? readAdvice(error) : ''
    refuse(record, [`It is not known whether this run may follow the latest apply. ${error.message} ${advice}`.trim()])
    return undefined
  }
}

/** Going back is a revert, a new commit: an old run that is started again must not undo what came after it. */
async function checkOrder({ inputs, workflow, record }: Context, { git, memory }: Following): Promise<void> {
  const { commit: applied, branch } = memory.ledger
  const { commit } = workflow
  if (applied === '' || commit === '' || applied === commit) return
  const relation = await git.compare(applied, commit)
  if (relation === 'ahead' || relation === 'identical') return
  const report = inputs.mode === 'apply' ? refuse : warn
  if (relation !== undefined && (await hasCommit(git, branch, applied))) {
    const why =
      relation === 'behind'
        ? `is older than ${applied}, which was applied already; an old run is not applied over a newer one. To go back, revert the newer commit`
        : `does not contain ${applied}, which was applied from the branch ${branch}; two branches would take each other's users for removed. Merge ${branch} first`
    report(record, [`This run's commit ${commit} ${why}.`])
    return
  }
  warn(record, [
    `The commit ${applied}, which was applied last, is not on the branch ${branch} any more, as after a force-push; ${commit} is taken to follow it.`,
  ])
}

/** A file that an earlier apply read, and that this run does not, would make its users look removed. */
async function checkFiles(context: Context, { git, memory, checkout }: Following): Promise<readonly string[]> {
  const { inputs, workflow, record } = context
  const present = new Set(memory.files)
  const left = memory.ledger.files.filter(file => !present.has(file))
  if (left.length === 0 || workflow.commit === '') return memory.files
  const { committed, files } = checkout ?? (await readCheckout(context, git, left))
  const kept = left.filter(file => committed.has(file) && !files.includes(file))
  if (kept.length > 0 && inputs.revoke === 'managed') {
    refuse(record, [
      `An earlier apply to this tenant also read ${kept.join(', ')}, which the commit still has and this run does not read, so its users would count as removed. Name all files of the tenant in the input manifest, or delete the files that are not in use.`,
    ])
  }
  return [...files, ...kept]
}
