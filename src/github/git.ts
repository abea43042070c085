// GitHub's Git database in this project's words: branches, trees, blobs, commits, and how two commits are related.

import * as z from 'zod'
import { GitHubError } from '../errors.ts'
import type { Client } from './client.ts'

export interface TreeEntry {
  /** Relative to the tree that was read. */
  readonly path: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly sha: string
}

interface Tree {
  readonly entries: readonly TreeEntry[]
  /** GitHub lists at most 100,000 entries, or 7 MB. */
  readonly truncated: boolean
}

interface NewCommit {
  /** Path and text of the commit's only file. */
  readonly path: string
  readonly text: string
  readonly parents: readonly string[]
  readonly message: string
}

interface BranchMove {
  readonly branch: string
  /** The head of the branch when it was read; undefined if it did not exist. */
  readonly from: string | undefined
  readonly to: string
}

/** How `head` relates to `base`; `ahead`: `base` is an ancestor of `head`. */
type Relation = 'identical' | 'ahead' | 'behind' | 'diverged'

export interface Git {
  /** undefined if there is no such branch. @throws GitHubError with status 404 if the token cannot read the repository */
  readonly headOf: (branch: string) => Promise<string | undefined>
  readonly defaultBranch: () => Promise<string>
  /** @param treeish the id of a commit or a tree */
  readonly tree: (treeish: string, depth: 'flat' | 'recursive') => Promise<Tree>
  readonly blobText: (sha: string) => Promise<string>
  /** undefined if one of them does not exist; both may be branches. */
  readonly compare: (base: string, head: string) => Promise<Relation | undefined>
  /** @returns the new commit's id */
  readonly commit: (commit: NewCommit) => Promise<string>
  /** Only moves forward. @returns false if somebody else moved the branch in the meantime */
  readonly moveBranch: (move: BranchMove) => Promise<boolean>
}

const sha = z.string().min(1)

const answers = {
  refs: z.array(z.object({ ref: z.string(), object: z.object({ sha }) })),
  repository: z.object({ default_branch: z.string().min(1) }),
  tree: z.object({
    tree: z.array(z.object({ path: z.string().min(1), type: z.enum(['blob', 'tree', 'commit']), sha })),
    truncated: z.boolean().default(false),
  }),
  blob: z.union([z.string().min(1), z.instanceof(ArrayBuffer).transform(bytes => Buffer.from(bytes).toString('utf8'))]),
  comparison: z.object({ status: z.enum(['identical', 'ahead', 'behind', 'diverged']) }),
  created: z.object({ sha }),
  moved: z.object({ object: z.object({ sha }) }),
}

const FILE_MODE = '100644'

export function openGit(client: Client): Git {
  return {
    headOf: branch => readHead(client, branch),
    defaultBranch: () => readDefaultBranch(client),
    tree: (treeish, depth) => readTree(client, { treeish, depth }),
    blobText: sha => readBlob(client, sha),
    compare: (base, head) => compareCommits(client, { base, head }),
    commit: commit => createCommit(client, commit),
    moveBranch: move => moveBranch(client, move),
  }
}

async function readHead({ rest, repository, read }: Client, branch: string): Promise<string | undefined> {
  // This endpoint tells a branch that does not exist from one that the token cannot read.
  const ref = `heads/${branch}`
  const ask = () => rest.git.listMatchingRefs({ ...repository, ref })
  const refs = await read(`read the branch ${branch}`, ask, answers.refs)
  return refs.find(each => each.ref === `refs/${ref}`)?.object.sha
}

async function readDefaultBranch({ rest, repository, read }: Client): Promise<string> {
  const found = await read('read the repository', () => rest.repos.get({ ...repository }), answers.repository)
  return found.default_branch
}

interface TreeQuestion {
  readonly treeish: string
  readonly depth: 'flat' | 'recursive'
}

async function readTree({ rest, repository, read }: Client, { treeish, depth }: TreeQuestion): Promise<Tree> {
  const recursive = depth === 'recursive' ? { recursive: '1' } : {}
  const ask = () => rest.git.getTree({ ...repository, tree_sha: treeish, ...recursive })
  const { tree, truncated } = await read(`read the files of ${treeish}`, ask, answers.tree)
  return { entries: tree, truncated }
}

function readBlob({ rest, repository, read }: Client, file_sha: string): Promise<string> {
  const ask = () => rest.git.getBlob({ ...repository, file_sha, mediaType: { format: 'raw' } })
  return read(`read the file ${file_sha}`, ask, answers.blob)
}

interface Pair {
  readonly base: string
  readonly head: string
}

async function compareCommits({ rest, repository, read }: Client, { base, head }: Pair): Promise<Relation | undefined> {
  const ask = () => rest.repos.compareCommitsWithBasehead({ ...repository, basehead: `${base}...${head}`, per_page: 1 })
  try {
    return (await read(`compare ${base} with ${head}`, ask, answers.comparison)).status
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return undefined
    throw error
  }
}

async function createCommit(
  { rest: { git }, repository, write }: Client,
  { path, text, parents, message }: NewCommit,
): Promise<string> {
  const create = (ask: Parameters<Client['write']>[1]) => write('write a commit', ask, answers.created)
  const blob = await create(() => git.createBlob({ ...repository, content: text, encoding: 'utf-8' }))
  const file = { path, mode: FILE_MODE, type: 'blob', sha: blob.sha } as const
  const tree = await create(() => git.createTree({ ...repository, tree: [file] }))
  const commit = { ...repository, message, tree: tree.sha, parents: [...parents] }
  return (await create(() => git.createCommit(commit))).sha
}

async function moveBranch(client: Client, { branch, from, to }: BranchMove): Promise<boolean> {
  const { rest, repository, write } = client
  const ask =
    from === undefined
      ? () => rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: to })
      : () => rest.git.updateRef({ ...repository, ref: `heads/${branch}`, sha: to, force: false })
  try {
    await write(`move the branch ${branch}`, ask, answers.moved)
    return true
  } catch (error) {
    if (!(error instanceof GitHubError) || !isOvertaken(error)) throw error
    // An earlier attempt may have succeeded although its response was lost.
    return (await readHead(client, branch)) === to
  }
}

/** By the message, because a branch's rules give the same status. */
function isOvertaken({ status, message }: GitHubError): boolean {
  return status === 422 && /not a fast forward|reference (already exists|does not exist)/i.test(message)
}
