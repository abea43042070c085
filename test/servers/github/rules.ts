// Rulesets: who may do what to which refs, with GitHub's messages.
// https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets

import { Refusal } from './answer.ts'
import { ancestorsOf } from './compare.ts'
import type { Store } from './store.ts'

export interface Ruleset {
  /** Patterns of full names or of branches, such as `auth0-permissions/**`; a single `*` stops at a slash. */
  readonly refs: readonly string[]
  /** Rules by their names in the API. */
  readonly rules: readonly Rule[]
  /** Logins that are exempt. */
  readonly bypass?: readonly string[]
}

type Rule = 'creation' | 'update' | 'deletion' | 'non_fast_forward' | 'pull_request' | 'required_signatures'

interface RefUpdate {
  readonly ref: string
  /** Undefined if the ref is created. */
  readonly before: string | undefined
  /** Undefined if the ref is deleted. */
  readonly after: string | undefined
  readonly login: string
}

type Guarded = Store & { readonly rulesets: readonly Ruleset[] }

/** How an update violates a rule; undefined if it does not. */
const VIOLATIONS: Readonly<Record<Rule, (store: Store, update: RefUpdate) => string | undefined>> = {
  creation: (_, { before }) => (before ? undefined : 'Cannot create ref due to creations being restricted.'),
  update: (_, { before, after }) => (before && after ? 'Cannot update this protected ref.' : undefined),
  deletion: (_, { after }) => (after ? undefined : 'Cannot delete this branch'),
  non_fast_forward: (store, { before, after }) =>
    before && after && !ancestorsOf(store, after).has(before) ? 'Cannot force-push to this branch' : undefined,
  pull_request: (_, { before, after }) =>
    before && after ? 'Changes must be made through a pull request.' : undefined,
  required_signatures: (store, update) => {
    const unsigned = newCommits(store, update).filter(sha => store.commits.get(sha)?.signature === undefined)
    if (unsigned.length === 0) return undefined
    const count = `${unsigned.length} violation${unsigned.length > 1 ? 's' : ''}`
    return `Commits must have verified signatures.\n  Found ${count}:\n\n  ${unsigned.join('\n  ')}`
  },
}

/** @throws Refusal that names every rule that the update violates */
export function checkRules(store: Guarded, update: RefUpdate): void {
  if (update.before === update.after) return
  const rulesets = rulesetsOf(store, update.ref).filter(({ bypass = [] }) => !bypass.includes(update.login))
  const rules = new Set(rulesets.flatMap(({ rules }) => rules))
  const violations = [...rules].flatMap(rule => VIOLATIONS[rule](store, update) ?? [])
  if (violations.length === 0) return
  throw new Refusal(422, ['Repository rule violations found', ...violations, ''].join('\n\n'))
}

/** @param ref the full name */
export function isProtected(store: Guarded, ref: string): boolean {
  return rulesetsOf(store, ref).length > 0
}

function rulesetsOf({ rulesets }: Guarded, ref: string): readonly Ruleset[] {
  return rulesets.filter(({ refs }) => refs.some(pattern => matches(pattern, ref)))
}

function matches(pattern: string, ref: string): boolean {
  const full = pattern.startsWith('refs/') ? pattern : `refs/heads/${pattern}`
  const parts = full.split(/(\*\*|\*|\?)/).map(part => WILDCARDS[part] ?? RegExp.escape(part))
  return new RegExp(`^${parts.join('')}$`).test(ref)
}

const WILDCARDS: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' }

/** The commits that the update adds to the ref; for a new ref, those on no other ref. */
function newCommits({ commits, refs }: Store, { before, after }: RefUpdate): readonly string[] {
  if (after === undefined) return []
  const known = ancestorsOf({ commits }, ...(before ? [before] : refs.values()))
  return [...ancestorsOf({ commits }, after)].filter(sha => !known.has(sha))
}
