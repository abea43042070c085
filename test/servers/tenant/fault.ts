// Faults that a test injects: what goes wrong, for which requests, how often.
import type { LoggedRequest } from './tenant.ts'

/** What goes wrong. Only `reset` after the effect, `truncate` and `delay` let the request reach the tenant. */
export type FaultKind =
  /** This response, with only the given headers. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly headers?: FaultHeaders }
  /** This status, and a body whose texts echo the whole request, also as encoded in headers and URLs. */
  | { readonly kind: 'echo'; readonly status: number }
  /** The connection is reset, before or after the request takes effect. */
  | { readonly kind: 'reset'; readonly after: 'nothing' | 'effect' }
  /** No response until the tenant is closed. */
  | { readonly kind: 'hang' }
  /** The right response, truncated. */
  | { readonly kind: 'truncate' }
  /** 200 with this body, sent as JSON. */
  | { readonly kind: 'garbage'; readonly body: string }
  /** The right response, delayed. */
  | { readonly kind: 'delay'; readonly ms: number }

type FaultHeaders = Readonly<Record<string, string>>

export type Fault = FaultKind & {
  readonly when: (request: LoggedRequest) => boolean
  /** By default once; Infinity for always. */
  readonly times?: number
}

export interface ArmedFault {
  readonly fault: Fault
  left: number
}

export function armFault(fault: Fault): ArmedFault {
  return { fault, left: fault.times ?? 1 }
}

/** Takes the first remaining fault for this request. */
export function takeFault(faults: readonly ArmedFault[], request: LoggedRequest): Fault | undefined {
  const armed = faults.find(({ fault, left }) => left > 0 && fault.when(request))
  if (armed) armed.left -= 1
  return armed?.fault
}

/** An error that echoes the request. */
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
