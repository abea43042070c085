// How an input that cannot be used is named: its value is shown, but no secret in it.

import { quote } from '../access/quote.ts'
import { redact } from './secrets.ts'

/** @returns undefined, so that a reader can return what it returns */
export type Reject = (input: string, message: string) => undefined

export function quoteInput(value: string): string {
  return quote(redact(value))
}

/** `a, b or c` */
export function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
