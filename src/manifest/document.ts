// A file of the manifest, parsed. Pure.

export interface Document {
  /** Relative to the workspace if it is within, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly content: unknown
  /** Mistakes that the content does not show, because each key occurs once in it. */
  readonly keyMistakes: readonly KeyMistake[]
}

/** A duplicate key, or an alias as a key. */
export interface KeyMistake {
  /** undefined for an alias as a key */
  readonly duplicate: string | undefined
  readonly offset: number
}
