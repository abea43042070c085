// The small part of Auth0's user query syntax that tests need: `email`, `user_id` and `identities.connection` with
// exact values, `*`, and OR between them. Anything else is refused rather than misunderstood.
import { queryError } from './query.ts'
import type { Store, User } from './store.ts'

const TERM = /^([\w.]+):(?:"((?:[^"\\]|\\.)*)"|([^\s"()*?]+))$/
// OR outside of quotes.
const OR = /\s+OR\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/

export function searchUsers(store: Store, q: string): readonly User[] {
  const text = q.trim()
  if (text === '' || text === '*') return [...store.users.values()]
  return [...new Set(text.split(OR).flatMap(term => [...usersOfTerm(store, term)]))]
}

function usersOfTerm(store: Store, term: string): Iterable<User> {
  const [, field, quoted, plain] = TERM.exec(term) ?? []
  const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
  switch (field) {
    case 'user_id': {
      const user = store.users.get(value)
      return user ? [user] : []
    }
    // A search, unlike GET /users-by-email, does not mind the case of an address.
    case 'email':
      return store.usersByEmail.get(value.toLowerCase()) ?? []
    case 'identities.connection':
      return store.users.values().filter(user => user.connection === value)
    default:
      throw queryError(`The embedded tenant does not understand ${term}`, 'q')
  }
}
