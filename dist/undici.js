const require_rolldown_runtime = require("./rolldown-runtime.js");
const require_pool$1 = require("./pool.js");
let node_v8 = require("node:v8");
// src/tenant/undici.ts
var import_pool = /* @__PURE__ */ require_rolldown_runtime.__toESM(require_pool$1.require_pool(), 1);
(0, node_v8.setFlagsFromString)("--wasm-tiering-budget=1000000000");
Object.defineProperty(exports, "Pool", {
	enumerable: true,
	get: function() {
		return import_pool.default;
	}
});
