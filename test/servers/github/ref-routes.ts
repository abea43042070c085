// Refs: https://docs.github.com/en/rest/git/refs

import { z } from 'zod'
import { answerJson, answerNothing, notFound } from './answer.ts'
import { createRef, deleteRef, updateRef } from './refs.ts'
import { type Repository, type Route, readBody } from './route.ts'

const newRef = z.object({ ref: z.string(), sha: z.string() })
const refUpdate = z.object({ sha: z.string(), force: z.boolean().default(false) })

export const refRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^git\/matching-refs\/(.+)$/,
    needs: ['contents'],
    page: 'git/refs#list-matching-references',
    needsCommits: true,
    answer: ({ repository, parts: [prefix] }) => {
      const found = [...repository.refs.keys()].filter(ref => ref.startsWith(`refs/${prefix}`))
      return answerJson(
        200,
        found.sort().map(ref => refBody(repository, ref)),
      )
    },
  },
  {
    method: 'GET',
    path: /^git\/ref\/(.+)$/,
    needs: ['contents'],
    page: 'git/refs#get-a-reference',
    needsCommits: true,
    answer: ({ repository, parts: [name] }) => {
      const ref = `refs/${name}`
      if (!repository.refs.has(ref)) throw notFound()
      return answerJson(200, refBody(repository, ref))
    },
  },
  {
    method: 'POST',
    path: /^git\/refs$/,
    needs: ['contents'],
    page: 'git/refs#create-a-reference',
    needsCommits: true,
    answer: ({ repository, body, login }) => {
      const { ref, sha } = readBody(newRef, body)
      createRef(repository, { ref, sha, login })
      return answerJson(201, refBody(repository, ref))
    },
  },
  {
    method: 'PATCH',
    path: /^git\/refs\/(.+)$/,
    needs: ['contents'],
    page: 'git/refs#update-a-reference',
    needsCommits: true,
    answer: ({ repository, parts: [name], body, login }) => {
      const ref = `refs/${name}`
      updateRef(repository, { ref, login, ...readBody(refUpdate, body) })
      return answerJson(200, refBody(repository, ref))
    },
  },
  {
    method: 'DELETE',
    path: /^git\/refs\/(.+)$/,
    needs: ['contents'],
    page: 'git/refs#delete-a-reference',
    needsCommits: true,
    answer: ({ repository, parts: [name], login }) => {
      deleteRef(repository, { ref: `refs/${name}`, login })
      return answerNothing()
    },
  },
]

function refBody({ apiUrl, name, refs }: Repository, ref: string): object {
  const sha = refs.get(ref)
  const url = `${apiUrl}/repos/${name}/git`
  return {
    ref,
    node_id: Buffer.from(`Ref:${ref}`).toString('base64'),
    url: `${url}/${ref}`,
    object: { type: 'commit', sha, url: `${url}/commits/${sha}` },
  }
}
