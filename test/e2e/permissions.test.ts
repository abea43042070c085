// The job permissions that README.md lists are sufficient, and each of them is needed.

import { describe, expect, it } from 'vitest'
import { JOBS } from '../tools/readme.ts'
import { acme, ORDERS, WITH_ROLES } from './acme.ts'
import { acmeRepository, manifestOf, type Permissions } from './repository.ts'

const NONE: Permissions = { contents: 'none', 'pull-requests': 'none' }
const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]

/** Errors and warnings of a run with these permissions. */
async function complaints(inputs: Readonly<Record<string, string>>, permissions: Permissions): Promise<number> {
  const tenant = await acme({ ...WITH_ROLES, users: [{ id: 'auth0|1' }] })
  const repository = await acmeRepository(tenant)
  repository.begin([{ id: 'auth0|1', permissions: {} }])
  const commit = repository.commit(manifestOf(USERS))
  const run = inputs.comment === undefined ? {} : { pullRequest: 5 }
  return (await repository.run(commit, { inputs, permissions, run })).annotations.length
}

describe.each(JOBS)('$job', ({ inputs, permissions }) => {
  it('works with the permissions of its row', async () => {
    expect(await complaints(inputs, { ...NONE, ...permissions })).toBe(0)
  })

  // In mode validate, only actions/checkout needs permissions.
  const names = inputs.mode === 'validate' ? [] : Object.keys(permissions)
  it.each(names)('needs %s', async name => {
    const less = permissions[name] === 'write' && name === 'contents' ? 'read' : 'none'
    expect(await complaints(inputs, { ...NONE, ...permissions, [name]: less })).toBeGreaterThan(0)
  })
})
