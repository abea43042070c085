// Validates user ids and e-mail addresses, and suggests what the author of an invalid one probably meant. Pure.

import { describeUnseen, quote, replaceUnseen, UNSEEN } from './quote.ts'

export const EXAMPLE_ID = 'auth0|5f7c8ec7c33c6c004bbafe82'
export const EXAMPLE_ADDRESS = 'grace@acme.com'

/** A connection or its strategy, then a bar, then the directory's id of the user, which may be any text. */
const USER_ID = /^[\w.-]+\|.*[^\s|]$/su
const TYPOGRAPHIC_QUOTE = /[\p{Pi}\p{Pf}‚„＂＇]/u
/** Placeholders of templates, shells and documentation, and ids that were cut short. */
const PLACEHOLDER =
  /[$#%]\{|\$\(|\{\{|…|\.{3}$|(?:^|\|)(?:<[^<>]*>|\[[a-z _-]+\]|\{[a-z _-]+\}|\$\w+|%\w+%|x{3,}|(?:your[ _-]?)?(?:auth0[ _-]?)?(?:user[ _-]?)?id)(?=$|\|)/i

const LABEL = String.raw`[\p{L}\p{N}\p{M}_](?:[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}_])?`
const ADDRESS = new RegExp(String.raw`^[^\s@<>()[\]{}\\|,;:"…${'`'}]+@(?:${LABEL}\.)+(?=\p{L})${LABEL}$`, 'u')

export function isUserId(text: string): boolean {
  return USER_ID.test(text) && isClean(text) && !PLACEHOLDER.test(text)
}

/** One plain address, which may be internationalized. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text) && isClean(text)
}

function isClean(text: string): boolean {
  return !UNSEEN.test(text) && !TYPOGRAPHIC_QUOTE.test(text)
}

/** What is wrong with an invalid user id, and what to write instead. */
export function explainUserId(text: string): string {
  const named = quote(text)
  if (PLACEHOLDER.test(text)) {
    return `${named} is a placeholder or cut short; write the complete id of a user, such as ${EXAMPLE_ID}.`
  }
  const address = text.includes('|') ? undefined : likelyAddress(text)
  if (address !== undefined) return `${named} is an e-mail address, not a user id; write email: ${quote(address)}.`
  const likely = likelyUserId(text)
  if (likely !== undefined) return `${named} ${whyNoUserId(text)}; write ${quote(likely)}.`
  return `${named} ${whyNoUserId(text)}; a user id has the form connection|identifier, such as ${EXAMPLE_ID}.`
}

function whyNoUserId(text: string): string {
  const unclean = whyUnclean(text)
  if (unclean !== undefined) return unclean
  if (/\|\s*$/.test(text)) return 'has nothing after the |'
  if (/^\s*\|/.test(text)) return 'has no connection before the |'
  if (text.includes('|')) return 'is not a user id'
  return /%(25)*7c/i.test(text) ? 'is a URL-encoded user id' : 'is not a complete user id'
}

/** What is wrong with an invalid address, and what to write instead. */
export function explainAddress(text: string): string {
  const named = quote(text)
  const several = text.match(/[^\s<>,;:"]@[^\s<>,;:"]/g) ?? []
  if (several.length > 1 && /[\s,;]/.test(text)) {
    return `${named} contains several addresses; write an entry for each user.`
  }
  const likely = likelyAddress(text)
  if (likely !== undefined) {
    return `${named} ${whyUnclean(text) ?? 'is not a plain e-mail address'}; write ${quote(likely)}.`
  }
  if (isUserId(text)) return `${named} is a user id, not an e-mail address; write id: ${quote(text)}.`
  if (PLACEHOLDER.test(text)) {
    return `${named} is a placeholder or cut short; write the user's address, such as ${EXAMPLE_ADDRESS}.`
  }
  return `${named} ${whyNoAddress(text)}; write a complete address, such as ${EXAMPLE_ADDRESS}.`
}

function whyNoAddress(text: string): string {
  if (text.startsWith('@')) return 'has nothing before the @'
  if (text.endsWith('@')) return 'has nothing after the @'
  if (/^[^@]+@[^@.]+$/.test(text)) return 'has no complete domain'
  return text.includes(' ') ? 'contains a space' : 'is not an e-mail address'
}

function whyUnclean(text: string): string | undefined {
  const unseen = describeUnseen(text)
  if (unseen !== undefined) return `contains ${unseen}`
  if (TYPOGRAPHIC_QUOTE.test(text)) return 'contains typographic quotes'
  return /^\s|\s$/.test(text) ? 'begins or ends with a space' : undefined
}

function likelyUserId(text: string): string | undefined {
  const tidied = tidy(text).replace(/\\?[|｜¦ǀ∣│]/g, '|')
  const encoded = tidied.split('/').find(segment => /%(25)*7c/i.test(segment))
  const decoded = tidied.includes('|') || encoded === undefined ? tidied : decodeAll(encoded)
  const id = decoded
    .replace(/^\S*\/(?=[\w.-]+\|)/, '')
    .replace(/^([\w.-]+)\s*\|\s*/, '$1|')
    .replace(/^(?:auth0[^\da-z|]?)?(?=[\da-f]{24}$)/i, 'auth0|')
  return isUserId(id) ? id : undefined
}

/** Also if it was encoded more than once. */
function decodeAll(text: string): string {
  let decoded = text
  while (!decoded.includes('|')) decoded = decode(decoded)
  return decoded
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replace(/%(25)*7c/gi, '|')
  }
}

function likelyAddress(text: string): string | undefined {
  const address = tidy(text)
    .replace(/^[^<]*<([^<>]*)>\W*$/, '$1')
    .replace(/^\W*mailto:([^?]*).*$/i, '$1')
    .replace(/\s*(?:@+|＠|%40|\(at\)|\[at\]|\sat\s)\s*/i, '@')
    .replace(/^[^\p{L}\p{N}_]+|[^\p{L}\p{N}]+$/gu, '')
    .replace(/\.+(?=[^@]*$)/g, '.')
    .replace('@.', '@')
  return isAddress(address) ? address : undefined
}

/** Removes invisible characters and surrounding quotes, and replaces typographic quotes with plain ones. */
function tidy(text: string): string {
  return replaceUnseen(text, character => (/\s/.test(character) ? ' ' : ''))
    .replace(/[“”„‟«»＂]/g, '"')
    .replace(/[‘’‚‛‹›＇]/g, "'")
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim()
}
