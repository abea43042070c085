// Preloaded by a process of the action with `env: fastTime(10)`: it waits and measures durations ten times as fast, so
// that a minute takes six seconds. The time of day is unchanged, because servers have their own clocks.

import { createRequire, syncBuiltinESMExports } from 'node:module'

const SPEED = Number(new URL(import.meta.url).searchParams.get('speed'))

const promises: typeof import('node:timers/promises') = createRequire(import.meta.url)('node:timers/promises')
const { setTimeout: sleep } = promises
const wait = globalThis.setTimeout
const timeout = AbortSignal.timeout
const now = performance.now.bind(performance)

performance.now = () => now() * SPEED
AbortSignal.timeout = milliseconds => timeout(Math.ceil(milliseconds / SPEED))
promises.setTimeout = (milliseconds = 0, ...rest) => sleep(milliseconds / SPEED, ...rest)
globalThis.setTimeout = Object.assign(
  (callback: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) =>
    wait(callback, milliseconds / SPEED, ...args),
  wait,
)
syncBuiltinESMExports()
