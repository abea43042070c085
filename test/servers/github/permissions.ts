// The permission that a route requires, and the response without it.

import { type Answer, notFound, Refusal } from './answer.ts'
import type { Repository, Route } from './route.ts'
import { mayDo, refusalFor, type Token } from './token.ts'

/** @throws Refusal if the token may not do this */
export function checkPermission(route: Route, token: Token, visibility: Repository['visibility']): void {
  const level = levelOf(route)
  const canRead = visibility === 'public' || route.needs.some(scope => mayDo(token, scope, 'read'))
  const isAllowed = level === 'read' ? canRead : route.needs.some(scope => mayDo(token, scope, 'write'))
  if (isAllowed) return
  // A token that cannot read the files of a private repository must not learn that there are any.
  throw route.needs.includes('contents') && !canRead ? notFound() : new Refusal(403, refusalFor(token))
}

/** The header that lists the sufficient permissions. */
export function permissionHeaders(route: Route): Answer['headers'] {
  const accepted = route.needs.map(scope => `${scope.replaceAll('-', '_')}=${levelOf(route)}`)
  return { 'x-accepted-github-permissions': accepted.join('; ') }
}

function levelOf({ method }: Route): 'read' | 'write' {
  return method === 'GET' ? 'read' : 'write'
}
