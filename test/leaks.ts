// Looks for secrets in any encoding in the output of a run.

import { expect } from 'vitest'

export function expectNoneIn(bytes: string, secrets: readonly string[]): void {
  for (const secret of new Set(secrets)) {
    // Every key has the same short lines at its ends.
    const parts = secret.split('\n').filter(part => part.length > 20 && !part.startsWith('-----'))
    for (const part of parts) for (const form of formsOf(part)) expect(bytes).not.toContain(form)
  }
}

/** The text itself, as in JSON, HTML, forms and URLs, and within any base64 text. */
function formsOf(secret: string): readonly string[] {
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const form = new URLSearchParams({ x: secret }).toString().slice(2)
  return [secret, JSON.stringify(secret).slice(1, -1), html, encodeURIComponent(secret), form, ...withinBase64(secret)]
}

/** The base64 of a text depends on the number of bytes before it, and its ends depend on the adjacent bytes. */
function withinBase64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap(before => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)]
    return (['base64', 'base64url'] as const).map(encoding => bytes.toString(encoding).slice(from, to))
  })
}
