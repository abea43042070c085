// Explains YAML errors. The parser says what it could not parse; the text around that place often shows what was meant.
// Pure.

import type { Event } from 'js-yaml'
import { clip, codeOf, describeUnseen, quote } from '../access/quote.ts'
import { findComplexKey } from './locate.ts'
import { COMPLEX_KEY } from './scalars.ts'
import { KEYS } from './schema.ts'

/** The parser's error. */
interface Failure {
  readonly text: string
  readonly reason: string
  readonly offset: number
  /** Empty if the text could not be parsed into events. */
  readonly events: readonly Event[]
}

/** Without a full stop. */
interface Explanation {
  readonly offset: number
  readonly message: string
}

interface Clues extends Failure {
  /** The line of the offset, and the last one above it that is not blank. */
  readonly line: Line
  readonly above: Line
}

interface Line {
  readonly start: number
  readonly text: string
}

/** Tries certain explanations first, then likely ones. */
export function explainYaml(failure: Failure): Explanation {
  const { text, reason, offset } = failure
  const line = lineAt(text, offset)
  const above = lineAt(text, text.slice(0, line.start).trimEnd().length)
  const clues = { ...failure, line, above }
  return (
    explainConflict(clues) ??
    explainIndentation(clues) ??
    explainTemplate(clues) ??
    explainReason(clues) ??
    explainIndicator(clues) ??
    explainColon(clues) ??
    explainQuote(clues) ??
    explainBracket(clues) ??
    explainShape(clues) ?? { offset, message: reason }
  )
}

/** Limits of the text around an offset that is examined, because a hostile manifest may be one long line. */
const MAX_LINE = 1_000
const MAX_SCAN = 100_000

function lineAt(text: string, offset: number): Line {
  const linesBefore = text.slice(Math.max(0, offset - MAX_LINE), offset).split('\n')
  const [before = ''] = linesBefore.slice(-1)
  const [after = ''] = text.slice(offset, offset + MAX_LINE).split('\n')
  return { start: offset - before.length, text: before + after }
}

function explainConflict({ text }: Clues): Explanation | undefined {
  const offset = text.search(/^<{7} /m)
  return offset === -1 ? undefined : { offset, message: 'this is a merge conflict marker; resolve the conflict' }
}

function explainIndentation({ line, above }: Clues): Explanation | undefined {
  for (const { start, text } of [line, above]) {
    const visible = text.replace(/^\ufeff/, ' ')
    const indentation = visible.slice(0, visible.search(/[^\s\p{Cf}-]|$/u))
    const offset = start + indentation.search(/[^ -]/)
    if (offset < start || indentation.trimEnd() === text.trimEnd()) continue
    const what = text.startsWith('\t', offset - start) ? 'a tab' : describeUnseen(indentation)
    if (what !== undefined) return { offset, message: `the line is indented with ${what}; use spaces` }
  }
  return undefined
}

function explainTemplate({ text, reason, offset, events }: Clues): Explanation | undefined {
  const isComplexKey = reason === COMPLEX_KEY
  const at = isComplexKey ? findComplexKey(text, events) : offset
  const template = ['{{', '${{'].find(mark => text.startsWith(mark, at) || text.startsWith(mark, at - 1))
  if (template !== undefined) {
    return { offset: at, message: `${template} begins a template placeholder; replace it with its value` }
  }
  return isComplexKey ? { offset: at, message: reason } : undefined
}

function explainReason({ text, reason, offset }: Clues): Explanation | undefined {
  if (/non-printable|null byte|valid JSON character/.test(reason)) {
    return { offset, message: `the character ${codeOf(text.slice(offset))} is not allowed; remove it` }
  }
  if (/unknown escape|expected hexadecimal/.test(reason)) {
    const message = 'a backslash within double quotes begins an escape; write it twice, or use single quotes'
    return { offset, message }
  }
  if (reason.startsWith('nesting exceeded')) {
    return { offset, message: `lists and mappings are nested more than ${/\d+/.exec(reason)} deep` }
  }
  return undefined
}

