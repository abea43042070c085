// Files at commits, and which commit comes before which.

import { createHash } from 'node:crypto'
import { NOT_FOUND, type Route } from './github.ts'

export interface Commit {
  readonly parents: readonly string[]
  /** Contents by path. */
  readonly files: Readonly<Record<string, string>>
}

/** Beyond, GitHub's JSON leaves the content out. */
const LARGE = 1024 * 1024

export const repositoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^contents\/(.*)$/,
    scope: 'contents',
    level: 'read',
    answer: ({ url, parts: [path = ''], accept }, { commits }) => {
      const commit = commits.get(url.searchParams.get('ref') ?? '')
      if (commit === undefined) return NOT_FOUND
      const content = commit.files[path]
      if (content !== undefined) return { status: 200, body: /raw/.test(accept) ? content : fileOf(path, content) }
      const entries = entriesIn(commit, path)
      return entries.length === 0 ? NOT_FOUND : { status: 200, body: entries }
    },
  },
  {
    method: 'GET',
    path: /^compare\/(.*)\.\.\.(.*)$/,
    scope: 'contents',
    level: 'read',
    answer: ({ parts: [base = '', head = ''] }, { commits }) => {
      if (!commits.has(base) || !commits.has(head)) return NOT_FOUND
      const isAncestor = (ancestor: string, commit: string): boolean =>
        ancestor === commit || (commits.get(commit)?.parents ?? []).some(parent => isAncestor(ancestor, parent))
      const [ahead, behind] = [isAncestor(base, head), isAncestor(head, base)]
      const status = base === head ? 'identical' : ahead ? 'ahead' : behind ? 'behind' : 'diverged'
      return { status: 200, body: { status } }
    },
  },
]

function fileOf(path: string, content: string): object {
  const bytes = Buffer.from(content)
  const sha = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  const whole = bytes.length <= LARGE
  const base64 = bytes.toString('base64').replace(/.{60}/g, '$&\n')
  return {
    type: 'file',
    path,
    sha,
    size: bytes.length,
    encoding: whole ? 'base64' : 'none',
    content: whole ? base64 : '',
  }
}

function entriesIn({ files }: Commit, folder: string): readonly object[] {
  const below = folder === '' ? '' : `${folder}/`
  const names = Object.keys(files).flatMap(path => (path.startsWith(below) ? [path.slice(below.length)] : []))
  const first = new Map(names.map(name => [name.split('/')[0] ?? '', name.includes('/') ? 'dir' : 'file']))
  return [...first].map(([name, type]) => ({ type, name, path: `${below}${name}` }))
}
