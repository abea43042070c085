// The endpoints for roles. Unknown roles, and more roles than a user can have, are refused like unknown permissions;
// Auth0's exact messages for these are not published.
import { type Answer, answerError, answerJson, answerNothing, Refusal } from './answer.ts'
import { readRoles } from './payload.ts'
import { allowOnly, PAGING, pageOf, queryError, readPage, readTake, readText } from './query.ts'
import { type Call, knownUser, type Route } from './route.ts'
import { assignRole, compareText, type Role, type Store, type User, unassignRole } from './store.ts'
import { profileOf } from './user-profile.ts'

const MOST_ROLES = 50
const MOST_NUMBERED = 1000

const OF_USER = ['users', '{id}', 'roles']
const READ_MEMBERS = ['read:users', 'read:roles', 'read:role_members']

export const ROLE_ROUTES: readonly Route[] = [
  { method: 'GET', path: ['roles'], scopes: ['read:roles'], answer: listRoles },
  { method: 'GET', path: OF_USER, scopes: READ_MEMBERS, needsAll: true, answer: listRolesOfUser },
  { method: 'POST', path: OF_USER, scopes: ['update:users', 'create:role_members'], needsAll: true, answer: assign },
  { method: 'DELETE', path: OF_USER, scopes: ['update:users', 'delete:role_members'], needsAll: true, answer: remove },
  { method: 'GET', path: ['roles', '{id}', 'users'], scopes: READ_MEMBERS, needsAll: true, answer: listMembers },
]

function listRoles({ store, query }: Call): Answer {
  allowOnly(query, ['name_filter', ...PAGING])
  const filter = (readText(query, 'name_filter') ?? '').toLowerCase()
  const roles = [...store.roles.values()].filter(({ name }) => name.toLowerCase().includes(filter))
  return answerJson(200, pageOf(roles.map(roleItem), readPage(query), 'roles'))
}

function listRolesOfUser({ store, id, query }: Call): Answer {
  allowOnly(query, PAGING)
  // By name, as in the recording.
  const roles = [...knownUser(store, id).roles].sort((a, b) => compareText(a.name, b.name))
  return answerJson(200, pageOf(roles.map(roleItem), readPage(query), 'roles'))
}

function assign({ store, id, body }: Call): Answer {
  const ids = readRoles(body, 'add to')
  const user = knownUser(store, id)
  const roles = knownRoles(store, ids)
  // Roles that are already assigned do not count.
  if (user.roles.union(roles).size > MOST_ROLES) {
    return answerError(400, 'No more roles can be assigned to this user.')
  }
  for (const role of roles) assignRole(user, role)
  return answerNothing()
}

function remove({ store, id, body }: Call): Answer {
  const ids = readRoles(body, 'remove from')
  const user = knownUser(store, id)
  for (const role of knownRoles(store, ids)) unassignRole(user, role)
  return answerNothing()
}

/** In numbered pages up to a thousand; beyond that, each page has the checkpoint of the next. */
function listMembers({ store, id, query }: Call): Answer {
  allowOnly(query, ['from', 'take', ...PAGING])
  const role = store.roles.get(id)
  if (!role) return answerError(404, 'The role does not exist.', 'inexistent_role')
  const take = readTake(query)
  const page = readPage(query)
  if (take !== undefined) return answerJson(200, checkpointOf(role, { take, from: readText(query, 'from') }))
  if ((page.page + 1) * page.perPage > MOST_NUMBERED) {
    return answerError(400, 'You can only page through the first 1000 users.', 'invalid_paging')
  }
  return answerJson(200, membersOf(role, page))
}

function membersOf({ members }: Role, { page, perPage, includeTotals }: ReturnType<typeof readPage>): unknown {
  const start = page * perPage
  const users = Array.from(members.keys().drop(start).take(perPage), memberItem)
  return includeTotals ? { users, start, limit: perPage, total: members.size } : users
}

/** Without a total, and without `next` on the last page, as in the recording. */
function checkpointOf({ members }: Role, { take, from }: { readonly take: number; readonly from: string | undefined }) {
  const last = from === undefined ? 0 : Number(Buffer.from(from, 'base64url').toString() || Number.NaN)
  if (!Number.isInteger(last)) throw queryError('Invalid checkpoint', 'from')
  const following = members.entries().filter(([, number]) => number > last)
  const page = [...following.take(take + 1)]
  const [, end] = page[take - 1] ?? []
  const users = page.slice(0, take).map(([user]) => memberItem(user))
  return { users, ...(page.length > take && { next: Buffer.from(String(end)).toString('base64url') }) }
}

function memberItem(user: User): unknown {
  const { user_id, email, picture, name } = profileOf(user)
  return { user_id, ...(email !== undefined && { email }), picture, name }
}

function roleItem({ id, name, organization }: Role): unknown {
  const owner = organization !== undefined && { type: 'organization', owner_id: organization }
  return { id, name, description: '', ...owner }
}

/** All of them, or a refusal: a batch with an unknown role has no effect. */
function knownRoles(store: Store, ids: readonly string[]): Set<Role> {
  return new Set(
    ids.map(id => {
      const role = store.roles.get(id)
      if (!role) throw new Refusal(answerError(404, `The role ${id} does not exist.`, 'inexistent_role'))
      return role
    }),
  )
}
