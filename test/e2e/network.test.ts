import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Certificate, type Listener, makeCertificate, startProxy, startTlsFront } from '../servers/network.ts'
import type { Tenant } from '../servers/tenant/tenant.ts'
import { acme, CLIENT, errorsOf, ORDERS, runAgainst } from './acme.ts'
import type { ActionRun } from './action.ts'
import { acmeRepository, manifestOf } from './repository.ts'

const HOST = 'acme.test'
const USERS = [{ id: 'auth0|1', permissions: { [ORDERS]: ['read:orders'] } }]
const GRANTED = [{ api: ORDERS, permission: 'read:orders' }]

const trusted = makeCertificate(HOST)
const scratch = mkdtempSync(join(tmpdir(), 'network-'))
const listeners: Listener[] = []

afterAll(() => rmSync(scratch, { recursive: true }))
afterAll(async () => {
  await Promise.all(listeners.splice(0).map(listener => listener.close()))
})

function opened<T extends Listener>(listener: T): T {
  listeners.push(listener)
  return listener
}

interface Site {
  readonly tenant: Tenant
  /** The port of the TLS server in front of the tenant. */
  readonly port: number
  readonly run: (domain: string, env: Readonly<Record<string, string>>) => Promise<ActionRun>
}

async function site(certificate: Certificate = trusted): Promise<Site> {
  const tenant = await acme({ users: [{ id: 'auth0|1' }] })
  const { port } = opened(await startTlsFront(certificate, tenant.domain))
  return { tenant, port, run: (domain, env) => runAgainst(tenant, { users: USERS, inputs: { domain }, env }) }
}

/** A variable of the runner that makes Node trust the certificate. */
function trusting({ cert }: Certificate): Readonly<Record<string, string>> {
  const file = join(scratch, `${Math.random()}.pem`)
  writeFileSync(file, cert)
  return { NODE_EXTRA_CA_CERTS: file }
}

