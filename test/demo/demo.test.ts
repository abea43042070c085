// What the demo shows: a short story, mistakes in a user's own file, an export.

import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPage } from '../tools/readme.ts'

const PROGRAM = fileURLToPath(new URL('demo.ts', import.meta.url))
/** The demo loads both embedded servers every time. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../build/compile-cache', import.meta.url))
const ORDERS = 'https://orders.acme.com/'
/** Columns and lines of a terminal, minus the four lines that npm prints first. */
const TERMINAL = { columns: 80, lines: 40 - 4 }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Demo {
  readonly exitCode: number | null
  readonly output: string
  readonly errors: string
}

async function demo(...args: readonly string[]): Promise<Demo> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { NODE_COMPILE_CACHE, ...process.env, TMPDIR: folder },
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { exitCode: await ended, output, errors }
}

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** The folder whose path the demo prints. */
async function filesOf({ output }: Demo): Promise<readonly string[]> {
  const [, path = ''] = /^Job summar.*: (\S+)$/m.exec(output) ?? []
  return readdir(path, { recursive: true })
}

const manifestWith = (permission: string) => `users:
  - id: auth0|ada
    permissions:
      ${ORDERS}: [${permission}]
`

describe('npm run demo', () => {
  it('fits its story on one page of a terminal, and keeps its files', async () => {
    const run = await demo()
    expect(run).toMatchObject({ exitCode: 0, errors: '' })
    const lines = run.output.trimEnd().split('\n')
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / TERMINAL.columns)), 0)
    expect(rows).toBeLessThan(TERMINAL.lines)
    expect(lines.filter(line => line.startsWith('━'))).toEqual(
      ['validate', 'plan', 'apply', 'apply'].map(mode => expect.stringContaining(` mode: ${mode}, exit code: 0 `)),
    )
    expect(run.output).toContain('3 users would change: 6 grants and 3 revocations.')
    expect(run.output).toContain('\n  + grant the role Support\n')
    expect(run.output).toContain('\n  - revoke the role Auditor (removed from the manifest)\n')
    expect(run.output).toContain('\nThe second apply found nothing to do: unchanged\n')
    const files = (await filesOf(run)).map(file => file.replace(/auth0-permissions-\w+/, '…'))
    expect(files).toEqual(expect.arrayContaining(['3-plan/summary.md', '3-plan/temp/…/plan.json']))
  })

  it('shows everything with --verbose, with the inputs of the quick start', async () => {
    const run = await demo('plan', '--verbose')
    expect(run).toMatchObject({ exitCode: 0, errors: '' })
    expect(run.output).toContain('  AUTH0 PERMISSIONS: CHANGES PLANNED\n')
    expect(run.output).toContain('Mode  │  plan, revoke: managed, scope: all\n')
    const [, report = ''] = /^ {2}report-file: (.*)$/m.exec(run.output) ?? []
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ mode: 'plan', revoke: 'managed' })
    const readme = await readPage('README.md')
    const [, quickStart = ''] = /^## Quick start\n(.*?)^## /ms.exec(readme) ?? []
    expect(quickStart).toContain('mode: apply')
    expect(quickStart).not.toMatch(/revoke:|require-merged:/)
  })

  it('plans the first manifest in the README', async () => {
    const readme = await readPage('README.md')
    const [, manifest = ''] = /^### 3\. The manifest.*?```yaml\n(.*?)```/ms.exec(readme) ?? []
    const run = await demo('plan', await write('first.yml', manifest))
    expect(run.exitCode).toBe(0)
    expect(run.output).toContain('\n2 users would change: 3 grants.\n')
  })

  it.each<[form: string, given: (path: string) => string]>([
    ['absolute', path => path],
    ['relative', path => relative('', path)],
  ])('shows mistakes with the given path, and exits as the action does: %s', async (form, given) => {
    const path = given(await write(`mistake-${form}.yml`, manifestWith('read:oders')))
    const run = await demo('plan', path)
    expect(run).toMatchObject({ exitCode: 1, errors: '' })
    expect(run.output).toContain(`\nError: ${path}:4:`)
    expect(run.output).toContain('has no permission "read:oders". Did you mean "read:orders"?\n')
  })

  it('reports a missing file in one sentence', async () => {
    expect(await demo('validate', 'nowhere.yml')).toEqual({
      exitCode: 1,
      output: '',
      errors: 'There is no file nowhere.yml.\n',
    })
  })

  it.each(['plam', '--loud'])('prints its usage: %s', async argument => {
    const { exitCode, output, errors } = await demo(argument)
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' })
    expect(errors).toMatch(/^Usage: npm run demo\n/)
  })

  it('exports the embedded tenant’s users, and plans the result', async () => {
    const path = join(folder, 'exported.yml')
    const run = await demo('export', path)
    expect(run.exitCode).toBe(0)
    expect(run.output).toContain(
      `\nExported: ${path} lists 3 users with 3 direct permissions and 3 roles; 1 user without`,
    )
    expect(run.output).toContain(`\n${await readFile(path, 'utf8')}\n`)
    const plan = await demo('plan', path)
    expect(plan.exitCode).toBe(0)
    expect(plan.output).toContain('\nUnchanged: all 3 listed users match the manifest.\n')
    const again = await demo('export', path)
    expect(again.exitCode).toBe(1)
    expect(again.output).toContain(`\nError: Input manifest: ${path} cannot be written: it already exists`)
  })
})
