// A commit as the API returns it: on its own and in the Git database.

import { type Person, signedPayload } from './objects.ts'
import { type Repository, timeText } from './route.ts'
import type { Commit } from './store.ts'

/** https://docs.github.com/en/rest/commits/commits#get-a-commit */
export function commitBody(repository: Repository, commit: Commit): object {
  const { pageUrl } = repository
  const url = urlOf(repository)
  return {
    sha: commit.sha,
    url: `${url}/commits/${commit.sha}`,
    html_url: `${pageUrl}/commit/${commit.sha}`,
    commit: { ...contentsOf(repository, commit), url: `${url}/git/commits/${commit.sha}` },
    parents: parentsOf(repository, commit, 'commits'),
  }
}

/** https://docs.github.com/en/rest/git/commits#get-a-commit-object */
export function gitCommitBody(repository: Repository, commit: Commit): object {
  return {
    sha: commit.sha,
    url: `${urlOf(repository)}/git/commits/${commit.sha}`,
    html_url: `${repository.pageUrl}/commit/${commit.sha}`,
    ...contentsOf(repository, commit),
    parents: parentsOf(repository, commit, 'git/commits'),
  }
}

function contentsOf(repository: Repository, commit: Commit): object {
  const { author, committer, message, tree } = commit
  return {
    author: personBody(author),
    committer: personBody(committer),
    message: message.replace(/\n+$/, ''),
    tree: { sha: tree, url: `${urlOf(repository)}/git/trees/${tree}` },
    verification: verificationBody(commit),
  }
}

function parentsOf(repository: Repository, { parents }: Commit, path: string): readonly object[] {
  return parents.map(sha => ({
    sha,
    url: `${urlOf(repository)}/${path}/${sha}`,
    html_url: `${repository.pageUrl}/commit/${sha}`,
  }))
}

function personBody({ name, email, at }: Person): object {
  return { name, email, date: timeText(at) }
}

function verificationBody(commit: Commit): object {
  const { signature, committer } = commit
  return signature === undefined
    ? { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }
    : {
        verified: true,
        reason: 'valid',
        signature,
        payload: signedPayload(commit),
        verified_at: timeText(committer.at),
      }
}

function urlOf({ apiUrl, name }: Repository): string {
  return `${apiUrl}/repos/${name}`
}
