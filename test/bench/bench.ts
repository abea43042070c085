// `npm run bench`: prints the tables of .github/PERFORMANCE.md. With names of parts as arguments, only those:
// rate-limit, start-up, size, large-manifests, roles.

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BUNDLE } from '../e2e/action.ts'
import { measureLargeManifests } from './large-manifests.ts'
import { createWorkspace, type Workspace } from './programs.ts'
import { compareUnderRateLimit } from './rate-limit.ts'
import { compareRoleReads } from './roles.ts'
import { measureStartUp } from './start-up.ts'
import type { Team } from './team.ts'

const home = await mkdtemp(join(tmpdir(), 'bench-'))
const openWorkspace = (team: Team): Promise<Workspace> => createWorkspace(home, team)

const parts: Readonly<Record<string, () => Promise<string>>> = {
  'rate-limit': () => compareUnderRateLimit(openWorkspace),
  'start-up': async () => measureStartUp(await openWorkspace({ users: 1 })),
  size: measureSize,
  'large-manifests': () => measureLargeManifests(openWorkspace),
  roles: () => compareRoleReads(openWorkspace),
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
  const sizes = await Promise.all((await readdir(folder)).map(async file => (await stat(join(folder, file))).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return `**Size**: \`dist/\` is ${Math.round(total / 1024)} KiB in total.`
}
