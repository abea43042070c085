// The Management API token: obtained with a client secret or a signed assertion, or set by the workflow; its scopes and
// renewal.

import { constants, randomUUID, sign } from 'node:crypto'
import * as z from 'zod'
import type { TenantError } from '../errors.ts'
import type { Clock } from '../runner/clock.ts'
import type { Algorithm, Credential } from '../runner/credential.ts'
import type { ConnectionInputs } from '../runner/inputs.ts'
import type { Request, TenantResponse } from './exchange.ts'
import type { Http } from './http.ts'
import { TOKEN_PATH } from './limits.ts'
import { errorIn, redirectAdvice, responseError } from './responses.ts'

/** Sends Management API requests with a valid token. */
export interface Session {
  readonly send: (request: Omit<Request, 'headers'>) => Promise<TenantResponse>
  /** Sends nothing from now on. */
  readonly halt: (cause: TenantError) => void
  /** undefined if the token does not list its scopes */
  readonly scopes: () => Promise<ReadonlySet<string> | undefined>
}

export interface SessionOptions extends Pick<ConnectionInputs, 'domain' | 'audience' | 'credential'> {
  readonly http: Http
  /** Called with every token and assertion before its first use. */
  readonly mask: (secret: string) => void
  readonly clock: Clock
}

interface Token {
  readonly value: string
  readonly scopes: ReadonlySet<string> | undefined
  /** When to renew it, in milliseconds of the local clock; infinity if only a 401 will show that it expired. */
  readonly renewAt: number
}

const tokenResponse = z.object({
  access_token: z.string().min(1),
  scope: z.string().optional(),
  /** In seconds. */
  expires_in: z.coerce.number().positive().optional().catch(undefined),
})

const tokenClaims = z.object({ scope: z.string().optional() })

export function openSession(options: SessionOptions): Session {
  const { http, credential, clock } = options
  let held: Token | undefined
  let obtaining: Promise<Token> | undefined

  /** One request renews the token for everything that waits for it, or whose request with the same token was refused. */
  const token = async (refused?: Token): Promise<Token> => {
    if (held !== undefined && held !== refused && clock.now() < held.renewAt) return held
    obtaining ??= obtainToken(options).finally(() => {
      obtaining = undefined
    })
    held = await obtaining
    return held
  }

  const send: Session['send'] = async request => {
    let used: Token | undefined
    let refused: Token | undefined
    const headers = async () => {
      used = await token(refused)
      const authorization = `Bearer ${used.value}`
      return request.body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' }
    }
    const sent: Request = { ...request, headers }
    const response = await http.send(sent)
    if (response.status !== 401 || credential.kind === 'access-token') return response
    refused = used
    return http.send(sent)
  }

  return { send, halt: http.halt, scopes: async () => (await token()).scopes }
}

async function obtainToken(options: SessionOptions): Promise<Token> {
  const { http, credential, mask, clock } = options
  if (credential.kind === 'access-token') {
    const value = credential.accessToken
    return { value, scopes: scopesOf(value), renewAt: Number.POSITIVE_INFINITY }
  }
  const sentAt = clock.now()
  const headers = async () => ({ 'content-type': 'application/x-www-form-urlencoded' })
  const body = new URLSearchParams(tokenRequest(options, credential)).toString()
  const response = await http.send({ method: 'POST', path: TOKEN_PATH, headers, body })
  if (response.status !== 200) {
    const summary = 'Auth0 refused to issue a token'
    throw responseError(response, { summary, reach: 'run', advice: adviceOn(response, options) })
  }
  const { data } = tokenResponse.safeParse(response.body)
  if (data === undefined) {
    const summary = 'The token endpoint returned no token'
    throw responseError(response, { summary, reach: 'run', advice: 'Check the input domain.' })
  }
  const { access_token: value, scope, expires_in: lifetime = Number.POSITIVE_INFINITY } = data
  mask(value)
  // A little before it expires, so that no request fails because of it.
  const renewAt = sentAt + lifetime * 1000 - Math.min(30_000, lifetime * 100)
  return { value, scopes: scopesOf(value, scope), renewAt }
}

