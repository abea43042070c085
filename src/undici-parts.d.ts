// undici describes its index alone; these are the parts of it that are in use.

declare module 'undici/lib/api/api-connect.js' {
  const connect: import('undici/types/index.js').Dispatcher['connect']
  export default connect
}

declare module 'undici/lib/dispatcher/dispatcher.js' {
  const dispatcher: typeof import('undici/types/index.js').Dispatcher
  export default dispatcher
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  const agent: typeof import('undici/types/index.js').EnvHttpProxyAgent
  export default agent
}

declare module 'undici/lib/dispatcher/pool.js' {
  const pool: typeof import('undici/types/index.js').Pool
  export default pool
}

declare module 'undici/lib/web/fetch/index.js' {
  const web: { readonly fetch: typeof import('undici/types/index.js').fetch }
  export default web
}