describe('TLS', () => {
  it('trusts a certificate authority from NODE_EXTRA_CA_CERTS', async () => {
    const { tenant, port, run } = await site()
    const { exitCode, log } = await run(`127.0.0.1:${port}`, trusting(trusted))
    expect(exitCode, log).toBe(0)
    expect(tenant.grantsOf('auth0|1')).toEqual(GRANTED)
  })

  const expired = makeCertificate(HOST, Date.now() - 60_000)
  it.each<readonly [string, Certificate, string, Readonly<Record<string, string>>, RegExp]>([
    ['is self-signed', trusted, '127.0.0.1', {}, /DEPTH_ZERO_SELF_SIGNED_CERT/],
    ['has expired', expired, '127.0.0.1', trusting(expired), /CERT_HAS_EXPIRED/],
    ['is for another host', trusted, 'localhost', trusting(trusted), /ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('rejects a certificate that %s at once, and sends nothing', async (_, certificate, host, env, code) => {
    const { tenant, port, run } = await site(certificate)
    const refused = await run(`${host}:${port}`, env)
    expect(refused.exitCode).toBe(1)
    expect(errorsOf(refused)).toEqual([expect.stringMatching(code)])
    expect(errorsOf(refused)[0]).toMatch(/POST \/oauth\/token.*NODE_EXTRA_CA_CERTS/)
    expect(refused.outputs).toMatchObject({ result: 'failed', changed: 'false', requests: '1' })
    expect(tenant.requests).toEqual([])
  })
})

describe('a proxy', () => {
  it.each([
    ['HTTPS_PROXY', 'http://127.0.0.1:'],
    ['https_proxy', 'http://127.0.0.1:'],
    ['HTTPS_PROXY', '127.0.0.1:'],
    ['HTTP_PROXY', '127.0.0.1:'],
  ])('from %s (%s…) receives every request, through a tunnel', async (variable, address) => {
    const { tenant, port, run } = await site()
    const proxy = opened(await startProxy(port))
    const env = { ...trusting(trusted), [variable]: `${address}${proxy.port}/` }
    const { exitCode, log } = await run(HOST, env)
    expect(exitCode, log).toBe(0)
    expect(tenant.grantsOf('auth0|1')).toEqual(GRANTED)
    expect(new Set(proxy.tunnels)).toEqual(new Set([`${HOST}:443`]))
    expect(proxy.plain).toEqual([])
  })

  it.each(['NO_PROXY', 'no_proxy'])('is bypassed for a host in %s', async variable => {
    const { tenant, port, run } = await site()
    const proxy = opened(await startProxy(port))
    const env = { ...trusting(trusted), HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, [variable]: '127.0.0.1' }
    const { exitCode, log } = await run(`127.0.0.1:${port}`, env)
    expect(exitCode, log).toBe(0)
    expect(tenant.grantsOf('auth0|1')).toEqual(GRANTED)
    expect(proxy.tunnels).toEqual([])
  })

  it('is bypassed for a tenant on loopback with plain HTTP', async () => {
    const { tenant, port, run } = await site()
    const proxy = opened(await startProxy(port))
    const url = `http://127.0.0.1:${proxy.port}`
    const { exitCode, log } = await run(tenant.domain, { HTTP_PROXY: url, HTTPS_PROXY: url })
    expect(exitCode, log).toBe(0)
    expect([...proxy.tunnels, ...proxy.plain]).toEqual([])
  })

  it('receives the user and password in its address, which no log shows', async () => {
    const { port, run } = await site()
    const proxy = opened(await startProxy(port))
    const env = { ...trusting(trusted), HTTPS_PROXY: `proxy-user:proxy-password@127.0.0.1:${proxy.port}` }
    const { exitCode, log } = await run(HOST, env)
    expect(exitCode, log).toBe(0)
    const basic = `Basic ${Buffer.from('proxy-user:proxy-password').toString('base64')}`
    expect(proxy.headers[0]).toMatchObject({ 'proxy-authorization': basic })
    expect(log).not.toContain('proxy-password')
  })

  it('does not bypass the check of the certificate', async () => {
    const { tenant, port, run } = await site()
    const proxy = opened(await startProxy(port))
    const refused = await run(HOST, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` })
    expect(refused.exitCode).toBe(1)
    expect(errorsOf(refused)).toEqual([expect.stringMatching(/DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/)])
    expect(tenant.requests).toEqual([])
  })

  it.each([
    ['refuses the tunnel', 403],
    ['asks for a password', 407],
  ])('that %s (%s) is not retried, and the error names its variable', async (_, status) => {
    const { tenant, port, run } = await site()
    const proxy = opened(await startProxy(port, status))
    const refused = await run(HOST, { HTTPS_PROXY: `http://proxy-user:proxy-password@127.0.0.1:${proxy.port}` })
    expectFailedInPrivate(refused, tenant)
    expect(errorsOf(refused)).toEqual([expect.stringMatching(new RegExp(`${status}.*/oauth/token.*HTTPS_PROXY`))])
    expect(refused.outputs.requests).toBe('1')
  })

  it('that is down is retried until it is back', async () => {
    const { tenant, port, run } = await site()
    const broken = createServer()
    await new Promise<void>(resolve => broken.listen(0, '127.0.0.1', resolve))
    const { port: proxyPort } = broken.address() as AddressInfo
    let knocks = 0
    const isKnocked = new Promise<void>(resolve => {
      broken.on('connection', socket => {
        socket.destroy()
        if (++knocks === 3) broken.close(() => resolve())
      })
    })
    const proxyUrl = `http://proxy-user:proxy-password@127.0.0.1:${proxyPort}`
    const running = run(HOST, { HTTPS_PROXY: proxyUrl, ...trusting(trusted) })
    await isKnocked
    opened(await startProxy(port, 200, proxyPort))
    const { outputs, log } = await running
    expect(outputs, log).toMatchObject({ result: 'applied' })
    expect(tenant.requests.length).toBeGreaterThan(0)
    expect(Number(outputs.requests)).toBeGreaterThanOrEqual(tenant.requests.length + 3)
    expect(log).not.toContain('proxy-password')
  })

  it.each(['proxy-user:proxy-password@no host:3128', 'ftp://proxy-user:proxy-password@proxy.acme.com'])(
    'with an invalid address (%s) is reported as a problem of the runner, not of the action',
    async value => {
      const { tenant, run } = await site()
      const failed = await run(HOST, { HTTPS_PROXY: value })
      expectFailedInPrivate(failed, tenant)
      expect(errorsOf(failed)).toEqual([expect.stringContaining('HTTPS_PROXY')])
      expect(failed.outputs.requests).toBe('0')
    },
  )

  it.each(['', 'proxy-user:proxy-password@'])('without a scheme (%s…) is used for GitHub too', async credential => {
    const tenant = await acme({ users: [{ id: 'auth0|1' }] })
    const repository = await acmeRepository(tenant)
    const { port } = opened(await startTlsFront(trusted, repository.github.apiUrl))
    const proxy = opened(await startProxy(port))
    const env = {
      ...trusting(trusted),
      GITHUB_API_URL: repository.github.apiUrl.replace(/^http:\/\/[^/]+/, `https://${HOST}`),
      HTTPS_PROXY: `${credential}127.0.0.1:${proxy.port}`,
    }
    const commit = repository.commit(manifestOf(USERS))
    const inputs = { mode: 'plan', comment: 'true' }
    const planned = await repository.run(commit, { inputs, env, run: { pullRequest: 5 } })
    expect(planned.outputs, planned.log).toMatchObject({ result: 'planned', grants: '1' })
    expect(repository.github.comments).toHaveLength(1)
    const applied = await repository.run(commit, { env })
    expect(applied.outputs).toMatchObject({ result: 'applied', grants: '1' })
    expect(repository.managed()).toEqual({ 'auth0|1': ['read:orders'] })
    expect(new Set(proxy.tunnels)).toEqual(new Set([`${HOST}:443`]))
    expect(planned.log + applied.log).not.toContain('proxy-password')
    const basic = `Basic ${Buffer.from('proxy-user:proxy-password').toString('base64')}`
    expect(proxy.headers[0]?.['proxy-authorization']).toBe(credential === '' ? undefined : basic)
  })

  function expectFailedInPrivate(run: ActionRun, tenant: Tenant): void {
    expect(run.exitCode).toBe(1)
    const said = run.log.replaceAll(/^::add-mask::.*$/gm, '') + run.summary + JSON.stringify(run.report)
    expect(said).not.toContain('proxy-password')
    expect(said).not.toContain(CLIENT.secret)
    expect(tenant.requests).toEqual([])
  }
})
