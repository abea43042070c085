// A file's bytes in a response, as JSON or raw.

import { type Answer, Refusal } from './answer.ts'

/** The maximum size of a file, in bytes. */
const FILE_MAX = 100 * 1024 * 1024

/** A file's bytes as in the API's JSON. */
export function base64Of(content: Buffer): string {
  return content.toString('base64').replace(/.{1,60}/g, '$&\n')
}

export function isRaw(accept: string): boolean {
  return formatOf(accept) === 'raw'
}

/** The file's bytes, without base64. */
export function answerRaw(content: Buffer): Answer {
  const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }
  return { status: 200, headers, body: content }
}

/** @throws Refusal if the API does not return files of this size */
export function checkSize({ length }: Buffer): void {
  if (length <= FILE_MAX) return
  throw new Refusal(
    403,
    'This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API, but you can always clone the repository via Git in order to obtain it.',
    [{ resource: 'Blob', field: 'data', code: 'too_large' }],
  )
}

/** `raw` of `application/vnd.github.raw+json`, `application/vnd.github.v3.raw` and the like. */
export function formatOf(accept: string): string | undefined {
  return /application\/vnd\.github\.(?:v3\.)?(\w+)/.exec(accept)?.[1]
}
