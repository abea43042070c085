// Quotes values and names in messages. Pure.

/** Invisible characters, and spaces other than the ordinary one. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu')

/** @param replacement of each invisible character or special space */
export function replaceUnseen(text: string, replacement: (character: string) => string): string {
  return text.replaceAll(EVERY_UNSEEN, replacement)
}

/** Describes the first such character; undefined if there is none. */
export function describeUnseen(text: string): string | undefined {
  const [character] = UNSEEN.exec(text) ?? []
  return character && `${kindOf(character)} (${codeOf(character)})`
}

function kindOf(character: string): string {
  if (character === '\u00a0') return 'a no-break space'
  if (/\p{Zs}/u.test(character)) return 'a special space'
  return /\p{Cc}/u.test(character) ? 'a control character' : 'an invisible character'
}

/** Such as `U+00A0`. */
export function codeOf(character: string): string {
  return `U+${hexOf(character).toUpperCase()}`
}

function hexOf(character: string): string {
  return Number(character.codePointAt(0)).toString(16).padStart(4, '0')
}

const MAX_QUOTE = 81

/** Shortens text to `most` UTF-16 code units, including an ellipsis, without splitting a surrogate pair. */
export function clip(text: string, most = MAX_QUOTE): string {
  if (text.length <= most) return text
  const head = text.slice(0, most - 1)
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`
}

/** A value for a message: on one line, short, without invisible characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTE) : value) ?? String(value)
  const seen = replaceUnseen(text, character => `\\u{${hexOf(character)}}`)
  return clip(seen)
}

export function capitalize(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
}

/** The first of many texts, and how many more there are. */
export function shortList(texts: Iterable<string>, most = 3): string {
  const all = [...texts]
  const shown = all.slice(0, most).join(', ')
  return all.length > most ? `${shown} and ${all.length - most} more` : shown
}
