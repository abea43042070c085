// Deployments and their statuses.

import { z } from 'zod'
import { answerJson, invalid, notFound, Refusal } from './answer.ts'
import { findCommit } from './commits.ts'
import { answerPage, type Call, type Repository, type Route, readBody, timeText } from './route.ts'
import { type User, userOf } from './token.ts'

const STATES = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'] as const

const newDeployment = z.object({
  ref: z.string().min(1),
  task: z.string().default('deploy'),
  environment: z.string().default('production'),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
  description: z.string().nullable().default(null),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
})

const newStatus = z.object({
  state: z.enum(STATES),
  log_url: z.string().default(''),
  description: z.string().default(''),
  environment: z.string().optional(),
  auto_inactive: z.boolean().default(true),
})

export type NewDeployment = z.input<typeof newDeployment>
export type NewStatus = z.input<typeof newStatus>

export interface DeploymentStatus {
  readonly id: number
  readonly state: (typeof STATES)[number]
  readonly description: string
  readonly log_url: string
  readonly environment: string
  readonly creator: User
  readonly created_at: string
}

export interface Deployment {
  readonly id: number
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly payload: unknown
  readonly original_environment: string
  /** A status can change it. */
  environment: string
  readonly description: string | null
  readonly creator: User
  readonly created_at: string
  readonly transient_environment: boolean
  readonly production_environment: boolean
  /** Oldest first. */
  readonly statuses: DeploymentStatus[]
}

/** GitHub's documentation of a status names it. */
const DESCRIPTION_MAX = 140

export const deploymentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^deployments$/,
    needs: ['deployments'],
    page: 'deployments/deployments#list-deployments',
    answer: call => {
      const { repository, query } = call
      const isAsked = (deployment: Deployment) =>
        (['sha', 'ref', 'task', 'environment'] as const).every(key =>
          [deployment[key], null, ''].includes(query.get(key)),
        )
      const found = repository.deployments.filter(isAsked).reverse()
      return answerPage(
        found.map(deployment => deploymentBody(repository, deployment)),
        call,
      )
    },
  },
  {
    method: 'POST',
    path: /^deployments$/,
    needs: ['deployments'],
    page: 'deployments/deployments#create-a-deployment',
    answer: ({ repository, body, login }) => {
      const deployment = addDeployment(repository, readBody(newDeployment, body), login)
      return answerJson(201, deploymentBody(repository, deployment))
    },
  },
  {
    method: 'GET',
    path: /^deployments\/(\d+)\/statuses$/,
    needs: ['deployments'],
    page: 'deployments/statuses#list-deployment-statuses',
    answer: call => {
      const deployment = deploymentIn(call)
      return answerPage(
        deployment.statuses.toReversed().map(status => statusBody(call.repository, deployment, status)),
        call,
      )
    },
  },
  {
    method: 'POST',
    path: /^deployments\/(\d+)\/statuses$/,
    needs: ['deployments'],
    page: 'deployments/statuses#create-a-deployment-status',
    answer: call => {
      const deployment = deploymentIn(call)
      const status = addStatus(call.repository, deployment, readBody(newStatus, call.body), call.login)
      return answerJson(201, statusBody(call.repository, deployment, status))
    },
  },
]

/** @throws Refusal where the ref leads nowhere */
export function addDeployment(repository: Repository, given: NewDeployment, login: string): Deployment {
  const fields = newDeployment.parse(given)
  const { ref, task, payload, environment, description, transient_environment } = fields
  const commit = findCommit(repository, ref)
  if (commit === undefined) throw new Refusal(422, `No ref found for: ${ref}`)
  const deployment: Deployment = {
    id: repository.nextId(),
    sha: commit.sha,
    ref,
    task,
    payload,
    original_environment: environment,
    environment,
    description,
    creator: userOf(login),
    created_at: timeText(repository.now()),
    transient_environment,
    production_environment: fields.production_environment ?? environment === 'production',
    statuses: [],
  }
  repository.deployments.push(deployment)
  return deployment
}

/** @throws Refusal where the description is too long */
export function addStatus(
  repository: Repository,
  deployment: Deployment,
  given: NewStatus,
  login: string,
): DeploymentStatus {
  const { auto_inactive, environment = deployment.environment, ...fields } = newStatus.parse(given)
  if ([...fields.description].length > DESCRIPTION_MAX) {
    const message = `description is too long (maximum is ${DESCRIPTION_MAX} characters)`
    throw invalid({ resource: 'DeploymentStatus', code: 'custom', field: 'description', message })
  }
  deployment.environment = environment
  const status = pushStatus(repository, deployment, fields, login)
  if (auto_inactive && fields.state === 'success') {
    for (const earlier of succeededBefore(repository, deployment)) {
      pushStatus(repository, earlier, { state: 'inactive', description: '', log_url: fields.log_url }, login)
    }
  }
  return status
}

/** What a success makes inactive: https://docs.github.com/rest/deployments/deployments#inactive-deployments */
function succeededBefore({ deployments }: Repository, { id, environment }: Deployment): readonly Deployment[] {
  return deployments.filter(
    earlier =>
      earlier.id < id &&
      earlier.environment === environment &&
      !earlier.transient_environment &&
      !earlier.production_environment &&
      earlier.statuses.at(-1)?.state === 'success',
  )
}

function pushStatus(
  { nextId, now }: Repository,
  deployment: Deployment,
  fields: Pick<DeploymentStatus, 'state' | 'description' | 'log_url'>,
  login: string,
): DeploymentStatus {
  const status: DeploymentStatus = {
    id: nextId(),
    ...fields,
    environment: deployment.environment,
    creator: userOf(login),
    created_at: timeText(now()),
  }
  deployment.statuses.push(status)
  return status
}

function deploymentIn({ repository, parts: [id] }: Call): Deployment {
  const found = repository.deployments.find(each => each.id === Number(id))
  if (found === undefined) throw notFound()
  return found
}

function deploymentBody(repository: Repository, { statuses, ...deployment }: Deployment): object {
  const url = urlOf(repository, deployment)
  return {
    url,
    ...deployment,
    updated_at: statuses.at(-1)?.created_at ?? deployment.created_at,
    statuses_url: `${url}/statuses`,
    repository_url: `${repository.apiUrl}/repos/${repository.name}`,
  }
}

function statusBody(repository: Repository, deployment: Deployment, status: DeploymentStatus): object {
  const url = urlOf(repository, deployment)
  return {
    url: `${url}/statuses/${status.id}`,
    ...status,
    target_url: status.log_url,
    updated_at: status.created_at,
    deployment_url: url,
    repository_url: `${repository.apiUrl}/repos/${repository.name}`,
  }
}

function urlOf({ apiUrl, name }: Repository, { id }: Pick<Deployment, 'id'>): string {
  return `${apiUrl}/repos/${name}/deployments/${id}`
}
