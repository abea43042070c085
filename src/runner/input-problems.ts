// How messages quote inputs: with their value, but without secrets.

import { quote } from '../access/quote.ts'
import { redact } from './secrets.ts'

/** @returns undefined, so that a caller can return the result */
export type Reject = (input: string, message: string) => undefined

export function quoteInput(value: string): string {
  return quote(redact(value))
}

/** `a, b or c` */
export function alternatives(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
