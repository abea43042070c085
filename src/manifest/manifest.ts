// The folder's door: files in; the manifest, what is wrong with it, and the places in the files out. And a manifest of
// what users have. Nobody else imports anything of this folder but this.

import type { Terms } from '../access/grants.ts'
import type { Roles } from '../access/roles.ts'
import { type Catalogue, checkHost, checkIdentifiers, checkManifest, checkPermissions } from './check.ts'
import { checkAmount, type ListedUser, listUsers, namedApis, namedRoles } from './desired.ts'
import type { Document } from './document.ts'
import { endOf, findExpired, findExpiring, findNextExpiry } from './expiry.ts'
import { type ExportOptions, refuseUnwritable, writeManifest } from './export.ts'
import { findFiles, type Loaded, loadFiles, missingFiles } from './load.ts'
import { findOffsets, placesIn } from './locate.ts'
import { MAX_PROBLEMS, type Mention, type Place, type Problem, type Remark } from './problem.ts'
import { readContents, readTenants } from './read.ts'
import { replaceGrants, resolveReferences } from './resolve-roles.ts'
import { checkReferences } from './roles.ts'

export type { ListedUser } from './desired.ts'
export type { Document } from './document.ts'
export type { ExportedUser } from './export.ts'
export type { Mention, Place } from './problem.ts'
export type { Identity } from './read.ts'

export interface Manifest {
  /** Identifiers of the APIs that the manifest names, sorted. */
  readonly apis: ReadonlySet<string>
  /** The first alias of each API that has any, by identifier. */
  readonly aliases: ReadonlyMap<string, string>
  /**
   * Every role that the manifest names, in a catalogue or for a user: names or ids as they are written, and ids alone
   * once `resolveRoles` has met the tenant. The grants of roles are alike.
   */
  readonly roles: ReadonlySet<string>
  /** Users of several files are merged; in the order of their first appearance. */
  readonly users: readonly ListedUser[]
}

export interface ManifestReading {
  readonly manifest: Manifest
  /**
   * All that is wrong, found while it is read: there may be more than memory can keep. The manifest has what can be
   * understood.
   */
  readonly mistakes: Iterable<Remark>
  /** Entries that no longer apply, likewise. */
  readonly expired: Iterable<Remark>
  /** What expires within a week, likewise. */
  readonly expiring: Iterable<Remark>
  /** The earliest `expires` still to come, ISO 8601. */
  readonly nextExpiry: string | undefined
}

/** @param patterns paths or globs, relative to the workspace */
export async function loadManifest(patterns: readonly string[], workspace: string): Promise<Loaded> {
  const found = await Promise.all(patterns.map(pattern => findFiles(pattern, workspace)))
  const missing = patterns.filter((_, index) => found[index]?.length === 0)
  const { documents, problems } = loadFiles([...new Set(found.flat())], workspace)
  return { documents, problems: [...missingFiles(missing, workspace), ...problems] }
}

export function readManifest(documents: readonly Document[], now: Date): ManifestReading {
  const contents = readContents(documents)
  const excess = checkAmount(contents)
  return {
    manifest: {
      apis: namedApis(contents),
      aliases: new Map(contents.apis.toReversed().map(({ identifier, alias }) => [identifier, alias])),
      roles: namedRoles(contents),
      users: excess.length > 0 ? [] : listUsers(contents, now.getTime()),
    },
    mistakes: repeatable(function* () {
      yield* checkManifest(documents, contents)
      yield* excess
    }),
    expired: repeatable(() => findExpired(contents, now.getTime())),
    expiring: repeatable(() => findExpiring(contents, now.getTime())),
    nextExpiry: findNextExpiry(contents, now.getTime()),
  }
}

function repeatable<T>(iterate: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: iterate }
}

/** A manifest that names its tenant is for no other. */
export function checkTenant(documents: readonly Document[], host: string): readonly Remark[] {
  return checkHost(readTenants(documents), host)
}

/** What is wrong with the documents for a tenant that has these APIs. */
export function* checkNames(documents: readonly Document[], catalogue: Catalogue): Generator<Remark> {
  const contents = readContents(documents)
  yield* checkIdentifiers(contents, catalogue)
  yield* checkPermissions(contents, catalogue)
}

/** What is wrong with the documents for a tenant that has these roles: unknown ones, and names that roles share. */
export function checkRoles(documents: readonly Document[], roles: Roles): Iterable<Remark> {
  return checkReferences(readContents(documents), roles)
}

/**
 * The same manifest with an id for every reference to a role.
 * @param manifest in which `checkRoles` finds nothing wrong; other references stay as written
 */
export function resolveRoles(manifest: Manifest, roles: Roles): Manifest {
  const { ids, named } = resolveReferences(manifest.roles, roles)
  if (ids.size === 0) return manifest
  return { ...manifest, roles: named, users: manifest.users.map(user => replaceGrants(user, ids)) }
}

/**
 * Problems by file, line and column: the first 1,000, and how many more there are.
 * @param remarks are read once, and not kept
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
  const message = `${more.toLocaleString('en')} more are not shown.`
  return [...problems, { message, place: { file: lastFile, line: 1, column: 1 } }]
}

/**
 * Mentions with their places, file by file and from top to bottom; the top of a file where there is nothing nearer.
 * @param mentions of these documents; what is in no document has no place and is left out
 */
export function locate<M extends Mention>(
  documents: readonly Document[],
  mentions: readonly M[],
): readonly (readonly [M, Place])[] {
  return documents.flatMap(({ file, text }) => {
    const own = mentions.filter(mention => mention.file === file)
    if (own.length === 0) return []
    const placeAt = placesIn(file, text)
    const found = findOffsets(text, own).toSorted(([, a], [, b]) => a - b)
    return found.map(([mention, offset]) => [mention, placeAt(offset)] as const)
  })
}

/**
 * The text of a manifest that asks for exactly what users have. It is the same whatever the order of users and grants.
 * @throws ActionError that names each user, API, permission and role that no manifest can express
 */
export function exportManifest(options: ExportOptions): string {
  refuseUnwritable(options.users)
  return writeManifest(options)
}

/** Of the terms of one grant that is asked for twice, those that end later. */
export function longerTerms(one: Terms, other: Terms): Terms {
  return endOf(one.expires) >= endOf(other.expires) ? one : other
}
