// The team, of any size, that every benchmark program reads: its APIs, its users with five grants each, and the manifest
// that describes exactly this state.

import type { ApiOptions, RoleOptions, UserOptions } from '../servers/tenant/store.ts'

const ALIASES = ['orders', 'billing'] as const
const ACTIONS = ['read', 'write', 'delete', 'export', 'approve']
const GRANTS_PER_USER = 5

export interface Team {
  readonly users: number
  /** Off by default; if set, each user has all roles. */
  readonly hasRoles?: boolean
}

export const APIS: readonly ApiOptions[] = ALIASES.map(alias => ({
  identifier: identifierOf(alias),
  permissions: ACTIONS.map(action => `${action}:${alias}`),
}))

export const ROLES: readonly RoleOptions[] = ['Support', 'Auditor', 'Sales', 'Billing', 'On call'].map(name => ({
  name,
}))
const ROLE_NAMES = ROLES.map(({ name }) => name)

export function userIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `auth0|${index.toString(16).padStart(24, '0')}`)
}

/** @param without how many users, from the first, have no grants; for the others, a plan is empty */
export function tenantUsers({ users, hasRoles = false }: Team, without: number): readonly UserOptions[] {
  return userIds(users).map((id, index) => {
    if (index < without) return { id }
    const direct = grantsOf(index).flatMap(([alias, permissions]) =>
      permissions.map(permission => ({ api: identifierOf(alias), permission })),
    )
    return { id, direct, roles: hasRoles ? ROLE_NAMES : [] }
  })
}

/** Formatted as people write one. */
export function manifestOf({ users: count, hasRoles = false }: Team): string {
  const apis = ALIASES.map(alias => `  ${alias}: ${identifierOf(alias)}\n`)
  const roles = hasRoles ? `    roles: [${ROLE_NAMES.join(', ')}]\n` : ''
  const users = userIds(count).map((id, index) => {
    const permissions = grantsOf(index).map(([alias, names]) => `      ${alias}: [${names.join(', ')}]\n`)
    return `  - id: ${id}\n${roles}    permissions:\n${permissions.join('')}`
  })
  return `version: 1\napis:\n${apis.join('')}users:\n${users.join('')}`
}

/** The selection differs between users, the number does not. */
function grantsOf(index: number): readonly (readonly [alias: string, permissions: readonly string[]])[] {
  const ofFirst = 1 + (index % (GRANTS_PER_USER - 1))
  return ALIASES.map((alias, position) => {
    const names = ACTIONS.slice(0, position === 0 ? ofFirst : GRANTS_PER_USER - ofFirst)
    return [alias, names.map(action => `${action}:${alias}`)] as const
  })
}

function identifierOf(alias: string): string {
  return `https://${alias}.acme.com/`
}
