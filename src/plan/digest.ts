// A plan's digest: what a person approves. It covers everything that has an effect, and nothing that may differ between
// two plans that do the same. Pure.

import { createHash } from 'node:crypto'
import type { Operation, Plan, UserPlan } from './plan.ts'

type Effects = Pick<Plan, 'tenant' | 'users' | 'restores'>

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(plan: Effects): string {
  return `sha256:${createHash('sha256').update(canonicalForm(plan)).digest('hex')}`
}

/** Users and operations are sorted in a plan, so equal plans are equal texts. */
function canonicalForm({ tenant, users, restores }: Effects): string {
  return JSON.stringify([tenant, users.map(effectsOf), ...(restores === undefined ? [] : [restores])])
}

function effectsOf({ user, grant, revoke, before }: UserPlan): readonly unknown[] {
  const held = before?.map(({ api, permission }) => [api, permission]) ?? null
  return [user, grant.map(operationOf), revoke.map(operationOf), held]
}

function operationOf({ api, permission, expires }: Operation): readonly (string | null)[] {
  return [api, permission, expires ?? null]
}
