// Chooses the names of APIs and bundles in an exported manifest. Pure.

import { compareText, type Permission } from '../access/grants.ts'
import { isPlainScalar } from '../access/yaml.ts'

/** An entry whose permissions need names. */
interface Entry {
  readonly permissions: readonly Permission[]
}

/** Aliases by API identifier. */
export type Aliases = ReadonlyMap<string, string>

/** Sets of permissions that users share, by `setKey`. */
export type Bundles = ReadonlyMap<string, Entry & { readonly name: string }>

/** Auth0's Management API, which its host would name after the company. */
const MANAGEMENT_API = /^https:\/\/[^/]+\.auth0\.com\/api\/v2\/$/
/** `https://orders.acme.com/…`: the host, and the rest. */
const ADDRESS = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/is
/** Public second-level labels, as in `acme.co.uk`. */
const PUBLIC_LABEL = /^(?:ac|co|com|edu|gov|net|org)$/
const GENERIC = /^(?:api|apis|https?|rest|urn|www)$/
const VERSION = /^v\d+(?:-\d+)*$/
const MAX_NAME = 40

export function nameApis(entries: readonly Entry[]): Aliases {
  const identifiers = new Set(entries.flatMap(({ permissions }) => permissions.map(({ api }) => api)))
  const candidates = new Map([...identifiers].sort(compareText).map(api => [api, aliasesFor(api)]))
  // People would confuse an alias that is another API's identifier with that API.
  return chooseNames(candidates, (alias, api) => alias === api || !identifiers.has(alias))
}

/** Candidates, shortest first. */
function aliasesFor(identifier: string): readonly string[] {
  if (MANAGEMENT_API.test(identifier)) return ['auth0-management']
  const { host, path } = wordsOf(identifier)
  const words = [...host, ...path]
  const version = words.filter(word => VERSION.test(word)).slice(-1)
  const telling = words.filter(isTelling)
  const shortest = [...host.filter(isTelling).slice(-1), ...path.filter(isTelling).slice(-1)]
  const base = shortest.length > 0 ? shortest : words.length > 0 ? words.slice(-1) : ['api']
  const names = [base, [...base, ...version], telling, words].filter(each => each.length > 0)
  // A key needs no quotes.
  return names.map(each => slug(each.join('-'))).map(alias => (isPlainScalar(alias) ? alias : `api-${alias}`))
}

function isTelling(word: string): boolean {
  return !GENERIC.test(word) && !VERSION.test(word)
}

/** The words of an identifier's host and path, each from the most general to the most specific. */
function wordsOf(identifier: string): { readonly host: readonly string[]; readonly path: readonly string[] } {
  const [, host, path = ''] = ADDRESS.exec(identifier) ?? []
  const slugs = (parts: readonly string[]) => parts.map(slug).filter(word => word !== '')
  return host === undefined
    ? { host: [], path: slugs(identifier.split(/[:/]/)) }
    : { host: slugs(labelsOf(host)), path: slugs(path.split('/')) }
}

function labelsOf(host: string): readonly string[] {
  const labels = host.replace(/:\d+$/, '').toLowerCase().split('.').reverse()
  const own = labels.slice(Math.min(1, labels.length - 1))
  return own.length > 1 && PUBLIC_LABEL.test(String(own[0])) ? own.slice(1) : own
}

/** Lower-case letters and digits, with hyphens in between; empty if the text has none. */
function slug(text: string): string {
  const dashed = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return dashed.replace(/^-/, '').slice(0, MAX_NAME).replace(/-$/, '')
}

/** A bundle for every set of at least two permissions that at least two users hold, whatever their roles. */
export function nameBundles(entries: readonly Entry[], aliases: Aliases): Bundles {
  const shared = [...Map.groupBy(entries, ({ permissions }) => setKey(permissions))]
    .flatMap(([key, [first, ...others]]) =>
      first !== undefined && others.length > 0 && first.permissions.length > 1
        ? [[key, first.permissions] as const]
        : [],
    )
    .sort(([a], [b]) => compareText(a, b))
  const candidates = new Map(shared.map(([key, permissions]) => [key, bundleNamesFor(permissions, aliases)]))
  const known = new Set(aliases.values())
  const names = chooseNames(candidates, name => !known.has(name))
  return new Map(shared.map(([key, permissions]) => [key, { name: String(names.get(key)), permissions }]))
}

/** Equal for equal sets. @param permissions sorted */
export function setKey(permissions: readonly Permission[]): string {
  return JSON.stringify(permissions.map(({ api, permission }) => [api, permission]))
}

/** For one API its verbs, such as `orders-read-write`; for several their aliases, such as `billing-and-orders`. */
function bundleNamesFor(permissions: readonly Permission[], aliases: Aliases): readonly string[] {
  const apis = new Set(permissions.map(({ api }) => String(aliases.get(api))))
  const [alias = ''] = apis
  const verbs = new Set(permissions.map(({ permission }) => verbOf(permission, alias)))
  const ofOne = [[alias, ...verbs].join('-'), `${alias}-bundle`]
  const names = apis.size > 1 ? [[...apis].sort(compareText).join('-and-')] : ofOne
  const short = names.filter(name => name.length <= MAX_NAME && !name.endsWith('-'))
  return short.length > 0 ? short : ['bundle']
}

/** `read` for `read:orders`, and also for `orders:read`. */
function verbOf(permission: string, alias: string): string {
  const words = permission.split(/[:./]/).map(slug)
  return words.find(word => word !== '' && word !== alias) ?? ''
}

/**
 * Chooses a name for each subject: its first candidate that no other subject wants; if there is none, its first candidate
 * with a number.
 * @param candidates in the order in which numbers are assigned
 */
function chooseNames(
  candidates: ReadonlyMap<string, readonly string[]>,
  isFree: (name: string, subject: string) => boolean,
): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>()
  const taken = new Set<string>()
  const take = (name: string, subject: string): boolean => {
    if (taken.has(name) || !isFree(name, subject)) return false
    chosen.set(subject, name)
    taken.add(name)
    return true
  }
  const longest = [...candidates.values()].reduce((most, { length }) => Math.max(most, length), 0)
  for (let level = 0; level < longest; level++) {
    const open = [...candidates].filter(([subject]) => !chosen.has(subject))
    for (const [name, wanted] of Map.groupBy(open, ([, names]) => String(names[level] ?? names.at(-1)))) {
      const [only, ...rivals] = wanted
      if (only !== undefined && rivals.length === 0) take(name, only[0])
    }
  }
  const next = new Map<string, number>()
  for (const [subject, [first = '']] of candidates) {
    if (chosen.has(subject) || take(first, subject)) continue
    let number = next.get(first) ?? 2
    while (!take(`${first}-${number}`, subject)) number++
    next.set(first, number + 1)
  }
  return chosen
}