/** A value whose first character has a meaning in YAML. */
function explainIndicator({ text, reason, offset }: Clues): Explanation | undefined {
  const directive = /directive/.test(reason) ? text.search(/^%(?!YAML|TAG)/m) : -1
  const start = directive === -1 ? tokenStart(text, offset) : directive
  const inFlow = openBefore(text, start).length > 0
  const mark = text.charAt(start)
  const isAlone = inFlow && /^(?:#|[-?](?=[\n,\]}]|$))/.test(text.slice(start, start + 2))
  if (mark === '' || !('*&!@`%|>'.includes(mark) || isAlone)) return undefined
  const line = lineAt(text, start)
  const rest = line.text.slice(start - line.start)
  const value = rest.replace(inFlow ? /(?<=.)[,\]}].*$/s : /(?:\s#|:(?:\s|$)).*$/s, '').trim()
  const missing = reason.startsWith('unidentified alias') ? `there is no anchor for the alias ${clip(value)}; ` : ''
  return { offset: start, message: `${missing}a value that begins with ${mark} needs quotes: ${quote(value)}` }
}

function tokenStart(text: string, offset: number): number {
  let start = offset
  while (start > 0 && !/[\s,[\]{}]/.test(text.charAt(start - 1))) start--
  return start
}

/** A colon without a space after it, or one within a value. */
function explainColon({ text, offset, line, above }: Clues): Explanation | undefined {
  for (const { start, text } of [line, above]) {
    const [, before = '', key = '', value = ''] = /^(\s*(?:- +)*)([A-Za-z][\w-]*):([^\s/].*)$/.exec(text) ?? []
    const isKey = KEYS.has(key) || (key !== '' && !before.includes('-'))
    if (!isKey) continue
    const message = `a space is missing after the colon; write ${clip(`${key}: ${value.trim()}`)}`
    return { offset: start + before.length, message }
  }
  if (!text.startsWith(':', offset) || openBefore(text, offset).length > 0) return undefined
  const [, before = '', value = ''] = /^(\s*(?:- +)*\S.*?:\s+)([^\s"'[{].*)$/.exec(line.text) ?? []
  if (value === '' || line.start + before.length > offset) return undefined
  const message = `a value with a colon before a space or at its end needs quotes: ${quote(value.replace(/\s#.*$/, '').trim())}`
  return { offset: line.start + before.length, message }
}

function explainQuote({ text, offset, line }: Clues): Explanation | undefined {
  const open = openBefore(text, offset).findLast(({ mark }) => /["']/.test(mark))
  if (open !== undefined) {
    const message = `this ${open.mark} is not closed on its line; add a ${open.mark} at the end of the value`
    return { offset: open.offset, message }
  }
  const [, mark] = /(["'])[^"']*\1:?\s*$/.exec(line.text.slice(0, offset - line.start)) ?? []
  if (mark === undefined || /[\s,:[\]{}"']|^$/.test(text.charAt(offset))) return undefined
  const doubled = mark === "'" ? ", with '' for each ' in it" : ', with \\" for each " in it'
  return { offset, message: `there is text after the closing ${mark}; put the whole value in quotes${doubled}` }
}

function explainBracket({ text, reason, offset }: Clues): Explanation | undefined {
  const open = openBefore(text, offset).at(-1)
  const next = text.charAt(offset)
  const isClosing = /[\]}]/.test(next)
  if (open === undefined) {
    const opening = next === ']' ? '[' : '{'
    const message = `there is no ${opening} for this ${next}; remove it, or quote the value`
    return isClosing ? { offset, message } : undefined
  }
  if (next === ',') return { offset, message: 'there is nothing before this comma; remove it' }
  if (isClosing) {
    const message = `this ${next} does not match the ${open.mark} before it; close that one first, or remove this`
    return { offset, message }
  }
  if (reason.startsWith('missed comma')) return { offset, message: 'a comma is missing before this' }
  const later = openBefore(text, Math.min(text.length, open.offset + MAX_SCAN / 2))
  if (!later.some(({ offset }) => offset === open.offset)) {
    return {
      offset,
      message: `this line belongs to the ${open.mark} above; indent it more than the key before that ${open.mark}`,
    }
  }
  return { offset: open.offset, message: `this ${open.mark} is not closed; add a ${open.mark === '[' ? ']' : '}'}` }
}

function explainShape({ reason, offset }: Clues): Explanation | undefined {
  if (reason.startsWith('bad indentation')) {
    const message =
      'the indentation does not match the lines above; indent all keys of a mapping equally, and all dashes of a list'
    return { offset, message }
  }
  if (/expected ':'|multiline key|document separator/.test(reason)) {
    return { offset, message: 'a key is missing here, or the colon and space after one' }
  }
  return undefined
}

interface Opening {
  readonly mark: string
  readonly offset: number
}

/**
 * The brackets and the quote that are open at an offset, from the outermost to the innermost. Outside brackets, they only
 * count at the beginning of a value.
 */
function openBefore(text: string, end: number): readonly Opening[] {
  const open: Opening[] = []
  let atStart = true
  for (let offset = Math.max(0, end - MAX_SCAN); offset < end; offset++) {
    const mark = text.charAt(offset)
    const within = open.at(-1)?.mark
    if (within === '"' || within === "'") {
      const isEscape = within === '"' ? mark === '\\' : mark === "'" && text.charAt(offset + 1) === "'"
      if (isEscape) offset++
      else if (mark === within) open.pop()
    } else if (mark === '#' && /^$|\s/.test(text.charAt(offset - 1))) {
      while (offset < end && text.charAt(offset + 1) !== '\n') offset++
    } else if ((/["']/.test(mark) && atStart) || (/[[{]/.test(mark) && (atStart || within !== undefined))) {
      open.push({ mark, offset })
    } else if (/[\]}]/.test(mark)) open.pop()
    atStart =
      /[\n[{]/.test(mark) ||
      (mark === ',' && within !== undefined) ||
      (/\s/.test(mark) && (atStart || /[-:?]/.test(text.charAt(offset - 1))))
  }
  return open
}
