// Makes outside text harmless in log lines, workflow commands, Markdown and HTML: everything that comes from a manifest,
// the tenant or an error. Pure.

import { clip } from '../access/quote.ts'

/** Control characters (ANSI sequences, newlines), and invisible characters that reorder, hide or join text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu

/**
 * One line that can be printed anywhere: unseen characters are spelt out as `\u{…}`, and neither of the runner's two
 * command syntaxes is left: `::x::` at the start of a line, leading blanks or not, and `##[x]` anywhere in it.
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
  // GitHub looks for `$formulas$` before it knows what is HTML.
  $: '&#36;',
}

/**
 * A name, id or address for an HTML block of a summary or comment. In an HTML block Markdown has no force, and within
 * `<code>` GitHub makes no mention, reference or emoji out of anything.
 */
export function code(text: string): string {
  return `<code>${escapeHtml(plain(text))}</code>`
}

/**
 * Letters with the punctuation of a sentence, or a small number: nothing that GitHub would take for more than that. What
 * could be the beginning of a commit's hash is no word.
 */
const WORD = /^[("]*(?![0-9a-f]{7})(Auth0(['’]s)?|[A-Za-z]+(['’-][a-z]+)*|\d+|\d{1,3}(,\d{3})+)?[).,;:!?"]*$/

/** A sentence for an HTML block: its words as they are, and everything that is not a plain word as `code`. */
export function prose(sentence: string): string {
  return plain(sentence)
    .split(' ')
    .map(token => (WORD.test(token) ? escapeHtml(token) : codeToken(token)))
    .join(' ')
}

/** A sentence's punctuation stays outside of the code. */
function codeToken(token: string): string {
  return token.replace(
    /^([("]*)(.*?)([).,;:!?"]*)$/s,
    (_, before: string, inner: string, after: string) =>
      `${escapeHtml(before)}<code>${escapeHtml(inner)}</code>${escapeHtml(after)}`,
  )
}

/** A user by id, and by address if the manifest lists the user by one. */
interface Named {
  readonly user?: string | undefined
  readonly email?: string | undefined
}

/**
 * A user as people know them: `grace@acme.com (auth0|65a1…)`, or the id alone.
 * @param show makes both harmless where they are shown
 */
export function userText({ user, email }: Named, show: (name: string) => string): string {
  return namesText(namesOf({ user, email }), show)
}

/** A prefix with the names of the user that the message itself does not have; empty if it has all. */
export function aboutText(
  { message, ...named }: Named & { readonly message: string },
  show: (name: string) => string,
): string {
  const unsaid = namesOf(named).filter(name => !message.includes(name))
  return unsaid.length === 0 ? '' : `${namesText(unsaid, show)}: `
}

function namesOf({ user, email }: Named): readonly string[] {
  return [...new Set([email, user])].filter(name => name !== undefined)
}

function namesText(names: readonly string[], show: (name: string) => string): string {
  const [first = '', ...others] = names.map(show)
  return others.length === 0 ? first : `${first} (${others.join(', ')})`
}

/** A URL without characters that could end it early or be taken for something else. */
const ADDRESS = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%/?=&-]*)?$/
const LONGEST_ADDRESS = 500

/**
 * A link to a page of GitHub for an HTML block, or the address as `code` if it is not a plain URL.
 * @param words are not escaped
 */
export function link(address: string, words: string): string {
  const plainly = address.length <= LONGEST_ADDRESS && ADDRESS.test(address)
  return plainly ? `<a href="${escapeHtml(address)}">${words}</a>` : code(clip(address, LONGEST_ADDRESS))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'$]/g, character => String(ENTITIES[character]))
}
