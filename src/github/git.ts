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
  /** A file's path and text: the whole content of the commit. */
  readonly path: string
  readonly text: string
  readonly parents: readonly string[]
  readonly message: string
}

interface BranchMove {
  readonly branch: string
  /** The commit that the branch was seen at; undefined if it did not exist. */
  readonly from: string | undefined
  readonly to: string
}

/** How `head` is related to `base`: `ahead` has it among its ancestors. */
type Relation = 'identical' | 'ahead' | 'behind' | 'diverged'

export interface Git {
  /** undefined if there is no such branch. @throws GitHubError with status 404 if the token may not read the repository */
  readonly headOf: (branch: string) => Promise<string | undefined>
  readonly defaultBranch: () => Promise<string>
  /** @param treeish the id of a commit or a tree */
  readonly tree: (treeish: string, depth: 'flat' | 'recursive') => Promise<Tree>
  readonly blobText: (sha: string) => Promise<string>
  /** undefined if one of them does not exist; both may be branches. */
  readonly compare: (base: string, head: string) => Promise<Relation | undefined>
  /** @returns the new commit's id */
  readonly commit: (commit: NewCommit) => Promise<string>
  /** @returns false if somebody else moved the branch meanwhile: it is only ever moved forward */
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

export function openGit({ rest, repository, read, write }: Client): Git {
  const { git, repos } = rest

  const headOf: Git['headOf'] = async branch => {
    // Asked like this, a branch that does not exist and one that may not be read have different answers.
    const ref = `heads/${branch}`
    const refs = await read(
      `read the branch ${branch}`,
      () => git.listMatchingRefs({ ...repository, ref }),
      answers.refs,
    )
    return refs.find(each => each.ref === `refs/${ref}`)?.object.sha
  }

  return {
    headOf,
    defaultBranch: async () => {
      const found = await read('read the repository', () => repos.get({ ...repository }), answers.repository)
      return found.default_branch
    },
    tree: async (treeish, depth) => {
      const recursive = depth === 'recursive' ? { recursive: '1' } : {}
      const { tree, truncated } = await read(
        `read the files of ${treeish}`,
        () => git.getTree({ ...repository, tree_sha: treeish, ...recursive }),
        answers.tree,
      )
      return { entries: tree, truncated }
    },
    blobText: file_sha =>
      read(
        `read the file ${file_sha}`,
        () => git.getBlob({ ...repository, file_sha, mediaType: { format: 'raw' } }),
        answers.blob,
      ),
    compare: async (base, head) => {
      const work = () => repos.compareCommitsWithBasehead({ ...repository, basehead: `${base}...${head}`, per_page: 1 })
      try {
        return (await read(`compare ${base} with ${head}`, work, answers.comparison)).status
      } catch (error) {
        if (error instanceof GitHubError && error.status === 404) return undefined
        throw error
      }
    },
    commit: async ({ path, text, parents, message }) => {
      const doing = 'write a commit'
      const blob = await write(
        doing,
        () => git.createBlob({ ...repository, content: text, encoding: 'utf-8' }),
        answers.created,
      )
      const file = { path, mode: FILE_MODE, type: 'blob', sha: blob.sha } as const
      const tree = await write(doing, () => git.createTree({ ...repository, tree: [file] }), answers.created)
      const created = await write(
        doing,
        () => git.createCommit({ ...repository, message, tree: tree.sha, parents: [...parents] }),
        answers.created,
      )
      return created.sha
    },
    moveBranch: async ({ branch, from, to }) => {
      const doing = `move the branch ${branch}`
      try {
        await write(
          doing,
          from === undefined
            ? () => git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: to })
            : () => git.updateRef({ ...repository, ref: `heads/${branch}`, sha: to, force: false }),
          answers.moved,
        )
        return true
      } catch (error) {
        if (!(error instanceof GitHubError) || !isOvertaken(error)) throw error
        // The answer to an earlier try may have been lost, after GitHub did what it was asked.
        return (await headOf(branch)) === to
      }
    },
  }
}

/** GitHub says all of this with the same status as the rules that a branch has. */
function isOvertaken({ status, message }: GitHubError): boolean {
  return status === 422 && /not a fast forward|reference (already exists|does not exist)/i.test(message)
}
