// `npm run preview` renders the summaries and comments of typical runs as GitHub shows them: as an HTML page and, if
// Chromium is installed, as pictures, narrow and wide, light and dark. Given Markdown files, such as a summary of the
// demo, it renders these instead.

import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, delimiter, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pMap from 'p-map'
import { renderComment } from '../../src/report/comment.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { renderMarkdown } from './markdown.ts'
import { RUNS } from './runs.ts'

const OUT = fileURLToPath(new URL('../../build/preview', import.meta.url))
const WIDTHS = { narrow: 400, wide: 1012 } as const
const THEMES = { light: '#ffffff', dark: '#0d1117' } as const
/** Longer sheets are cropped in pictures, and complete in the page. */
const TALLEST = 4_000
/** For one picture, or for the measurement of all sheets. */
const BROWSER_TIMEOUT_MS = 60_000
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars'

interface Sheet {
  readonly name: string
  readonly title: string
  readonly html: string
}

const ORIGIN = { runUrl: 'https://github.com/acme/access/actions/runs/11873465091', replaces: true }

const files = process.argv.slice(2)
const sheets = files.length > 0 ? await readSheets(files) : typicalSheets()

await rm(OUT, { recursive: true, force: true })
await mkdir(OUT, { recursive: true })
const page = join(OUT, 'index.html')
await writeFile(page, await pageOf(sheets))
console.log(page)
const browser = await findBrowser()
if (browser === undefined) console.log('No Chromium on the PATH or in CHROME_PATH: no pictures.')
else for (const picture of await takePictures(browser)) console.log(picture)

function typicalSheets(): readonly Sheet[] {
  return Object.entries(RUNS).flatMap(([run, record]) => {
    const name = run.replaceAll(' ', '-')
    return [
      { name: `${name}-summary`, title: `${run}: job summary`, html: renderMarkdown(renderSummary(record)) },
      { name: `${name}-comment`, title: `${run}: comment`, html: renderMarkdown(renderComment(record, ORIGIN)) },
    ]
  })
}

function readSheets(paths: readonly string[]): Promise<readonly Sheet[]> {
  return pMap(paths, async path => {
    const name = basename(path, extname(path))
    return { name, title: name, html: renderMarkdown(await readFile(path, 'utf8')) }
  })
}

async function pageOf(all: readonly Sheet[]): Promise<string> {
  const contents = all.map(({ name, title }) => `<li><a href="#${name}">${title}</a></li>`)
  const bodies = all.map(
    ({ name, title, html }) => `<h1 id="${name}">${title}</h1><div class="sheet">${article(html)}</div>`,
  )
  return htmlOf(await readStyle('github-markdown'), `<ul>${contents.join('')}</ul>${bodies.join('')}`)
}

function article(html: string): string {
  return `<article class="markdown-body">${html}</article>`
}

function htmlOf(style: string, body: string, background = 'Canvas'): string {
  const own = `body{margin:0;padding:16px;background:${background};color-scheme:light dark;font-family:sans-serif} .sheet{max-width:1012px}`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title><style>${style}\n${own}</style><body>${body}</body></html>`
}

async function readStyle(name: string): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve(`github-markdown-css/${name}.css`), 'utf8')
}

async function findBrowser(): Promise<string | undefined> {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = (process.env.PATH ?? '').split(delimiter).flatMap(path => names.map(name => join(path, name)))
  for (const path of [process.env.CHROME_PATH ?? '', ...found]) {
    if (
      path !== '' &&
      (await access(path).then(
        () => true,
        () => false,
      ))
    )
      return path
  }
  return undefined
}

async function takePictures(browser: string): Promise<readonly string[]> {
  const jobs = sheets.flatMap(sheet =>
    Object.entries(WIDTHS).flatMap(([size, width]) =>
      Object.entries(THEMES).map(([theme, background]) => ({ sheet, size, width, theme, background })),
    ),
  )
  const home = await mkdtemp(join(tmpdir(), 'preview-'))
  try {
    const heights = await measure(browser, home)
    return await pMap(
      jobs,
      async ({ sheet, size, width, theme, background }, index) => {
        const style = await readStyle(`github-markdown-${theme}`)
        const source = join(home, `${index}.html`)
        const picture = join(OUT, `${sheet.name}-${size}-${theme}.png`)
        const height = Math.min(TALLEST, (heights[`${sheet.name} ${width}`] ?? TALLEST) + 48)
        await writeFile(source, htmlOf(style, article(sheet.html), background))
        await browse(browser, join(home, String(index)), [
          `--window-size=${width},${height}`,
          `--screenshot=${picture}`,
          pathToFileURL(source).href,
        ])
        return picture
      },
      { concurrency: 4 },
    )
  } finally {
    await rm(home, { recursive: true })
  }
}

/** The height of each sheet at each width. */
async function measure(browser: string, home: string): Promise<Readonly<Record<string, number>>> {
  const boxes = sheets.flatMap(({ name, html }) =>
    Object.values(WIDTHS).map(
      width => `<div style="width:${width - 32}px" data-key="${name} ${width}">${article(html)}</div>`,
    ),
  )
  const script =
    'const h={};for(const e of document.querySelectorAll("[data-key]"))h[e.dataset.key]=e.offsetHeight;document.body.textContent=JSON.stringify(h)'
  const source = join(home, 'measure.html')
  await writeFile(
    source,
    htmlOf(await readStyle('github-markdown-light'), `${boxes.join('')}<script>${script}</script>`),
  )
  const dom = await browse(browser, join(home, 'measure'), ['--dump-dom', pathToFileURL(source).href])
  return JSON.parse(/<body>(\{.*\})<\/body>/s.exec(dom)?.[1] ?? '{}')
}

async function browse(browser: string, profile: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(browser, [...FLAGS.split(' '), `--user-data-dir=${profile}`, ...args], {
    maxBuffer: 64_000_000,
    timeout: BROWSER_TIMEOUT_MS,
    // It may not exit after SIGTERM.
    killSignal: 'SIGKILL',
  })
  return stdout
}
