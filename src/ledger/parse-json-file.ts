// Parses a file that this action wrote, a ledger or a plan, but that may have been edited. A problem is returned as a
// sentence. Pure.

import type * as z from 'zod'

type FileReading<T> =
  | { readonly data: T; readonly problem?: never }
  /** The first problem, after its path. */
  | { readonly data?: never; readonly problem: string }

const MAX_PROBLEM = 300

export function parseJsonFile<T>(schema: z.ZodType<T>, json: string): FileReading<T> {
  try {
    const { data, error } = schema.safeParse(parseJson(json))
    if (error === undefined) return { data }
    const [problem = ''] = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
    return { problem: problem.slice(0, MAX_PROBLEM) }
  } catch (error) {
    // Zod passes the issues of a list as arguments of one call, and too many overflow the stack.
    if (!(error instanceof RangeError)) throw error
    return { problem: 'it has too many errors to list' }
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
