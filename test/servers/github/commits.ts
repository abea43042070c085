// Commits, the branches that lead to them, and which comes before which.

import { type Files, objectId, type Tree, treeOf } from './objects.ts'

export interface Commit {
  readonly sha: string
  readonly parents: readonly string[]
  readonly files: Files
  readonly tree: Tree
  readonly message: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface CommitOptions {
  /** Without them, the commit that the branch is at, if there is one. */
  readonly parents?: readonly string[]
  /** Led to the new commit; the default branch unless named. */
  readonly branch?: string
}

export interface History {
  /** Each after its parents. */
  readonly commits: Map<string, Commit>
  readonly branches: Map<string, string>
}

export interface Comparison {
  readonly status: 'identical' | 'ahead' | 'behind' | 'diverged'
  /** Oldest first. */
  readonly ahead: readonly Commit[]
  readonly behind: readonly Commit[]
  /** undefined where the two have nothing in common */
  readonly mergeBase: Commit | undefined
}

const DEFAULT_BRANCH = 'main'
export const AUTHOR = { name: 'Octocat', email: 'octocat@github.com' }

export function addCommit(
  { commits, branches }: History,
  files: Files,
  { branch = DEFAULT_BRANCH, parents, at }: CommitOptions & { readonly at: number },
): string {
  const tip = branches.get(branch)
  const lines = parents ?? (tip === undefined ? [] : [tip])
  const strangers = lines.filter(parent => !commits.has(parent))
  if (strangers.length > 0) throw new Error(`no such parents: ${strangers}`)
  const tree = treeOf(files)
  // Numbered, as git would take two commits with nothing different for one.
  const message = `Change ${commits.size + 1}`
  const stamp = `${AUTHOR.name} <${AUTHOR.email}> ${Math.floor(at / 1000)} +0000`
  const text = [
    `tree ${tree.sha}`,
    ...lines.map(parent => `parent ${parent}`),
    `author ${stamp}`,
    `committer ${stamp}`,
    '',
    `${message}\n`,
  ].join('\n')
  const sha = objectId('commit', Buffer.from(text))
  commits.set(sha, { sha, parents: lines, files, tree, message, at })
  branches.set(branch, sha)
  return sha
}

/** As after a force push: branches that are at it go back to its first parent. */
export function forgetCommit({ commits, branches }: History, sha: string): void {
  const parent = commits.get(sha)?.parents[0]
  commits.delete(sha)
  for (const [branch, tip] of branches) {
    if (tip !== sha) continue
    if (parent === undefined) branches.delete(branch)
    else branches.set(branch, parent)
  }
}

/** @param ref an id or a branch, in any of the forms that GitHub takes */
export function findCommit({ commits, branches }: History, ref: string): Commit | undefined {
  const name = ref === '' || ref === 'HEAD' ? DEFAULT_BRANCH : ref.replace(/^(?:refs\/)?heads\//, '')
  return commits.get(branches.get(name) ?? ref)
}

export function compareCommits({ commits }: History, base: Commit, head: Commit): Comparison {
  const [ofBase, ofHead] = [lineOf(commits, base), lineOf(commits, head)]
  const ahead = [...commits.values()].filter(commit => ofHead.has(commit) && !ofBase.has(commit))
  const behind = [...commits.values()].filter(commit => ofBase.has(commit) && !ofHead.has(commit))
  const status =
    ahead.length > 0 ? (behind.length > 0 ? 'diverged' : 'ahead') : behind.length > 0 ? 'behind' : 'identical'
  // None of the others can come after the last one.
  const mergeBase = [...commits.values()].findLast(commit => ofBase.has(commit) && ofHead.has(commit))
  return { status, ahead, behind, mergeBase }
}

/** A commit and all that came before it. */
function lineOf(commits: ReadonlyMap<string, Commit>, last: Commit): ReadonlySet<Commit> {
  const line = new Set([last])
  // A set's iteration reaches what is added on the way.
  for (const { parents } of line) {
    for (const parent of parents) line.add(commits.get(parent) ?? last)
  }
  return line
}
