// Checks that a document has the form that the schema describes. It walks the schema itself, because zod would collect
// every mistake before it returns, and a hostile manifest has millions. Pure.

import * as z from 'zod'
import { explainAddress, explainUserId, isAddress, isUserId } from '../access/identities.ts'
import { advise, nearest } from '../access/nearest.ts'
import { capitalize, clip, describeUnseen, quote } from '../access/quote.ts'
import { scalar } from '../access/yaml.ts'
import type { Path, Remark } from './problem.ts'
import type { Document } from './read.ts'
import { fieldOf, isMapping, type Mapping, Unquoted, writtenOf } from './scalars.ts'
import { brokenRule, expiry, manifestSchema, userEntry } from './schema.ts'

type Finding = Omit<Remark, 'file'>

/** The path from the top of a document to a value; undefined for the top. */
type Trail = { readonly above: Trail; readonly key: string | number } | undefined

export function* checkForm({ file, content }: Document, documents: readonly Document[]): Generator<Remark> {
  const lacksUsers = isMapping(content) && !content.has('users')
  const usersElsewhere = lacksUsers && documents.some(other => fieldOf(other.content, 'users') !== undefined)
  for (const remark of check(manifestSchema, content, undefined)) {
    if (!(usersElsewhere && remark.path[0] === 'users')) yield { file, ...remark }
  }
}

function* check(schema: unknown, value: unknown, trail: Trail): Generator<Finding> {
  if (schema instanceof z.ZodOptional) yield* check(schema.unwrap(), value, trail)
  else if (schema instanceof z.ZodUnion) yield* checkChoice(schema, value, trail)
  else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (const [key, item] of value.entries()) yield* check(schema.element, item, { above: trail, key })
  } else if (schema instanceof z.ZodRecord && isMapping(value)) yield* checkRecord(schema, value, trail)
  else if (schema instanceof z.ZodObject && isMapping(value)) yield* checkObject(schema, value, trail)
  else yield* checkValue(schema as z.ZodType, value, trail)
}

/** A value that is either text, its short form, or a mapping. */
function* checkChoice(schema: z.ZodUnion, value: unknown, trail: Trail): Generator<Finding> {
  const [short, long] = schema.options
  if (isMapping(value)) {
    const split = splitNameOf(value, long as z.ZodObject)
    if (split === undefined) yield* check(long, value, trail)
    else yield finding(trail, 'value', () => adviseSplitName(split))
  } else if (typeof value === 'string' || value instanceof Unquoted) yield* check(short, value, trail)
  else yield* checkValue(schema, value, trail)
}

interface SplitName {
  readonly before: string
  /** After the colon. */
  readonly after: string
}

/** `read: orders` instead of `read:orders`. */
function splitNameOf(value: Mapping, { shape }: z.ZodObject): SplitName | undefined {
  const [[before, rest] = ['', undefined]] = value
  if (value.size !== 1 || before === '<<' || nearest(before, Object.keys(shape)) !== undefined) return undefined
  if (rest === null) return { before, after: '' }
  if (rest instanceof Unquoted) return { before, after: rest.text }
  return typeof rest === 'string' ? { before, after: rest } : undefined
}

function adviseSplitName({ before, after }: SplitName): string {
  const written = `${before}: ${after}`.trim()
  const advice = after === '' ? 'quote it' : `write ${quote(`${before}:${after}`)}, or quote it if the name has a space`
  return `YAML reads ${clip(written)} as a mapping, not as a name, because of the space after the colon; ${advice}: ${quote(written)}.`
}

function* checkRecord(schema: z.ZodRecord, value: Mapping, trail: Trail): Generator<Finding> {
  for (const [key, item] of value) {
    const here = { above: trail, key }
    if (key === '<<') {
      yield finding(here, 'key', () => MERGE_KEY)
      continue
    }
    const unquoted = value.unquoted?.get(key)
    if (unquoted !== undefined) yield finding(here, 'key', () => adviseQuotes(unquoted))
    const message = describe(schema.keyType as z.ZodType, key)
    if (message !== undefined) yield finding(here, 'key', message)
    yield* check(schema.valueType, item, here)
  }
}

function* checkObject(schema: z.ZodObject, value: Mapping, trail: Trail): Generator<Finding> {
  for (const [key, type] of Object.entries(schema.shape)) {
    const field = fieldOf(value, key)
    const here = { above: trail, key }
    if (field !== undefined) yield* check(type, field, here)
    else if (!(type instanceof z.ZodOptional)) {
      yield finding(here, 'value', () => `${quote(key)} is missing; ${kindOf(type as z.ZodType)}.`)
    }
  }
  if (schema === userEntry) yield* checkIdentity(value, trail)
  for (const key of value.keys()) {
    const isExtension = trail === undefined && key.startsWith('x-')
    if (Object.hasOwn(schema.shape, key) || isExtension) continue
    const message = () => `Unknown key ${quote(key)}. ${adviseKey(key, Object.keys(schema.shape))}`
    yield finding({ above: trail, key }, 'key', message)
  }
}

