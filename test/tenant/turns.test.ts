import { expect, it } from 'vitest'
import { openTurns, pause } from '../../src/tenant/turns.ts'
import { fastClock } from '../clock.ts'

it('a run waits for whatever takes longest', async () => {
  const { signal: stopped } = new AbortController()
  const turns = openTurns({ clock: fastClock(100), stopped, limits: { headroom: 0.25, ceiling: undefined } })
  expect(turns.traffic.waitingFor).toBeUndefined()
  const waits = [
    { milliseconds: 1_000, reason: 'a retry', byLimit: false },
    { milliseconds: 3_000, reason: 'the rate limit', byLimit: true },
    { milliseconds: 2_000, reason: 'a token', byLimit: false },
  ].map(wait => pause(turns, wait))
  expect(turns.traffic.waitingFor).toBe('the rate limit')
  await Promise.all(waits)
  expect(turns.traffic.waitingFor).toBeUndefined()
})
