// Parser events → data. Text stays as written. An unquoted scalar that a version of YAML does not read as text is marked,
// so that `1.10` becomes neither the name 1.1 nor a key that replaces another. Pure.

import { constructFromEvents, DUMP_SCHEMA, type Event, NOT_RESOLVED, realMapTag, Schema, seqTag, strTag } from 'js-yaml'

/** A scalar that YAML does not read as text. */
export class Unquoted {
  /** As written. */
  readonly text: string
  /** How YAML reads it, such as `a number`. */
  readonly kind: string
  readonly value: unknown

  constructor({ text, kind, value }: Unquoted) {
    this.text = text
    this.kind = kind
    this.value = value
  }
}

/** Keys are text as written, however YAML reads them. */
export class Mapping extends Map<string, unknown> {
  /** The keys that YAML does not read as text. */
  unquoted: Map<string, Unquoted> | undefined
}

/** The entries of a mapping, without merge keys. */
export function* entriesOf(value: unknown): Generator<readonly [string, unknown]> {
  if (!(value instanceof Mapping)) return
  for (const entry of value) if (entry[0] !== '<<') yield entry
}

export function fieldOf(value: unknown, key: string): unknown {
  return value instanceof Mapping ? value.get(key) : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Text, or an unquoted scalar as written. */
export function writtenOf(value: unknown): string | undefined {
  return value instanceof Unquoted ? value.text : textOf(value)
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  'tag:yaml.org,2002:null': 'nothing',
  'tag:yaml.org,2002:bool': 'a boolean',
  'tag:yaml.org,2002:int': 'a number',
  'tag:yaml.org,2002:float': 'a number',
  'tag:yaml.org,2002:timestamp': 'a date',
}

/** A boolean in YAML 1.1, but in no parser in use. */
const LETTER = /^[yn]$/i

/** Scalars that YAML 1.1 or 1.2 does not read as text, from the schema that the library uses for writing. */
const unquotedTags = DUMP_SCHEMA.tags.flatMap(tag => {
  const kind = KIND_WORDS[tag.tagName]
  if (tag.nodeKind !== 'scalar' || kind === undefined) return []
  const resolve: typeof tag.resolve = (source, isExplicit, tagName) => {
    const value = tag.resolve(source, isExplicit, tagName)
    if (LETTER.test(source)) return NOT_RESOLVED
    return value === NOT_RESOLVED || source === '' ? value : new Unquoted({ text: source, kind, value })
  }
  return { ...tag, resolve }
})

export interface Construction {
  readonly contents: readonly unknown[]
  /** Whether a mapping has a duplicate key; the data has the last one. */
  readonly hasDuplicateKeys: boolean
}

export const COMPLEX_KEY = 'a key must be text, not a list or a mapping'

/** @throws YAMLException */
export function construct(events: Event[], source: string): Construction {
  let hasDuplicateKeys = false
  const mappingTag = {
    ...realMapTag,
    create: () => new Mapping(),
    addPair: (mapping: Mapping, key: unknown, value: unknown) => {
      if (key !== null && typeof key !== 'string' && !(key instanceof Unquoted)) return COMPLEX_KEY
      const text = key instanceof Unquoted ? key.text : (key ?? '')
      if (key instanceof Unquoted) mapping.unquoted = (mapping.unquoted ?? new Map()).set(text, key)
      hasDuplicateKeys ||= mapping.has(text)
      mapping.set(text, value)
      return ''
    },
  }
  const schema = new Schema([strTag, seqTag, mappingTag, ...unquotedTags])
  return { contents: constructFromEvents(events, { source, schema, json: true }), hasDuplicateKeys }
}
