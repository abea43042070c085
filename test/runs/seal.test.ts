// The seal of the ledger: with `ledger-key`, what somebody else wrote is refused until a person has reviewed it.

import { describe, expect, it } from 'vitest'
import { acme, errorsOf, heldBy, WITH_ROLES, wants, warningsOf } from '../e2e/acme.ts'
import { acmeRepository, manifestOf } from '../e2e/repository.ts'

const KEY = 'a-key-of-thirty-two-characters-at-least'
const sealed = { 'ledger-key': KEY }

async function start() {
  const tenant = await acme({ ...WITH_ROLES, users: ['auth0|1', 'auth0|2'].map(id => ({ id })) })
  const repository = await acmeRepository(tenant)
  repository.begin([wants('auth0|1', 'read:orders'), wants('auth0|2', 'Support')], KEY)
  const held = () => ['auth0|1', 'auth0|2'].map(user => heldBy(tenant, user))
  return { tenant, repository, held }
}

describe('a sealed ledger', () => {
  it('is read by runs with the key, which is shown nowhere', async () => {
    const { repository, held } = await start()
    const run = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    expect(run.outputs).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held()).toEqual([['read:orders'], []])
    expect(run.masked).toContain(KEY)
    expect(run.summary + run.temp + run.log.replace(`::add-mask::${KEY}`, '')).not.toContain(KEY)
    expect(repository.github.file(repository.ledgerBranch, 'ledger.json')).toMatch(
      /\n"seal": "hmac-sha256:[0-9a-f]{64}"\n}\n$/,
    )
  })

  it.each<[string, (text: string) => string]>([
    ['is missing a user', text => text.replace(/\{"id":"auth0\|2".*\n/, '').replace(/,\n\]/, '\n]')],
    ['has an additional grant', text => text.replace('["read:orders"]', '["read:orders","write:orders"]')],
    ['has an additional role', text => text.replace('["rol_support"]', '["rol_owner","rol_support"]')],
    ['has another commit', text => text.replace(/"commit": "[^"]*"/, '"commit": ""')],
    ['has a wrong seal', text => text.replace(/hmac-sha256:../, 'hmac-sha256:00')],
    ['has no seal', text => text.replace(/,\n"seal": .*\n/, '\n')],
    ['was sealed with another key', text => text.replace(/hmac-sha256:[0-9a-f]*/, `hmac-sha256:${'0'.repeat(64)}`)],
  ])('that %s is refused, whatever the value of revoke, and the resulting plan is shown', async (_, change) => {
    const { repository, held } = await start()
    repository.tamper(change)
    for (const revoke of ['managed', 'all', 'never']) {
      const run = await repository.apply([wants('auth0|1', 'read:orders', 'write:orders')], { ...sealed, revoke })
      expect(errorsOf(run)[0]).toMatch(/no seal|not match ledger-key.*accept the ledger once.*approved-plan/)
      expect(run.log).toContain('+ grant write:orders')
      expect(run.outputs).toMatchObject({ result: 'failed', changed: 'false' })
    }
    expect(held()).toEqual([['read:orders'], ['Support']])
  })

  it('that somebody changed is accepted once the resulting plan is approved', async () => {
    const { repository, held } = await start()
    repository.tamper(text => text.replace(/hmac-sha256:../, 'hmac-sha256:00'))
    const commit = repository.commit(manifestOf([wants('auth0|1', 'read:orders')]))
    const plan = await repository.run(commit, { inputs: { ...sealed, mode: 'plan' } })
    expect([plan.exitCode, errorsOf(plan).length]).toEqual([1, 1])
    const approved = { ...sealed, 'approved-plan': plan.outputs['plan-digest'] ?? '' }
    const accepted = await repository.run(commit, { inputs: approved })
    expect(accepted.outputs, accepted.log).toMatchObject({ result: 'applied', revocations: '1' })
    expect(held()).toEqual([['read:orders'], []])
    const later = await repository.apply([wants('auth0|1')], sealed)
    expect(later.outputs).toMatchObject({ result: 'applied', revocations: '1' })
  })

  it('is sealed again by the run that accepts it, even if there is nothing else to do', async () => {
    const { repository } = await start()
    repository.tamper(text => text.replace(/,\n"seal": .*\n/, '\n'))
    const plan = await repository.run(repository.head(), { inputs: { ...sealed, mode: 'plan' } })
    const approved = { ...sealed, 'approved-plan': plan.outputs['plan-digest'] ?? '' }
    const accepted = await repository.run(repository.head(), { inputs: approved })
    expect(accepted.outputs, accepted.log).toMatchObject({ result: 'unchanged' })
    expect(warningsOf(accepted)).toEqual([expect.stringMatching(/has no seal\. It was accepted because approved-plan/)])
    const later = await repository.run(repository.head(), { inputs: sealed })
    expect([later.exitCode, later.annotations]).toEqual([0, []])
  })

  it('that somebody replaces during an apply is neither merged nor sealed', async () => {
    const { tenant, repository } = await start()
    let replaced = false
    tenant.fault({
      kind: 'delay',
      ms: 0,
      when: ({ method, path }) => {
        if (method !== 'GET' && path.includes('/users/') && !replaced) {
          replaced = true
          repository.tamper(text => text.replace('["read:orders"]', '["read:orders","write:orders"]'))
        }
        return false
      },
    })
    const run = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/Somebody changed the ledger .* not match ledger-key/)])
    expect(run.outputs).toMatchObject({ result: 'partial' })
    const next = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    expect(errorsOf(next)[0]).toMatch(/does not match ledger-key/)
  })

  it('of another tenant is refused', async () => {
    const { repository } = await start()
    const other = await start()
    const foreign = other.repository.github.file(other.repository.ledgerBranch, 'ledger.json') ?? ''
    repository.tamper(() => foreign)
    const run = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    expect(errorsOf(run)).toEqual([expect.stringMatching(/is the ledger of the tenant 127\.0\.0\.1/)])
  })

  it('that was rolled back has a valid seal: what is managed is what the older apply recorded', async () => {
    const { repository, held } = await start()
    const [newest] = repository.github.history(repository.ledgerBranch)
    await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    repository.github.moveBranch(repository.ledgerBranch, newest?.sha ?? '')
    const run = await repository.apply([wants('auth0|1', 'read:orders')], sealed)
    expect(run.outputs).toMatchObject({ result: 'unchanged' })
    expect(held()).toEqual([['read:orders'], []])
  })

  it('is not verified without the key, and its next commit has no seal', async () => {
    const { repository } = await start()
    const open = await repository.apply([wants('auth0|1', 'read:orders')])
    expect(open.outputs).toMatchObject({ result: 'applied' })
    const refused = await repository.apply([wants('auth0|1')], sealed)
    expect(errorsOf(refused)).toEqual([expect.stringContaining('has no seal')])
  })
})

it.each([
  ['31 characters', 'x'.repeat(31), 'it has 31 characters'],
  ['one', 'x', 'it has 1 characters'],
])('a key of %s is refused before any request', async (_, key, words) => {
  const tenant = await acme()
  const repository = await acmeRepository(tenant)
  const run = await repository.apply([], { 'ledger-key': key })
  expect(errorsOf(run)).toEqual([expect.stringContaining(words)])
  expect(tenant.requests).toEqual([])
})
