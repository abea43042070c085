// How an input that cannot be used is named: its value is shown, but no secret in it.

import { redact } from './secrets.ts'

/** @returns undefined, so that a reader can return what it returns */
export type Reject = (input: string, message: string) => undefined

const MAX_QUOTED = 80

export function quote(value: string): string {
  const shown = redact(value)
  return JSON.stringify(shown.length > MAX_QUOTED ? `${shown.slice(0, MAX_QUOTED)}…` : shown)
}
