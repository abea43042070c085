// Building blocks of a report: HTML blocks, in which Markdown has no effect, and GitHub's alerts. A block with nothing to
// show is an empty text, which the report leaves out. Pure.

import { clip } from '../../access/quote.ts'
import { code, prose } from '../text.ts'

/** Longer lists and tables are folded. */
export const FOLD_AFTER = 20
/** Auth0 allows names of up to 280 characters. */
const MAX_NAME = 300
const MAX_MESSAGE = 2_000

/** A name, an id or a path: shown literally, and in full unless it is extremely long. */
export function name(text: string): string {
  return code(clip(text, MAX_NAME))
}

export function message(text: string): string {
  return prose(clip(text, MAX_MESSAGE))
}

/** @param lines empty ones are left out */
export function paragraph(lines: readonly string[]): string {
  const text = lines.filter(Boolean).join('<br>\n')
  return text && `<p>${text}</p>`
}

export function row(cells: readonly string[]): string {
  return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
}

export function table(headers: readonly string[], rows: string): string {
  const head = headers.map(header => `<th align="left">${header}</th>`).join('')
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows}\n</tbody>\n</table>`
}

export function fold(title: string, block: string): string {
  return `<details><summary>${title}</summary>\n${block}\n</details>`
}

/** An alert, which renders as a quotation outside GitHub. */
export function alert(kind: 'CAUTION' | 'WARNING' | 'NOTE', blocks: readonly string[]): string {
  const text = blocks.filter(Boolean).join('\n')
  return text && `[!${kind}]\n${text}`.replaceAll(/^/gm, '> ')
}
