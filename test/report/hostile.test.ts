// Hostile names in every place that shows text, read back by the parsers that could give them effect: one of GitHub's
// Markdown, and one of the runner's workflow commands.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { scalar } from '../../src/access/yaml.ts'
import { markerOf, renderComment } from '../../src/report/comment.ts'
import { createRunFolder } from '../../src/report/files.ts'
import { logLine, logPlan } from '../../src/report/log.ts'
import { publish } from '../../src/report/publish.ts'
import { newRecord, type RunRecord } from '../../src/report/record.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { plain } from '../../src/report/text.ts'
import { elementsOf, type HtmlNode, nodesOf, parseMarkdown, textOf } from '../preview/markdown.ts'
import { HOSTILE_NAMES, hostileRecord } from '../preview/runs.ts'

/** Elements of our own, with the attributes that they may have. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  h2: [],
  h3: [],
  p: [],
  blockquote: [],
  strong: [],
  br: [],
  ul: [],
  li: [],
  code: [],
  details: [],
  summary: [],
  table: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['align'],
  td: ['colSpan'],
}

/** What GitHub would turn into something else outside of `<code>`: mentions, references, hashes, addresses, emoji, formulas. */
const EFFECTIVE = /[@#$`<>[\]|*~\\]|\bGH-\d|\b[0-9a-f]{7,40}\b|https?:|www\.|:[a-z_]+:|::|(?<!\w)_|_(?!\w)/

/** Text outside of code, which GitHub processes. */
function* proseOf(node: HtmlNode): Generator<string> {
  if (node.tagName === 'code') return
  if (node.type === 'text') yield node.value ?? ''
  for (const child of node.children ?? []) yield* proseOf(child)
}

/** The comment's own marker is the only HTML comment. */
function expectHarmless(markdown: string, comments: number): HtmlNode {
  // GitHub looks for formulas before it parses HTML.
  expect(markdown).not.toContain('$')
  const tree = parseMarkdown(markdown)
  const nodes = [...nodesOf(tree)]
  for (const { type, tagName, properties = {} } of nodes) {
    if (type !== 'element') continue
    expect(ALLOWED).toHaveProperty(tagName ?? '')
    for (const name of Object.keys(properties)) expect(ALLOWED[tagName ?? '']).toContain(name)
  }
  expect(nodes.filter(({ type }) => type === 'comment')).toHaveLength(comments)
  expect(nodes.filter(({ type }) => type === 'doctype')).toEqual([])
  for (const text of proseOf(tree)) {
    // An alert's marker is ours, on its own line.
    if (!/^\[!(CAUTION|WARNING|NOTE)\]\n?$/.test(text)) expect(text).not.toMatch(EFFECTIVE)
  }
  return tree
}

/** Places whose text is a name, which is shown in one piece. */
const NAMES = [
  'tenant',
  'user',
  'email',
  ...['grant', 'revoke'].flatMap(kind =>
    ['api', 'permission', 'role', 'expires', 'reason'].map(part => `${kind} ${part}`),
  ),
  'holders api',
  'holders permission',
  'held-back user',
  'held-back email',
  'held-back api',
  'held-back permission',
  'held-back entry',
  'failed user',
  'failed email',
  'unmanaged user',
  'unmanaged email',
  'derived user',
  'derived email',
  'derived api',
  'derived permission',
  'derived role',
  'digest',
  'undo digest',
  'file',
  'ledger branch',
  'ledger run',
]

/** Text that can be pasted into a manifest. */
function unmanagedLine(text: (place: string) => string): string {
  return plain(`${scalar(text('unmanaged api'))}: [${scalar(text('unmanaged permission'))}]`)
}

/** Places whose text is a sentence, whose words stay words. */
const SENTENCES = ['error', 'warning', 'notice', 'failure', 'advice']

const RENDERERS: Readonly<Record<string, (text: (place: string) => string) => readonly [string, number]>> = {
  'the summary': text => [renderSummary(hostileRecord(text)), 0],
  'the summary of a plan': text => [renderSummary({ ...hostileRecord(text), mode: 'plan' }), 0],
  'the comment': text => [renderComment(hostileRecord(text), { runUrl: text('run'), replaces: true }), 2],
}

describe.each(Object.entries(RENDERERS))('in %s', (_, render) => {
  it.each(HOSTILE_NAMES)('%j has no effect and is shown unchanged', payload => {
    const text = (place: string) => `${payload} at ${place}`
    const [markdown, comments] = render(text)
    const tree = expectHarmless(markdown, comments)
    const codes = new Set(elementsOf(tree, 'code').map(textOf))
    for (const place of NAMES) expect(codes).toContain(plain(text(place)))
    expect(codes).toContain(unmanagedLine(text))
    for (const place of ['error', 'warning', 'notice', 'failure']) {
      expect(codes).toContain(plain(`${text(`${place} file`)}:1:2`))
    }
    const items = elementsOf(tree, 'li').map(textOf)
    for (const place of SENTENCES) {
      expect(items.some(item => item.endsWith(plain(text(place)).trimStart()))).toBe(true)
    }
  })

  it.each(HOSTILE_NAMES)('%j has no effect at the start of a commit or alone', payload => {
    const [markdown, comments] = render(() => payload)
    expectHarmless(markdown, comments)
  })
})

it('the path of an exported manifest has no effect', () => {
  for (const payload of HOSTILE_NAMES) {
    const record = { ...newRecord(), mode: 'export' as const, exported: { path: payload, grants: 1, leftOut: 0 } }
    const tree = expectHarmless(renderSummary(record), 0)
    expect(textOf(tree)).toContain(plain(`Exported: ${payload} lists`))
  }
})

it.each(HOSTILE_NAMES)('%j has no effect as a user whom the run never reached', user => {
  const outcome = { user, status: 'not attempted' as const, granted: [], revoked: [], errors: [] }
  const record = { ...newRecord(), mode: 'apply' as const, stopped: 'error' as const, outcomes: [outcome] }
  expect(renderSummary(record)).toContain('Users not attempted (1)')
  expectHarmless(renderSummary(record), 0)
  expectHarmless(renderComment(record, { runUrl: undefined, replaces: false }), 2)
})

describe('a link', () => {
  const LEDGER = { branch: 'b', commit: undefined, at: undefined, head: undefined }

  it.each([
    'javascript:alert(1)',
    'javascript:alert(1)//https://github.com/',
    'https://evil.example/"onclick="x',
    'https://user@evil.example/',
    'https://evil.example/<b>',
    'https://evil.example/\n\n# x',
    '//evil.example',
  ])('is not made of %j', address => {
    const record = { ...hostileRecord(() => 'x'), ledger: { ...LEDGER, run: address } }
    const markdown = renderComment(record, { runUrl: address, replaces: false })
    const tree = expectHarmless(markdown, 2)
    expect(elementsOf(tree, 'code').map(textOf)).toContain(plain(address))
  })

  it('is made of the addresses of this run and of the previous one only', () => {
    const run = 'https://github.com/a/b/actions/runs/1'
    const previous = 'https://ghe.acme.com:8443/a/b/actions/runs/x%2Fy?a=1&b=2'
    const record = { ...hostileRecord(() => 'x'), ledger: { ...LEDGER, run: previous } }
    const links = elementsOf(parseMarkdown(renderComment(record, { runUrl: run, replaces: false })), 'a')
    expect(links.map(link => link.properties)).toEqual([{ href: previous }, { href: run }])
  })
})

describe('the marker', () => {
  it.each([...HOSTILE_NAMES, '-', '--', '->', '>', '--!>', 'a--', 'xn--bcher-kva.example'])(
    'can contain %j',
    tenant => {
      const nodes = parseMarkdown(`${markerOf(tenant)}\n\n## x\n`).children ?? []
      expect(nodes.map(({ type, tagName }) => tagName ?? type).filter(kind => kind !== 'text')).toEqual([
        'comment',
        'h2',
      ])
      expect(markerOf(tenant)).not.toMatch(/[\r\n]|--.*--.*--/)
    },
  )

  it('differs for any two tenants', () => {
    const tenants = [...HOSTILE_NAMES, 'a-b', 'a--b', 'a%2d;b', 'a-%2d;b', 'a', 'A']
    expect(new Set(tenants.map(markerOf)).size).toBe(tenants.length)
  })

  it('has a maximum length', () => {
    expect(markerOf('\u{e0001}'.repeat(10_000)).length).toBeLessThan(2_000)
  })

  it('is readable for ordinary tenants', () => {
    expect(markerOf('acme-dev.eu.auth0.com')).toBe('<!-- auth0-permissions: acme-dev.eu.auth0.com -->')
    expect(markerOf('127.0.0.1:8080')).toBe('<!-- auth0-permissions: 127.0.0.1:8080 -->')
  })
})

interface Command {
  readonly name: string
  readonly properties: string
  readonly data: string
}

/** Like the runner's parser: `::name properties::data` at the start of a line, `##[name properties]data` anywhere. */
function commandsOf(log: string): readonly Command[] {
  return log.split(/\r\n|\n|\r/).flatMap(line => {
    const [, name, properties = '', data = ''] =
      /^\s*::([^\s:]*)(.*?)::(.*)$/.exec(line) ?? /##\[([^\s\]]*)([^\]]*)\](.*)$/.exec(line) ?? []
    return name === undefined ? [] : [{ name, properties, data }]
  })
}

function unescapeData(text: string): string {
  return text
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%')
}

function publishRecord(record: RunRecord): void {
  const run = 'https://github.com/acme/access/actions/runs/1'
  publish(record, { run, started: new Date(0), folder: createRunFolder() })
}

describe('in the log', () => {
  let home = ''
  const { exitCode } = process

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hostile-'))
  })

  afterAll(async () => {
    process.exitCode = exitCode
    await rm(home, { recursive: true })
  })

  async function logOf(print: () => void): Promise<string> {
    let log = ''
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
      log += chunk
      return true
    })
    try {
      print()
    } finally {
      write.mockRestore()
    }
    return log
  }

  function expectOneLineEach(log: string, commands: readonly string[]): readonly Command[] {
    const found = commandsOf(log)
    expect(found.map(({ name }) => name)).toEqual(commands)
    expect(log.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\ufe0f/u)
    return found
  }

  it.each(HOSTILE_NAMES)('%j is an ordinary line', async payload => {
    const log = await logOf(() => logLine(payload))
    expectOneLineEach(log, [])
    expect(log).toBe(`${plain(payload)}\n`)
  })

  it.each(HOSTILE_NAMES)('%j in a plan is an ordinary name', async payload => {
    const text = (place: string) => `${payload} at ${place}`
    for (const each of [text, () => payload]) {
      const log = await logOf(() => {
        const { plan, digest, emails } = hostileRecord(each)
        if (plan !== undefined && digest !== undefined) logPlan(plan, { digest, emails })
      })
      const [group] = expectOneLineEach(log, ['group', 'endgroup'])
      expect(log.trimEnd().split('\n')).toHaveLength(7)
      expect(unescapeData(group?.data ?? '')).toContain(plain(`Plan for ${each('tenant')}`))
      if (each !== text) continue
      // Only at the start of a line is there a command to escape.
      const names = NAMES.filter(name => /^(user|email|grant|revoke|held-back|digest)/.test(name))
      for (const name of names) expect(log.replaceAll('\\:', ':')).toContain(plain(text(name)).replaceAll('\\:', ':'))
    }
  })

  it.each(HOSTILE_NAMES)('%j is the message of an annotation, and unchanged in the files', async payload => {
    const text = (place: string) => `${payload} at ${place}`
    const files = { GITHUB_OUTPUT: join(home, 'output'), GITHUB_STEP_SUMMARY: join(home, 'summary'), RUNNER_TEMP: home }
    for (const path of [files.GITHUB_OUTPUT, files.GITHUB_STEP_SUMMARY]) await rm(path, { force: true })
    await writeFile(files.GITHUB_OUTPUT, '')
    for (const [name, value] of Object.entries(files)) vi.stubEnv(name, value)
    const record = hostileRecord(text)
    const log = await logOf(() => publishRecord(record)).finally(vi.unstubAllEnvs)
    const found = expectOneLineEach(log, ['error', 'error', 'warning', 'notice'])
    const failure = `${text('failed email')} (${text('failed user')}): ${text('failure')}`
    expect(found.map(({ data }) => unescapeData(data))).toEqual(
      [text('error'), failure, text('warning'), text('notice')].map(plain),
    )
    for (const { properties } of found) {
      const shown = properties.split(',').map(each => each.trim().split('=')[0])
      expect(shown).toEqual(['file', 'line', 'col'])
      expect(unescapeData(/file=([^,]*)/.exec(properties)?.[1] ?? '')).toContain(plain(`${payload} at`).trim())
    }
    expectHarmless(await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'), 0)
    expect((await readFile(files.GITHUB_OUTPUT, 'utf8')).match(/^[a-z-]+(?=<<)/gm)).toContain('report-file')
  })

  it('the path of a file that cannot be written is part of a message', async () => {
    const path = join(home, 'x ##[error]y\n::error::z', 'summary')
    vi.stubEnv('GITHUB_OUTPUT', '')
    vi.stubEnv('GITHUB_STEP_SUMMARY', path)
    vi.stubEnv('RUNNER_TEMP', home)
    const record = { ...newRecord(), mode: 'validate' as const }
    const log = await logOf(() => publishRecord(record)).finally(vi.unstubAllEnvs)
    const [error] = commandsOf(log).filter(({ name }) => name === 'error')
    expect(unescapeData(error?.data ?? '')).toContain(plain(path))
    expect(log).not.toContain('##[')
  })

  it('a finding beyond the limit of annotations is a separate line', async () => {
    for (const name of ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY']) vi.stubEnv(name, '')
    vi.stubEnv('RUNNER_TEMP', home)
    const payload = 'x ##[error]y\n::error::z\u001b[31m'
    const finding = { message: payload, place: { file: `::a::${payload}`, line: 1, column: 2 } }
    const ofUser = { message: `::b::${payload}`, user: `::c::${payload}`, email: `::d::${payload}` }
    const warnings = [...Array.from({ length: 100 }, () => ({ message: 'w' })), finding, ofUser]
    const record = { ...hostileRecord(() => 'x'), errors: [], failures: [], notices: [], warnings }
    const log = await logOf(() => publishRecord(record)).finally(vi.unstubAllEnvs)
    const found = commandsOf(log).filter(({ name }) => name !== 'set-output')
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set(['warning']))
    expect(log).toContain(plain(`::a::${payload}:1:2 ${payload}`))
    expect(log).toContain(`\n${plain(`::d::${payload} (::c::${payload}): ::b::${payload}`)}\n`)
  })
})
