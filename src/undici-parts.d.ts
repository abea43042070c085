// undici describes its index alone; these are the parts of it that are in use.

declare module 'undici/lib/api/index.js' {
  const api: object
  export default api
}

declare module 'undici/lib/dispatcher/agent.js' {
  const agent: typeof import('undici/types/index.js').Agent
  export default agent
}

declare module 'undici/lib/dispatcher/dispatcher.js' {
  const dispatcher: typeof import('undici/types/index.js').Dispatcher
  export default dispatcher
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  const agent: typeof import('undici/types/index.js').EnvHttpProxyAgent
  export default agent
}

declare module 'undici/lib/web/fetch/index.js' {
  const web: { readonly fetch: typeof import('undici/types/index.js').fetch }
  export default web
}
