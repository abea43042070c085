// Comparisons of commits, and the heads of branches.

import { describe, expect, it } from 'vitest'
import { FILES, REPOSITORY, refusalOf, start } from './client.ts'

describe('a comparison', () => {
  /** ```
   * root ── a ── b
   *     └── x ── merge (also of a)
   * stranger
   * ``` */
  async function history() {
    const { github, octokit } = await start()
    const root = github.commit(FILES)
    const a = github.commit(FILES)
    const b = github.commit(FILES)
    const x = github.commit(FILES, { branch: 'x/y', parents: [root] })
    const merge = github.commit(FILES, { branch: 'x/y', parents: [x, a] })
    const stranger = github.commit(FILES, { branch: 'stranger', parents: [] })
    const compare = async (base: string, head: string) => {
      const basehead = `${base}...${head}`
      const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...REPOSITORY, basehead })
      return data
    }
    return { root, a, b, x, merge, stranger, compare }
  }

  it('counts commits since the merge base', async () => {
    const { root, a, b, x, merge, compare } = await history()
    const table: readonly (readonly [string, string, string, number, number, string])[] = [
      [a, a, 'identical', 0, 0, a],
      [root, b, 'ahead', 2, 0, root],
      [b, root, 'behind', 0, 2, root],
      [b, x, 'diverged', 1, 2, root],
      [a, merge, 'ahead', 2, 0, a],
      [b, merge, 'diverged', 2, 1, a],
      [x, merge, 'ahead', 2, 0, x],
    ]
    for (const [base, head, status, ahead_by, behind_by, sha] of table) {
      const { commits, ...data } = await compare(base, head)
      expect(data).toMatchObject({ status, ahead_by, behind_by, merge_base_commit: { sha } })
      expect(commits).toHaveLength(ahead_by)
    }
  })

  it('accepts branches, even with a slash in their names', async () => {
    const { a, x, merge, compare } = await history()
    expect(await compare('main', 'x/y')).toMatchObject({ status: 'diverged', commits: [{ sha: x }, { sha: merge }] })
    expect(await compare(a, 'refs/heads/main')).toMatchObject({ status: 'ahead' })
  })

  it('is refused if the two have no common history', async () => {
    const { a, stranger, compare } = await history()
    expect(await refusalOf(compare(a, stranger))).toMatchObject({
      status: 404,
      message: expect.stringContaining(`No common ancestor between ${a} and ${stranger}.`),
    })
  })

  it('has the newest 250 commits, or the requested page', async () => {
    const { github, octokit } = await start()
    const commits = Array.from({ length: 302 }, (_, index) => github.commit({ file: `${index}` }))
    const [base = ''] = commits
    const ids = async (paging: object) => {
      const basehead = `${base}...main`
      const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...REPOSITORY, basehead, ...paging })
      expect(data).toMatchObject({ status: 'ahead', ahead_by: 301, total_commits: 301 })
      return data.commits.map(({ sha }) => sha)
    }
    expect(await ids({})).toEqual(commits.slice(-250))
    expect(await ids({ per_page: 1 })).toEqual(commits.slice(1, 2))
    expect(await ids({ per_page: 100, page: 4 })).toEqual(commits.slice(301))
  })

  it('accepts commits of a fork, which are on no branch', async () => {
    const { github, octokit, sendJson } = await start()
    const root = github.commit(FILES)
    const fork = github.commit({ 'a.txt': 'of a fork' }, { branch: null, keepFiles: true })
    github.commit(FILES)
    const basehead = `main...${fork}`
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...REPOSITORY, basehead })
    expect(data).toMatchObject({ status: 'diverged', ahead_by: 1, behind_by: 1, merge_base_commit: { sha: root } })
    const file = await octokit.rest.repos.getContent({ ...REPOSITORY, path: 'a.txt', ref: fork })
    expect(file.data).toMatchObject({ content: 'b2YgYSBmb3Jr\n' })
    expect(await sendJson('GET', `git/commits/${fork}`)).toMatchObject({
      status: 200,
      body: { parents: [{ sha: root }] },
    })
    expect(await sendJson('GET', `commits/${fork}/branches-where-head`)).toEqual({ status: 200, body: [] })
  })
})

describe('branches', () => {
  it('have a head, and are protected if a ruleset says so', async () => {
    const { github, octokit } = await start()
    const sha = github.commit(FILES)
    github.moveBranch('release/1', sha)
    github.addRuleset({ refs: ['main'], rules: ['deletion'] })
    const get = async (branch: string) => (await octokit.rest.repos.getBranch({ ...REPOSITORY, branch })).data
    expect(await get('main')).toMatchObject({ name: 'main', protected: true, commit: { sha } })
    expect(await get('release/1')).toMatchObject({ name: 'release/1', protected: false, commit: { sha } })
    const heads = await octokit.rest.repos.listBranchesForHeadCommit({ ...REPOSITORY, commit_sha: sha })
    expect(heads.data).toMatchObject([
      { name: 'main', commit: { sha }, protected: true },
      { name: 'release/1', commit: { sha }, protected: false },
    ])
  })

  it('may be missing', async () => {
    const { github, sendJson } = await start()
    github.commit(FILES)
    expect(await sendJson('GET', 'branches/gone')).toMatchObject({ status: 404, body: { message: 'Branch not found' } })
    const gone = '0123456789012345678901234567890123456789'
    expect(await sendJson('GET', `commits/${gone}/branches-where-head`)).toMatchObject({
      status: 422,
      body: { message: `No commit found for SHA: ${gone}` },
    })
  })
})
