// A repository of the Acme company on the embedded GitHub, whose commits contain the manifest, and runs of the action in it.

import { afterAll } from 'vitest'
import { grantOf, roleGrantOf } from '../../src/access/grants.ts'
import { formatLedger } from '../../src/ledger/file.ts'
import type { Entry } from '../../src/ledger/ledger.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../servers/github/server.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { MANIFEST, roleId, roleName, runAgainst } from './acme.ts'
import type { ActionOptions, ActionRun } from './action.ts'
import { type WorkflowRun, workflowVariables } from './github.ts'

/** A permission that is not set is `write`. */
export type Permissions = Readonly<Partial<Record<'contents' | 'pull-requests', 'none' | 'read' | 'write'>>>

type Inputs = Readonly<Record<string, string>>
export type Files = Readonly<Record<string, string>>

interface RunOptions extends Pick<ActionOptions, 'onStart'> {
  readonly inputs?: Inputs
  readonly permissions?: Permissions
  /** The workspace's files, instead of the commit's. */
  readonly files?: Files
  readonly run?: Partial<WorkflowRun>
  readonly env?: ActionOptions['env']
}

/** A user whom a manifest lists by id. */
interface ManifestUser {
  readonly id: string
  readonly permissions: Readonly<Record<string, readonly string[]>>
  /** Names. */
  readonly roles?: readonly string[]
}

/** One user in the ledger's file. */
interface LedgerUser {
  readonly id: string
  readonly listed: readonly unknown[]
  readonly managed: Readonly<Record<string, readonly string[]>>
  readonly roles?: readonly string[]
  readonly unfinished?: true
}

interface LedgerFile {
  readonly tenant: string
  readonly commit: string
  readonly branch: string
  readonly latest: { readonly run: string; readonly commit: string; readonly at: string }
  readonly applying: boolean
  readonly files: readonly string[]
  readonly users: readonly LedgerUser[]
}

export interface Repository {
  readonly github: GitHub
  /** Answers the next requests with only this status. */
  readonly fail: (status: number, times: number) => void
  /** Stops responding. */
  readonly hang: () => void
  /** The newest commit. */
  readonly head: () => string
  /** Commits the manifest on top of the default branch. */
  readonly commit: (manifest: string) => string
  readonly commitFiles: (files: Files, branch?: string) => string
  /** Commits a manifest of these users, and sets up tenant and ledger as its first apply would, without a run. */
  readonly begin: (users: readonly ManifestUser[], key?: string) => void
  /** Commits a manifest of these users, and runs the action for the commit. */
  readonly apply: (users: readonly unknown[], inputs?: Inputs, permissions?: Permissions) => Promise<ActionRun>
  /** Runs the action for a commit, in a workspace with the commit's files unless others are given. */
  readonly run: (commit: string, options?: RunOptions) => Promise<ActionRun>
  readonly ledgerBranch: string
  /** The text of the ledger's file; undefined if there is none. */
  readonly ledger: () => LedgerFile | undefined
  /** What is managed according to the ledger: sorted names of permissions and roles, by user. */
  readonly managed: () => Readonly<Record<string, readonly string[]>>
  /** The titles of the ledger's commits, oldest first. */
  readonly ledgerLog: () => readonly string[]
  /** Replaces the ledger's file, as somebody who can write to the repository. */
  readonly tamper: (change: (text: string) => string) => void
}

const githubs: GitHub[] = []

afterAll(async () => {
  await Promise.all(githubs.splice(0).map(github => github.close()))
})

export function manifestOf(users: readonly unknown[]): string {
  return JSON.stringify({ users }, undefined, 2)
}

/** Here, applies follow each other faster than GitHub's limits let a job write. */
const LIMITS: GitHubOptions = { rateLimit: 1_000_000, contentLimit: 1_000_000 }

export async function acmeRepository(tenant: Tenant, options: GitHubOptions = {}): Promise<Repository> {
  const github = await startGitHub({ ...LIMITS, ...options })
  githubs.push(github)
  const contents = new Map<string, Files>()
  const ledgerBranch = `auth0-permissions/${new URL(tenant.domain).host.replace(':', '-')}`
  const commitFiles: Repository['commitFiles'] = (files, branch = 'main') => {
    const sha = github.commit(files, { branch })
    contents.set(sha, files)
    return sha
  }
  const commit = (manifest: string) => commitFiles({ [MANIFEST]: manifest })
  const head = () => github.tip('main') ?? ''
  const begin: Repository['begin'] = (users, key) => {
    const sha = commit(manifestOf(users))
    const entries = users.map(({ id, permissions, roles = [] }): readonly [string, Entry] => {
      const pairs = Object.entries(permissions).flatMap(([api, names]) =>
        names.map(permission => ({ api, permission })),
      )
      tenant.grant(id, ...pairs)
      tenant.assignRoles(id, ...roles)
      const managed = new Set([
        ...pairs.map(({ api, permission }) => grantOf(api, permission)),
        ...roles.map(role => roleGrantOf(roleId(role))),
      ])
      return [id, { listed: ['id'], managed, unfinished: false }]
    })
    const ledger = {
      tenant: new URL(tenant.domain).host,
      commit: sha,
      branch: 'main',
      latest: {
        run: `${github.serverUrl}/${github.repository}/actions/runs/77`,
        commit: sha,
        at: new Date().toISOString(),
      },
      applying: false,
      files: [MANIFEST],
      users: new Map(entries),
    }
    github.commit({ 'ledger.json': formatLedger(ledger, key) }, { branch: ledgerBranch })
  }
  const all = { when: () => true, times: Number.POSITIVE_INFINITY }
  const run: Repository['run'] = (sha, options = {}) => {
    const { inputs = {}, permissions = {}, files, run = {}, env, onStart } = options
    const token = github.issueToken({ contents: 'write', 'pull-requests': 'write', ...permissions })
    return runAgainst(tenant, {
      inputs: { revoke: 'managed', 'require-merged': 'true', 'github-token': token, ...inputs },
      files: files ?? contents.get(sha) ?? {},
      env: { ...workflowVariables(github, { commit: sha, ...run }), ...env },
      ...(onStart && { onStart }),
    })
  }
  const text = () => github.file(ledgerBranch, 'ledger.json')
  const ledger = (): LedgerFile | undefined => {
    const found = text()
    return found === undefined ? undefined : JSON.parse(found)
  }
  return {
    github,
    fail: (status, times) => github.fault({ kind: 'status', status, body: { message: 'Server Error' }, ...all, times }),
    hang: () => github.fault({ kind: 'hang', ...all }),
    head,
    commit,
    commitFiles,
    run,
    begin,
    apply: (users, inputs = {}, permissions = {}) => run(commit(manifestOf(users)), { inputs, permissions }),
    ledgerBranch,
    ledger,
    managed: () =>
      Object.fromEntries(
        (ledger()?.users ?? []).map(({ id, managed, roles = [] }) => [
          id,
          [...Object.values(managed).flat(), ...roles.map(roleName)].sort(),
        ]),
      ),
    ledgerLog: () =>
      github.tip(ledgerBranch) === undefined
        ? []
        : github
            .history(ledgerBranch)
            .map(({ message }) => message.split('\n')[0] ?? '')
            .toReversed(),
    tamper: change => {
      github.commit({ 'ledger.json': change(text() ?? '') }, { branch: ledgerBranch })
    },
  }
}
