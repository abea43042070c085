const require_rolldown_runtime = require("./rolldown-runtime.js");
// src/left-out.ts
var left_out_exports = /* @__PURE__ */ require_rolldown_runtime.__exportAll({
	BearerCredentialHandler: () => BearerCredentialHandler,
	HttpClient: () => HttpClient,
	IncomingMessage: () => IncomingMessage,
	ProxyAgent: () => ProxyAgent,
	extractBody: () => extractBody,
	fetch: () => fetch,
	getExecOutput: () => getExecOutput,
	markdownSummary: () => void 0,
	maxHeaderSize: () => maxHeaderSize,
	setup: () => setup,
	summary: () => void 0,
	webidl: () => webidl
});
function fetch() {
	throw new Error("The bundle has no such fetch; hand in another one.");
}
function getExecOutput() {
	throw new Error("The bundle cannot start a process.");
}
function extractBody() {
	throw new Error("The bundle can send no form.");
}
function setup() {
	throw new Error("The bundle has no such parser; unset UNDICI_USE_MILO.");
}
var ProxyAgent, BearerCredentialHandler, HttpClient, IncomingMessage, maxHeaderSize, webidl;
var init_left_out = require_rolldown_runtime.__esmMin((() => {
	ProxyAgent = class {};
	BearerCredentialHandler = class {};
	HttpClient = class {
		getAgent() {}
		getAgentDispatcher() {}
	};
	IncomingMessage = class {};
	maxHeaderSize = 16384;
	webidl = { is: { FormData: () => false } };
}));
Object.defineProperty(exports, "HttpClient", {
	enumerable: true,
	get: function() {
		return HttpClient;
	}
});
Object.defineProperty(exports, "fetch", {
	enumerable: true,
	get: function() {
		return fetch;
	}
});
Object.defineProperty(exports, "init_left_out", {
	enumerable: true,
	get: function() {
		return init_left_out;
	}
});
Object.defineProperty(exports, "left_out_exports", {
	enumerable: true,
	get: function() {
		return left_out_exports;
	}
});
