// Writes text as YAML scalars, without quotes if every YAML parser reads them as text. Pure.

/** Begins with a letter, and has no colon at its end or before a space. */
const PLAIN = /^[A-Za-z](?:[\w./|@*+~-]|:(?=[\w./|@*+~-]))*$/
/** What matches PLAIN, but is not text in YAML 1.1 or 1.2. */
const NOT_TEXT = /^(?:y|n|yes|no|on|off|true|false|null|e[-+]?\d+)$/i
/** Characters that YAML forbids, that some parsers treat as line breaks, or that are invisible. */
const UNSEEN = /\p{C}|(?! )\p{Z}/gu

/** Whether no YAML parser needs quotes around a text, even in a flow sequence. */
export function isPlainScalar(text: string): boolean {
  return PLAIN.test(text) && !NOT_TEXT.test(text)
}

/** A text as a YAML scalar, also for a flow sequence. */
export function scalar(text: string): string {
  if (isPlainScalar(text)) return text
  return JSON.stringify(text).replace(UNSEEN, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = Number(character.codePointAt(0)).toString(16)
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
}
