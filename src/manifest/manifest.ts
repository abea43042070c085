// The entry point of this folder: reads files into the manifest, its mistakes and their places, and exports a manifest of
// what users have. Other folders import only this file.

import { type Grant, roleGrantOf, type Terms } from '../access/grants.ts'
import { quote } from '../access/quote.ts'
import { findRoles, type Roles } from '../access/roles.ts'
import {
  type Catalogue,
  checkIdentifiers,
  checkManifest,
  checkPermissions,
  checkReferences,
  otherTenants,
} from './check.ts'
import { checkAmount, type ListedUser, listUsers, namedApis, namedRoles } from './desired.ts'
import { endOf, findExpired, findExpiring, findNextExpiry } from './expiry.ts'
import { type ExportOptions, type Written, writeManifest } from './export.ts'
import { type Loaded, loadFiles } from './load.ts'
import { findPlaces } from './locate.ts'
import { MAX_PROBLEMS, type Mention, type Place, type Problem, type Remark } from './problem.ts'
import { type Document, readContents } from './read.ts'

export type { ListedUser } from './desired.ts'
export type { ExportedUser } from './export.ts'
export type { Mention, Place } from './problem.ts'
export type { Document, Identity } from './read.ts'

export interface Manifest {
  /** Identifiers of the APIs that the manifest names, sorted. */
  readonly apis: ReadonlySet<string>
  /** The first alias of each API that has one, by identifier. */
  readonly aliases: ReadonlyMap<string, string>
  /**
   * Every role that the manifest names, in a catalogue or for a user: names or ids as written, but only ids after
   * `resolveRoles`. The same is true for grants of roles.
   */
  readonly roles: ReadonlySet<string>
  /** Merged over all files, in the order of first appearance. */
  readonly users: readonly ListedUser[]
}

export interface ManifestReading {
  readonly manifest: Manifest
  /** All mistakes. To be iterated once: they are found on the way, because there may be more than fit into memory. */
  readonly mistakes: Iterable<Remark>
  /** Entries that no longer apply; also to be iterated once. */
  readonly expired: Iterable<Remark>
  /** Entries that expire within a week; also to be iterated once. */
  readonly expiring: Iterable<Remark>
  /** The earliest `expires` still to come, ISO 8601. */
  readonly nextExpiry: string | undefined
}

/** @param patterns paths or globs, relative to the workspace */
export function loadManifest(patterns: readonly string[], workspace: string): Promise<Loaded> {
  return loadFiles(patterns, workspace)
}

export function readManifest(documents: readonly Document[], now: Date): ManifestReading {
  const contents = readContents(documents)
  const isTooMuch = checkAmount(contents).length > 0
  return {
    manifest: {
      apis: namedApis(contents),
      aliases: new Map(contents.apis.toReversed().map(({ identifier, alias }) => [identifier, alias])),
      roles: namedRoles(contents),
      users: isTooMuch ? [] : listUsers(contents, now.getTime()),
    },
    mistakes: checkManifest(documents, contents),
    expired: findExpired(contents, now.getTime()),
    expiring: findExpiring(contents, now.getTime()),
    nextExpiry: findNextExpiry(contents, now.getTime()),
  }
}

/** All files must be for the tenant of the input domain. */
export function checkTenant(documents: readonly Document[], host: string): readonly Remark[] {
  return otherTenants(documents, host).map(({ tenant, ...mention }) => {
    const message = () =>
      `This manifest is for the tenant ${quote(tenant)}, but the input domain is ${quote(host)}; correct one of them.`
    return { ...mention, message }
  })
}

/** Names that are unknown in a tenant with these APIs. */
export function* checkNames(documents: readonly Document[], catalogue: Catalogue): Generator<Remark> {
  const contents = readContents(documents)
  yield* checkIdentifiers(contents, catalogue)
  yield* checkPermissions(contents, catalogue)
}

/** References that are unknown or ambiguous in a tenant with these roles. */
export function checkRoles(documents: readonly Document[], roles: Roles): Iterable<Remark> {
  return checkReferences(readContents(documents), roles)
}

/**
 * Replaces every reference to a role with its id.
 * @param manifest without findings of `checkRoles`; other references stay as written
 */
export function resolveRoles(manifest: Manifest, roles: Roles): Manifest {
  const ids = new Map<Grant, Grant>()
  const named = new Set<string>()
  for (const reference of manifest.roles) {
    const [id = reference, ...others] = findRoles(reference, roles)
    const role = others.length === 0 ? id : reference
    named.add(role)
    if (role !== reference) ids.set(roleGrantOf(reference), roleGrantOf(role))
  }
  if (ids.size === 0) return manifest
  return { ...manifest, roles: named, users: manifest.users.map(user => replaceGrants(user, ids)) }
}

/** Merges references to the same role; a grant that is desired has not expired. */
function replaceGrants(user: ListedUser, ids: ReadonlyMap<Grant, Grant>): ListedUser {
  const idOf = (reference: Grant) => ids.get(reference) ?? reference
  const grants = mergeGrants(Array.from(user.grants, ([reference, terms]) => [idOf(reference), terms] as const))
  if (user.expired === undefined) return { ...user, grants }
  return { ...user, grants, expired: new Set(Array.from(user.expired, idOf)).difference(new Set(grants.keys())) }
}

/** If a grant is listed twice, the terms that end later count. */
export function mergeGrants(listed: Iterable<readonly [Grant, Terms]>): ReadonlyMap<Grant, Terms> {
  const merged = new Map<Grant, Terms>()
  for (const [grant, terms] of listed) {
    const other = merged.get(grant)
    if (other === undefined || endOf(terms.expires) > endOf(other.expires)) merged.set(grant, terms)
  }
  return merged
}

/**
 * Problems by file, line and column: the first 1,000, and the number of the others.
 * @param remarks iterated once, and not kept
 */
export function locateRemarks(documents: readonly Document[], remarks: Iterable<Remark>): readonly Problem[] {
  const first: Remark[] = []
  let [more, lastFile] = [0, '']
  for (const remark of remarks) {
    if (first.length < MAX_PROBLEMS) first.push(remark)
    else [more, lastFile] = [more + 1, remark.file]
  }
  const problems = locate(documents, first).map(([{ message }, place]) => ({ message: message(), place }))
  if (more === 0) return problems
  const message = `${more.toLocaleString('en')} more not shown.`
  return [...problems, { message, place: { file: lastFile, line: 1, column: 1 } }]
}

/**
 * Mentions with their places, file by file from top to bottom; the top of the file if there is no closer place.
 * @param mentions those that are in none of the documents are left out
 */
export function locate<M extends Mention>(
  documents: readonly Document[],
  mentions: readonly M[],
): readonly (readonly [M, Place])[] {
  return documents.flatMap(document => {
    const own = mentions.filter(({ file }) => file === document.file)
    return own.length === 0 ? [] : findPlaces(document, own)
  })
}

/** The text of a manifest that asks for exactly what users have, independent of the order of users and grants. */
export function exportManifest(options: ExportOptions): Written {
  return writeManifest(options)
}
