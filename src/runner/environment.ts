// Corrects variables of the runner that libraries read themselves, before those are loaded.

import { ActionError } from '../errors.ts'

const PROXIES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY']

/**
 * Changes `env`, because GitHub's client cannot be given a proxy in another way.
 * @throws ActionError that names a variable, without its value, which may contain a password
 */
export function prepareEnvironment(env: NodeJS.ProcessEnv): void {
  // GitHub's client also reads the event when it is loaded, and throws if the file is broken.
  delete env.GITHUB_EVENT_PATH
  if (env.GITHUB_API_URL && !/^https?:$/.test(URL.parse(env.GITHUB_API_URL)?.protocol ?? '')) {
    throw new ActionError("The runner's variable GITHUB_API_URL is not a URL, such as https://api.github.com.")
  }
  for (const name of [...PROXIES, 'no_proxy', 'NO_PROXY']) {
    // For undici, an empty variable would hide its twin in the other letter case.
    if (env[name]?.trim() === '') delete env[name]
  }
  for (const name of PROXIES) {
    const value = env[name]
    if (value === undefined) continue
    const url = proxyUrlOf(value.trim())
    if (url === undefined) {
      throw new ActionError(
        `The runner's variable ${name} is not the address of a proxy; use http://proxy.acme.com:3128 or http://user:password@proxy.acme.com:3128, with special characters percent-encoded.`,
      )
    }
    env[name] = url
  }
}

/** Like curl and other actions, assumes HTTP if there is no scheme. */
function proxyUrlOf(value: string): string | undefined {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol) || /[\s\p{C}]/u.test(address)) return undefined
  if (`${url.pathname}${url.search}${url.hash}` !== '/') return undefined
  try {
    decodeURIComponent(`${url.username}:${url.password}`)
    return address
  } catch {
    return undefined
  }
}
