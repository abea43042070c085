// What an endpoint of the Management API is: a request as data and the store in, an answer out.
import { type Answer, answerError, Refusal } from './answer.ts'
import type { Store, User } from './store.ts'

export interface Call {
  readonly store: Store
  /** Identifier of the tenant's own Management API. */
  readonly managementApi: string
  /** The value of `{id}` in the path, decoded. */
  readonly id: string
  readonly query: URLSearchParams
  readonly body: unknown
}

export interface Route {
  readonly method: string
  readonly path: readonly string[]
  /** One of these is needed, or all of them. */
  readonly scopes: readonly string[]
  readonly needsAll?: true
  readonly answer: (call: Call) => Answer
}

export function knownUser(store: Store, id: string): User {
  const user = store.users.get(id)
  if (!user) throw new Refusal(answerError(404, 'The user does not exist.', 'inexistent_user'))
  return user
}
