// The roles of a tenant, and which of them a manifest means. Pure.

import type { RoleNames } from './grants.ts'

/** The tenant's roles, by id and by name; those of organizations are not among them. */
export interface Roles {
  readonly names: RoleNames
  /** Ids by name: Auth0 lets several roles have one name. */
  readonly ids: ReadonlyMap<string, readonly string[]>
}

export function indexRoles(names: RoleNames): Roles {
  const ids = Map.groupBy(names.keys(), id => names.get(id) ?? '')
  return { names, ids }
}

/** What people read: a name that several roles have is followed by the id. */
export function displayNames({ names, ids }: Roles): RoleNames {
  const isUnique = (name: string) => name.trim() !== '' && ids.get(name)?.length === 1
  return new Map([...names].map(([id, name]) => [id, isUnique(name) ? name : `${name} (${id})`.trim()]))
}

/** Ids of the roles that a reference may mean, itself an id or a name: one if it is clear, none if it is unknown. */
export function findRoles(reference: string, { names, ids }: Roles): readonly string[] {
  return names.has(reference) ? [reference] : (ids.get(reference) ?? [])
}
