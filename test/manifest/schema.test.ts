import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { getLanguageService, type LanguageService } from 'yaml-language-server'
import { manifestJsonSchema } from '../../src/manifest/schema.ts'

const SCHEMA_URI = 'file:///manifest.schema.json'
const published = new URL('../../dist/manifest.schema.json', import.meta.url)
const PAGES = ['../../README.md', '../../.github/MANIFEST.md'].map(page => new URL(page, import.meta.url))

let service: LanguageService

beforeAll(async () => {
  const schema = JSON.parse(await readFile(published, 'utf8'))
  service = getLanguageService({
    schemaRequestService: async uri => Promise.reject(new Error(`no network: ${uri}`)),
    workspaceContext: { resolveRelativePath: path => path },
  })
  service.configure({
    validate: true,
    hover: true,
    completion: true,
    schemas: [{ uri: SCHEMA_URI, fileMatch: ['*.yml'], schema }],
  })
})

let version = 0

/** A document, and the position of `¦` in it. The service remembers a document by its version. */
function open(marked: string) {
  const text = marked.replace('¦', '')
  const document = TextDocument.create('file:///auth0-permissions.yml', 'yaml', version++, text)
  return { document, position: document.positionAt(Math.max(0, marked.indexOf('¦'))) }
}

async function completionsAt(marked: string): Promise<readonly string[]> {
  const { document, position } = open(marked)
  const { items } = await service.doComplete(document, position, false)
  return items.map(item => item.label)
}

async function hoverAt(marked: string): Promise<string> {
  const { document, position } = open(marked)
  return JSON.stringify((await service.doHover(document, position))?.contents)
}

async function diagnosticsOf(text: string): Promise<readonly string[]> {
  const diagnostics = await service.doValidation(open(text).document, false)
  return diagnostics.map(({ range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${message}`)
}

describe('the published schema', () => {
  it('matches the code', async () => {
    expect(JSON.parse(await readFile(published, 'utf8'))).toEqual(manifestJsonSchema())
  })
})

describe('every pattern of the schema', () => {
  const patterns = [...JSON.stringify(manifestJsonSchema()).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(match =>
    JSON.parse(String(match[1])),
  )
  it('is valid as a regular expression in other languages', () => {
    expect(patterns.length).toBeGreaterThan(5)
    // No Unicode classes (Python), no \\u escapes (Go), no look-around (Go, Rust).
    for (const pattern of patterns) expect(pattern).not.toMatch(/\\[pPu]|\(\?/)
  })
})

describe('completion', () => {
  it.each([
    ['at the top', '¦', ['apis', 'bundles', 'roles', 'tenant', 'users', 'version']],
    [
      'in a user',
      'users:\n  - id: auth0|1\n    ¦',
      ['bundles', 'connection', 'expires', 'permissions', 'reason', 'roles'],
    ],
    ['in an API', 'apis:\n  orders:\n    ¦', ['identifier', 'permissions']],
    [
      'in a permission with terms',
      'users:\n  - id: auth0|1\n    permissions:\n      orders:\n        - name: read:orders\n          ¦',
      ['expires', 'reason'],
    ],
    ['in a role with terms', 'users:\n  - id: auth0|1\n    roles:\n      - name: r\n        ¦', ['expires', 'reason']],
    ['in a bundle entry', 'users:\n  - id: auth0|1\n    bundles:\n      - name: b\n        ¦', ['expires', 'reason']],
  ])('%s offers the keys that fit', async (_, text, labels) => {
    expect(await completionsAt(text)).toEqual(expect.arrayContaining(labels))
  })
})

describe('hover', () => {
  it.each([
    ['users', 'us¦ers: []', 'direct permissions'],
    ['a catalogue of roles', 'ro¦les: []\nusers: []', 'offline'],
    ["a user's roles", 'users:\n  - id: a|b\n    ro¦les: []', 'by name or by id'],
    ['tenant', 'ten¦ant: acme.eu.auth0.com\nusers: []', 'another'],
    ['expires', 'users:\n  - id: a|b\n    exp¦ires: 2026-12-31', 'end of that day'],
    ['email', 'users:\n  - em¦ail: a@b.io', 'verified'],
  ])('describes %s', async (_, text, words) => {
    expect(await hoverAt(text)).toContain(words)
  })
})

describe('diagnostics', () => {
  it.each([
    ['an unknown key', 'users: []\nextra: 1', /^2:1 .*extra.* not allowed/],
    ['an unknown key of a user', 'users:\n  - id: a|b\n    permision: {}', /^3:5 .*permision.* not allowed/],
    ['a missing key', 'version: 1', /^1:1 Missing property "users"/],
    ['a wrong type', 'users: nobody', /^1:8 .*"array"/],
    ['a role instead of a list', 'users:\n  - id: a|b\n    roles: Support', /^3:12 .*"array"/],
    ['a wrong version', 'version: 2\nusers: []', /^1:10 .*1/],
    ['an id with a trailing space', "users:\n  - id: 'a '", /^2:9 id must have the form connection/],
    ['a permission with a trailing space', "users:\n  - id: a|b\n    permissions: {'u:': ['a ']}", /space/],
    ['a number if text is expected', 'users:\n  - id: 42', /^2:9 .*"string"/],
  ])('reject %s', async (_, text, message) => {
    expect(await diagnosticsOf(text)).toEqual(expect.arrayContaining([expect.stringMatching(message)]))
  })

  it.each([
    ['keys that begin with x-', 'x-a: &a [x]\nusers: [{id: a|b, permissions: {"u:": *a}}]'],
    ['ids and addresses of every kind', "users: [{id: 'samlp|acme|CN=Grace Hopper'}, {email: 用户@例子.公司}]"],
    ['roles', 'roles: [Support, "On call"]\nusers: [{id: a|b, roles: [Support, rol_Xm0eYj1c, {name: x, reason: y}]}]'],
    ['dates without quotes', 'users: [{id: a|b, expires: 2026-12-31}]'],
  ])('find nothing wrong with %s', async (_, text) => {
    expect(await diagnosticsOf(text)).toEqual([])
  })

  it('find nothing wrong with the examples in the README and in MANIFEST.md', async () => {
    const pages = await Promise.all(PAGES.map(page => readFile(page, 'utf8')))
    const blocks = [...pages.join('\n').matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] ?? '')
    const manifests = blocks.filter(block => /^users:/m.test(block))
    expect(manifests.length).toBeGreaterThan(1)
    for (const manifest of manifests) {
      expect(await diagnosticsOf(manifest.replace(/^# yaml-language-server.*\n/, ''))).toEqual([])
    }
  })
})
