// The promise of `revoke: managed`, against a model: whatever revisions, failures, kills, skipped runs and grants by hand
// came before, after the next successful run everybody holds what was given by hand, and what the manifest asks for.

import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { acme, ORDERS } from './acme.ts'
import { acmeRepository, manifestOf } from './repository.ts'

const IDS = ['auth0|1', 'auth0|2', 'auth0|3', 'auth0|4']
/** What the manifest may ask for, and what people give by hand. */
const ASKED = ['a', 'b', 'c']
const BY_HAND = ['x', 'y']

const revision = fc.record({
  desired: fc.dictionary(fc.constantFrom(...IDS), fc.uniqueArray(fc.constantFrom(...ASKED)), { noNullPrototype: true }),
  byHand: fc.array(fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...BY_HAND), fc.boolean()), { maxLength: 2 }),
  fate: fc.constantFrom('done', 'done', 'skipped', 'failed', 'killed', 'cancelled'),
  /** Before which request to the tenant it happens. */
  at: fc.constantFrom(1, 4, 7, 8, 8, 9, 9, 10, 10, 11),
  scope: fc.constantFrom('all', 'changed'),
})

const switches: { off: boolean }[] = []
afterEach(() => {
  for (const each of switches.splice(0)) each.off = true
})

/** Lets the nth request from now on meet its fate. */
function arm(tenant: Tenant, fate: string, nth: number, kill: (signal: NodeJS.Signals) => void): void {
  const armed = { off: false }
  for (const each of switches.splice(0)) each.off = true
  switches.push(armed)
  let requests = 0
  const when = ({ method }: { readonly method: string }) => {
    if (armed.off) return false
    requests++
    if (fate === 'failed') return method !== 'GET' && requests >= nth
    if (requests !== nth) return false
    kill(fate === 'killed' ? 'SIGKILL' : 'SIGINT')
    return fate === 'killed'
  }
  tenant.fault(
    fate === 'failed'
      ? { kind: 'status', status: 400, body: {}, when, times: Number.POSITIVE_INFINITY }
      : { kind: 'reset', after: nth % 2 === 0 ? 'effect' : 'nothing', when, times: Number.POSITIVE_INFINITY },
  )
}

it('holds over ten revisions of any kind', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(revision, { minLength: 10, maxLength: 10 }), async revisions => {
      const tenant = await acme({
        apis: [{ identifier: ORDERS, permissions: [...ASKED, ...BY_HAND] }],
        users: IDS.map(id => ({ id })),
      })
      const repository = await acmeRepository(tenant)
      const byHand = new Map(IDS.map(id => [id, new Set<string>()]))
      for (const { desired, byHand: changes, fate, at, scope } of revisions) {
        for (const [id, permission, given] of changes) {
          if (given) byHand.get(id)?.add(permission)
          else byHand.get(id)?.delete(permission)
          tenant[given ? 'grant' : 'revoke'](id, { api: ORDERS, permission })
        }
        const users = Object.entries(desired).map(([id, permissions]) => ({
          id,
          permissions: { [ORDERS]: permissions },
        }))
        const commit = repository.commit(manifestOf(users))
        if (fate === 'skipped') continue
        const run = await repository.run(commit, { scope }, {}, undefined, {
          onStart: kill => {
            if (fate !== 'done') arm(tenant, fate, at, kill)
          },
        })
        for (const each of switches.splice(0)) each.off = true
        if (fate === 'done') expect(run.exitCode).toBe(0)
        if (run.exitCode !== 0) continue
        for (const id of IDS) {
          const live = tenant.grantsOf(id).map(({ permission }) => permission)
          expect(live.sort()).toEqual([...(byHand.get(id) ?? []), ...(desired[id] ?? [])].sort())
        }
      }
    }),
    { numRuns: 12, seed: 4, endOnFailure: true },
  )
})
