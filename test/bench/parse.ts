// Only the first part of `validate`, from file to parsed document. Prints the milliseconds that it took, without the
// start of the process.

import { loadManifest } from '../../src/manifest/manifest.ts'
import { MANIFEST } from './programs.ts'

const from = { wall: performance.now(), cpu: process.cpuUsage() }
const { problems } = await loadManifest([MANIFEST], process.cwd())
const { user, system } = process.cpuUsage(from.cpu)
if (problems.length > 0) throw new Error(problems[0]?.message)
console.log(JSON.stringify({ wall: performance.now() - from.wall, cpu: (user + system) / 1000 }))
