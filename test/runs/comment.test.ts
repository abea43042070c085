// The pull-request comment, on the built action.

import { describe, expect, it } from 'vitest'
import { acme, CLIENT, MANIFEST, ORDERS, warningsOf } from '../e2e/acme.ts'
import { acmeRepository, manifestOf, type Permissions, type Repository } from '../e2e/repository.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'

const wants = (...permissions: readonly string[]) => [{ id: 'auth0|1', permissions: { [ORDERS]: permissions } }]
const PULL_REQUEST = { pullRequest: 5 }

async function start(): Promise<{ readonly tenant: Tenant; readonly repository: Repository }> {
  const tenant = await acme({ users: [{ id: 'auth0|1' }] })
  return { tenant, repository: await acmeRepository(tenant) }
}

function plan(repository: Repository, users: readonly unknown[], inputs = {}, permissions: Permissions = {}) {
  const commit = repository.commit(manifestOf(users))
  return repository.run(commit, {
    inputs: { mode: 'plan', comment: 'true', ...inputs },
    permissions,
    run: PULL_REQUEST,
  })
}

describe('comment: true', () => {
  it('keeps one comment with the plan up to date', async () => {
    const { tenant, repository } = await start()
    await plan(repository, wants('read:orders'))
    await plan(repository, wants('write:orders'))
    const [comment, ...others] = repository.github.comments
    expect(others).toEqual([])
    expect(comment).toMatchObject({ pullRequest: 5, user: { login: 'github-actions[bot]' } })
    expect(comment?.body).toContain('write:orders')
    expect(comment?.body).not.toContain('read:orders')
    tenant.grant('auth0|1', { api: ORDERS, permission: 'write:orders' })
    await plan(repository, wants('write:orders'))
    expect(repository.github.comments).toHaveLength(1)
    expect(comment?.body).toContain('out of date')
  })

  it('is marked as out of date by a run without a plan, unless it is the first', async () => {
    const { repository } = await start()
    const mistaken = [{ id: 'auth0|1', permission: {} }]
    await plan(repository, mistaken)
    const [comment] = repository.github.comments
    expect(comment?.body).not.toContain('out of date')
    await plan(repository, mistaken)
    expect(comment?.body).toContain('out of date')
  })

  it.each([
    ['the newest commit of the pull request, not its merge commit', 'pull_request', 'refs/pull/5/merge', true],
    ['the commit of the base branch if that is what the run is for', 'pull_request_target', 'refs/heads/main', false],
  ])('names %s', async (_, event, ref, isHead) => {
    const { repository } = await start()
    const merge = repository.commit(manifestOf(wants('read:orders')))
    const head = 'c0ffee'.repeat(6).padEnd(40, '1')
    const payload = JSON.stringify({ pull_request: { number: 5, head: { sha: head } } })
    const files = { [MANIFEST]: manifestOf(wants('read:orders')), 'event.json': payload }
    const env = { GITHUB_EVENT_NAME: event, GITHUB_REF: ref, GITHUB_EVENT_PATH: 'event.json' }
    const run = await repository.run(merge, { inputs: { mode: 'plan', comment: 'true' }, files, env })
    const [named, other] = isHead ? [head, merge] : [merge, head]
    const [comment] = repository.github.comments
    expect(comment?.body).toContain(`Written for commit <code>${named.slice(0, 12)}</code>`)
    for (const text of [comment?.body, run.summary]) expect(text).not.toContain(other.slice(0, 12))
    expect(run.report).toMatchObject({ commit: named, plan: { source: { commit: merge } } })
  })

  it('is not overwritten by a run for an older commit, in whatever order the runs end', async () => {
    const { repository } = await start()
    const older = repository.commit(manifestOf(wants('read:orders')))
    const newer = repository.commit(manifestOf(wants('write:orders')))
    const runFor = (commit: string, runId: number) =>
      repository.run(commit, { inputs: { mode: 'plan', comment: 'true' }, run: { ...PULL_REQUEST, runId } })
    await runFor(newer, 8)
    const late = await runFor(older, 9)
    const [comment] = repository.github.comments
    expect(comment?.body).toContain('write:orders')
    expect(late).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
    expect(late.log).toContain('is for a newer commit, so this run did not update it')
    await runFor(newer, 7)
    expect(comment?.body).toContain('/runs/7')
  })

  it('follows the later run after a force-push', async () => {
    const { repository } = await start()
    const base = repository.commit(manifestOf([]))
    const before = repository.commit(manifestOf(wants('read:orders')))
    const runFor = (commit: string, runId: number) =>
      repository.run(commit, { inputs: { mode: 'plan', comment: 'true' }, run: { ...PULL_REQUEST, runId } })
    await runFor(before, 8)
    repository.github.moveBranch('main', base)
    const after = repository.commit(manifestOf(wants('write:orders')))
    await runFor(after, 9)
    const [comment] = repository.github.comments
    expect(comment?.body).toContain('write:orders')
    await runFor(before, 8)
    expect(comment?.body).toContain('write:orders')
  })

  it('follows the later run if GitHub does not let the job compare commits', async () => {
    const { repository } = await start()
    const older = repository.commit(manifestOf(wants('read:orders')))
    const newer = repository.commit(manifestOf(wants('write:orders')))
    const inputs = { mode: 'plan', comment: 'true', revoke: 'never' }
    await repository.run(newer, { inputs, run: { ...PULL_REQUEST, runId: 8 } })
    const [comment] = repository.github.comments
    const withoutContents = { inputs, permissions: { contents: 'none' } } as const
    await repository.run(older, { ...withoutContents, run: { ...PULL_REQUEST, runId: 7 } })
    expect(comment?.body).toContain('write:orders')
    const run = await repository.run(older, { ...withoutContents, run: { ...PULL_REQUEST, runId: 9 } })
    expect(run.exitCode, run.log).toBe(0)
    expect(comment?.body).toContain('read:orders')
  })

  it('reports a comment that it cannot update as out of date', async () => {
    const { repository } = await start()
    await plan(repository, wants('read:orders'))
    const run = await plan(repository, wants('write:orders'), {}, { 'pull-requests': 'read' })
    expect(run.exitCode).toBe(0)
    expect(warningsOf(run)).toContainEqual(
      expect.stringMatching(/^The comment on the pull request is out of date\. .*pull-requests: write/),
    )
  })

  it('is not added a second time because GitHub does not say for a moment who the token’s user is', async () => {
    const { repository } = await start()
    const token = repository.github.issueToken({ contents: 'write', 'pull-requests': 'write' }, 'my-app[bot]')
    await plan(repository, wants('read:orders'), { 'github-token': token })
    const when = ({ path }: { readonly path: string }) => path.includes('graphql')
    repository.github.fault({ kind: 'status', status: 502, body: { message: 'Bad Gateway' }, when, times: 1 })
    await plan(repository, wants('write:orders'), { 'github-token': token })
    const [comment, ...others] = repository.github.comments
    expect([comment?.user.login, others]).toEqual(['my-app[bot]', []])
    expect(comment?.body).toContain('write:orders')
  })

  it('keeps one comment per tenant', async () => {
    const { repository } = await start()
    const other = await acme({ users: [{ id: 'auth0|1' }] })
    await plan(repository, wants('read:orders'))
    await plan(repository, wants('read:orders'), { domain: other.domain })
    expect(repository.github.comments).toHaveLength(2)
  })

  it('never edits somebody else’s comment, whatever it begins with', async () => {
    const { tenant, repository } = await start()
    const marker = `<!-- auth0-permissions: ${new URL(tenant.domain).host} -->`
    // Older than the action's own, and so found first.
    const forged = repository.github.comment({ pullRequest: 5, login: 'mallory', body: `${marker}\n\nNothing to do` })
    await plan(repository, wants('read:orders'))
    const [, own] = repository.github.comments
    const copy = repository.github.comment({ pullRequest: 5, login: 'mallory', body: own?.body ?? '' })
    await plan(repository, wants('write:orders'))
    expect(own?.body).toMatch(new RegExp(`^${marker}`))
    expect(own?.body).toContain('write:orders')
    expect(copy.body).toContain('read:orders')
    expect(forged.body).toContain('Nothing to do')
    expect(repository.github.comments).toHaveLength(3)
  })

  it('finds its comment behind a hundred others', async () => {
    const { repository } = await start()
    const filler = { pullRequest: 5, login: 'octocat', body: 'hello' }
    for (let id = 0; id < 150; id++) repository.github.comment({ ...filler, body: `hello ${id}` })
    await plan(repository, wants('read:orders'))
    await plan(repository, wants('write:orders'))
    expect(repository.github.comments).toHaveLength(151)
  })

  it('warns about a missing permission by name, and does not fail', async () => {
    const { repository } = await start()
    const run = await plan(repository, wants('read:orders'), {}, { 'pull-requests': 'read' })
    expect(run).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
    expect(warningsOf(run)).toContainEqual(expect.stringContaining('pull-requests: write'))
  })

  it('warns about a missing token too', async () => {
    const { repository } = await start()
    const run = await plan(repository, wants('read:orders'), { revoke: 'never', 'github-token': '' })
    expect(run).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
    expect(warningsOf(run)).toContainEqual(expect.stringMatching(/No comment .* github-token is empty/))
  })

  it('warns and suggests another run if GitHub refuses the comment for another reason', async () => {
    const { repository } = await start()
    repository.fail(422, Number.POSITIVE_INFINITY)
    const run = await plan(repository, wants('read:orders'), { revoke: 'never' })
    expect(run).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
    expect(warningsOf(run)).toContainEqual(
      expect.stringMatching(/No comment .*\(422\).*Run this again when GitHub is available/),
    )
  })

  it('also reports a failed run', async () => {
    const { repository } = await start()
    await plan(repository, wants('read:orders'))
    const run = await plan(repository, wants('no:such'))
    expect(run.exitCode).toBe(1)
    expect(repository.github.comments[0]?.body).toContain('no:such')
  })

  it('contains no secret, even though the runner does not mask comments', async () => {
    const { tenant, repository } = await start()
    const body = { statusCode: 400, message: `you sent ${CLIENT.secret}`, errorCode: 'echo' }
    tenant.fault({ kind: 'status', status: 400, body, when: ({ path }) => path.includes('/users/') })
    await plan(repository, wants('read:orders'))
    const [comment] = repository.github.comments
    expect(comment?.body).toContain('***')
    expect(comment?.body).not.toContain(CLIENT.secret)
  })

  it('does nothing if there is no pull request', async () => {
    const { repository } = await start()
    const commit = repository.commit(manifestOf(wants('read:orders')))
    const run = await repository.run(commit, { inputs: { mode: 'plan', comment: 'true' } })
    expect(run.exitCode).toBe(0)
    expect(repository.github.comments).toEqual([])
  })

  it('fits 5,000 users into GitHub’s limit, and says what is left out', { timeout: 60_000 }, async () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => `auth0|${index}`)
    const tenant = await acme({ users: ids.map(id => ({ id })) })
    const repository = await acmeRepository(tenant)
    const run = await plan(
      repository,
      ids.map(id => ({ id, permissions: { [ORDERS]: ['read:orders', 'write:orders'] } })),
    )
    const [comment] = repository.github.comments
    expect(comment?.body.length).toBeLessThan(65_536)
    expect(Buffer.byteLength(run.summary)).toBeLessThan(1024 * 1024)
    for (const text of [comment?.body, run.summary]) expect(text).toMatch(/report-file/)
    expect(comment?.body).toMatch(/; the <a href="[^"]+\/actions\/runs\/77">job summary<\/a> shows more/)
    expect((run.report.plan as { users: readonly unknown[] }).users).toHaveLength(5_000)
  })
})

describe('comment: changes', () => {
  it('adds a comment once there is something to show, and then keeps it up to date', async () => {
    const { tenant, repository } = await start()
    tenant.grant('auth0|1', { api: ORDERS, permission: 'read:orders' })
    const quiet = { comment: 'changes' }
    await repository.apply(wants('read:orders'))
    await plan(repository, wants('read:orders'), quiet)
    expect(repository.github.comments).toEqual([])
    await plan(repository, wants('read:orders', 'write:orders'), quiet)
    const [comment] = repository.github.comments
    expect(comment?.body).toContain('write:orders')
    await plan(repository, wants('read:orders'), quiet)
    expect(comment?.body).toContain('nothing would change now')
    expect(repository.github.comments).toHaveLength(1)
  })

  it.each([
    ['a mistake', [{ id: 'auth0|1', permission: {} }], 'permission'],
    ['a user who failed', [{ id: 'auth0|9', permissions: { [ORDERS]: [] } }], 'auth0|9'],
  ])('adds a comment for %s', async (_, users, words) => {
    const { repository } = await start()
    await plan(repository, users, { comment: 'changes' })
    expect(repository.github.comments[0]?.body).toContain(words)
  })
})
