// The Management API in this project's words. Whatever a manifest holds, a request reaches the intended endpoint of the
// tenant's host and no other.

import * as z from 'zod'
import { type Grant, grantOf, type Permission } from '../access/grants.ts'
import type { Candidate, Live } from '../access/live.ts'
import { type Reach, TenantError } from '../errors.ts'
import { answerError, isRedirect, redirectAdvice } from './answer-error.ts'
import type { Answer } from './exchange.ts'
import type { Session } from './token.ts'

interface Api {
  readonly identifier: string
  readonly permissions: ReadonlySet<string>
  /** `enforce_policies`: without it Auth0 does not look at permissions at all. */
  readonly rbac: boolean
  /** Whether access tokens for this API carry the `permissions` claim. */
  readonly permissionsInToken: boolean
  /** How long an access token for it is good, in seconds. */
  readonly tokenLifetime: number | undefined
}

/** By identifier. */
export type Apis = ReadonlyMap<string, Api>

export interface Tenant {
  /** The APIs among `identifiers` that the tenant has. */
  readonly apis: (identifiers: readonly string[]) => Promise<Apis>
  /** All that the tenant has, up to a few hundred; for a run that is refused because of an unknown one. */
  readonly identifiers: () => Promise<readonly string[]>
  /** undefined where the tenant has no such user */
  readonly permissionsOf: (user: string) => Promise<Live | undefined>
  /** Only users whose address is this one, letter by letter, whatever else is answered. */
  readonly findByEmail: (email: string) => Promise<readonly Candidate[]>
  /** Ids of all users that a search finds, in Auth0's user query syntax. @throws TenantError for more than 1,000 */
  readonly searchUsers: (query: string) => Promise<readonly string[]>
  readonly grant: (user: string, permissions: readonly Permission[]) => Promise<void>
  readonly revoke: (user: string, permissions: readonly Permission[]) => Promise<void>
}

const BASE = '/api/v2'
/** What Auth0 answers to a write that it has done; anything else may come from somebody in between. */
const DONE = { POST: 201, DELETE: 204 } as const
/** Auth0 takes no more `identifiers` in one request. */
const APIS_PER_REQUEST = 10
const PER_PAGE = 100
const MAX_API_PAGES = 5
/** Auth0 returns no more users to a search. */
const MOST_FOUND = 1000
/** More than anybody holds: 1,000 direct permissions, and those of many roles. */
const MOST_PAGES = 500
/** Refused requests in a row, of several users, after which it is the token and not the user that lacks something. */
const FORBIDDEN_FOR_ALL = 3
/** How often a list that changes while its pages are read is read again. */
const LIST_READS = 3

const apiList = z.array(
  z.object({
    identifier: z.string(),
    scopes: z.array(z.object({ value: z.string() })).default([]),
    enforce_policies: z.boolean().nullish(),
    token_dialect: z.string().nullish(),
    token_lifetime: z.number().nullish(),
  }),
)

const permissionPage = z.object({
  permissions: z.array(
    z.object({
      permission_name: z.string(),
      resource_server_identifier: z.string(),
      // The published schema leaves it open; without it a role-derived permission could not be told from a grant.
      sources: z.array(z.object({ source_type: z.string(), source_name: z.string().optional() })),
    }),
  ),
  total: z.int().nonnegative(),
})

type PermissionItem = z.infer<typeof permissionPage>['permissions'][number]

const userPage = z.object({
  users: z.array(z.object({ user_id: z.string().min(1) })),
  total: z.int().nonnegative(),
})

const userList = z.array(
  z.object({
    user_id: z.string(),
    email: z.string().optional(),
    email_verified: z.boolean().default(false),
    identities: z.array(z.object({ connection: z.string() })).default([]),
  }),
)

