// A plan's digest: what a person approves. It covers everything that has an effect, and nothing that may differ between
// two plans that do the same. Pure.

import { createHash } from 'node:crypto'
import type { Access } from '../access/grants.ts'
import type { Operation, Plan, Restored, RestoredEntry, UserPlan } from './plan.ts'

type Effects = Pick<Plan, 'tenant' | 'users' | 'restores'>

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(plan: Effects): string {
  return `sha256:${createHash('sha256').update(canonicalForm(plan)).digest('hex')}`
}

/** A plan's users and operations are sorted, so equal plans give equal text. */
function canonicalForm({ tenant, users, restores }: Effects): string {
  return JSON.stringify([tenant, users.map(effectsOf), ...(restores === undefined ? [] : [restores.map(restoredOf)])])
}

function effectsOf({ user, grant, revoke, before }: UserPlan): readonly unknown[] {
  const held = before?.map(effectOf) ?? null
  return [user, grant.map(operationOf), revoke.map(operationOf), held]
}

function operationOf(operation: Operation): readonly (string | null)[] {
  return [...effectOf(operation), operation.expires ?? null]
}

/** A role has no API; its name has no effect. */
function effectOf(access: Access): readonly (string | null)[] {
  return access.role === undefined ? [access.api, access.permission] : [null, access.role]
}

function restoredOf({ user, before, after }: Restored): unknown {
  return [user, entryOf(before), entryOf(after)]
}

function entryOf(entry: RestoredEntry | null): unknown {
  return entry && { ...entry, managed: entry.managed.map(withoutName) }
}

function withoutName(access: Access): Access {
  return access.role === undefined ? access : { role: access.role }
}
