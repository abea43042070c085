// Refs: their names, and how they are created, moved and deleted. The messages are GitHub's.

import { invalidSha, Refusal } from './answer.ts'
import { ancestorsOf } from './compare.ts'
import { checkRules, type Ruleset } from './rules.ts'
import type { Store } from './store.ts'

export interface RefChange {
  /** The ref's full name. */
  readonly ref: string
  readonly sha: string
  /** The login of the account that changes it. */
  readonly login: string
}

type Guarded = Store & { readonly rulesets: readonly Ruleset[] }

/** https://git-scm.com/docs/git-check-ref-format */
export function isRefName(name: string): boolean {
  const forbidden = /\.\.|@\{|\/\/|[\0-\x20\x7f~^:?*[\\]|^\/|[/.]$/
  return !forbidden.test(name) && !name.split('/').some(part => part.startsWith('.') || part.endsWith('.lock'))
}

/** @throws Refusal with GitHub's message, as do the other two functions */
export function createRef(store: Guarded, { ref, sha, login }: RefChange): void {
  if (!/^refs\/[^/]+\/./.test(ref)) {
    throw new Refusal(422, 'Reference name must contain at least three slash-separated components.')
  }
  if (!isRefName(ref)) throw new Refusal(422, `${ref} is not a valid ref name.`)
  checkObject(store, sha)
  if (store.refs.has(ref)) throw new Refusal(422, 'Reference already exists')
  // Git keeps refs as files: one cannot be a folder too.
  const isInTheWay = (other: string) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`)
  if ([...store.refs.keys()].some(isInTheWay)) throw new Refusal(422, 'Reference update failed')
  checkRules(store, { ref, before: undefined, after: sha, login })
  store.refs.set(ref, sha)
}

export function updateRef(store: Guarded, { ref, sha, login, force }: RefChange & { readonly force: boolean }): void {
  const before = refIn(store, ref)
  checkObject(store, sha)
  if (!force && !ancestorsOf(store, sha).has(before)) throw new Refusal(422, 'Update is not a fast forward')
  checkRules(store, { ref, before, after: sha, login })
  store.refs.set(ref, sha)
}

export function deleteRef(store: Guarded, { ref, login }: Omit<RefChange, 'sha'>): void {
  const before = refIn(store, ref)
  checkRules(store, { ref, before, after: undefined, login })
  store.refs.delete(ref)
}

function refIn({ refs }: Store, ref: string): string {
  const sha = refs.get(ref)
  if (sha === undefined) throw new Refusal(422, 'Reference does not exist')
  return sha
}

function checkObject({ commits }: Store, sha: string): void {
  if (!/^[0-9a-f]{40}$/.test(sha)) throw invalidSha('sha')
  if (!commits.has(sha)) throw new Refusal(422, 'Object does not exist')
}
