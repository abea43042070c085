// Which user an e-mail address means. Anyone can sign up with somebody else's address, so only a verified one counts.
// Pure.

/** A user whom the tenant has under an address. */
export interface Candidate {
  readonly id: string
  readonly verified: boolean
  readonly connections: readonly string[]
}

/** A user whom the manifest lists by an address. Auth0's answers to writes, and so plans, have the id alone. */
export interface UserEmail {
  readonly user: string
  readonly email: string
}

export type Identification =
  | { readonly kind: 'found'; readonly id: string; readonly warning: string | undefined }
  /** Nobody at all has the address. */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }

export function identify(
  email: string,
  connection: string | undefined,
  candidates: readonly Candidate[],
): Identification {
  const matches = candidates.filter(user => connection === undefined || user.connections.includes(connection))
  const verified = matches.filter(user => user.verified)
  const unverified = matches.filter(user => !user.verified)
  const address = connection === undefined ? email : `${email} in connection ${connection}`
  const [found, ...others] = verified
  if (candidates.length === 0) {
    const message = `The tenant has no user with the address ${address}. Correct the address, or remove the entry.`
    return { kind: 'missing', message }
  }
  if (found === undefined) return { kind: 'refused', message: nobody(address, unverified, candidates) }
  if (others.length > 0) {
    return {
      kind: 'refused',
      message: `${verified.length} users have the verified address ${address}: ${listed(verified)}. Use id, or connection to say which one.`,
    }
  }
  return {
    kind: 'found',
    id: found.id,
    warning:
      unverified.length === 0
        ? undefined
        : `${address} is ${found.id}; not counted, as the address is not verified there: ${listed(unverified)}.`,
  }
}

function nobody(address: string, unverified: readonly Candidate[], candidates: readonly Candidate[]): string {
  if (unverified.length > 0) {
    return `No user has the verified address ${address}; unverified, and so not counted: ${listed(unverified)}. Have the address verified, or use id.`
  }
  return `No user has the address ${address}; in other connections: ${listed(candidates)}. Correct connection, or leave it out.`
}

function listed(users: readonly Candidate[]): string {
  return users.map(user => `${user.id} (${user.connections.join(', ') || 'no connection'})`).join('; ')
}
