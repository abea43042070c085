// GitHub in this project's terms: the entry point of this folder.

import { type Clock, SYSTEM_CLOCK } from '../runner/clock.ts'
import { type ClientOptions, openClient } from './client.ts'
import { type Comments, openComments } from './comments.ts'
import { type Git, openGit } from './git.ts'

export interface GitHub {
  readonly git: Git
  readonly comments: Comments
}

export interface GitHubOptions extends Omit<ClientOptions, 'clock'> {
  readonly clock?: Clock
}

export function openGitHub({ clock = SYSTEM_CLOCK, ...options }: GitHubOptions): GitHub {
  const client = openClient({ ...options, clock })
  return { git: openGit(client), comments: openComments(client) }
}
