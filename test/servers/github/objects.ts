// Git objects and their ids: SHA-1 of a header and the bytes (pure).
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects

import { createHash } from 'node:crypto'

export type ObjectType = 'blob' | 'tree' | 'commit'

/** As in the API; Git's own bytes omit the leading zero of a folder's mode. */
export type Mode = '100644' | '100755' | '120000' | '160000' | '040000'

/** Contents by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface TreeEntry {
  readonly mode: Mode
  readonly sha: string
}

export interface Tree {
  readonly sha: string
  /** Entries by name, in Git's order. */
  readonly entries: ReadonlyMap<string, TreeEntry>
}

export interface Person {
  readonly name: string
  readonly email: string
  /** Milliseconds since 1970; Git stores whole seconds, here always in UTC. */
  readonly at: number
}

export interface CommitFields {
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  /** As in the object, so with a trailing newline if it is from the command line. */
  readonly message: string
  /** ASCII-armored, without a trailing newline. */
  readonly signature?: string | undefined
}

const TYPES: Readonly<Record<Mode, ObjectType>> = {
  '100644': 'blob',
  '100755': 'blob',
  '120000': 'blob',
  '160000': 'commit',
  '040000': 'tree',
}

export function typeOf(mode: Mode): ObjectType {
  return TYPES[mode]
}

/** The header with which an object is hashed and stored. */
export function headerOf(type: ObjectType, content: Uint8Array): string {
  return `${type} ${content.length}\0`
}

export function objectId(type: ObjectType, content: Uint8Array): string {
  return createHash('sha1').update(headerOf(type, content)).update(content).digest('hex')
}

/** Git compares names as bytes, and folder names as if they ended in a slash. */
export function sortEntries(
  entries: Iterable<readonly [string, TreeEntry]>,
): readonly (readonly [string, TreeEntry])[] {
  return Array.from(entries, entry => {
    const [name, { mode }] = entry
    return { entry, key: Buffer.from(mode === '040000' ? `${name}/` : name) }
  })
    .sort((left, right) => Buffer.compare(left.key, right.key))
    .map(({ entry }) => entry)
}

/** @param entries sorted */
export function encodeTree(entries: Iterable<readonly [string, TreeEntry]>): Buffer {
  const parts = Array.from(entries, ([name, { mode, sha }]) => [
    Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`),
    Buffer.from(sha, 'hex'),
  ])
  return Buffer.concat(parts.flat())
}

export function encodeCommit(fields: CommitFields): Buffer {
  const { signature } = fields
  return Buffer.from(
    [
      ...headLines(fields),
      ...(signature ? [`gpgsig ${signature.replaceAll('\n', '\n ')}`] : []),
      '',
      fields.message,
    ].join('\n'),
  )
}

/** The signed payload: the commit without its signature. */
export function signedPayload(fields: CommitFields): string {
  return [...headLines(fields), '', fields.message].join('\n')
}

function headLines({ tree, parents, author, committer }: CommitFields): readonly string[] {
  return [
    `tree ${tree}`,
    ...parents.map(parent => `parent ${parent}`),
    `author ${stampOf(author)}`,
    `committer ${stampOf(committer)}`,
  ]
}

function stampOf({ name, email, at }: Person): string {
  return `${name} <${email}> ${Math.floor(at / 1000)} +0000`
}
