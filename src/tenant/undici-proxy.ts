// The part of undici that is in use where the runner names a proxy, and loaded only there.

import connect from 'undici/lib/api/api-connect.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'

// As undici's own index does; a proxy is asked for a tunnel by it.
Object.assign(Dispatcher.prototype, { connect })

export { EnvHttpProxyAgent }
