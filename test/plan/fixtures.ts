// Short ways to write states and grants in the tests of the plan.

import { type Grant, grantOf } from '../../src/access/grants.ts'
import type { Live } from '../../src/access/live.ts'
import type { UserState } from '../../src/live/user-state.ts'
import type { Source } from '../../src/plan/plan.ts'

export const ORDERS = 'https://orders.acme.com/'
export const BILLING = 'https://billing.acme.com/'

export function grants(names: readonly string[], api = ORDERS): readonly Grant[] {
  return names.map(name => grantOf(api, name))
}

export function live(direct: readonly Grant[], derived: Readonly<Record<string, readonly string[]>> = {}): Live {
  const byRole = new Map(Object.entries(derived).map(([name, roles]) => [grantOf(ORDERS, name), roles]))
  return { direct: new Set(direct), derived: byRole, size: new Set([...direct, ...byRole.keys()]).size }
}

export const SOURCE: Source = { commit: '', files: ['manifest.yml'], at: '2026-11-23T12:00:00.000Z', users: 1 }

export function state(id: string, desired: readonly Grant[], held: Live | undefined): UserState {
  return { id, listed: true, desired: new Map(desired.map(grant => [grant, {}])), managed: new Set(), live: held }
}
