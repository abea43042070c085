// What a run knows of a user once the user is read, or why it is not known whom an entry means. Pure.

import type { Grant, Grants, Terms } from '../access/grants.ts'
import type { Live } from '../access/live.ts'

export interface UserState {
  readonly id: string
  /** Off for a removed user. */
  readonly listed: boolean
  readonly desired: ReadonlyMap<Grant, Terms>
  /** What the manifest lists although it has expired. */
  readonly expired?: Grants
  /** What the ledger says. */
  readonly managed: Grants
  /** undefined where the run assigns without reading */
  readonly live: Live | undefined
}

/** A user whom the manifest lists by an address. Auth0's answers to writes, and so plans, have the id alone. */
export interface UserEmail {
  readonly user: string
  readonly email: string
  readonly connection?: string
}

/** A listed entry of which it is not known, or not for sure, which user it means. */
export interface Unidentified {
  /** As the manifest lists it. */
  readonly entry: string
  readonly desired: Grants
  /** The ids that it may mean; undefined if it may mean anybody. */
  readonly candidates: ReadonlySet<string> | undefined
}
