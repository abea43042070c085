// The ledger as a file, and its seal. The file has one line for each user, sorted, so that its history is an audit trail.

import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { compareText, grantOf, groupByApi, roleGrantOf, rolesAmong } from '../access/grants.ts'
import type { Entry, Ledger, Listing } from './ledger.ts'
import { parseJsonFile } from './parse-json-file.ts'

const text = z.string().min(1)
/** Pairs, because Zod's records drop the key `__proto__`, which may be an API's identifier. */
const namesByApi = z.preprocess(
  value => (z.record(text, z.unknown()).safeParse(value).success ? Object.entries(value as object) : undefined),
  z.array(z.tuple([text, z.array(text)])),
)
const address = z.strictObject({ email: text, connection: text.exactOptional() })

const ledgerSchema = z.strictObject({
  format: z.literal(1),
  tenant: text,
  commit: z.string(),
  branch: z.string(),
  latest: z.strictObject({ run: z.string(), commit: z.string(), at: z.iso.datetime() }),
  applying: z.boolean(),
  files: z.array(text),
  users: z.array(
    z.strictObject({
      id: text,
      listed: z.array(z.union([z.literal('id'), address])),
      managed: namesByApi,
      /** Ids. */
      roles: z.array(text).exactOptional(),
      unfinished: z.literal(true).exactOptional(),
    }),
  ),
  seal: text.exactOptional(),
})

/** What is wrong with a ledger that has such a seal. */
export const SEAL_PROBLEMS = {
  right: undefined,
  unchecked: undefined,
  missing: 'has no seal',
  wrong: 'has a seal that does not match ledger-key, so it was changed without that key',
} as const

export type LedgerReading =
  | { readonly kind: 'ledger'; readonly ledger: Ledger; readonly seal: keyof typeof SEAL_PROBLEMS }
  /** What is wrong with the file. */
  | { readonly kind: 'unreadable'; readonly problem: string }

/** @param key the input `ledger-key`; without it, the seal is not checked */
export function parseLedger(content: string, key: string | undefined): LedgerReading {
  const { data, problem } = parseJsonFile(ledgerSchema, content)
  if (problem !== undefined) return { kind: 'unreadable', problem }
  const { format: _, seal, users, ...head } = data
  const entries = users.map(({ id, listed, managed, roles = [], unfinished = false }): readonly [string, Entry] => [
    id,
    {
      listed: listed as readonly Listing[],
      managed: new Set([
        ...managed.flatMap(([api, names]) => names.map(name => grantOf(api, name))),
        ...roles.map(roleGrantOf),
      ]),
      unfinished,
    },
  ])
  const ledger = { ...head, users: new Map(entries) }
  if (ledger.users.size < users.length) return { kind: 'unreadable', problem: 'it lists a user twice' }
  return { kind: 'ledger', ledger, seal: checkSeal(content, { seal, key }) }
}

/** Equal ledgers give equal bytes. */
export function formatLedger(ledger: Ledger, key: string | undefined): string {
  const { tenant, commit, branch, latest, applying, files, users } = ledger
  const head = { format: 1, tenant, commit, branch, latest, applying, files: [...files].sort(compareText) }
  const lines = [...users].sort(([a], [b]) => compareText(a, b)).map(([id, entry]) => formatEntry(id, entry))
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`
  const properties = Object.entries(head).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  const content = `{\n${[...properties, `"users": ${list}`].join(',\n')}\n}\n`
  return key === undefined ? content : withSeal(content, sealOf(content, key))
}

function formatEntry(id: string, { listed, managed, unfinished }: Entry): string {
  const roles = [...rolesAmong(managed)].sort(compareText)
  return JSON.stringify({
    ...{ id, listed, managed: groupByApi(managed) },
    ...(roles.length > 0 && { roles }),
    ...(unfinished && { unfinished }),
  })
}

// The seal is the last line of the file, and covers everything before it.

const END = '\n}\n'

function withSeal(content: string, seal: string): string {
  return `${content.slice(0, -END.length)}${sealLine(seal)}`
}

function sealLine(seal: string): string {
  return `,\n"seal": ${JSON.stringify(seal)}${END}`
}

function sealOf(content: string, key: string): string {
  return `hmac-sha256:${createHmac('sha256', key).update(content).digest('hex')}`
}

function checkSeal(
  content: string,
  { seal, key }: { readonly seal: string | undefined; readonly key: string | undefined },
): keyof typeof SEAL_PROBLEMS {
  if (key === undefined) return 'unchecked'
  if (seal === undefined) return 'missing'
  const line = sealLine(seal)
  // A file with another format was not sealed by this action.
  if (!content.endsWith(line)) return 'wrong'
  const right = Buffer.from(sealOf(`${content.slice(0, -line.length)}${END}`, key))
  const found = Buffer.from(seal)
  return right.length === found.length && timingSafeEqual(right, found) ? 'right' : 'wrong'
}
