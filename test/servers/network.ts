// The network between a company and a tenant: TLS with the company's own certificate authority, and a proxy. All of it on
// loopback.

import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

export interface Certificate {
  /** PEM. */
  readonly key: string
  /** PEM. */
  readonly cert: string
}

export interface Listener {
  readonly port: number
  readonly close: () => Promise<void>
}

export interface Proxy extends Listener {
  /** The requested tunnels, as `host:port`. */
  readonly tunnels: readonly string[]
  readonly headers: readonly IncomingHttpHeaders[]
  /** The requests without a tunnel, which the proxy can read. */
  readonly plain: readonly string[]
}

const DAY = 86_400_000

/** A self-signed certificate for a host name and 127.0.0.1 (RFC 5280), which node:crypto cannot create. */
export function makeCertificate(host: string, end = Date.now() + DAY): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = der(0x30, oid('2a8648ce3d040302'))
  const name = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(host)))))
  const names = der(0x30, der(0x82, Buffer.from(host)), der(0x87, Buffer.from([127, 0, 0, 1])))
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    der(0x30, utcTime(end - 2 * DAY), utcTime(end)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, der(0x30, oid('551d11'), der(0x04, names)))),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey))
  const base64 = der(0x30, content, algorithm, signature).toString('base64')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  }
}

/** TLS in front of an HTTP server. */
export async function startTlsFront(certificate: Certificate, origin: string): Promise<Listener> {
  const { hostname, port } = new URL(origin)
  const server = createTlsServer(certificate, socket => join(socket, connect(Number(port), hostname)))
  // The tests are about clients that reject the certificate.
  server.on('tlsClientError', () => undefined)
  return listen(server)
}

/** A proxy that connects every tunnel to the same port, whatever the requested host, or refuses with a status. */
/** @param port any free one if it is 0 */
export async function startProxy(target: number, status = 200, port = 0): Promise<Proxy> {
  const tunnels: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const plain: string[] = []
  const server = createServer((request, response) => {
    plain.push(`${request.method} ${request.url}`)
    response.writeHead(502).end()
  })
  server.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '')
    headers.push(request.headers)
    socket.on('error', () => socket.destroy())
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`)
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    join(socket, connect(target, '127.0.0.1'))
  })
  return { ...(await listen(server, port)), tunnels, headers, plain }
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await listen(createServer())
  await close()
  return port
}

async function listen(server: Server, port = 0): Promise<Listener> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one)
  one.on('error', () => other.destroy())
  other.on('error', () => one.destroy())
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** `261231235959Z` */
function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}
