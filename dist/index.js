Object.defineProperty(exports, Symbol.toStringTag, { value: "Module" });
require("./rolldown-runtime.js");
// src/errors.ts
/** The base of every failure that a user can do something about. */
var ActionError = class extends Error {
	name = "ActionError";
};
var InputError = class extends ActionError {
	name = "InputError";
	problems;
	constructor(problems) {
		super(problems.map((problem) => problem.message).join("\n"));
		this.problems = problems;
	}
};
/** The run stops, and what this is thrown for was not sent. */
var NotSentError = class extends ActionError {
	name = "NotSentError";
};
/** A request that the tenant refused, or that did not get through. */
var TenantError = class extends ActionError {
	name = "TenantError";
	details;
	constructor(summary, details, options) {
		const said = [
			details.status,
			details.errorCode,
			details.answer
		].filter((part) => part !== void 0).join(" ");
		const facts = [
			details.request,
			details.attempts > 1 ? `${details.attempts} attempts` : void 0,
			said === "" ? void 0 : `Auth0 said: ${said}`,
			details.requestId === void 0 ? void 0 : `request id ${details.requestId}`
		].filter((part) => part !== void 0);
		super(`${summary} (${facts.join("; ")}). ${details.advice}`, options);
		this.details = details;
	}
};
/** GitHub refused a request, or did not answer. */
var GitHubError = class extends ActionError {
	name = "GitHubError";
	/** undefined where no answer came */
	status;
	constructor(message, status, options) {
		super(message, options);
		this.status = status;
	}
};
/** What was thrown, which may be anything, as an error. */
function errorOf(thrown) {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}
// src/cancel.ts
/** Aborted, with a NotSentError for its reason, at the first of these signals. */
function cancelOnSignal() {
	const controller = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => controller.abort(new NotSentError(`Cancelled by ${signal}.`)));
	return controller.signal;
}
// src/index.ts
const cancelled = cancelOnSignal();
Promise.resolve().then(() => require("./run.js")).then(({ run }) => run(cancelled));
exports.ActionError = ActionError;
exports.GitHubError = GitHubError;
exports.InputError = InputError;
exports.NotSentError = NotSentError;
exports.TenantError = TenantError;
exports.errorOf = errorOf;
