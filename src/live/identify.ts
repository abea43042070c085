// Finds the user that an e-mail address refers to. Anyone can sign up with somebody else's address, so only a verified one
// counts; and an address that referred to another user before is refused. Pure.

import type { Candidate } from '../access/live.ts'

export type Identification =
  | { readonly kind: 'found'; readonly id: string; readonly warning: string | undefined }
  | Unidentifiable

interface Unidentifiable {
  /** `missing`: no user has the address, verified or not. */
  readonly kind: 'missing' | 'refused'
  readonly message: string
  /** The users that it may refer to; undefined if it may be any user. */
  readonly candidates: ReadonlySet<string> | undefined
}

export interface IdentifyOptions {
  /** The address in each letter case in which it was looked up. */
  readonly spellings: readonly string[]
  readonly connection: string | undefined
  readonly found: readonly Candidate[]
  /** The user that the address referred to, according to the ledger. */
  readonly remembered: string | undefined
}

export function identify({ spellings, connection, found, remembered }: IdentifyOptions): Identification {
  const matches = found.filter(user => connection === undefined || user.connections.includes(connection))
  const verified = matches.filter(user => user.verified)
  const unverified = matches.filter(user => !user.verified)
  const email = spellings.join(' or ')
  const address = connection === undefined ? email : `${email} in connection ${connection}`
  // Anyone can have an unverified address, so without a verified user somebody else may be meant.
  const candidates = candidatesOf(verified.length > 0 || remembered !== undefined ? found : [], remembered)
  const [match, ...others] = verified
  if (found.length === 0) {
    const message = `The tenant has no user with the address ${address}. Correct the address (Auth0's look-up is case-sensitive), or remove the entry.`
    return { kind: 'missing', message, candidates }
  }
  if (match === undefined) {
    const message =
      unverified.length > 0
        ? `No user has the verified address ${address}; ignored because their address is unverified: ${listed(unverified)}. Have the address verified, or list the user by id.`
        : `No user has the address ${address}; found in other connections: ${listed(found)}. Correct the entry's connection, or remove it.`
    return { kind: 'refused', message, candidates }
  }
  if (others.length > 0) {
    const message = `${verified.length} users have the verified address ${address}: ${listed(verified)}. List the intended user by id, or add a connection.`
    return { kind: 'refused', message, candidates }
  }
  if (remembered !== undefined && remembered !== match.id) {
    const message = `The address ${address} referred to ${remembered} before and refers to ${match.id} now, so neither user is changed. List the intended one by id.`
    return { kind: 'refused', message, candidates }
  }
  const warning = `${address} refers to ${match.id}; ignored because their address is unverified: ${listed(unverified)}.`
  return { kind: 'found', id: match.id, warning: unverified.length === 0 ? undefined : warning }
}

/** The users that an address may refer to if it was not looked up, or is ambiguous; undefined if it may be any user. */
export function candidatesOf(
  found: readonly Candidate[],
  remembered: string | undefined,
): ReadonlySet<string> | undefined {
  const ids = new Set(found.map(({ id }) => id))
  if (remembered !== undefined) ids.add(remembered)
  return ids.size === 0 ? undefined : ids
}

function listed(users: readonly Candidate[]): string {
  return users.map(user => `${user.id} (${user.connections.join(', ') || 'no connection'})`).join('; ')
}
