// `npm run build` creates dist/: the bundle and its licences with tsc and ncc, and the manifest's JSON Schema. The same
// sources result in the same bytes on every machine.

import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { manifestJsonSchema } from '../../src/manifest/schema.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

rmSync(`${root}build/js`, { recursive: true, force: true })
rmSync(`${root}dist`, { recursive: true, force: true })
run('tsc', '--project', 'test/tools/tsconfig.build.json')
run('ncc', 'build', 'build/js/index.js', '--out', 'dist', '--license', 'licenses.txt')
writeFileSync(`${root}dist/manifest.schema.json`, `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`)

function run(command: string, ...options: readonly string[]): void {
  execFileSync(`${root}node_modules/.bin/${command}`, options, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}
