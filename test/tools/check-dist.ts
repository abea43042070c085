// Checks that dist/ matches src/: it is rebuilt, and must have the same bytes as before.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

const before = readAll()
execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
const after = readAll()

const names = [...new Set([...before.keys(), ...after.keys()])].sort()
const different = names.filter(name => before.get(name) !== after.get(name))
if (different.length > 0) {
  console.error(`dist/ was not what src/ makes: ${different.join(', ')}. It is now; commit it.`)
  process.exitCode = 1
} else {
  console.log(`dist/ is fresh: ${names.join(', ')}`)
}

function readAll(): ReadonlyMap<string, string> {
  return new Map(readdirSync(dist).map(name => [name, readFileSync(`${dist}${name}`).toString('base64')]))
}
