// Which user an e-mail address means. Anyone can sign up with somebody else's address, so only a verified one counts;
// and an address that meant another user before is not followed to a new one. Pure.

import type { Candidate } from '../access/live.ts'

export type Identification =
  | { readonly kind: 'found'; readonly id: string; readonly warning: string | undefined }
  | Unidentifiable

interface Unidentifiable {
  /** `missing`: nobody at all has the address. */
  readonly kind: 'missing' | 'refused'
  readonly message: string
  /** Whom it may mean; undefined if it may mean anybody. */
  readonly candidates: ReadonlySet<string> | undefined
}

export interface IdentifyOptions {
  /** The address in each case in which it was looked up. */
  readonly spellings: readonly string[]
  readonly connection: string | undefined
  readonly found: readonly Candidate[]
  /** The user whom the ledger says the address meant. */
  readonly remembered: string | undefined
}

export function identify({ spellings, connection, found, remembered }: IdentifyOptions): Identification {
  const matches = found.filter(user => connection === undefined || user.connections.includes(connection))
  const verified = matches.filter(user => user.verified)
  const unverified = matches.filter(user => !user.verified)
  const email = spellings.join(' or ')
  const address = connection === undefined ? email : `${email} in connection ${connection}`
  const candidates = candidatesOf(found, remembered)
  const [match, ...others] = verified
  if (found.length === 0) {
    const message = `The tenant has no user with the address ${address}. Correct the address (Auth0's look-up is case-sensitive), or remove the entry.`
    return { kind: 'missing', message, candidates }
  }
  if (match === undefined) return { kind: 'refused', message: nobody(address, unverified, found), candidates }
  if (others.length > 0) {
    const message = `${verified.length} users have the verified address ${address}: ${listed(verified)}. Use id, or add connection.`
    return { kind: 'refused', message, candidates }
  }
  if (remembered !== undefined && remembered !== match.id) {
    const message = `The address ${address} meant ${remembered} before and means ${match.id} now, so neither user is changed. List the intended one by id.`
    return { kind: 'refused', message, candidates }
  }
  const warning = `${address} is ${match.id}; not counted because the address is unverified: ${listed(unverified)}.`
  return { kind: 'found', id: match.id, warning: unverified.length === 0 ? undefined : warning }
}

/** Whom an address may mean that cannot be looked up, or means nobody for sure. */
export function candidatesOf(
  found: readonly Candidate[],
  remembered: string | undefined,
): ReadonlySet<string> | undefined {
  const ids = new Set(found.map(({ id }) => id))
  if (remembered !== undefined) ids.add(remembered)
  return ids.size === 0 ? undefined : ids
}

function nobody(address: string, unverified: readonly Candidate[], found: readonly Candidate[]): string {
  if (unverified.length > 0) {
    return `No user has the verified address ${address}; not counted because it is unverified: ${listed(unverified)}. Have the address verified, or use id.`
  }
  return `No user has the address ${address}; in other connections: ${listed(found)}. Correct connection, or remove it.`
}

function listed(users: readonly Candidate[]): string {
  return users.map(user => `${user.id} (${user.connections.join(', ') || 'no connection'})`).join('; ')
}
