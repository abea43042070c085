// A file of the manifest, parsed. Pure.

export interface Document {
  /** Relative to the workspace where it is in it, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly content: unknown
  /** Keys that the content cannot show, because another one took their place. */
  readonly keyMistakes: readonly KeyMistake[]
}

/** A key that the data do not show. */
export interface KeyMistake {
  /** undefined for an alias in the place of a key */
  readonly duplicate: string | undefined
  readonly offset: number
}
