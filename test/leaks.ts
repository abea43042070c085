// Looks for secrets, in whatever form, in what leaves a run.

import { expect } from 'vitest'

export function expectNoneIn(bytes: string, secrets: readonly string[]): void {
  for (const secret of new Set(secrets)) {
    // Short lines are what the ends of a key have in common with any other.
    const parts = secret.split('\n').filter(part => part.length > 20 && !part.startsWith('-----'))
    for (const part of parts) for (const form of formsOf(part)) expect(bytes).not.toContain(form)
  }
}

/** As it is, as JSON, HTML, forms and addresses have it, and within any text that is base64. */
function formsOf(secret: string): readonly string[] {
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const form = new URLSearchParams({ x: secret }).toString().slice(2)
  return [secret, JSON.stringify(secret).slice(1, -1), html, encodeURIComponent(secret), form, ...withinBase64(secret)]
}

/** What a text becomes depends on how many bytes stand before it; its ends depend on its neighbours too. */
function withinBase64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap(before => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)]
    return (['base64', 'base64url'] as const).map(encoding => bytes.toString(encoding).slice(from, to))
  })
}
