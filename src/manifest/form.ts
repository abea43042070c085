// Checks that a document has the form that the schema describes. It walks the schema itself, because zod would collect
// every mistake before it returns, and a hostile manifest has millions. Pure.

import * as z from 'zod'
import { explainAddress, explainUserId, isAddress, isUserId } from '../access/identities.ts'
import { nearest, suggest } from '../access/nearest.ts'
import { capitalize, clip, describeUnseen, quote } from '../access/quote.ts'
import { scalar } from '../access/yaml.ts'
import type { Remark } from './problem.ts'
import type { Document } from './read.ts'
import { fieldOf, Mapping, Unquoted, writtenOf } from './scalars.ts'
import { brokenRule, expiry, manifestSchema, userEntry } from './schema.ts'

/** Its path begins at the value that is checked. */
type Finding = Omit<Remark, 'file'>

export function* checkForm({ file, content }: Document, documents: readonly Document[]): Generator<Remark> {
  const lacksUsers = content instanceof Mapping && !content.has('users')
  const usersElsewhere = lacksUsers && documents.some(other => fieldOf(other.content, 'users') !== undefined)
  for (const finding of check(manifestSchema, content)) {
    if (!(usersElsewhere && finding.path[0] === 'users')) yield { file, ...finding }
  }
}

function* check(schema: unknown, value: unknown): Generator<Finding> {
  if (schema instanceof z.ZodOptional) yield* check(schema.unwrap(), value)
  else if (schema instanceof z.ZodUnion) yield* checkChoice(schema, value)
  else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* within(index, check(schema.element, item))
  } else if (schema instanceof z.ZodRecord && value instanceof Mapping) yield* checkRecord(schema, value)
  else if (schema instanceof z.ZodObject && value instanceof Mapping) yield* checkObject(schema, value)
  else yield* checkValue(schema as z.ZodType, value)
}

/** Findings about a part, as findings about the whole. */
function* within(key: string | number, findings: Iterable<Finding>): Generator<Finding> {
  for (const finding of findings) yield { ...finding, path: [key, ...finding.path] }
}

/** A value that is either text, its short form, or a mapping. */
function* checkChoice(schema: z.ZodUnion, value: unknown): Generator<Finding> {
  const [short, long] = schema.options
  if (value instanceof Mapping) {
    const message = explainSplitName(value, long as z.ZodObject)
    if (message === undefined) yield* check(long, value)
    else yield { path: [], on: 'value', message }
  } else if (typeof value === 'string' || value instanceof Unquoted) yield* check(short, value)
  else yield* checkValue(schema, value)
}

/** For `read: orders` instead of `read:orders`. */
function explainSplitName(value: Mapping, { shape }: z.ZodObject): Remark['message'] | undefined {
  const [[before, rest] = ['', undefined]] = value
  if (value.size !== 1 || before === '<<' || nearest(before, Object.keys(shape)) !== undefined) return undefined
  const after = rest === null ? '' : rest instanceof Unquoted ? rest.text : rest
  if (typeof after !== 'string') return undefined
  return () => {
    const written = `${before}: ${after}`.trim()
    const name = quote(`${before}:${after}`)
    const advice = after === '' ? 'quote it' : `write ${name}, or quote it if the name has a space`
    return `YAML reads ${clip(written)} as a mapping, not as a name, because of the space after the colon; ${advice}: ${quote(written)}.`
  }
}

function* checkRecord(schema: z.ZodRecord, value: Mapping): Generator<Finding> {
  for (const [key, item] of value) {
    const mention = { path: [key], on: 'key' } as const
    if (key === '<<') {
      yield { ...mention, message: () => MERGE_KEY }
      continue
    }
    const unquoted = value.unquoted?.get(key)
    if (unquoted !== undefined) yield { ...mention, message: () => adviseQuotes(unquoted) }
    const message = describe(schema.keyType as z.ZodType, key)
    if (message !== undefined) yield { ...mention, message }
    yield* within(key, check(schema.valueType, item))
  }
}

function* checkObject(schema: z.ZodObject, value: Mapping): Generator<Finding> {
  for (const [key, type] of Object.entries(schema.shape)) {
    const field = value.get(key)
    if (field !== undefined) yield* within(key, check(type, field))
    else if (!(type instanceof z.ZodOptional)) {
      const message = () => `${quote(key)} is missing; ${kindOf(type as z.ZodType)}.`
      yield { path: [key], on: 'value', message }
    }
  }
  if (schema === userEntry) yield* checkIdentity(value)
  for (const key of value.keys()) {
    const isExtension = schema === manifestSchema && key.startsWith('x-')
    if (Object.hasOwn(schema.shape, key) || isExtension) continue
    const message = () => `Unknown key ${quote(key)}. ${adviseKey(key, Object.keys(schema.shape))}`
    yield { path: [key], on: 'key', message }
  }
}

function* checkIdentity(user: Mapping): Generator<Finding> {
  const [hasId, hasEmail] = [user.has('id'), user.has('email')]
  if (!hasId && !hasEmail) {
    yield { path: [], on: 'value', message: () => 'A user needs an id or an email; add one.' }
  }
  if (hasId && hasEmail) {
    const message = () => 'A user can have an id or an email, not both; remove one.'
    yield { path: ['email'], on: 'value', message }
  }
  if (user.has('connection') && !hasEmail) {
    const message = () => 'A connection narrows the look-up by email; remove it, or replace the id with an email.'
    yield { path: ['connection'], on: 'value', message }
  }
}

