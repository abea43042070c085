// How requests to GitHub are sent: by undici's fetch, through the runner's proxy. Loaded with GitHub's client.

import web from 'undici/lib/web/fetch/index.js'
import type { fetch as Fetch } from 'undici/types/index.js'
import { EnvHttpProxyAgent } from './tenant/undici-proxy.ts'

const dispatcher = new EnvHttpProxyAgent()

export const proxiedFetch: typeof Fetch = (resource, options) => web.fetch(resource, { ...options, dispatcher })