function* checkIdentity(user: Mapping, trail: Trail): Generator<Finding> {
  if (!user.has('id') && !user.has('email')) {
    yield finding(trail, 'value', () => 'A user needs an id or an email; add one.')
  }
  if (user.has('id') && user.has('email')) {
    yield finding({ above: trail, key: 'email' }, 'value', () => 'A user has an id or an email, not both; remove one.')
  }
  if (user.has('connection') && !user.has('email')) {
    const message = () => 'A connection narrows the look-up by email; remove it, or replace the id with an email.'
    yield finding({ above: trail, key: 'connection' }, 'value', message)
  }
}

const MERGE_KEY = 'Merge keys (<<) are not supported; write the keys out, or use a bundle.'

function adviseKey(key: string, known: readonly string[]): string {
  if (key === '<<') return MERGE_KEY
  if (key === '') return 'Write a key before the colon.'
  const unseen = describeUnseen(key)
  if (unseen !== undefined) return `It contains ${unseen}; indent with ordinary spaces.`
  if (key.startsWith('-')) return 'Write a space after the dash.'
  if (isUserId(key)) return `Write id: ${quote(key)}.`
  if (isAddress(key)) return `Write email: ${quote(key)}.`
  return advise(key, known, `Known here: ${known.join(', ')}.`)
}

function* checkValue(schema: z.ZodType, value: unknown, trail: Trail): Generator<Finding> {
  const isMisread = value instanceof Unquoted && schema instanceof z.ZodString
  // Dates are understood as written, with and without quotes.
  if (isMisread && schema !== expiry) yield finding(trail, 'value', () => adviseQuotes(value))
  if (isMisread && value.value === null && schema !== expiry) return
  const message = describe(schema, value)
  if (message !== undefined) yield finding(trail, 'value', message)
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
  return () => [`${capitalize(kindOf(schema))}; found ${found()}.`, ...adviseKind(schema, value)].join(' ')
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
  if (isMapping(value)) return 'a mapping'
  return value === null ? 'nothing' : quote(value)
}

/** What to write instead of a value of the wrong kind, if it shows what was meant. */
function adviseKind(schema: z.ZodType, value: unknown): readonly string[] {
  const text = typeof value === 'string' ? value : isMapping(value) ? (value.keys().next().value ?? '') : ''
  const unseen = describeUnseen(text)
  if (unseen !== undefined) return [`It contains ${unseen}; use ordinary spaces.`]
  if (schema instanceof z.ZodLiteral) return text === String(schema.value) ? ['Write it without quotes.'] : []
  if (schema instanceof z.ZodUnion) return value === null ? ['Quote a name that begins with # or &.'] : []
  if (/^-\S/.test(text)) return ['Write a space after the dash.']
  if (schema instanceof z.ZodArray) return adviseList(schema, value)
  const [, key = '', rest = ''] = /^([^\s:]+):(\S.*)$/s.exec(text) ?? []
  const isKey = schema instanceof z.ZodObject ? Object.hasOwn(schema.shape, key) : /^[[{]/.test(rest)
  if (isKey) return [`Write a space after the colon: ${clip(`${key}: ${rest}`)}.`]
  if (schema !== userEntry) return []
  if (isUserId(text)) return [`Write id: ${quote(text)}.`]
  return isAddress(text) ? [`Write email: ${quote(text)}.`] : []
}

function adviseList(schema: z.ZodArray, value: unknown): readonly string[] {
  if (typeof value === 'string' && schema.element !== userEntry) {
    return [`Write [${clip(value.replace(/^\[|\]$/g, ''))}].`]
  }
  if (!isMapping(value)) return []
  const names = schema.element === userEntry ? undefined : namesIn(value, schema.element instanceof z.ZodUnion)
  return [names === undefined ? 'Begin each entry of the list with a dash and a space.' : `Write [${names}].`]
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

function finding(trail: Trail, on: Remark['on'], message: Remark['message']): Finding {
  return { path: pathOf(trail), on, message }
}

function pathOf(trail: Trail): Path {
  const path: (string | number)[] = []
  for (let step = trail; step !== undefined; step = step.above) path.unshift(step.key)
  return path
}
