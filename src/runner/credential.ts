// Reads the credential: a client's secret or private key, or an access token.

import type { KeyObject } from 'node:crypto'
import { alternatives, type Reject } from './input-problems.ts'
import { readPrivateKey } from './private-key.ts'
import type { Workflow } from './workflow.ts'

export const ALGORITHMS = ['RS256', 'RS384', 'PS256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export type Credential =
  | { readonly kind: 'client-secret'; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: 'private-key'
      readonly clientId: string
      readonly key: KeyObject
      readonly keyId: string | undefined
      readonly algorithm: Algorithm
    }
  | { readonly kind: 'access-token'; readonly accessToken: string }

const CREDENTIALS = ['client-secret', 'client-private-key', 'access-token'] as const

type Secrets = Readonly<Record<(typeof CREDENTIALS)[number], string>>

interface CredentialOptions extends Secrets, Pick<Workflow, 'secretsWithheld'> {
  readonly clientId: string
  readonly keyId: string
  /** The private key, or the text that was given instead. */
  readonly pem: string
  readonly algorithm: Algorithm | undefined
}

/** Exactly one of the three kinds. */
export function readCredential(options: CredentialOptions, reject: Reject): Credential | undefined {
  const { 'client-secret': clientSecret, 'access-token': accessToken, secretsWithheld } = options
  const { clientId, keyId, pem, algorithm } = options
  const [first, second] = CREDENTIALS.filter(input => options[input] !== '')
  if (first === undefined) {
    const advice = secretsWithheld === undefined ? `set ${alternatives(CREDENTIALS)}` : WITHHELD[secretsWithheld]
    return reject('client-secret', `no credential is set; ${advice}.`)
  }
  if (second !== undefined) {
    return reject(second, `conflicts with ${first}; set only one credential: ${alternatives(CREDENTIALS)}.`)
  }
  if (keyId !== '' && first !== 'client-private-key') {
    return reject('client-private-key-id', 'only valid with client-private-key; remove it.')
  }
  if (accessToken !== '') {
    if (/^[\x21-\x7e]+$/.test(accessToken)) return { kind: 'access-token', accessToken }
    const what = 'it contains spaces or other characters that no token has'
    return reject('access-token', `${what}; set it to the token alone, without "Bearer".`)
  }
  if (clientId === '') {
    return reject('client-id', `required by ${first}: the id of the machine-to-machine application.`)
  }
  if (clientSecret !== '') return { kind: 'client-secret', clientId, clientSecret }
  const key = readPrivateKey(pem, reject)
  return key && algorithm && { kind: 'private-key', clientId, key, keyId: keyId || undefined, algorithm }
}

/** Why GitHub withholds the credential from a run. */
const WITHHELD = {
  fork: 'GitHub gives no secrets to a pull request from a fork: use mode: validate there',
  dependabot:
    'GitHub gives runs for Dependabot only the secrets under Settings → Secrets and variables → Dependabot: use mode: validate there',
} as const
