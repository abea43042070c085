import fs, { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { InputError, TenantError } from '../../src/errors.ts'
import { createJournal } from '../../src/report/journal.ts'
import type { ExportInputs } from '../../src/runner/inputs.ts'
import type { TenantContext } from '../../src/steps/context.ts'
import { exportUsers } from '../../src/steps/export-users.ts'
import type { Tenant } from '../../src/tenant/tenant.ts'

const home = mkdtempSync(join(tmpdir(), 'export-'))
const workspace = join(home, 'workspace')
mkdirSync(workspace)
const place = (name: string) => join(workspace, name)
for (const name of ['folder', 'locked']) mkdirSync(place(name))
writeFileSync(place('file'), 'x')
writeFileSync(join(home, 'outside'), 'x')
symlinkSync('nothing', place('dangling'))
symlinkSync('file', place('link'))
symlinkSync(home, place('out'))
symlinkSync('folder', place('in'))
symlinkSync('.', place('here'))

afterAll(() => rmSync(home, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

/** @param onSearch what happens while the tenant is read */
async function exportTo(
  manifest: string,
  { onSearch = () => undefined, tenant = {} }: { onSearch?: () => void; tenant?: Partial<Tenant> } = {},
) {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const scopes = vi.fn(async () => undefined)
  const journal = createJournal()
  const searchUsers = async () => {
    onSearch()
    return []
  }
  const context = {
    inputs: { manifest: [manifest], domain: { host: 't' }, users: [], query: '*' },
    tenant: { searchUsers, ...tenant },
    session: { scopes },
    workflow: { workspace },
    heartbeat: { startProgress: () => ({ step: () => undefined, end: () => undefined }) },
    journal,
  } as unknown as TenantContext<ExportInputs>
  const failure = await exportUsers(context).catch((error: unknown) => error)
  return { failure, asked: scopes.mock.calls.length > 0, exported: journal.entries().exported }
}

describe('the path of an export', () => {
  it.each([
    ['in the workspace', 'new.yml', 'new.yml'],
    ['in folders that do not exist yet', 'a/b/new.yml', 'a/b/new.yml'],
    ['in a folder through a link within the workspace', 'in/new.yml', 'in/new.yml'],
    ['in the workspace through a link', 'here/another.yml', 'here/another.yml'],
  ])('may be %s', async (_, manifest, path) => {
    const { failure, exported } = await exportTo(manifest)
    expect(failure).toBeUndefined()
    expect(exported).toEqual({ path, grants: 0, leftOut: 0 })
    expect(readFileSync(place(path), 'utf8')).toContain('users: []')
  })

  it('may be outside the workspace if it is absolute', async () => {
    const path = join(home, 'whole.yml')
    expect((await exportTo(path)).failure).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toContain('users: []')
  })

  it.each([
    ['a file', 'file', 'file cannot be written: it already exists, and mode export never changes a file.'],
    ['a folder', 'folder', 'it already exists'],
    ['a folder that does not exist', 'missing/', 'missing/ is a folder; mode export writes a file, so add its name.'],
    ['a link', 'link', 'it already exists'],
    ['a dangling link', 'dangling', 'it already exists'],
    ['behind a dangling link', 'dangling/new.yml', 'ENOENT'],
    ['behind a link out of the workspace', 'out/new.yml', 'a symbolic link in its path points outside the workspace'],
    [
      'in a folder behind a link out of the workspace',
      'out/a/b/new.yml',
      'a symbolic link in its path points outside the workspace',
    ],
    ['a file behind a link out of the workspace', 'out/outside', 'it already exists'],
    ['below a file', 'file/new.yml', 'ENOTDIR'],
    ['deep below a file', 'link/a/new.yml', 'ENOTDIR'],
    ['a name that is too long', `${'a'.repeat(300)}.yml`, 'ENAMETOOLONG'],
    ['a path on another machine', '/__w/r/r/new.yml', 'path relative to the workspace: new.yml.'],
  ])('is refused before any request if it is %s', async (_, manifest, words) => {
    const { failure, asked, exported } = await exportTo(manifest)
    expect(failure).toBeInstanceOf(InputError)
    expect(String(failure)).toMatch(/^InputError: Input manifest: /)
    expect(String(failure)).toContain(words)
    expect({ asked, exported }).toEqual({ asked: false, exported: undefined })
  })

  it('is refused before any request if it is in a folder that belongs to another user', async () => {
    // The tests may run as root, which may write anywhere.
    vi.spyOn(fs, 'accessSync').mockImplementation(path => {
      if (String(path).endsWith('locked')) throw new Error(`EACCES: permission denied, access '${path}'`)
    })
    syncBuiltinESMExports()
    const { failure, asked, exported } = await exportTo('locked/a/new.yml')
    expect(failure).toBeInstanceOf(InputError)
    expect(String(failure)).toMatch(/^InputError: Input manifest: locked\/a\/new\.yml cannot be written: EACCES/)
    expect({ asked, exported }).toEqual({ asked: false, exported: undefined })
  })

  it('is not overwritten if the file is created in the meantime', async () => {
    const { failure } = await exportTo('taken.yml', { onSearch: () => writeFileSync(place('taken.yml'), 'theirs') })
    expect(String(failure)).toMatch(/^ActionError: The manifest could not be written: EEXIST/)
    expect(readFileSync(place('taken.yml'), 'utf8')).toBe('theirs')
  })
})

it.each([
  ['a tenant that fails', new TenantError('down', { request: 'GET /roles', reach: 'run', attempts: 8, advice: '' })],
  ['a defect', new TypeError('odd')],
])('%s is not reported as roles that the token cannot read', async (name, error) => {
  const { failure, exported } = await exportTo(`${name}.yml`, {
    tenant: { searchUsers: async () => ['auth0|1'], roles: () => Promise.reject(error) },
  })
  expect(failure).toBe(error)
  expect(exported).toBeUndefined()
})
