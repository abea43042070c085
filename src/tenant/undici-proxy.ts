// The part of undici that is in use where the runner names a proxy, and loaded only there.

import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'

export { EnvHttpProxyAgent }
