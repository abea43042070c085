// Everything that is wrong with a manifest, as remarks: its form by the schema, and the meaning of all that can be
// understood. One mistake never hides another. Pure.

import type * as z from 'zod'
import type { Document } from './load.ts'
import { advise, type Mention, type Path, quote, type Remark } from './problem.ts'
import {
  type Contents,
  entriesOf,
  expiriesOf,
  fieldOf,
  identifierOf,
  isMapping,
  isUserId,
  itemsOf,
  mentionIn,
  mentionOf,
  nameOf,
  parseExpiry,
  permissionListsOf,
  readContents,
  textOf,
  userKey,
} from './read.ts'
import { apiDefinition, bundleItem, manifestSchema, permissionItem, userEntry } from './schema.ts'

/** Permission names by API identifier. */
export type Catalogue = ReadonlyMap<string, ReadonlySet<string>>

/** What is wrong with the documents by themselves. */
export function checkManifest(documents: readonly Document[], contents: Contents): readonly Remark[] {
  return [
    ...documents.flatMap(document => checkForm(document, documents)),
    ...checkTenants(documents),
    ...checkDefinitions(documents, 'apis'),
    ...checkDefinitions(documents, 'bundles'),
    ...checkUsers(contents),
    ...checkApiKeys(contents),
    ...checkExpiries(contents),
    ...checkPermissions(contents, ownCatalogue(contents)),
  ]
}

/** What is wrong with the documents for a tenant that has these APIs. */
export function checkNames(documents: readonly Document[], catalogue: Catalogue): readonly Remark[] {
  const contents = readContents(documents)
  return [...checkIdentifiers(contents, catalogue), ...checkPermissions(contents, catalogue)]
}

/** All files are for one tenant. */
function checkTenants(documents: readonly Document[]): readonly Remark[] {
  const named = documents.flatMap(({ file, content }) => {
    const tenant = textOf(fieldOf(content, 'tenant'))
    return tenant === undefined ? [] : { file, tenant }
  })
  const [first, ...others] = named
  return others.flatMap(({ file, tenant }) => {
    if (first === undefined || hostOf(tenant) === hostOf(first.tenant)) return []
    const message = `This file is for the tenant ${quote(tenant)}, and ${first.file} for ${quote(first.tenant)}; one run is for one tenant.`
    return [{ file, path: ['tenant'], on: 'value' as const, message }]
  })
}

/** A manifest that names its tenant is for no other. */
export function checkTenant(documents: readonly Document[], host: string): readonly Remark[] {
  return documents.flatMap(({ file, content }) => {
    const tenant = textOf(fieldOf(content, 'tenant'))
    if (tenant === undefined || hostOf(tenant) === hostOf(host)) return []
    const message = `This manifest is for the tenant ${quote(tenant)}, and the input domain is ${quote(host)}; correct one of them.`
    return [{ file, path: ['tenant'], on: 'value' as const, message }]
  })
}

function hostOf(domain: string): string {
  return domain
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
}

function checkForm({ file, content }: Document, documents: readonly Document[]): readonly Remark[] {
  const remarks = issuesOf(content).flatMap(issue => describeIssue(issue, content))
  const usersElsewhere = isMapping(content) && documents.some(other => fieldOf(other.content, 'users') !== undefined)
  return remarks
    .filter(({ path }) => !(usersElsewhere && path.join() === 'users' && fieldOf(content, 'users') === undefined))
    .map(remark => ({ file, ...remark }))
}

type Issue = z.core.$ZodIssue

/** Users one by one, so that the mistakes of many are not too many for one of them. */
function issuesOf(content: unknown): readonly Issue[] {
  const users = fieldOf(content, 'users')
  if (!isMapping(content) || !Array.isArray(users)) return issuesIn(manifestSchema, content, [])
  const ofUsers = users.flatMap((entry, index) => issuesIn(userEntry, entry, ['users', index]))
  return [...issuesIn(manifestSchema, { ...content, users: [] }, []), ...ofUsers]
}

/** @param path where the value stands */
function issuesIn(schema: z.ZodType, value: unknown, path: Path): readonly Issue[] {
  try {
    const { error } = schema.safeParse(value)
    return (error?.issues ?? []).map(issue => ({ ...issue, path: [...path, ...issue.path] }))
  } catch (error) {
    // zod hands on all that is wrong in one call, and a hundred thousand arguments overflow the stack.
    if (!(error instanceof RangeError)) throw error
    return [{ code: 'custom', path: [...path], message: 'there are more mistakes in this than can be told' }]
  }
}

