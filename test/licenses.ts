// Prints the licences of all packages in the bundle, by the bundler's own list of modules: `npm run build` makes
// dist/licenses.txt of it. (The bundler's licence option knows the last chunk alone.)

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Module {
  readonly name: string
  readonly modules?: readonly Module[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const { modules } = JSON.parse(readFileSync(`${root}build/stats.json`, 'utf8')) as { modules: readonly Module[] }

const packages = [...new Set(namesOf(modules).flatMap(packageOf))].sort()

for (const name of packages) {
  const folder = `${root}node_modules/${name}/`
  const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  const file = readdirSync(folder).find(each => /^licen[cs]e/i.test(each))
  const text = file === undefined ? '' : `\n${readFileSync(folder + file, 'utf8').trim()}\n`
  console.log(`${name} ${version}: ${license}\n${text}`)
}

function namesOf(list: readonly Module[]): readonly string[] {
  return list.flatMap(({ name, modules = [] }) => [name, ...namesOf(modules)])
}

/** None for our own modules; no package brings another copy of one within itself. */
function packageOf(module: string): readonly string[] {
  const [, path] = /^(?:.*!)?\.\/node_modules\/([^!]+)$/.exec(module.replace(/ \+ \d+ modules$/, '')) ?? []
  if (path === undefined) return []
  const [scope = '', name = ''] = path.split('/')
  return [scope.startsWith('@') ? `${scope}/${name}` : scope]
}