export function openTenant(session: Session): Tenant {
  const get = (path: string, query: string) => session.send({ method: 'GET', path: `${BASE}${path}`, query })

  const apis = async (identifiers: readonly string[]): Promise<Apis> => {
    const found = new Map<string, Api>()
    for (let from = 0; from < identifiers.length; from += APIS_PER_REQUEST) {
      const batch = identifiers.slice(from, from + APIS_PER_REQUEST)
      const answer = await get('/resource-servers', batch.map(id => `identifiers=${encodeURIComponent(id)}`).join('&'))
      for (const api of read(apiList, answer, 'The APIs could not be read')) {
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

  const identifiers = async (): Promise<readonly string[]> => {
    const found: string[] = []
    for (let page = 0; page < MAX_API_PAGES; page++) {
      const answer = await get('/resource-servers', `page=${page}&per_page=${PER_PAGE}`)
      const apis = read(apiList, answer, 'The APIs could not be listed')
      found.push(...apis.map(({ identifier }) => identifier))
      if (apis.length < PER_PAGE) break
    }
    return found
  }

  const permissionsOf = async (user: string): Promise<Live | undefined> => {
    for (let attempt = 1; ; attempt++) {
      const items: PermissionItem[] = []
      let answer: Answer
      let page: z.infer<typeof permissionPage>
      let pages = 0
      do {
        const query = `page=${pages}&per_page=${PER_PAGE}&include_totals=true`
        answer = await get(permissionsPath(user), query)
        if (isUnknownUser(answer)) return undefined
        page = read(permissionPage, answer, `The permissions of ${user} could not be read`)
        items.push(...page.permissions)
        pages++
        // A page that is not full is the last one, whatever the total says.
      } while (items.length < page.total && page.permissions.length >= PER_PAGE && pages < MOST_PAGES)
      const live = liveOf(items)
      if (live.size === page.total) return live
      if (attempt === LIST_READS) {
        const summary = `The permissions of ${user} changed while they were read: ${live.size} came of ${page.total}`
        throw answerError(answer, summary, 'user', 'Run it again when nothing else writes to this user.')
      }
    }
  }

  const findByEmail = async (email: string): Promise<readonly Candidate[]> => {
    const fields = 'fields=user_id,email,email_verified,identities&include_fields=true'
    const answer = await get('/users-by-email', `email=${encodeURIComponent(email)}&${fields}`)
    const users = read(userList, answer, `The users with the address ${email} could not be read`)
    return users
      .filter(user => user.email === email)
      .map(user => ({
        id: user.user_id,
        verified: user.email_verified,
        connections: user.identities.map(identity => identity.connection),
      }))
  }

  const searchPage = async (query: string, page: number) => {
    const fields = 'fields=user_id&include_fields=true&sort=user_id:1&search_engine=v3'
    const paging = `page=${page}&per_page=${PER_PAGE}&include_totals=true`
    const answer = await get('/users', `q=${encodeURIComponent(query)}&${fields}&${paging}`)
    if (answer.status === 400) throw answerError(answer, 'The search failed', 'run', 'Correct the input query.')
    const { users, total } = read(userPage, answer, 'The search failed')
    if (total > MOST_FOUND) {
      const summary = `The search finds ${total} users, and Auth0 returns ${MOST_FOUND} of them at the most`
      const advice =
        'Narrow the input query, such as to one connection or to one first letter, and export in several runs.'
      throw answerError(answer, summary, 'run', advice)
    }
    return { answer, total, ids: users.map(user => user.user_id) }
  }

  const searchUsers = async (query: string): Promise<readonly string[]> => {
    for (let attempt = 1; ; attempt++) {
      const ids = new Set<string>()
      let found = await searchPage(query, 0)
      for (const id of found.ids) ids.add(id)
      for (let page = 1; page * PER_PAGE < found.total; page++) {
        found = await searchPage(query, page)
        for (const id of found.ids) ids.add(id)
      }
      if (ids.size === found.total) return [...ids]
      if (attempt === LIST_READS) {
        const summary = `What the search finds changed while it was read: ${ids.size} users came of ${found.total}`
        throw answerError(found.answer, summary, 'run', 'Run it again when no users come or go.')
      }
    }
  }

  const write = async (method: 'POST' | 'DELETE', user: string, permissions: readonly Permission[]): Promise<void> => {
    const items = permissions.map(({ api, permission }) => ({
      resource_server_identifier: api,
      permission_name: permission,
    }))
    const answer = await session.send({
      method,
      path: `${BASE}${permissionsPath(user)}`,
      body: JSON.stringify({ permissions: items }),
    })
    if (answer.status === DONE[method]) return
    const summary = `${method === 'POST' ? 'Granting to' : 'Revoking from'} ${user} failed`
    if (isUnknownUser(answer)) {
      throw answerError(
        answer,
        summary,
        'user',
        'The user is gone from the tenant; remove the entry from the manifest.',
      )
    }
    // All of a request or nothing: one unknown permission is enough.
    if (answer.status === 404) throw answerError(answer, summary, 'operation', UNKNOWN_PERMISSION[method])
    throw refusal(answer, summary)
  }

  const worked = new Set<keyof Tenant>()
  let forbiddenInRow = 0

  /**
   * What concerns the whole run stops everything that still waits to be sent. A 403 may be about one user, or about the
   * token: it is the token's where nothing of the kind has worked so far, or where several users are refused in a row.
   */
  const halting = async <T>(kind: keyof Tenant, work: Promise<T>): Promise<T> => {
    try {
      const result = await work
      worked.add(kind)
      forbiddenInRow = 0
      return result
    } catch (error) {
      if (!(error instanceof TenantError)) throw error
      const { reach, status, errorCode } = error.details
      const forbidden = status === 403
      forbiddenInRow = forbidden ? forbiddenInRow + 1 : 0
      const unseen = errorCode === 'insufficient_scope' && !worked.has(kind)
      if (reach === 'run' || (forbidden && (unseen || forbiddenInRow >= FORBIDDEN_FOR_ALL))) session.halt(error)
      throw error
    }
  }

  return {
    apis: identifiers => halting('apis', apis(identifiers)),
    identifiers: () => halting('identifiers', identifiers()),
    permissionsOf: user => halting('permissionsOf', permissionsOf(user)),
    findByEmail: email => halting('findByEmail', findByEmail(email)),
    searchUsers: query => halting('searchUsers', searchUsers(query)),
    grant: (user, permissions) => halting('grant', write('POST', user, permissions)),
    revoke: (user, permissions) => halting('revoke', write('DELETE', user, permissions)),
  }
}

const UNKNOWN_PERMISSION = {
  POST: 'A permission does not exist on its API, so the request had no effect. Add it to the API, or remove it from the manifest.',
  DELETE:
    'A permission was removed from its API, so the request had no effect. Run it again: the next run leaves it out.',
} as const

function permissionsPath(user: string): string {
  return `${userPath(user)}/permissions`
}

function userPath(user: string): string {
  // Dots are no special characters to encodeURIComponent, but a segment of dots is a step in the path to others.
  const segment = encodeURIComponent(user).replace(/^\.{1,2}$/, dots => dots.replaceAll('.', '%2E'))
  return `/users/${segment}`
}

function liveOf(items: readonly PermissionItem[]): Live {
  const direct = new Set<Grant>()
  const derived = new Map<Grant, readonly string[]>()
  const all = new Set<Grant>()
  for (const item of items) {
    const grant = grantOf(item.resource_server_identifier, item.permission_name)
    all.add(grant)
    if (item.sources.some(source => source.source_type === 'DIRECT')) direct.add(grant)
    const roles = item.sources.filter(source => source.source_type !== 'DIRECT').map(source => source.source_name ?? '')
    if (roles.length > 0) derived.set(grant, roles.sort())
  }
  return { direct, derived, size: all.size }
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

function isUnknownUser(answer: Answer): boolean {
  return answer.status === 404 && isCode(answer.body, 'inexistent_user')
}

const errorBody = z.object({ errorCode: z.string() })

function isCode(body: unknown, errorCode: string): boolean {
  return errorBody.safeParse(body).data?.errorCode === errorCode
}

function read<T>(schema: z.ZodType<T>, answer: Answer, summary: string): T {
  if (!isSuccess(answer)) throw refusal(answer, summary)
  const parsed = schema.safeParse(answer.body)
  if (parsed.success) return parsed.data
  const [where] = parsed.error.issues.map(({ path, message }) => `at ${path.join('.') || 'its top'}: ${message}`)
  throw answerError(
    answer,
    `${summary}: the answer has another form than Auth0's ${where}`,
    'user',
    'Check the input domain, and any proxy on the way.',
  )
}

function refusal(answer: Answer, summary: string): TenantError {
  const { reach, advice } = meaningOf(answer)
  return answerError(answer, summary, reach, advice)
}

/** What an answer's status says about the rest of the run, and what to do about it. */
function meaningOf({ status, headers, body }: Answer): { readonly reach: Reach; readonly advice: string } {
  if (isRedirect(status)) return { reach: 'run', advice: redirectAdvice(headers) }
  switch (status) {
    case 400:
      return {
        reach: 'operation',
        advice: isCode(body, 'invalid_uri')
          ? 'A user id has the form connection|identifier, such as auth0|5f7c8ec7c33c6c004bbafe82; correct it.'
          : 'The request had no effect.',
      }
    case 401:
      return {
        reach: 'run',
        advice:
          'The token has expired, or is for another tenant; check the credential and the inputs domain and audience.',
      }
    case 403:
      return {
        reach: 'user',
        advice: isCode(body, 'insufficient_scope')
          ? 'Authorize the application for the missing scope of the Auth0 Management API.'
          : 'Auth0, or something on the way to it, does not allow this; its words say why.',
      }
    default:
      return { reach: 'user', advice: 'Check the input domain, and any proxy on the way.' }
  }
}
