// dist/ is what src/ makes: it is built anew beside the committed one, and has to be the same to the byte.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'dist-'))

try {
  for (const path of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, path), join(scratch, path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] })
  const fresh = readAll(join(scratch, 'dist'))
  const committed = readAll(join(root, 'dist'))
  const names = [...new Set([...fresh.keys(), ...committed.keys()])].sort()
  const different = names.filter(name => fresh.get(name) !== committed.get(name))
  if (different.length > 0) {
    console.error(`dist/ is not what src/ makes: ${different.join(', ')}. Run npm run build, and commit the result.`)
    process.exitCode = 1
  } else {
    console.log(`dist/ is fresh: ${names.join(', ')}`)
  }
} finally {
  rmSync(scratch, { recursive: true })
}

function readAll(folder: string): ReadonlyMap<string, string> {
  return new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name)).toString('base64')]))
}
