// The definition of a Management API endpoint: a function from a request and the store to a response.
import { type Answer, answerError, Refusal } from './answer.ts'
import type { Store, User } from './store.ts'

export interface Call {
  readonly store: Store
  /** The identifier of the tenant's Management API. */
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
