// Makes text from outside harmless where it is shown: in log lines, workflow commands, Markdown and HTML. Everything
// that a manifest, the tenant or an error says goes through here. Pure.

/** Control characters (ANSI sequences, newlines), and what reorders, hides or joins text without being seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]/gu

/**
 * One line that can be printed anywhere: unseen characters are spelt out as `\u{…}`, and neither of the runner's two
 * command syntaxes is left: `::x::` at the start of a line, leading blanks or not, and `##[x]` anywhere in it.
 */
export function plain(text: string): string {
  return text
    .replace(UNSEEN, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    .replaceAll('##[', '##\\[')
    .replace(/^(\s*):(?=:)/, '$1\\:')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A name, id or address for an HTML block of a summary or comment. In an HTML block Markdown has no force, and within
 * `<code>` GitHub makes no mention, reference or emoji out of anything.
 */
export function code(text: string): string {
  return `<code>${escapeHtml(plain(text))}</code>`
}

/** Letters with the punctuation of a sentence, or a small number: nothing that GitHub would take for more than that. */
const WORD = /^[("]*(Auth0|[A-Za-z]+(['’-][A-Za-z]+)*|\d{1,9})?[).,;:!?"]*$/

/** A sentence for an HTML block: its words as they are, and everything that is not a plain word as `code`. */
export function prose(sentence: string): string {
  return plain(sentence)
    .split(' ')
    .map(token => (WORD.test(token) ? escapeHtml(token) : codeToken(token)))
    .join(' ')
}

/** A sentence's punctuation stays outside of the code. */
function codeToken(token: string): string {
  const [, before = '', inner = '', after = ''] = /^([("]*)(.*?)([).,;:!?"]*)$/.exec(token) ?? []
  return `${escapeHtml(before)}<code>${escapeHtml(inner)}</code>${escapeHtml(after)}`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '')
}
