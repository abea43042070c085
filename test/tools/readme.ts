// The tables in Markdown pages that are generated from code: `npm run readme` writes them, and a test compares them.

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { type NEEDED_SCOPES, neededScopes, type ROLE_SCOPES } from '../../src/plan/guard.ts'
import { readDefinition } from '../e2e/action.ts'

const ROOT = new URL('../../', import.meta.url)
export const PAGES = ['README.md', 'SECURITY.md', '.github/workflows/examples/README.md'] as const

/** The current text of a page. */
export function readPage(page: string): Promise<string> {
  return readFile(new URL(page, ROOT), 'utf8')
}

const EXAMPLES = new URL('../../.github/workflows/examples/', import.meta.url)

type Scope = (typeof NEEDED_SCOPES | typeof ROLE_SCOPES)[keyof typeof NEEDED_SCOPES][number]

const SCOPE_USES: Readonly<Record<Scope, string>> = {
  'read:users': 'to read what listed users have, and to find users by e-mail',
  'read:resource_servers': 'to check the names of APIs and permissions',
  'update:users': 'to grant and to revoke',
  'read:roles': 'for roles: to find them by name',
  'read:role_members': 'for roles: to read who has them',
  'create:role_members': 'for roles: to assign them to users',
  'delete:role_members': 'for roles: to remove them from users',
}

/** The `permissions` that a job needs; a test runs each row with exactly these, and with less. */
export const JOBS: readonly {
  readonly job: string
  readonly inputs: Readonly<Record<string, string>>
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
}[] = [
  { job: '`validate`', inputs: { mode: 'validate' }, permissions: { contents: 'read' } },
  { job: '`export`', inputs: { mode: 'export', manifest: 'new.yml', users: 'auth0|1' }, permissions: {} },
  { job: '`plan`', inputs: { mode: 'plan' }, permissions: { contents: 'read' } },
  {
    job: '`plan` with `comment: true`',
    inputs: { mode: 'plan', comment: 'true' },
    permissions: { contents: 'read', 'pull-requests': 'write' },
  },
  { job: '`apply`', inputs: { mode: 'apply' }, permissions: { contents: 'write' } },
]

/** The page with its generated tables. */
export async function renderPage(text: string): Promise<string> {
  const { inputs, outputs } = await readDefinition()
  const tables: Readonly<Record<string, readonly string[]>> = {
    inputs: table(
      ['input', 'default', 'meaning'],
      Object.entries(inputs).map(([name, { default: value, description }]) => [
        `\`${name}\``,
        value === undefined ? '' : `\`${value}\``,
        description,
      ]),
    ),
    outputs: table(
      ['output', 'meaning'],
      Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]),
    ),
    scopes: table(
      ['scope', 'what for', 'modes'],
      Object.entries(SCOPE_USES).map(([scope, use]) => [`\`${scope}\``, use, modesOf(scope)]),
    ),
    permissions: table(
      ['job', '`permissions`'],
      JOBS.map(({ job, permissions }) => [
        job,
        Object.entries(permissions)
          .map(([name, level]) => `\`${name}: ${level}\``)
          .join(', ') || 'none',
      ]),
    ),
    examples: table(['workflow', 'what it does'], await exampleRows()),
  }
  return Object.entries(tables).reduce((page, [section, lines]) => replaceSection(page, section, lines), text)
}

function modesOf(scope: string): string {
  const roles = { assigns: true, removes: true }
  const modes = (['plan', 'apply', 'export'] as const).filter(mode => neededScopes(mode, roles).includes(scope))
  return modes.map(mode => `\`${mode}\``).join(', ')
}

/** The first line of each example says what it does. */
async function exampleRows(): Promise<readonly (readonly string[])[]> {
  const files = (await readdir(EXAMPLES)).filter(file => file.endsWith('.yml')).sort()
  return Promise.all(
    files.map(async file => {
      const [first = ''] = (await readFile(new URL(file, EXAMPLES), 'utf8')).split('\n')
      return [`[${file}](${file})`, first.replace(/^# /, '')]
    }),
  )
}

function table(headers: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [headers, headers.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
}

function replaceSection(page: string, section: string, lines: readonly string[]): string {
  const pattern = new RegExp(`(<!-- ${section} -->\n)[\\s\\S]*?(<!-- /${section} -->)`)
  return page.replace(pattern, (_, open, close) => `${open}${lines.join('\n')}\n${close}`)
}

if (process.argv.includes('--write')) {
  for (const page of PAGES) await writeFile(new URL(page, ROOT), await renderPage(await readPage(page)))
}
