// Reads the domain, to which every request and the credential are sent, and the Management API's identifier. A URL parser
// silently drops line breaks, decodes, and replaces look-alikes, so any text that it would change is refused.

import { quoteInput, type Reject } from './input-problems.ts'

export interface Domain {
  /** Host, and port if there is one; as in the manifest's `tenant` and in reports. */
  readonly host: string
  /** Scheme, host and port: where every request is sent. */
  readonly origin: string
}

export function readDomain(text: string, reject: Reject): Domain | undefined {
  if (text === '') return undefined
  const site = readSite(text)
  if (typeof site === 'object') return site
  return reject('domain', `${site}; use the tenant's domain or custom domain, such as acme.eu.auth0.com.`)
}

export interface Audience {
  /** The Management API's identifier. */
  readonly audience: string
  /** The tenant's identity: the host of the audience, also when `domain` is a custom domain. */
  readonly tenant: string
}

/** @see https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens */
export function readAudience(text: string, reject: Reject): Audience | undefined {
  const site = readSite(text, text.replace(/\/api\/v2\/?$/, ''))
  if (typeof site === 'string') {
    const example = 'such as https://acme.eu.auth0.com/api/v2/'
    return reject('audience', `${site}; use the Management API's identifier, ${example}.`)
  }
  const expected = audienceOf(site)
  if (text === expected.audience) return expected
  return reject('audience', `${quoteInput(text)} is not the Management API's identifier; use ${expected.audience}.`)
}

export function audienceOf({ host }: Domain): Audience {
  return { audience: `https://${host}/api/v2/`, tenant: host }
}

const UNSEEN = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/u
const NOT_ASCII = /[^\x21-\x7e]/u
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const AUTHORITY = /^(?<host>\[[0-9a-f:]+\]|[^:[\]]+)(?<port>:\d+)?$/i
const LOOPBACK = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/
const FULL_DOMAIN = /^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]+$/

/**
 * @param address what is read; the whole text is quoted
 * @returns a string that says what is wrong, if it is not a domain
 */
function readSite(text: string, address = text): Domain | string {
  // Not quoted, because it may contain a password.
  if (address.includes('@')) return 'it contains a user or password'
  const named = quoteInput(text)
  const notDomain = `${named} is not a domain`
  const unseen = UNSEEN.exec(address)?.[0]
  if (unseen !== undefined) return `${notDomain}, because it contains ${nameOf(unseen)}`
  const foreign = NOT_ASCII.exec(address)?.[0]
  if (foreign !== undefined) {
    return `${notDomain}, because "${foreign}" (${codePointOf(foreign)}) is not ASCII (an internationalized domain has a form with xn--)`
  }
  const protocol = SCHEME.exec(address)?.[1]?.toLowerCase() ?? 'https'
  const rest = address.replace(SCHEME, '')
  if (protocol !== 'https' && protocol !== 'http') return `${named} is not an https:// address`
  if (/^\/|\\/.test(rest)) return notDomain
  const authority = rest.replace(/\/$/, '')
  if (/[/?#]/.test(authority)) return `${named} has a path or a query`
  const { host, port } = AUTHORITY.exec(authority)?.groups ?? {}
  const url = URL.parse(`${protocol}://${authority}`)
  // For example 0x7f.1, or a percent sign.
  if (host === undefined || url === null || url.hostname !== host.toLowerCase()) return notDomain
  const loopback = LOOPBACK.test(url.hostname)
  if (protocol === 'http' && !loopback) {
    return `${named} is plain HTTP, which is only allowed for a loopback address; use https://`
  }
  if (!loopback && port !== undefined) return `${named} has a port`
  if (!loopback && !FULL_DOMAIN.test(url.hostname)) return `${named} is not a full domain`
  return { host: url.host, origin: url.origin }
}

function nameOf(character: string): string {
  if (/[\n\r\u2028\u2029]/.test(character)) return 'a line break'
  if (character === '\t') return 'a tab'
  return character === ' ' ? 'a space' : `the invisible character ${codePointOf(character)}`
}

function codePointOf(character: string): string {
  return `U+${Number(character.codePointAt(0)).toString(16).toUpperCase().padStart(4, '0')}`
}
