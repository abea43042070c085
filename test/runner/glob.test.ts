import { join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { adviseOnPattern, isGlob, pathInWorkspace } from '../../src/runner/glob.ts'

describe('a glob', () => {
  it.each(['*.yml', 'a?.yml', '[ab].yml', '{a,b}.yml', '+(a).yml', '@(a).yml', '!(a).yml', 'x/!(a).yml', '**'])(
    'is %s',
    pattern => {
      expect(isGlob(pattern)).toBe(true)
    },
  )
  it.each(['a.yml', 'x/a.yml', '!a.yml', '!a*.yml', '!**/a.yml', '(a).yml', 'a!.yml', 'a+b@c.yml', ''])(
    'is not %j',
    pattern => {
      expect(isGlob(pattern)).toBe(false)
    },
  )
})

/** The folder in which GitHub's own runners have their workspaces. */
const HOSTED = ['home', 'runner', 'work']

describe('a path in the workspace of another machine or container', () => {
  it.each([
    [join('/', ...HOSTED, 'access/access/permissions/a.yml'), 'permissions/a.yml'],
    ['/__w/access/access/a.yml', 'a.yml'],
    ['/github/workspace/permissions/*.yml', 'permissions/*.yml'],
    ['/opt/runner/_work/access/access/a.yml', 'a.yml'],
    ['C:\\actions\\_work\\access\\access\\a.yml', 'a.yml'],
  ])('%s is %s', (path, within) => {
    expect(pathInWorkspace(path, '/work')).toBe(within)
  })

  it.each(['/__w/access/access/a.yml', '/__w/_temp', '/etc/a.yml', 'a.yml', 'github/workspace/a.yml'])(
    'is not %s',
    path => {
      expect(pathInWorkspace(path, '/__w/access/access')).toBeUndefined()
    },
  )
})

describe('the advice for a line without a matching file', () => {
  it.each([
    ['a.yml,b.yml', 'without separators'],
    ['a.yml, b.yml', 'without separators'],
    ['a.yml b.yml', 'without separators'],
    ['a.yml;b.yml', 'without separators'],
    ['!x.yml', 'nothing can be excluded'],
    ['!x*.yml', 'nothing can be excluded'],
    ['["x"]', 'without brackets'],
    ["['a.yml', 'b.yml']", 'without brackets'],
    ['[a.yml]', 'without brackets'],
    ['"a.yml"', 'without quotes'],
    ["'a.yml'", 'without quotes'],
    ['- a.yml', 'without "- " before it'],
    ['permissions\\a.yml', 'write / between folders'],
    ['~/a.yml', 'variables and ~ are not expanded'],
    ['$GITHUB_WORKSPACE/a.yml', 'variables and ~ are not expanded'],
    ['/github/workspace/a.yml', 'path relative to the workspace: a.yml'],
    ['a.yml', 'correct the input manifest, or add the file'],
    ['my files/a.yml', 'correct the input manifest, or add the file'],
  ])('%s', (pattern, advice) => {
    expect(adviseOnPattern(pattern, '/work')).toContain(advice)
  })
})
