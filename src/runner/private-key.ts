// Reads a private key: PEM as JSON files, shells and dashboards may have altered it. Recognizes common mistakes.

import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Reject } from './input-problems.ts'

const BLOCK = /-----BEGIN (?<label>(RSA )?PRIVATE KEY)-----(?<body>[\sA-Za-z0-9+/=]+)-----END \k<label>-----/
const BASE64 = /^(?!-----)[A-Za-z0-9+/_-]{64,}=*$/

/**
 * Undoes quotes, escaped line breaks, base64, and lost or additional white space.
 * @returns PEM; if the value contains no private key, the unwrapped text
 */
export function unwrapKey(value: string): string {
  const text = value
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .replace(/(\\r)?\\n|\\r/g, '\n')
    .trim()
  const { label, body } = BLOCK.exec(text)?.groups ?? {}
  if (label !== undefined && body !== undefined) return toPem(label, body)
  const compact = text.replace(/\s/g, '')
  if (!BASE64.test(compact)) return text
  const bytes = Buffer.from(compact, 'base64')
  const missing = labelOf(bytes)
  return missing === undefined ? unwrapKey(bytes.toString()) : toPem(missing, bytes.toString('base64'))
}

function toPem(label: string, base64: string): string {
  const lines = base64.replace(/\s/g, '').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`
}

/** A key without its BEGIN and END lines is a sequence of version 0 and, in PKCS#8 (RFC 5208), another sequence. */
function labelOf(der: Buffer): string | undefined {
  const [, next] = /^3082.{4}020100(30|02)/.exec(der.toString('hex', 0, 8)) ?? []
  if (next === undefined) return undefined
  return next === '30' ? 'PRIVATE KEY' : 'RSA PRIVATE KEY'
}

/** @see https://auth0.com/docs/secure/application-credentials/generate-rsa-key-pair */
const MIN_BITS = 2048
const MAX_BITS = 4096

/** @param pem as unwrapKey returns it */
export function readPrivateKey(pem: string, reject: Reject): KeyObject | undefined {
  const refuse = (what: string) => reject('client-private-key', what)
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType !== 'rsa') {
      return refuse(`it is a key of type ${key.asymmetricKeyType}; Auth0 accepts only RSA keys.`)
    }
    const bits = Number(key.asymmetricKeyDetails?.modulusLength)
    if (bits >= MIN_BITS && bits <= MAX_BITS) return key
    return refuse(`it is an RSA key of ${bits} bits; Auth0 accepts keys of ${MIN_BITS} to ${MAX_BITS} bits.`)
  } catch {
    // The cause is omitted on purpose: OpenSSL's message may quote what it could not parse.
    const [, what] = OTHERS.find(([form]) => form.test(pem)) ?? []
    return refuse(what ?? `it is not a PEM private key without a passphrase. ${NEEDED}`)
  }
}

const NEEDED =
  "Set it to the private key of the application's key pair, from -----BEGIN PRIVATE KEY----- through -----END PRIVATE KEY-----."

/** What people set instead, the most specific form first. */
const OTHERS: readonly (readonly [form: RegExp, what: string])[] = [
  [/\$\{\{|^\$\{?\w+\}?$/, `it contains an expression or a variable that was not replaced. ${NEEDED}`],
  [/^[{[]/, `it is a JSON Web Key or other JSON; convert it to PEM. ${NEEDED}`],
  [
    /ENCRYPTED/,
    'it is an encrypted key; set it to the key without a passphrase, which "openssl pkey -in key.pem" prints.',
  ],
  [
    /-----BEGIN OPENSSH|^PuTTY|^ssh-|^ecdsa-/,
    `it is an SSH key; generate a pair with "openssl genrsa 2048" instead. ${NEEDED}`,
  ],
  [/-----BEGIN [A-Z0-9 ]*CERTIFICATE/, `it is a certificate, which contains only the public key. ${NEEDED}`],
  [/-----BEGIN [A-Z0-9 ]*PUBLIC KEY/, `it is a public key. ${NEEDED}`],
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, `it is a private key that is cut off, damaged or not RSA. ${NEEDED}`],
  [/^[\w.:~\\/-]+\.\w{2,4}$|^(~|\.{0,2})[\\/]/, `it is the path of a file; set it to the file's contents. ${NEEDED}`],
]
