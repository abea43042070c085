const require_rolldown_runtime = require("./rolldown-runtime.js");
const require_env_http_proxy_agent$1 = require("./env-http-proxy-agent.js");
// src/tenant/undici-proxy.ts
var import_env_http_proxy_agent = /* @__PURE__ */ require_rolldown_runtime.__toESM(require_env_http_proxy_agent$1.require_env_http_proxy_agent(), 1);
Object.defineProperty(exports, "EnvHttpProxyAgent", {
	enumerable: true,
	get: function() {
		return import_env_http_proxy_agent.default;
	}
});
