// Everything that a run reports, as data. Outputs, summary, comment and report file are all computed from it. Only the
// journal writes it. Pure.

import { type Access, accessOf, nameOfRole } from '../access/grants.ts'
import type { UserEmail, UserState } from '../live/survey.ts'
import type { Place } from '../manifest/manifest.ts'
import type { Held, Plan, UserOutcome } from '../plan/plan.ts'
import type { Mode, Revoke, Scope } from '../runner/inputs.ts'
import type { Traffic } from '../tenant/tenant.ts'

/** Something that a person should look at, with its line in the manifest if it has one. */
export interface Finding {
  readonly message: string
  readonly place?: Place
  /** The user it concerns: the id, or the address if no id was found. */
  readonly user?: string
  /** The address, if the manifest lists the user by one. */
  readonly email?: string
}

/** The reason why one user could not be read or fully updated. */
export type UserFailure = Finding & { readonly user: string }

/** A permission that a listed user holds through roles. */
export type Derived = Access & {
  readonly user: string
  /** Names. */
  readonly roles: readonly string[]
}

interface NamedApi {
  readonly identifier: string
  /** The manifest's alias for it. */
  readonly alias: string | undefined
  /** The lifetime of access tokens for it, in seconds. */
  readonly tokenLifetime: number | undefined
}

export interface Exported {
  readonly path: string
  /** Permissions and roles. */
  readonly grants: number
  /** How many of them are roles; absent if roles were not read. */
  readonly roles?: number
  /** Users who were read but have nothing, so they are not listed. */
  readonly leftOut: number
}

/** What the ledger contained, and where this run is recorded. */
export interface LedgerFacts {
  readonly branch: string
  /** The newest commit that was applied; the page of the latest apply's run, and when it began. */
  readonly commit: string | undefined
  readonly run: string | undefined
  readonly at: string | undefined
  /** The head of the branch, as read or as this run left it. */
  readonly head: string | undefined
}

export interface RunRecord {
  readonly mode: Mode | undefined
  readonly revoke: Revoke | undefined
  readonly scope: Scope | undefined
  /** The tenant's host. */
  readonly tenant: string | undefined
  /** The manifest's commit; for a pull request its newest commit. Empty or undefined if there is none. */
  readonly commit: string | undefined
  readonly files: readonly string[]
  /** How many users the manifest lists. */
  readonly users: number
  /** The earliest `expires` of the manifest that is still to come, ISO 8601. */
  readonly nextExpiry: string | undefined
  /** Why the run ended early, in the words of the final sentence. */
  readonly stopped: 'inputs' | 'manifest' | 'refused' | 'error' | undefined
  readonly cancelled: boolean
  /** `fail-on-changes` is set, and the plan is not empty. */
  readonly drift: boolean
  /** What `mode: export` wrote. */
  readonly exported: Exported | undefined
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
  readonly notices: readonly Finding[]
  readonly failures: readonly UserFailure[]
  readonly plan: Plan | undefined
  /** `sha256:…` */
  readonly digest: string | undefined
  /** The plan was read from `plan-file`. */
  readonly saved: boolean
  /** Whether the plan is the one in `approved-plan`; an empty plan passes whatever was approved. */
  readonly approval: 'approved' | 'other' | 'empty' | undefined
  readonly outcomes: readonly UserOutcome[]
  /** Users whom the manifest lists by an address; plans and outcomes only have ids. */
  readonly emails: readonly UserEmail[]
  /** Users who were removed from the manifest, so their managed grants are revoked. */
  readonly removed: readonly string[]
  /** How many listed users were read, counted as `users` is: by entries. */
  readonly read: number
  /** The APIs that the plan involves. */
  readonly apis: readonly NamedApi[]
  readonly derived: readonly Derived[]
  readonly unmanaged: readonly Held[]
  /** Sentences that suggest how to simplify the manifest. */
  readonly advice: readonly string[]
  readonly ledger: LedgerFacts | undefined
  readonly planFile: string | undefined
  readonly undoPlanFile: string | undefined
  /** `sha256:…` of the undo plan. */
  readonly undoDigest: string | undefined
  readonly traffic: Traffic
  /** Milliseconds. */
  readonly duration: number
}

/** Compares findings: those without a place first, then by file, line and column. */
export function byPlace(files: readonly string[]): (a: Finding, b: Finding) => number {
  const ranks = new Map(files.map((file, index) => [file, index + 1]))
  const rankOf = ({ place }: Finding) => (place && ranks.get(place.file)) ?? 0
  return (a, b) =>
    rankOf(a) - rankOf(b) ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    (a.place?.column ?? 0) - (b.place?.column ?? 0)
}

export function derivedOf({ id, live }: Pick<UserState, 'id' | 'live'>): readonly Derived[] {
  return [...(live?.derived ?? [])].map(([grant, roles]) => ({
    user: id,
    ...accessOf(grant),
    roles: roles.map(nameOfRole),
  }))
}

/** The addresses that list users, by id. */
export function emailsOf({ emails }: Pick<RunRecord, 'emails'>): ReadonlyMap<string, string> {
  return new Map(emails.map(({ user, email }) => [user, email]))
}

/** What is known before a run. */
export function newRecord(): RunRecord {
  return {
    mode: undefined,
    revoke: undefined,
    scope: undefined,
    tenant: undefined,
    commit: undefined,
    files: [],
    users: 0,
    nextExpiry: undefined,
    stopped: undefined,
    cancelled: false,
    drift: false,
    exported: undefined,
    errors: [],
    warnings: [],
    notices: [],
    failures: [],
    plan: undefined,
    digest: undefined,
    saved: false,
    approval: undefined,
    outcomes: [],
    emails: [],
    removed: [],
    read: 0,
    apis: [],
    derived: [],
    unmanaged: [],
    advice: [],
    ledger: undefined,
    planFile: undefined,
    undoPlanFile: undefined,
    undoDigest: undefined,
    traffic: { requests: 0, waited: 0, waitingFor: undefined, blind: false },
    duration: 0,
  }
}
