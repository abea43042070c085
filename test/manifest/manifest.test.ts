import { describe, expect, it } from 'vitest'
import { grantOf, roleGrantOf } from '../../src/access/grants.ts'
import { indexRoles } from '../../src/access/roles.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { type Manifest, readManifest, resolveRoles } from '../../src/manifest/manifest.ts'
import { cpuTime } from '../clock.ts'
import { LARGE_TEAM } from '../tools/soak.ts'

const ROLES = indexRoles(
  new Map([
    ['rol_1', 'Support'],
    ['rol_2', 'Auditor'],
    ['rol_3', 'Twin'],
    ['rol_4', 'Twin'],
  ]),
)

function read(content: object, now = '2026-06-01'): Manifest {
  const { documents } = parseDocument('m.yml', JSON.stringify(content))
  return readManifest(documents, new Date(now)).manifest
}

const resolve = (content: object) => resolveRoles(read(content), ROLES)
const grantsOf = ({ users }: Manifest) => users.map(({ grants }) => [...grants])
const role = (id: string) => roleGrantOf(id)

describe('references to roles are resolved to ids', () => {
  it('in the grants of users, in expired grants, and in the named roles', () => {
    const manifest = resolve({
      roles: ['Auditor', 'Support'],
      users: [
        { id: 'a|u', roles: ['Support', 'rol_2'], permissions: { 'a:': ['x'] } },
        { id: 'a|v', roles: [{ name: 'Auditor', expires: '2026-01-01' }] },
      ],
    })
    expect(manifest.roles).toEqual(new Set(['rol_2', 'rol_1']))
    expect(manifest.users.map(({ id, grants, expired }) => [id, [...grants.keys()], expired])).toEqual([
      ['a|u', expect.arrayContaining([role('rol_1'), role('rol_2'), grantOf('a:', 'x')]), undefined],
      ['a|v', [], new Set([role('rol_2')])],
    ])
    expect(manifest.users[0]?.grants.size).toBe(3)
  })

  it('and nothing else changes', () => {
    const content = { apis: { a: 'a:' }, users: [{ email: 'A@b.io', roles: ['Support'] }] }
    const [before, after] = [read(content), resolve(content)]
    expect({ ...after, roles: before.roles, users: before.users }).toEqual(before)
    expect(after.users).toMatchObject([{ email: 'A@b.io', mention: before.users[0]?.mention }])
  })

  it.each([
    ['the longer expiry counts', ['2026-12-31', '2027-12-31'], '2027-12-31'],
    ['in any order', ['2027-12-31', '2026-12-31'], '2027-12-31'],
    ['an instant may be the longer one', ['2026-12-31', '2027-01-01T00:00:01Z'], '2027-01-01T00:00:01Z'],
    ['no expiry is the longest', ['2026-12-31', undefined], undefined],
    ['even if it comes first', [undefined, '2026-12-31'], undefined],
  ])('and of two references to one role, %s', (_, [first, second], expected) => {
    const roles = [
      { name: 'Support', expires: first },
      { name: 'rol_1', expires: second },
    ]
    const [grants] = grantsOf(resolve({ users: [{ id: 'a|u', roles }] }))
    expect(grants?.map(([grant, { expires }]) => [grant, expires])).toEqual([[role('rol_1'), expected]])
  })

  it('and a role has not expired if one of its references has not', () => {
    const roles = [{ name: 'Support', expires: '2026-01-01' }, 'rol_1', { name: 'Auditor', expires: '2026-01-01' }]
    expect(resolve({ users: [{ id: 'a|u', roles }] }).users).toMatchObject([
      { grants: new Map([[role('rol_1'), {}]]), expired: new Set([role('rol_2')]) },
    ])
  })

  it('unless they are unknown or ambiguous', () => {
    const manifest = resolve({ users: [{ id: 'a|u', roles: ['Twin', 'Nobody', 'Support'] }] })
    expect(manifest.roles).toEqual(new Set(['Twin', 'Nobody', 'rol_1']))
    expect(grantsOf(manifest)[0]?.map(([grant]) => grant)).toEqual(['Twin', 'Nobody', 'rol_1'].map(role))
  })

  it('and a manifest without roles has none', () => {
    const manifest = read({ users: [{ id: 'a|u', permissions: { 'a:': ['x'] } }] })
    expect(resolveRoles(manifest, ROLES)).toBe(manifest)
  })

  it(`for ${LARGE_TEAM} users at once`, () => {
    const roles = ['Support', 'Auditor', 'rol_3', 'rol_4', 'Nobody']
    const manifest = read({ users: Array.from({ length: LARGE_TEAM }, (_, index) => ({ id: `a|${index}`, roles })) })
    const from = cpuTime()
    const { users } = resolveRoles(manifest, ROLES)
    expect(cpuTime() - from).toBeLessThan(LARGE_TEAM / 25)
    expect(users).toHaveLength(LARGE_TEAM)
  })
})
