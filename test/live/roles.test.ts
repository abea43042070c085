import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Reach, TenantError } from '../../src/errors.ts'
import { type HeldRoles, type RoleReader, readRoles } from '../../src/live/roles.ts'

const PER_PAGE = 100
const startProgress = () => ({ step: () => undefined, end: () => undefined })
const MAX_NUMBERED = 1000

type Holders = Readonly<Record<string, readonly string[]>>

/** A tenant that returns a hundred members per page, and counts its requests. */
function tenantOf(holders: Holders, failing: Readonly<Record<string, TenantError>> = {}) {
  const requests = { users: 0, roles: 0 }
  const reader: RoleReader = {
    rolesOf: async user => {
      requests.users++
      if (failing[user] !== undefined) throw failing[user]
      return new Set(Object.keys(holders).filter(role => holders[role]?.includes(user)))
    },
    membersOf: async role => {
      requests.roles++
      if (failing[role] !== undefined) throw failing[role]
      const all = holders[role] ?? []
      const pages = Math.max(1, Math.ceil(all.length / PER_PAGE))
      const more = all.length > MAX_NUMBERED ? pages : pages - 1
      return { role, users: new Set(all.slice(0, PER_PAGE)), total: all.length, more }
    },
    allMembersOf: async ({ role, more }) => {
      requests.roles += more
      return new Set(holders[role])
    },
  }
  return { reader, requests }
}

function people(count: number, prefix = 'u'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

async function read(users: readonly string[], holders: Holders, roles = Object.keys(holders)) {
  const { reader, requests } = tenantOf(holders)
  const held = await readRoles({ users, roles: new Set(roles), width: 4, startProgress }, reader)
  return { held, requests }
}

describe('role assignments', () => {
  it.each<readonly [string, readonly string[], Holders, { users: number; roles: number }]>([
    [
      '1,000 users and 3 roles of 40 members: role by role',
      people(1000),
      { a: people(40), b: people(40), c: people(40) },
      { users: 0, roles: 3 },
    ],
    ['5 users and a role of 40,000 members: user by user', people(5), { a: people(40_000) }, { users: 5, roles: 1 }],
    ['as many users as roles: user by user', people(2), { a: people(3), b: [] }, { users: 2, roles: 0 }],
    ['a role of two pages: role by role', people(5), { a: people(200) }, { users: 0, roles: 2 }],
    ['no users', [], { a: people(3) }, { users: 0, roles: 0 }],
    ['no roles', people(3), {}, { users: 0, roles: 0 }],
  ])('are read in the cheaper way: %s', async (_, users, holders, expected) => {
    const { requests } = await read(users, holders)
    expect(requests).toEqual(expected)
  })

  it('are the same either way, without irrelevant roles and users', async () => {
    const holders = { a: ['u0', 'stranger'], b: ['u1', 'u0'], other: ['u0', 'u1', 'u2'] }
    const byUser = await read(people(2), holders, ['a', 'b'])
    const byRole = await read(people(3), holders, ['a', 'b'])
    expect(byUser.requests.roles + byRole.requests.users).toBe(0)
    expect([...byRole.held]).toEqual([
      ['u0', { roles: new Set(['a', 'b']) }],
      ['u1', { roles: new Set(['b']) }],
      ['u2', { roles: new Set() }],
    ])
    expect([...byUser.held]).toEqual([
      ['u0', { roles: new Set(['a', 'b']), others: 1 }],
      ['u1', { roles: new Set(['b']), others: 1 }],
    ])
  })

  it('take no more requests than there are users and roles', async () => {
    const sizes = fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 60 }), sizes, async (count, members) => {
        const holders = Object.fromEntries(members.map((size, index) => [`r${index}`, people(size)]))
        const { held, requests } = await read(people(count), holders)
        expect(requests.users + requests.roles).toBeLessThanOrEqual(count + members.length)
        for (const user of members.length === 0 ? [] : people(count)) {
          const expected = Object.keys(holders).filter(role => holders[role]?.includes(user))
          expect([...(held.get(user) as HeldRoles).roles].sort()).toEqual(expected.sort())
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('roles that cannot be read', () => {
  const failure = (reach: Reach) =>
    new TenantError('No', { request: 'GET /x', reach, attempts: 1, status: 500, advice: 'Do.' })
  const holders = { a: ['u0'], b: ['u1'] }

  it('of one user do not stop the others', async () => {
    const error = failure('user')
    const { reader } = tenantOf(holders, { u0: error })
    const held = await readRoles({ users: people(2), roles: new Set(['a', 'b']), width: 1, startProgress }, reader)
    expect([...held]).toEqual([
      ['u0', error],
      ['u1', { roles: new Set(['b']), others: 0 }],
    ])
  })

  it.each<readonly [string, number, string, Reach]>([
    ['a failure for every user', 2, 'u0', 'run'],
    ['the members of a role', 3, 'a', 'user'],
  ])('stop the run: %s', async (_, users, failing, reach) => {
    const { reader } = tenantOf(holders, { [failing]: failure(reach) })
    const reading = readRoles({ users: people(users), roles: new Set(['a', 'b']), width: 1, startProgress }, reader)
    await expect(reading).rejects.toThrow('No')
  })

  it('because the user was deleted are empty', async () => {
    const { reader } = tenantOf(holders)
    const gone = { ...reader, rolesOf: async () => undefined }
    const held = await readRoles({ users: ['u0'], roles: new Set(['a']), width: 1, startProgress }, gone)
    expect([...held]).toEqual([['u0', { roles: new Set(), others: 0 }]])
  })
})
