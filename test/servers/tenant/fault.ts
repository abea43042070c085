// Faults that a test switches on: what goes wrong, on which requests, how often.
import type { LoggedRequest } from './tenant.ts'

/** What goes wrong. Only `reset` after the effect, `truncate` and `delay` let the request reach the tenant. */
export type FaultKind =
  /** This answer, with no headers but its own. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly headers?: FaultHeaders }
  /** This status, and in each text of its body all that was sent, also as headers and addresses would have it. */
  | { readonly kind: 'echo'; readonly status: number }
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

/** An error in the words of whoever sent the request. */
export function echoOf({ headers, body }: LoggedRequest, text: string): object {
  const token = headers.authorization?.replace(/^\w+ /, '') ?? ''
  const fields = typeof body === 'object' && body !== null ? Object.values(body) : []
  const sent = [text, token, ...fields].filter(each => typeof each === 'string')
  const echo = sent.flatMap(formsOf).join(' ')
  return { error: echo, error_description: echo, message: echo, errorCode: echo }
}

function formsOf(text: string): readonly string[] {
  const base64 = (['base64', 'base64url'] as const).map(encoding => Buffer.from(text).toString(encoding))
  return [text, encodeURIComponent(text), new URLSearchParams({ text }).toString().slice('text='.length), ...base64]
}
