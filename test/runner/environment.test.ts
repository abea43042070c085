import { describe, expect, it } from 'vitest'
import { ActionError } from '../../src/errors.ts'
import { prepareEnvironment } from '../../src/runner/environment.ts'

function prepared(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = { ...env }
  prepareEnvironment(copy)
  return copy
}

function refusalOf(env: NodeJS.ProcessEnv): string {
  try {
    prepareEnvironment({ ...env })
  } catch (error) {
    if (error instanceof ActionError) return error.message
    throw error
  }
  return ''
}

describe.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])('the proxy in %s', name => {
  it.each([
    ['proxy.acme.com:3128', 'http://proxy.acme.com:3128'],
    ['proxy', 'http://proxy'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['user:password@proxy.acme.com:3128', 'http://user:password@proxy.acme.com:3128'],
    ['proxy.acme.com:3128/', 'http://proxy.acme.com:3128/'],
    ['  proxy.acme.com:3128\n', 'http://proxy.acme.com:3128'],
    ['http://proxy.acme.com:3128', 'http://proxy.acme.com:3128'],
    ['http://proxy.acme.com:3128/', 'http://proxy.acme.com:3128/'],
    ['https://proxy.acme.com:3128', 'https://proxy.acme.com:3128'],
    ['HTTP://user:p%40ss@proxy.acme.com', 'HTTP://user:p%40ss@proxy.acme.com'],
  ])('is %j → %s', (value, url) => {
    expect(prepared({ [name]: value })).toEqual({ [name]: url })
  })

  it.each(['', ' ', '\n'])('counts as unset if it is %j, and does not override the others', value => {
    expect(prepared({ [name]: value })).toEqual({})
  })

  it.each([
    'ftp://proxy.acme.com',
    'http://proxy.acme.com/path',
    'http://proxy.acme.com/?query',
    'proxy.acme.com#hash',
    'http://http://',
    'socks5://user:password@proxy.acme.com:1080',
    'http://no host:password',
    'http://proxy:port',
    'proxy:99999',
    'http://',
    '://proxy',
    'user:password@',
    'user:pass\tword@proxy:3128',
    'user:pass%word@proxy:3128',
    'user%:password@proxy:3128',
    'http://proxy\u200b.acme.com',
  ])('is refused if it is %j, without a password', value => {
    const refusal = refusalOf({ [name]: value })
    expect(refusal).toContain(`The runner's variable ${name} is not the address of a proxy; use http://`)
    expect(refusal.replace('user:password@proxy.acme.com', '')).not.toContain('word')
  })
})

it.each(['NO_PROXY', 'no_proxy'])('an empty %s does not override the other', name => {
  expect(prepared({ [name]: ' ' })).toEqual({})
  expect(prepared({ [name]: 'acme.com' })).toEqual({ [name]: 'acme.com' })
})

it("the event is hidden from GitHub's client, which throws if it is invalid", () => {
  expect(prepared({ GITHUB_EVENT_PATH: '/event.json', GITHUB_SHA: '4f1c' })).toEqual({ GITHUB_SHA: '4f1c' })
})

describe("GitHub's address", () => {
  it.each(['https://api.github.com', 'http://127.0.0.1:8080', 'https://ghe.acme.com/api/v3', ''])('is %j', value => {
    expect(prepared({ GITHUB_API_URL: value })).toEqual({ GITHUB_API_URL: value })
  })

  it.each(['api.github.com', 'nonsense', 'ftp://api.github.com', 'https://'])('is refused if it is %j', value => {
    expect(refusalOf({ GITHUB_API_URL: value })).toContain('GITHUB_API_URL')
  })
})
