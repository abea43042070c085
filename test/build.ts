// `npm run build` makes dist/: the bundle with its chunks, the licences of what is in them, and the manifest's JSON
// Schema. The same sources give the same bytes, wherever they are built.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type OutputChunk, type Plugin, rolldown } from 'rolldown'
import { manifestJsonSchema } from '../src/manifest/schema.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = `${root}dist/`

/** What libraries load at once and never use here, by who asks for it and by which name; src/left-out.ts is in its place. */
const LEFT_OUT: readonly (readonly [importer: RegExp, name: RegExp])[] = [
  [/\/node_modules\/@actions\//, /^(undici|@actions\/exec|@actions\/http-client(\/lib\/auth)?)$/],
  [/\/node_modules\/@actions\/core\//, /\/summary\.js$/],
  [
    /\/node_modules\/undici\/lib\/(core|dispatcher)\//,
    /\/(client-h2|milo\/(no-)?simd|fetch\/body)\.js$|\/(formdata|webidl)$|^node:http$/,
  ],
]

const leaveOut: Plugin = {
  name: 'leave-out',
  resolveId: (name, importer = '') =>
    LEFT_OUT.some(([asking, asked]) => asking.test(importer) && asked.test(name)) ? `${root}src/left-out.ts` : null,
}

/** Node reads text faster where it is all ASCII. The escapes are good in texts, patterns and comments. */
const inAscii: Plugin = {
  name: 'in-ascii',
  renderChunk: code => code.replaceAll(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
}

const bundle = await rolldown({
  input: `${root}src/index.ts`,
  cwd: root,
  platform: 'node',
  plugins: [leaveOut, inAscii],
})
const { output } = await bundle.write({
  dir: dist,
  cleanDir: true,
  // A module asks for all that Node's own modules export, which loads twice of what is used; `require` does not.
  format: 'cjs',
  entryFileNames: 'index.js',
  chunkFileNames: '[name].js',
  codeSplitting: {
    groups: [
      { name: 'left-out', test: 'src/left-out.ts' },
      { name: 'zod', test: '/node_modules/zod/' },
    ],
  },
})
writeFileSync(`${dist}package.json`, '{ "type": "commonjs" }\n')
writeFileSync(`${dist}manifest.schema.json`, `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`)
writeFileSync(`${dist}licenses.txt`, licencesOf(output.filter(file => file.type === 'chunk')))

function licencesOf(chunks: readonly OutputChunk[]): string {
  const packages = new Set(chunks.flatMap(({ moduleIds }) => moduleIds.flatMap(packageOf)))
  return [...packages].sort().map(licenceOf).join('\n')
}

/** None for our own modules; no package brings another copy of one within itself. */
function packageOf(module: string): readonly string[] {
  const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(module) ?? []
  return name === undefined ? [] : [name]
}

function licenceOf(name: string): string {
  const folder = `${root}node_modules/${name}/`
  const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  const file = readdirSync(folder).find(each => /^licen[cs]e/i.test(each))
  const text = file === undefined ? '' : `\n${readFileSync(folder + file, 'utf8').trim()}\n`
  return `${name} ${version}: ${license}\n${text}`
}
