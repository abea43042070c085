// A plan's digest: what a person approves. It covers the tenant and every operation, and nothing that may differ between
// two plans that do the same.

import { createHash } from 'node:crypto'
import type { Permission } from './grants.ts'
import type { Plan } from './plan.ts'

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(plan: Pick<Plan, 'tenant' | 'users'>): string {
  return `sha256:${createHash('sha256').update(canonicalForm(plan)).digest('hex')}`
}

/** Users and operations are sorted in a plan, so equal plans are equal texts. */
function canonicalForm({ tenant, users }: Pick<Plan, 'tenant' | 'users'>): string {
  const operations = users.map(({ user, grant, revoke }) => [user, grant.map(pairOf), revoke.map(pairOf)])
  return JSON.stringify([tenant, operations])
}

function pairOf({ api, permission }: Permission): readonly [string, string] {
  return [api, permission]
}
