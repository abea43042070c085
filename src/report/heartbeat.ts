// What the log says every few seconds while a run is under way.

import type { Traffic } from '../tenant/pace.ts'
import { counted } from './conclude.ts'
import { logLine } from './log.ts'

/** Milliseconds; with time to spare, because every five seconds is promised. */
const PROGRESS_EVERY = 4_000

export interface Heartbeat {
  /** From now on says how much of a list is done, how fast, and how long the rest will take. */
  readonly follow: (doing: string, total: number) => Progress
  readonly end: () => void
}

interface Progress {
  readonly step: () => void
  readonly end: () => void
}

/** Says what the run is doing and what it waits for, also while it waits for a token or for GitHub. */
export function startHeartbeat(traffic: Traffic): Heartbeat {
  const atWork = () => `Still at work: ${counted(traffic.requests, 'request')} sent to the tenant so far`
  let current = atWork
  const timer = setInterval(() => {
    const waiting = traffic.waitingFor === undefined ? '' : `; waiting for ${traffic.waitingFor}`
    logLine(`${current()}${waiting}`)
  }, PROGRESS_EVERY)
  const follow = (doing: string, total: number): Progress => {
    const from = { at: performance.now(), requests: traffic.requests }
    let done = 0
    current = () => {
      const seconds = (performance.now() - from.at) / 1000
      const pace = `${((traffic.requests - from.requests) / seconds).toFixed(1)} requests a second`
      const end = done === 0 ? '' : `, about ${Math.ceil((seconds / done) * (total - done))} s left`
      return `${doing}: ${done} of ${total}, ${total - done} to go, ${pace}${end}`
    }
    const end = () => {
      current = atWork
      if (total > 0) logLine(`${doing}: ${done} of ${total}`)
    }
    return { step: () => void done++, end }
  }
  return { follow, end: () => clearInterval(timer) }
}
