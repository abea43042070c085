// `npm run bench`: prints the README's tables. With names of parts as arguments, those alone:
// rate-limit, start-up, size, large-manifests.

import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BUNDLE } from '../e2e/action.ts'
import { measureLargeManifests } from './large-manifests.ts'
import { createWorkspace, type Workspace } from './programs.ts'
import { compareUnderRateLimit } from './rate-limit.ts'
import { measureStartUp } from './start-up.ts'
import { table } from './table.ts'

const home = await mkdtemp(join(tmpdir(), 'bench-'))
const openWorkspace = (users: number): Promise<Workspace> => createWorkspace(home, users)

const parts: Readonly<Record<string, () => Promise<string>>> = {
  'rate-limit': () => compareUnderRateLimit(openWorkspace),
  'start-up': async () => measureStartUp(await openWorkspace(1)),
  size: measureSize,
  'large-manifests': () => measureLargeManifests(openWorkspace),
}

const asked = process.argv.slice(2)
try {
  console.log(`Node ${process.version}, ${availableParallelism()} cores.`)
  for (const [name, measure] of Object.entries(parts)) {
    if (asked.length === 0 || asked.includes(name)) console.log(`\n${await measure()}`)
  }
} finally {
  await rm(home, { recursive: true })
}

async function measureSize(): Promise<string> {
  const folder = dirname(BUNDLE)
  const files = (await readdir(folder)).map(file => join(folder, file))
  const sizeOf = async (file: string) => (await stat(file)).size
  const total = (await Promise.all(files.map(sizeOf))).reduce((sum, size) => sum + size, 0)
  const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`
  const first = await filesOf([BUNDLE, join(folder, 'run.js')])
  const loaded = (await Promise.all(first.map(sizeOf))).reduce((sum, size) => sum + size, 0)
  const rows = [
    ['what `validate` loads', kibibytes(loaded)],
    ['all of `dist/`', kibibytes(total)],
  ]
  return `**Size**: what a runner loads.\n\n${table(['what', 'size'], rows)}`
}

/** These files of the bundle, and those that they load at once. */
async function filesOf(files: readonly string[]): Promise<readonly string[]> {
  const found = new Set(files)
  for (const file of found) {
    const text = await readFile(file, 'utf8')
    for (const [, name = ''] of text.matchAll(/^(?:const \S+ = )?require\("(\.\/.+)"\);$/gm))
      found.add(join(dirname(file), name))
  }
  return [...found]
}
