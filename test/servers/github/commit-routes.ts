// Commits and branches, and how commits compare: https://docs.github.com/en/rest/commits/commits

import { answerJson, notFound, Refusal } from './answer.ts'
import { commitBody } from './commit-body.ts'
import { findCommit } from './commits.ts'
import { compareCommits } from './compare.ts'
import { formatOf } from './file-answer.ts'
import { pageIn, type Repository, type Route } from './route.ts'
import { isProtected } from './rules.ts'
import type { Commit } from './store.ts'

/** The number of commits in a comparison without pages: the newest. */
const COMMITS_MAX = 250
const BRANCH = 'refs/heads/'

export const commitRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^compare\/(.+?)\.\.\.(.+)$/,
    needs: ['contents'],
    page: 'commits/commits#compare-two-commits',
    answer: ({ repository, parts: [base = '', head = ''], query }) => {
      const [left, right] = [findCommit(repository, base), findCommit(repository, head)]
      if (left === undefined || right === undefined) throw notFound()
      const { status, ahead, behind, mergeBase } = compareCommits(repository, left.sha, right.sha)
      if (mergeBase === undefined) throw new Refusal(404, `No common ancestor between ${base} and ${head}.`)
      return answerJson(200, {
        url: `${repository.apiUrl}/repos/${repository.name}/compare/${base}...${head}`,
        base_commit: commitBody(repository, left),
        merge_base_commit: commitBody(repository, mergeBase),
        status,
        ahead_by: ahead.length,
        behind_by: behind.length,
        total_commits: ahead.length,
        commits: shownCommits(ahead, query).map(commit => commitBody(repository, commit)),
      })
    },
  },
  {
    method: 'GET',
    path: /^commits\/([^/]+)\/branches-where-head$/,
    needs: ['contents'],
    page: 'commits/commits#list-branches-for-head-commit',
    needsCommits: true,
    answer: ({ repository, parts: [sha = ''] }) => {
      const commit = commitFor(repository, sha)
      const branches = [...repository.refs].filter(([ref, tip]) => ref.startsWith(BRANCH) && tip === commit.sha)
      return answerJson(
        200,
        branches.map(([ref, tip]) => ({
          name: ref.slice(BRANCH.length),
          commit: { sha: tip, url: `${repository.apiUrl}/repos/${repository.name}/commits/${tip}` },
          protected: isProtected(repository, ref),
        })),
      )
    },
  },
  {
    method: 'GET',
    path: /^commits\/(.+)$/,
    needs: ['contents'],
    page: 'commits/commits#get-a-commit',
    needsCommits: true,
    answer: ({ repository, parts: [ref = ''], accept }) => {
      const commit = commitFor(repository, ref)
      return formatOf(accept) === 'sha'
        ? { status: 200, headers: { 'content-type': 'application/vnd.github.sha; charset=utf-8' }, body: commit.sha }
        : answerJson(200, commitBody(repository, commit))
    },
  },
  {
    method: 'GET',
    path: /^branches\/(.+)$/,
    needs: ['contents'],
    page: 'branches/branches#get-a-branch',
    answer: ({ repository, parts: [name = ''] }) => {
      const ref = `${BRANCH}${name}`
      const commit = repository.commits.get(repository.refs.get(ref) ?? '')
      if (commit === undefined) throw new Refusal(404, 'Branch not found')
      return answerJson(200, {
        name,
        commit: commitBody(repository, commit),
        _links: {
          self: `${repository.apiUrl}/repos/${repository.name}/branches/${encodeURIComponent(name)}`,
          html: `${repository.pageUrl}/tree/${name}`,
        },
        protected: isProtected(repository, ref),
      })
    },
  },
]

function commitFor(repository: Repository, ref: string): Commit {
  const commit = findCommit(repository, ref)
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`)
  return commit
}

function shownCommits(ahead: readonly Commit[], query: URLSearchParams): readonly Commit[] {
  if (!query.has('page') && !query.has('per_page')) return ahead.slice(-COMMITS_MAX)
  const { page, perPage } = pageIn(query)
  return ahead.slice((page - 1) * perPage, page * perPage)
}
