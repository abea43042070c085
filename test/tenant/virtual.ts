// A tenant and a clock in virtual time, in which src/tenant/http.ts waits for minutes in milliseconds.

import { setImmediate as turn } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../src/runner/clock.ts'

export interface VirtualTime {
  readonly clock: Clock
  /** Advances time until the promise is settled. */
  readonly run: <T>(work: Promise<T>) => Promise<T>
  readonly after: (milliseconds: number, run: () => void) => void
}

export interface VirtualRequest {
  readonly method: string
  readonly path: string
  /** Milliseconds of the virtual clock. */
  readonly at: number
}

export interface VirtualAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** `{}` unless set. */
  readonly body?: string
}

/** How a tenant reacts to a request; `hang` never responds, and a fault has an error code of undici. */
export type Behaviour = (request: VirtualRequest) => VirtualAnswer | 'reset' | 'hang' | { readonly fault: string }

export interface VirtualTenant {
  readonly dispatcher: Dispatcher
  readonly requests: readonly VirtualRequest[]
  /** The largest number of concurrent requests since the last call. */
  readonly mostInFlight: () => number
}

/** The limit for a run that is stuck or never ends. */
const MAX_EVENTS = 500_000

export function startVirtualTime(random: () => number = () => 0.5): VirtualTime {
  const events: { readonly at: number; readonly run: () => void }[] = []
  let now = 5_000
  const after = (milliseconds: number, run: () => void) => {
    const at = now + milliseconds
    let index = events.length
    while (index > 0 && (events[index - 1]?.at ?? 0) > at) index--
    events.splice(index, 0, { at, run })
  }
  const clock: Clock = {
    now: () => now,
    random,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = () => reject(signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
        after(milliseconds, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
      }),
    timeout: milliseconds => {
      const controller = new AbortController()
      after(milliseconds, () => controller.abort(new DOMException('late', 'TimeoutError')))
      return controller.signal
    },
  }
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false
    const mark = () => {
      settled = true
    }
    work.then(mark, mark)
    for (let steps = 0; ; steps++) {
      await turn()
      if (settled) return work
      const event = events.shift()
      if (event === undefined || steps > MAX_EVENTS) throw new Error(`Nothing ends this at ${now} ms`)
      now = event.at
      event.run()
    }
  }
  return { clock, run, after }
}

/** @param latency of a round trip, in milliseconds */
export function startVirtualTenant({ clock, after }: VirtualTime, behave: Behaviour, latency = 50): VirtualTenant {
  const requests: VirtualRequest[] = []
  let [inFlight, most] = [0, 0]
  const request = ({ method, path, signal }: Dispatcher.RequestOptions) =>
    new Promise((resolve, reject) => {
      inFlight++
      most = Math.max(most, inFlight)
      const settle = (run: () => void) => {
        inFlight--
        run()
      }
      const onAbort = () => settle(() => reject((signal as AbortSignal).reason))
      ;(signal as AbortSignal).addEventListener('abort', onAbort, { once: true })
      after(latency / 2, () => {
        const arrived = { method, path, at: clock.now() }
        requests.push(arrived)
        const answer = behave(arrived)
        if (answer === 'hang') return
        after(latency / 2, () => {
          ;(signal as AbortSignal).removeEventListener('abort', onAbort)
          const fault = answer === 'reset' ? 'ECONNRESET' : 'fault' in answer ? answer.fault : undefined
          if (fault !== undefined) return settle(() => reject(Object.assign(new Error(fault), { code: fault })))
          if (answer === 'reset' || 'fault' in answer) return
          const { status, headers = {}, body = '{}' } = answer
          settle(() => resolve({ statusCode: status, headers, body: { text: async () => body } }))
        })
      })
    })
  const mostInFlight = () => {
    const seen = most
    most = inFlight
    return seen
  }
  return { dispatcher: { request, destroy: async () => undefined } as unknown as Dispatcher, requests, mostInFlight }
}
