// Makes outside text harmless in log lines, workflow commands, Markdown and HTML: everything that comes from a manifest,
// the tenant or an error. Pure.

import { clip } from '../access/quote.ts'
import type { Place } from '../manifest/manifest.ts'

/** Control characters (ANSI sequences, newlines), and invisible characters that reorder, hide or join text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu

/**
 * One line that can be printed anywhere. Invisible characters become `\u{…}`, and both of the runner's command syntaxes
 * are escaped: `::x::` at the start of a line, even after spaces, and `##[x]` anywhere in it.
 */
export function plain(text: string): string {
  return text
    .replace(UNSEEN, character => `\\u{${Number(character.codePointAt(0)).toString(16)}}`)
    .replaceAll('##[', '##\\[')
    .replace(/^(\s*):(?=:)/, '$1\\:')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // GitHub looks for `$formulas$` before it parses HTML.
  $: '&#36;',
}

/**
 * A name, id or address for an HTML block of a summary or comment. In an HTML block Markdown has no effect, and within
 * `<code>` GitHub creates no mentions, references or emoji.
 */
export function code(text: string): string {
  return `<code>${escapeHtml(plain(text))}</code>`
}

/**
 * Letters with a sentence's punctuation, or a number: nothing that GitHub would turn into a link. Text that could be the
 * beginning of a commit's hash does not match.
 */
const WORD = /^[("]*(?![0-9a-f]{7})(Auth0(['’]s)?|[A-Za-z]+(['’-][a-z]+)*|\d+|\d{1,3}(,\d{3})+)?[).,;:!?"]*$/

/** A sentence for an HTML block: plain words as they are, everything else as `code`. */
export function prose(sentence: string): string {
  return plain(sentence)
    .split(' ')
    .map(token => (WORD.test(token) ? escapeHtml(token) : codeToken(token)))
    .join(' ')
}

/** A sentence's punctuation stays outside the code. */
function codeToken(token: string): string {
  return token.replace(
    /^([("]*)(.*?)([).,;:!?"]*)$/s,
    (_, before: string, inner: string, after: string) =>
      `${escapeHtml(before)}<code>${escapeHtml(inner)}</code>${escapeHtml(after)}`,
  )
}

/** A user by id, and by address if the manifest lists the user by one. */
interface UserNames {
  readonly user?: string | undefined
  readonly email?: string | undefined
}

/**
 * A user as people know them: `grace@acme.com (auth0|65a1…)`, or the id alone.
 * @param show makes both harmless for display
 */
export function userText({ user, email }: UserNames, show: (name: string) => string): string {
  const [first, second] = [...new Set([email, user])].filter(name => name !== undefined).map(show)
  return second === undefined ? (first ?? '') : `${first} (${second})`
}

/** A prefix with those of the user's names that the message does not contain; empty if it contains all. */
export function aboutText(
  { message, user, email }: UserNames & { readonly message: string },
  show: (name: string) => string,
): string {
  const unsaid = (name: string | undefined) => (name !== undefined && message.includes(name) ? undefined : name)
  const who = userText({ user: unsaid(user), email: unsaid(email) }, show)
  return who && `${who}: `
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

/** A URL without characters that could end it early or have another meaning. */
const ADDRESS = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%/?=&-]*)?$/
const MAX_ADDRESS = 500

/**
 * A link to a GitHub page for an HTML block, or the address as `code` if it is not a plain URL.
 * @param words are not escaped
 */
export function link(address: string, words: string): string {
  const isPlain = address.length <= MAX_ADDRESS && ADDRESS.test(address)
  return isPlain ? `<a href="${escapeHtml(address)}">${words}</a>` : code(clip(address, MAX_ADDRESS))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'$]/g, character => String(ENTITIES[character]))
}
