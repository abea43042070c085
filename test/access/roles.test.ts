import { describe, expect, it } from 'vitest'
import { displayNames, findRoles, indexRoles, isRoleId } from '../../src/access/roles.ts'

const ROLES = indexRoles(
  new Map([
    ['rol_1', 'Support'],
    ['rol_2', 'Auditor'],
    ['rol_3', 'Auditor'],
    ['rol_4', ''],
    ['rol_5', ' '],
    ['rol_6', 'rol_1'],
  ]),
)

describe('a reference', () => {
  it.each<[string, string, readonly string[]]>([
    ['a name is the role with it', 'Support', ['rol_1']],
    ['a name that two roles have may be either', 'Auditor', ['rol_2', 'rol_3']],
    ['an id is the role with it', 'rol_2', ['rol_2']],
    ['an id is not a role with that name', 'rol_1', ['rol_1']],
    ['an unknown id is nothing', 'rol_9', []],
    ['an unknown name is nothing', 'support', []],
  ])('that is %s', (_, reference, ids) => {
    expect(findRoles(reference, ROLES)).toEqual(ids)
  })
})

it('a role is displayed by its name, with its id if the name is blank or shared', () => {
  expect(Object.fromEntries(displayNames(ROLES))).toEqual({
    rol_1: 'Support',
    rol_2: 'Auditor (rol_2)',
    rol_3: 'Auditor (rol_3)',
    rol_4: '(rol_4)',
    rol_5: '(rol_5)',
    rol_6: 'rol_1',
  })
})

it.each([
  ['rol_Ab9', true],
  ['rol_', false],
  ['rol_a b', false],
  ['rol_a-b', false],
  ['a rol_b', false],
  ['Rol_a', false],
  ['Support', false],
])('has the form of a role’s id: %j is %s', (text, expected) => {
  expect(isRoleId(text)).toBe(expected)
})
