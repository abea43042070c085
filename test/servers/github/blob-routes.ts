// Blobs: https://docs.github.com/en/rest/git/blobs

import { z } from 'zod'
import { answerJson, notFound, Refusal } from './answer.ts'
import { answerRaw, base64Of, checkSize, isRaw } from './file-answer.ts'
import { type Route, readBody } from './route.ts'
import { addBlob } from './store.ts'

const newBlob = z.object({ content: z.string(), encoding: z.enum(['utf-8', 'base64']).default('utf-8') })

export const blobRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^git\/blobs\/([^/]+)$/,
    needs: ['contents'],
    page: 'git/blobs#get-a-blob',
    needsCommits: true,
    answer: ({ repository: { apiUrl, name, blobs }, parts: [sha = ''], accept }) => {
      const content = blobs.get(sha)
      if (content === undefined) throw notFound()
      checkSize(content)
      return isRaw(accept)
        ? answerRaw(content)
        : answerJson(200, {
            sha,
            node_id: Buffer.from(`Blob:${sha}`).toString('base64'),
            size: content.length,
            url: `${apiUrl}/repos/${name}/git/blobs/${sha}`,
            content: base64Of(content),
            encoding: 'base64',
          })
    },
  },
  {
    method: 'POST',
    path: /^git\/blobs$/,
    needs: ['contents'],
    page: 'git/blobs#create-a-blob',
    needsCommits: true,
    answer: ({ repository, body }) => {
      const { content, encoding } = readBody(newBlob, body)
      if (encoding === 'base64' && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) {
        throw new Refusal(422, 'content is not valid Base64')
      }
      const sha = addBlob(repository, Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'))
      return answerJson(201, { sha, url: `${repository.apiUrl}/repos/${repository.name}/git/blobs/${sha}` })
    },
  },
]
