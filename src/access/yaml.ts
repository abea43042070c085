// Texts as YAML scalars, without quotes if no reader of YAML can take them for something else. Pure.

/** Begins with a letter, and no colon is at its end or before a blank. */
const PLAIN = /^[A-Za-z](?:[\w./|@*+~-]|:(?=[\w./|@*+~-]))*$/
/** What YAML 1.1 or 1.2 takes for something else than text, among all that PLAIN lets through. */
const NOT_TEXT = /^(?:y|n|yes|no|on|off|true|false|null|e[-+]?\d+)$/i
/** Characters that YAML does not allow, that end a line to some of its readers, or that nobody can see. */
const UNSEEN = /\p{C}|(?! )\p{Z}/gu

/** Whether a text needs no quotes for any reader of YAML, in a list on one line too. */
export function isPlainScalar(text: string): boolean {
  return PLAIN.test(text) && !NOT_TEXT.test(text)
}

/** A text as a YAML scalar, in a list on one line too. */
export function scalar(text: string): string {
  if (isPlainScalar(text)) return text
  return JSON.stringify(text).replace(UNSEEN, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = Number(character.codePointAt(0)).toString(16)
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
}
