// The roles of a tenant, and those that a manifest refers to. Pure.

import type { RoleNames } from './grants.ts'

/** The tenant's roles, by id and by name, without those of organizations. */
export interface Roles {
  readonly names: RoleNames
  /** Ids by name, because Auth0 allows several roles with the same name. */
  readonly ids: ReadonlyMap<string, readonly string[]>
}

export function indexRoles(names: RoleNames): Roles {
  const byName = Map.groupBy(names, ([, name]) => name)
  return { names, ids: new Map([...byName].map(([name, roles]) => [name, roles.map(([id]) => id)])) }
}

/** Names for display: one that several roles have is followed by the id. */
export function displayNames({ names, ids }: Roles): RoleNames {
  const isUnique = (name: string) => name.trim() !== '' && ids.get(name)?.length === 1
  return new Map([...names].map(([id, name]) => [id, isUnique(name) ? name : `${name} (${id})`.trim()]))
}

/** Ids of the roles that a reference (an id or a name) may mean: one if it is unambiguous, none if it is unknown. */
export function findRoles(reference: string, { names, ids }: Roles): readonly string[] {
  return names.has(reference) ? [reference] : (ids.get(reference) ?? [])
}

/** Whether this has the form of Auth0's role ids. A role whose name has this form must be listed by its id. */
export function isRoleId(reference: string): boolean {
  return /^rol_\w+$/.test(reference)
}
