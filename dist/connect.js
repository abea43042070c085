const require_rolldown_runtime = require("./rolldown-runtime.js");
const require_index = require("./index.js");
const require_zod = require("./zod.js");
const require_run = require("./run.js");
const require_pool$1 = require("./pool.js");
let node_timers_promises = require("node:timers/promises");
let node_crypto = require("node:crypto");
let node_v8 = require("node:v8");
// src/tenant/answer-error.ts
/** The Management API's form, and the token endpoint's. */
const errorBody = require_zod.object({
	message: require_zod.optional(require_zod.string()),
	errorCode: require_zod.optional(require_zod.string()),
	error: require_zod.optional(require_zod.string()),
	error_description: require_zod.optional(require_zod.string())
});
/** Where Auth0, and the network before it, put the id that their support asks for. */
const REQUEST_ID_HEADERS = [
	"ot-baggage-auth0-request-id",
	"x-auth0-requestid",
	"cf-ray"
];
const LONGEST_QUOTE = 300;
function answerError(answer, summary, reach, advice) {
	const { data } = errorBody.safeParse(answer.body);
	const words = data?.message ?? data?.error_description ?? (typeof answer.body === "string" ? answer.body : void 0);
	const said = words && require_run.redact(words);
	return new require_index.TenantError(summary, {
		request: `${answer.request.method} ${answer.request.path}`,
		reach,
		attempts: answer.attempts,
		status: answer.status,
		errorCode: data?.errorCode ?? data?.error,
		answer: said !== void 0 && said.length > LONGEST_QUOTE ? `${said.slice(0, LONGEST_QUOTE)}\u2026` : said,
		requestId: REQUEST_ID_HEADERS.map((name) => answer.headers[name]).find((value) => typeof value === "string"),
		advice
	});
}
function isRedirect(status) {
	return status >= 300 && status < 400;
}
function redirectAdvice({ location }) {
	const target = URL.parse(String(location))?.host;
	return `It redirects${target === void 0 ? "" : ` to ${target}`}, which is never followed; set the input domain to the tenant's own domain.`;
}
// src/tenant/undici.ts
var import_pool = /* @__PURE__ */ require_rolldown_runtime.__toESM(require_pool$1.require_pool(), 1);
(0, node_v8.setFlagsFromString)("--wasm-tiering-budget=1000000000");
// src/tenant/http.ts
const TOKEN_PATH = "/oauth/token";
const MAX_ATTEMPTS = 8;
const FIRST_BACKOFF = 250;
const LONGEST_BACKOFF = 16e3;
/** Failed attempts in a row, over all requests, after which one request at a time goes to see whether that is over. */
const PROBE_AFTER = 8;
/** How long such a row may be until the tenant counts as down. */
const DOWN_FOR = 2e4;
/** How soon to look again whether that one request was answered. */
const LOOK_AGAIN = 20;
/** A cancelled run lets what is in flight finish for this long; the runner kills it 10 s after the first signal. */
const GRACE = 4500;
const TIMEOUT = 2e4;
/** How long a request is tried at the most, in attempts that got no answer: three time-outs. */
const PATIENCE = 6e4;
const MAX_BODY = 8388608;
const RATE_LIMIT = "the rate limit";
/** Faults that do not pass by themselves; everything else on the way to an answer is worth another try. */
const LASTING_FAULT = /^(ENOTFOUND|UND_ERR_INVALID_ARG|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/;
const NO_FAILURES = {
	inRow: 0,
	since: 0,
	waves: 0,
	at: Number.NEGATIVE_INFINITY,
	until: 0
};
function createHttp(options) {
	const { origin, mode, signal, dispatcher } = options;
	const now = options.now ?? Date.now;
	const random = options.random ?? Math.random;
	const pause = options.sleep ?? ((milliseconds, signal) => (0, node_timers_promises.setTimeout)(milliseconds, void 0, { signal }));
	const traffic = {
		requests: 0,
		waited: 0,
		waitingFor: void 0,
		blind: false
	};
	const halted = new AbortController();
	const stopped = AbortSignal.any([signal, halted.signal]);
	const inFlight = new AbortController();
	signal.addEventListener("abort", () => setTimeout(() => inFlight.abort(signal.reason), GRACE).unref(), { once: true });
	const underWay = /* @__PURE__ */ new Set();
	let pace = require_run.startPace(options.limits);
	let failures = NO_FAILURES;
	let queue = Promise.resolve();
	const wait = async (milliseconds, waitingFor) => {
		const from = now();
		traffic.waitingFor = waitingFor;
		try {
			await pause(milliseconds, stopped);
		} catch {
			stopped.throwIfAborted();
		} finally {
			traffic.waitingFor = void 0;
			if (waitingFor === RATE_LIMIT) traffic.waited += now() - from;
		}
	};
	/** While everything fails, one request at a time goes to see: what would be sent beside it would fail too. */
	const delayByFailures = () => {
		if (failures.inRow < PROBE_AFTER) return 0;
		return pace.inFlight > 0 ? LOOK_AGAIN : failures.until - now();
	};
	/** Requests go one after the other, in the order in which they were asked for. */
	const turn = () => {
		const mine = queue.then(async () => {
			for (;;) {
				stopped.throwIfAborted();
				const [byFailures, byPace] = [delayByFailures(), require_run.delayBefore(pace, now())];
				if (byFailures <= 0 && byPace <= 0) break;
				await (byFailures > byPace ? wait(byFailures, "the tenant to answer again") : wait(byPace, RATE_LIMIT));
			}
			pace = require_run.sending(pace, now());
		});
		queue = mine.catch(() => void 0);
		return mine;
	};
	const headersOf = async ({ headers, authorization }) => {
		const complete = authorization === void 0 ? headers : {
			...headers,
			authorization: await authorization()
		};
		stopped.throwIfAborted();
		return complete;
	};
	const attempt = async (request) => {
		if (request.paced) await turn();
		const headers = await headersOf(request).catch((error) => {
			if (request.paced) pace = require_run.withdrawn(pace);
			throw error;
		});
		traffic.requests++;
		const from = now();
		const exchanging = exchange(dispatcher, origin, {
			...request,
			...headers && { headers }
		}, inFlight.signal);
		underWay.add(exchanging);
		const result = await exchanging.finally(() => underWay.delete(exchanging));
		const took = now() - from;
		if (request.paced) {
			const answer = result.kind === "answer" ? result.answer : void 0;
			const outcome = {
				bucket: answer && require_run.readBucket(answer.headers, now()),
				answered: answer !== void 0,
				throttled: answer?.status === 429,
				latency: took,
				jitter: random()
			};
			pace = require_run.received(pace, outcome, now());
			traffic.blind = pace.blind;
		}
		return {
			result,
			from,
			took
		};
	};
	const send = async (request) => {
		if (mode !== "apply" && request.method !== "GET" && request.path !== "/oauth/token") throw new Error(`${request.method} ${request.path} in a mode that writes nothing`);
		let attempts = 0;
		let unanswered = 0;
		try {
			for (;;) {
				const { result, from, took } = await attempt(request);
				attempts++;
				if (result.kind === "answer" && !isPassing(result.answer)) {
					failures = NO_FAILURES;
					return {
						...result.answer,
						attempts
					};
				}
				const throttled = result.kind === "answer" && result.answer.status === 429;
				if (!throttled) countFailure(from);
				if (result.kind === "fault") unanswered += took;
				const lasting = result.kind === "fault" && result.lasting;
				const hopeless = failures.inRow >= PROBE_AFTER && now() - failures.since >= DOWN_FOR || pace.refusals.inRow >= MAX_ATTEMPTS || lasting;
				if (hopeless || attempts === MAX_ATTEMPTS || unanswered >= PATIENCE) throw givenUp(request, attempts, result, origin, hopeless ? "run" : "user");
				if (!throttled || !request.paced) await wait(backoff(attempts), `another try of ${request.method} ${request.path}`);
			}
		} catch (error) {
			if (error instanceof require_index.NotSentError && attempts > 0) throw interrupted(request, attempts, error);
			throw error;
		}
	};
	const countFailure = (sentAt) => {
		const { inRow, since, waves, at, until } = failures;
		const soFar = {
			inRow: inRow + 1,
			since: inRow === 0 ? now() : since
		};
		failures = sentAt > at ? {
			...soFar,
			waves: waves + 1,
			at: now(),
			until: now() + backoff(waves + 1)
		} : {
			...soFar,
			waves,
			at,
			until
		};
	};
	const backoff = (attempts) => Math.min(FIRST_BACKOFF * 2 ** (attempts - 1), LONGEST_BACKOFF) * (.5 + random() / 2);
	const halt = (cause) => halted.abort(new require_index.NotSentError("An earlier request failed for all.", { cause }));
	/** What was sent is let finish, so that the tenant saw all that is counted. */
	const close = async () => {
		const patience = (0, node_timers_promises.setTimeout)(GRACE, void 0, { ref: false });
		await Promise.race([Promise.all(underWay), patience]);
		await dispatcher.destroy();
	};
	return {
		send,
		halt,
		traffic,
		close
	};
}
/** An answer that says "not now". */
function isPassing({ status, body, request }) {
	if (status === 429 || status === 408 || status >= 500) return true;
	if (status < 200 || status > 299) return false;
	return typeof body !== "object" && (body !== void 0 || request.method === "GET");
}
async function exchange(dispatcher, origin, request, signal) {
	const { method, path, query, headers, body } = request;
	try {
		const { text, ...head } = await receive(dispatcher, {
			origin,
			path: query === void 0 ? path : `${path}?${query}`,
			method,
			headers: {
				accept: "application/json",
				"user-agent": "auth0-permissions-action",
				...headers
			},
			body: body ?? null
		}, signal);
		return {
			kind: "answer",
			answer: {
				request,
				...head,
				body: parse(text)
			}
		};
	} catch (error) {
		const fault = require_index.errorOf(error);
		return {
			kind: "fault",
			error: fault,
			lasting: LASTING_FAULT.test(codeOf(fault)) || isRefusedTunnel(fault)
		};
	}
}
/**
* The whole answer at once; undici's own `request` makes a stream of each, which takes time and which nobody here needs.
* @throws what broke the exchange, or the signal's reason
*/
function receive(dispatcher, request, signal) {
	const { promise, resolve, reject } = Promise.withResolvers();
	const chunks = [];
	let size = 0;
	let head;
	let stopped;
	let begun;
	const stop = (reason) => {
		stopped = reason;
		begun?.abort(reason);
		reject(reason);
	};
	const cancel = () => stop(signal.reason);
	const overdue = setTimeout(() => stop(/* @__PURE__ */ new Error(`the answer took longer than ${TIMEOUT / 1e3} s`)), TIMEOUT);
	signal.addEventListener("abort", cancel);
	dispatcher.dispatch(request, {
		onRequestStart: (controller) => {
			begun = controller;
			if (stopped !== void 0) controller.abort(stopped);
		},
		onResponseStart: (_, status, headers) => {
			head = {
				status,
				headers
			};
		},
		onResponseData: (_, chunk) => {
			size += chunk.length;
			chunks.push(chunk);
			if (size > MAX_BODY) stop(/* @__PURE__ */ new Error(`an answer of more than ${MAX_BODY} bytes`));
		},
		onResponseEnd: () => resolve({
			...head,
			text: Buffer.concat(chunks).toString("utf8")
		}),
		onResponseError: (_, error) => reject(error)
	});
	return promise.finally(() => {
		clearTimeout(overdue);
		signal.removeEventListener("abort", cancel);
	});
}
function parse(text) {
	try {
		return text === "" ? void 0 : JSON.parse(text);
	} catch {
		return text;
	}
}
function codeOf(error) {
	return "code" in error && typeof error.code === "string" ? error.code : "";
}
/** undici has no code of its own for a tunnel that the proxy does not open. */
function isRefusedTunnel({ message }) {
	return /^Proxy response \(4\d\d\)/.test(message);
}
function givenUp(request, attempts, result, origin, reach) {
	if (result.kind === "answer") {
		const busy = result.answer.status === 429;
		return answerError({
			...result.answer,
			attempts
		}, busy ? `${origin} is busy with other traffic` : `${origin} answers ${reach === "run" ? "" : "this request "}with errors alone`, reach, busy ? "Run it again later." : LATER);
	}
	return new require_index.TenantError(`No answer from ${origin}: ${`${codeOf(result.error)} ${result.error.message}`.trim()}`, {
		request: `${request.method} ${request.path}`,
		reach,
		attempts,
		advice: adviceOn(result.error)
	}, { cause: result.error });
}
/** The tenant may have done what it was asked, as the last answer was lost or never awaited. */
function interrupted(request, attempts, cause) {
	return new require_index.TenantError("The run stopped before an answer came; whether the tenant did it is not known", {
		request: `${request.method} ${request.path}`,
		reach: "run",
		attempts,
		advice: "Run it again to be sure."
	}, { cause });
}
const LATER = "Run it again when the tenant and the way to it work; Auth0's status page is https://status.auth0.com.";
function adviceOn(fault) {
	const code = codeOf(fault);
	if (code === "ENOTFOUND") return "Check the input domain: no host has this name.";
	if (isRefusedTunnel(fault)) return "Check HTTPS_PROXY and NO_PROXY of the runner, and what the proxy lets through.";
	if (!LASTING_FAULT.test(code)) return LATER;
	return "Check the input domain, and NODE_EXTRA_CA_CERTS where a proxy has a certificate authority of its own.";
}
/** @throws ActionError for a proxy variable that is no address; its value may hold a password and is not shown */
async function openDispatcher(origin) {
	try {
		return await createDispatcher(origin);
	} catch (cause) {
		throw new require_index.ActionError("The runner's variable HTTPS_PROXY or HTTP_PROXY holds no address of a proxy; use the form http://proxy.acme.com:3128.", { cause });
	}
}
/** What EnvHttpProxyAgent goes by. */
const PROXY_VARIABLES = [
	"https_proxy",
	"HTTPS_PROXY",
	"http_proxy",
	"HTTP_PROXY"
];
/** Plain HTTP never goes through a proxy, as it would leave the loopback address that it is allowed to. */
async function createDispatcher(origin) {
	const options = {
		connections: 48,
		allowH2: false,
		connect: { timeout: 1e4 },
		headersTimeout: TIMEOUT,
		bodyTimeout: TIMEOUT
	};
	if (origin.startsWith("http:") || !PROXY_VARIABLES.some((name) => process.env[name])) return new import_pool.default(origin, options);
	const { EnvHttpProxyAgent } = await Promise.resolve().then(() => require("./undici-proxy.js")).then((n) => n.undici_proxy_exports);
	return new EnvHttpProxyAgent(options);
}
// src/tenant/tenant.ts
const BASE = "/api/v2";
/** What Auth0 answers to a write that it has done; anything else may come from somebody in between. */
const DONE = {
	POST: 201,
	DELETE: 204
};
/** Auth0 takes no more `identifiers` in one request. */
const APIS_PER_REQUEST = 10;
const PER_PAGE = 100;
/** Auth0 returns no more users to a search. */
const MOST_FOUND = 1e3;
/** More than anybody holds: 1,000 direct permissions, and those of many roles. */
const MOST_PAGES = 500;
/** Refused requests in a row, of several users, after which it is the token and not the user that lacks something. */
const FORBIDDEN_FOR_ALL = 3;
/** How often a list that changes while its pages are read is read again. */
const LIST_READS = 3;
const apiList = require_zod.array(require_zod.object({
	identifier: require_zod.string(),
	scopes: require_zod._default(require_zod.array(require_zod.object({ value: require_zod.string() })), []),
	enforce_policies: require_zod.nullish(require_zod.boolean()),
	token_dialect: require_zod.nullish(require_zod.string())
}));
const permissionPage = require_zod.object({
	permissions: require_zod.array(require_zod.object({
		permission_name: require_zod.string(),
		resource_server_identifier: require_zod.string(),
		sources: require_zod.array(require_zod.object({
			source_type: require_zod.string(),
			source_name: require_zod.optional(require_zod.string())
		}))
	})),
	total: require_zod.int().check(require_zod._nonnegative())
});
const userPage = require_zod.object({
	users: require_zod.array(require_zod.object({ user_id: require_zod.string().check(require_zod._minLength(1)) })),
	total: require_zod.int().check(require_zod._nonnegative())
});
const userProfile = require_zod.object({
	email: require_zod.optional(require_zod.string()),
	email_verified: require_zod._default(require_zod.boolean(), false)
});
const userList = require_zod.array(require_zod.object({
	user_id: require_zod.string(),
	email: require_zod.optional(require_zod.string()),
	email_verified: require_zod._default(require_zod.boolean(), false),
	identities: require_zod._default(require_zod.array(require_zod.object({ connection: require_zod.string() })), [])
}));
function openTenant(session) {
	const get = (path, query) => session.send({
		method: "GET",
		path: `${BASE}${path}`,
		query
	});
	const apis = async (identifiers) => {
		const found = /* @__PURE__ */ new Map();
		for (let from = 0; from < identifiers.length; from += APIS_PER_REQUEST) {
			const batch = identifiers.slice(from, from + APIS_PER_REQUEST);
			const answer = await get("/resource-servers", batch.map((id) => `identifiers=${encodeURIComponent(id)}`).join("&"));
			for (const api of read(apiList, answer, "The APIs could not be read")) found.set(api.identifier, {
				identifier: api.identifier,
				permissions: new Set(api.scopes.map((scope) => scope.value)),
				rbac: api.enforce_policies === true,
				permissionsInToken: api.token_dialect?.endsWith("_authz") === true
			});
		}
		return found;
	};
	const permissionsOf = async (user) => {
		for (let attempt = 1;; attempt++) {
			const items = [];
			let answer;
			let page;
			let pages = 0;
			do {
				const query = `page=${pages}&per_page=${PER_PAGE}&include_totals=true`;
				answer = await get(permissionsPath(user), query);
				if (isUnknownUser(answer)) return void 0;
				page = read(permissionPage, answer, `The permissions of ${user} could not be read`);
				items.push(...page.permissions);
				pages++;
			} while (items.length < page.total && page.permissions.length >= PER_PAGE && pages < MOST_PAGES);
			const live = liveOf(items);
			if (live.size === page.total) return live;
			if (attempt === LIST_READS) {
				const summary = `The permissions of ${user} changed while they were read: ${live.size} came of ${page.total}`;
				throw answerError(answer, summary, "user", "Run it again when nothing else writes to this user.");
			}
		}
	};
	const findByEmail = async (email) => {
		const answer = await get("/users-by-email", `email=${encodeURIComponent(email)}&fields=user_id,email,email_verified,identities&include_fields=true`);
		return read(userList, answer, `The users with the address ${email} could not be read`).map((user) => ({
			id: user.user_id,
			verified: user.email_verified,
			connections: user.identities.map((identity) => identity.connection)
		}));
	};
	const emailOf = async (user) => {
		const answer = await get(userPath(user), "fields=email,email_verified&include_fields=true");
		if (answer.status === 404) return void 0;
		const { email, email_verified } = read(userProfile, answer, `The address of ${user} could not be read`);
		return email_verified ? email?.toLowerCase() : void 0;
	};
	const searchPage = async (query, page) => {
		const fields = "fields=user_id&include_fields=true&sort=user_id:1&search_engine=v3";
		const paging = `page=${page}&per_page=${PER_PAGE}&include_totals=true`;
		const answer = await get("/users", `q=${encodeURIComponent(query)}&${fields}&${paging}`);
		if (answer.status === 400) throw answerError(answer, "The search failed", "run", "Correct the input query.");
		const { users, total } = read(userPage, answer, "The search failed");
		if (total > MOST_FOUND) throw answerError(answer, `The search finds ${total} users, and Auth0 returns ${MOST_FOUND} of them at the most`, "run", "Narrow the input query, such as to one connection or to one first letter, and export in several runs.");
		return {
			answer,
			total,
			ids: users.map((user) => user.user_id)
		};
	};
	const searchUsers = async (query) => {
		for (let attempt = 1;; attempt++) {
			const ids = /* @__PURE__ */ new Set();
			let found = await searchPage(query, 0);
			for (const id of found.ids) ids.add(id);
			for (let page = 1; page * PER_PAGE < found.total; page++) {
				found = await searchPage(query, page);
				for (const id of found.ids) ids.add(id);
			}
			if (ids.size === found.total) return [...ids];
			if (attempt === LIST_READS) {
				const summary = `What the search finds changed while it was read: ${ids.size} users came of ${found.total}`;
				throw answerError(found.answer, summary, "run", "Run it again when no users come or go.");
			}
		}
	};
	const write = async (method, user, permissions) => {
		const items = permissions.map(({ api, permission }) => ({
			resource_server_identifier: api,
			permission_name: permission
		}));
		const answer = await session.send({
			method,
			path: `${BASE}${permissionsPath(user)}`,
			body: JSON.stringify({ permissions: items })
		});
		if (answer.status === DONE[method]) return;
		const summary = `${method === "POST" ? "Granting to" : "Revoking from"} ${user} failed`;
		if (isUnknownUser(answer)) throw answerError(answer, summary, "user", "The user is gone from the tenant; remove the entry from the manifest.");
		throw refusal(answer, summary);
	};
	const worked = /* @__PURE__ */ new Set();
	let forbiddenInRow = 0;
	/**
	* What concerns the whole run stops everything that still waits to be sent. A 403 may be about one user, or about the
	* token: it is the token's where nothing of the kind has worked so far, or where several users are refused in a row.
	*/
	const halting = async (kind, work) => {
		try {
			const result = await work;
			worked.add(kind);
			forbiddenInRow = 0;
			return result;
		} catch (error) {
			if (!(error instanceof require_index.TenantError)) throw error;
			const { reach, status, errorCode } = error.details;
			const forbidden = status === 403;
			forbiddenInRow = forbidden ? forbiddenInRow + 1 : 0;
			const unseen = errorCode === "insufficient_scope" && !worked.has(kind);
			if (reach === "run" || forbidden && (unseen || forbiddenInRow >= FORBIDDEN_FOR_ALL)) session.halt(error);
			throw error;
		}
	};
	return {
		apis: (identifiers) => halting("apis", apis(identifiers)),
		permissionsOf: (user) => halting("permissionsOf", permissionsOf(user)),
		findByEmail: (email) => halting("findByEmail", findByEmail(email)),
		emailOf: (user) => halting("emailOf", emailOf(user)),
		searchUsers: (query) => halting("searchUsers", searchUsers(query)),
		grant: (user, permissions) => halting("grant", write("POST", user, permissions)),
		revoke: (user, permissions) => halting("revoke", write("DELETE", user, permissions))
	};
}
function permissionsPath(user) {
	return `${userPath(user)}/permissions`;
}
function userPath(user) {
	return `/users/${encodeURIComponent(user).replace(/^\.{1,2}$/, (dots) => dots.replaceAll(".", "%2E"))}`;
}
function liveOf(items) {
	const direct = /* @__PURE__ */ new Set();
	const derived = /* @__PURE__ */ new Map();
	const all = /* @__PURE__ */ new Set();
	for (const item of items) {
		const grant = require_run.grantOf(item.resource_server_identifier, item.permission_name);
		all.add(grant);
		if (item.sources.some((source) => source.source_type === "DIRECT")) direct.add(grant);
		const roles = item.sources.filter((source) => source.source_type !== "DIRECT").map((source) => source.source_name ?? "");
		if (roles.length > 0) derived.set(grant, roles.sort());
	}
	return {
		direct,
		derived,
		size: all.size
	};
}
function isSuccess({ status }) {
	return status >= 200 && status < 300;
}
function isUnknownUser(answer) {
	return answer.status === 404 && unknownUser.safeParse(answer.body).success;
}
const unknownUser = require_zod.object({ errorCode: require_zod.literal("inexistent_user") });
const lacksScope = require_zod.object({ errorCode: require_zod.literal("insufficient_scope") });
function read(schema, answer, summary) {
	if (!isSuccess(answer)) throw refusal(answer, summary);
	const parsed = schema.safeParse(answer.body, require_run.IN_ENGLISH);
	if (parsed.success) return parsed.data;
	const [where] = parsed.error.issues.map(({ path, message }) => `at ${path.join(".") || "its top"}: ${message}`);
	throw answerError(answer, `${summary}: the answer has another form than Auth0's ${where}`, "user", "Check the input domain, and any proxy on the way.");
}
function refusal(answer, summary) {
	const { reach, advice } = meaningOf(answer);
	return answerError(answer, summary, reach, advice);
}
/** What an answer's status says about the rest of the run, and what to do about it. */
function meaningOf({ status, headers, body }) {
	if (isRedirect(status)) return {
		reach: "run",
		advice: redirectAdvice(headers)
	};
	switch (status) {
		case 400: return {
			reach: "operation",
			advice: "Nothing of this request was done."
		};
		case 401: return {
			reach: "run",
			advice: "The token is expired or not for this tenant; check the credential, domain and audience."
		};
		case 403: return {
			reach: "user",
			advice: lacksScope.safeParse(body).success ? "Authorize the application for the missing scope of the Auth0 Management API." : "Auth0, or something on the way to it, does not allow this; its words say why."
		};
		case 404: return {
			reach: "operation",
			advice: "Nothing of this request was done; check that the API still has these permissions."
		};
		default: return {
			reach: "user",
			advice: "Check the input domain, and any proxy on the way."
		};
	}
}
// src/tenant/token.ts
const tokenAnswer = require_zod.object({
	access_token: require_zod.string().check(require_zod._minLength(1)),
	scope: require_zod.optional(require_zod.string()),
	expires_in: require_zod._catch(require_zod.optional(require_zod.number().check(require_zod._positive())), void 0)
});
const tokenClaims = require_zod.object({ scope: require_zod.optional(require_zod.string()) });
function openSession(options) {
	const { http, credential } = options;
	const now = options.now ?? Date.now;
	let held;
	let obtaining;
	/** One request renews the token for all who wait for it, or who found the same token refused. */
	const token = async (refused) => {
		if (held !== void 0 && held !== refused && now() < held.renewAt) return held;
		obtaining ??= obtainToken(options, now()).finally(() => {
			obtaining = void 0;
		});
		held = await obtaining;
		return held;
	};
	const send = async (request) => {
		let used;
		let refused;
		const authorization = async () => {
			used = await token(refused);
			return `Bearer ${used.value}`;
		};
		const headers = request.body === void 0 ? {} : { "content-type": "application/json" };
		const sent = {
			...request,
			headers,
			authorization,
			paced: true
		};
		const answer = await http.send(sent);
		if (answer.status !== 401 || credential.kind === "access-token") return answer;
		refused = used;
		return http.send(sent);
	};
	return {
		send,
		halt: http.halt,
		scopes: async () => (await token()).scopes
	};
}
async function obtainToken(options, now) {
	const { http, credential, mask } = options;
	if (credential.kind === "access-token") return {
		value: credential.accessToken,
		scopes: scopesOf(credential.accessToken, void 0),
		renewAt: Number.POSITIVE_INFINITY
	};
	const answer = await http.send({
		method: "POST",
		path: TOKEN_PATH,
		headers: { "content-type": "application/x-www-form-urlencoded" },
		body: new URLSearchParams(tokenRequest(options, credential, now)).toString(),
		paced: false
	});
	if (answer.status !== 200) throw refusedToken(answer, options);
	const { data } = tokenAnswer.safeParse(answer.body);
	if (data === void 0) throw answerError(answer, "The token endpoint answered without a token", "run", "Check the input domain.");
	mask(data.access_token);
	return {
		value: data.access_token,
		scopes: scopesOf(data.access_token, data.scope),
		renewAt: data.expires_in === void 0 ? Number.POSITIVE_INFINITY : now + renewalAfter(data.expires_in)
	};
}
/**
* A little before the end, so that no request is spent on learning that it is over.
* @param lifetime seconds
* @returns milliseconds
*/
function renewalAfter(lifetime) {
	return lifetime * 1e3 - Math.min(3e4, lifetime * 100);
}
/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/client-credentials-flow */
function tokenRequest({ domain, audience, mask }, credential, now) {
	const grant = {
		grant_type: "client_credentials",
		client_id: credential.clientId,
		audience
	};
	if (credential.kind === "client-secret") return {
		...grant,
		client_secret: credential.clientSecret
	};
	const assertion = signAssertion(credential, `https://${domain.host}/`, now);
	mask(assertion);
	return {
		...grant,
		client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		client_assertion: assertion
	};
}
/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt */
function signAssertion({ clientId, key, keyId, algorithm }, audience, now) {
	const issuedAt = Math.floor(now / 1e3);
	const header = {
		alg: algorithm,
		typ: "JWT",
		...keyId !== void 0 && { kid: keyId }
	};
	const claims = {
		iss: clientId,
		sub: clientId,
		aud: audience,
		iat: issuedAt,
		exp: issuedAt + 60,
		jti: (0, node_crypto.randomUUID)()
	};
	const signed = `${base64url(header)}.${base64url(claims)}`;
	return `${signed}.${(0, node_crypto.sign)(DIGESTS[algorithm], Buffer.from(signed), {
		key,
		...algorithm === "PS256" && {
			padding: node_crypto.constants.RSA_PKCS1_PSS_PADDING,
			saltLength: node_crypto.constants.RSA_PSS_SALTLEN_DIGEST
		}
	}).toString("base64url")}`;
}
const DIGESTS = {
	RS256: "sha256",
	RS384: "sha384",
	PS256: "sha256"
};
function base64url(value) {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}
/** The answer's own word counts first; a ready token tells its scopes where it is a JWT. Nothing is verified here. */
function scopesOf(token, answered) {
	const scope = answered ?? claimedScope(token);
	return scope === void 0 ? void 0 : new Set(scope.split(" ").filter((name) => name !== ""));
}
function claimedScope(token) {
	const [, claims, signature] = token.split(".");
	if (claims === void 0 || signature === void 0) return void 0;
	try {
		return tokenClaims.safeParse(JSON.parse(Buffer.from(claims, "base64url").toString())).data?.scope;
	} catch {
		return;
	}
}
function refusedToken(answer, { audience, credential }) {
	const secret = credential.kind === "private-key" ? "client-private-key" : "client-secret";
	return answerError(answer, "Auth0 refused a token", "run", isRedirect(answer.status) ? redirectAdvice(answer.headers) : `Check the inputs client-id, ${secret} and domain, that the application is authorized for the Management API, and that ${audience} is this tenant's audience.`);
}
// src/tenant/connect.ts
/** @param signal its reason is a NotSentError */
async function connect(inputs, signal, mask) {
	const { domain, headroom, requestsPerSecond: ceiling, mode } = inputs;
	const http = createHttp({
		dispatcher: await openDispatcher(domain.origin),
		origin: domain.origin,
		mode,
		limits: {
			headroom,
			ceiling
		},
		signal
	});
	const session = openSession({
		http,
		...inputs,
		mask
	});
	return {
		tenant: openTenant(session),
		session,
		traffic: http.traffic,
		close: http.close
	};
}
exports.connect = connect;