const MERGE_KEY = 'Merge keys (<<) are not supported; write the keys out, or use a bundle.'

function adviseKey(key: string, known: readonly string[]): string {
  if (key === '<<') return MERGE_KEY
  if (key === '') return 'Write a key before the colon.'
  const unseen = describeUnseen(key)
  if (unseen !== undefined) return `It contains ${unseen}; indent with ordinary spaces.`
  if (key.startsWith('-')) return 'Write a space after the dash.'
  return adviseIdentity(key) ?? suggest(key, known) ?? `Allowed keys: ${known.join(', ')}.`
}

function adviseIdentity(text: string): string | undefined {
  if (isUserId(text)) return `Write id: ${quote(text)}.`
  return isAddress(text) ? `Write email: ${quote(text)}.` : undefined
}

function* checkValue(schema: z.ZodType, value: unknown): Generator<Finding> {
  // Dates are understood as written, with and without quotes.
  if (value instanceof Unquoted && schema instanceof z.ZodString && schema !== expiry) {
    yield { path: [], on: 'value', message: () => adviseQuotes(value) }
    if (value.value === null) return
  }
  const message = describe(schema, value)
  if (message !== undefined) yield { path: [], on: 'value', message }
}

function adviseQuotes({ text, kind, value }: Unquoted): string {
  const otherwise = value === null ? ', or remove it' : ''
  return `YAML reads ${clip(text)} as ${kind}, not as text; quote it: ${quote(text)}${otherwise}.`
}

/** What is wrong with a single value, and what to write instead; undefined if nothing is. */
function describe(schema: z.ZodType, value: unknown): Remark['message'] | undefined {
  const plain = value instanceof Unquoted ? (schema instanceof z.ZodLiteral ? value.value : value.text) : value
  if (schema instanceof z.ZodString && typeof plain === 'string') return describeText(schema, plain)
  if (schema instanceof z.ZodLiteral && plain === schema.value) return undefined
  const found = () => (value instanceof Unquoted ? clip(value.text) : foundText(plain))
  return () => `${capitalize(kindOf(schema))}; found ${found()}. ${adviseKind(schema, value)}`.trimEnd()
}

function describeText(schema: z.ZodString, text: string): Remark['message'] | undefined {
  const rule = brokenRule(schema, text)
  if (rule === undefined) return undefined
  if (rule.holds === isUserId) return () => explainUserId(text)
  if (rule.holds === isAddress) return () => explainAddress(text)
  return () => `${capitalize(rule.message)}; found ${quote(text)}.`
}

/** Zod's message for a value of another kind. */
function kindOf(schema: z.ZodType): string {
  return String(schema.safeParse(undefined).error?.issues[0]?.message)
}

function foundText(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Mapping) return 'a mapping'
  return value === null ? 'nothing' : quote(value)
}

/** What to write instead of a value of the wrong kind; empty if it does not show what was meant. */
function adviseKind(schema: z.ZodType, value: unknown): string {
  const text = typeof value === 'string' ? value : value instanceof Mapping ? (value.keys().next().value ?? '') : ''
  const unseen = describeUnseen(text)
  if (unseen !== undefined) return `It contains ${unseen}; use ordinary spaces.`
  if (schema instanceof z.ZodLiteral) return text === String(schema.value) ? 'Write it without quotes.' : ''
  if (schema instanceof z.ZodUnion) return value === null ? 'Quote a name that begins with # or &.' : ''
  if (/^-\S/.test(text)) return 'Write a space after the dash.'
  if (schema instanceof z.ZodArray) return adviseList(schema, value)
  const [, key = '', rest = ''] = /^([^\s:]+):(\S.*)$/s.exec(text) ?? []
  const isKey = schema instanceof z.ZodObject ? Object.hasOwn(schema.shape, key) : /^[[{]/.test(rest)
  if (isKey) return `Write a space after the colon: ${clip(`${key}: ${rest}`)}.`
  return (schema === userEntry && adviseIdentity(text)) || ''
}

function adviseList(schema: z.ZodArray, value: unknown): string {
  const isUsers = schema.element === userEntry
  if (typeof value === 'string' && !isUsers) return `Write [${clip(value.replace(/^\[|\]$/g, ''))}].`
  if (!(value instanceof Mapping)) return ''
  const names = isUsers ? undefined : namesIn(value, schema.element instanceof z.ZodUnion)
  return names === undefined ? 'Begin each entry of the list with a dash and a space.' : `Write [${names}].`
}

const MAX_NAMES = 10

/** The list that was meant by a mapping whose keys are names, each with nothing or an `expires` after it. */
function namesIn(value: Mapping, mayExpire: boolean): string | undefined {
  if (value.size === 0 || value.size > MAX_NAMES) return undefined
  const items: string[] = []
  for (const [key, item] of value) {
    const expires = mayExpire ? writtenOf(fieldOf(item, 'expires')) : undefined
    if (item !== null && expires === undefined) return undefined
    items.push(item === null ? scalar(key) : `{name: ${scalar(key)}, expires: ${expires}}`)
  }
  return clip(items.join(', '))
}
