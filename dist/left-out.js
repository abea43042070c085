import { n as __esmMin, r as __exportAll } from "./rolldown-runtime.js";
// src/left-out.ts
var left_out_exports = /* @__PURE__ */ __exportAll({
	BearerCredentialHandler: () => BearerCredentialHandler,
	HttpClient: () => HttpClient,
	ProxyAgent: () => ProxyAgent,
	fetch: () => fetch,
	getExecOutput: () => getExecOutput,
	setup: () => setup
});
function fetch() {
	throw new Error("The bundle has no such fetch; hand in another one.");
}
function getExecOutput() {
	throw new Error("The bundle cannot start a process.");
}
function setup() {
	throw new Error("The bundle has no such parser; unset UNDICI_USE_MILO.");
}
var ProxyAgent, BearerCredentialHandler, HttpClient;
var init_left_out = __esmMin((() => {
	ProxyAgent = class {};
	BearerCredentialHandler = class {};
	HttpClient = class {
		getAgent() {}
		getAgentDispatcher() {}
	};
}));
export { left_out_exports as i, fetch as n, init_left_out as r, HttpClient as t };
