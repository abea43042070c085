// What a run knows about a user who was read, and about an entry whose user is unknown. Pure.

import type { Grant, Grants, Terms } from '../access/grants.ts'
import type { Live } from '../access/live.ts'

export interface UserState {
  readonly id: string
  /** False for a removed user. */
  readonly listed: boolean
  readonly desired: ReadonlyMap<Grant, Terms>
  /** Grants that the manifest lists but that have expired. */
  readonly expired?: Grants
  /** According to the ledger. */
  readonly managed: Grants
  /** undefined if the run assigns without reading */
  readonly live: Live | undefined
}

/** A user that the manifest lists by an address. Plans contain only ids. */
export interface UserEmail {
  readonly user: string
  readonly email: string
  readonly connection?: string
}

/** An entry whose user is unknown or uncertain. */
export interface Unidentified {
  /** As the manifest lists it. */
  readonly entry: string
  readonly desired: Grants
  /** The ids that it may refer to; undefined if it may be any user. */
  readonly candidates: ReadonlySet<string> | undefined
}
