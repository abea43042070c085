// Logs a line every few seconds, so that a long run does not look stuck.

import type { StartProgress } from '../live/survey.ts'
import type { Traffic } from '../tenant/tenant.ts'
import { counted } from './conclude.ts'
import { logLine } from './log.ts'

/** At least one line every five seconds, with time to spare. */
const PROGRESS_INTERVAL_MS = 4_000

export interface Heartbeat {
  /** From now on, reports how much of a list is done, how fast, and how long the rest will take. */
  readonly startProgress: StartProgress
  readonly end: () => void
}

/** Reports what the run is doing and what it is waiting for, including a token or GitHub. */
export function startHeartbeat(traffic: Traffic): Heartbeat {
  const atWork = () => `Still running: ${counted(traffic.requests, 'request')} sent to the tenant`
  let current = atWork
  const timer = setInterval(() => {
    const waiting = traffic.waitingFor === undefined ? '' : `; waiting for ${traffic.waitingFor}`
    logLine(`${current()}${waiting}`)
  }, PROGRESS_INTERVAL_MS)
  const startProgress: StartProgress = (label, total) => {
    const from = { at: performance.now(), requests: traffic.requests }
    let done = 0
    current = () => {
      const seconds = (performance.now() - from.at) / 1000
      const pace = `${((traffic.requests - from.requests) / seconds).toFixed(1)} requests a second`
      const end = done === 0 ? '' : `, about ${Math.ceil((seconds / done) * (total - done))} s left`
      return `${label}: ${done} of ${total}, ${total - done} to go, ${pace}${end}`
    }
    const end = () => {
      current = atWork
      if (total > 0) logLine(`${label}: ${done} of ${total}`)
    }
    return { step: () => void done++, end }
  }
  return { startProgress, end: () => clearInterval(timer) }
}
