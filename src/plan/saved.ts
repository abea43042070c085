// A plan as a file. Only what this action wrote can be read back, because a file may come from anywhere. Pure.

import * as z from 'zod'
import { packAccess, packAll } from '../access/grants.ts'
import { parseJsonFile } from '../ledger/parse-json-file.ts'
import { digestOf } from './digest.ts'
import { type Plan, WHY } from './plan.ts'

const name = z
  .string()
  .min(1)
  .max(1000)
  // An unpaired surrogate cannot be encoded into a URL's path.
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'contains control characters or an unpaired surrogate')

/** A permission or a role, with further keys. */
function accessWith<More extends z.ZodRawShape>(more: More) {
  return z.union([
    z.strictObject({ api: name, permission: name, ...more }),
    z.strictObject({ role: name, name: z.string().exactOptional(), ...more }),
  ])
}

const operation = accessWith({
  roles: z.array(z.string()),
  expires: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  why: z.enum(WHY).exactOptional(),
  uncertain: z.literal(true).exactOptional(),
})

const userPlan = z.strictObject({
  user: name.regex(/^(?!\.{1,2}$)/, 'is not the id of a user'),
  grant: z.array(operation),
  revoke: z.array(operation),
  before: z.array(accessWith({})),
})

const address = z.strictObject({ email: name, connection: name.exactOptional() })

const restoredEntry = z
  .strictObject({
    listed: z.array(z.union([z.literal('id'), address])),
    managed: z.array(accessWith({})),
    unfinished: z.literal(true).exactOptional(),
  })
  .nullable()

const restored = z.strictObject({ user: name, before: restoredEntry, after: restoredEntry })

const savedPlan = z.strictObject({
  format: z.literal(2),
  digest: z.string(),
  tenant: name,
  source: z.strictObject({
    commit: z.string(),
    files: z.array(z.string()),
    at: z.iso.datetime(),
    users: z.int().nonnegative(),
  }),
  users: z.array(userPlan),
  heldBack: z.array(accessWith({ user: name, entry: name })),
  found: z.array(accessWith({ user: name })),
  addresses: z.array(z.strictObject({ user: name, ...address.shape })).exactOptional(),
  holders: z.array(accessWith({ before: z.int(), after: z.int() })),
  restores: z.array(restored).exactOptional(),
})

export type SavedReading =
  | { readonly plan: Plan; readonly problem?: never }
  /** What is wrong with the file. */
  | { readonly plan?: never; readonly problem: string }

/** The bytes of the file; equal plans give equal bytes. */
export function writeSaved(plan: Plan): string {
  return `${JSON.stringify({ digest: digestOf(plan), ...plan }, undefined, 2)}\n`
}

export function readSaved(text: string): SavedReading {
  const { data, problem } = parseJsonFile(savedPlan, text)
  if (problem !== undefined) return { problem: `it is not a plan that this action wrote: ${problem}` }
  const { digest, ...plan } = data
  if (digest !== digestOf(plan)) {
    return {
      problem: `its operations were changed after it was written: their digest is ${digestOf(plan)}, not ${digest}`,
    }
  }
  const users = new Set<string>()
  for (const { user, grant, revoke } of plan.users) {
    if (users.has(user)) return { problem: `it contains the user ${user} twice` }
    users.add(user)
    const granted = packAll(grant)
    if (revoke.some(operation => granted.has(packAccess(operation)))) {
      return { problem: `it grants and revokes the same permission or role for ${user}` }
    }
  }
  return { plan }
}
