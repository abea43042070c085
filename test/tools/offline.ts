// Keeps tests offline: a connection to anything but loopback throws before its name is resolved.

import { Socket } from 'node:net'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/

const connect = Socket.prototype.connect

Socket.prototype.connect = function (this: Socket, ...args: readonly unknown[]): Socket {
  const host = hostOf(args)
  if (!LOOPBACK.test(host)) throw new Error(`A test wants to connect to ${host}. Tests have no network.`)
  return Reflect.apply(connect, this, args)
}

/** The destination of the arguments: `(options)`, `(port, host)`, `(path)`, or any of these in an array, as Node itself calls it. */
function hostOf([first, second]: readonly unknown[]): string {
  if (Array.isArray(first)) return hostOf(first)
  if (typeof first === 'object' && first !== null && 'host' in first) return String(first.host ?? 'localhost')
  return typeof second === 'string' ? second : 'localhost'
}
