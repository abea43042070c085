// Files and folders at commits, and how commits stand to each other.

import { type Answer, answerJson, notFound, Refusal } from './answer.ts'
import { AUTHOR, type Commit, compareCommits, findCommit } from './commits.ts'
import { type Blob, entriesBelow, entryAt, type Tree } from './objects.ts'
import { type Call, type Repository, type Route, timeText } from './route.ts'

const MIB = 1024 * 1024
/** Beyond, the content is left out of JSON. */
const LARGE = MIB
/** Beyond, there is no way to it here. */
const TOO_LARGE = 100 * MIB
/** What a list of a folder holds at most. */
const FOLDER_MAX = 1_000
/** What GitHub puts into a comparison unless asked for less. */
const COMMITS_MAX = 250

export const commitRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^contents(?:\/(.*))?$/,
    needs: ['contents'],
    page: 'repos/contents#get-repository-content',
    answer: ({ repository, parts: [path = ''], query, accept }) => {
      const ref = query.get('ref') ?? ''
      const commit = findCommit(repository, ref)
      if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`)
      const entry = entryAt(commit.tree, path)
      if (entry === undefined) throw notFound()
      const at = { repository, ref: ref || commit.sha }
      if (entry.type === 'blob') return answerFile(entry, at, accept)
      const entries = [...entry.entries.values()].slice(0, FOLDER_MAX)
      return answerJson(
        200,
        entries.map(each => entryBody(each, at)),
      )
    },
  },
  {
    method: 'GET',
    path: /^compare\/(.+?)\.\.\.(.+)$/,
    needs: ['contents'],
    page: 'commits/commits#compare-two-commits',
    answer: ({ repository, parts: [base = '', head = ''], query }) => {
      const [left, right] = [findCommit(repository, base), findCommit(repository, head)]
      if (left === undefined || right === undefined) throw notFound()
      const { status, ahead, behind, mergeBase } = compareCommits(repository, left, right)
      if (mergeBase === undefined) throw new Refusal(404, `No common ancestor between ${base} and ${head}.`)
      const shown = Number(query.get('per_page')) || COMMITS_MAX
      return answerJson(200, {
        url: `${repository.apiUrl}/repos/${repository.name}/compare/${base}...${head}`,
        base_commit: commitBody(repository, left),
        merge_base_commit: commitBody(repository, mergeBase),
        status,
        ahead_by: ahead.length,
        behind_by: behind.length,
        total_commits: ahead.length,
        commits: ahead.slice(0, shown).map(commit => commitBody(repository, commit)),
      })
    },
  },
  {
    method: 'GET',
    path: /^commits\/(.+)$/,
    needs: ['contents'],
    page: 'commits/commits#get-a-commit',
    answer: ({ repository, parts: [ref = ''], accept }) => {
      const commit = findCommit(repository, ref)
      if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`)
      return formatOf(accept) === 'sha'
        ? { status: 200, headers: { 'content-type': 'application/vnd.github.sha; charset=utf-8' }, body: commit.sha }
        : answerJson(200, commitBody(repository, commit))
    },
  },
  {
    method: 'GET',
    path: /^git\/trees\/(.+)$/,
    needs: ['contents'],
    page: 'git/trees#get-a-tree',
    answer: call => {
      const { repository, query } = call
      const { sha, tree } = treeIn(call)
      const from = tree.path === '' ? 0 : tree.path.length + 1
      const entries = query.has('recursive') ? entriesBelow(tree) : [...tree.entries.values()]
      return answerJson(200, {
        sha,
        url: `${repository.apiUrl}/repos/${repository.name}/git/trees/${sha}`,
        tree: entries.map(({ path, ...entry }) => ({
          path: path.slice(from),
          mode: entry.type === 'tree' ? '040000' : '100644',
          type: entry.type,
          sha: entry.sha,
          ...(entry.type === 'blob' && { size: entry.content.length }),
        })),
        truncated: false,
      })
    },
  },
]

interface Place {
  readonly repository: Repository
  readonly ref: string
}

function answerFile(blob: Blob, place: Place, accept: string): Answer {
  const { length } = blob.content
  if (length > TOO_LARGE) {
    throw new Refusal(
      403,
      'This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API, but you can always clone the repository via Git in order to obtain it.',
      [{ resource: 'Blob', field: 'data', code: 'too_large' }],
    )
  }
  if (formatOf(accept) === 'raw') {
    const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }
    return { status: 200, headers, body: blob.content }
  }
  const content =
    length > LARGE
      ? { encoding: 'none', content: '' }
      : { encoding: 'base64', content: blob.content.toString('base64').replace(/.{1,60}/g, '$&\n') }
  return answerJson(200, { ...entryBody(blob, place), ...content })
}

function entryBody(entry: Blob | Tree, { repository: { apiUrl, name, pageUrl }, ref }: Place): object {
  const { path, sha } = entry
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return {
    name: path.split('/').at(-1),
    path,
    sha,
    size: entry.type === 'blob' ? entry.content.length : 0,
    url: `${apiUrl}/repos/${name}/contents/${encoded}?ref=${encodeURIComponent(ref)}`,
    html_url: `${pageUrl}/${entry.type}/${ref}/${encoded}`,
    git_url: `${apiUrl}/repos/${name}/git/${entry.type}s/${sha}`,
    type: entry.type === 'blob' ? 'file' : 'dir',
  }
}

function commitBody({ apiUrl, name, pageUrl }: Repository, { sha, parents, tree, message, at }: Commit): object {
  const person = { ...AUTHOR, date: timeText(at) }
  const url = `${apiUrl}/repos/${name}`
  return {
    sha,
    url: `${url}/commits/${sha}`,
    html_url: `${pageUrl}/commit/${sha}`,
    commit: {
      author: person,
      committer: person,
      message,
      tree: { sha: tree.sha, url: `${url}/git/trees/${tree.sha}` },
    },
    parents: parents.map(parent => ({ sha: parent, url: `${url}/commits/${parent}` })),
  }
}

/** A tree by its own id, or by a commit that it is of; GitHub gives the id back that it was asked with. */
function treeIn({ repository, parts: [name = ''] }: Call): { readonly sha: string; readonly tree: Tree } {
  const commit = findCommit(repository, name)
  if (commit !== undefined) return { sha: commit.sha, tree: commit.tree }
  for (const { tree } of repository.commits.values()) {
    const found = [tree, ...entriesBelow(tree)].find(entry => entry.type === 'tree' && entry.sha === name)
    if (found?.type === 'tree') return { sha: name, tree: found }
  }
  throw notFound()
}

/** `raw` of `application/vnd.github.raw+json`, `application/vnd.github.v3.raw` and the like. */
function formatOf(accept: string): string | undefined {
  return /application\/vnd\.github\.(?:v3\.)?(\w+)/.exec(accept)?.[1]
}
