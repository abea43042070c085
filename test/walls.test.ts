// Who may import whom in src/: one table for the folders, one for the packages.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** From the vocabulary to the whole run: each folder may import those named here, and `errors.ts`. */
const WALLS: Readonly<Record<string, readonly string[]>> = {
  access: [],
  runner: ['access'],
  github: ['runner'],
  tenant: ['access', 'runner'],
  manifest: ['access', 'runner'],
  ledger: ['access', 'manifest', 'github'],
  live: ['access', 'manifest', 'ledger'],
  plan: ['access', 'runner', 'manifest', 'ledger', 'live'],
  report: ['access', 'runner', 'manifest', 'live', 'plan', 'tenant'],
  steps: ['access', 'runner', 'github', 'tenant', 'manifest', 'ledger', 'live', 'plan', 'report'],
  '.': ['runner', 'steps'],
}

/** What other folders may import from a folder; everything if it is not listed. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  live: ['survey.ts'],
  manifest: ['manifest.ts'],
  tenant: ['tenant.ts'],
  report: ['journal.ts', 'record.ts', 'conclude.ts', 'log.ts', 'heartbeat.ts', 'files.ts', 'comment.ts', 'publish.ts'],
  runner: [
    ...['inputs.ts', 'credential.ts', 'workflow.ts', 'environment.ts'],
    ...['secrets.ts', 'cancel.ts', 'clock.ts', 'glob.ts', 'paths.ts'],
  ],
}

/** Who may import a package; everybody if it is not listed. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@actions/core': ['runner/inputs.ts', 'runner/secrets.ts', 'report/log.ts', 'report/publish.ts'],
  '@actions/github': ['github/github.ts'],
  undici: ['tenant/exchange.ts'],
  'js-yaml': ['manifest/load.ts', 'manifest/locate.ts', 'manifest/scalars.ts', 'manifest/yaml-advice.ts'],
  'p-map': ['live/progress.ts', 'plan/apply.ts'],
}

/** Files whose first comment says that they are pure import neither I/O nor anything that uses it. */
const IMPURE_PACKAGES = /^(node:(?!path\/posix$|util$|crypto$)|@actions\/|undici$|p-map$)/

interface Source {
  readonly file: string
  readonly pure: boolean
  readonly imports: readonly Import[]
}

interface Import {
  readonly of: string
  readonly types: boolean
}

const ROOT = fileURLToPath(new URL('../src/', import.meta.url))
const SOURCES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(readSource)

function readSource(file: string): Source {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const statements = text.matchAll(/^import (type )?(?:[^'()]+ from )?'([^']+)'/gm)
  const lazy = text.matchAll(/\bimport\('([^']+)'\)/g)
  const imports = [
    ...[...statements].map(([, types, of = '']) => ({ of: resolve(file, of), types: types !== undefined })),
    ...[...lazy].map(([, of = '']) => ({ of: resolve(file, of), types: false })),
  ]
  const [comment = ''] = text.split('\n\n')
  return { file, pure: /^\/\/ .*\bPure\.$/s.test(comment), imports }
}

function resolve(file: string, of: string): string {
  return of.startsWith('.') ? normalize(join(dirname(file), of)) : of
}

function folderOf(file: string): string {
  return file.includes('/') ? String(file.split('/')[0]) : '.'
}

function isOwn({ of }: Import): boolean {
  return of.endsWith('.ts')
}

describe('the walls of src/', () => {
  it('exist for each folder', () => {
    expect([...new Set(SOURCES.map(({ file }) => folderOf(file)))].sort()).toEqual(Object.keys(WALLS).sort())
  })

  it.each(Object.entries(WALLS))('%s imports only from allowed folders', (folder, allowed) => {
    const crossings = SOURCES.filter(({ file }) => folderOf(file) === folder).flatMap(({ file, imports }) =>
      imports
        .filter(isOwn)
        .filter(({ of }) => of !== 'errors.ts' && ![folder, ...allowed].includes(folderOf(of)))
        .map(({ of }) => `${file} → ${of}`),
    )
    expect(crossings).toEqual([])
  })

  it.each(Object.entries(DOORS))('%s is only imported through its entry files, each of which is', (folder, doors) => {
    const crossings = SOURCES.filter(({ file }) => folderOf(file) !== folder).flatMap(({ imports }) =>
      imports.map(({ of }) => of).filter(of => folderOf(of) === folder),
    )
    expect([...new Set(crossings)].sort()).toEqual(doors.map(door => `${folder}/${door}`).sort())
  })

  it.each(Object.entries(PACKAGES))('%s is imported by exactly the listed files', (name, files) => {
    const importers = SOURCES.filter(({ imports }) => imports.some(({ of }) => of === name)).map(({ file }) => file)
    expect(importers.sort()).toEqual([...files].sort())
  })

  it('keep pure files from importing impure ones', () => {
    const pure = new Set(SOURCES.filter(source => source.pure).map(({ file }) => file))
    expect(pure.size).toBeGreaterThan(30)
    const impure = SOURCES.filter(({ file }) => pure.has(file)).flatMap(({ file, imports }) =>
      imports
        .filter(({ of, types }) => !types && (of.endsWith('.ts') ? !pure.has(of) : IMPURE_PACKAGES.test(of)))
        .map(({ of }) => `${file} → ${of}`),
    )
    expect(impure).toEqual([])
  })

  it('allow no import cycles', () => {
    const open = new Set<string>()
    const done = new Set<string>()
    const importsOf = new Map(SOURCES.map(({ file, imports }) => [file, imports.filter(isOwn).map(({ of }) => of)]))
    const circles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (open.has(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (open.has(file) || done.has(file)) return
      open.add(file)
      for (const next of importsOf.get(file) ?? []) visit(next, [...path, file])
      open.delete(file)
      done.add(file)
    }
    for (const { file } of SOURCES) visit(file, [])
    expect(circles).toEqual([])
  })
})
