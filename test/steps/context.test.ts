import { expect, it } from 'vitest'
import { type Task, usersOf } from '../../src/steps/context.ts'

const files = { manifest: { users: [{ id: 'auth0|1' }, { email: 'grace@acme.com' }] } }

it.each([
  ['those that the manifest lists, by id or address', { files }, ['auth0|1', 'grace@acme.com']],
  ['those of a saved plan', { files, saved: { users: [{ user: 'auth0|2' }] } }, ['auth0|2']],
])('the users of a task are %s', (_, task, users) => {
  expect(usersOf(task as unknown as Task)).toEqual(users)
})
