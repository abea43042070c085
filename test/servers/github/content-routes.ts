// Files and folders at a commit: https://docs.github.com/en/rest/repos/contents

import { type Answer, answerJson, notFound, Refusal } from './answer.ts'
import { findCommit } from './commits.ts'
import { answerRaw, base64Of, checkSize, isRaw } from './file-answer.ts'
import { type Mode, type TreeEntry, typeOf } from './objects.ts'
import type { Repository, Route } from './route.ts'
import { entryAt, type ListedEntry } from './trees.ts'

/** The largest file, in bytes, whose content is included in JSON. */
const JSON_MAX = 1024 * 1024
/** The maximum number of entries in the list of a folder. */
const FOLDER_MAX = 1_000

export const contentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^contents(?:\/(.*))?$/,
    needs: ['contents'],
    page: 'repos/contents#get-repository-content',
    answer: ({ repository, parts: [text = ''], query, accept }) => {
      const ref = query.get('ref') ?? ''
      if (repository.refs.size === 0) throw new Refusal(404, 'This repository is empty.')
      const commit = findCommit(repository, ref)
      if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`)
      const path = text.split('/').filter(Boolean).join('/')
      const entry = entryAt(repository, commit.tree, path)
      if (entry === undefined) throw notFound()
      const at = { repository, ref: ref || commit.sha }
      const folder = entry.mode === '040000' ? repository.trees.get(entry.sha) : undefined
      if (folder === undefined) return answerFile({ path, ...entry }, at, accept)
      const entries = [...folder.entries].slice(0, FOLDER_MAX)
      return answerJson(
        200,
        entries.map(([name, each]) => entryBody({ path: path && name ? `${path}/${name}` : name, ...each }, at)),
      )
    },
  },
]

interface Place {
  readonly repository: Repository
  readonly ref: string
}

function answerFile(entry: ListedEntry, place: Place, accept: string): Answer {
  const content = contentOf(entry, place.repository)
  checkSize(content)
  if (isRaw(accept)) return answerRaw(content)
  const encoded =
    content.length > JSON_MAX ? { encoding: 'none', content: '' } : { encoding: 'base64', content: base64Of(content) }
  return answerJson(200, { ...entryBody(entry, place), ...encoded })
}

function contentOf({ sha }: TreeEntry, { blobs }: Repository): Buffer {
  return blobs.get(sha) ?? Buffer.alloc(0)
}

const TYPES: Readonly<Record<Mode, string>> = {
  '100644': 'file',
  '100755': 'file',
  '120000': 'symlink',
  '160000': 'submodule',
  '040000': 'dir',
}

function entryBody(entry: ListedEntry, { repository, ref }: Place): object {
  const { path, mode, sha } = entry
  const { apiUrl, name, pageUrl } = repository
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  const type = typeOf(mode)
  return {
    name: path.split('/').at(-1),
    path,
    sha,
    size: contentOf(entry, repository).length,
    url: `${apiUrl}/repos/${name}/contents/${encoded}?ref=${encodeURIComponent(ref)}`,
    html_url: `${pageUrl}/${type}/${ref}/${encoded}`,
    git_url: `${apiUrl}/repos/${name}/git/${type}s/${sha}`,
    type: TYPES[mode],
  }
}