type LocalRemark = Omit<Remark, 'file'>

function describeIssue(issue: Issue, content: unknown): readonly LocalRemark[] {
  const path = issue.path.map(key => (typeof key === 'number' ? key : String(key)))
  const value = path.reduce<unknown>(
    (parent, key) => (typeof key === 'number' ? itemsOf(parent)[key] : fieldOf(parent, key)),
    content,
  )
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => ({
        path: [...path, key],
        on: 'key',
        message: `Unknown key ${quote(key)}. ${adviseKey(key, knownKeys(path))}`,
      }))
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, on: 'key', message: sentence(message) }))
    case 'invalid_union': {
      // A union here is a short form, which is text, or a mapping.
      const [, asMapping = []] = issue.errors
      if (!isMapping(value)) return [{ path, on: 'value', message: describeValue(issue.message, value, path) }]
      return asMapping.flatMap(inner => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, content))
    }
    default:
      return [{ path, on: 'value', message: describeValue(issue.message, value, path) }]
  }
}

function adviseKey(key: string, known: readonly string[]): string {
  if (key === '<<') return 'Merge keys are not read; write out what they stand for, or use a bundle.'
  return advise(key, known, `Known here: ${known.join(', ')}.`)
}

function knownKeys(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(manifestSchema.shape)
  if (path[0] === 'apis') return Object.keys(apiDefinition.shape)
  if (path[0] === 'users' && path.length === 2) return Object.keys(userEntry.shape)
  return Object.keys(path[2] === 'bundles' ? bundleItem.shape : permissionItem.shape)
}

function describeValue(message: string, value: unknown, path: Path): string {
  if (value === undefined) return `${quote(path.at(-1))} is missing; ${message}.`
  const found = Array.isArray(value)
    ? 'a list'
    : isMapping(value)
      ? 'a mapping'
      : value === null
        ? 'nothing'
        : quote(value)
  return sentence(`${message}; found ${found}`)
}

function sentence(message: string): string {
  return `${message[0]?.toUpperCase()}${message.slice(1)}.`
}

/** All files share these names, so one that is in two of them must be the same in both. */
function checkDefinitions(documents: readonly Document[], kind: 'apis' | 'bundles'): readonly Remark[] {
  const first = new Map<string, { readonly file: string; readonly form: string }>()
  const remarks: Remark[] = []
  for (const { file, content } of documents) {
    for (const [name, definition] of entriesOf(fieldOf(content, kind))) {
      const mention: Mention = { file, path: [kind, name], on: 'key' }
      const form = canonical(definition)
      const other = first.get(name)
      if (name === '__proto__')
        remarks.push({ ...mention, message: 'The name "__proto__" is not allowed; choose another.' })
      if (other === undefined) first.set(name, { file, form })
      else if (other.form !== form) {
        const what = kind === 'apis' ? 'API alias' : 'bundle'
        const message = `The ${what} ${quote(name)} is defined otherwise in ${other.file}; make both the same, or rename one.`
        remarks.push({ ...mention, message })
      }
    }
  }
  return remarks
}

