// What is in the bundle in the place of parts of libraries that are loaded at once and never used here (test/build.ts
// names them): they take a small run as long to load as everything else together. So nothing here does anything, and
// what would need it says so.

// @actions/http-client, and undici as @actions/github knows it: requests are sent by tenant/undici.ts and github-fetch.ts.

export class ProxyAgent {}

export class BearerCredentialHandler {}

/** GitHub's client asks for these when it is loaded, and is handed a fetch that needs none. */
export class HttpClient {
  getAgent(): undefined {
    return undefined
  }

  getAgentDispatcher(): undefined {
    return undefined
  }
}

export function fetch(): never {
  throw new Error('The bundle has no such fetch; hand in another one.')
}

// @actions/exec: no process is started.

export function getExecOutput(): never {
  throw new Error('The bundle cannot start a process.')
}

// @actions/core's own summary: report.ts writes it.

export const summary = undefined

export const markdownSummary = undefined

// Node's own client and server, of which undici asks for no more than this: what a request of theirs is, to pass it on, and
// how long headers may be, for which this is Node's own number.

export class IncomingMessage {}

export const maxHeaderSize = 16_384

// undici's HTTP/2, which is turned off; what it needs to send forms, which nobody does; and its experimental parser, which
// UNDICI_USE_MILO would turn on.

export const webidl = { is: { FormData: () => false } }

export function extractBody(): never {
  throw new Error('The bundle can send no form.')
}

export function setup(): never {
  throw new Error('The bundle has no such parser; unset UNDICI_USE_MILO.')
}
