// Commits in the Git database: https://docs.github.com/en/rest/git/commits

import { z } from 'zod'
import { answerJson, notFound, Refusal } from './answer.ts'
import { gitCommitBody } from './commit-body.ts'
import { addCommitObject } from './commits.ts'
import type { Person } from './objects.ts'
import { type Route, readBody } from './route.ts'
import { isBot } from './token.ts'

const person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() })
const newCommit = z.object({
  message: z.string(),
  tree: z.string(),
  parents: z.array(z.string()).default([]),
  author: person.optional(),
  committer: person.optional(),
  signature: z.string().optional(),
})

export const gitCommitRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^git\/commits\/([^/]+)$/,
    needs: ['contents'],
    page: 'git/commits#get-a-commit-object',
    needsCommits: true,
    answer: ({ repository, parts: [sha = ''] }) => {
      const commit = repository.commits.get(sha)
      if (commit === undefined) throw notFound()
      return answerJson(200, gitCommitBody(repository, commit))
    },
  },
  {
    method: 'POST',
    path: /^git\/commits$/,
    needs: ['contents'],
    page: 'git/commits#create-a-commit',
    needsCommits: true,
    answer: ({ repository, body, login }) => {
      const { message, tree, parents, author, committer, signature } = readBody(newCommit, body)
      if (!repository.trees.has(tree)) throw new Refusal(422, 'Tree SHA does not exist')
      if (!parents.every(parent => repository.commits.has(parent))) {
        throw new Refusal(422, 'Parent SHA does not exist or is not a commit object')
      }
      const now = repository.now()
      // GitHub signs a bot's commits that do not name another author.
      const isSigned = author === undefined && committer === undefined && signature === undefined && isBot(login)
      const writtenBy = author ? personFrom(author, now) : { ...identityOf(login), at: now }
      const commit = addCommitObject(repository, {
        tree,
        parents,
        message,
        author: writtenBy,
        committer: isSigned ? { ...GITHUB, at: now } : committer ? personFrom(committer, now) : writtenBy,
        signature: isSigned ? GITHUB_SIGNATURE : signature,
      })
      return answerJson(201, gitCommitBody(repository, commit))
    },
  },
]

const GITHUB = { name: 'GitHub', email: 'noreply@github.com' }
/** A placeholder in the format of a signature; the response says that it is valid. */
const GITHUB_SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\nZW1iZWRkZWQgR2l0SHVi\n-----END PGP SIGNATURE-----'

function personFrom({ name, email, date }: z.output<typeof person>, now: number): Person {
  const at = date === undefined ? now : Date.parse(date)
  if (Number.isNaN(at)) throw new Refusal(422, `Invalid request.\n\n"${date}" is not a valid date-time.`)
  return { name, email, at }
}

/** The address includes the account's number, if known. */
function identityOf(login: string): Omit<Person, 'at'> {
  const number = login === 'github-actions[bot]' ? '41898282+' : ''
  return { name: login, email: `${number}${login}@users.noreply.github.com` }
}
