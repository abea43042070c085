// A repository of the Acme company on the embedded GitHub, whose commits hold the manifest, and runs of the action in it.

import { afterEach } from 'vitest'
import { type GitHub, type GitHubOptions, startGitHub } from '../servers/github/server.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { MANIFEST, runAgainst } from './acme.ts'
import type { ActionOptions, ActionRun } from './action.ts'
import { workflowVariables } from './github.ts'

/** What is not named is `write`. */
export type Permissions = Readonly<
  Partial<Record<'contents' | 'deployments' | 'pull-requests', 'none' | 'read' | 'write'>>
>

type Inputs = Readonly<Record<string, string>>
type Files = Readonly<Record<string, string>>

export interface Repository {
  readonly github: GitHub
  /** Answers the next requests with this status alone. */
  readonly fail: (status: number, times: number) => void
  /** Answers nothing any more. */
  readonly hang: () => void
  /** The newest commit. */
  readonly head: () => string
  /** Commits the manifest on top of the newest commit. */
  readonly commit: (manifest: string) => string
  readonly commitFiles: (files: Files) => string
  /** Commits a manifest of these users, and runs the action for the commit. */
  readonly apply: (users: readonly unknown[], inputs?: Inputs, permissions?: Permissions) => Promise<ActionRun>
  /** Runs the action for a commit, in a workspace that holds what the commit holds unless other files are given. */
  readonly run: (
    commit: string,
    inputs?: Inputs,
    permissions?: Permissions,
    files?: Files,
    more?: Pick<ActionOptions, 'env' | 'onStart'>,
  ) => Promise<ActionRun>
  /** Writes down an apply that nobody ran. */
  readonly record: (commit: string, ...states: readonly ('success' | 'failure' | 'inactive')[]) => void
  /** The states of every apply, oldest first. */
  readonly states: () => readonly (readonly string[])[]
}

const githubs: GitHub[] = []

afterEach(async () => {
  await Promise.all(githubs.splice(0).map(github => github.close()))
})

export function manifestOf(users: readonly unknown[]): string {
  return JSON.stringify({ users }, undefined, 2)
}

export async function acmeRepository(tenant: Tenant, options: GitHubOptions = {}): Promise<Repository> {
  const github = await startGitHub(options)
  githubs.push(github)
  let newest = ''
  const commitFiles = (files: Files): string => {
    newest = github.commit(files)
    return newest
  }
  const commit = (manifest: string) => commitFiles({ [MANIFEST]: manifest })
  const all = { when: () => true, times: Number.POSITIVE_INFINITY }
  const filesOf = (sha: string): Files =>
    Object.fromEntries(
      Object.entries(github.commits.get(sha)?.files ?? {}).map(([path, content]) => [path, content.toString()]),
    )
  const run: Repository['run'] = (sha, inputs = {}, permissions = {}, files, more = {}) => {
    const token = github.issueToken({
      contents: 'write',
      deployments: 'write',
      'pull-requests': 'write',
      ...permissions,
    })
    return runAgainst(tenant, {
      inputs: { revoke: 'managed', 'github-token': token, ...inputs },
      files: files ?? filesOf(sha),
      ...more,
      env: { ...workflowVariables(github, { commit: sha }), ...more.env },
    })
  }
  return {
    github,
    fail: (status, times) => github.fault({ kind: 'status', status, body: { message: 'Server Error' }, ...all, times }),
    hang: () => github.fault({ kind: 'hang', ...all }),
    head: () => newest,
    commit,
    commitFiles,
    run,
    apply: (users, inputs, permissions) => run(commit(manifestOf(users)), inputs, permissions),
    record: (sha, ...states) => {
      const environment = `auth0-permissions/${new URL(tenant.domain).host}`
      const payload = { manifest: Object.keys(filesOf(sha)) }
      github.deploy({ ref: sha, task: 'auth0-permissions', environment, payload }, ...states.map(state => ({ state })))
    },
    states: () => github.deployments.map(({ statuses }) => statuses.map(({ state }) => state)),
  }
}
