// The repository itself: https://docs.github.com/en/rest/repos/repos#get-a-repository

import { answerJson } from './answer.ts'
import type { Route } from './route.ts'

export const repositoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^$/,
    needs: ['metadata'],
    page: 'repos/repos#get-a-repository',
    answer: ({ repository: { name, visibility, apiUrl, pageUrl, defaultBranch } }) => {
      const [owner, ownName] = name.split('/')
      return answerJson(200, {
        id: 1,
        name: ownName,
        full_name: name,
        owner: { login: owner },
        private: visibility === 'private',
        visibility,
        fork: false,
        html_url: pageUrl,
        url: `${apiUrl}/repos/${name}`,
        default_branch: defaultBranch,
      })
    },
  },
]
