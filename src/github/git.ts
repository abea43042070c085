// GitHub's Git database: branches, trees, blobs, commits, and how two commits are related.

import * as z from 'zod'
import { GitHubError } from '../errors.ts'
import type { GitHub } from './github.ts'

const sha = z.string().min(1)

const refs = z.array(z.object({ ref: z.string(), object: z.object({ sha }) }))

/** @returns undefined if there is no such branch. @throws GitHubError with status 404 if the token cannot read it */
export async function readHead({ rest, repository, read }: GitHub, branch: string): Promise<string | undefined> {
  // This endpoint distinguishes a branch that does not exist from one that the token cannot read.
  const ref = `heads/${branch}`
  const request = () => rest.git.listMatchingRefs({ ...repository, ref })
  const found = await read({ action: `read the branch ${branch}`, request, schema: refs })
  return found.find(each => each.ref === `refs/${ref}`)?.object.sha
}

const settings = z.object({ default_branch: z.string().min(1) })

export async function readDefaultBranch({ rest, repository, read }: GitHub): Promise<string> {
  const request = () => rest.repos.get({ ...repository })
  return (await read({ action: 'read the repository', request, schema: settings })).default_branch
}

const treeEntry = z.object({
  /** Relative to the tree that was read. */
  path: z.string().min(1),
  type: z.enum(['blob', 'tree', 'commit']),
  sha,
})

export type TreeEntry = Readonly<z.infer<typeof treeEntry>>

const treeSchema = z.object({
  tree: z.array(treeEntry).readonly(),
  /** GitHub lists at most 100,000 entries, or 7 MB. */
  truncated: z.boolean().default(false),
})

export type Tree = Readonly<z.infer<typeof treeSchema>>

interface TreeQuery {
  /** The id of a commit or a tree. */
  readonly of: string
  readonly recursive?: boolean
}

export function readTree({ rest, repository, read }: GitHub, { of, recursive = false }: TreeQuery): Promise<Tree> {
  const request = () => rest.git.getTree({ ...repository, tree_sha: of, ...(recursive && { recursive: '1' }) })
  return read({ action: `read the files of ${of}`, request, schema: treeSchema })
}

const blobText = z.union([
  z.string().min(1),
  z.instanceof(ArrayBuffer).transform(bytes => Buffer.from(bytes).toString('utf8')),
])

export function readBlob({ rest, repository, read }: GitHub, file_sha: string): Promise<string> {
  const request = () => rest.git.getBlob({ ...repository, file_sha, mediaType: { format: 'raw' } })
  return read({ action: `read the file ${file_sha}`, request, schema: blobText })
}

/** How `head` relates to `base`; `ahead`: `base` is an ancestor of `head`. */
const comparison = z.object({ status: z.enum(['identical', 'ahead', 'behind', 'diverged']) })

/** Commits or branches. */
interface Range {
  readonly base: string
  readonly head: string
}

/** @returns undefined if one of them does not exist */
export async function compareCommits({ rest, repository, read }: GitHub, { base, head }: Range) {
  const request = () =>
    rest.repos.compareCommitsWithBasehead({ ...repository, basehead: `${base}...${head}`, per_page: 1 })
  try {
    return (await read({ action: `compare ${base} with ${head}`, request, schema: comparison })).status
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return undefined
    throw error
  }
}

interface NewCommit {
  /** Path and text of the commit's only file. */
  readonly path: string
  readonly text: string
  readonly parents: readonly string[]
  readonly message: string
}

const created = z.object({ sha })
const FILE_MODE = '100644'

/** @returns the new commit's id */
export async function createCommit(
  { rest: { git }, repository, write }: GitHub,
  { path, text, parents, message }: NewCommit,
): Promise<string> {
  const create = async (request: () => Promise<{ readonly data: unknown }>) =>
    (await write({ action: 'write a commit', request, schema: created })).sha
  const blob = await create(() => git.createBlob({ ...repository, content: text, encoding: 'utf-8' }))
  const file = { path, mode: FILE_MODE, type: 'blob', sha: blob } as const
  const tree = await create(() => git.createTree({ ...repository, tree: [file] }))
  return create(() => git.createCommit({ ...repository, message, tree, parents: [...parents] }))
}

interface BranchMove {
  readonly branch: string
  /** The head of the branch when it was read; undefined if it did not exist. */
  readonly from: string | undefined
  readonly to: string
}

const moved = z.object({ object: z.object({ sha }) })

/** Only moves a branch forward. @returns false if somebody else moved it in the meantime */
export async function moveBranch(github: GitHub, { branch, from, to }: BranchMove): Promise<boolean> {
  const { rest, repository, write } = github
  const request =
    from === undefined
      ? () => rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: to })
      : () => rest.git.updateRef({ ...repository, ref: `heads/${branch}`, sha: to, force: false })
  try {
    await write({ action: `move the branch ${branch}`, request, schema: moved })
    return true
  } catch (error) {
    if (!(error instanceof GitHubError) || !isOvertaken(error)) throw error
    // An earlier attempt may have succeeded although its response was lost.
    return (await readHead(github, branch)) === to
  }
}

/** By the message, because a branch's rules give the same status. */
function isOvertaken({ status, message }: GitHubError): boolean {
  return status === 422 && /not a fast forward|reference (already exists|does not exist)/i.test(message)
}
