// The small part of Auth0's user query syntax that tests need: `email`, `user_id` and `identities.connection` with exact
// values, or with `*` at their start or end, combined with AND or OR. Anything else is refused rather than misread, and so
// is a mixture of AND and OR, which Lucene does not read as people do.
import { queryError } from './query.ts'
import type { Store, User } from './store.ts'

const TERM = /^([\w.]+):(?:"((?:[^"\\]|\\.)*)"|(\*?)([^\s"()*?]+)(\*?))$/
// Only outside of quotes.
const OPERATOR = /\s+(AND|OR)\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/
/** The minimum length of the text after a `*` (Auth0's description of the syntax). */
const SHORTEST_END = 3

export function searchUsers(store: Store, q: string): readonly User[] {
  const text = q.trim()
  if (text === '' || text === '*') return [...store.users.values()]
  const parts = text.split(OPERATOR)
  const terms = parts.filter((_, index) => index % 2 === 0).map(term => new Set(usersOfTerm(store, term)))
  const [operator, ...others] = new Set(parts.filter((_, index) => index % 2 === 1))
  if (others.length > 0) throw queryError(`The embedded tenant does not understand AND beside OR in ${q}`, 'q')
  const found = terms.reduce((all, term) => (operator === 'AND' ? all.intersection(term) : all.union(term)))
  return [...found]
}

function usersOfTerm(store: Store, term: string): Iterable<User> {
  const [, field = '', quoted, before = '', plain = '', after = ''] = TERM.exec(term) ?? []
  const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
  if (before + after !== '') return usersLike(store, term, { field, before, value, after })
  switch (field) {
    case 'user_id': {
      const user = store.users.get(value)
      return user ? [user] : []
    }
    // A search, unlike GET /users-by-email, ignores the case of an address.
    case 'email':
      return store.usersByEmail.get(value.toLowerCase()) ?? []
    case 'identities.connection':
      return store.users.values().filter(user => user.connection === value)
    default:
      throw queryError(`The embedded tenant does not understand ${term}`, 'q')
  }
}

interface Pattern {
  readonly field: string
  readonly before: string
  readonly value: string
  readonly after: string
}

function usersLike(store: Store, term: string, { field, before, value, after }: Pattern): Iterable<User> {
  const readers: Readonly<Record<string, (user: User) => string>> = {
    user_id: user => user.id,
    email: user => user.email?.toLowerCase() ?? '',
    'identities.connection': user => user.connection,
  }
  const read = readers[field]
  if (!read || (before !== '' && value.length < SHORTEST_END)) {
    throw queryError(`The embedded tenant does not understand ${term}`, 'q')
  }
  const wanted = field === 'email' ? value.toLowerCase() : value
  return store.users.values().filter(user => {
    const held = read(user)
    if (before === '') return held.startsWith(wanted)
    return after === '' ? held.endsWith(wanted) : held.includes(wanted)
  })
}
