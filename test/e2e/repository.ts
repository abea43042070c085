// A repository of the Acme company on the embedded GitHub, whose commits hold the manifest, and runs of the action in it.

import { afterEach } from 'vitest'
import { type GitHub, type GitHubOptions, type Permissions, REPOSITORY, startGitHub } from '../github/github.ts'
import type { Tenant } from '../tenant/tenant.ts'
import { MANIFEST, runAgainst } from './acme.ts'
import type { ActionOptions, ActionRun } from './action.ts'

export type { Permissions }

type Inputs = Readonly<Record<string, string>>
type Files = Readonly<Record<string, string>>

export interface Repository {
  readonly github: GitHub
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
  readonly record: (commit: string, ...states: readonly string[]) => void
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
    newest = github.commit(files, newest === '' ? undefined : newest)
    return newest
  }
  const commit = (manifest: string) => commitFiles({ [MANIFEST]: manifest })
  const run: Repository['run'] = (sha, inputs = {}, permissions = {}, files, more = {}) =>
    runAgainst(tenant, {
      inputs: { revoke: 'managed', 'github-token': github.issueToken(permissions), ...inputs },
      files: files ?? github.commits.get(sha)?.files ?? {},
      ...more,
      env: {
        GITHUB_API_URL: github.apiUrl,
        GITHUB_GRAPHQL_URL: github.apiUrl.replace(/\/v3$/, '/graphql'),
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: REPOSITORY,
        GITHUB_SHA: sha,
        GITHUB_RUN_ID: '77',
        ...more.env,
      },
    })
  return {
    github,
    head: () => newest,
    commit,
    commitFiles,
    run,
    apply: (users, inputs, permissions) => run(commit(manifestOf(users)), inputs, permissions),
    record: (sha, ...states) => {
      github.deployments.push({
        id: 1000 + github.deployments.length,
        sha,
        task: 'auth0-permissions',
        environment: `auth0-permissions/${new URL(tenant.domain).host}`,
        payload: { manifest: Object.keys(github.commits.get(sha)?.files ?? {}) },
        created_at: new Date().toISOString(),
        statuses: states.map(state => ({ state, description: '', log_url: '' })),
      })
    },
    states: () => github.deployments.map(({ statuses }) => statuses.map(({ state }) => state)),
  }
}
