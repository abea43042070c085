// Only a merged manifest is applied, whatever the event, the branch and the checkout.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acme, errorsOf, heldBy, MANIFEST, runAgainst, WITH_ROLES, wants, warningsOf } from '../e2e/acme.ts'
import type { WorkflowRun } from '../e2e/github.ts'
import { acmeRepository, manifestOf } from '../e2e/repository.ts'

const MERGED = manifestOf([wants('auth0|1', 'read:orders')])
const UNMERGED = manifestOf([wants('auth0|1', 'read:orders', 'Owner')])
const PROTECTED = { GITHUB_REF_PROTECTED: 'true' }

async function start() {
  const tenant = await acme({ ...WITH_ROLES, users: [{ id: 'auth0|1' }] })
  const repository = await acmeRepository(tenant)
  const main = repository.commit(MERGED)
  repository.github.moveBranch('feature', main)
  const feature = repository.commitFiles({ [MANIFEST]: UNMERGED }, 'feature')
  return { tenant, repository, main, feature, held: () => heldBy(tenant, 'auth0|1').length }
}

describe('an unmerged manifest is refused before the tenant is read', () => {
  it.each<[string, Partial<WorkflowRun>]>([
    ['pull_request', { event: 'pull_request', pullRequest: 5 }],
    ['pull_request_target', { event: 'pull_request_target', ref: 'refs/heads/main' }],
    ['pull_request_review', { event: 'pull_request_review', pullRequest: 5 }],
    ['merge_group', { event: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-5-abc' }],
  ])('on %s, also with require-merged: false', async (_, run) => {
    const { tenant, repository, main } = await start()
    for (const requireMerged of ['true', 'false']) {
      const refused = await repository.run(main, { run, inputs: { 'require-merged': requireMerged, revoke: 'all' } })
      expect(errorsOf(refused)).toEqual([expect.stringMatching(/^Mode apply is refused on the event/)])
    }
    expect(tenant.requests).toEqual([])
  })

  it.each<[string, Partial<WorkflowRun>]>([
    ['workflow_dispatch of a branch', { event: 'workflow_dispatch', ref: 'refs/heads/feature' }],
    ['a push to a branch', { event: 'push', ref: 'refs/heads/feature' }],
    ['a tag', { event: 'push', ref: 'refs/tags/v1' }],
    ['a release', { event: 'release', ref: 'refs/tags/v1' }],
  ])('on %s, whatever the value of revoke', async (_, run) => {
    const { tenant, repository, feature } = await start()
    for (const revoke of ['never', 'managed', 'all']) {
      const refused = await repository.run(feature, { run, inputs: { revoke } })
      expect(errorsOf(refused)).toEqual([expect.stringMatching(/Only a merged manifest is applied.*not on main/)])
    }
    expect(tenant.requests).toEqual([])
  })

  it.each(['workflow_run', 'issue_comment', 'deployment_status', 'schedule', 'repository_dispatch'])(
    'on %s, if another commit was checked out',
    async event => {
      const { tenant, repository, main } = await start()
      const refused = await repository.run(main, { run: { event }, files: { [MANIFEST]: UNMERGED } })
      expect(errorsOf(refused)).toEqual([expect.stringMatching(/must match the run's commit.*differs from the commit/)])
      expect(tenant.requests).toEqual([])
    },
  )

  it('if its commit is in a fork, which the repository can read', async () => {
    const { tenant, repository } = await start()
    const fork = repository.github.commit({ [MANIFEST]: UNMERGED }, { branch: null })
    const refused = await repository.run(fork, { files: { [MANIFEST]: UNMERGED } })
    expect(errorsOf(refused)).toEqual([expect.stringContaining('Only a merged manifest is applied')])
    expect(tenant.requests).toEqual([])
  })

  it('if its commit was dropped from the branch', async () => {
    const { tenant, repository, main } = await start()
    const dropped = repository.commit(UNMERGED)
    repository.github.moveBranch('main', main)
    const refused = await repository.run(dropped)
    expect(errorsOf(refused)).toEqual([expect.stringContaining('Only a merged manifest is applied')])
    expect(tenant.requests).toEqual([])
  })

  it('with a saved plan too', async () => {
    const { tenant, repository, feature } = await start()
    const plan = await repository.run(feature, { inputs: { mode: 'plan' } })
    const seen = tenant.requests.length
    const files = { [MANIFEST]: UNMERGED, 'plan.json': plan.plan }
    const refused = await repository.run(feature, {
      files,
      inputs: { 'plan-file': 'plan.json', 'approved-plan': plan.outputs['plan-digest'] ?? '' },
    })
    expect(errorsOf(refused)).toEqual([expect.stringContaining('Only a merged manifest is applied')])
    expect(tenant.requests).toHaveLength(seen)
  })

  it('outside GitHub', async () => {
    const { tenant } = await start()
    const inputs = { revoke: 'never', 'require-merged': 'true' }
    const refused = await runAgainst(tenant, { manifest: MERGED, inputs })
    expect(errorsOf(refused)).toEqual([
      expect.stringMatching(/GITHUB_REPOSITORY or GITHUB_SHA is not set.*require-merged: false for a trial/),
    ])
    expect(tenant.requests).toEqual([])
  })

  it('if the token may not read what is merged, with the permission to add', async () => {
    const { tenant, repository, main } = await start()
    const refused = await repository.run(main, { inputs: { revoke: 'all' }, permissions: { contents: 'none' } })
    expect(errorsOf(refused)).toEqual([
      expect.stringMatching(
        /Could not check whether the manifest is merged \(input require-merged\)\..*contents: write/,
      ),
    ])
    expect(tenant.requests).toEqual([])
  })
})

describe('a merged manifest is applied', () => {
  it.each<[string, Partial<WorkflowRun>]>([
    ['on a push to the default branch', {}],
    ['on workflow_dispatch', { event: 'workflow_dispatch' }],
    ['on workflow_run, with the commit of the run checked out', { event: 'workflow_run' }],
    ['on a tag of a merged commit', { event: 'push', ref: 'refs/tags/v1' }],
    ['on a branch without commits of its own', { event: 'workflow_dispatch', ref: 'refs/heads/same' }],
  ])('%s', async (_, run) => {
    const { repository, main, held } = await start()
    const applied = await repository.run(main, { run })
    expect(applied.outputs).toMatchObject({ result: 'applied' })
    expect(held()).toBe(1)
    expect(repository.ledger()).toMatchObject({ commit: main, branch: 'main' })
  })

  it('from an older commit of the branch', async () => {
    const { repository, main } = await start()
    repository.commit(UNMERGED)
    const applied = await repository.run(main)
    expect(applied.outputs).toMatchObject({ result: 'applied' })
  })

  it('from the protected branch that the run is for', async () => {
    const { repository, feature, held } = await start()
    const run = { ref: 'refs/heads/feature' }
    const applied = await repository.run(feature, { run, env: PROTECTED })
    expect(applied.outputs).toMatchObject({ result: 'applied' })
    expect(held()).toBe(2)
    expect(repository.ledger()).toMatchObject({ commit: feature, branch: 'feature' })
  })

  it('from a default branch with another name, even if the event does not name it', async () => {
    const { repository, feature } = await start()
    repository.github.setDefaultBranch('feature')
    const applied = await repository.run(feature, { run: { event: 'schedule', ref: 'refs/heads/feature' } })
    expect(applied.outputs).toMatchObject({ result: 'applied' })
  })
})

describe('the workspace', () => {
  const files = { 'teams/a.yml': MERGED, 'teams/b/c.yml': manifestOf([]), 'README.md': 'About' }

  it.each([
    ['has a file with other contents', { ...files, 'teams/a.yml': `${MERGED}\n` }, /teams\/a\.yml differs/],
    ['is missing a file', { 'teams/a.yml': MERGED }, /teams\/b\/c\.yml is in the commit but not in the workspace/],
    [
      'has many additional files',
      { ...files, ...Object.fromEntries([...'defghij'].map(name => [`teams/${name}.yml`, MERGED])) },
      /teams\/h\.yml is not in the commit and 2 more\. Check out/,
    ],
    ['has an additional file', { ...files, 'teams/d.yml': MERGED }, /teams\/d\.yml is not in the commit/],
  ])('that %s is refused', async (_, workspace, words) => {
    const { tenant, repository } = await start()
    const commit = repository.commitFiles(files)
    const refused = await repository.run(commit, { files: workspace, inputs: { manifest: 'teams/**/*.yml' } })
    expect(errorsOf(refused)).toEqual([expect.stringMatching(words)])
    expect(tenant.requests).toEqual([])
  })

  it.each([
    ['with Windows line endings', 'teams/**/*.yml', (text: string) => text.replaceAll('\n', '\r\n'), ''],
    ['in a folder', 'config/teams/**/*.yml', (text: string) => text, 'config/'],
    ['in a nested folder, with each file listed', 'a/b/teams/a.yml\na/b/teams/b/c.yml', (text: string) => text, 'a/b/'],
    ['with a leading dot in the glob', './teams/**/*.yml', (text: string) => text, ''],
  ])('matches the commit %s', async (_, manifest, convert, folder) => {
    const { repository, held } = await start()
    const commit = repository.commitFiles(files)
    const workspace = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [`${folder}${path}`, convert(text)]),
    )
    const applied = await repository.run(commit, { files: workspace, inputs: { manifest } })
    expect(applied.outputs, applied.log).toMatchObject({ result: 'applied' })
    expect(held()).toBe(1)
    expect(repository.ledger()?.files).toEqual(['teams/a.yml', 'teams/b/c.yml'])
    const again = await repository.run(commit, { inputs: { manifest: 'teams/**/*.yml' } })
    expect(again.outputs, again.log).toMatchObject({ result: 'unchanged' })
  })
})

it('a manifest with an absolute path is the one in the commit', async () => {
  const { repository, main, held } = await start()
  const workspace = mkdtempSync(join(tmpdir(), 'workspace-'))
  const manifest = join(workspace, MANIFEST)
  mkdirSync(dirname(manifest), { recursive: true })
  writeFileSync(manifest, MERGED)
  const run = await repository.run(main, { inputs: { manifest }, env: { GITHUB_WORKSPACE: workspace } })
  rmSync(workspace, { recursive: true })
  expect(run.outputs, run.log).toMatchObject({ result: 'applied' })
  expect(held()).toBe(1)
})

describe('require-merged: false', () => {
  it('applies a generated manifest, keeps the ledger, and does not change the ledger’s commit', async () => {
    const { repository, main, held } = await start()
    await repository.run(main)
    const made = await repository.run(main, {
      files: { [MANIFEST]: UNMERGED },
      inputs: { 'require-merged': 'false' },
      run: { ref: 'refs/heads/feature', runId: 99 },
    })
    expect(made.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(held()).toBe(2)
    expect(repository.ledger()).toMatchObject({ commit: main, branch: 'main', latest: { commit: main } })
    expect(repository.managed()).toEqual({ 'auth0|1': ['Owner', 'read:orders'] })
  })

  it('does not block applies of the default branch', async () => {
    const { repository, feature, held } = await start()
    const run = { ref: 'refs/heads/feature' }
    const trial = await repository.run(feature, { run, inputs: { 'require-merged': 'false' } })
    expect(trial.outputs).toMatchObject({ result: 'applied' })
    expect(repository.ledger()).toMatchObject({ commit: '', branch: '', latest: { commit: feature } })
    const merged = await repository.run(repository.head())
    expect(errorsOf(merged)).toEqual([])
    expect(warningsOf(merged)).toEqual([])
    expect(held()).toBe(1)
  })
})
