// Short ways to write states and grants in the tests of the plan.

import { type Access, type Grant, grantOf, type Role, type RoleNames, roleGrantOf } from '../../src/access/grants.ts'
import type { Live } from '../../src/access/live.ts'
import type { UserState } from '../../src/live/user-state.ts'
import type { Source } from '../../src/plan/plan.ts'

export const ORDERS = 'https://orders.acme.com/'
export const BILLING = 'https://billing.acme.com/'

export function grants(names: readonly string[], api = ORDERS): readonly Grant[] {
  return names.map(name => grantOf(api, name))
}

export function live(direct: readonly Grant[], derived: Readonly<Record<string, readonly string[]>> = {}): Live {
  const byRole = Object.entries(derived).map(
    ([permission, roles]) => [grantOf(ORDERS, permission), roles.map(roleOf)] as const,
  )
  return { direct: new Set(direct), derived: new Map(byRole) }
}

/** The id of a role is its name with a prefix. */
function roleOf(name: string): Role {
  return { role: `rol_${name.toLowerCase()}`, name }
}

export function roles(...names: readonly string[]): readonly Grant[] {
  return names.map(name => roleGrantOf(roleOf(name).role))
}

export function roleNames(...names: readonly string[]): RoleNames {
  return new Map(names.map(name => [roleOf(name).role, name]))
}

/** The name of a permission or of a role, for short lists. */
export function nameOf(access: Access): string {
  return access.role ?? access.permission
}

export const SOURCE: Source = { commit: '', files: ['manifest.yml'], at: '2026-11-23T12:00:00.000Z', users: 1 }

export function state(id: string, desired: readonly Grant[], held: Live | undefined): UserState {
  return { id, listed: true, desired: new Map(desired.map(grant => [grant, {}])), managed: new Set(), live: held }
}
