// What README.md says a job has to be allowed is enough, and not more than enough.

import { describe, expect, it } from 'vitest'
import { JOBS } from '../tools/readme.ts'
import { acme, ORDERS } from './acme.ts'
import { acmeRepository, manifestOf, type Permissions } from './repository.ts'

const NONE: Permissions = { contents: 'none', deployments: 'none', 'pull-requests': 'none' }
const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const PULL_REQUEST = { env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/5/merge' } }

/** Errors and warnings of a run with these permissions. */
async function complaints(inputs: Readonly<Record<string, string>>, permissions: Permissions): Promise<number> {
  const tenant = await acme({ users: [{ id: 'auth0|1' }] })
  const repository = await acmeRepository(tenant)
  repository.record(repository.commit(manifestOf([])), 'success')
  const commit = repository.commit(manifestOf(USERS))
  const more = inputs.comment === undefined ? {} : PULL_REQUEST
  const run = await repository.run(commit, inputs, permissions, undefined, more)
  return run.annotations.length
}

describe.each(JOBS)('$job', ({ inputs, permissions }) => {
  it('works with the permissions of its row', async () => {
    expect(await complaints(inputs, { ...NONE, ...permissions })).toBe(0)
  })

  // Without the ledger, a checkout is all that is needed of GitHub.
  const names = permissions.deployments === undefined ? [] : Object.keys(permissions)
  it.each(names)('needs %s', async name => {
    const less = permissions[name] === 'write' && name === 'deployments' ? 'read' : 'none'
    expect(await complaints(inputs, { ...NONE, ...permissions, [name]: less })).toBeGreaterThan(0)
  })
})
