// Deployments and their statuses.

import { pageOf, type Route } from './github.ts'

export interface Deployment {
  readonly id: number
  readonly sha: string
  readonly task: string
  readonly environment: string
  readonly payload: unknown
  readonly created_at: string
  /** Oldest first. */
  readonly statuses: { readonly state: string; readonly description: string; readonly log_url: string }[]
}

const MISSING = { status: 422, body: { message: 'No ref found', status: '422' } }
const UNKNOWN = { status: 404, body: { message: 'Not Found', status: '404' } }

export const deploymentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^deployments$/,
    scope: 'deployments',
    level: 'read',
    answer: ({ url }, { deployments }) => {
      const matches = ({ task, environment }: Deployment) =>
        [task, undefined, null].includes(url.searchParams.get('task')) &&
        [environment, null].includes(url.searchParams.get('environment'))
      const found = deployments.filter(matches).reverse()
      return { status: 200, body: pageOf(found, url).map(({ statuses: _, ...deployment }) => deployment) }
    },
  },
  {
    method: 'POST',
    path: /^deployments$/,
    scope: 'deployments',
    level: 'write',
    answer: ({ body }, { deployments, commits }) => {
      const { ref, task = 'deploy', environment = 'production', payload = '' } = body
      if (typeof ref !== 'string' || !commits.has(ref)) return MISSING
      const deployment: Deployment = {
        id: 1000 + deployments.length,
        sha: ref,
        task: String(task),
        environment: String(environment),
        payload,
        created_at: new Date().toISOString(),
        statuses: [],
      }
      deployments.push(deployment)
      return { status: 201, body: deployment }
    },
  },
  {
    method: 'GET',
    path: /^deployments\/(\d+)\/statuses$/,
    scope: 'deployments',
    level: 'read',
    answer: ({ url, parts: [id] }, { deployments }) => {
      const found = deployments.find(each => each.id === Number(id))
      return found === undefined ? UNKNOWN : { status: 200, body: pageOf([...found.statuses].reverse(), url) }
    },
  },
  {
    method: 'POST',
    path: /^deployments\/(\d+)\/statuses$/,
    scope: 'deployments',
    level: 'write',
    answer: ({ body, parts: [id] }, { deployments }) => {
      const found = deployments.find(each => each.id === Number(id))
      if (found === undefined) return UNKNOWN
      const { state, description = '', log_url = '', auto_inactive = true } = body
      const status = { state: String(state), description: String(description), log_url: String(log_url) }
      found.statuses.push(status)
      for (const other of deployments) {
        const succeeded = other.statuses.at(-1)?.state === 'success'
        if (!auto_inactive || state !== 'success' || other === found || other.environment !== found.environment)
          continue
        if (succeeded) other.statuses.push({ state: 'inactive', description: '', log_url: '' })
      }
      return { status: 201, body: status }
    },
  },
]
