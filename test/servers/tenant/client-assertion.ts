// Verifies a client's assertion for Private Key JWT (RFC 7523) with the client's public key, by the rules of
// Auth0's documentation "Authenticate with Private Key JWT".
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'

export interface AssertionRules {
  readonly clientId: string
  readonly publicKey: string | KeyObject
  readonly audiences: readonly string[]
  /** Seconds. */
  readonly now: number
  /** The `jti` of every accepted assertion; the new one is added. */
  readonly seen: Set<string>
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

const ALGORITHMS = new Map([
  ['RS256', { hash: 'sha256', options: {} }],
  ['RS384', { hash: 'sha384', options: {} }],
  ['PS256', { hash: 'sha256', options: PSS }],
])

const LONGEST_LIFETIME = 300

/** Why the assertion is refused; undefined if it is valid. */
export function findAssertionProblem(assertion: string, rules: AssertionRules): string | undefined {
  const [header, payload, signature, ...rest] = assertion.split('.')
  if (!header || !payload || !signature || rest.length > 0) return 'client_assertion is not a JWT'
  const algorithm = ALGORITHMS.get(String(readPart(header)?.alg))
  if (!algorithm) return 'client_assertion is signed with an algorithm that is not supported'
  const publicKey = typeof rules.publicKey === 'string' ? createPublicKey(rules.publicKey) : rules.publicKey
  const key = { key: publicKey, ...algorithm.options }
  if (!verify(algorithm.hash, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) {
    return 'client_assertion has an invalid signature'
  }
  const claims = readPart(payload) ?? {}
  const iat = claims.iat ?? rules.now
  if (claims.iss !== rules.clientId) return 'client_assertion has an unexpected iss'
  if (claims.sub !== rules.clientId) return 'client_assertion has an unexpected sub'
  if (!rules.audiences.some(audience => audience === claims.aud)) return 'client_assertion has an unexpected aud'
  if (typeof claims.exp !== 'number' || typeof iat !== 'number') return 'client_assertion lacks exp or iat'
  if (claims.exp <= rules.now) return 'client_assertion is expired'
  if (iat > rules.now + 60) return 'client_assertion is issued in the future'
  if (claims.exp - iat > LONGEST_LIFETIME) return 'client_assertion is valid for too long'
  if (typeof claims.jti !== 'string' || claims.jti === '') return 'client_assertion lacks jti'
  if (rules.seen.has(claims.jti)) return 'client_assertion was used already'
  rules.seen.add(claims.jti)
  return undefined
}

function readPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
