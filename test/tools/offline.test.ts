import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDispatcher } from '../../src/tenant/exchange.ts'

// Nothing responds at either. RFC 5737, RFC 6761
const ADDRESS = '192.0.2.1'
const NAME = 'tenant.invalid'

const server = createServer(socket => socket.end())
let port = 0

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterAll(() => {
  server.close()
})

describe('a connection from a test', () => {
  it.each([
    ['by port and address', () => connect(443, ADDRESS)],
    ['by options', () => connect({ host: NAME, port: 443 })],
    ['with TLS', () => connectSecurely({ host: NAME, port: 443 })],
    ['for a request', () => get(`http://${NAME}/`)],
    ['for a request with TLS', () => getSecurely(`https://${ADDRESS}/`)],
  ])('to another machine is refused: %s', (_, open) => {
    expect(open).toThrow(/^A test wants to connect to (192\.0\.2\.1|tenant\.invalid)\. Tests have no network\.$/)
  })

  it.each([ADDRESS, NAME])('to another machine is refused: by fetch, %s', async host => {
    await expect(fetch(`https://${host}/`)).rejects.toMatchObject({
      cause: { message: `A test wants to connect to ${host}. Tests have no network.` },
    })
  })

  it('to another machine is refused: by a request to a tenant', async () => {
    const dispatcher = await openDispatcher(`https://${NAME}`)
    const request = dispatcher.request({ origin: `https://${NAME}`, path: '/', method: 'GET' })
    await expect(request.finally(() => dispatcher.close())).rejects.toThrow(`A test wants to connect to ${NAME}.`)
  })

  it.each([
    ['127.0.0.1', () => connect(port, '127.0.0.1')],
    ['localhost', () => connect({ port, host: 'localhost', family: 4 })],
    ['no host', () => connect({ port, family: 4 })],
  ])('to this machine is allowed: %s', async (_, open: () => Socket) => {
    const socket = open()
    await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject))
    socket.destroy()
  })
})
