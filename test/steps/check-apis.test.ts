import { describe, expect, it } from 'vitest'
import { NotSentError, TenantError } from '../../src/errors.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { readManifest } from '../../src/manifest/manifest.ts'
import { createJournal } from '../../src/report/journal.ts'
import { checkApis } from '../../src/steps/check-apis.ts'
import type { RecalledContext } from '../../src/steps/recall.ts'
import { grants, ORDERS } from '../plan/fixtures.ts'

const NOW = new Date('2026-06-15T12:00:00Z')
const BILLING = 'https://billing.acme.com/'

/** What a run requests from a tenant with these identifiers, and what it reports. */
async function check(manifest: string, { identifiers = async () => [ORDERS, BILLING], managed = [] }: Options = {}) {
  const { documents } = parseDocument('m.yml', manifest)
  const asked: (readonly string[])[] = []
  let listed = 0
  const journal = createJournal()
  const context = {
    inputs: { revoke: 'managed' },
    task: { files: { documents, manifest: readManifest(documents, NOW).manifest }, saved: undefined },
    tenant: {
      apis: async (names: readonly string[]) => {
        asked.push(names)
        const api = { identifier: ORDERS, permissions: new Set(['read']), rbac: true, permissionsInToken: false }
        return new Map(names.includes(ORDERS) ? [[ORDERS, api]] : [])
      },
      identifiers: () => {
        listed++
        return identifiers()
      },
    },
    journal,
    memory: { ledger: { users: new Map([['auth0|9', { listed: [], managed: new Set(managed), unfinished: false }]]) } },
  } as unknown as RecalledContext
  const { exists } = await checkApis(context)
  const record = journal.entries()
  return { record, asked, listed, exists, errors: record.errors.map(({ message }) => message) }
}

interface Options {
  readonly identifiers?: () => Promise<readonly string[]>
  readonly managed?: ReturnType<typeof grants>
}

const manifestOf = (api: string) => `users: [{id: auth0|1, permissions: {"${api}": [read]}}]`

describe('an unknown API', () => {
  it.each([
    'https://orders.acme.com',
    'http://orders.acme.com/',
    'https://Orders.Acme.com/',
    'HTTP://orders.acme.com',
    'orders.acme.com/',
  ])('(%s) is refused with the identifier that the tenant has', async api => {
    const { record, errors, listed } = await check(manifestOf(api))
    expect(errors).toEqual([`The tenant has no API "${api}". Did you mean "${ORDERS}"?`])
    expect([record.stopped, listed]).toEqual(['refused', 1])
  })

  it('is refused without a suggestion if the APIs cannot be listed', async () => {
    const failure = new TenantError('No', { request: 'GET /x', reach: 'user', attempts: 8, advice: 'Later.' })
    const { errors } = await check(manifestOf('https://orders.acme.com'), {
      identifiers: () => Promise.reject(failure),
    })
    expect(errors).toEqual([
      'The tenant has no API "https://orders.acme.com". Correct the identifier, or create the API.',
    ])
  })

  it('ends the run if it is cancelled', async () => {
    const identifiers = () => Promise.reject(new NotSentError('SIGINT'))
    await expect(check(manifestOf('https://x/'), { identifiers })).rejects.toThrow('SIGINT')
  })
})

describe('the APIs of grants that may be revoked', () => {
  it('are read with those that the manifest names, without further findings about them', async () => {
    const managed = [...grants(['read', 'write']), ...grants(['pay'], BILLING)]
    const { asked, errors, record, listed, exists } = await check('users: []', { managed })
    expect(asked).toEqual([[ORDERS, BILLING]])
    expect([errors, record.warnings, listed]).toEqual([[], [], 0])
    expect(exists({ api: ORDERS, permission: 'read' })).toBe(true)
    expect(exists({ api: ORDERS, permission: 'write' })).toBe(false)
    expect(exists({ api: BILLING, permission: 'pay' })).toBe(false)
    expect(exists({ api: 'https://not-read/', permission: 'pay' })).toBe(true)
  })

  it('lead to warnings only if the manifest names them', async () => {
    const { record, asked } = await check(manifestOf(ORDERS), { managed: grants(['read']) })
    expect(asked).toEqual([[ORDERS]])
    expect(record.warnings).toHaveLength(1)
  })
})
