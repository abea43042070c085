// The tenant's APIs: Auth0's resource servers.

import * as z from 'zod'
import { BASE, PER_PAGE, read } from './responses.ts'
import type { Session } from './token.ts'

interface Api {
  readonly identifier: string
  readonly permissions: ReadonlySet<string>
  /** `enforce_policies`: without it Auth0 ignores permissions. */
  readonly rbac: boolean
  /** Whether access tokens for this API contain the `permissions` claim. */
  readonly permissionsInToken: boolean
  /** The lifetime of access tokens for it, in seconds. */
  readonly tokenLifetime: number | undefined
}

/** By identifier. */
export type Apis = ReadonlyMap<string, Api>

const PATH = `${BASE}/resource-servers`
/** Auth0's maximum number of `identifiers` per request. */
const APIS_PER_REQUEST = 10
const MAX_API_PAGES = 5

const apiList = z.array(
  z.object({
    identifier: z.string(),
    scopes: z.array(z.object({ value: z.string() })).default([]),
    enforce_policies: z.boolean().nullish(),
    token_dialect: z.string().nullish(),
    token_lifetime: z.number().nullish(),
  }),
)

export async function readApis({ send }: Session, identifiers: readonly string[]): Promise<Apis> {
  const found = new Map<string, Api>()
  for (let from = 0; from < identifiers.length; from += APIS_PER_REQUEST) {
    const batch = identifiers.slice(from, from + APIS_PER_REQUEST)
    const query = batch.map(id => `identifiers=${encodeURIComponent(id)}`).join('&')
    const response = await send({ method: 'GET', path: PATH, query })
    for (const api of read(response, { schema: apiList, unread: 'The APIs could not be read' })) {
      found.set(api.identifier, {
        identifier: api.identifier,
        permissions: new Set(api.scopes.map(scope => scope.value)),
        rbac: api.enforce_policies === true,
        permissionsInToken: api.token_dialect?.endsWith('_authz') === true,
        tokenLifetime: api.token_lifetime ?? undefined,
      })
    }
  }
  return found
}

export async function listIdentifiers({ send }: Session): Promise<readonly string[]> {
  const found: string[] = []
  for (let page = 0; page < MAX_API_PAGES; page++) {
    const response = await send({ method: 'GET', path: PATH, query: `page=${page}&per_page=${PER_PAGE}` })
    const apis = read(response, { schema: apiList, unread: 'The APIs could not be listed' })
    found.push(...apis.map(({ identifier }) => identifier))
    if (apis.length < PER_PAGE) break
  }
  return found
}
