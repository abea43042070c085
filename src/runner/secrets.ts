// Masks the secrets of this run: registers them with the runner before their first use, and removes them from everything
// that this action writes, because the runner masks only its log, and a response may quote a request.

import { setSecret } from '@actions/core'

const known = new Set<string>()
/** The secrets as a response may quote them: as they are, or encoded as in a header or a form. */
const forms = new Set<string>()

/** Shorter text is not a useful secret, and masking it would hide unrelated words. */
const MIN_SECRET = 8

/** Masks each line separately, too, because logs are lines; but not a key's BEGIN and END lines, which are not secret. */
export function mask(secret: string): void {
  const lines = secret.split(/\r?\n|\\n/).map(line => line.trim())
  for (const part of [secret, ...lines.filter(line => line.length >= MIN_SECRET && !line.startsWith('-----'))]) {
    if (part === '' || known.has(part)) continue
    setSecret(part)
    known.add(part)
    if (part.length >= MIN_SECRET) for (const form of formsOf(part)) forms.add(form)
  }
}

function formsOf(secret: string): readonly string[] {
  const form = new URLSearchParams({ secret }).toString().slice('secret='.length)
  const json = JSON.stringify(secret).slice(1, -1)
  return [secret, json, encodeURIComponent(secret), form, ...base64Of(secret)]
}

/** Alone, and within a longer text, in which it may begin at any of three positions in a group of three bytes. */
function base64Of(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const groups = [0, 1, 2].map(skipped => bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3)))
  const encodings = ['base64', 'base64url'] as const
  return [bytes, ...groups].flatMap(each => encodings.map(encoding => each.toString(encoding).replace(/=+$/, '')))
}

/** Redacts all texts in data; must run before they are escaped, because escaped secrets are not recognized. */
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
