// Tokens: whose they are, and what they may do.

import { createHash } from 'node:crypto'

export type Scope = 'metadata' | 'contents' | 'pull-requests' | 'issues'
type Level = 'none' | 'read' | 'write'

/** As under `permissions` in a workflow: what is not named is `none`. */
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

/** The author of comments that a job's own token writes. */
export const ACTIONS_BOT = 'github-actions[bot]'

const LEVELS: readonly Level[] = ['none', 'read', 'write']

/** @param ordinal of the token among those of its GitHub */
export function tokenText(login: string, ordinal: number): string {
  return `${isBot(login) ? 'ghs' : 'ghp'}_${createHash('sha256').update(`${ordinal}`).digest('hex').slice(0, 36)}`
}

/** The text of a token, out of the header that carries it. */
export function tokenIn(authorization = ''): string {
  return authorization.replace(/^(?:token|bearer) +/i, '')
}

export function mayDo({ permissions }: Token, scope: Scope, level: 'read' | 'write'): boolean {
  // Whatever else a token may do, it may see its repository.
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