/** The same text for the same content, whatever the order of keys and items. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (!isMapping(value)) return JSON.stringify(value) ?? ''
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.sort().join()}}`
}

const ADDRESS = /^[^\s@]+@[^\s@]+$/

function checkUsers({ users, names }: Contents): readonly Remark[] {
  const remarks: Remark[] = []
  let [file, seen] = ['', new Map<string, number>()]
  for (const { entry, index, lists: _, ...mention } of users) {
    if (mention.file !== file) [file, seen] = [mention.file, new Map()]
    if (!isMapping(entry)) continue
    const remark = (field: string, message: string) =>
      remarks.push({ ...mention, path: field === '' ? mention.path : [...mention.path, field], message })

    const [id, email] = [fieldOf(entry, 'id'), fieldOf(entry, 'email')]
    if (id === undefined && email === undefined) remark('', 'A user needs an id or an email; this entry has neither.')
    if (id !== undefined && email !== undefined) remark('email', 'A user has an id or an email, not both; remove one.')
    if (fieldOf(entry, 'connection') !== undefined && email === undefined) {
      remark('connection', 'A connection narrows the look-up by email; remove it, or give an email instead of the id.')
    }
    const name = textOf(id)
    if (name !== undefined && !isUserId(name)) {
      remark('id', `${quote(name)} is not the id of a user, such as auth0|5f7c8ec7c33c6c004bbafe82.`)
    }
    const address = textOf(email)
    if (address !== undefined && !ADDRESS.test(address)) {
      remark('email', `${quote(address)} is not an e-mail address such as grace@acme.com.`)
    }
    const key = userKey(entry)
    const first = key === undefined ? undefined : seen.get(key)
    if (first !== undefined) {
      const who = quote(textOf(id) ?? address)
      remark(
        id === undefined ? 'email' : 'id',
        `The user ${who} is listed twice in this file, first as number ${first + 1} of users; make one entry of the two.`,
      )
    } else if (key !== undefined) seen.set(key, index)
    for (const [position, bundle] of itemsOf(fieldOf(entry, 'bundles')).entries()) {
      const name = nameOf(bundle)
      if (name === undefined || names.bundles.has(name)) continue
      const path = [...mention.path, 'bundles', position, ...(isMapping(bundle) ? ['name'] : [])]
      const message = `There is no bundle ${quote(name)}.`
      const unknown = { name, known: names.bundles, otherwise: 'Define it under bundles.' }
      remarks.push({ ...mention, path, message, unknown })
    }
  }
  return remarks
}

function checkApiKeys(contents: Contents): readonly Remark[] {
  const { names } = contents
  const remarks: Remark[] = []
  for (const list of permissionListsOf(contents)) {
    const { key } = list
    if (identifierOf(key, names) !== undefined) continue
    const message = `There is no API alias ${quote(key)}.`
    const unknown = { name: key, known: names.apis, otherwise: "Define it under apis, or use the API's identifier." }
    remarks.push({ ...mentionOf(list), message, unknown })
  }
  return remarks
}

function checkExpiries(contents: Contents): readonly Remark[] {
  const remarks: Remark[] = []
  for (const { expires, file, path, on } of expiriesOf(contents)) {
    if (parseExpiry(expires) !== undefined) continue
    const message = /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires)
      ? `${quote(expires)} has no zone; add Z for UTC, or an offset such as +01:00.`
      : `${quote(expires)} is not a date such as 2026-12-31, nor an instant with a zone such as 2026-12-31T18:00:00Z.`
    remarks.push({ file, path, on, message })
  }
  return remarks
}

/** The names that the manifest itself says its APIs have; an API without such a list is not in it. */
function ownCatalogue({ apis }: Contents): Catalogue {
  const catalogue = new Map<string, Set<string>>()
  for (const api of apis) {
    if (api.catalogue === undefined) continue
    catalogue.set(api.identifier, api.catalogue.union(catalogue.get(api.identifier) ?? new Set()))
  }
  return catalogue
}

function checkPermissions(contents: Contents, catalogue: Catalogue): readonly Remark[] {
  const remarks: Remark[] = []
  for (const list of permissionListsOf(contents)) {
    const api = identifierOf(list.key, contents.names)
    const known = api === undefined ? undefined : catalogue.get(api)
    if (known === undefined) continue
    for (const [index, item] of list.items.entries()) {
      const permission = nameOf(item)
      if (permission === undefined || known.has(permission)) continue
      const mention = isMapping(item) ? mentionIn(list, index, 'name') : mentionIn(list, index)
      const message = `The API ${quote(api)} has no permission ${quote(permission)}.`
      const unknown = { name: permission, known, otherwise: 'Correct the name, or add it to the API.' }
      remarks.push({ ...mention, message, unknown })
    }
  }
  return remarks
}

/** An alias is told about where it is defined, an identifier wherever it is used. */
function checkIdentifiers(contents: Contents, catalogue: Catalogue): readonly Remark[] {
  const { apis, names } = contents
  const remarks: Remark[] = []
  const check = (identifier: string, { file, path, on }: Mention) => {
    if (catalogue.has(identifier)) return
    const message = `The tenant has no API ${quote(identifier)}.`
    const unknown = { name: identifier, known: catalogue, otherwise: 'Correct the identifier, or create the API.' }
    remarks.push({ file, path, on, message, unknown })
  }
  for (const api of apis) check(api.identifier, api)
  for (const list of permissionListsOf(contents)) {
    const identifier = identifierOf(list.key, names)
    if (identifier !== undefined && !names.apis.has(list.key)) check(identifier, mentionOf(list))
  }
  return remarks
}
