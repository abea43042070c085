// The tenant's tokens: the token endpoint, the issued tokens, and their verification.
import { createHash, generateKeyPairSync, type KeyObject, sign, timingSafeEqual } from 'node:crypto'
import { type Answer, answerJson, answerOAuthError, answerUnauthorized, Refusal } from './answer.ts'
import { findAssertionProblem } from './client-assertion.ts'

export interface ClientOptions {
  readonly id: string
  readonly secret?: string
  /** A PEM or a key object, for Private Key JWT. */
  readonly publicKey?: string | KeyObject
  /** The client's scopes on the Management API. */
  readonly scopes?: readonly string[]
  /** Seconds; by default a day. */
  readonly tokenLifetime?: number
}

export interface TokenOptions {
  readonly scopes?: readonly string[]
  /** Seconds. */
  readonly lifetime?: number
  readonly clientId?: string
  /** Opaque, like an encrypted token. */
  readonly opaque?: true
}

interface IssuedToken {
  readonly scopes: readonly string[]
  /** Milliseconds. */
  readonly expiresAt: number
}

export interface TokenDesk {
  readonly clients: ReadonlyMap<string, ClientOptions>
  /** The only audience; by default, that of any Management API. */
  readonly audience: string | undefined
  readonly now: () => number
  readonly issued: Map<string, IssuedToken>
  readonly seenAssertions: Set<string>
}

const DEFAULT_SCOPES = ['read:users', 'update:users', 'read:resource_servers']
const DEFAULT_LIFETIME = 86_400
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

let signingKey: KeyObject | undefined

export function createTokenDesk(
  clients: readonly ClientOptions[],
  audience: string | undefined,
  now: () => number,
): TokenDesk {
  return {
    clients: new Map(clients.map(client => [client.id, client])),
    audience,
    now,
    issued: new Map(),
    seenAssertions: new Set(),
  }
}

/** `POST /oauth/token`; `host` is the request's Host header. */
export function answerTokenRequest(desk: TokenDesk, host: string, body: unknown): Answer {
  const field = (name: string): string | undefined => {
    const value = typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? { ...body }[name] : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const grantType = field('grant_type')
  if (!grantType) return answerOAuthError(400, 'invalid_request', 'Missing required parameter: grant_type')
  if (grantType !== 'client_credentials') {
    return answerOAuthError(403, 'unsupported_grant_type', `Unsupported grant type: ${grantType}`)
  }
  const client = authenticate(desk, host, field)
  const audience = field('audience')
  if (!audience) {
    const description = 'No audience parameter was provided, and no default audience has been configured'
    return answerOAuthError(403, 'access_denied', description)
  }
  if (desk.audience === undefined ? !/^https:\/\/[^/]+\/api\/v2\/$/.test(audience) : audience !== desk.audience) {
    return answerOAuthError(403, 'access_denied', `Service not enabled within domain: ${audience}`)
  }
  const scopes = client.scopes ?? DEFAULT_SCOPES
  const lifetime = client.tokenLifetime ?? DEFAULT_LIFETIME
  return answerJson(200, {
    access_token: issueToken(desk, host, { scopes, lifetime, clientId: client.id }, audience),
    scope: scopes.join(' '),
    expires_in: lifetime,
    token_type: 'Bearer',
  })
}

export function issueToken(desk: TokenDesk, host: string, options: TokenOptions, audience?: string): string {
  const { scopes = DEFAULT_SCOPES, lifetime = DEFAULT_LIFETIME, clientId = 'test-client' } = options
  const now = desk.now()
  const iat = Math.floor(now / 1000)
  const signed = signToken({
    iss: `https://${host}/`,
    sub: `${clientId}@clients`,
    aud: audience ?? desk.audience ?? `https://${host}/api/v2/`,
    iat,
    exp: iat + lifetime,
    scope: scopes.join(' '),
    gty: 'client-credentials',
    azp: clientId,
    // Two tokens from the same second must differ, or a new one would restore an expired one.
    jti: String(desk.issued.size),
  })
  const token = options.opaque ? signed.replaceAll('.', '-') : signed
  desk.issued.set(token, { scopes, expiresAt: now + lifetime * 1000 })
  return token
}

export function expireTokens(desk: TokenDesk): void {
  for (const [token, { scopes }] of desk.issued) desk.issued.set(token, { scopes, expiresAt: 0 })
}

/** The scopes of the bearer token. @throws a refusal without a valid token */
export function scopesOf(desk: TokenDesk, authorization: string | undefined): readonly string[] {
  if (!authorization) throw new Refusal(answerUnauthorized('Missing authentication'))
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1] ?? ''
  const issued = desk.issued.get(token)
  if (!issued) throw new Refusal(answerUnauthorized('Invalid token'))
  if (issued.expiresAt <= desk.now()) {
    throw new Refusal(answerUnauthorized('Expired token received for JSON Web Token validation'))
  }
  return issued.scopes
}

function authenticate(desk: TokenDesk, host: string, field: (name: string) => string | undefined): ClientOptions {
  const clientId = field('client_id')
  if (!clientId) throw new Refusal(answerOAuthError(400, 'invalid_request', 'Missing required parameter: client_id'))
  const client = desk.clients.get(clientId)
  const assertion = field('client_assertion')
  if (assertion !== undefined && client?.publicKey !== undefined) {
    const problem =
      field('client_assertion_type') === ASSERTION_TYPE
        ? findAssertionProblem(assertion, {
            clientId,
            publicKey: client.publicKey,
            audiences: [`https://${host}/`, `http://${host}/`],
            now: desk.now() / 1000,
            seen: desk.seenAssertions,
          })
        : 'client_assertion_type is not supported'
    if (problem) throw new Refusal(answerOAuthError(401, 'invalid_client', problem))
    return client
  }
  const secret = field('client_secret')
  if (client?.secret === undefined || secret === undefined || !equalSecrets(client.secret, secret)) {
    throw new Refusal(answerOAuthError(401, 'access_denied', 'Unauthorized'))
  }
  return client
}

function equalSecrets(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function signToken(payload: Readonly<Record<string, unknown>>): string {
  // One key for all tenants of a process, because generating one takes longer than most tests.
  signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const content = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'test-tenant' })}.${encode(payload)}`
  return `${content}.${sign('sha256', Buffer.from(content), signingKey).toString('base64url')}`
}
