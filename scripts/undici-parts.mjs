// What the operator uses of undici, for the bundle (scripts/build.mjs). undici's own index loads all that there is: fetch,
// WebSockets, caches and mocks, which need 8 MB of memory (docs/decisions/0282-only-what-requests-need-is-loaded.md).
import requests from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'

export { default as Agent } from 'undici/lib/dispatcher/agent.js'
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js'
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'

// The index does the same.
Object.assign(Dispatcher.prototype, requests)
