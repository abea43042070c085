// The secrets of this run: told to the runner before their first use, and taken out of whatever this action writes, as
// the runner masks its log alone and not files, and an answer from outside may quote what it was sent.

import { setSecret } from '@actions/core'

const known = new Set<string>()
/** As they may come back in an answer: as they are, and as a header or a form had them. */
const forms = new Set<string>()

/** Shorter text is no secret worth hiding, and would blank out every other word. */
const SHORTEST = 8

/** Each line on its own too, because logs come in lines; but not a key's BEGIN and END, which are no secret. */
export function mask(secret: string): void {
  const lines = secret.split(/\r?\n|\\n/).map(line => line.trim())
  for (const part of new Set([secret, ...lines.filter(line => line.length >= SHORTEST && !line.startsWith('-----'))])) {
    if (part === '' || known.has(part)) continue
    setSecret(part)
    known.add(part)
    if (part.length >= SHORTEST) for (const form of formsOf(part)) forms.add(form)
  }
}

function formsOf(secret: string): readonly string[] {
  const form = new URLSearchParams({ secret }).toString().slice('secret='.length)
  const json = JSON.stringify(secret).slice(1, -1)
  return [secret, json, encodeURIComponent(secret), form, ...base64Of(secret)]
}

/** On its own, and within a longer text, where it may begin at any of three places in a group of three bytes. */
function base64Of(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const groups = [0, 1, 2].map(skipped => bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3)))
  const encodings = ['base64', 'base64url'] as const
  return [bytes, ...groups].flatMap(each => encodings.map(encoding => each.toString(encoding).replace(/=+$/, '')))
}

/** The same data without secrets in any of its texts: before they are escaped, when nothing would be recognised. */
export function redactAll<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map(redactAll) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redactAll(each)])) as T
}

export function redact(text: string): string {
  let redacted = text
  for (const form of forms) redacted = redacted.replaceAll(form, '***')
  return redacted
}
