import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { CHOICES, DEFAULTS } from '../src/runner/inputs.ts'
import { readDefinition, runAction } from './e2e/action.ts'
import { PAGES, readPage, renderPage } from './tools/readme.ts'

describe('action.yml', () => {
  it('has the same defaults as the code', async () => {
    const { inputs } = await readDefinition()
    // The runner evaluates expressions itself.
    const defaults = Object.entries(inputs).flatMap(([name, input]) =>
      input.default === undefined || input.default.startsWith('${{') ? [] : [[name, input.default]],
    )
    expect(Object.fromEntries(defaults)).toEqual(DEFAULTS)
  })

  it('names every allowed value of inputs with a choice', async () => {
    const { inputs } = await readDefinition()
    for (const [name, values] of Object.entries(CHOICES)) {
      for (const value of values) expect(inputs[name]?.description).toContain(`\`${value}\``)
    }
  })

  it('declares every input that the code reads, and the code reads every input that it declares', async () => {
    const { inputs } = await readDefinition()
    const source = await readFile(new URL('../src/runner/inputs.ts', import.meta.url), 'utf8')
    const calls = /\b(?:core\.getInput|text|lines|optional|oneOf|read[A-Z]\w*)\('([a-z-]+)'/g
    const read = [...source.matchAll(calls)].map(([, name]) => name)
    expect([...new Set(read)].sort()).toEqual(Object.keys(inputs).sort())
  })

  it('declares exactly the outputs that a run writes, even if it fails', async () => {
    const { outputs } = await readDefinition()
    const run = await runAction({ inputs: { mode: 'nonsense' } })
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(outputs).sort())
  })
})

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly integrity?: string
        readonly hasInstallScript?: boolean
        readonly optional?: boolean
        readonly dev?: boolean
      }
    >
  >
}

describe('dependencies', () => {
  const readLock = async (): Promise<Lock> =>
    JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'))

  it('have one copy of each library in the bundle', async () => {
    const { packages } = await readLock()
    const bundled = Object.entries(packages).flatMap(([path, { dev, optional }]) =>
      path === '' || dev || optional || /\/(openapi-)?types$/.test(path) ? [] : [path.split('node_modules/').at(-1)],
    )
    expect(bundled.length).toBeGreaterThan(10)
    expect(bundled.toSorted()).toEqual([...new Set(bundled)].sort())
  })

  it('have exact versions, with digests in the lock file', async () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    )
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([])
    const { '': own, ...others } = (await readLock()).packages
    expect(own).toBeDefined()
    const undigested = Object.entries(others).filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))
    expect(undigested.map(([path]) => path)).toEqual([])
  })

  it('run no install scripts, and neither does this package', async () => {
    const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
    expect(Object.keys(scripts).filter(name => /install|prepare/.test(name))).toEqual([])
    const { packages } = await readLock()
    const scripted = Object.entries(packages).filter(
      ([, { hasInstallScript, optional }]) => hasInstallScript && !optional,
    )
    expect(scripted.map(([path]) => path)).toEqual([])
  })

  it('have their licences in dist/licenses.txt', async () => {
    const licences = await readFile(new URL('../dist/licenses.txt', import.meta.url), 'utf8')
    const { dependencies } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
    for (const name of Object.keys(dependencies)) expect(licences.split('\n')).toContain(name)
  })
})

describe('the pages', () => {
  it('name every key of the report file', async () => {
    const table = await readPage('.github/REPORT.md')
    const keys = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
      names.replaceAll('`', '').split(', '),
    )
    const { report } = await runAction({ inputs: { mode: 'validate' } })
    expect(keys.toSorted()).toEqual(Object.keys(report).sort())
  })

  it('show the tree of src/', async () => {
    const [, drawing = ''] = (await readPage('CONTRIBUTING.md')).split('\nsrc/\n')
    const drawn: string[] = []
    const folders: string[] = []
    for (const [, indent = '', name = ''] of (drawing.split('\ntest/')[0] ?? '').matchAll(/^( {2,6})([\w.-]+\/?)/gm)) {
      folders.length = indent.length / 2 - 1
      if (name.endsWith('/')) folders.push(name)
      else drawn.push(`${folders.join('')}${name}`)
    }
    const files = await readdir(new URL('../src/', import.meta.url), { recursive: true })
    expect(drawn.toSorted()).toEqual(files.filter(file => file.endsWith('.ts')).sort())
  })

  it('quote messages that are in the code', async () => {
    const table = `${await readPage('README.md')}${await readPage('.github/TROUBLESHOOTING.md')}`
    const messages = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message.split('…'))
    const files = await readdir(new URL('../src/', import.meta.url), { recursive: true })
    const sources = await Promise.all(
      files
        .filter(file => file.endsWith('.ts'))
        .map(file => readFile(new URL(`../src/${file}`, import.meta.url), 'utf8')),
    )
    expect(messages.length).toBeGreaterThan(15)
    const missing = messages.flat().filter(part => !sources.some(source => source.includes(part.trim())))
    expect(missing).toEqual([])
  })

  it('have the generated tables (npm run readme writes them)', async () => {
    const pages = await Promise.all(PAGES.map(readPage))
    for (const page of pages) expect(page).toBe(await renderPage(page))
    for (const section of ['inputs', 'outputs', 'scopes', 'permissions', 'examples']) {
      expect(pages.filter(page => page.includes(`<!-- ${section} -->`))).toHaveLength(1)
    }
  })

  it('include a short README', async () => {
    expect((await readPage('README.md')).split('\n').length).toBeLessThanOrEqual(301)
  })

  it('name only existing tests in the threat model', async () => {
    const rows = (await readPage('SECURITY.md')).matchAll(/^\|.* \| (`test\/.*) \|$/gm)
    // `path`: a title, another title, `path`
    const named = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`(test\/[^`]+)`(?:: ((?:(?!, `)[^|])+))?/g)])
    expect(named.length).toBeGreaterThan(30)
    for (const [, path = '', titles = ''] of named) {
      const source = await readFile(new URL(`../${path}`, import.meta.url), 'utf8')
      for (const title of titles.split(', ')) expect(source, path).toContain(title)
    }
  })

  it('link only to existing files and headings', async () => {
    const pages = [
      ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', '.github/LEDGER.md', '.github/MANIFEST.md'],
      ...['.github/REPORT.md', '.github/PERFORMANCE.md', '.github/TROUBLESHOOTING.md'],
      '.github/workflows/examples/README.md',
    ]
    for (const page of pages) {
      const at = new URL(`../${page}`, import.meta.url)
      const text = await readFile(at, 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)]+)/g)) {
        const target = new URL(link, at)
        expect(existsSync(target), `${page}: ${link}`).toBe(true)
        if (target.hash === '') continue
        expect(headingsOf(await readFile(target, 'utf8')), `${page}: ${link}`).toContain(target.hash)
      }
    }
  })
})

/** The anchors that GitHub gives a page's headings. */
function headingsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(
    ([, title = '']) =>
      `#${title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-')}`,
  )
}
