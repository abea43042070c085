// Checks references to roles against the manifest's own catalogue, and against the tenant's roles. Pure.

import { advise } from '../access/nearest.ts'
import { quote } from '../access/quote.ts'
import { findRoles, type Roles } from '../access/roles.ts'
import type { Remark } from './problem.ts'
import { type Contents, checkNamesIn, listsOf, type Names } from './read.ts'
import { roleName } from './schema.ts'

/** Whether this has the form of Auth0's role ids. A role whose name has this form must be listed by its id. */
export function isRoleId(reference: string): boolean {
  return /^rol_\w+$/.test(reference)
}

/** Whether this is a role, according to the manifest. */
export function isKnownRole(reference: string, { roles }: Names): boolean {
  return isRoleId(reference) || roles?.has(reference) === true
}

export const MISPLACED_ROLE = "That is a role; list it under a user's roles."

/** Users' roles that are not in the catalogue, if there is one. */
export function* checkCatalogue(contents: Contents): Generator<Remark> {
  const { names } = contents
  const known = names.roles
  if (known === undefined) return
  yield* checkNamesIn(listsOf(contents, 'role'), reference => {
    if (isKnownRole(reference, names)) return undefined
    return () =>
      `The catalogue under roles has no role ${quote(reference)}. ${adviseOn(reference, names, known, ADD_ROLE)}`
  })
}

const ADD_ROLE = 'Correct the name, or add it to the catalogue.'
const CREATE_ROLE = 'Correct the name, or create the role.'

/** References that are unknown or ambiguous in a tenant with these roles. */
export function* checkReferences(contents: Contents, roles: Roles): Generator<Remark> {
  // Suggests only names that a manifest can contain.
  const known = [...roles.ids.keys()].filter(name => roleName.safeParse(name).success)
  const explain = (reference: string) => {
    const found = findRoles(reference, roles)
    if (found.length === 1) return undefined
    return () =>
      found.length === 0
        ? `The tenant has no role ${quote(reference)}. ${adviseOn(reference, contents.names, known, CREATE_ROLE)}`
        : `The tenant has ${found.length} roles ${quote(reference)}: ${listIds(found)}. List the intended one by its id.`
  }
  for (const { role, file, path, on } of contents.roles) {
    const message = explain(role)
    if (message !== undefined) yield { file, path, on, message }
  }
  yield* checkNamesIn(listsOf(contents, 'role'), explain)
}

function adviseOn(reference: string, { bundles }: Names, known: Iterable<string>, otherwise: string): string {
  if (bundles.has(reference)) return "That is a bundle; list it under the user's bundles."
  if (isRoleId(reference)) return 'Correct the id, or list the role by its name.'
  return advise(reference, known, otherwise)
}

const MAX_IDS = 5

function listIds(ids: readonly string[]): string {
  const shown = ids.toSorted().slice(0, MAX_IDS).join(', ')
  return ids.length > MAX_IDS ? `${shown} and ${ids.length - MAX_IDS} more` : shown
}
