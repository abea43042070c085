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

/** @param within the path from the mention to the value that the remark is about */
export function remarkOn({ file, path, on }: Mention, within: Path, message: Remark['message']): Remark {
  return { file, path: [...path, ...within], on, message }
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
