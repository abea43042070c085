import { maxHeaderSize as ofNode } from 'node:http'
import { expect, it } from 'vitest'
import * as leftOut from '../src/left-out.ts'

it('what stands in for parts of libraries in the bundle does nothing, and says so', () => {
  const { extractBody, fetch, getExecOutput, HttpClient, IncomingMessage, setup, webidl } = leftOut
  expect(fetch).toThrow('hand in another one')
  expect(getExecOutput).toThrow('cannot start a process')
  expect(extractBody).toThrow('no form')
  expect(webidl.is.FormData()).toBe(false)
  expect(setup).toThrow('unset UNDICI_USE_MILO')
  expect([new HttpClient().getAgent(), new HttpClient().getAgentDispatcher()]).toEqual([undefined, undefined])
  expect(Object.keys(new IncomingMessage())).toEqual([])
})

it("headers may be as long as Node's own client has them", () => {
  expect(leftOut.maxHeaderSize).toBe(ofNode)
})
