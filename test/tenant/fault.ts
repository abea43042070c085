// Faults that a test switches on: what goes wrong, on which requests, how often.
import type { LoggedRequest } from './tenant.ts'

/** What goes wrong. Only `reset` after the effect, `truncate` and `delay` let the request reach the tenant. */
export type FaultKind =
  /** This answer, with no headers but its own. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly headers?: FaultHeaders }
  /** The connection is reset, before or after the tenant has done what was asked. */
  | { readonly kind: 'reset'; readonly after: 'nothing' | 'effect' }
  /** No answer until the tenant closes. */
  | { readonly kind: 'hang' }
  /** The right answer, cut off half-way. */
  | { readonly kind: 'truncate' }
  /** 200 with this body, sent as JSON. */
  | { readonly kind: 'garbage'; readonly body: string }
  /** The right answer, later. */
  | { readonly kind: 'delay'; readonly ms: number }

type FaultHeaders = Readonly<Record<string, string>>

export type Fault = FaultKind & {
  readonly when: (request: LoggedRequest) => boolean
  /** Once unless set; Infinity for always. */
  readonly times?: number
}

export interface ArmedFault {
  readonly fault: Fault
  left: number
}

export function armFault(fault: Fault): ArmedFault {
  return { fault, left: fault.times ?? 1 }
}

/** The first fault that is left for this request; using it up. */
export function takeFault(faults: readonly ArmedFault[], request: LoggedRequest): Fault | undefined {
  const armed = faults.find(({ fault, left }) => left > 0 && fault.when(request))
  if (armed) armed.left -= 1
  return armed?.fault
}
