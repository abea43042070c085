import { expect, it } from 'vitest'
import { withoutRoles } from '../../src/steps/check-roles.ts'

it('a run that names no role takes every role for one that exists', () => {
  const task = { files: { documents: [], manifest: { users: [] } }, saved: undefined } as never
  const { exists, names, refused } = withoutRoles({ task })
  expect(exists({ role: 'rol_clerk' })).toBe(true)
  expect(names.size).toBe(0)
  expect(refused).toBe(false)
})
