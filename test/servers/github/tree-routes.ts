// Trees: https://docs.github.com/en/rest/git/trees

import { z } from 'zod'
import { type Answer, answerJson, notFound, Refusal } from './answer.ts'
import { findCommit } from './commits.ts'
import { type Tree, typeOf } from './objects.ts'
import { type Call, type Repository, type Route, readBody } from './route.ts'
import { addBlob } from './store.ts'
import { type Change, entryAt, type ListedEntry, listTree, writeTree } from './trees.ts'

const newEntry = z.object({
  path: z.string(),
  mode: z.enum(['100644', '100755', '120000', '160000', '040000']),
  type: z.enum(['blob', 'tree', 'commit']).optional(),
  /** With null, the file is deleted. */
  sha: z.string().nullable().optional(),
  content: z.string().optional(),
})
const newTree = z.object({ tree: z.array(newEntry), base_tree: z.string().nullish() })

/** GitHub's limit in addition to the number of entries. How it counts is not documented; here, as `git ls-tree` prints. */
const LIST_MAX_BYTES = 7 * 1024 * 1024
/** Mode, type, id and the separators. */
const LINE_BYTES = 53

export const treeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^git\/trees\/(.+)$/,
    needs: ['contents'],
    page: 'git/trees#get-a-tree',
    needsCommits: true,
    answer: call => {
      const { repository, parts, query } = call
      const [name = ''] = parts
      const commit = findCommit(repository, name)
      const tree = repository.trees.get(commit?.tree ?? name)
      if (tree === undefined) throw notFound()
      // GitHub returns the id of the request.
      return answerTree(repository, {
        tree,
        sha: commit?.sha ?? name,
        isRecursive: query.has('recursive'),
        status: 200,
      })
    },
  },
  {
    method: 'POST',
    path: /^git\/trees$/,
    needs: ['contents'],
    page: 'git/trees#create-a-tree',
    needsCommits: true,
    answer: call => {
      const { repository } = call
      const { base_tree, tree: entries } = readBody(newTree, call.body)
      const base = base_tree ? (repository.commits.get(base_tree)?.tree ?? base_tree) : undefined
      if (base !== undefined && !repository.trees.has(base)) {
        throw new Refusal(422, 'base_tree is not a valid tree oid')
      }
      const changes = entries.map(entry => changeFrom(call, entry, base))
      const sha = writeTree(repository, base, changes)
      const tree = repository.trees.get(sha)
      if (tree === undefined) throw new Error(`the tree ${sha} was not written`)
      return answerTree(repository, { tree, sha, isRecursive: false, status: 201 })
    },
  },
]

function changeFrom({ repository }: Call, entry: z.output<typeof newEntry>, base: string | undefined): Change {
  const { path, mode, type = typeOf(mode), sha, content } = entry
  if (path.split('/').some(part => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part))) {
    throw new Refusal(422, 'tree.path contains a malformed path component')
  }
  if ((sha === undefined) === (content === undefined)) {
    throw new Refusal(422, 'Must supply either tree.sha or tree.content. Request will be rejected if both are present.')
  }
  if (content !== undefined) return [path, { mode, sha: addBlob(repository, content) }]
  if (typeof sha !== 'string') {
    if (base === undefined || entryAt(repository, base, path) === undefined) {
      throw new Refusal(422, 'GitRPC::BadObjectState')
    }
    return [path, undefined]
  }
  // A submodule's commit is in another repository.
  const isKnown = { blob: repository.blobs, tree: repository.trees, commit: undefined }[type]?.has(sha) ?? true
  if (!isKnown || type !== typeOf(mode)) throw new Refusal(422, `tree.sha ${sha} is not a valid ${type}`)
  return [path, { mode, sha }]
}

interface TreeAnswer {
  readonly tree: Tree
  /** The type as named in responses. */
  readonly sha: string
  readonly isRecursive: boolean
  readonly status: number
}

function answerTree(repository: Repository, { tree, sha, isRecursive, status }: TreeAnswer): Answer {
  const cache = isRecursive ? LISTED_WHOLE : LISTED
  const listed = cache.get(tree) ?? listedBody(repository, tree, isRecursive)
  cache.set(tree, listed)
  const url = `${repository.apiUrl}/repos/${repository.name}/git/trees/${sha}`
  const { headers } = answerJson(status, {})
  const body = `{"sha":"${sha}","url":${JSON.stringify(url)},"tree":${listed.entries},"truncated":${listed.isTruncated}}`
  return { status, headers, body }
}

interface Listed {
  /** JSON. */
  readonly entries: string
  readonly isTruncated: boolean
}

/** Cached, because a tree never changes and a large one takes long to serialize. */
const LISTED = new WeakMap<Tree, Listed>()
const LISTED_WHOLE = new WeakMap<Tree, Listed>()

function listedBody(repository: Repository, tree: Tree, isRecursive: boolean): Listed {
  const all = isRecursive
    ? listTree(repository, tree.sha)
    : Array.from(tree.entries, ([path, entry]) => ({ path, ...entry }))
  const shown = all.slice(0, countThatFit(all, repository.treeLimit))
  const url = `${repository.apiUrl}/repos/${repository.name}/git`
  const entries = shown.map(({ path, mode, sha }) => {
    const type = typeOf(mode)
    return {
      path,
      mode,
      type,
      sha,
      ...(type === 'blob' && { size: repository.blobs.get(sha)?.length }),
      ...(type !== 'commit' && { url: `${url}/${type}s/${sha}` }),
    }
  })
  return { entries: JSON.stringify(entries), isTruncated: shown.length < all.length }
}

function countThatFit(entries: readonly ListedEntry[], limit: number): number {
  let bytes = 0
  const first = entries.findIndex(({ path }, index) => {
    bytes += LINE_BYTES + Buffer.byteLength(path)
    return index >= limit || bytes > LIST_MAX_BYTES
  })
  return first < 0 ? entries.length : first
}