/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/client-credentials-flow */
function tokenRequest(
  { domain, audience, mask }: SessionOptions,
  credential: Exclude<Credential, { kind: 'access-token' }>,
): Record<string, string> {
  const grant = { grant_type: 'client_credentials', client_id: credential.clientId, audience }
  if (credential.kind === 'client-secret') return { ...grant, client_secret: credential.clientSecret }
  const assertion = signAssertion(credential, `https://${domain.host}/`)
  mask(assertion)
  return {
    ...grant,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }
}

/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt */
function signAssertion(
  { clientId, key, keyId, algorithm }: Extract<Credential, { kind: 'private-key' }>,
  audience: string,
): string {
  const issuedAt = Math.floor(Date.now() / 1000)
  const header = { alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) }
  const lifetime = { iat: issuedAt, exp: issuedAt + 60 }
  const claims = { iss: clientId, sub: clientId, aud: audience, ...lifetime, jti: randomUUID() }
  const signed = `${base64url(header)}.${base64url(claims)}`
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  const signature = sign(DIGESTS[algorithm], Buffer.from(signed), { key, ...(algorithm === 'PS256' && pss) })
  return `${signed}.${signature.toString('base64url')}`
}

const DIGESTS: Readonly<Record<Algorithm, string>> = { RS256: 'sha256', RS384: 'sha384', PS256: 'sha256' }

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** @param scope from the response */
function scopesOf(token: string, scope = claimedScope(token)): ReadonlySet<string> | undefined {
  return scope === undefined ? undefined : new Set(scope.split(' ').filter(name => name !== ''))
}

/** undefined if the token is not a JWT. Its signature is not verified. */
function claimedScope(token: string): string | undefined {
  const [, claims, signature] = token.split('.')
  if (claims === undefined || signature === undefined) return undefined
  try {
    return tokenClaims.safeParse(JSON.parse(Buffer.from(claims, 'base64url').toString())).data?.scope
  } catch {
    return undefined
  }
}

/** What to change, by Auth0's message, because several causes share status and code. */
function adviceOn(response: TenantResponse, { domain, audience, credential }: SessionOptions): string {
  const redirected = redirectAdvice(response)
  if (redirected !== undefined) return redirected
  const { error, error_description: words = '' } = errorIn(response)
  if (words.startsWith('Service not ')) return audienceAdvice(domain.host, audience)
  if (words.startsWith('Client is not authorized')) {
    return 'In Auth0, authorize the application under Applications → APIs → Auth0 Management API.'
  }
  if (error === 'unauthorized_client') {
    return "In Auth0, allow the grant type Client Credentials in the application's advanced settings."
  }
  const secret = credential.kind === 'private-key' ? 'client-private-key' : 'client-secret'
  const inputs = `Check the inputs client-id and ${secret}, which must belong to an application of the tenant ${domain.host} (input domain).`
  if (credential.kind !== 'private-key') return inputs
  const { keyId, algorithm } = credential
  const skew = Math.round((Date.now() - Date.parse(String(response.headers.date))) / 1000)
  if (Math.abs(skew) > MAX_CLOCK_SKEW) {
    const direction = skew > 0 ? 'ahead of' : 'behind'
    return `The runner's clock is ${Math.abs(skew)} s ${direction} Auth0's, so its signatures are not valid. Correct the clock.`
  }
  if (/algorithm/i.test(words)) {
    return `Set the input client-private-key-algorithm (${algorithm}) to the algorithm of the application's credential in Auth0.`
  }
  const id = keyId === undefined ? '' : `, with the key ID in client-private-key-id (${keyId})`
  return `${inputs} In Auth0, the application's Credentials tab must have the matching public key${id}, for ${algorithm}.`
}

/** In seconds. Auth0 accepts an assertion whose validity includes its own time; this one is valid for a minute. */
const MAX_CLOCK_SKEW = 60

/** @see https://auth0.com/docs/customize/custom-domains: the Management API's identifier has the tenant's own domain. */
function audienceAdvice(host: string, audience: string): string {
  if (!audience.endsWith('/')) return `Set the input audience to ${audience}/, with the trailing slash.`
  if (host.endsWith('.auth0.com')) return `Set the input audience to https://${host}/api/v2/, or remove it.`
  return `The tenant has no API ${audience}. If ${host} is a custom domain, set the input audience to https://<tenant>.<region>.auth0.com/api/v2/, such as https://acme.eu.auth0.com/api/v2/: the identifier of the Auth0 Management API under Applications → APIs in Auth0.`
}
