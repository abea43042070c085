// A mistake in a manifest: first a remark about a place in the data, then a problem at a line and column of the file. Pure.

/** Keys and indexes from the top of a document to a value in it. */
export type Path = readonly (string | number)[]

/** A value in a file, or its key. */
export interface Mention {
  readonly file: string
  readonly path: Path
  readonly on: 'key' | 'value'
  /** Its offset in the text, if no path leads there. */
  readonly offset?: number
}

/** A mistake. */
export interface Remark extends Mention {
  /** One or two sentences: what is wrong, and what to write. Only called for remarks that are shown, because it takes time. */
  readonly message: () => string
}

/** A value within the value of a mention. */
export function mentionWithin({ file, path, on }: Mention, inner: Path): Mention {
  return { file, path: [...path, ...inner], on }
}

/** Lines and columns start at 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly place: Place
  readonly message: string
}

/** Mistakes that are shown with their places; a hostile manifest has millions. */
export const MAX_PROBLEMS = 1_000
