import { expect, it } from 'vitest'
import { extractBody, fetch, getExecOutput, HttpClient, setup, webidl } from '../src/left-out.ts'

it('what stands in for parts of libraries in the bundle does nothing, and says so', () => {
  expect(fetch).toThrow('hand in another one')
  expect(getExecOutput).toThrow('cannot start a process')
  expect(extractBody).toThrow('no form')
  expect(webidl.is.FormData()).toBe(false)
  expect(setup).toThrow('unset UNDICI_USE_MILO')
  expect([new HttpClient().getAgent(), new HttpClient().getAgentDispatcher()]).toEqual([undefined, undefined])
})
