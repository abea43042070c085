// Tokens: their users and their permissions.

import { createHash } from 'node:crypto'

export type Scope = 'metadata' | 'contents' | 'pull-requests' | 'issues'
type Level = 'none' | 'read' | 'write'

/** As under `permissions` in a workflow: a permission that is not listed is `none`. */
export type Permissions = Readonly<Partial<Record<Scope, Level>>> | 'read-all' | 'write-all'

export interface Token {
  readonly login: string
  readonly permissions: Permissions
}

export interface User {
  readonly login: string
  readonly type: 'Bot' | 'User'
  readonly html_url: string
}

/** The author of comments written with a job's own token. */
export const ACTIONS_BOT = 'github-actions[bot]'

const LEVELS: readonly Level[] = ['none', 'read', 'write']

/** @param ordinal of the token among those of this GitHub */
export function tokenText(login: string, ordinal: number): string {
  return `${isBot(login) ? 'ghs' : 'ghp'}_${createHash('sha256').update(`${ordinal}`).digest('hex').slice(0, 36)}`
}

/** The token in an Authorization header. */
export function tokenIn(authorization = ''): string {
  return authorization.replace(/^(?:token|bearer) +/i, '')
}

export function mayDo({ permissions }: Token, scope: Scope, level: 'read' | 'write'): boolean {
  // Every token may see its repository.
  if (scope === 'metadata') return level === 'read'
  const held =
    permissions === 'write-all' ? 'write' : permissions === 'read-all' ? 'read' : (permissions[scope] ?? 'none')
  return LEVELS.indexOf(held) >= LEVELS.indexOf(level)
}

/** The response to a token without the permission. */
export function refusalFor({ login }: Token): string {
  return `Resource not accessible by ${isBot(login) ? 'integration' : 'personal access token'}`
}

/** An app acts as a bot; its token is an installation token. */
export function isBot(login: string): boolean {
  return login.endsWith('[bot]')
}

export function userOf(login: string): User {
  const page = isBot(login) ? `apps/${login.replace('[bot]', '')}` : login
  return { login, type: isBot(login) ? 'Bot' : 'User', html_url: `https://github.com/${page}` }
}
